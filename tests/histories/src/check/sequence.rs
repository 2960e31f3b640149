//! I7: the log has no gap and no repeat, and folds to what is stored; what is acknowledged stands in it, in an order that
//! can have been.

use std::collections::BTreeMap;

use shared::door::Circumstance;
use shared::membership::model::{Flaw, Turn};

use super::{Promise, Violation};
use crate::case::{Case, Followed, What};
use crate::script::Operation;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for ((app, id), room) in &case.rooms {
        let breach = |what: String| Violation::of(Promise::I7, *app, id, what);
        for (seq, flaw) in &room.flaws {
            match flaw {
                Flaw::Gap { expected } => {
                    violations.push(breach(format!("entry {expected} should stand here")).at(*seq));
                }
                Flaw::Impossible { whom, here, turn: turn @ (Turn::Enters | Turn::Leaves | Turn::IsRemoved) }
                    if *here != Circumstance::Banned =>
                {
                    violations.push(breach(format!("`{whom}` is {here:?}, and {turn:?}")).at(*seq));
                }
                Flaw::Impossible { .. } | Flaw::Miscounted { .. } | Flaw::Crowded { .. } => {}
            }
        }
        violations.extend(folded(room).into_iter().map(breach));
        if let Some(seq) = room.order.broken() {
            let what = "it stands behind what was asked for after it was acknowledged".to_owned();
            violations.push(breach(what).at(seq));
        }
    }
    violations.extend(missing(case));
    violations
}

/// In what the stored room differs from its log.
fn folded(room: &Followed<'_>) -> Vec<String> {
    let mut flaws = Vec::new();
    let expected: Vec<u64> = (1..=room.stored.seq).collect();
    if room.stored.stored != expected {
        flaws.push(format!(
            "the room is at {}, and these entries are stored: {:?}",
            room.stored.seq, room.stored.stored
        ));
    }
    if room.stored.log.iter().map(|entry| entry.seq).ne(expected) {
        flaws.push(format!(
            "the room is at {}, and the API replays {} entries",
            room.stored.seq,
            room.stored.log.len()
        ));
    }
    let Some(state) = room.states.last() else { return flaws };
    let held = |(_, place): &(&String, &Circumstance)| **place != Circumstance::Stranger;
    let folded: BTreeMap<String, Circumstance> =
        state.places.iter().filter(held).map(|(whom, place)| (whom.clone(), *place)).collect();
    let addressed = room.stored.invitations.keys().map(|id| (format!("@{id}"), Circumstance::Invited));
    let stored: BTreeMap<String, Circumstance> = room.stored.standings.clone().into_iter().chain(addressed).collect();
    if folded != stored {
        flaws.push(format!("the log folds to {folded:?}, and stored is {stored:?}"));
    }
    flaws
}

/// What was acknowledged and is nowhere, as far as no other promise speaks of it.
fn missing(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for want in case.matching.unmet.iter().map(|at| &case.wants[*at]) {
        let others = matches!(want.what, What::Cancelled | What::Declined | What::Expired);
        let done = case.done(want.by);
        let others = others || matches!(done.step.operation, Operation::SignUp { .. }); // I11
        if !others {
            let room = want.room.as_deref().unwrap_or_default();
            let whom = want.whom.as_deref().unwrap_or_default();
            let what = format!("acknowledged, and not in the log: `{whom}` {:?}", want.what);
            violations.push(Violation::of(Promise::I7, want.app, room, what).by(done.step.number));
        }
    }
    violations
}
