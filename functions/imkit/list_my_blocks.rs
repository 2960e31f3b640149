//! `GET /blockStatus/my`: whom the caller blocks (D44).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let credentials = Credentials::imkit(&request, None)?;
    Reply::blocks(&house.store.blocks(&credentials).await?)
}
