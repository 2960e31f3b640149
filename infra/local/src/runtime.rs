//! The Lambda Runtime API, as the functions' own runtime client speaks it. Each instance has a path of its own.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value as Json, json};

use crate::error::FunctionError;
use crate::http::{self, Answer, Cut};
use crate::instance::{Event, Instance};
use crate::intrinsic::function_arn;
use crate::pool::Pool;

/// Larger than what Lambda carries, so that the pool's own limit decides.
pub(crate) const LIMIT: usize = 32 * 1024 * 1024;

/// Answers one request: `/<instance>/2018-06-01/runtime/…`.
pub(crate) async fn handle(pool: Arc<Pool>, request: Request<Bytes>) -> Answer {
    let path: Vec<_> = request.uri().path().split('/').skip(1).collect();
    let (id, rest) = path.split_first().ok_or(Cut)?;
    let instance = pool.instance(id).ok_or(Cut)?;
    let accepted = || http::json(StatusCode::ACCEPTED, &json!({ "status": "OK" }));
    match rest {
        ["2018-06-01", "runtime", "invocation", "next"] => {
            // An instance that is to end is told so by a closed connection.
            instance.next().await.ok_or(Cut).and_then(|event| hand_over(&instance, event))
        }
        ["2018-06-01", "runtime", "invocation", id, "response"] => {
            Ok(if instance.done(id, Ok(request.body().clone())) { accepted() } else { unknown() })
        }
        ["2018-06-01", "runtime", "invocation", id, "error"] => {
            let error = read_error(request.body());
            Ok(if instance.done(id, Err(error)) { accepted() } else { unknown() })
        }
        ["2018-06-01", "runtime", "init", "error"] => {
            pool.logs.line(&instance.function.binary, &format!("did not start: {}", read_error(request.body())));
            Ok(accepted())
        }
        _ => Ok(http::message(StatusCode::NOT_FOUND, "Not Found")),
    }
}

fn hand_over(instance: &Instance, event: Event) -> Answer {
    let deadline = event.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let arn = function_arn(&instance.function.id);
    let trace = event.request_id.replace('-', "");
    let (start, rest) = trace.split_at(8.min(trace.len()));
    let headers = [
        ("lambda-runtime-aws-request-id", event.request_id.clone()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", format!("Root=1-{start}-{rest};Sampled=0")),
    ];
    let mut response = Response::new(event.payload);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_str(&value).map_err(|_| Cut)?);
    }
    Ok(response)
}

fn read_error(body: &Bytes) -> FunctionError {
    let error: Json = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| error[key].as_str().unwrap_or("unknown").to_owned();
    FunctionError { error_type: text("errorType"), message: text("errorMessage") }
}

fn unknown() -> Response<Bytes> {
    http::json(
        StatusCode::BAD_REQUEST,
        &json!({ "errorType": "InvalidRequestID", "errorMessage": "no such invocation" }),
    )
}
