//! What goes wrong during a run, by the same seed as everything else.

use std::time::Duration;

use local::{BatchFault, CallFault, Fault, Faults};

use crate::chance::Chance;

/// How often something new goes wrong.
const PAUSE: Duration = Duration::from_millis(60);
/// What functions ask of the table.
const ACTIONS: [&str; 6] = ["TransactWriteItems", "TransactWriteItems", "BatchGetItem", "Query", "GetItem", "PutItem"];

/// Plans faults until it is dropped. Those that nobody has met by then go with it.
pub async fn rage(faults: Faults, seed: u64) {
    let mut chance = Chance::of(seed ^ 0xf1fe);
    loop {
        plan(&faults, &mut chance);
        tokio::time::sleep(PAUSE).await;
    }
}

fn plan(faults: &Faults, chance: &mut Chance) {
    let action = *chance.one_of(&ACTIONS);
    match chance.below(100) {
        0..20 => faults.next(action, Fault::LoseResponse),
        20..35 => faults.next(action, Fault::CutBeforeSending),
        35..50 => faults.next(action, Fault::Throttle),
        50..65 => faults.next("TransactWriteItems", Fault::TransactionConflict),
        65..75 => faults.next("BatchGetItem", Fault::Unprocessed),
        75..80 => faults.next(action, Fault::Kill),
        80..84 => faults.next(action, Fault::KillBeforeSending),
        84..86 => faults.next(action, Fault::Delay(Duration::from_millis(2_300))),
        86..90 => faults.next_batch(BatchFault::Repeat),
        90..93 => faults.next_batch(BatchFault::Lose),
        93..96 => faults.next_batch(BatchFault::Shuffle),
        96..98 => faults.next_call("lambda:InvokeFunction", CallFault::Lose),
        _ => faults.next_call("lambda:InvokeFunction", CallFault::Refuse),
    }
}
