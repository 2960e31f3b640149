//! I6: the same key has the same outcome, one effect, one message; and what is asked once is done once.

use std::collections::BTreeSet;

use super::blame::{Blame, blamed};
use super::{Promise, Violation};
use crate::case::Case;
use crate::history::{Answer, Done};

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let twice = |effect| match blamed(case, effect) {
        (Blame::Twice, step) => Some((effect, step)),
        _ => None,
    };
    let doubled = case.uncaused().filter_map(twice).map(|(effect, step)| {
        let what = format!("a second effect of one request: `{}` {:?}", effect.whom, effect.what);
        Violation::of(Promise::I6, effect.app, &effect.room, what).at(effect.seq).by(step.unwrap_or_default())
    });
    let mut violations: Vec<Violation> = doubled.collect();
    let causes = case.matching.cause.iter().flatten().map(|want| case.wants[*want].by);
    let effective: BTreeSet<usize> = causes.collect();
    for (by, done) in case.history.done.iter().enumerate() {
        let room = done.step.operation.room().unwrap_or_default();
        let breach = |what: String| Violation::of(Promise::I6, done.step.app, room, what).by(done.step.number);
        violations.extend(differing(done, effective.contains(&by)).map(breach));
    }
    violations
}

/// In what the answers under one key differ. Rivals who found nothing to do may each have said so.
fn differing(done: &Done, has_effect: bool) -> Option<String> {
    let good = || done.tries.iter().filter_map(|one| one.answer.as_ref()).filter(|answer| answer.is_good());
    let bodies: BTreeSet<u64> = good().map(|answer: &Answer| answer.digest).collect();
    if bodies.len() > 1 {
        return Some(format!("{} different answers under one key", bodies.len()));
    }
    let fresh = good().filter(|answer| !answer.replayed).count();
    (has_effect && fresh > 1)
        .then(|| format!("{fresh} answers under one key, none of which says that it is an earlier one's"))
}
