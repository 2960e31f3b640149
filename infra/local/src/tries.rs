//! What becomes of a batch of stream records: handled, tried again, halved, or given up, as Lambda does it.

use std::time::Duration;

use serde_json::Value as Json;

use crate::instance::Outcome;
use crate::source::{Reports, Retries};
use crate::stream::Record;

/// The pause before the first retry; each further one is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// A batch on its way through its tries.
#[derive(Debug)]
pub(crate) struct Tries {
    /// What is left, the next part last.
    left: Vec<Part>,
    retries: Retries,
}

#[derive(Debug)]
struct Part {
    records: Vec<Record>,
    /// Failures since its first record came to be the first.
    failures: u32,
}

/// What comes after a try.
#[derive(Debug, PartialEq)]
pub(crate) enum Then {
    /// The next part, if there is one.
    GoOn,
    /// The next part, after a pause.
    Pause(Duration),
    /// These records are given up.
    Drop(Vec<Record>),
}

impl Tries {
    pub(crate) fn of(records: Vec<Record>, retries: Retries) -> Self {
        Self { left: vec![Part { records, failures: 0 }], retries }
    }

    /// The records of the next try; none when all is done.
    pub(crate) fn next(&self) -> Option<&[Record]> {
        self.left.last().map(|part| part.records.as_slice())
    }

    /// The try has failed from the record at this place on, or not at all. `now` is in seconds since 1970.
    pub(crate) fn tell(&mut self, failed_from: Option<usize>, now: f64) -> Then {
        let Some(mut part) = self.left.pop() else { return Then::GoOn };
        let Some(at) = failed_from else { return Then::GoOn };
        if at > 0 {
            part = Part { records: part.records.split_off(at), failures: 0 };
        } else if self.retries.bisect && part.records.len() > 1 {
            // To halve is no retry: it finds the record that fails.
            let second = part.records.split_off(part.records.len() / 2);
            self.left.push(Part { records: second, failures: part.failures });
            self.left.push(part);
            return Then::GoOn;
        }
        let old = |record: &Record| self.retries.oldest.is_some_and(|age| now - record.written() > age.as_secs_f64());
        if self.retries.limit.is_some_and(|limit| part.failures >= limit) || part.records.first().is_some_and(old) {
            return Then::Drop(part.records);
        }
        let pause = PAUSE.saturating_mul(1 << part.failures.min(16)).min(LONGEST);
        part.failures += 1;
        self.left.push(part);
        Then::Pause(pause)
    }
}

/// From which record on a try has failed, by what the function gave back.
pub(crate) fn failed_from(outcome: &Outcome, reports: Reports, records: &[Record]) -> Option<usize> {
    let reply = match (outcome, reports) {
        (Err(_), _) => return Some(0),
        (Ok(_), Reports::Nothing) => return None,
        (Ok(reply), Reports::Failures) => reply,
    };
    if reply.is_empty() {
        return None;
    }
    let Ok(reply) = serde_json::from_slice::<Json>(reply) else { return Some(0) };
    let failures = reply["batchItemFailures"].as_array()?;
    let place = |failure: &Json| {
        let id = failure["itemIdentifier"].as_str()?;
        records.iter().position(|record| record.sequence() == id)
    };
    // An identifier that is none of the batch's fails all of it.
    failures.iter().map(|failure| place(failure).unwrap_or(0)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FunctionError;
    use hyper::body::Bytes;
    use serde_json::json;

    const LAMBDAS_OWN: Retries = Retries { limit: None, oldest: None, bisect: false };

    fn records(numbers: std::ops::RangeInclusive<u32>) -> Vec<Record> {
        let record = |number: u32| json!({ "dynamodb": { "SequenceNumber": number.to_string(), "ApproximateCreationDateTime": 1000.0 } });
        numbers.map(|number| Record(record(number))).collect()
    }

    fn numbers(records: Option<&[Record]>) -> Vec<&str> {
        records.into_iter().flatten().map(Record::sequence).collect()
    }

    #[test]
    fn a_batch_that_is_handled_is_done() {
        let mut tries = Tries::of(records(1..=3), LAMBDAS_OWN);
        assert_eq!(numbers(tries.next()), ["1", "2", "3"]);
        assert_eq!(tries.tell(None, 1000.0), Then::GoOn);
        assert_eq!(tries.next(), None);
    }

    #[test]
    fn a_batch_is_tried_again_from_the_first_record_that_failed() {
        let mut tries = Tries::of(records(1..=3), LAMBDAS_OWN);
        assert_eq!(tries.tell(Some(1), 1000.0), Then::Pause(PAUSE));
        assert_eq!(numbers(tries.next()), ["2", "3"]);
        assert_eq!(tries.tell(Some(0), 1000.0), Then::Pause(PAUSE * 2));
        assert_eq!(tries.tell(Some(1), 1000.0), Then::Pause(PAUSE), "it got further: the count begins anew");
        assert_eq!(numbers(tries.next()), ["3"]);
    }

    #[test]
    fn without_a_limit_a_batch_is_tried_for_ever_and_ever_more_seldom() {
        let mut tries = Tries::of(records(1..=1), LAMBDAS_OWN);
        let pauses: Vec<_> = (0..100).map(|_| tries.tell(Some(0), 1000.0)).collect();
        assert_eq!((&pauses[0], &pauses[99]), (&Then::Pause(PAUSE), &Then::Pause(LONGEST)));
    }

    #[test]
    fn after_the_last_retry_what_is_left_of_the_batch_is_given_up() {
        let mut tries = Tries::of(records(1..=3), Retries { limit: Some(2), ..LAMBDAS_OWN });
        assert_eq!(tries.tell(Some(1), 1000.0), Then::Pause(PAUSE));
        assert_eq!(tries.tell(Some(0), 1000.0), Then::Pause(PAUSE * 2));
        assert_eq!(tries.tell(Some(0), 1000.0), Then::Drop(records(2..=3)));
        assert_eq!(tries.next(), None);
    }

    #[test]
    fn a_record_that_has_grown_old_is_not_tried_again() {
        let retries = Retries { oldest: Some(Duration::from_secs(60)), ..LAMBDAS_OWN };
        let mut tries = Tries::of(records(1..=2), retries);
        assert_eq!(tries.tell(Some(0), 1060.0), Then::Pause(PAUSE));
        assert_eq!(tries.tell(Some(0), 1060.5), Then::Drop(records(1..=2)));
    }

    #[test]
    fn halving_finds_the_record_that_fails_and_gives_up_no_other() {
        let retries = Retries { limit: Some(1), bisect: true, ..LAMBDAS_OWN };
        let (mut tries, mut handled, mut dropped) = (Tries::of(records(1..=5), retries), Vec::new(), Vec::new());
        while let Some(part) = tries.next().map(<[Record]>::to_vec) {
            let fails = part.iter().any(|record| record.sequence() == "3");
            if !fails {
                handled.extend(part.clone());
            }
            if let Then::Drop(records) = tries.tell(fails.then_some(0), 1000.0) {
                dropped.extend(records);
            }
        }
        assert_eq!(numbers(Some(&handled)), ["1", "2", "4", "5"], "in order");
        assert_eq!(numbers(Some(&dropped)), ["3"]);
    }

    #[test]
    fn a_reply_counts_only_where_failures_are_reported() {
        let three = records(1..=3);
        let reply = |text: &str| Ok(Bytes::from(text.to_owned()));
        let second = r#"{"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":"2"}]}"#;
        assert_eq!(failed_from(&reply(second), Reports::Failures, &three), Some(1), "the first of them");
        assert_eq!(failed_from(&reply(second), Reports::Nothing, &three), None);
        let error = Err(FunctionError::new("Broken", "it is"));
        assert_eq!(failed_from(&error, Reports::Failures, &three), Some(0));
        assert_eq!(failed_from(&error, Reports::Nothing, &three), Some(0));
        for fine in ["", "null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
            assert_eq!(failed_from(&reply(fine), Reports::Failures, &three), None, "{fine}");
        }
        for broken in ["nonsense", r#"{"batchItemFailures":[{}]}"#, r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#]
        {
            assert_eq!(failed_from(&reply(broken), Reports::Failures, &three), Some(0), "{broken}");
        }
    }
}
