//! I12: every entry of a log reaches every healthy webhook at least once, under one id that is no other's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Promise, Violation};
use crate::case::Case;
use crate::script::App;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut ids: BTreeMap<(&str, u64), BTreeSet<&str>> = BTreeMap::new();
    let mut told: BTreeMap<&str, BTreeSet<(&str, u64)>> = BTreeMap::new();
    for letter in case.ending.letters.iter().filter(|letter| letter.app == App::Alpha.id()) {
        let entry = (letter.room.as_str(), letter.seq);
        ids.entry(entry).or_default().insert(&letter.id);
        told.entry(&letter.id).or_default().insert(entry);
    }
    let mut violations = Vec::new();
    for ((app, id), room) in case.rooms.iter().filter(|((app, _), _)| *app == App::Alpha) {
        let breach = |seq: u64, what: String| Violation::of(Promise::I12, *app, id, what).at(seq);
        for entry in &room.stored.log {
            match ids.get(&(id.as_str(), entry.seq)) {
                None => violations.push(breach(entry.seq, "the webhook has never heard of it".to_owned())),
                Some(ids) if ids.len() > 1 => {
                    violations.push(breach(entry.seq, format!("the webhook was told under {} ids", ids.len())));
                }
                Some(_) => {}
            }
        }
    }
    for (id, entries) in told.iter().filter(|(_, entries)| entries.len() > 1) {
        let what = format!("`{id}` is the id of {} events", entries.len());
        violations.push(Violation::of(Promise::I12, App::Alpha, "", what));
    }
    violations
}
