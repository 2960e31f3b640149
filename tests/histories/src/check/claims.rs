//! I11: every address is claimed exactly once: no invitation is lost, and none is used twice.

use std::collections::BTreeMap;

use shared::door::Circumstance;

use super::{Promise, Violation};
use crate::case::{Case, Followed, What};
use crate::history::{Done, Verdict};
use crate::script::{App, Operation, invited_address};

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for ((app, id), room) in &case.rooms {
        let flaws = used_twice(room).into_iter().chain(kept_and_used(room));
        violations.extend(flaws.map(|what| Violation::of(Promise::I11, *app, id, what)));
    }
    for want in case.matching.unmet.iter().map(|at| &case.wants[*at]) {
        let done = case.done(want.by);
        if matches!((&done.step.operation, want.what), (Operation::SignUp { .. }, What::Entered)) {
            let room = want.room.as_deref().unwrap_or_default();
            let what = "told to have joined, and the log says nothing of it";
            violations.push(Violation::of(Promise::I11, want.app, room, what).by(done.step.number));
        }
    }
    violations.extend(left_behind(case));
    violations
}

fn used_twice(room: &Followed<'_>) -> Vec<String> {
    let mut used: BTreeMap<&str, u64> = BTreeMap::new();
    let mut flaws = Vec::new();
    for entry in room.stored.log.iter().filter(|entry| entry.kind == "member.joined") {
        for id in &entry.invitations {
            if let Some(before) = used.insert(id, entry.seq) {
                flaws.push(format!("invitation {id} is used at {before} and at {}", entry.seq));
            }
        }
    }
    flaws
}

/// Invitations that the log says are used, and that are still there; or the other way about.
fn kept_and_used(room: &Followed<'_>) -> Vec<String> {
    let Some(state) = room.states.last() else { return Vec::new() };
    let pending = |id: &str| state.place(&format!("@{id}")) == Circumstance::Invited;
    let kept = room.stored.invitations.keys().filter(|id| !pending(id));
    let mut flaws: Vec<String> = kept.map(|id| format!("invitation {id} is over, and still stored")).collect();
    let lost = state.places.iter().filter(|(_, place)| **place == Circumstance::Invited);
    let lost = lost.filter_map(|(whom, _)| whom.strip_prefix('@'));
    let lost = lost.filter(|id| !room.stored.invitations.contains_key(*id));
    flaws.extend(lost.map(|id| format!("invitation {id} is lost: nobody has used or ended it")));
    flaws
}

/// Invitations of addresses whose owners have signed up, and were told nothing of them.
fn left_behind(case: &Case<'_>) -> Vec<Violation> {
    let mut last: BTreeMap<(App, String), &Done> = BTreeMap::new();
    for done in &case.history.done {
        if let (Operation::SignUp { address }, Verdict::Good(_)) = (&done.step.operation, done.verdict()) {
            let own = last.entry((done.step.app, invited_address(address).0.to_lowercase())).or_insert(done);
            if own.start() < done.start() {
                *own = done;
            }
        }
    }
    let mut violations = Vec::new();
    for (key, done) in last {
        if !case.ending.owners.contains_key(&key) {
            let what = format!("`{}` has signed up, and nobody owns it", key.1);
            violations.push(Violation::of(Promise::I11, key.0, "", what).by(done.step.number));
        }
        let Verdict::Good(answer) = done.verdict() else { continue };
        let kept = |room: &str| answer.outcomes.iter().any(|(own, outcome)| own == room && outcome != "joined");
        let left = case.ending.invited.iter().filter(|(app, address, _)| (*app, address) == (key.0, &key.1));
        for (_, address, room) in left.filter(|(_, _, room)| !kept(room)) {
            let what = format!("`{address}` has signed up, was told nothing, and is still only invited");
            violations.push(Violation::of(Promise::I11, key.0, room, what).by(done.step.number));
        }
    }
    violations
}
