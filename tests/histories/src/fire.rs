//! What goes wrong during a run, by the same seed as everything else.

use local::{BatchFault, CallFault, Faults, Rates, Storm};

use crate::chance::Chance;

/// How often what goes wrong: of a hundred requests to the table about four meet a fault, of a hundred batches of the stream
/// about ten. Being late and being killed cost seconds, so they are rarer than the rest.
const RATES: Rates = Rates {
    throttle: 0.006,
    transaction_conflict: 0.02,
    lose_response: 0.006,
    cut_before_sending: 0.004,
    internal_error: 0.004,
    delay: 0.000_5,
    unprocessed: 0.01,
    stale: 0.05,
    kill: 0.001,
    kill_before_sending: 0.001,
    repeat: 0.05,
    shuffle: 0.05,
};

/// How many calls of other services, and how many batches, are lost in a run.
const LOST: usize = 20;

/// Lets everything go wrong from now on.
pub fn rage(faults: &Faults, seed: u64) {
    let mut chance = Chance::of(seed ^ 0xf1fe);
    faults.storm(Storm { seed, rates: RATES });
    for _ in 0..LOST {
        faults.next_batch(BatchFault::Lose);
        faults.next_call("lambda:InvokeFunction", *chance.one_of(&[CallFault::Lose, CallFault::Refuse]));
    }
}
