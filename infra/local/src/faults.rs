//! What the real DynamoDB does and an embedded one never will: throttle, conflict, lose an answer; hand a batch of the
//! stream over twice. Done on demand, or at random by a [`Storm`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::storm::{Storm, Weather};

/// One thing that can go wrong between a function and the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused with `ProvisionedThroughputExceededException`; nothing is done.
    Throttle,
    /// Refused because another transaction is at work on the first item; nothing is done.
    TransactionConflict,
    /// Done, and then the connection is cut without an answer.
    LoseResponse,
    /// The connection is cut; nothing is done.
    CutBeforeSending,
    /// Answered with an internal error; nothing is done.
    InternalError,
    /// Done, and then answered with an internal error.
    InternalErrorOnceDone,
    /// Done, after a while.
    Delay(Duration),
    /// Done at once; the answer comes after a while.
    DelayAnswer(Duration),
    /// Done, and then the process that asked is killed, before it has the answer.
    Kill,
    /// The process that asks is killed; nothing is done.
    KillBeforeSending,
    /// The second half of a batch's keys (of one key, that one) is given back as unprocessed.
    Unprocessed,
    /// A batch's keys are read one after the other, the last one first, and things happen in between: a batch is no snapshot.
    Torn,
    /// A read that does not ask for consistency is answered with what was there a second before, or when this fault
    /// was first planned, whichever is later. Any other request is answered as ever.
    Stale,
}

/// One thing that can go wrong between a function and another service than DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// Accepted as if it were done; nothing is done.
    Lose,
    /// Refused as a service does that has too much to do; nothing is done.
    Refuse,
    /// The connection is cut; nothing is done.
    Cut,
}

/// One thing that can go wrong between the stream and a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchFault {
    /// Handed over, handled, and handed over again.
    Repeat,
    /// Never handed over.
    Lose,
    /// Handed over with its partitions in another order; the records of one partition stay in theirs.
    Shuffle,
}

/// The faults that are to come; a handle that can be cloned. Only requests of an invocation meet them, never those of a
/// function's start.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    planned: Arc<Mutex<Planned>>,
}

#[derive(Debug, Default)]
struct Planned {
    next: BTreeMap<String, VecDeque<Fault>>,
    always: BTreeMap<String, Fault>,
    next_calls: BTreeMap<String, VecDeque<CallFault>>,
    all_calls: BTreeMap<String, CallFault>,
    next_batches: VecDeque<BatchFault>,
    all_batches: Option<BatchFault>,
    storm: Option<Weather>,
    /// Whether a copy of the past is wanted.
    looks_back: bool,
    met: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// The next request of this action (such as `TransactWriteItems`) meets the fault; called twice, the next two do.
    pub fn next(&self, action: &str, fault: Fault) {
        let mut planned = self.lock();
        planned.looks_back |= fault == Fault::Stale;
        planned.next.entry(action.to_owned()).or_default().push_back(fault);
    }

    /// The next request of this action that a certain function makes, by its logical id.
    pub fn next_of(&self, function: &str, action: &str, fault: Fault) {
        self.next(&format!("{function}:{action}"), fault);
    }

    /// Every request of this action meets the fault, until [`clear`](Self::clear).
    pub fn always(&self, action: &str, fault: Fault) {
        let mut planned = self.lock();
        planned.looks_back |= fault == Fault::Stale;
        planned.always.insert(action.to_owned(), fault);
    }

    /// The next request for this action of another service than DynamoDB meets the fault; called twice, the next two do.
    /// The action is named as in a policy: `lambda:InvokeFunction`, `ses:SendEmail`, `events:PutEvents`,
    /// `execute-api:ManageConnections`.
    pub fn next_call(&self, action: &str, fault: CallFault) {
        self.lock().next_calls.entry(action.to_owned()).or_default().push_back(fault);
    }

    /// Every request for this action meets the fault, until [`clear`](Self::clear).
    pub fn all_calls(&self, action: &str, fault: CallFault) {
        self.lock().all_calls.insert(action.to_owned(), fault);
    }

    /// The next batch of stream records, whichever function it is for, meets the fault; called twice, the next two do.
    pub fn next_batch(&self, fault: BatchFault) {
        self.lock().next_batches.push_back(fault);
    }

    /// Every batch of stream records meets the fault, until [`clear`](Self::clear).
    pub fn all_batches(&self, fault: BatchFault) {
        self.lock().all_batches = Some(fault);
    }

    /// From now on requests and batches that meet no fault planned for them meet those that the storm draws, until
    /// [`clear`](Self::clear).
    pub fn storm(&self, storm: Storm) {
        let weather = Weather::new(storm);
        let mut planned = self.lock();
        planned.looks_back |= weather.looks_back();
        planned.storm = Some(weather);
    }

    /// Nothing goes wrong any more. What was met stays counted.
    pub fn clear(&self) {
        let mut planned = self.lock();
        let met = std::mem::take(&mut planned.met);
        *planned = Planned { met, ..Planned::default() };
    }

    /// How often each kind of fault was met since the stack's start: those of the table by their own names, those of the
    /// stream and of other services after `Batch` and `Call`. A stale read counts only if its answer differs from what a
    /// consistent one would have been.
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        self.lock().met.clone()
    }

    pub(crate) fn take(&self, function: &str, action: &str, asked: &Json) -> Option<Fault> {
        let mut planned = self.lock();
        let mut pop = |action: &str| planned.next.get_mut(action).and_then(VecDeque::pop_front);
        let next = pop(&format!("{function}:{action}")).or_else(|| pop(action));
        let fault = next.or_else(|| planned.always.get(action).copied());
        let fault = fault.or_else(|| planned.storm.as_mut()?.call(action, asked))?;
        if fault != Fault::Stale {
            planned.count(fault.name());
        }
        Some(fault)
    }

    pub(crate) fn take_call(&self, action: &str) -> Option<CallFault> {
        let mut planned = self.lock();
        let next = planned.next_calls.get_mut(action).and_then(VecDeque::pop_front);
        let fault = next.or_else(|| planned.all_calls.get(action).copied())?;
        planned.count(fault.name());
        Some(fault)
    }

    pub(crate) fn take_batch(&self) -> Option<BatchFault> {
        let mut planned = self.lock();
        let fault = planned.next_batches.pop_front().or(planned.all_batches);
        let fault = fault.or_else(|| planned.storm.as_mut()?.batch())?;
        planned.count(fault.name());
        Some(fault)
    }

    /// Whether a read may be answered from before.
    pub(crate) fn looks_back(&self) -> bool {
        self.lock().looks_back
    }

    /// A read was answered otherwise than now.
    pub(crate) fn count_stale(&self) {
        self.lock().count(Fault::Stale.name());
    }

    fn lock(&self) -> MutexGuard<'_, Planned> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Planned {
    fn count(&mut self, kind: &'static str) {
        *self.met.entry(kind).or_default() += 1;
    }
}

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Throttle => "Throttle",
            Self::TransactionConflict => "TransactionConflict",
            Self::LoseResponse => "LoseResponse",
            Self::CutBeforeSending => "CutBeforeSending",
            Self::InternalError => "InternalError",
            Self::InternalErrorOnceDone => "InternalErrorOnceDone",
            Self::Delay(_) => "Delay",
            Self::DelayAnswer(_) => "DelayAnswer",
            Self::Kill => "Kill",
            Self::KillBeforeSending => "KillBeforeSending",
            Self::Unprocessed => "Unprocessed",
            Self::Torn => "Torn",
            Self::Stale => "Stale",
        }
    }
}

impl CallFault {
    fn name(self) -> &'static str {
        match self {
            Self::Lose => "CallLose",
            Self::Refuse => "CallRefuse",
            Self::Cut => "CallCut",
        }
    }
}

impl BatchFault {
    fn name(self) -> &'static str {
        match self {
            Self::Repeat => "BatchRepeat",
            Self::Lose => "BatchLose",
            Self::Shuffle => "BatchShuffle",
        }
    }
}

/// DynamoDB's refusal of a throttled request.
pub(crate) fn throttled() -> Json {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput for the table was exceeded.",
    })
}

/// DynamoDB's answer when something is wrong on its own side.
pub(crate) fn internal_error() -> Json {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
        "message": "Internal server error",
    })
}

/// DynamoDB's refusal of a request whose item another transaction is at work on.
pub(crate) fn conflict(request: &Json) -> Json {
    let Some(elements) = request["TransactItems"].as_array() else {
        return json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "message": "Transaction is ongoing for the item",
        });
    };
    let codes: Vec<_> = (0..elements.len()).map(|at| if at == 0 { "TransactionConflict" } else { "None" }).collect();
    let reasons = codes.iter().map(|code| match *code {
        "None" => json!({ "Code": code }),
        _ => json!({ "Code": code, "Message": "Transaction is ongoing for the item" }),
    });
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", ")
        ),
        "CancellationReasons": reasons.collect::<Vec<_>>(),
    })
}

/// A batch as one for each of its keys, the last one first.
pub(crate) fn torn(request: &Json) -> Vec<Json> {
    let mut single = Vec::new();
    for (table, batch) in request["RequestItems"].as_object().into_iter().flatten() {
        for key in batch["Keys"].as_array().into_iter().flatten().rev() {
            let mut one = Json::Object(request.as_object().cloned().unwrap_or_default());
            one["RequestItems"] = json!({ table: batch });
            one["RequestItems"][table]["Keys"] = json!([key]);
            single.push(one);
        }
    }
    single
}

/// Takes the second half of each table's keys out of a batch and gives it back, as `UnprocessedKeys` has it.
pub(crate) fn unprocessed(request: &mut Json) -> Json {
    let mut left = json!({});
    for (table, batch) in request["RequestItems"].as_object_mut().into_iter().flatten() {
        if let Some(keys) = batch["Keys"].as_array_mut() {
            let rest = keys.split_off(keys.len() / 2);
            left[table] = batch.clone();
            left[table]["Keys"] = Json::Array(rest);
        }
    }
    if let Some(tables) = request["RequestItems"].as_object_mut() {
        tables.retain(|_, batch| batch["Keys"].as_array().is_some_and(|keys| !keys.is_empty()));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storm::Rates;

    #[test]
    fn planned_faults_come_in_order_and_then_those_that_always_come() {
        let faults = Faults::default();
        faults.next("Query", Fault::LoseResponse);
        faults.next("Query", Fault::Throttle);
        faults.always("Query", Fault::Unprocessed);
        faults.next_of("AddMembers", "Query", Fault::Kill);
        let met: Vec<_> = (0..4).filter_map(|_| faults.take("GetRoom", "Query", &json!({}))).collect();
        assert_eq!(met, [Fault::LoseResponse, Fault::Throttle, Fault::Unprocessed, Fault::Unprocessed]);
        faults.clear();
        assert_eq!(faults.take("GetRoom", "Query", &json!({})), None);
        assert_eq!(faults.met(), BTreeMap::from([("LoseResponse", 1), ("Throttle", 1), ("Unprocessed", 2)]));
    }

    #[test]
    fn a_storm_leaves_the_planned_faults_their_turn_and_ends_with_them() {
        let faults = Faults::default();
        faults.storm(Storm { seed: 1, rates: Rates { kill: 1.0, repeat: 1.0, ..Rates::default() } });
        faults.next("Query", Fault::Throttle);
        faults.next_batch(BatchFault::Lose);
        let calls: Vec<_> = (0..3).filter_map(|_| faults.take("GetRoom", "Query", &json!({}))).collect();
        assert_eq!(calls, [Fault::Throttle, Fault::Kill, Fault::Kill]);
        let batches: Vec<_> = (0..2).filter_map(|_| faults.take_batch()).collect();
        assert_eq!(batches, [BatchFault::Lose, BatchFault::Repeat]);
        faults.clear();
        assert_eq!((faults.take("GetRoom", "Query", &json!({})), faults.take_batch()), (None, None));
        assert_eq!(faults.met(), BTreeMap::from([("BatchLose", 1), ("BatchRepeat", 1), ("Kill", 2), ("Throttle", 1)]));
    }

    #[test]
    fn batches_meet_the_faults_planned_for_them() {
        let faults = Faults::default();
        faults.all_batches(BatchFault::Shuffle);
        faults.next_batch(BatchFault::Lose);
        assert_eq!(faults.take_batch(), Some(BatchFault::Lose));
        assert_eq!(faults.take_batch(), Some(BatchFault::Shuffle));
        faults.clear();
        assert_eq!(faults.take_batch(), None);
    }

    #[test]
    fn calls_of_other_services_meet_the_faults_planned_for_them() {
        let faults = Faults::default();
        faults.all_calls("ses:SendEmail", CallFault::Refuse);
        faults.next_call("ses:SendEmail", CallFault::Lose);
        assert_eq!(faults.take_call("events:PutEvents"), None);
        assert_eq!(faults.take_call("ses:SendEmail"), Some(CallFault::Lose));
        assert_eq!(faults.take_call("ses:SendEmail"), Some(CallFault::Refuse));
        faults.clear();
        assert_eq!(faults.take_call("ses:SendEmail"), None);
    }

    #[test]
    fn a_conflict_names_a_reason_for_every_element() {
        let refusal = conflict(&json!({ "TransactItems": [{}, {}] }));
        assert_eq!(refusal["CancellationReasons"][0]["Code"], "TransactionConflict");
        assert_eq!(refusal["CancellationReasons"][1], json!({ "Code": "None" }));
    }

    #[test]
    fn half_of_a_batch_is_left_and_of_one_key_that_one() {
        let mut three = json!({ "RequestItems": { "T": { "Keys": [1, 2, 3], "ConsistentRead": true } } });
        assert_eq!(unprocessed(&mut three), json!({ "T": { "Keys": [2, 3], "ConsistentRead": true } }));
        assert_eq!(three["RequestItems"]["T"]["Keys"], json!([1]));
        let mut one = json!({ "RequestItems": { "T": { "Keys": [1] } } });
        assert_eq!(unprocessed(&mut one), json!({ "T": { "Keys": [1] } }));
        assert_eq!(one, json!({ "RequestItems": {} }));
    }

    #[test]
    fn a_torn_batch_is_one_for_each_key_the_last_first() {
        let whole = json!({ "RequestItems": { "T": { "Keys": [1, 2], "ConsistentRead": true } }, "More": 1 });
        let one = |key| json!({ "RequestItems": { "T": { "Keys": [key], "ConsistentRead": true } }, "More": 1 });
        assert_eq!(torn(&whole), [one(2), one(1)]);
    }
}
