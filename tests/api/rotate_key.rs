//! The function `rotate_key`, which the operator invokes directly.

use std::time::Duration;

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{World, text};

impl World {
    /// Rotates a key of the app; what the function answers.
    async fn rotates(&self, kind: &str) -> Value {
        self.stack.invoke("rotate_key", json!({ "app": "SampleApp", "kind": kind })).await.expect("a new key")
    }

    /// An invocation that fails and leaves every item of the table as it was: its kind and its sentence.
    async fn refuses_key(&self, event: Value) -> (String, String) {
        let before = self.items().await;
        let error = self.stack.invoke("rotate_key", event).await.unwrap_err();
        assert_eq!(self.items().await, before, "a refusal changes nothing");
        (error.error_type, error.message)
    }

    async fn opens_as_api(&self, key: &str) -> bool {
        let answer = self.stranger().with("IM-API-KEY", key).get("/admin/clients").send().await;
        if answer.status != 200 {
            answer.refused(401, "INVALID_API_KEY");
            return false;
        }
        true
    }

    async fn opens_as_client(&self, key: &str, token: &str) -> bool {
        let actor = self.stranger().with("IM-CLIENT-KEY", key).with("IM-Authorization", token);
        let answer = actor.get("/me").send().await;
        if answer.status != 200 {
            answer.refused(401, "INVALID_CLIENT_KEY");
            return false;
        }
        true
    }

    /// The number of keys that the table holds.
    async fn stored_keys(&self) -> usize {
        self.items().await.iter().filter(|item| item["SK"]["S"] == "KEY").count()
    }
}

#[tokio::test]
async fn the_two_newest_api_keys_are_valid() {
    let world = World::new().await;
    let first = world.api_key().to_owned();
    let second = world.rotates("api").await;
    let fields: Vec<_> = second.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["app", "key", "kind", "validKeys"]);
    assert_eq!(
        (&second["app"], &second["kind"], &second["validKeys"]),
        (&json!("SampleApp"), &json!("api"), &json!(2))
    );
    let second = text(&second["key"]);
    assert!(second.strip_prefix("SampleApp.").unwrap().len() >= 32, "at least 128 random bits in hex");
    assert!(world.opens_as_api(&first).await && world.opens_as_api(&second).await);

    let third = text(&world.rotates("api").await["key"]);
    assert_eq!(
        (world.opens_as_api(&first).await, world.opens_as_api(&second).await, world.opens_as_api(&third).await),
        (false, true, true)
    );
    assert_eq!(world.stored_keys().await, 3, "two of this kind and one of the other");
}

#[tokio::test]
async fn the_two_newest_client_keys_are_valid() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let first = world.client_key().to_owned();
    let second = text(&world.rotates("client").await["key"]);
    assert!(world.opens_as_client(&first, &aaa.token).await && world.opens_as_client(&second, &aaa.token).await);
    let third = text(&world.rotates("client").await["key"]);
    assert!(!world.opens_as_client(&first, &aaa.token).await);
    assert!(world.opens_as_client(&second, &aaa.token).await && world.opens_as_client(&third, &aaa.token).await);
    assert!(world.opens_as_api(world.api_key()).await, "the other kind is as it was");
    assert!(!world.opens_as_api(&third).await, "and a key is of its own kind");
}

#[tokio::test]
async fn the_key_is_shown_this_once() {
    let world = World::new().await;
    let key = text(&world.rotates("api").await["key"]);
    let (items, logs) = (format!("{:?}", world.items().await), world.stack.logs().join("\n"));
    assert!(logs.contains("rotate_key"), "{logs}");
    assert!(!items.contains(&key), "a key is stored in clear");
    assert!(!logs.contains(&key), "a key is logged");
}

#[tokio::test]
async fn other_apps_keep_their_keys_and_the_app_what_it_is() {
    let world = World::new().await;
    let other = world.app("Other").await;
    let app = |items: &[Value]| items.iter().find(|item| item["PK"]["S"] == "SampleApp").unwrap().clone();
    let before = app(&world.items().await);
    for _ in 0..2 {
        world.rotates("api").await;
    }
    let after = app(&world.items().await);
    for name in ["team", "defaultRegion", "createdAt", "clientKeys"] {
        assert_eq!(after[name], before[name], "`{name}`");
    }
    assert!(world.opens_as_api(&text(&other["apiKey"])).await);
}

#[tokio::test]
async fn an_app_that_does_not_exist_is_named() {
    let world = World::new().await;
    let (kind, message) = world.refuses_key(json!({ "app": "Nowhere", "kind": "api" })).await;
    assert_eq!((kind.as_str(), message.as_str()), ("AppNotFound", "app `Nowhere` does not exist"));
}

#[tokio::test]
async fn an_event_that_rotates_nothing_is_refused_by_name() {
    let world = World::new().await;
    for (event, kind, offender) in [
        (json!({ "app": "a.b", "kind": "api" }), "InvalidParameter", "`app` "),
        (json!({ "app": "", "kind": "api" }), "InvalidParameter", "`app` "),
        (json!({ "app": "SampleApp" }), "InvalidBody", "`kind`"),
        (json!({ "kind": "api" }), "InvalidBody", "`app`"),
        (json!({ "app": "SampleApp", "kind": "both" }), "InvalidBody", "`both`"),
        (json!({ "app": "SampleApp", "kind": "api", "apiKey": "x" }), "InvalidBody", "`apiKey`"),
        (json!([]), "InvalidBody", ""),
    ] {
        let (error, message) = world.refuses_key(event.clone()).await;
        assert_eq!(error, kind, "{event}: {message}");
        assert!(message.contains(offender), "{event}: {message}");
    }
}

#[tokio::test]
async fn several_rotations_at_once_leave_two_valid_keys() {
    let world = World::new().await;
    world.stack.faults().always("TransactWriteItems", Fault::Delay(Duration::from_millis(50)));
    let made = <[_; 3]>::from(tokio::join!(world.rotates("api"), world.rotates("api"), world.rotates("api")));
    world.stack.faults().clear();
    let mut valid = 0;
    for key in made.iter().map(|made| text(&made["key"])) {
        valid += usize::from(world.opens_as_api(&key).await);
    }
    assert_eq!((valid, world.opens_as_api(world.api_key()).await), (2, false));
    assert_eq!(world.stored_keys().await, 3);
}

#[tokio::test]
async fn an_answer_lost_on_the_way_rotates_once() {
    let world = World::new().await;
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse); // as often as the SDK tries
    }
    let made = world.rotates("api").await;
    assert_eq!(made["validKeys"], 2);
    assert!(world.opens_as_api(&text(&made["key"])).await, "it is the key that was stored");
    assert!(world.opens_as_api(world.api_key()).await, "and the one before it is valid");
    assert_eq!(world.stored_keys().await, 3);
}

#[tokio::test]
async fn an_app_from_before_its_keys_were_listed_needs_the_key_in_use() {
    let world = World::new().await;
    world.amends("SampleApp", "APP", "REMOVE apiKeys, clientKeys", json!({})).await;
    let first = world.api_key().to_owned();
    let event = |current: Value| json!({ "app": "SampleApp", "kind": "api", "current": current });
    for wrong in [Value::Null, json!("SampleApp.wrong"), json!(world.client_key())] {
        let (kind, message) = world.refuses_key(event(wrong)).await;
        assert_eq!(kind, "InvalidParameter");
        assert!(message.starts_with("`current` ") && !message.contains("wrong"), "{message}");
    }
    let second = text(&world.stack.invoke("rotate_key", event(json!(first))).await.unwrap()["key"]);
    assert!(world.opens_as_api(&first).await && world.opens_as_api(&second).await);
    world.rotates("api").await;
    assert!(!world.opens_as_api(&first).await && world.opens_as_api(&second).await);
}
