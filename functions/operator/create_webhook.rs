//! `POST /admin/webhooks`: registers a webhook. Its secret is in the reply, and nowhere else (D41).

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
    let webhook = Webhook::new(listening::wishes(&request.fields()?, outlets.loopback)?, Time::now())?;
    let credentials = Credentials::platform(&request, None)?;
    let Some(key) = outlets.key else {
        house.store.visitor(&credentials).await?; // nobody else learns whether there are webhooks
        return Err(Error::WebhooksOff);
    };
    let webhook = house.store.add_webhook(&credentials, &webhook).await?;
    Ok(Reply::registered(&webhook, &key.secret(&credentials.app, &webhook)))
}
