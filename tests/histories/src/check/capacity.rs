//! I1: `memberCount` is the number of members, never more than the capacity, at every entry.

use shared::membership::model::Flaw;

use super::{Promise, Violation};
use crate::case::Case;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for ((app, id), room) in &case.rooms {
        let breach = |what: String| Violation::of(Promise::I1, *app, id, what);
        for (seq, flaw) in &room.flaws {
            match flaw {
                Flaw::Miscounted { members } => {
                    violations.push(breach(format!("it counts wrong: there are {members} members")).at(*seq));
                }
                Flaw::Crowded { seats } => {
                    violations.push(breach(format!("there are more members than {seats} seats")).at(*seq));
                }
                Flaw::Gap { .. } | Flaw::Impossible { .. } => {}
            }
        }
        let members = room.states.last().map_or(0, |state| state.members());
        if room.stored.member_count != members {
            let counted = room.stored.member_count;
            violations.push(breach(format!("the room counts {counted} members, its log {members}")));
        }
    }
    violations
}
