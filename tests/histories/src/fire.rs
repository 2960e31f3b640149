//! What goes wrong during a run, by the same seed as everything else.

use std::time::Duration;

use local::{BatchFault, CallFault, Fault, Faults, Rates, Storm};

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
    torn: 0.03,
    stale: 0.05,
    kill: 0.001,
    kill_before_sending: 0.001,
    repeat: 0.05,
    shuffle: 0.05,
};

/// A gale: for a moment one kind of fault is met so often that nothing is known of how writes end, although the SDK asks
/// three times.
const GALES: [Rates; 3] = [
    Rates { lose_response: 0.5, ..RATES },
    Rates { internal_error: 0.5, ..RATES },
    Rates { throttle: 0.3, transaction_conflict: 0.3, ..RATES },
];

/// How long the weather holds.
const SPELL: Duration = Duration::from_millis(400);

/// How often a spell is a gale, of a hundred.
const GALE: usize = 8;

/// Functions whose writes are lost, answer after answer, until nobody knows how they ended.
const FORLORN: [&str; 8] =
    ["AddMember", "AddMembers", "BanClient", "JoinRoom", "RemoveMember", "SendMessage", "TalkInvite", "UnbanClient"];

/// How many answers: more than the SDK asks for.
const LOST: usize = 4;

/// Lets everything go wrong until it is dropped.
pub async fn rage(faults: Faults, seed: u64) {
    let mut chance = Chance::of(seed ^ 0xf1fe);
    loop {
        let rates = if chance.percent(GALE) { *chance.one_of(&GALES) } else { RATES };
        faults.storm(Storm { seed: chance.draw(), rates });
        let forlorn = *chance.one_of(&FORLORN);
        (0..LOST).for_each(|_| faults.next_of(forlorn, "TransactWriteItems", Fault::LoseResponse));
        faults.next_batch(BatchFault::Lose);
        faults.next_call("lambda:InvokeFunction", *chance.one_of(&[CallFault::Lose, CallFault::Refuse]));
        tokio::time::sleep(SPELL).await;
    }
}
