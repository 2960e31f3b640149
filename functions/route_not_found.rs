//! `$default`: whatever no other route takes gets a 404 in the caller's dialect.

use shared::dialect::{imkit, talk};
use shared::error::Error;
use shared::lambda::{self, Ended, Response};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_refusal(respond).await
}

fn respond(request: &Request) -> (Response, Error) {
    let error = Error::RouteNotFound;
    let talks = request.raw_path().starts_with("/v2/");
    (if talks { talk::refuse(request, &error) } else { imkit::refuse(&error) }, error)
}
