//! Whose fault an effect is that no answer explains.

use crate::case::{Case, Effect, Want, would_want};
use crate::history::{Done, Verdict};

/// What must have gone wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// A refused request has done it, or one that only asked.
    Refused,
    /// A request of the other app has.
    OtherApp,
    /// A request has done it that has another effect already.
    Twice,
    /// No request of the run asked for it.
    Nobody,
}

/// What must have gone wrong, and by which step, so that there is this effect.
pub fn blamed(case: &Case<'_>, effect: &Effect) -> (Blame, Option<u32>) {
    let step = |by: usize| Some(case.done(by).step.number);
    let fits = |want: &&Want| want.fits(effect);
    let idle = |(_, done): &(usize, &Done)| done.is_dry() || matches!(done.verdict(), Verdict::Refused(_));
    let refused = case.history.done.iter().enumerate().filter(idle);
    if let Some(want) = refused.flat_map(|(by, done)| would_want(by, done)).find(|want| want.fits(effect)) {
        return (Blame::Refused, step(want.by));
    }
    if let Some(want) = case.wants.iter().find(fits) {
        return (Blame::Twice, step(want.by));
    }
    let mirrored = Effect { app: effect.app.other(), ..effect.clone() };
    match case.wants.iter().find(|want| want.fits(&mirrored)) {
        Some(want) => (Blame::OtherApp, step(want.by)),
        None => (Blame::Nobody, None),
    }
}
