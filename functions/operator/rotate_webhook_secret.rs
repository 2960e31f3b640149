//! `POST /admin/webhooks/:webhook/secret`: gives a webhook a new secret; for a day the one before it signs as well (D41).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, listening};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::relay::Outlets;
use shared::request::Request;
use shared::time::Time;
use shared::webhook::Webhook;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let outlets = Outlets::from_environment();
    lambda::serve(|house, request| handle(house, request, outlets.clone()), imkit::respond).await
}

async fn handle(house: House, request: Request, outlets: Outlets) -> Result<Reply, Error> {
    let target = listening::webhook(&request)?;
    let credentials = Credentials::platform(&request, None)?;
    // One moment for all tries: a second rotation would make the receiver's secret worthless at once.
    let now = Time::now();
    let rotate = |before: &Webhook, _| match outlets.key {
        Some(_) => Ok(before.rotated_once(now)),
        None => Err(Error::WebhooksOff),
    };
    let webhook = house.store.change_webhook(&credentials, &target, rotate).await?;
    let key = outlets.key.ok_or(Error::WebhooksOff)?;
    Ok(Reply::rotated(&webhook, &key.secret(&credentials.app, &webhook)))
}
