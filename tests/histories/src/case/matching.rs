//! Which request left which effect. Several may fit; what is looked for is a way to explain everything, each answer's
//! effect by an effect of its own.

use std::collections::BTreeMap;

use super::effect::{Effect, What};
use super::want::{Measure, Want};
use crate::script::App;

/// How requests and effects were put together.
#[derive(Clone, Debug, Default)]
pub struct Matching {
    /// Of each effect, the want that explains it.
    pub cause: Vec<Option<usize>>,
    /// Of each effect, not before and not after: by all the wants that may explain it.
    pub window: Vec<(u64, u64)>,
    /// Wants whose effect is nowhere, though the answer says that it is there.
    pub unmet: Vec<usize>,
}

/// What wants and effects must have in common.
type Group<'a> = (App, What, &'a str);

/// Explains as many effects as can be explained, those first whose requests were answered.
pub fn matched(wants: &[Want], effects: &[Effect]) -> Matching {
    let mut groups: BTreeMap<Group<'_>, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, effect) in effects.iter().enumerate() {
        groups.entry((effect.app, effect.what, sort(&effect.whom))).or_default().1.push(at);
    }
    for (at, want) in wants.iter().enumerate().filter(|(_, want)| want.measure != Measure::Any) {
        let whom = want.whom.as_deref().unwrap_or_default();
        groups.entry((want.app, want.what, sort(whom))).or_default().0.push(at);
    }
    let mut matching =
        Matching { cause: vec![None; effects.len()], window: vec![(0, u64::MAX); effects.len()], unmet: Vec::new() };
    for (own_wants, own_effects) in groups.values() {
        Pairing::of(wants, effects, own_wants, own_effects).run(&mut matching);
    }
    let any: Vec<usize> = (0..wants.len()).filter(|at| wants[*at].measure == Measure::Any).collect();
    for (at, effect) in effects.iter().enumerate() {
        let fitting = || any.iter().copied().filter(|want| wants[*want].fits(effect));
        matching.cause[at] = matching.cause[at].or_else(|| fitting().next());
        matching.window[at] = union(matching.window[at], fitting().map(|want| &wants[want]));
    }
    matching
}

/// All invitations of addresses are of one sort: an unanswered request does not know the id of its own.
fn sort(whom: &str) -> &str {
    if whom.starts_with('@') { "@" } else { whom }
}

/// From the first beginning to the last end of all that may be the cause.
fn union<'a>(window: (u64, u64), wants: impl Iterator<Item = &'a Want>) -> (u64, u64) {
    let known = Some(window).filter(|window| *window != (0, u64::MAX));
    let all = known.into_iter().chain(wants.map(|want| (want.start, want.end)));
    all.reduce(|(start, end), (other, later)| (start.min(other), end.max(later))).unwrap_or((0, u64::MAX))
}

/// Wants and effects of one group: a matching by augmenting paths.
struct Pairing<'a> {
    wants: &'a [usize],
    effects: &'a [usize],
    measures: Vec<Measure>,
    /// Of each want, the effects that fit.
    fits: Vec<Vec<usize>>,
    windows: Vec<(u64, u64)>,
    /// Of each effect, its want.
    taken: Vec<Option<usize>>,
}

impl<'a> Pairing<'a> {
    fn of(wants: &[Want], effects: &[Effect], own_wants: &'a [usize], own_effects: &'a [usize]) -> Self {
        let fits = |want: &usize| {
            let of = |at: &usize| wants[*want].fits(&effects[own_effects[*at]]);
            (0..own_effects.len()).filter(of).collect()
        };
        let window = |effect: &usize| {
            let fitting = own_wants.iter().map(|at| &wants[*at]).filter(|want| want.fits(&effects[*effect]));
            union((0, u64::MAX), fitting)
        };
        Self {
            wants: own_wants,
            effects: own_effects,
            measures: own_wants.iter().map(|at| wants[*at].measure).collect(),
            fits: own_wants.iter().map(fits).collect(),
            windows: own_effects.iter().map(window).collect(),
            taken: vec![None; own_effects.len()],
        }
    }

    fn run(mut self, matching: &mut Matching) {
        for measure in [Measure::One, Measure::Perhaps] {
            for want in (0..self.wants.len()).filter(|at| self.measures[*at] == measure).collect::<Vec<_>>() {
                let found = self.seat(want, &mut vec![false; self.effects.len()]);
                if !found && measure == Measure::One {
                    matching.unmet.push(self.wants[want]);
                }
            }
        }
        for (at, effect) in self.effects.iter().enumerate() {
            matching.cause[*effect] = self.taken[at].map(|want| self.wants[want]);
            matching.window[*effect] = self.windows[at];
        }
    }

    /// Finds an effect for a want; who had it before finds another.
    fn seat(&mut self, want: usize, tried: &mut Vec<bool>) -> bool {
        for effect in self.fits[want].clone() {
            if std::mem::replace(&mut tried[effect], true) {
                continue;
            }
            let free = match self.taken[effect] {
                None => true,
                Some(other) => self.seat(other, tried),
            };
            if free {
                self.taken[effect] = Some(want);
                return true;
            }
        }
        false
    }
}
