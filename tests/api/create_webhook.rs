//! `POST /admin/webhooks`.

use std::collections::BTreeSet;

use local::{Fault, Stack};
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Call, World, text};
use crate::receiver::Receiver;

const URL: &str = "https://example.com/rollcall";

impl World {
    fn registers(&self, body: Value) -> Call {
        self.platform().post("/admin/webhooks", body)
    }

    /// The webhooks that the table holds.
    pub async fn stored_webhooks(&self) -> Vec<Value> {
        self.items().await.into_iter().filter(|item| text(&item["PK"]["S"]).ends_with("#WEBHOOKS")).collect()
    }
}

#[tokio::test]
async fn a_webhook_is_answered_as_it_was_described() {
    let world = World::new().await;
    let said = json!({
        "url": URL, "style": "imkit", "events": ["MESSAGE", "JOIN_ROOM", "MESSAGE"], "description": "The bots",
    });
    let made = world.registers(said).send().await.good();
    assert_eq!(
        (&made["url"], &made["style"], &made["description"]),
        (&json!(URL), &json!("imkit"), &json!("The bots"))
    );
    assert_eq!(made["events"], json!(["JOIN_ROOM", "MESSAGE"]), "each once, by name");
    assert_eq!((&made["_id"], &made["status"]), (&made["id"], &json!("enabled")));
    assert_eq!((&made["createdAt"], &made["createdTimeMS"]), (&made["updatedAt"], &made["updatedTimeMS"]));
    assert!(made.get("disabledBecause").is_none(), "{made}");
}

#[tokio::test]
async fn what_is_left_out_is_our_own_style_and_every_event() {
    let world = World::new().await;
    let body = json!({ "url": URL, "style": null, "events": null, "description": null });
    for body in [json!({ "url": URL }), body] {
        let made = world.registers(body).send().await.good();
        assert_eq!((&made["style"], &made["events"], made.get("description")), (&json!("rollcall"), &json!([]), None));
    }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_stored_nowhere() {
    let world = World::new().await;
    let mut secrets = BTreeSet::new();
    for _ in 0..3 {
        let made = world.registers(json!({ "url": URL })).send().await.good();
        let secret = text(&made["secret"]);
        let bytes = length_of(secret.strip_prefix("whsec_").unwrap());
        assert_eq!(bytes, 32);
        let shown = world.platform().get(&format!("/admin/webhooks/{}", text(&made["_id"]))).send().await.good();
        assert!(shown.get("secret").is_none(), "{shown}");
        let items = json!(world.items().await).to_string();
        assert!(!items.contains(secret.trim_start_matches("whsec_")));
        secrets.insert(secret);
    }
    assert_eq!(secrets.len(), 3, "each has its own");
}

/// How many bytes a text of base64 stands for.
fn length_of(text: &str) -> usize {
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{text}");
    text.len() / 4 * 3 - text.bytes().filter(|byte| *byte == b'=').count()
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_changes() {
    let world = World::new().await;
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    let bad = [
        ("url", json!(7)),
        ("url", json!("")),
        ("url", json!("example.com/x")),
        ("url", json!("/x")),
        ("url", json!("ftp://example.com/x")),
        ("url", json!("http://example.com/x")),
        ("url", json!("https://10.0.0.1/x")),
        ("url", json!("https://[fd00::1]/x")),
        ("url", json!("https://169.254.169.254/latest/meta-data")),
        ("url", json!("https://me:secret@example.com/x")),
        ("url", json!(long)),
        ("style", json!("slack")),
        ("style", json!(1)),
        ("events", json!("member.joined")),
        ("events", json!([1])),
        ("events", json!(["member.exploded"])),
        ("events", json!(["JOIN_ROOM"])),
        ("description", json!(["x"])),
        ("description", json!("x".repeat(1_025))),
    ];
    for (name, value) in bad {
        let mut body = json!({ "url": URL });
        body[name] = value.clone();
        let message = world.refuses_and_keeps(world.registers(body), 400, "INVALID_PARAMETER").await;
        assert!(message.contains(&format!("`{name}`")), "{value}: {message}");
    }
    let message = world.refuses_and_keeps(world.registers(json!({})), 400, "MISSING_PARAMETER").await;
    assert!(message.contains("`url`"), "{message}");
}

#[tokio::test]
async fn where_loopback_is_not_allowed_this_machine_is_a_private_address() {
    let world = World::on(Stack::builder().parameter("WebhookLoopback", "false")).await;
    for url in ["http://127.0.0.1:3000/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x"] {
        let message = world.refuses_and_keeps(world.registers(json!({ "url": url })), 400, "INVALID_PARAMETER").await;
        assert!(message.contains("`url`"), "{url}: {message}");
    }
}

#[tokio::test]
async fn an_app_has_at_most_sixteen_webhooks() {
    let world = World::new().await;
    let mut last = Value::Null;
    for _ in 0..16 {
        last = world.registers(json!({ "url": URL })).send().await.good();
    }
    let message = world.refuses_and_keeps(world.registers(json!({ "url": URL })), 409, "TOO_MANY_WEBHOOKS").await;
    assert!(message.contains("16"), "{message}");
    let path = format!("/admin/webhooks/{}", text(&last["_id"]));
    world.platform().call(Method::DELETE, &path).send().await.good();
    world.registers(json!({ "url": URL })).send().await.good();
    let other = world.other_app("Other").await;
    other.platform().post("/admin/webhooks", json!({ "url": URL })).send().await.good();
}

#[tokio::test]
async fn a_deployment_without_a_key_has_no_webhooks() {
    let world = World::on(Stack::builder().parameter("WebhookKey", "")).await;
    let message = world.refuses_and_keeps(world.registers(json!({ "url": URL })), 409, "WEBHOOKS_OFF").await;
    assert!(message.contains("`WebhookKey`"), "{message}");
    let stranger = world.platform().with("IM-API-KEY", "SampleApp.wrong");
    world.refuses_and_keeps(stranger.post("/admin/webhooks", json!({ "url": URL })), 401, "INVALID_API_KEY").await;
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_counts_once() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    world.stack.faults().next_of("CreateWebhook", "TransactWriteItems", Fault::LoseResponse);
    let (webhook, secret) = world.listens(&receiver, json!({})).await;
    let stored = world.stored_webhooks().await;
    assert_eq!(stored.iter().map(|item| text(&item["SK"]["S"])).collect::<Vec<_>>(), [webhook]);
    let [aaa] = world.clients(["aaa"]).await;
    world.group(&[&aaa]).await;
    world.stack.settled().await.unwrap();
    assert!(receiver.letters()[0].is_signed_by(&secret));
}
