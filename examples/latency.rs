//! How soon a webhook hears: `cargo build --bins && cargo run --quiet --example latency`. It says so many things a second, in
//! several rooms, and measures from each reply to the letter's arrival.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, missing_docs)]

#[path = "../tests/api/actors.rs"]
mod actors;
#[path = "../tests/api/contract.rs"]
mod contract;
#[path = "../tests/description/mod.rs"]
mod description;
#[path = "../tests/api/ledger.rs"]
mod ledger;
#[path = "../tests/api/listeners.rs"]
mod listeners;
#[path = "../tests/api/receiver.rs"]
mod receiver;

use std::collections::BTreeMap;
use std::time::Duration;

use actors::{World, text};
use local::Stack;
use receiver::Receiver;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Changes a second, for so many seconds, in so many rooms.
const RATE: usize = 50;
const SECONDS: usize = 20;
const ROOMS: usize = 10;

#[tokio::main]
async fn main() {
    let program = std::env::current_exe().expect("a path to this program");
    let binaries = program.ancestors().nth(2).expect("target/debug/examples is two folders deep");
    let world = World::on(Stack::builder().bin_dir(binaries)).await;
    let receiver = Receiver::new().await;
    world.listens(&receiver, json!({ "events": ["message.created"] })).await;
    let aaa = world.client("aaa").await;
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        rooms.push(world.group(&[&aaa]).await);
    }
    let mut ticks = interval(Duration::from_secs(1) / RATE as u32);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut calls = JoinSet::new();
    for number in 0..RATE * SECONDS {
        ticks.tick().await;
        let call = aaa.says(&rooms[number % ROOMS], "hello");
        calls.spawn(async move {
            let said = call.send().await.good();
            (text(&said["_id"]), Instant::now())
        });
    }
    let replied: BTreeMap<String, Instant> = calls.join_all().await.into_iter().collect();
    world.stack.settled_within(Duration::from_secs(60)).await.expect("everything is carried");
    let mut delays = Vec::new();
    for letter in receiver.has(RATE * SECONDS).await {
        let reply = replied[&text(&letter.json()["data"]["id"])];
        delays.push(letter.at.saturating_duration_since(reply).as_millis());
    }
    delays.sort_unstable();
    let at = |percent: usize| delays[(delays.len() - 1) * percent / 100];
    println!("{RATE} changes a second for {SECONDS} s in {ROOMS} rooms: {} letters", delays.len());
    println!("from the reply to the letter: p50 {} ms, p95 {} ms, p99 {} ms", at(50), at(95), at(99));
    assert!(at(50) <= 1_000, "half of the letters must come within a second");
}
