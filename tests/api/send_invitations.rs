//! Mails to people who are invited by their address, and the operator's bus for mobiles.

use std::time::Duration;

use local::{CallFault, Stack};
use serde_json::{Value, json};

use crate::actors::{Actor, World, text};

/// A client in a room of this topic.
async fn inviter(world: &World, topic: &str) -> (Actor, String) {
    let aaa = world.client_with(json!({ "_id": "aaa", "nickname": "Ann <b>" })).await;
    let room = world.room(json!({ "members": ["aaa"], "name": topic })).await;
    (aaa, room)
}

#[tokio::test]
async fn an_invited_address_gets_a_mail_in_plain_text_and_html() {
    let world =
        World::on(Stack::builder().parameter("MailLink", "https://x.io/j?a={app}&r={room}&i={invitation}")).await;
    let (aaa, room) = inviter(&world, "ops & <friends>").await;
    let invitation = aaa.talk_invites(&room, json!({ "email": "Bob@X.io" })).send().await.bare();
    world.stack.settled().await.unwrap();
    let mails = world.stack.mails();
    assert_eq!(mails.len(), 1);
    let (mail, content) = (&mails[0], &mails[0]["Content"]["Simple"]);
    assert_eq!(mail["FromEmailAddress"], "rollcall@localhost");
    assert_eq!(mail["Destination"]["ToAddresses"], json!(["Bob@X.io"]));
    assert_eq!(content["Subject"]["Data"], "Ann <b> invites you to “ops & <friends>”.");
    let link = format!("https://x.io/j?a=SampleApp&r={room}&i={}", text(&invitation["_id"]));
    let (plain, html) = (text(&content["Body"]["Text"]["Data"]), text(&content["Body"]["Html"]["Data"]));
    assert!(plain.contains(&link) && plain.contains("Ann <b>"), "{plain}");
    assert!(html.contains(&link.replace('&', "&amp;")) && html.contains("Ann &lt;b&gt;"), "{html}");
    assert!(!html.contains("<friends>"), "{html}");
}

#[tokio::test]
async fn an_invited_mobile_goes_to_the_operators_bus() {
    let world = World::on(Stack::builder().parameter("MailSender", "")).await;
    let (aaa, room) = inviter(&world, "ops").await;
    let invitation = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    world.stack.settled().await.unwrap();
    let events = world.stack.events();
    assert_eq!((events.len(), world.stack.mails().len()), (1, 0));
    let event = &events[0];
    assert_eq!((&event["Source"], &event["DetailType"]), (&json!("rollcall"), &json!("invitation.created")));
    let detail: Value = serde_json::from_str(&text(&event["Detail"])).unwrap();
    assert_eq!((&detail["mobile"], &detail["room"]), (&json!("13100000000"), &json!(room)));
    assert_eq!((&detail["invitation"], &detail["inviter"]), (&invitation["_id"], &json!("aaa")));
    assert_eq!((&detail["app"], &detail["topic"]), (&json!("SampleApp"), &json!("ops")));
    assert!(text(&detail["link"]).contains(&text(&invitation["_id"])), "{detail}");
    assert!(text(&detail["expiresAt"]) > text(&invitation["createdAt"]), "{detail}");
}

#[tokio::test]
async fn who_is_a_client_already_gets_no_mail() {
    let world = World::new().await;
    let (aaa, room) = inviter(&world, "ops").await;
    world.client_with(json!({ "_id": "bob", "email": "bob@x.io" })).await;
    aaa.talk_invites(&room, json!({ "email": "bob@x.io" })).send().await.bare();
    world.stack.settled().await.unwrap();
    assert!(world.stack.mails().is_empty());
}

#[tokio::test]
async fn without_a_sender_and_a_bus_nothing_goes_out() {
    let world = World::on(Stack::builder().parameter("MailSender", "").parameter("EventBus", "")).await;
    let (aaa, room) = inviter(&world, "ops").await;
    aaa.talk_invites(&room, json!({ "email": "bob@x.io", "mobile": "13100000000" })).send().await.bare();
    world.stack.settled().await.unwrap();
    assert!(world.stack.mails().is_empty() && world.stack.events().is_empty());
    assert!(!world.stack.invocations().iter().any(|own| own.function == "SendInvitations"));
}

#[tokio::test]
async fn a_mail_that_could_not_be_sent_is_tried_again_as_long_as_the_invitation_is_open() {
    let world = World::new().await;
    let (aaa, room) = inviter(&world, "ops").await;
    world.stack.faults().all_calls("ses:SendEmail", CallFault::Refuse);
    aaa.talk_invites(&room, json!({ "email": "bob@x.io" })).send().await.bare();
    let other = aaa.talk_invites(&room, json!({ "email": "eve@x.io" })).send().await.bare();
    world.stack.settled_within(Duration::from_secs(60)).await.unwrap();
    assert!(world.stack.mails().is_empty());
    world.stack.faults().clear();
    world.platform().talk_cancels(&other["_id"]).send().await.bare();
    world.retries(Duration::from_secs(400)).await;
    world.stack.settled().await.unwrap();
    let mails = world.stack.mails();
    assert_eq!((mails.len(), &mails[0]["Destination"]["ToAddresses"]), (1, &json!(["bob@x.io"])));
    let listed = world.deliveries("mail", "").await;
    let states: Vec<String> = listed.iter().map(|delivery| text(&delivery["state"])).collect();
    assert!(states.contains(&"delivered".to_owned()) && states.contains(&"failed".to_owned()), "{listed:#?}");
    assert!(!format!("{listed:?}").contains("x.io"), "no address stands there");
}
