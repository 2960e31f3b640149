//! `POST /admin/webhooks/:webhook/replay`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::actors::{Call, World, text};
use crate::receiver::{Does, Receiver};
use crate::relay_events::entries;
use crate::send_webhooks::listening;

impl World {
    fn replays(&self, webhook: &str, body: Value) -> Call {
        self.platform().post(&format!("/admin/webhooks/{webhook}/replay"), body)
    }

    /// The numbers of the entries that letters tell of.
    fn told(&self, receiver: &Receiver) -> Vec<u64> {
        entries(&receiver.letters()).iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_whole_log_is_told_again_from_before_the_webhook_too() {
    let (world, receiver, other) = (World::new().await, Receiver::new().await, Receiver::new().await);
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.says(&room, "to nobody").send().await.good();
    let (webhook, secret) = world.listens(&receiver, json!({})).await;
    world.listens(&other, json!({})).await;
    aaa.says(&room, "to you").send().await.good();
    world.stack.settled().await.unwrap();
    let log = world.events(&room).await;
    assert_eq!(world.told(&receiver), [log.len() as u64]);
    let first = receiver.letters()[0].id().to_owned();

    let outcome = world.replays(&webhook, json!({ "room": room, "from": 1 })).send().await.good();
    assert_eq!(outcome, json!({ "replayed": log.len() }));
    world.stack.settled().await.unwrap();
    assert_eq!(world.told(&receiver), (1..=log.len() as u64).collect::<Vec<_>>());
    let letters = receiver.letters();
    assert_eq!(letters.len(), log.len() + 1);
    assert!(letters.iter().all(|letter| letter.is_signed_by(&secret)));
    assert_eq!(letters.iter().filter(|letter| letter.id() == first).count(), 2, "what came before has its id");
    assert_eq!(other.letters().len(), 1, "nobody else hears of it");
    assert_eq!(world.deliveries(&webhook, "?state=delivered").await.len(), log.len());
}

#[tokio::test]
async fn a_range_is_what_it_says_and_ends_with_the_log() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    world.replays(&webhook, json!({ "room": room, "from": 99 })).send().await.good();
    for number in 0..4 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    world.stack.settled().await.unwrap();
    let so_far: BTreeSet<String> = receiver.letters().iter().map(|letter| letter.id().to_owned()).collect();
    let last = world.events(&room).await.len() as u64;
    for (from, to, expected) in [(2, json!(3), 2), (3, json!(3), 1), (last, json!(900), 1), (last + 1, Value::Null, 0)]
    {
        let before = receiver.letters().len();
        let outcome = world.replays(&webhook, json!({ "room": room, "from": from, "to": to })).send().await.good();
        assert_eq!(outcome["replayed"], expected, "{from} to {to}");
        world.stack.settled().await.unwrap();
        let letters = receiver.letters().split_off(before);
        let mut seqs: Vec<u64> = letters.iter().map(|letter| letter.json()["data"]["seq"].as_u64().unwrap()).collect();
        seqs.sort_unstable();
        assert_eq!(seqs, (from..from + expected).collect::<Vec<_>>(), "{from} to {to}");
        let told_before = letters.iter().filter(|letter| letter.json()["data"]["seq"].as_u64() > Some(2));
        assert!(told_before.into_iter().all(|letter| so_far.contains(letter.id()) || from == 2), "{so_far:?}");
    }
}

#[tokio::test]
async fn the_filter_and_the_style_hold() {
    let receiver = Receiver::new().await;
    let body = json!({ "style": "talk", "events": ["room:join"] });
    let (world, aaa, room, webhook) = listening(&receiver, body).await;
    world.clients(["bbb", "ccc"]).await;
    world.revises(&webhook, json!({ "status": "disabled" })).send().await.good();
    aaa.adds(&room, &["bbb", "ccc"]).send().await.good();
    aaa.removes_one(&room, "bbb").send().await.good();
    world.revises(&webhook, json!({ "status": "enabled" })).send().await.good();
    let outcome = world.replays(&webhook, json!({ "room": room, "from": 1 })).send().await.good();
    assert_eq!(outcome["replayed"], 3, "aaa, bbb and ccc came");
    world.stack.settled().await.unwrap();
    // What takes long is sent again, under the same id.
    let letters = receiver.letters();
    let came: BTreeSet<_> =
        letters.iter().map(|letter| (text(&letter.json()["d"]["_id"]), letter.id().to_owned())).collect();
    assert_eq!(came.iter().map(|(who, _)| who.as_str()).collect::<Vec<_>>(), ["aaa", "bbb", "ccc"]);
    assert!(receiver.letters().iter().all(|letter| letter.json()["a"] == "room:join"));
}

#[tokio::test]
async fn a_rooms_own_url_is_told_again_if_it_names_one() {
    let receiver = Receiver::new().await;
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let silent = world.group(&[&aaa]).await;
    let call = world.replays("room", json!({ "room": silent, "from": 1 }));
    let message = world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await;
    assert!(message.contains("`room`"), "{message}");

    aaa.adds(&silent, &["bbb"]).send().await.good();
    world.platform().updates(&silent, json!({ "webhook": receiver.url() })).send().await.good();
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty());
    let outcome = world.replays("room", json!({ "room": silent, "from": 1 })).send().await.good();
    assert_eq!(outcome["replayed"], 2, "aaa and bbb came");
    world.stack.settled().await.unwrap();
    let told: Vec<Value> = receiver.letters().iter().map(|letter| letter.json()["event"].clone()).collect();
    assert_eq!(told, [json!("ADD_MEMBERS"), json!("ADD_MEMBERS")]);
}

#[tokio::test]
async fn many_entries_go_in_one_call_and_too_many_in_none() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    for number in 0..120 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    world.stack.settled().await.unwrap();
    let last = world.events(&room).await.len();
    let before = receiver.letters().len();
    let outcome = world.replays(&webhook, json!({ "room": room, "from": 1 })).send().await.good();
    assert_eq!(outcome["replayed"], last);
    world.stack.settled().await.unwrap();
    assert_eq!((receiver.letters().len(), world.told(&receiver).len()), (before + last, last));

    let place = format!("SampleApp#ROOM#{room}");
    let to = |seq: usize| json!({ ":seq": { "N": seq.to_string() } });
    world.amends(&place, "#ROOM", "SET seq = :seq", to(1_001)).await;
    let call = world.replays(&webhook, json!({ "room": room, "from": 1 }));
    let message = world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await;
    assert!(message.contains("`to`") && message.contains("1000"), "{message}");
    world.amends(&place, "#ROOM", "SET seq = :seq", to(last)).await;
}

#[tokio::test]
async fn to_a_disabled_webhook_nothing_is_told_again() {
    let receiver = Receiver::that(Does::Answers(410)).await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "hello").send().await.good();
    world.stack.settled().await.unwrap();
    let call = world.replays(&webhook, json!({ "room": room, "from": 1 }));
    let message = world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await;
    assert!(message.contains("`webhook`") && message.contains("disabled"), "{message}");
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_changes() {
    let receiver = Receiver::new().await;
    let (world, _, room, webhook) = listening(&receiver, json!({})).await;
    let other = world.other_app("Other").await;
    let theirs = other.platform().post("/rooms", json!({ "_id": "theirs" })).send().await.good();
    for (name, body) in [
        ("from", json!({ "room": room, "from": 0 })),
        ("from", json!({ "room": room, "from": "1" })),
        ("to", json!({ "room": room, "from": 3, "to": 2 })),
        ("to", json!({ "room": room, "from": 1, "to": 1_001 })),
        ("to", json!({ "room": room, "from": 1, "to": -1 })),
        ("room", json!({ "room": 7, "from": 1 })),
        ("room", json!({ "room": "a#b", "from": 1 })),
    ] {
        let message = world.refuses_and_keeps(world.replays(&webhook, body.clone()), 400, "INVALID_PARAMETER").await;
        assert!(message.contains(&format!("`{name}`")), "{body}: {message}");
    }
    for (name, body) in [("room", json!({ "from": 1 })), ("from", json!({ "room": room }))] {
        let message = world.refuses_and_keeps(world.replays(&webhook, body), 400, "MISSING_PARAMETER").await;
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
    for nowhere in ["nowhere", &text(&theirs["_id"])] {
        let call = world.replays(&webhook, json!({ "room": nowhere, "from": 1 }));
        world.refuses_and_keeps(call, 404, "ROOM_NOT_FOUND").await;
    }
    let call = world.replays(&"0".repeat(24), json!({ "room": room, "from": 1 }));
    world.refuses_and_keeps(call, 404, "WEBHOOK_NOT_FOUND").await;
    assert!(receiver.letters().is_empty());
}
