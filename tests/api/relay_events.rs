//! The stream: what happens in rooms becomes deliveries, each once, in whatever way the stream wakes the function.

use std::collections::BTreeSet;
use std::time::Duration;

use local::{BatchFault, CallFault};
use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};
use crate::ledger;
use crate::receiver::{Letter, Receiver};

/// The entries that letters in our own style tell of, in the order of their numbers, each once.
pub fn entries(letters: &[Letter]) -> Vec<Value> {
    let mut entries: Vec<Value> = letters.iter().map(|letter| letter.json()["data"].clone()).collect();
    entries.sort_by_key(|entry| entry["seq"].as_u64());
    entries.dedup_by_key(|entry| entry["seq"].as_u64());
    entries
}

/// The same without what tells the app and the room: the log as a member reads it.
fn logged(letters: &[Letter]) -> Vec<Value> {
    let bare = |mut entry: Value| {
        entry.as_object_mut().unwrap().retain(|name, _| name != "app" && name != "room");
        entry
    };
    entries(letters).into_iter().map(bare).collect()
}

/// A room in which much has happened: made, filled, spoken in, left, banned from.
async fn eventful(world: &World) -> (Actor, String) {
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.room(json!({ "members": ["aaa"] })).await;
    aaa.adds(&room, &["bbb", "ccc"]).send().await.good();
    aaa.invites(&room, &["ddd"]).send().await.good();
    let said = bbb.says(&room, "hello").send().await.good();
    bbb.edits(&room, &said, "hello all").send().await.good();
    ddd.joins(&room).send().await.good();
    ccc.removes_one(&room, "ccc").send().await.good();
    world.bans(&room, "bbb").await;
    (aaa, room)
}

#[tokio::test]
async fn every_entry_of_the_log_arrives_once_and_signed() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let (_, secret) = world.listens(&receiver, json!({})).await;
    let (_, room) = eventful(&world).await;
    world.stack.settled().await.unwrap();

    let letters = receiver.letters();
    let log = world.events(&room).await;
    assert_eq!(logged(&letters), log);
    assert_eq!(letters.len(), log.len(), "each entry comes once");
    let ids: BTreeSet<&str> = letters.iter().map(Letter::id).collect();
    assert_eq!(ids.len(), log.len(), "each has an id of its own");
    for letter in &letters {
        assert!(letter.is_signed_by(&secret), "{letter:?}");
        assert_eq!(letter.headers["content-type"], "application/json");
        let told = letter.json();
        assert_eq!((&told["type"], &told["timestamp"]), (&told["data"]["type"], &told["data"]["at"]));
        assert_eq!((&told["data"]["app"], &told["data"]["room"]), (&json!("SampleApp"), &json!(room)));
    }
}

#[tokio::test]
async fn the_members_can_be_rebuilt_from_the_letters_alone() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    world.listens(&receiver, json!({})).await;
    let (aaa, room) = eventful(&world).await;
    world.stack.settled().await.unwrap();
    let members = ledger::members(&entries(&receiver.letters()));
    let shown: BTreeSet<String> = ids(&aaa.reads(&room).send().await.good()["members"]).into_iter().collect();
    assert_eq!((members.clone(), members.len()), (shown, 2));
}

#[tokio::test]
async fn repeated_and_shuffled_wake_ups_make_no_second_delivery() {
    for fault in [BatchFault::Repeat, BatchFault::Shuffle] {
        let (world, receiver) = (World::new().await, Receiver::new().await);
        world.listens(&receiver, json!({})).await;
        world.stack.faults().all_batches(fault);
        let (_, room) = eventful(&world).await;
        world.stack.settled().await.unwrap();
        assert_eq!(logged(&receiver.letters()), world.events(&room).await, "{fault:?}");
        assert_eq!(receiver.letters().len(), world.events(&room).await.len(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_wake_up_is_made_good_by_the_next_one() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    world.listens(&receiver, json!({})).await;
    world.stack.faults().all_batches(BatchFault::Lose);
    let (aaa, room) = eventful(&world).await;
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty());
    world.stack.faults().clear();
    aaa.says(&room, "is anybody there?").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(logged(&receiver.letters()), world.events(&room).await);
}

#[tokio::test]
async fn a_lost_wake_up_is_made_good_by_the_schedule() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    world.listens(&receiver, json!({})).await;
    world.stack.faults().all_batches(BatchFault::Lose);
    let (_, room) = eventful(&world).await;
    world.stack.settled().await.unwrap();
    world.stack.faults().clear();
    assert_eq!(world.retries(Duration::ZERO).await["rooms"], 0, "the stream still has its minute");
    assert_eq!(world.retries(Duration::from_secs(70)).await["rooms"], 1);
    world.stack.settled().await.unwrap();
    assert_eq!(logged(&receiver.letters()), world.events(&room).await);
    assert_eq!(world.retries(Duration::from_secs(140)).await, json!({ "rooms": 0, "deliveries": 0 }));
}

#[tokio::test]
async fn a_sender_that_never_started_is_made_good_by_the_schedule() {
    for fault in [CallFault::Lose, CallFault::Refuse] {
        let (world, receiver) = (World::new().await, Receiver::new().await);
        world.listens(&receiver, json!({})).await;
        world.stack.faults().all_calls("lambda:InvokeFunction", fault);
        let (_, room) = eventful(&world).await;
        world.stack.settled().await.unwrap();
        assert!(receiver.letters().is_empty(), "{fault:?}");
        world.stack.faults().clear();
        world.retries(Duration::from_secs(70)).await;
        world.stack.settled().await.unwrap();
        assert_eq!(logged(&receiver.letters()), world.events(&room).await, "{fault:?}");
        assert_eq!(receiver.letters().len(), world.events(&room).await.len(), "{fault:?}");
    }
}

#[tokio::test]
async fn what_happened_before_anybody_listened_is_not_told() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.says(&room, "to nobody").send().await.good();
    world.listens(&receiver, json!({})).await;
    aaa.says(&room, "to you").send().await.good();
    world.stack.settled().await.unwrap();
    let told: Vec<String> =
        receiver.letters().iter().map(|letter| text(&letter.json()["data"]["message"]["message"])).collect();
    assert_eq!(told, ["to you"]);
}

#[tokio::test]
async fn where_nobody_listens_nothing_wakes_and_nothing_waits() {
    let world = World::new().await;
    eventful(&world).await;
    world.stack.settled().await.unwrap();
    let woken: Vec<_> = world.stack.invocations().into_iter().map(|own| own.function).collect();
    assert!(!woken.iter().any(|function| function == "RelayEvents"), "{woken:?}");
    let marked = world.items().await.into_iter().filter(|item| !item["GSI3PK"].is_null() || !item["heard"].is_null());
    assert_eq!(marked.count(), 0);
}

#[tokio::test]
async fn one_app_does_not_hear_of_another() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    world.listens(&receiver, json!({})).await;
    let other = world.other_app("Other").await;
    let stranger = other.client("aaa").await;
    let room = other.platform().post("/rooms", json!({ "members": ["aaa"] })).send().await.good();
    stranger.says(&text(&room["_id"]), "a secret").send().await.good();
    world.stack.settled().await.unwrap();
    assert!(receiver.letters().is_empty());
}

/// What the last run asked of the table: reads, deliveries written, cursors moved.
fn asked(world: &World) -> [usize; 3] {
    let last = world.stack.invocations().into_iter().rfind(|own| own.function == "RelayEvents").unwrap();
    let of = |action: &str| last.requests.iter().filter(|call| call.action == action).count();
    [of("BatchGetItem") + of("Query"), of("PutItem"), of("UpdateItem")]
}

#[tokio::test]
async fn a_hundred_entries_for_eight_webhooks_cost_no_more_reads_than_one_for_one() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    world.listens(&receiver, json!({})).await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    world.stack.settled().await.unwrap();
    aaa.says(&room, "one").send().await.good();
    world.stack.settled().await.unwrap();
    let [reads, written, moved] = asked(&world);
    assert_eq!([written, moved], [1, 1]);
    for _ in 1..8 {
        world.listens(&receiver, json!({})).await;
    }
    world.stack.faults().all_batches(BatchFault::Lose);
    for number in 0..99 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    world.stack.settled().await.unwrap();
    world.stack.faults().clear();
    aaa.says(&room, "99").send().await.good();
    world.stack.settled().await.unwrap();
    assert_eq!(asked(&world), [reads, 800, 1]);
}

#[tokio::test]
async fn a_room_that_names_a_webhook_tells_it_in_imkits_words() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "webhook": receiver.url(), "botState": "CONTACT" })).await;
    aaa.adds(&room, &["bbb"]).send().await.good();
    world.stack.settled().await.unwrap();
    let letters = receiver.letters();
    let told: Vec<Value> = letters.iter().map(|letter| letter.json()["event"].clone()).collect();
    assert_eq!(told, [json!("ADD_MEMBERS"), json!("ADD_MEMBERS")]);
    let last = letters[1].json();
    assert_eq!((&last["appID"], &last["roomID"]), (&json!("SampleApp"), &json!(room)));
    assert_eq!((&last["clientID"], &last["botState"]), (&json!("aaa"), &json!("CONTACT")));
    assert_eq!(last["data"]["room"], json!(room));
    assert_eq!((&last["data"]["sender"]["id"], ids(&last["data"]["members"])), (&json!("aaa"), vec!["bbb".to_owned()]));
    for field in ["_id", "id", "nickname", "isRobot", "lastLoginTimeMS"] {
        assert!(!last["data"]["members"][0][field].is_null(), "{field}: {last}");
    }
}

#[tokio::test]
async fn a_room_whose_webhook_is_a_key_tells_nobody_unless_the_operator_says_where_keys_are() {
    let receiver = Receiver::new().await;
    let prefix = format!("http://127.0.0.1:{}/bots/", receiver.port);
    let builders = [local::Stack::builder(), local::Stack::builder().parameter("WebhookPrefix", &prefix)];
    for (builder, expected) in builders.into_iter().zip([0, 1]) {
        let world = World::on(builder).await;
        world.clients(["aaa"]).await;
        world.room(json!({ "members": ["aaa"], "webhook": "meet-taipei-intro" })).await;
        world.stack.settled().await.unwrap();
        assert_eq!(receiver.letters().len(), expected);
    }
    assert_eq!(receiver.letters()[0].path, "/bots/meet-taipei-intro");
}
