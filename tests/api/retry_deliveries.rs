//! The schedule: ten attempts within about 75 hours, by a clock that the test sets.

use std::time::Duration;

use serde_json::{Value, json};

use crate::actors::{World, text};
use crate::receiver::{Does, Receiver};
use crate::send_webhooks::{listening, only};

/// Milliseconds of a moment in a reply.
fn millis(moment: &Value) -> i64 {
    shared::time::Time::parse("moment", &text(moment)).unwrap().millis()
}

#[tokio::test]
async fn a_receiver_that_never_recovers_is_given_up_after_ten_attempts_within_about_75_hours() {
    let receiver = Receiver::that(Does::Answers(503)).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let begun = millis(&only(&world, &webhook).await["createdAt"]);
    let mut pauses = Vec::new();
    let mut last = begun;
    for attempts in 2..10 {
        let waiting = only(&world, &webhook).await;
        assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("pending"), &json!(attempts)));
        let due = millis(&waiting["nextAttemptAt"]);
        pauses.push((due - last) / 1_000);
        last = due;
        world.stack.invoke("RetryDeliveries", json!({ "now": text(&waiting["nextAttemptAt"]) })).await.unwrap();
        world.stack.settled().await.unwrap();
    }
    let ended = only(&world, &webhook).await;
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("failed"), &json!(10)));
    assert!(ended["nextAttemptAt"].is_null());
    let hours = (last - begun) / 3_600_000;
    assert!((68..=83).contains(&hours), "{hours} hours, {pauses:?}");
    let letters = receiver.letters();
    assert_eq!(letters.len(), 10);
    assert!(letters.iter().all(|letter| letter.id() == letters[0].id()));
    let far = json!({ "now": "2099-01-01T00:00:00Z" });
    assert_eq!(world.stack.invoke("RetryDeliveries", far).await.unwrap(), json!({ "rooms": 0, "deliveries": 0 }));
    assert_eq!(world.deliveries(&webhook, "?state=failed").await.len(), 1);
}

#[tokio::test]
async fn a_receiver_that_recovers_gets_everything_that_it_missed() {
    let receiver = Receiver::that(Does::Resets).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    for number in 0..5 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    world.stack.settled_within(Duration::from_secs(60)).await.unwrap();
    receiver.always(Does::Answers(200));
    world.retries(Duration::from_secs(400)).await;
    world.stack.settled().await.unwrap();
    assert_eq!(world.deliveries(&webhook, "?state=delivered").await.len(), 5);
}

#[tokio::test]
async fn while_nothing_waits_a_run_costs_one_small_read() {
    let world = World::new().await;
    world.stack.invoke("RetryDeliveries", json!({})).await.unwrap();
    let run = world.stack.invocations().into_iter().rfind(|own| own.function == "RetryDeliveries").unwrap();
    assert_eq!(run.requests.iter().map(|call| call.action.as_str()).collect::<Vec<_>>(), ["Scan"]);
}

#[tokio::test]
async fn a_moment_that_is_none_is_refused_by_name() {
    let world = World::new().await;
    let refusal = world.stack.invoke("RetryDeliveries", json!({ "now": "tomorrow" })).await.unwrap_err();
    assert!(refusal.message.contains("`now`"), "{refusal:?}");
}
