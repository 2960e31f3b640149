//! `POST /admin/webhooks/:webhook/ping`.

use local::Stack;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Call, World, text};
use crate::receiver::{Does, Receiver};
use crate::send_webhooks::private_name;

impl World {
    fn pings(&self, webhook: &str) -> Call {
        self.platform().call(Method::POST, &format!("/admin/webhooks/{webhook}/ping"))
    }
}

#[tokio::test]
async fn a_test_event_arrives_signed_and_in_the_webhooks_style() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    for (number, style) in ["rollcall", "imkit", "talk"].into_iter().enumerate() {
        let (webhook, secret) = world.listens(&receiver, json!({ "style": style })).await;
        let before = world.items().await;
        let outcome = world.pings(&webhook).send().await.good();
        assert_eq!((&outcome["delivered"], &outcome["status"]), (&json!(true), &json!(204)));
        assert!(outcome["millis"].as_u64().unwrap() < 10_000 && outcome.get("error").is_none(), "{outcome}");
        assert_eq!(world.items().await, before, "it stands nowhere");
        let letter = receiver.has(number + 1).await.pop().unwrap();
        assert!(letter.is_signed_by(&secret), "{letter:?}");
        let digits = letter.id().strip_prefix("msg_").unwrap();
        assert!(digits.len() == 38 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", letter.id());
        let mut told = letter.json();
        let flaws = crate::description::webhook("ping").flaws(&told);
        assert!(flaws.is_empty(), "{flaws:#?}");
        let expected = match style {
            "rollcall" => {
                let at = told.as_object_mut().unwrap().remove("timestamp").unwrap();
                shared::time::Time::parse("timestamp", &text(&at)).unwrap();
                json!({ "type": "ping", "data": { "app": "SampleApp", "webhook": webhook } })
            }
            "imkit" => json!({
                "appID": "SampleApp", "clientID": null, "roomID": null, "event": "PING", "botState": "",
                "data": { "webhook": webhook },
            }),
            _ => json!({ "a": "ping", "d": { "webhook": webhook }, "v": 2 }),
        };
        assert_eq!(told, expected, "{style}");
    }
    let letters = receiver.letters();
    assert!(letters[0].id() != letters[1].id() && letters[1].id() != letters[2].id());
}

#[tokio::test]
async fn what_goes_wrong_is_told_and_not_tried_again() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (webhook, _) = world.listens(&receiver, json!({})).await;
    let elsewhere = Receiver::new().await;
    let cases = [
        (Does::Answers(500), Some(500), "500"),
        (Does::Answers(404), Some(404), "404"),
        (Does::Says(302, "location", elsewhere.url()), Some(302), "redirect"),
        (Does::Answers(410), Some(410), "410"),
        (Does::Resets, None, "connection"),
    ];
    for (number, (does, status, told)) in cases.into_iter().enumerate() {
        receiver.next(does.clone());
        let outcome = world.pings(&webhook).send().await.good();
        assert_eq!((&outcome["delivered"], outcome["status"].as_u64()), (&json!(false), status), "{does:?}");
        assert!(text(&outcome["error"]).contains(told), "{does:?}: {outcome}");
        world.stack.settled().await.unwrap();
        assert_eq!(receiver.letters().len(), number + 1, "{does:?}");
    }
    assert!(elsewhere.letters().is_empty());
    let shown = world.platform().get(&format!("/admin/webhooks/{webhook}")).send().await.good();
    assert_eq!(shown["status"], "enabled", "a test disables nothing");
    world.revises(&webhook, json!({ "url": "http://127.0.0.1:1/nobody" })).send().await.good();
    let outcome = world.pings(&webhook).send().await.good();
    assert_eq!((&outcome["delivered"], outcome.get("status")), (&json!(false), None), "{outcome}");
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left_after_fifteen_seconds() {
    let (world, receiver) = (World::new().await, Receiver::that(Does::Hangs).await);
    let (webhook, _) = world.listens(&receiver, json!({})).await;
    let outcome = world.pings(&webhook).send().await.good();
    assert!((14_000..20_000).contains(&outcome["millis"].as_u64().unwrap()), "{outcome}");
    assert!(text(&outcome["error"]).contains("15 seconds"), "{outcome}");
}

#[tokio::test]
async fn a_disabled_webhook_can_be_tried_before_it_is_enabled() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (webhook, _) = world.listens(&receiver, json!({ "events": ["member.joined"] })).await;
    world.revises(&webhook, json!({ "status": "disabled" })).send().await.good();
    assert_eq!(world.pings(&webhook).send().await.good()["delivered"], true);
    assert_eq!(receiver.letters().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_to_a_private_address() {
    let receiver = Receiver::new().await;
    let world = World::on(Stack::builder().parameter("WebhookLoopback", "false")).await;
    let url = format!("https://{}:{}/hook", private_name().await, receiver.port);
    let made = world.platform().post("/admin/webhooks", json!({ "url": url })).send().await.good();
    let outcome = world.pings(&text(&made["_id"])).send().await.good();
    assert!(text(&outcome["error"]).contains("no public address"), "{outcome}");
    assert!(receiver.letters().is_empty());
}

#[tokio::test]
async fn the_rooms_own_urls_cannot_be_tried_here() {
    let world = World::new().await;
    let message = world.refuses_and_keeps(world.pings("room"), 400, "INVALID_PARAMETER").await;
    assert!(message.contains("`webhook`"), "{message}");
    world.refuses_and_keeps(world.pings(&"0".repeat(24)), 404, "WEBHOOK_NOT_FOUND").await;
}

#[tokio::test]
async fn without_a_key_of_the_deployment_nothing_can_be_signed() {
    let world = World::on(Stack::builder().parameter("WebhookKey", "")).await;
    let id = "0".repeat(24);
    // As it is left when the operator takes the key away.
    let number = |number: u64| json!({ "N": number.to_string() });
    let item: Value = json!({
        "PK": { "S": "SampleApp#WEBHOOKS" }, "SK": { "S": id }, "id": { "S": id }, "style": { "S": "rollcall" },
        "url": { "S": "http://127.0.0.1:1/" }, "switch": { "S": "on" }, "generation": number(0), "version": number(1),
        "createdAt": number(1), "updatedAt": number(1),
    });
    world.write("PutItem", json!({ "TableName": world.stack.table(), "Item": item })).await;
    world.refuses_and_keeps(world.pings(&id), 409, "WEBHOOKS_OFF").await;
}
