//! Everything goes wrong at random, and in the end everything has arrived: each entry of each log, at every receiver that is well.

#![allow(clippy::disallowed_methods, reason = "a seed that failed is given by the environment")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use local::{BatchFault, CallFault, Fault};
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};
use crate::ledger;
use crate::receiver::{Does, Letter, Receiver};
use crate::relay_events::entries;

/// Rounds of changes and faults.
const ROUNDS: u64 = 12;

/// A source of chance that a failure can be repeated with: its seed is printed.
struct Chance(TestRng);

impl Chance {
    fn of(seed: u64) -> Self {
        let bytes: Vec<u8> = seed.to_le_bytes().repeat(4);
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    fn below(&mut self, limit: usize) -> usize {
        use proptest::prelude::Rng as _;
        (self.0.next_u64() % limit as u64) as usize
    }
}

/// Something that goes wrong in the next moments.
fn plan(world: &World, receivers: &[Receiver], chance: &mut Chance) {
    let faults = world.stack.faults();
    match chance.below(9) {
        0 => faults.next_batch(BatchFault::Repeat),
        1 => faults.next_batch(BatchFault::Lose),
        2 => faults.next_batch(BatchFault::Shuffle),
        3 => faults.next_call("lambda:InvokeFunction", CallFault::Lose),
        4 => faults.next_call("lambda:InvokeFunction", CallFault::Refuse),
        5 => faults.next_of("SendWebhooks", "UpdateItem", Fault::Kill),
        6 => faults.next_of("SendWebhooks", "PutItem", Fault::KillBeforeSending),
        7 => faults.next_of("RelayEvents", "PutItem", Fault::Kill),
        _ => receivers[chance.below(receivers.len())].next(Does::Resets),
    }
}

/// Something that happens in a room.
async fn change(room: &str, people: &[Actor], chance: &mut Chance) {
    let (actor, other) = (&people[0], &people[1 + chance.below(people.len() - 1)]);
    let call = match chance.below(4) {
        0 => actor.adds(room, &[&other.id]),
        1 => other.removes_one(room, &other.id),
        2 => other.joins(room),
        _ => actor.says(room, "so it goes"),
    };
    call.send().await; // a refusal is as good as anything
}

/// Time passes until nothing waits any more.
async fn everything_is_carried(world: &World) {
    world.stack.faults().clear();
    let mut passed = Duration::from_secs(70);
    while passed < Duration::from_secs(200 * 3_600) {
        world.retries(passed).await;
        world.stack.settled_within(Duration::from_secs(60)).await.unwrap();
        if world.items().await.iter().all(|item| item["GSI3PK"].is_null()) {
            return;
        }
        passed += Duration::from_secs(5 * 3_600);
    }
    let waiting: Vec<Value> = world.items().await.into_iter().filter(|item| !item["GSI3PK"].is_null()).collect();
    panic!("something waits for ever: {waiting:#?}");
}

fn of_room(letters: &[Letter], room: &str) -> Vec<Letter> {
    letters.iter().filter(|letter| letter.json()["data"]["room"] == *room).cloned().collect()
}

#[tokio::test]
async fn whatever_goes_wrong_every_entry_arrives_at_every_receiver_that_is_well() {
    let given = std::env::var("ROLLCALL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| shared::time::Time::now().millis() as u64);
    println!("the seed is {seed}: set ROLLCALL_SEED to it");
    let mut chance = Chance::of(seed);
    let world = World::new().await;
    let receivers = [Receiver::new().await, Receiver::new().await];
    for receiver in &receivers {
        world.listens(receiver, json!({})).await;
    }
    let sick = Receiver::that(Does::Answers(500)).await;
    world.listens(&sick, json!({})).await;
    let people = world.clients(["aaa", "bbb", "ccc"]).await;
    let rooms = [world.group(&[&people[0]]).await, world.group(&[&people[0]]).await];
    for round in 0..ROUNDS {
        for _ in 0..chance.below(3) {
            plan(&world, &receivers, &mut chance);
        }
        for _ in 0..3 {
            change(&rooms[chance.below(2)], &people, &mut chance).await;
        }
        if round % 4 == 3 {
            world.retries(Duration::from_secs(70)).await;
        }
    }
    everything_is_carried(&world).await;
    for (receiver, room) in receivers.iter().flat_map(|receiver| rooms.iter().map(move |room| (receiver, room))) {
        let letters = of_room(&receiver.letters(), room);
        let log = world.events(room).await;
        let told: Vec<Value> = entries(&letters).iter().map(|entry| entry["seq"].clone()).collect();
        let expected: Vec<Value> = log.iter().map(|entry| entry["seq"].clone()).collect();
        assert_eq!(told, expected, "every entry arrives (seed {seed})");
        let mut known: BTreeMap<String, u64> = BTreeMap::new();
        for letter in &letters {
            let seq = letter.json()["data"]["seq"].as_u64().unwrap();
            assert_eq!(*known.entry(letter.id().to_owned()).or_insert(seq), seq, "an id is one event's (seed {seed})");
        }
        assert_eq!(known.len(), log.len(), "an event has one id (seed {seed})");
        let members: BTreeSet<String> =
            ids(&people[0].reads(room).send().await.good()["members"]).into_iter().collect();
        assert_eq!(ledger::members(&entries(&letters)), members, "the members can be rebuilt (seed {seed})");
    }
    let listed = world.platform().get("/admin/webhooks").send().await.good();
    let sick = listed["data"].as_array().unwrap().iter().find(|webhook| webhook["url"] == json!(sick.url())).unwrap();
    let given_up = world.deliveries(&text(&sick["_id"]), "?state=failed&limit=100").await;
    let tried: Vec<&Value> = given_up.iter().map(|delivery| &delivery["attempts"]).collect();
    assert!(!tried.is_empty() && tried.iter().all(|attempts| **attempts == 10), "{tried:?} (seed {seed})");
}
