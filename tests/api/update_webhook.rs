//! `PUT /admin/webhooks/:webhook`.

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Call, World, text};
use crate::receiver::Receiver;

const URL: &str = "https://example.com/rollcall";

impl World {
    /// `PUT /admin/webhooks/:webhook`.
    pub fn revises(&self, webhook: &str, body: Value) -> Call {
        self.platform().call(Method::PUT, &format!("/admin/webhooks/{webhook}")).body(body)
    }

    /// A registered webhook's id.
    async fn has_webhook(&self, body: Value) -> String {
        text(&self.platform().post("/admin/webhooks", body).send().await.good()["_id"])
    }
}

#[tokio::test]
async fn what_is_said_changes_and_what_is_not_stays() {
    let world = World::new().await;
    let said = json!({ "url": URL, "style": "rollcall", "events": ["member.joined"], "description": "One" });
    let id = world.has_webhook(said).await;
    let before = world.platform().get(&format!("/admin/webhooks/{id}")).send().await.good();
    let changes = [
        json!({ "url": "https://example.com/other" }),
        json!({ "events": ["member.left", "member.joined"] }),
        json!({ "description": "Two" }),
        json!({ "style": "talk", "events": [] }),
        json!({ "status": "disabled" }),
    ];
    let mut expected = before.clone();
    for change in changes {
        let after = world.revises(&id, change.clone()).send().await.good();
        for (name, value) in change.as_object().unwrap() {
            expected[name] = value.clone();
        }
        if change["status"] == "disabled" {
            expected["disabledBecause"] = json!("operator");
        }
        if change["events"].as_array().is_some_and(|events| events.len() == 2) {
            expected["events"] = json!(["member.joined", "member.left"]);
        }
        for moved in ["updatedAt", "updatedTimeMS"] {
            let [before, now] = [&expected[moved], &after[moved]].map(Value::to_string);
            assert!(now >= before, "{moved}");
            expected[moved] = after[moved].clone();
        }
        assert_eq!(after, expected, "{change}");
        let shown = world.platform().get(&format!("/admin/webhooks/{id}")).send().await.good();
        assert_eq!(shown, after);
    }
    let bare = world.revises(&id, json!({ "description": null, "url": null, "status": null })).send().await.good();
    assert!(bare.get("description").is_none(), "{bare}");
    assert_eq!((&bare["url"], &bare["status"]), (&expected["url"], &json!("disabled")));
}

#[tokio::test]
async fn a_disabled_webhook_is_told_nothing_until_it_is_enabled() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let (webhook, secret) = world.listens(&receiver, json!({})).await;
    world.revises(&webhook, json!({ "status": "disabled" })).send().await.good();
    aaa.says(&room, "unheard").send().await.good();
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty() && world.deliveries(&webhook, "").await.is_empty());
    let enabled = world.revises(&webhook, json!({ "status": "enabled" })).send().await.good();
    assert_eq!((&enabled["status"], enabled.get("disabledBecause")), (&json!("enabled"), None));
    aaa.says(&room, "heard").send().await.good();
    world.stack.settled().await.unwrap();
    let letters = receiver.letters();
    assert_eq!((letters.len(), &letters[0].json()["data"]["message"]["message"]), (1, &json!("heard")));
    assert!(letters[0].is_signed_by(&secret), "it is the same secret");
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_changes() {
    let world = World::new().await;
    let id = world.has_webhook(json!({ "url": URL, "events": ["member.joined"] })).await;
    let bad = [
        ("url", json!({ "url": "http://example.com" })),
        ("url", json!({ "url": "" })),
        ("style", json!({ "style": "slack", "events": [] })),
        ("events", json!({ "events": ["nothing"] })),
        ("events", json!({ "style": "talk" })),
        ("events", json!({ "style": "imkit", "events": ["room:join"] })),
        ("description", json!({ "description": 7 })),
        ("status", json!({ "status": "gone" })),
        ("status", json!({ "status": true })),
        ("url", json!({ "status": "disabled", "url": "https://10.0.0.1" })),
    ];
    for (name, body) in bad {
        let message = world.refuses_and_keeps(world.revises(&id, body.clone()), 400, "INVALID_PARAMETER").await;
        assert!(message.contains(&format!("`{name}`")), "{body}: {message}");
    }
}

#[tokio::test]
async fn a_room_names_its_own_url() {
    let world = World::new().await;
    let call = world.revises("room", json!({ "url": URL, "status": "disabled" }));
    let message = world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await;
    assert!(message.contains("`url`") && message.contains("`room`"), "{message}");
}

#[tokio::test]
async fn the_rooms_own_urls_are_told_in_the_style_and_of_the_events_that_are_wanted() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let [aaa] = world.clients(["aaa"]).await;
    let body = json!({ "style": "rollcall", "events": ["message.created"] });
    let revised = world.revises("room", body).send().await.good();
    assert_eq!((&revised["_id"], revised.get("url")), (&json!("room"), None));
    let room = world.room(json!({ "members": ["aaa"], "webhook": receiver.url() })).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let told: Vec<Value> = receiver.letters().iter().map(|letter| letter.json()["type"].clone()).collect();
    assert_eq!(told, [json!("message.created")]);
    world.revises("room", json!({ "status": "disabled" })).send().await.good();
    aaa.says(&room, "unheard").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
}

#[tokio::test]
async fn changes_of_several_at_once_are_all_kept() {
    let world = World::new().await;
    for id in [world.has_webhook(json!({ "url": URL })).await, "room".to_owned()] {
        let calls = [json!({ "description": "x" }), json!({ "status": "disabled" }), json!({ "style": "talk" })];
        let calls = calls.map(|body| world.revises(&id, body));
        for answer in crate::actors::all_at_once(3, calls).await {
            answer.good();
        }
        let now = world.platform().get(&format!("/admin/webhooks/{id}")).send().await.good();
        let seen = (&now["description"], &now["status"], &now["style"]);
        assert_eq!(seen, (&json!("x"), &json!("disabled"), &json!("talk")), "{now}");
    }
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_made() {
    let world = World::new().await;
    let id = world.has_webhook(json!({ "url": URL })).await;
    world.stack.faults().next_of("UpdateWebhook", "TransactWriteItems", Fault::LoseResponse);
    let after = world.revises(&id, json!({ "status": "disabled" })).send().await.good();
    assert_eq!(after["status"], "disabled");
}

#[tokio::test]
async fn a_webhook_that_there_is_not_is_not_found() {
    let world = World::new().await;
    let call = world.revises(&"0".repeat(24), json!({ "description": "x" }));
    world.refuses_and_keeps(call, 404, "WEBHOOK_NOT_FOUND").await;
}
