//! The one HTTP server that the gateway, the Runtime API and the proxy share.

use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpListener;

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
pub(crate) struct Cut;

/// What a handler gives back.
pub(crate) type Answer = Result<Response<Bytes>, Cut>;

/// Serves until the runtime ends. A request runs to its end even when its caller hangs up, as it does on AWS.
pub(crate) async fn serve<H, F>(listener: TcpListener, limit: usize, handler: H)
where
    H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let handler = Arc::new(handler);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let handler = Arc::clone(&handler);
        let service = service_fn(move |request| answer(request, limit, Arc::clone(&handler)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
    }
}

async fn answer<H, F>(request: Request<Incoming>, limit: usize, handler: Arc<H>) -> Result<Response<Full<Bytes>>, Cut>
where
    H: Fn(Request<Bytes>) -> F,
    F: Future<Output = Answer> + Send + 'static,
{
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Ok(message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large").map(Full::new));
        }
        Err(_) => return Err(Cut),
    };
    let answer = tokio::spawn(handler(Request::from_parts(head, body))).await;
    answer.unwrap_or(Err(Cut)).map(|response| response.map(Full::new))
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &Json) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer that API Gateway gives for itself.
pub(crate) fn message(status: StatusCode, text: &str) -> Response<Bytes> {
    json(status, &serde_json::json!({ "message": text }))
}
