//! Sends a request on to the same API under another path, and brings its reply back.

use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, HOST, TRANSFER_ENCODING};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;
use crate::lambda::Response;
use crate::request::Request;

/// What may stand in a path as it is. API Gateway hands paths over decoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Headers of one connection only.
const OF_THE_HOP: [http::HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING];

/// Headers of a reply that reach the caller.
const OF_THE_REPLY: [&str; 4] = ["content-type", "x-request-id", "retry-after", "idempotency-replayed"];

/// An HTTP client for the API itself.
#[derive(Clone)]
pub struct Forwarder(Client<HttpsConnector<HttpConnector>, Full<std::io::Cursor<Vec<u8>>>>);

impl Forwarder {
    /// Opens nothing yet.
    pub fn new() -> Result<Self, std::io::Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1();
        let connector = tls.wrap_connector(tcp);
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Sends the request to `path` of the API that it came through.
    pub async fn send(&self, request: &Request, path: &str) -> Result<Response, Error> {
        let scheme = if request.header("x-forwarded-proto") == Some("http") { "http" } else { "https" };
        let (domain, query) = (request.domain(), request.raw_query());
        let question = if query.is_empty() { "" } else { "?" };
        let uri = format!("{scheme}://{domain}{}{question}{query}", utf8_percent_encode(path, ENCODED));
        let mut onward = http::Request::builder().method(request.method()).uri(uri);
        for (name, value) in request.headers() {
            if !OF_THE_HOP.iter().any(|own| own.as_str().eq_ignore_ascii_case(name)) {
                onward = onward.header(name, value.as_bytes());
            }
        }
        if let Some(cookies) = request.cookies() {
            onward = onward.header(COOKIE, cookies);
        }
        let onward = onward.body(Full::new(std::io::Cursor::new(request.bytes()?))).map_err(Error::internal)?;
        let reply = self.0.request(onward).await.map_err(Error::internal)?;
        let (head, body) = reply.into_parts();
        let body = body.collect().await.map_err(Error::internal)?.to_bytes();
        let headers =
            OF_THE_REPLY.iter().filter_map(|name| Some((*name, head.headers.get(*name)?.to_str().ok()?.to_owned())));
        Ok(Response {
            status_code: head.status.as_u16(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}
