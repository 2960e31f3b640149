//! Consent: whoever has blocked somebody is neither added nor invited by him, from the reply on. By the answers alone.

use super::{Promise, Violation};
use crate::case::{Case, Measure, What};
use crate::history::Verdict;
use crate::script::Operation;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for done in &case.history.done {
        let (Operation::Block { blockee }, Verdict::Good(_)) = (&done.step.operation, done.verdict()) else { continue };
        let (app, blocker) = (done.step.app, done.step.actor.as_deref());
        let brought = case
            .wants
            .iter()
            .filter(|want| want.app == app && want.whom.as_deref() == blocker && want.actor.as_ref() == Some(blockee));
        let brought = brought.filter(|want| matches!(want.what, What::Entered | What::Invited | What::Renewed));
        for want in brought.filter(|want| want.measure == Measure::One && want.start > done.end()) {
            let unblocks = case.history.done.iter().any(|other| {
                let own = other.step.app == app && other.step.actor.as_deref() == blocker;
                let is_over = matches!(&other.step.operation, Operation::Unblock { blockee: own } if own == blockee);
                own && is_over && other.start() < want.end && other.end() > done.start()
            });
            if !unblocks {
                let what = format!("{blocker:?} is brought in by `{blockee}`, whom he has blocked");
                let room = want.room.as_deref().unwrap_or_default();
                let step = case.done(want.by).step.number;
                violations.push(Violation::of(Promise::Consent, app, room, what).by(step));
            }
        }
    }
    violations
}
