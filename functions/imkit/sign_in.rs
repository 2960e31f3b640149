//! `POST /auths/sign/v2`: upserts a client and issues a token for it.

use shared::auth::{BoundToken, Credentials};
use shared::client::TOKEN_LIFETIME;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::store::Upsert;
use shared::time::Time;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let id = fields.client("id")?.ok_or(Error::MissingParameter { names: &["id"] })?;
    let said = asked::signing_in(&fields)?;
    let credentials = Credentials::platform(&request, None)?;
    let token = BoundToken::issued(&credentials.app, &id, Time::now().plus(TOKEN_LIFETIME));
    let upsert = Upsert { credentials: &credentials, client: &id, token: Some(token) };
    let done = house
        .store
        .upsert_client(&upsert, |app, before, now| said.clone().applied(&id, before, &app.region(), now))
        .await?;
    let token = done.token.ok_or_else(|| Error::internal("signed in without a token"))?;
    Ok(Reply::signed_in(&done.client, &token.secret, token.expires_at))
}
