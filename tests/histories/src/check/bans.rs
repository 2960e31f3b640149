//! I2: nobody is member and banned; nothing lets a banned person in after the ban's reply.

use shared::door::Circumstance;
use shared::membership::model::{Flaw, Turn};

use super::{Promise, Violation};
use crate::case::{Case, Want, What};
use crate::history::Verdict;
use crate::script::Operation;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for ((app, id), room) in &case.rooms {
        let breach = |what: String| Violation::of(Promise::I2, *app, id, what);
        for (seq, flaw) in &room.flaws {
            if let Flaw::Impossible { whom, here, turn } = flaw
                && (*here == Circumstance::Banned || matches!(turn, Turn::IsBanned | Turn::IsUnbanned))
            {
                violations.push(breach(format!("`{whom}` is {here:?}, and {turn:?}")).at(*seq));
            }
        }
        violations.extend(room.stored.torn.iter().map(|client| breach(format!("`{client}` stands in two ways"))));
    }
    violations.extend(let_in(case));
    violations
}

/// Who was told that somebody is in, or asked in, whose ban was told before he asked, and whom nobody unbanned. By the
/// answers alone: the log may say what it will.
fn let_in(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (by, done) in case.history.done.iter().enumerate() {
        let (Operation::Ban { room, blockee }, Verdict::Good(_)) = (&done.step.operation, done.verdict()) else {
            continue;
        };
        if done.is_dry() {
            continue;
        }
        let of_him = |want: &&Want| {
            want.app == done.step.app && want.room.as_ref() == Some(room) && want.whom.as_ref() == Some(blockee)
        };
        let entered = |want: &&Want| matches!(want.what, What::Entered | What::Invited);
        let afterwards = |want: &&Want| want.start > done.end() && want.measure == crate::case::Measure::One;
        for late in case.wants.iter().filter(of_him).filter(entered).filter(afterwards) {
            let unbans = |want: &Want| want.what == What::Unbanned && want.start < late.end && want.end > done.start();
            if !case.wants.iter().filter(of_him).any(unbans) {
                let what = format!(
                    "`{blockee}` is let in though the ban of step {} had been answered",
                    case.done(by).step.number
                );
                violations.push(Violation::of(Promise::I2, late.app, room, what).by(case.done(late.by).step.number));
            }
        }
    }
    violations
}
