//! What the stack answers for itself, on the API's port: whatever is under `/local/`.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use crate::http::{json, message};
use crate::inbox::Inbox;
use crate::outbox::Outbox;

/// What the paths begin with; never the template's.
pub(crate) const PREFIX: &str = "/local/";

const WATCH: &str = include_str!("watch.html");

/// The stack's own pages.
#[derive(Debug)]
pub(crate) struct Desk {
    outbox: Arc<Outbox>,
    inbox: Inbox,
    /// The page from which a room is watched.
    watch: Bytes,
}

impl Desk {
    /// For a stack whose WebSocket API has this stage.
    pub(crate) fn new(outbox: Arc<Outbox>, stage: &str) -> Self {
        Self { outbox, inbox: Inbox::default(), watch: WATCH.replace("STAGE", stage).into() }
    }

    /// Answers a request whose path begins with [`PREFIX`].
    pub(crate) fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        let page = path.strip_prefix(PREFIX).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        match (page, request.method()) {
            ("outbox", &Method::GET) => json(StatusCode::OK, &self.outbox.list()),
            ("outbox", &Method::DELETE) => {
                self.outbox.empty();
                nothing()
            }
            ("inbox", &Method::GET) => json(StatusCode::OK, &self.inbox.list(path)),
            ("inbox", &Method::POST) => {
                self.inbox.keep(request);
                nothing()
            }
            ("inbox", &Method::DELETE) => {
                self.inbox.empty(path);
                nothing()
            }
            ("watch", &Method::GET) => self.watch(),
            ("outbox" | "inbox" | "watch", _) => message(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
            _ => message(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    fn watch(&self) -> Response<Bytes> {
        let mut response = Response::new(self.watch.clone());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn nothing() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
