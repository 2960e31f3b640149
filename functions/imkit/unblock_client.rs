//! `DELETE /blockStatus/my/:blockee`: lifts a personal block (D44).

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
    let (blockee, fields) = (request.client("blockee")?, request.fields()?);
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let blocked = house.store.unblock(&credentials, &blockee).await?;
    Reply::block(&credentials.app, &blocked)
}
