//! Invoked: carries deliveries to one webhook, signed (Standard Webhooks).

use shared::courier::{Carried, Courier, Ride};
use shared::delivery::{Delivery, Verdict};
use shared::dialect::{self, talk::Addresses};
use shared::error::Error;
use shared::event::Scene;
use shared::lambda::{self, Ended, House};
use shared::outside::{Letter, Post};
use shared::relay::Outlets;
use shared::time::Time;
use shared::webhook::{Switch, Target, Webhook, WebhookKey};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let outlets = Outlets::from_environment();
    let post = Post::new(outlets.loopback)?;
    lambda::serve_operator(|house, ride| handle(house, ride, post.clone(), outlets.clone())).await
}

async fn handle(house: House, ride: Ride, post: Post, outlets: Outlets) -> Result<Carried, Error> {
    let (parcel, store) = (ride.parcel()?, &house.store);
    let webhook = store.webhook_of(&parcel.app, &parcel.target).await?;
    let sending = Sending { post: &post, outlets: &outlets, webhook: webhook.as_ref() };
    let courier = Courier { store, parcel: &parcel, clock: ride.clock() };
    courier
        .carry(async |delivery, scene| {
            let verdict = sending.send(delivery, scene).await;
            if let (Verdict::Hopeless { status: Some(410), .. }, Some(webhook)) = (&verdict, &webhook) {
                silence(&house, &parcel.target, webhook, scene, &outlets).await;
            }
            verdict
        })
        .await
}

/// Whoever answers 410 is told nothing more.
async fn silence(house: &House, target: &Target, webhook: &Webhook, scene: &Scene, outlets: &Outlets) {
    let told = match (target, outlets.url_of(&scene.room)) {
        (Target::Room, Some(url)) => house.store.room_url_is_gone(&scene.app, &scene.room.id, &url).await,
        _ => {
            let gone = Webhook { switch: Switch::Gone, ..webhook.amended(Time::now()) };
            house.store.webhook_is_gone(&scene.app, webhook, &gone).await
        }
    };
    told.ok(); // the next one will say so again
}

struct Sending<'a> {
    post: &'a Post,
    outlets: &'a Outlets,
    webhook: Option<&'a Webhook>,
}

impl Sending<'_> {
    async fn send(&self, delivery: &Delivery, scene: &Scene) -> Verdict {
        let Some(webhook) = self.webhook else { return Verdict::hopeless("the webhook was deleted") };
        if webhook.switch != Switch::On {
            return Verdict::hopeless("the webhook is off");
        }
        let Some(key) = &self.outlets.key else {
            return Verdict::hopeless("the deployment has no webhook key any more");
        };
        let own = if webhook.url.is_empty() { self.outlets.url_of(&scene.room) } else { Some(webhook.url.clone()) };
        let Some(url) = own else { return Verdict::hopeless("the room names no URL any more") };
        let told = dialect::event(delivery.style, &delivery.event, &delivery.about, scene, Addresses::Shown);
        let Some(told) = told else { return Verdict::hopeless("the style has no such event") };
        match letter(key, scene, webhook, delivery, told.to_string()) {
            Ok((signature, at, payload)) => {
                let id = delivery.id.as_str();
                self.post.send(Letter { url: &url, id, at, signature: &signature, payload }).await
            }
            Err(error) => Verdict::hopeless(&error.to_string()),
        }
    }
}

fn letter(
    key: &WebhookKey,
    scene: &Scene,
    webhook: &Webhook,
    delivery: &Delivery,
    payload: String,
) -> Result<(String, Time, String), Error> {
    let at = Time::now(); // of this attempt, by the true clock: receivers refuse what is old
    let signature = key.signature(&scene.app, webhook, delivery.id.as_str(), at, &payload)?;
    Ok((signature, at, payload))
}
