//! I8: a pair has one direct room, and nobody else is ever in it.

use std::collections::BTreeMap;

use super::{Promise, Violation};
use crate::case::{Case, direct_id};
use crate::history::Verdict;
use crate::script::Operation;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut rooms_of = BTreeMap::new();
    for ((app, id), room) in &case.rooms {
        let Some(pair) = &room.stored.pair else { continue };
        let breach = |what: String| Violation::of(Promise::I8, *app, id, what);
        let mut sorted = pair.clone();
        sorted.sort();
        if let Some(other) = rooms_of.insert((*app, sorted), id) {
            violations.push(breach(format!("{pair:?} have the room `{other}` already")));
        }
        for (at, state) in room.states.iter().enumerate() {
            let third = state
                .places
                .iter()
                .find(|(whom, place)| **place == shared::door::Circumstance::Member && !pair.contains(whom));
            if let Some((whom, _)) = third {
                violations.push(breach(format!("`{whom}` is in the room of {pair:?}")).at(at as u64));
                break;
            }
        }
    }
    for done in &case.history.done {
        let (Operation::OpenDirect { peer }, Verdict::Good(answer)) = (&done.step.operation, done.verdict()) else {
            continue;
        };
        let own = direct_id(done.step.actor.as_deref().unwrap_or_default(), peer).unwrap_or_default();
        if answer.id != own {
            let what = format!("the room with `{peer}` is `{own}`, and `{}` was shown", answer.id);
            violations.push(Violation::of(Promise::I8, done.step.app, &own, what).by(done.step.number));
        }
    }
    violations
}
