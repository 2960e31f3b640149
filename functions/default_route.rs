//! `$default`: a path that ends in a slash is the path without it (D9); whatever else no route takes is a 404.
//!
//! API Gateway has no routes that end in a slash, and published client libraries send such paths:
//! docs/decisions/0003-trailing-slash.md.

use shared::dialect::{imkit, talk};
use shared::error::Error;
use shared::forward::Forwarder;
use shared::lambda::{self, Ended, Response};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_without_table(Forwarder::new()?, handle, respond).await
}

async fn handle(api: Forwarder, request: Request) -> Result<Response, Error> {
    match request.path_without_slash() {
        Some(path) => api.send(&request, path).await,
        None => Err(Error::RouteNotFound),
    }
}

/// In the dialect of the path.
fn respond(request: &Request, result: Result<Response, Error>) -> Response {
    match result {
        Ok(response) => response,
        Err(error) if request.raw_path().starts_with("/v2/") => talk::refuse(request, &error),
        Err(error) => imkit::refuse(&error),
    }
}
