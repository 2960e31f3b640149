//! I9: no answer and no effect crosses from one app to the other.

use super::blame::{Blame, blamed};
use super::{Promise, Violation};
use crate::case::Case;
use crate::script::App;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for done in &case.history.done {
        let answers = done.tries.iter().filter_map(|one| one.answer.as_ref());
        for foreign in answers.filter_map(|answer| answer.foreign.as_ref()) {
            let room = done.step.operation.room().unwrap_or_default();
            let what = format!("the answer shows what is the other app's: `{foreign}`");
            violations.push(Violation::of(Promise::I9, done.step.app, room, what).by(done.step.number));
        }
    }
    for effect in case.uncaused() {
        if let (Blame::OtherApp, step) = blamed(case, effect) {
            let what = format!("a request of the other app has done it: `{}` {:?}", effect.whom, effect.what);
            let breach = Violation::of(Promise::I9, effect.app, &effect.room, what).at(effect.seq);
            violations.push(breach.by(step.unwrap_or_default()));
        }
    }
    let strays = case.ending.stray.iter().map(|item| format!("an item of neither app, or of both: {item}"));
    violations.extend(strays.map(|what| Violation::of(Promise::I9, App::Alpha, "", what)));
    let strangers = case.ending.letters.iter().filter(|letter| letter.app != App::Alpha.id());
    violations.extend(strangers.map(|letter| {
        let what = format!("the other app's webhook is told of `{}`'s room", letter.app);
        Violation::of(Promise::I9, App::Alpha, &letter.room, what).at(letter.seq)
    }));
    violations
}
