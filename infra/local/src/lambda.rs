//! Lambda's Invoke, as one function asks it of another.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::background::Background;
use crate::intrinsic::function_arn;
use crate::pool::{PAYLOAD, Pool};
use crate::route::decoded;
use crate::services::{Fate, Refusal};

/// What Lambda takes of an event that nobody waits for.
const ASYNCHRONOUS: usize = 1024 * 1024;

/// A request to invoke a function.
#[derive(Debug)]
pub(crate) struct Invoke {
    function: String,
    kind: Kind,
    payload: Bytes,
}

/// `X-Amz-Invocation-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

impl Invoke {
    /// Reads a request whose path names the function `name`: its name, or its whole ARN.
    pub(crate) fn read(name: &str, headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal> {
        let bad = |kind, message: String| Refusal::new(StatusCode::BAD_REQUEST, kind, message);
        let kind = match headers.get("x-amz-invocation-type").map(HeaderValue::as_bytes) {
            None | Some(b"RequestResponse") => Kind::RequestResponse,
            Some(b"Event") => Kind::Event,
            Some(b"DryRun") => Kind::DryRun,
            Some(other) => {
                let other = String::from_utf8_lossy(other);
                return Err(bad("ValidationException", format!("there is no invocation type `{other}`")));
            }
        };
        let payload = if body.is_empty() { Bytes::from_static(b"{}") } else { body.clone() };
        if let Err(error) = serde_json::from_slice::<Json>(&payload) {
            return Err(bad("InvalidRequestContentException", format!("the event is not JSON: {error}")));
        }
        let limit = if kind == Kind::Event { ASYNCHRONOUS } else { PAYLOAD };
        if payload.len() > limit {
            let message = format!("{} bytes are more than the {limit} that an event may have", payload.len());
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message));
        }
        Ok(Self { function: named(&decoded(name)), kind, payload })
    }

    pub(crate) fn resource(&self) -> String {
        function_arn(&self.function)
    }

    /// Invokes the function, or says that it will be.
    pub(crate) async fn perform(
        self,
        pool: &Arc<Pool>,
        background: &Background,
        fate: Fate,
    ) -> Result<Response<Bytes>, Refusal> {
        if !pool.has(&self.function) {
            let message = format!("Function not found: {}", self.resource());
            return Err(Refusal::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message));
        }
        let request_id = Uuid::new_v4().to_string();
        let id = HeaderValue::from_str(&request_id);
        let mut response = match (self.kind, fate) {
            (Kind::DryRun, _) => answer(StatusCode::NO_CONTENT, Bytes::new()),
            (Kind::Event, Fate::Lost) => answer(StatusCode::ACCEPTED, Bytes::new()),
            (Kind::Event, Fate::Done) => {
                background.invoke(&self.function, request_id, self.payload);
                answer(StatusCode::ACCEPTED, Bytes::new())
            }
            (Kind::RequestResponse, Fate::Lost) => answer(StatusCode::OK, Bytes::from_static(b"null")),
            (Kind::RequestResponse, Fate::Done) => match pool.invoke(&self.function, &request_id, self.payload).await {
                Ok(reply) => answer(StatusCode::OK, reply),
                Err(error) => failed(&json!({ "errorType": error.error_type, "errorMessage": error.message })),
            },
        };
        if let Ok(id) = id {
            response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), id);
        }
        Ok(response)
    }
}

/// The name in a name or an ARN, with or without a version.
pub(crate) fn named(text: &str) -> String {
    let name = text.split_once(":function:").map_or(text, |(_, name)| name);
    name.split(':').next().unwrap_or_default().to_owned()
}

fn answer(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn failed(error: &Json) -> Response<Bytes> {
    let mut response = answer(StatusCode::OK, error.to_string().into());
    response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_name_and_by_its_arn() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:Send";
        for text in ["Send", "Send:$LATEST", arn, "arn:aws:lambda:us-east-1:000000000000:function:Send:live"] {
            assert_eq!(named(text), "Send", "{text}");
        }
        let coded = Invoke::read(
            "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3ASend",
            &HeaderMap::new(),
            &Bytes::new(),
        );
        assert_eq!(coded.unwrap().resource(), arn);
    }

    #[test]
    fn what_is_not_an_event_is_refused() {
        let read = |kind: &'static str, body: Vec<u8>| {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("x-amz-invocation-type"),
                HeaderValue::from_static(kind),
            )]);
            Invoke::read("Send", &headers, &body.into()).map_err(|refusal| refusal.kind)
        };
        assert_eq!(read("Later", b"{}".to_vec()).unwrap_err(), "ValidationException");
        assert_eq!(read("Event", b"{".to_vec()).unwrap_err(), "InvalidRequestContentException");
        let long = |size: usize| format!("\"{}\"", "a".repeat(size - 2)).into_bytes();
        assert_eq!(read("Event", long(ASYNCHRONOUS + 1)).unwrap_err(), "RequestTooLargeException");
        assert_eq!(read("Event", long(ASYNCHRONOUS)).unwrap().payload.len(), ASYNCHRONOUS);
        assert_eq!(read("RequestResponse", long(PAYLOAD + 1)).unwrap_err(), "RequestTooLargeException");
    }
}
