//! I10: what was refused, with 4xx, 429 or 503, has changed nothing; and nothing happens that nobody asked for.

use super::blame::{Blame, blamed};
use super::{Promise, Violation};
use crate::case::Case;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let breach = |effect| {
        let (blame, step) = blamed(case, effect);
        let who = match blame {
            Blame::Refused => "a refused request has done it",
            Blame::Nobody => "nobody asked for it",
            Blame::Twice | Blame::OtherApp => return None, // I6, I9
        };
        let what = format!("{who}: `{}` {:?} by {:?}", effect.whom, effect.what, effect.actor);
        let breach = Violation::of(Promise::I10, effect.app, &effect.room, what).at(effect.seq);
        Some(match step {
            Some(step) => breach.by(step),
            None => breach,
        })
    };
    case.uncaused().filter_map(breach).collect()
}
