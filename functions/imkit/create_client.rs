//! `POST /admin/clients`: upserts a client, with a token if wanted; its invited addresses become memberships (D36).

use std::time::Duration;

use shared::auth::{Credentials, new_token};
use shared::client::{Statement, TOKEN_LIFETIME};
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::id::{AppId, ClientId};
use shared::lambda::{self, Ended, House};
use shared::request::{Fields, Request};
use shared::store::{BoundToken, Upsert};
use shared::time::Time;

/// The longest life of a token.
const LONGEST_LIFE: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let id = fields.client("_id")?.ok_or(Error::MissingParameter { names: &["_id"] })?;
    let credentials = Credentials::platform(&request, None)?;
    let token = token(&fields, &credentials.app, &id)?;
    let issued = token.as_ref().map(|token| (token.secret.clone(), token.expires_at));
    let said = Statement { logs_in: token.is_some(), ..asked::statement(&fields)? };
    let upsert = Upsert { credentials: &credentials, client: &id, token };
    let done = house
        .store
        .upsert_client(&upsert, |app, before, now| said.clone().applied(&id, before, &app.region(), now))
        .await?;
    let issued = issued.as_ref().map(|(token, expires_at)| (token.as_str(), *expires_at));
    Ok(Reply::client(&credentials.app, &done.client, issued, &done.claims))
}

/// A token issued here, or one that the operator brings; of either kind with the life that it says (D5).
fn token(fields: &Fields, app: &AppId, client: &ClientId) -> Result<Option<BoundToken>, Error> {
    let issue = fields.flag("issueAccessToken")?.unwrap_or(false);
    let brought = fields.text("token", 4096)?;
    let secret = match brought {
        Some(_) if issue => return Err(Error::invalid("token", "cannot go with `issueAccessToken`")),
        Some(token) if token.len() < 8 || !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            return Err(Error::invalid("token", "must be at least 8 visible ASCII characters without spaces"));
        }
        Some(token) => token,
        None if issue => new_token(app, client),
        None => return Ok(None),
    };
    let now = Time::now();
    let stated = fields.text("expirationDate", 64)?.map(|date| Time::parse("expirationDate", &date)).transpose()?;
    let expires_at = stated.unwrap_or_else(|| now.plus(TOKEN_LIFETIME));
    if expires_at <= now || expires_at > now.plus(LONGEST_LIFE) {
        return Err(Error::invalid("expirationDate", "must lie in the future, and at most 100 years ahead"));
    }
    Ok(Some(BoundToken { secret, expires_at }))
}
