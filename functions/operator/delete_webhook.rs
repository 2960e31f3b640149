//! `DELETE /admin/webhooks/:webhook`: takes a webhook away, with what waits for it; `room` becomes what it was at first (D41).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, listening};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let target = listening::webhook(&request)?;
    let credentials = Credentials::platform(&request, None)?;
    Ok(Reply::webhook(&house.store.delete_webhook(&credentials, &target).await?))
}
