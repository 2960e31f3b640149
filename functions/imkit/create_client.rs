//! `POST /admin/clients`: upserts a client, with a token if wanted; its invited addresses become memberships (D36).

use shared::auth::Credentials;
use shared::client::Statement;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::store::Upsert;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let id = fields.client("_id")?.ok_or(Error::MissingParameter { names: &["_id"] })?;
    let credentials = Credentials::platform(&request, None)?;
    let token = asked::token(&fields, &credentials.app, &id)?;
    let said = Statement { logs_in: token.is_some(), ..asked::statement(&fields)? };
    let upsert = Upsert { credentials: &credentials, client: &id, token };
    let done = house
        .store
        .upsert_client(&upsert, |app, before, now| said.clone().applied(&id, before, &app.region(), now))
        .await?;
    let issued = done.token.as_ref().map(|token| (token.secret.as_str(), token.expires_at));
    Ok(Reply::upserted(&credentials.app, &done.client, issued, &done.claims))
}
