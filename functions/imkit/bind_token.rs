//! `PUT /admin/clients/:client/token`: binds a token of the operator's own making to a client (D5).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (client, fields) = (request.client("client")?, request.fields()?);
    let token = asked::brought_token(&fields)?.ok_or(Error::MissingParameter { names: &["token"] })?;
    let credentials = Credentials::platform(&request, None)?;
    house.store.bind_token(&credentials, &client, &token).await?;
    Ok(Reply::bound(&client, &token))
}
