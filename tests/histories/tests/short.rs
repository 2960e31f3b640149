//! A short set of runs: minutes less than the long one, and of the same kind.

#![allow(clippy::unwrap_used)] // a run that cannot begin fails the test

use histories::case::Case;
use histories::check;
use histories::record::Record;
use histories::run::{self, Settings};
use histories::script::{self, Script};

async fn keeps_every_promise(script: &Script) {
    let run = run::perform(script, &Settings { bin_dir: None, faults: true }).await.unwrap();
    println!("seed {}: {}", script.seed, run.told(run.took));
    let violations = check::judged(&Case::of(&run.history, &run.ending));
    let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(
        told.is_empty(),
        "seed {}, run it again by `cargo run -p histories -- --seed {0}`:\n{}",
        script.seed,
        told.join("\n")
    );
    assert!(run.ending.rooms.values().any(|room| room.log.len() > 10), "something has happened");
    assert!(!run.met.is_empty(), "something has gone wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_every_promise_is_kept() {
    for seed in [1, 2, 4] {
        keeps_every_promise(&script::invent(seed, 250, 12)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_down_can_be_run_again() {
    let script = script::invent(5, 40, 4);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/seed-5.json");
    Record { violations: vec!["I1: none".into()], script: script.clone(), history: Vec::new() }.write(&file).unwrap();
    let read = Record::read(&file).unwrap();
    assert_eq!(read.script, script);
    keeps_every_promise_even_a_short_one(&read.script).await;
}

async fn keeps_every_promise_even_a_short_one(script: &Script) {
    let run = run::perform(script, &Settings { bin_dir: None, faults: false }).await.unwrap();
    assert_eq!(run.history.script(script.clients), *script, "everything was asked, and in this order");
    assert_eq!(check::judged(&Case::of(&run.history, &run.ending)), []);
}
