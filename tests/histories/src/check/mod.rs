//! The judges: one for each promise. Each returns what broke it, and nothing when nothing did.

mod bans;
mod blame;
mod capacity;
mod claims;
mod consent;
mod direct;
mod letters;
mod links;
mod once;
mod pending;
mod refusals;
mod rivals;
mod sequence;
mod tenants;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;

use crate::case::Case;
use crate::script::App;

/// A promise of `docs/guarantees.md`, by its number there if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Promise {
    /// `memberCount` is the number of members, never more than the capacity, at every entry.
    I1,
    /// Nobody is member and banned; nothing lets a banned person in after the ban's reply.
    I2,
    /// One pending invitation for each person and room, and one end of it.
    I3,
    /// Of accept, decline, cancel, expire and ban one wins; losers get a typed answer that is true.
    I4,
    /// As many uses of a link as memberships by it, and never more than allowed.
    I5,
    /// The same key has the same outcome, one effect, one message.
    I6,
    /// The log has no gap and no repeat, and folds to what is stored.
    I7,
    /// A pair has one direct room, of those two.
    I8,
    /// No answer and no effect crosses from one app to the other.
    I9,
    /// What was refused has changed nothing.
    I10,
    /// Every address is claimed exactly once.
    I11,
    /// Every entry reaches every healthy webhook, under one id.
    I12,
    /// Nobody is added or invited by somebody whom he has blocked.
    Consent,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// Whose tenant.
    pub app: App,
    /// Where; empty when it is not about a room.
    pub room: String,
    /// By which entry of the room's log, if by one.
    pub seq: Option<u64>,
    /// By which request, by the number of its step, if by one.
    pub step: Option<u32>,
    /// What is wrong, as a sentence.
    pub what: String,
}

impl Violation {
    /// One that is about a room.
    pub fn of(promise: Promise, app: App, room: &str, what: impl Into<String>) -> Self {
        Self { promise, app, room: room.to_owned(), seq: None, step: None, what: what.into() }
    }

    /// At this entry.
    pub fn at(self, seq: u64) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// By this request.
    pub fn by(self, step: u32) -> Self {
        Self { step: Some(step), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {} room `{}`", self.promise, self.app.id(), self.room)?;
        if let Some(seq) = self.seq {
            write!(f, ", entry {seq}")?;
        }
        if let Some(step) = self.step {
            write!(f, ", step {step}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// A judge: what in a run breaks its promise.
pub type Judge = fn(&Case<'_>) -> Vec<Violation>;

/// All judges, each with its promise.
pub const JUDGES: [(Promise, Judge); 13] = [
    (Promise::I1, capacity::judge),
    (Promise::I2, bans::judge),
    (Promise::I3, pending::judge),
    (Promise::I4, rivals::judge),
    (Promise::I5, links::judge),
    (Promise::I6, once::judge),
    (Promise::I7, sequence::judge),
    (Promise::I8, direct::judge),
    (Promise::I9, tenants::judge),
    (Promise::I10, refusals::judge),
    (Promise::I11, claims::judge),
    (Promise::I12, letters::judge),
    (Promise::Consent, consent::judge),
];

/// Everything that is wrong with a run.
pub fn judged(case: &Case<'_>) -> Vec<Violation> {
    JUDGES.iter().flat_map(|(_, judge)| judge(case)).collect()
}
