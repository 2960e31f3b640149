//! What was asked and answered, and when.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::script::{Script, Sending, Step};

/// What came back of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The code of a refusal: IMKit's word, Talk's number.
    pub code: String,
    /// Who was named, or which room, and what became of it.
    pub outcomes: Vec<(String, String)>,
    /// The id of what it shows.
    pub id: String,
    /// Whether what it shows is a pending invitation of an address.
    pub is_invitation: bool,
    /// A fingerprint of the whole body.
    pub digest: u64,
    /// Whether it is the answer of an earlier request under the same key.
    pub replayed: bool,
    /// What of the other app stands in it.
    pub foreign: Option<String>,
}

/// One sending of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// When it was sent, in microseconds of the clock.
    pub start: u64,
    /// When the answer had come, or was no longer waited for.
    pub end: u64,
    /// The answer; none when it was lost.
    pub answer: Option<Answer>,
}

/// A step of the script and all that was heard of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// What was asked.
    pub step: Step,
    /// How often, with which answers.
    pub tries: Vec<Try>,
}

/// Everything that was asked and answered in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The seed of the run.
    pub seed: u64,
    /// In the order of the script.
    pub done: Vec<Done>,
}

/// What a caller knows of what he asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict<'a> {
    /// It is done.
    Good(&'a Answer),
    /// It is not done, and will not be.
    Refused(&'a Answer),
    /// It may be done, or yet be.
    Unknown,
}

impl Answer {
    /// Whether it says that nothing has changed (D8). API Gateway's own 503 says nothing.
    pub fn refuses(&self) -> bool {
        ((400..500).contains(&self.status) && !self.waits()) || (self.status == 503 && !self.code.is_empty())
    }

    /// Whether it says that another try of the request is under way (D42).
    fn waits(&self) -> bool {
        self.code == "IDEMPOTENCY_IN_PROGRESS"
    }

    /// Whether it says that all is done.
    pub fn is_good(&self) -> bool {
        self.status == 200
    }
}

impl Done {
    /// What the caller knows after the last answer.
    pub fn verdict(&self) -> Verdict<'_> {
        let answers = || self.tries.iter().filter_map(|one| one.answer.as_ref());
        if let Some(good) = answers().find(|answer| answer.is_good()) {
            return Verdict::Good(good);
        }
        match answers().find(|answer| answer.refuses()) {
            Some(refusal)
                if answers().count() == self.tries.len() && answers().all(|own| own.refuses() || own.waits()) =>
            {
                Verdict::Refused(refusal)
            }
            _ => Verdict::Unknown,
        }
    }

    /// Whether it was only asked what it would do.
    pub fn is_dry(&self) -> bool {
        self.step.sending == Sending::Dry
    }

    /// Whether all good answers are the same.
    pub fn is_unanimous(&self) -> bool {
        let good = self.tries.iter().filter_map(|one| one.answer.as_ref()).filter(|answer| answer.is_good());
        good.map(|answer| answer.digest).collect::<BTreeSet<_>>().len() < 2
    }

    /// When it was first sent.
    pub fn start(&self) -> u64 {
        self.tries.iter().map(|one| one.start).min().unwrap_or_default()
    }

    /// When it was known to be done or refused; never, while that is unknown: it may yet be done.
    pub fn end(&self) -> u64 {
        let good = |one: &&Try| one.answer.as_ref().is_some_and(Answer::is_good);
        match self.verdict() {
            Verdict::Good(_) => self.tries.iter().filter(good).map(|one| one.end).min().unwrap_or(u64::MAX),
            Verdict::Refused(_) => self.tries.iter().map(|one| one.end).max().unwrap_or(u64::MAX),
            Verdict::Unknown => u64::MAX,
        }
    }
}

impl History {
    /// The script that was performed.
    pub fn script(&self, clients: usize) -> Script {
        Script { seed: self.seed, clients, steps: self.done.iter().map(|done| done.step.clone()).collect() }
    }
}
