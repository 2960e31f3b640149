//! `POST /admin/webhooks/:webhook/ping`: sends a webhook a signed test event, and says what came of it (D41).

use shared::auth::Credentials;
use shared::delivery::DeliveryId;
use shared::dialect::imkit::{self, Reply, listening};
use shared::dialect::ping;
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::outside::{Letter, Post};
use shared::relay::Outlets;
use shared::request::Request;
use shared::time::{Stopwatch, Time};
use shared::webhook::Target;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let outlets = Outlets::from_environment();
    let post = Post::new(outlets.loopback)?;
    lambda::serve(|house, request| handle(house, request, post.clone(), outlets.clone()), imkit::respond).await
}

async fn handle(house: House, request: Request, post: Post, outlets: Outlets) -> Result<Reply, Error> {
    let target = listening::webhook(&request)?;
    if target == Target::Room {
        return Err(Error::invalid("webhook", "cannot be `room`: each room names a URL of its own"));
    }
    let credentials = Credentials::platform(&request, None)?;
    let (app, webhook) = (&credentials.app, house.store.webhook(&credentials, &target).await?);
    let key = outlets.key.ok_or(Error::WebhooksOff)?;
    house.store.in_earnest()?;
    let at = Time::now();
    let (id, payload) = (DeliveryId::of_ping(at), ping(app, &webhook, at).to_string());
    let signature = key.signature(app, &webhook, id.as_str(), at, &payload)?;
    let watch = Stopwatch::start();
    let verdict = post.send(Letter { url: &webhook.url, id: id.as_str(), at, signature: &signature, payload }).await;
    Ok(Reply::pinged(&verdict, watch.millis()))
}
