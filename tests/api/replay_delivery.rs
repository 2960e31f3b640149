//! `POST /admin/webhooks/:webhook/deliveries/:delivery/replay`.

use std::time::Duration;

use local::CallFault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Call, World, text};
use crate::receiver::{Does, Receiver};
use crate::send_webhooks::{listening, only};

impl World {
    fn replays_one(&self, target: &str, delivery: &str) -> Call {
        self.platform().call(Method::POST, &format!("/admin/webhooks/{target}/deliveries/{delivery}/replay"))
    }
}

#[tokio::test]
async fn what_has_arrived_is_sent_again_under_the_same_id() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let before = only(&world, &webhook).await;
    let again = world.replays_one(&webhook, &text(&before["id"])).send().await.good();
    assert_eq!((&again["id"], &again["state"], &again["attempts"]), (&before["id"], &json!("pending"), &json!(0)));
    assert!(again.get("status").is_none() && again["nextAttemptAt"].is_string(), "{again}");
    assert_eq!(again["createdAt"], before["createdAt"]);
    world.stack.settled().await.unwrap();
    let letters = receiver.letters();
    assert_eq!((letters.len(), letters[0].id(), &letters[0].body), (2, letters[1].id(), &letters[1].body));
    let after = only(&world, &webhook).await;
    assert_eq!((&after["state"], &after["attempts"]), (&json!("delivered"), &json!(1)));
}

#[tokio::test]
async fn what_was_given_up_begins_its_attempts_anew() {
    let receiver = Receiver::that(Does::Answers(503)).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    for _ in 2..10 {
        let waiting = only(&world, &webhook).await;
        world.stack.invoke("RetryDeliveries", json!({ "now": waiting["nextAttemptAt"] })).await.unwrap();
        world.stack.settled().await.unwrap();
    }
    let failed = only(&world, &webhook).await;
    assert_eq!((&failed["state"], &failed["attempts"]), (&json!("failed"), &json!(10)));
    world.replays_one(&webhook, &text(&failed["id"])).send().await.good();
    world.stack.settled().await.unwrap();
    let tried = only(&world, &webhook).await;
    assert_eq!((&tried["state"], &tried["attempts"]), (&json!("pending"), &json!(2)));
    receiver.always(Does::Answers(200));
    world.retries(Duration::from_secs(400)).await;
    world.stack.settled().await.unwrap();
    assert_eq!(only(&world, &webhook).await["state"], "delivered");
}

#[tokio::test]
async fn what_is_being_tried_is_left_to_whoever_tries_it() {
    let receiver = Receiver::that(Does::Waits(Duration::from_secs(3))).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    let id = receiver.has(1).await[0].id().to_owned();
    let shown = world.replays_one(&webhook, &id).send().await.good();
    assert_eq!((&shown["state"], &shown["attempts"]), (&json!("pending"), &json!(1)));
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
    assert_eq!(only(&world, &webhook).await["state"], "delivered");
}

#[tokio::test]
async fn a_sender_that_was_lost_is_made_good_by_the_schedule() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    world.stack.faults().next_call("lambda:InvokeFunction", CallFault::Lose);
    world.replays_one(&webhook, &text(&only(&world, &webhook).await["id"])).send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
    world.retries(Duration::from_secs(70)).await;
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 2);
}

#[tokio::test]
async fn a_mail_is_sent_again_too() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    world.stack.settled().await.unwrap();
    let sent = only(&world, "mail").await;
    world.replays_one("mail", &text(&sent["id"])).send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(world.stack.mails().len(), 2);
    assert_eq!(only(&world, "mail").await["state"], "delivered");
}

#[tokio::test]
async fn to_a_disabled_webhook_nothing_is_sent_again() {
    let receiver = Receiver::new().await;
    receiver.next(Does::Answers(410));
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let id = text(&only(&world, &webhook).await["id"]);
    for status in [Value::Null, json!("disabled")] {
        world.revises(&webhook, json!({ "status": status })).send().await.good();
        let message = world.refuses_and_keeps(world.replays_one(&webhook, &id), 400, "INVALID_PARAMETER").await;
        assert!(message.contains("`webhook`") && message.contains("disabled"), "{message}");
    }
    world.revises(&webhook, json!({ "status": "enabled" })).send().await.good();
    world.replays_one(&webhook, &id).send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(only(&world, &webhook).await["state"], "delivered");
}

#[tokio::test]
async fn a_delivery_that_is_none_is_not_found() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let known = text(&only(&world, &webhook).await["id"]);
    let unknown = format!("msg_{}", "0".repeat(38));
    for (target, delivery) in [
        (webhook.as_str(), unknown.as_str()),
        (&webhook, "msg_1"),
        (&webhook, &known.to_uppercase()),
        (&webhook, &known[4..]),
        ("room", &known),
        ("mail", &known),
        ("mobile", &known),
    ] {
        let call = world.replays_one(target, delivery);
        let message = world.refuses_and_keeps(call, 404, "DELIVERY_NOT_FOUND").await;
        assert!(message.contains(&format!("`{delivery}`")), "{message}");
    }
    let nowhere = world.replays_one(&"0".repeat(24), &known);
    world.refuses_and_keeps(nowhere, 404, "WEBHOOK_NOT_FOUND").await;
}
