//! Making a script that breaks a promise as short as it can be made in so many runs: parts of it are left out, and what
//! still breaks the promise is kept. Delta debugging, with the difference that a race is lost in one run and won in the next:
//! so a part counts as needless only if the rest breaks the promise in one of some runs.

use crate::case::Case;
use crate::check::{self, Promise, Violation};
use crate::run::{self, Run, Settings};
use crate::script::{Script, Step};

/// How often a shorter script may pass before it counts as one that passes.
const TRIES: usize = 2;

/// A script that breaks a promise, and how it did in its last run.
#[derive(Debug)]
pub struct Breaking {
    /// The script.
    pub script: Script,
    /// Its last run.
    pub run: Run,
    /// What was wrong with it.
    pub violations: Vec<Violation>,
}

impl Breaking {
    /// The first promise that it breaks.
    pub fn promise(&self) -> Option<Promise> {
        self.violations.first().map(|violation| violation.promise)
    }
}

/// The shortest script found in so many runs that breaks the same promise.
pub async fn shrunk(mut breaking: Breaking, settings: &Settings, mut runs: usize) -> Breaking {
    let Some(promise) = breaking.promise() else { return breaking };
    let near = of_the_room(&breaking);
    if near.len() < breaking.script.steps.len()
        && let Some(shorter) = breaks(&breaking.script, near, settings, promise, &mut runs).await
    {
        breaking = shorter;
    }
    let mut parts = 2;
    while parts <= breaking.script.steps.len() && runs > 0 {
        let size = breaking.script.steps.len().div_ceil(parts);
        let mut shorter = None;
        for part in 0..parts {
            let left_out = part * size..(part + 1) * size;
            let steps = breaking.script.steps.iter().enumerate();
            let rest = steps.filter(|(at, _)| !left_out.contains(at)).map(|(_, step)| step.clone()).collect();
            shorter = breaks(&breaking.script, rest, settings, promise, &mut runs).await;
            if shorter.is_some() || runs == 0 {
                break;
            }
        }
        parts = match shorter {
            Some(shorter) => {
                breaking = shorter;
                (parts - 1).max(2)
            }
            None => parts * 2,
        };
    }
    breaking
}

/// What was asked of the room that the first violation is about, and what is about no room.
fn of_the_room(breaking: &Breaking) -> Vec<Step> {
    let Some(first) = breaking.violations.first() else { return Vec::new() };
    let is_near = |step: &&Step| step.operation.room().is_none_or(|room| room == first.room);
    breaking.script.steps.iter().filter(is_near).cloned().collect()
}

async fn breaks(
    script: &Script,
    steps: Vec<Step>,
    settings: &Settings,
    promise: Promise,
    runs: &mut usize,
) -> Option<Breaking> {
    let script = Script { steps, ..script.clone() };
    for _ in 0..TRIES {
        *runs = runs.checked_sub(1)?;
        let run = run::perform(&script, settings).await.ok()?;
        let violations: Vec<Violation> = check::judged(&Case::of(&run.history, &run.ending));
        let (mut same, others): (Vec<_>, Vec<_>) = violations.into_iter().partition(|own| own.promise == promise);
        if !same.is_empty() {
            same.extend(others);
            return Some(Breaking { script, run, violations: same });
        }
    }
    None
}
