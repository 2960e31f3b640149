//! Carrying deliveries to a receiver that fails in every way there is.

use std::time::Duration;

use local::{CallFault, Fault};
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, text};
use crate::receiver::{Does, Receiver};

/// A world that listens, with a room in which `aaa` can speak; nothing is on its way.
pub async fn listening(receiver: &Receiver, body: Value) -> (World, Actor, String, String) {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let (webhook, _) = world.listens(receiver, body).await;
    (world, aaa, room, webhook)
}

/// What became of the only delivery.
pub async fn only(world: &World, webhook: &str) -> Value {
    let listed = world.deliveries(webhook, "").await;
    assert_eq!(listed.len(), 1, "{listed:#?}");
    listed[0].clone()
}

#[tokio::test]
async fn a_receiver_that_fails_once_is_tried_again_after_five_seconds_under_the_same_id() {
    for does in [Does::Answers(500), Does::Resets, Does::Answers(404)] {
        let receiver = Receiver::new().await;
        let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
        receiver.next(does.clone());
        aaa.says(&room, "hello").send().await.good();
        world.stack.settled().await.unwrap();
        let letters = receiver.letters();
        assert_eq!(letters.len(), 2, "{does:?}");
        assert_eq!((letters[0].id(), &letters[0].body), (letters[1].id(), &letters[1].body), "{does:?}");
        assert_ne!(letters[0].headers["webhook-timestamp"], letters[1].headers["webhook-timestamp"], "{does:?}");
        let pause = letters[1].at - letters[0].at;
        assert!((4.4..7.5).contains(&pause.as_secs_f64()), "{does:?}: {pause:?}");
        let delivery = only(&world, &webhook).await;
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(2)), "{does:?}");
        assert_eq!(delivery["id"], json!(letters[0].id()));
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_left_after_fifteen_seconds() {
    let receiver = Receiver::that(Does::Hangs).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled_within(Duration::from_secs(60)).await.unwrap();
    let letters = receiver.letters();
    let pause = letters[1].at - letters[0].at;
    assert!((19.0..24.0).contains(&pause.as_secs_f64()), "15 seconds, and 5 more: {pause:?}");
    let delivery = only(&world, &webhook).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("pending"), &json!(2)));
    assert!(text(&delivery["error"]).contains("15 seconds"), "{delivery}");
}

#[tokio::test]
async fn the_head_of_an_answer_is_all_that_is_waited_for() {
    for does in [Does::Dribbles, Does::Floods, Does::Answers(200), Does::Answers(299)] {
        let receiver = Receiver::that(does.clone()).await;
        let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
        aaa.says(&room, "hello").send().await.good();
        world.stack.settled_within(Duration::from_secs(10)).await.unwrap();
        assert_eq!(only(&world, &webhook).await["state"], "delivered", "{does:?}");
        assert_eq!(receiver.letters().len(), 1, "{does:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_pause_gets_it() {
    let receiver = Receiver::that(Does::Says(429, "retry-after", "120".into())).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
    let delivery = only(&world, &webhook).await;
    assert_eq!((&delivery["state"], &delivery["status"]), (&json!("pending"), &json!(429)));
    receiver.always(Does::Answers(200));
    world.retries(Duration::from_secs(110)).await;
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1, "it is not time yet");
    world.retries(Duration::from_secs(125)).await;
    world.stack.settled().await.unwrap();
    assert_eq!(only(&world, &webhook).await["state"], "delivered");
}

#[tokio::test]
async fn a_redirect_is_followed_nowhere() {
    let (receiver, elsewhere) = (Receiver::new().await, Receiver::new().await);
    receiver.next(Does::Says(307, "location", elsewhere.url()));
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    receiver.has(1).await;
    world.stack.settled().await.unwrap();
    assert!(elsewhere.letters().is_empty());
    assert_eq!(receiver.letters().len(), 2, "it is tried again where it was to go");
    assert_eq!(only(&world, &webhook).await["attempts"], 2);
}

#[tokio::test]
async fn a_410_silences_the_webhook_until_it_is_enabled_again() {
    let receiver = Receiver::new().await;
    receiver.next(Does::Answers(410));
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let delivery = only(&world, &webhook).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(1)));
    let path = format!("/admin/webhooks/{webhook}");
    let shown = world.platform().get(&path).send().await.good();
    assert_eq!((&shown["status"], &shown["disabledBecause"]), (&json!("disabled"), &json!("gone")));
    aaa.says(&room, "still there?").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
    world.platform().call(Method::PUT, &path).body(json!({ "status": "enabled" })).send().await.good();
    aaa.says(&room, "welcome back").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 2);
}

#[tokio::test]
async fn a_room_whose_own_webhook_says_410_is_left_alone_until_it_names_another() {
    let (receiver, other) = (Receiver::that(Does::Answers(410)).await, Receiver::new().await);
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.room(json!({ "members": ["aaa"], "webhook": receiver.url(), "owner": "aaa" })).await;
    world.stack.settled().await.unwrap();
    let so_far = receiver.letters().len();
    assert_eq!(so_far, 1);
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), so_far);
    aaa.updates(&room, json!({ "webhook": other.url() })).send().await.good();
    aaa.says(&room, "hello there").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!((receiver.letters().len(), other.letters().len()), (so_far, 1));
}

/// A name other than `localhost` that leads back to this machine: one of those that Debian knows without any network.
pub async fn private_name() -> String {
    let own = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    for name in ["ip6-localhost", "ip6-loopback", own.trim()] {
        if let Ok(mut found) = tokio::net::lookup_host((name, 443)).await
            && found.next().is_some_and(|found| !shared::outside::is_public(found.ip()))
        {
            return name.to_owned();
        }
    }
    panic!("this machine knows itself by no name but `localhost`");
}

#[tokio::test]
async fn nothing_goes_to_a_private_address_however_its_name_hides_it() {
    let receiver = Receiver::new().await;
    let world = World::on(local::Stack::builder().parameter("WebhookLoopback", "false")).await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.room(json!({ "members": ["aaa"] })).await;
    let hook = json!({ "url": format!("https://{}:{}/hook", private_name().await, receiver.port) });
    let webhook = world.platform().post("/admin/webhooks", hook).send().await.good();
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty());
    let delivery = only(&world, &text(&webhook["_id"])).await;
    assert!(text(&delivery["error"]).contains("no public address"), "{delivery}");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_no_arrival() {
    let receiver = Receiver::with_own_certificate().await;
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let hook = json!({ "url": format!("https://127.0.0.1:{}/hook", receiver.port) });
    let webhook = world.platform().post("/admin/webhooks", hook).send().await.good();
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty());
    let delivery = only(&world, &text(&webhook["_id"])).await;
    assert_eq!(delivery["state"], "pending");
    assert!(text(&delivery["error"]).to_lowercase().contains("certificate"), "{delivery}");
}

#[tokio::test]
async fn a_sender_killed_after_claiming_is_made_good_once_the_lease_has_run_out() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    world.stack.faults().next_of("SendWebhooks", "UpdateItem", Fault::Kill); // the claim is written, nothing is sent
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty());
    world.retries(Duration::from_secs(30)).await;
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty(), "whoever has claimed it may still be at work");
    world.retries(Duration::from_secs(70)).await;
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
    let delivery = only(&world, &webhook).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(2)));
}

#[tokio::test]
async fn a_sender_killed_before_it_wrote_down_the_arrival_sends_again_under_the_same_id() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    world.stack.faults().next_of("SendWebhooks", "PutItem", Fault::KillBeforeSending);
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
    world.retries(Duration::from_secs(70)).await;
    world.stack.settled().await.unwrap();
    let letters = receiver.letters();
    assert_eq!((letters.len(), letters[0].id()), (2, letters[1].id()));
    assert_eq!(only(&world, &webhook).await["state"], "delivered");
}

#[tokio::test]
async fn of_many_senders_one_sends() {
    let receiver = Receiver::that(Does::Waits(Duration::from_secs(1))).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    world.stack.faults().all_calls("lambda:InvokeFunction", CallFault::Lose);
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    world.stack.faults().clear();
    let ride = json!({ "app": "SampleApp", "target": webhook, "deliveries": [only(&world, &webhook).await["id"]] });
    let sender = || world.stack.invoke("SendWebhooks", ride.clone());
    let (one, two, three, four) = tokio::join!(sender(), sender(), sender(), sender());
    let delivered: u64 =
        [one, two, three, four].into_iter().map(|own| own.unwrap()["delivered"].as_u64().unwrap()).sum();
    assert_eq!((delivered, receiver.letters().len()), (1, 1));
    assert_eq!(only(&world, &webhook).await["attempts"], 1);
}

#[tokio::test]
async fn a_room_whose_own_receiver_hangs_delays_no_other_rooms() {
    let (poison, healthy) = (Receiver::that(Does::Hangs).await, Receiver::new().await);
    let world = World::new().await;
    world.clients(["aaa"]).await;
    world.stack.faults().all_calls("lambda:InvokeFunction", CallFault::Lose); // so that one run carries them all
    for number in 0..18 {
        let url = if number == 0 { poison.url() } else { healthy.url() };
        world.room(json!({ "members": ["aaa"], "webhook": url })).await;
    }
    world.stack.settled().await.unwrap();
    world.stack.faults().clear();
    let begun = tokio::time::Instant::now();
    world.retries(Duration::from_secs(70)).await;
    let last = healthy.has(17).await.into_iter().map(|letter| letter.at).max().unwrap();
    assert!(last - begun < Duration::from_secs(5), "{:?}", last - begun);
}

#[tokio::test]
async fn a_room_made_anew_under_an_old_id_is_told_from_its_beginning() {
    let receiver = Receiver::that(Does::Answers(500)).await;
    let world = World::new().await;
    world.clients(["aaa", "bbb"]).await;
    let (webhook, _) = world.listens(&receiver, json!({})).await;
    let made = || world.platform().post("/rooms", json!({ "_id": "again", "members": ["aaa"] })).send();
    made().await.good();
    world.platform().adds("again", &["bbb"]).send().await.good();
    world.stack.settled().await.unwrap();
    world.platform().deletes("again").send().await.good();
    made().await.good();
    receiver.always(Does::Answers(204));
    world.stack.settled().await.unwrap();
    world.retries(Duration::from_secs(400)).await;
    world.stack.settled().await.unwrap();
    let arrived = world.deliveries(&webhook, "?state=delivered").await;
    assert_eq!(arrived.len(), world.events("again").await.len(), "{arrived:#?}");
    let given_up = world.deliveries(&webhook, "?state=failed").await;
    assert!(given_up.iter().all(|own| text(&own["error"]).contains("no more")), "{given_up:#?}");
    assert_eq!(given_up.len(), 3, "what the first of the two rooms was still to tell");
}

#[tokio::test]
async fn a_poisonous_receiver_delays_no_other() {
    let (poison, healthy) = (Receiver::that(Does::Hangs).await, Receiver::new().await);
    let (world, aaa, room, _) = listening(&poison, json!({})).await;
    world.listens(&healthy, json!({})).await;
    for number in 0..10 {
        let asked = tokio::time::Instant::now();
        aaa.says(&room, &number.to_string()).send().await.good();
        let letters = healthy.has(number + 1).await;
        let took = letters[number].at - asked;
        assert!(took < Duration::from_secs(3), "{number}: {took:?}");
    }
}

#[tokio::test]
async fn a_filter_lets_through_what_it_names() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, _) = listening(&receiver, json!({ "events": ["member.joined"] })).await;
    world.client("bbb").await;
    aaa.says(&room, "hello").send().await.good();
    aaa.adds(&room, &["bbb"]).send().await.good();
    world.stack.settled().await.unwrap();
    let told: Vec<Value> = receiver.letters().iter().map(|letter| letter.json()["type"].clone()).collect();
    assert_eq!(told, [json!("member.joined")]);
}

#[tokio::test]
async fn for_a_while_after_a_rotation_both_secrets_prove_a_letter() {
    let receiver = Receiver::new().await;
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let (webhook, old) = world.listens(&receiver, json!({})).await;
    let rotated = world.platform().post(&format!("/admin/webhooks/{webhook}/secret"), json!({})).send().await.good();
    let new = text(&rotated["secret"]);
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let letter = &receiver.letters()[0];
    assert!(new != old && letter.is_signed_by(&new) && letter.is_signed_by(&old));
    assert_eq!(letter.headers["webhook-signature"].split(' ').count(), 2);
}

#[tokio::test]
async fn what_a_deleted_room_was_still_to_tell_is_given_up() {
    let receiver = Receiver::that(Does::Answers(500)).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    world.platform().deletes(&room).send().await.good();
    world.retries(Duration::from_secs(400)).await;
    world.stack.settled().await.unwrap();
    let ended = world.deliveries(&webhook, "?state=failed").await;
    assert_eq!(text(&ended[0]["error"]), "the room or its entry is no more");
    assert_eq!(receiver.letters().len(), 2);
}
