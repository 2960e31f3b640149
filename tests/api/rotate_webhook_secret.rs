//! `POST /admin/webhooks/:webhook/secret`.

use local::{Fault, Stack};
use reqwest::Method;
use serde_json::{Value, json};
use shared::time::Time;

use crate::actors::{Call, World, text};
use crate::receiver::{Letter, Receiver};

impl World {
    fn rotates_secret(&self, webhook: &str) -> Call {
        self.platform().call(Method::POST, &format!("/admin/webhooks/{webhook}/secret"))
    }
}

/// The letter of a test event.
async fn pinged(world: &World, receiver: &Receiver, webhook: &str) -> Letter {
    let so_far = receiver.letters().len();
    world.platform().call(Method::POST, &format!("/admin/webhooks/{webhook}/ping")).send().await.good();
    receiver.has(so_far + 1).await.pop().unwrap()
}

fn millis(moment: &Value) -> i64 {
    Time::parse("moment", &text(moment)).unwrap().millis()
}

#[tokio::test]
async fn for_a_day_the_new_secret_and_the_one_before_it_sign() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (webhook, first) = world.listens(&receiver, json!({})).await;
    let before = Time::now().millis();
    let mut rotated = world.rotates_secret(&webhook).send().await.good();
    let second = text(&rotated["secret"]);
    let day = 24 * 60 * 60 * 1_000;
    let until = millis(&rotated["previousSecretValidUntil"]);
    assert!((before + day..=Time::now().millis() + day).contains(&until), "{rotated}");
    let letter = pinged(&world, &receiver, &webhook).await;
    assert!(first != second && letter.is_signed_by(&first) && letter.is_signed_by(&second));
    for shown in ["secret", "previousSecretValidUntil"] {
        rotated.as_object_mut().unwrap().remove(shown);
    }
    assert_eq!(world.platform().get(&format!("/admin/webhooks/{webhook}")).send().await.good(), rotated);

    let third = text(&world.rotates_secret(&webhook).send().await.good()["secret"]);
    let letter = pinged(&world, &receiver, &webhook).await;
    assert!(letter.is_signed_by(&third) && letter.is_signed_by(&second) && !letter.is_signed_by(&first));
    let items = json!(world.items().await).to_string();
    assert!([first, second, third].iter().all(|secret| !items.contains(&secret["whsec_".len()..])));
}

#[tokio::test]
async fn a_day_later_the_secret_before_signs_no_more() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (webhook, first) = world.listens(&receiver, json!({})).await;
    let second = text(&world.rotates_secret(&webhook).send().await.good()["secret"]);
    let yesterday = Time::now().millis() - 24 * 60 * 60 * 1_000;
    let values = json!({ ":then": { "N": yesterday.to_string() } });
    world.amends("SampleApp#WEBHOOKS", &webhook, "SET rotatedAt = :then", values).await;
    let letter = pinged(&world, &receiver, &webhook).await;
    assert!(letter.is_signed_by(&second) && !letter.is_signed_by(&first));
}

#[tokio::test]
async fn a_rotation_whose_answer_was_lost_counts_once() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (webhook, first) = world.listens(&receiver, json!({})).await;
    world.stack.faults().next_of("RotateWebhookSecret", "TransactWriteItems", Fault::LoseResponse);
    let second = text(&world.rotates_secret(&webhook).send().await.good()["secret"]);
    let letter = pinged(&world, &receiver, &webhook).await;
    assert!(letter.is_signed_by(&second) && letter.is_signed_by(&first), "the receiver has the first one still");
}

#[tokio::test]
async fn the_secret_of_the_rooms_own_urls_is_learnt_by_rotating_it() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let [_aaa] = world.clients(["aaa"]).await;
    let rotated = world.rotates_secret("room").send().await.good();
    assert_eq!(rotated["_id"], "room");
    world.room(json!({ "members": ["aaa"], "webhook": receiver.url() })).await;
    world.stack.settled().await.unwrap();
    assert!(receiver.letters()[0].is_signed_by(&text(&rotated["secret"])));
}

#[tokio::test]
async fn without_a_key_of_the_deployment_there_is_no_secret() {
    let world = World::on(Stack::builder().parameter("WebhookKey", "")).await;
    world.refuses_and_keeps(world.rotates_secret("room"), 409, "WEBHOOKS_OFF").await;
    world.refuses_and_keeps(world.rotates_secret(&"0".repeat(24)), 404, "WEBHOOK_NOT_FOUND").await;
    let nobody = world.platform().with("IM-CLIENT-ID", "a#b").call(Method::POST, "/admin/webhooks/room/secret");
    world.refuses_and_keeps(nobody, 400, "INVALID_PARAMETER").await;
}
