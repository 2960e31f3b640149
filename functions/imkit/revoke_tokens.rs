//! `DELETE /admin/clients/:client/token`: revokes one token of a client, or all of them (D5).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

/// What a token can be at most, in bytes.
const LONGEST_TOKEN: usize = 4_096;

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (client, fields) = (request.client("client")?, request.fields()?);
    let named = fields.text("token", LONGEST_TOKEN)?;
    let credentials = Credentials::platform(&request, None)?;
    let revoked = match &named {
        Some(token) => house.store.revoke_token(&credentials, &client, token).await?.into_iter().collect(),
        None => house.store.revoke_tokens(&credentials, &client).await?,
    };
    Ok(Reply::revoked(&revoked, named.as_deref()))
}
