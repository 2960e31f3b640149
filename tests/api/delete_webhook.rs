//! `DELETE /admin/webhooks/:webhook`.

use std::time::Duration;

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Call, World, text};
use crate::receiver::{Does, Receiver};

impl World {
    fn unregisters(&self, webhook: &str) -> Call {
        self.platform().call(Method::DELETE, &format!("/admin/webhooks/{webhook}"))
    }
}

#[tokio::test]
async fn a_deleted_webhook_is_shown_once_more_and_told_nothing_more() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let (webhook, _) = world.listens(&receiver, json!({})).await;
    let before = world.platform().get(&format!("/admin/webhooks/{webhook}")).send().await.good();
    assert_eq!(world.unregisters(&webhook).send().await.good(), before);
    assert!(world.stored_webhooks().await.is_empty());
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty());
    world.refuses_and_keeps(world.unregisters(&webhook), 404, "WEBHOOK_NOT_FOUND").await;
    let list = world.platform().get("/admin/webhooks").send().await.good();
    assert_eq!(list["totalCount"], 1);
}

#[tokio::test]
async fn what_waited_for_it_is_given_up() {
    let (world, receiver) = (World::new().await, Receiver::that(Does::Answers(500)).await);
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let (webhook, _) = world.listens(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let so_far = receiver.letters().len();
    world.unregisters(&webhook).send().await.good();
    assert_eq!(world.retries(Duration::from_secs(400)).await["deliveries"], 1);
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), so_far);
    let far = json!({ "now": "2099-01-01T00:00:00Z" });
    assert_eq!(world.stack.invoke("RetryDeliveries", far).await.unwrap()["deliveries"], 0);
}

#[tokio::test]
async fn what_stands_for_the_rooms_becomes_what_it_was_at_first() {
    let world = World::new().await;
    // But for when it was changed.
    let bare = |mut webhook: Value| {
        webhook.as_object_mut().unwrap().retain(|name, _| !name.starts_with("updated"));
        webhook
    };
    let first = bare(world.platform().get("/admin/webhooks/room").send().await.good());
    let body = json!({ "style": "talk", "description": "x", "status": "disabled" });
    let changed = world.revises("room", body.clone()).send().await.good();
    assert_eq!(world.unregisters("room").send().await.good(), changed);
    assert_eq!(bare(world.platform().get("/admin/webhooks/room").send().await.good()), first);
    assert_eq!(bare(world.unregisters("room").send().await.good()), first, "again is harmless");
    assert_eq!(world.revises("room", body).send().await.good()["style"], "talk");
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_made() {
    let world = World::new().await;
    let made = world.platform().post("/admin/webhooks", json!({ "url": "https://example.com" })).send().await.good();
    world.stack.faults().next_of("DeleteWebhook", "TransactWriteItems", Fault::LoseResponse);
    let deleted: Value = world.unregisters(&text(&made["_id"])).send().await.good();
    assert_eq!(deleted["_id"], made["_id"]);
    assert!(world.stored_webhooks().await.is_empty());
}

#[tokio::test]
async fn the_secret_of_the_rooms_is_never_an_old_one_again() {
    let world = World::new().await;
    let rotate = || world.platform().post("/admin/webhooks/room/secret", json!({})).send();
    let mut secrets = vec![rotate().await.good()["secret"].clone()];
    world.unregisters("room").send().await.good();
    secrets.push(rotate().await.good()["secret"].clone());
    world.unregisters("room").send().await.good();
    secrets.push(rotate().await.good()["secret"].clone());
    let distinct: std::collections::BTreeSet<String> = secrets.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), 3, "{secrets:?}");
}
