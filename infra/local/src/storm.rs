//! Faults at random, at given rates: the same for the same seed, as long as the calls come in the same order.

use std::time::Duration;

use serde_json::Value as Json;

use crate::faults::{BatchFault, Fault};

/// Longer than a function waits for an answer of the table.
const LATE: Duration = Duration::from_millis(2_500);
/// What a transaction in progress can stand in the way of.
const CONFLICTING: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "TransactGetItems"];

/// Faults that are drawn at random until [`Faults::clear`](crate::Faults::clear). One number is drawn for each request of
/// an invocation and one for each batch of the stream, so that the n-th of them meets the same fault whatever came before;
/// a kind that cannot happen to it happens to nobody in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storm {
    /// Which numbers are drawn.
    pub seed: u64,
    /// How often each kind is.
    pub rates: Rates,
}

/// How often each kind of fault is: 0 is never, 1 always. Together at most 1 for the table, at most 1 for the stream: what
/// is beyond it never happens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// [`Fault::Throttle`].
    pub throttle: f64,
    /// [`Fault::TransactionConflict`], of what writes and of transactions that read.
    pub transaction_conflict: f64,
    /// [`Fault::LoseResponse`].
    pub lose_response: f64,
    /// [`Fault::CutBeforeSending`].
    pub cut_before_sending: f64,
    /// [`Fault::InternalError`] or [`Fault::InternalErrorOnceDone`], each as often.
    pub internal_error: f64,
    /// [`Fault::Delay`] or [`Fault::DelayAnswer`], each as often, of 2.5 seconds: past a function's patience, which is 2.
    pub delay: f64,
    /// [`Fault::Unprocessed`], of batches that read.
    pub unprocessed: f64,
    /// [`Fault::Torn`], of batches that read.
    pub torn: f64,
    /// [`Fault::Stale`], of reads that do not ask for consistency.
    pub stale: f64,
    /// [`Fault::Kill`].
    pub kill: f64,
    /// [`Fault::KillBeforeSending`].
    pub kill_before_sending: f64,
    /// [`BatchFault::Repeat`].
    pub repeat: f64,
    /// [`BatchFault::Shuffle`].
    pub shuffle: f64,
}

impl Rates {
    /// Every kind at the same rate.
    pub const fn each(rate: f64) -> Self {
        Self {
            throttle: rate,
            transaction_conflict: rate,
            lose_response: rate,
            cut_before_sending: rate,
            internal_error: rate,
            delay: rate,
            unprocessed: rate,
            torn: rate,
            stale: rate,
            kill: rate,
            kill_before_sending: rate,
            repeat: rate,
            shuffle: rate,
        }
    }
}

/// A storm that is under way.
#[derive(Debug)]
pub(crate) struct Weather {
    storm: Storm,
    calls: u64,
    batches: u64,
}

/// What one number decides: which kind, and which of two sorts of it.
struct Draw {
    point: f64,
    heads: bool,
}

impl Weather {
    pub(crate) fn new(storm: Storm) -> Self {
        Self { storm, calls: 0, batches: 0 }
    }

    /// Whether reads may be answered from before.
    pub(crate) fn looks_back(&self) -> bool {
        self.storm.rates.stale > 0.0
    }

    /// What the next request of an invocation meets.
    pub(crate) fn call(&mut self, action: &str, asked: &Json) -> Option<Fault> {
        self.calls += 1;
        let draw = Draw::new(self.storm.seed, self.calls);
        let rates = &self.storm.rates;
        let internal_error = if draw.heads { Fault::InternalErrorOnceDone } else { Fault::InternalError };
        let delay = if draw.heads { Fault::DelayAnswer(LATE) } else { Fault::Delay(LATE) };
        let fault = draw.pick(&[
            (rates.throttle, Fault::Throttle),
            (rates.transaction_conflict, Fault::TransactionConflict),
            (rates.lose_response, Fault::LoseResponse),
            (rates.cut_before_sending, Fault::CutBeforeSending),
            (rates.internal_error, internal_error),
            (rates.delay, delay),
            (rates.unprocessed, Fault::Unprocessed),
            (rates.torn, Fault::Torn),
            (rates.stale, Fault::Stale),
            (rates.kill, Fault::Kill),
            (rates.kill_before_sending, Fault::KillBeforeSending),
        ]);
        fault.filter(|fault| can_happen(*fault, action, asked))
    }

    /// What the next batch of the stream meets.
    pub(crate) fn batch(&mut self) -> Option<BatchFault> {
        self.batches += 1;
        let rates = &self.storm.rates;
        // Another sequence than that of the requests.
        let draw = Draw::new(!self.storm.seed, self.batches);
        draw.pick(&[(rates.repeat, BatchFault::Repeat), (rates.shuffle, BatchFault::Shuffle)])
    }
}

impl Draw {
    fn new(seed: u64, number: u64) -> Self {
        let bits = mixed(mixed(seed).wrapping_add(number));
        // 52 bits and an exponent make a number from 1 to 2.
        let point = f64::from_bits(1023 << 52 | bits >> 12) - 1.0;
        Self { point, heads: bits & 1 == 1 }
    }

    fn pick<T: Copy>(&self, kinds: &[(f64, T)]) -> Option<T> {
        let mut end = 0.0;
        let hit = kinds.iter().find(|(rate, _)| {
            end += rate;
            self.point < end
        });
        hit.map(|(_, kind)| *kind)
    }
}

/// The finishing step of SplitMix64 (Steele, Lea and Flood 2014): neighbouring numbers give unrelated ones.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

fn can_happen(fault: Fault, action: &str, asked: &Json) -> bool {
    match fault {
        Fault::TransactionConflict => CONFLICTING.contains(&action),
        Fault::Unprocessed | Fault::Torn => action == "BatchGetItem",
        Fault::Stale => may_be_stale(action, asked),
        _ => true,
    }
}

/// Whether DynamoDB may answer from before: a read that does not ask for consistency. Of a batch, none of its tables does.
pub(crate) fn may_be_stale(action: &str, asked: &Json) -> bool {
    let consistent = |read: &Json| read["ConsistentRead"] == true;
    match action {
        "GetItem" | "Query" | "Scan" => !consistent(asked),
        "BatchGetItem" => !asked["RequestItems"].as_object().into_iter().flatten().any(|(_, table)| consistent(table)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    const ACTIONS: [&str; 5] = ["GetItem", "Query", "BatchGetItem", "TransactWriteItems", "PutItem"];

    fn drawn(seed: u64, rates: Rates, number: usize) -> Vec<Option<Fault>> {
        let mut weather = Weather::new(Storm { seed, rates });
        ACTIONS.iter().cycle().take(number).map(|action| weather.call(action, &json!({}))).collect()
    }

    #[test]
    fn a_seed_draws_the_same_faults_again_and_another_seed_others() {
        let rates = Rates::each(0.05);
        assert_eq!(drawn(7, rates, 500), drawn(7, rates, 500));
        assert_ne!(drawn(7, rates, 500), drawn(8, rates, 500));
    }

    #[test]
    fn batches_are_drawn_apart_from_requests() {
        let batches = |calls: u64| {
            let mut weather = Weather::new(Storm { seed: 7, rates: Rates::each(0.3) });
            for _ in 0..calls {
                weather.call("Query", &json!({}));
            }
            (0..100).map(|_| weather.batch()).collect::<Vec<_>>()
        };
        assert_eq!(batches(0), batches(50));
        for kind in [None, Some(BatchFault::Repeat), Some(BatchFault::Shuffle)] {
            assert!(batches(0).contains(&kind), "{kind:?}");
        }
        assert!(!batches(0).contains(&Some(BatchFault::Lose)), "a stream never loses a batch");
    }

    #[test]
    fn each_kind_comes_as_often_as_its_rate_says() {
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for fault in drawn(1, Rates::each(0.05), 20_000).into_iter().flatten() {
            *counts.entry(fault.name()).or_default() += 1;
        }
        let expected = [
            ("Throttle", 1_000),
            ("TransactionConflict", 400),
            ("LoseResponse", 1_000),
            ("CutBeforeSending", 1_000),
            ("InternalError", 500),
            ("InternalErrorOnceDone", 500),
            ("Delay", 500),
            ("DelayAnswer", 500),
            ("Unprocessed", 200),
            ("Torn", 200),
            ("Stale", 600),
            ("Kill", 1_000),
            ("KillBeforeSending", 1_000),
        ];
        assert_eq!(counts.len(), expected.len());
        for (kind, expected) in expected {
            let count = counts[kind];
            assert!(count.abs_diff(expected) * 5 < expected, "{kind}: {count} instead of about {expected}");
        }
    }

    #[test]
    fn a_rate_of_nothing_is_never_and_of_one_always() {
        assert!(drawn(3, Rates::default(), 1_000).iter().all(Option::is_none));
        let always = Rates { kill: 1.0, ..Rates::default() };
        assert!(drawn(3, always, 1_000).iter().all(|fault| *fault == Some(Fault::Kill)));
    }

    #[test]
    fn only_what_does_not_ask_for_consistency_is_stale() {
        let batch = |consistent: &[Json]| json!({ "RequestItems": { "A": consistent[0], "B": consistent[1] } });
        let (eventual, consistent) = (json!({}), json!({ "ConsistentRead": true }));
        assert!(may_be_stale("BatchGetItem", &batch(&[eventual.clone(), json!({ "ConsistentRead": false })])));
        assert!(!may_be_stale("BatchGetItem", &batch(&[eventual.clone(), consistent.clone()])));
        for action in ["GetItem", "Query", "Scan"] {
            assert!(may_be_stale(action, &eventual) && !may_be_stale(action, &consistent), "{action}");
        }
        assert!(!may_be_stale("TransactGetItems", &eventual), "a transaction is always consistent");
        assert!(!may_be_stale("PutItem", &eventual));
    }
}
