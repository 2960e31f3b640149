//! The function `create_app`, which the operator invokes directly.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Actor, World, text};

impl World {
    /// Invokes `create_app`; what it is refused with.
    async fn refuses_app(&self, event: Value) -> (String, String) {
        let before = self.items().await;
        let error = self.stack.invoke("create_app", event).await.unwrap_err();
        assert_eq!(self.items().await, before, "a refusal changes nothing");
        (error.error_type, error.message)
    }

    /// Whoever has this API key.
    fn holder(&self, api_key: &Value) -> Actor {
        self.stranger().with("IM-API-KEY", &text(api_key))
    }
}

#[tokio::test]
async fn an_app_is_made_with_its_first_two_keys() {
    let world = World::new().await;
    let app = world.stack.invoke("create_app", json!({ "app": "Shop" })).await.unwrap();
    let fields: Vec<_> = app.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["_teamId", "apiKey", "app", "clientKey", "defaultRegion"]);
    assert_eq!((&app["app"], &app["defaultRegion"]), (&json!("Shop"), &json!("CN")));
    let team = text(&app["_teamId"]);
    assert!(team.len() == 24 && team.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{team}");
    for key in [&app["clientKey"], &app["apiKey"]] {
        let key = text(key);
        let random = key.strip_prefix("Shop.").unwrap();
        assert!(random.len() >= 32, "at least 128 random bits in hex: {key}");
    }
    assert_ne!(app["clientKey"], app["apiKey"]);

    let made = json!({ "_id": "aaa", "issueAccessToken": true });
    let aaa = world.holder(&app["apiKey"]).post("/admin/clients", made).send().await.good();
    let room = world.holder(&app["apiKey"]).post("/rooms", json!({ "members": ["aaa"] })).send().await.good();
    let reader = world.stranger().with("IM-CLIENT-KEY", &text(&app["clientKey"]));
    let reader = reader.with("IM-Authorization", &text(&aaa["token"]));
    assert_eq!(reader.reads(&text(&room["_id"])).send().await.good()["appID"], "Shop");
}

#[tokio::test]
async fn the_keys_are_shown_this_once() {
    let world = World::new().await;
    let app = world.stack.invoke("create_app", json!({ "app": "Shop" })).await.unwrap();
    let (items, logs) = (format!("{:?}", world.items().await), world.stack.logs().join("\n"));
    assert!(logs.contains("create_app"), "{logs}");
    for key in [text(&app["clientKey"]), text(&app["apiKey"])] {
        assert!(!items.contains(&key), "a key is stored in clear");
        assert!(!logs.contains(&key), "a key is logged");
    }
}

#[tokio::test]
async fn every_app_has_keys_and_a_team_of_its_own() {
    let world = World::new().await;
    let [one, two] = [world.app("One").await, world.app("Two").await];
    for name in ["_teamId", "clientKey", "apiKey"] {
        assert_ne!(one[name], two[name], "`{name}`");
    }
}

#[tokio::test]
async fn an_app_that_exists_is_refused_and_its_first_keys_still_work() {
    let world = World::new().await;
    let app = world.app("Shop").await;
    let (kind, message) = world.refuses_app(json!({ "app": "Shop", "defaultRegion": "US" })).await;
    assert_eq!((kind.as_str(), message.as_str()), ("AppExists", "app `Shop` exists already"));
    let made = json!({ "_id": "aaa" });
    assert_eq!(world.holder(&app["apiKey"]).post("/admin/clients", made).send().await.good()["appID"], "Shop");
    let mine = world.platform().post("/admin/clients", json!({ "_id": "aaa" })).send().await.good();
    assert_eq!(mine["appID"], "SampleApp");
}

#[tokio::test]
async fn an_event_that_makes_no_app_is_refused_by_name() {
    let world = World::new().await;
    let refused = [
        (json!({ "app": "" }), "InvalidParameter", "`app` "),
        (json!({ "app": "a.b" }), "InvalidParameter", "`app` "),
        (json!({ "app": "a#b" }), "InvalidParameter", "`app` "),
        (json!({ "app": "a b" }), "InvalidParameter", "`app` "),
        (json!({ "app": "x".repeat(65) }), "InvalidParameter", "`app` "),
        (json!({ "app": "Shop", "defaultRegion": "XX" }), "InvalidParameter", "`defaultRegion` "),
        (json!({ "app": "Shop", "defaultRegion": "China" }), "InvalidParameter", "`defaultRegion` "),
        (json!({ "app": "Shop", "defaultRegion": "" }), "InvalidParameter", "`defaultRegion` "),
        (json!({ "app": "Shop", "clientKey": "Shop.short" }), "InvalidParameter", "`clientKey` "),
        (json!({ "app": "Shop", "clientKey": "Other.0123456789ab" }), "InvalidParameter", "`clientKey` "),
        (json!({ "app": "Shop", "clientKey": "Shop0123456789ab" }), "InvalidParameter", "`clientKey` "),
        (json!({ "app": "Shop", "apiKey": "Shop.0123 456789ab" }), "InvalidParameter", "`apiKey` "),
        (json!({ "app": "Shop", "apiKey": "" }), "InvalidParameter", "`apiKey` "),
        (
            json!({ "app": "Shop", "apiKey": "Shop.0123456789ab", "clientKey": "Shop.0123456789ab" }),
            "InvalidParameter",
            "`apiKey` ",
        ),
        (json!({ "app": "Shop", "teamId": "55f13" }), "InvalidParameter", "`teamId` "),
        (json!({}), "InvalidBody", "`app`"),
        (json!({ "app": 7 }), "InvalidBody", "string"),
        (json!({ "app": "Shop", "region": "CN" }), "InvalidBody", "`region`"),
        (json!([]), "InvalidBody", ""),
    ];
    for (event, kind, offender) in refused {
        let (error, message) = world.refuses_app(event.clone()).await;
        assert_eq!(error, kind, "{event}: {message}");
        assert!(message.contains(offender), "{event}: {message}");
        for key in ["0123456789ab", "0123 456789ab", "Shop.short"] {
            assert!(!message.contains(key), "a key is repeated: {message}");
        }
    }
}

#[tokio::test]
async fn keys_that_clients_carry_already_can_be_brought_along() {
    let world = World::new().await;
    let brought = json!({
        "app": "Shop", "clientKey": "Shop.client-0123456", "apiKey": "Shop.api-0123456789",
        "teamId": "55f13faf8be34c3d6d4de8da", "defaultRegion": "us",
    });
    let app = world.stack.invoke("create_app", brought).await.unwrap();
    let made = json!({
        "app": "Shop", "clientKey": "Shop.client-0123456", "apiKey": "Shop.api-0123456789",
        "_teamId": "55f13faf8be34c3d6d4de8da", "defaultRegion": "US",
    });
    assert_eq!(app, made);
    let platform = world.stranger().with("IM-API-KEY", "Shop.api-0123456789");
    let aaa = platform.post("/admin/clients", json!({ "_id": "aaa", "token": "opaque-token" })).send().await.good();
    let room = text(&platform.post("/rooms", json!({})).send().await.good()["_id"]);
    let aaa = world.stranger().with("Authorization", &format!("Bearer {}", text(&aaa["token"])));
    aaa.with("CLIENT-KEY", "Shop.client-0123456").joins(&room).send().await.good();
    let whom = json!({ "mobile": "+12025550173" });
    let invitation = platform.talk_invites(&room, whom).send().await.bare();
    assert_eq!(invitation["_teamId"], "55f13faf8be34c3d6d4de8da");
}

#[tokio::test]
async fn an_answer_lost_on_the_way_does_not_cost_the_keys() {
    let world = World::new().await;
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    let app = world.stack.invoke("create_app", json!({ "app": "Shop" })).await.unwrap();
    world.holder(&app["apiKey"]).post("/admin/clients", json!({ "_id": "aaa" })).send().await.good();
}

#[tokio::test]
async fn a_table_that_is_busy_is_not_an_app_that_exists() {
    let world = World::new().await;
    world.stack.faults().next("TransactWriteItems", Fault::TransactionConflict);
    let app = world.stack.invoke("create_app", json!({ "app": "Shop" })).await.unwrap();
    world.holder(&app["apiKey"]).post("/admin/clients", json!({ "_id": "aaa" })).send().await.good();
}
