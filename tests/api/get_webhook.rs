//! `GET /admin/webhooks/:webhook`; and which webhooks there are none of, on every route.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{World, text};

#[tokio::test]
async fn a_webhook_is_shown_as_it_is() {
    let world = World::new().await;
    let body = json!({ "url": "https://example.com/x", "style": "talk", "events": ["room:join"] });
    let mut made = world.platform().post("/admin/webhooks", body).send().await.good();
    made.as_object_mut().unwrap().remove("secret");
    let shown = world.platform().get(&format!("/admin/webhooks/{}", text(&made["_id"]))).send().await.good();
    assert_eq!(shown, made);
}

#[tokio::test]
async fn what_stands_for_the_rooms_is_there_from_the_beginning() {
    let world = World::new().await;
    let room = world.platform().get("/admin/webhooks/room").send().await.good();
    assert_eq!((&room["style"], &room["events"], &room["status"]), (&json!("imkit"), &json!([]), &json!("enabled")));
    assert!(room.get("url").is_none(), "{room}");
}

#[tokio::test]
async fn a_webhook_that_is_none_is_not_found_on_any_route() {
    let world = World::new().await;
    let other = world.other_app("Other").await;
    let theirs = other.platform().post("/admin/webhooks", json!({ "url": "https://example.com" })).send().await.good();
    let theirs = text(&theirs["_id"]);
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let delivery = format!("msg_{}", "0".repeat(38));
    let routes = [
        (Method::GET, String::new(), Value::Null),
        (Method::PUT, String::new(), json!({ "description": "x" })),
        (Method::DELETE, String::new(), Value::Null),
        (Method::POST, "/secret".to_owned(), Value::Null),
        (Method::POST, "/ping".to_owned(), Value::Null),
        (Method::POST, "/replay".to_owned(), json!({ "room": room, "from": 1 })),
        (Method::GET, "/deliveries".to_owned(), Value::Null),
        (Method::POST, format!("/deliveries/{delivery}/replay"), Value::Null),
    ];
    for id in ["nowhere", "rooms", "mail", "mobile", &"0".repeat(24), &"A".repeat(24), &theirs, "a%23b"] {
        for (method, path, body) in &routes {
            if matches!(id, "mail" | "mobile") && path.starts_with("/deliveries") {
                continue; // targets, though no webhooks
            }
            let call = world.platform().call(method.clone(), &format!("/admin/webhooks/{id}{path}"));
            let call = if body.is_null() { call } else { call.body(body.clone()) };
            let message = call.send().await.refused(404, "WEBHOOK_NOT_FOUND");
            assert!(message.contains(&format!("`{}`", id.replace("%23", "#"))), "{method} {path}: {message}");
        }
    }
    assert!(world.stored_webhooks().await.iter().all(|item| item["SK"]["S"] == json!(theirs)));
    let shown = other.platform().get(&format!("/admin/webhooks/{theirs}")).send().await.good();
    assert_eq!(shown["status"], "enabled");
}
