//! What the real DynamoDB does and an embedded one never will: throttle, conflict, lose an answer; hand a batch of the
//! stream over twice. Done on demand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};

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
    /// Done, after a while.
    Delay(Duration),
    /// Done, and then the process that asked is killed, before it has the answer.
    Kill,
    /// The process that asks is killed; nothing is done.
    KillBeforeSending,
    /// The second half of a batch's keys (of one key, that one) is given back as unprocessed.
    Unprocessed,
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
}

impl Faults {
    /// The next request of this action (such as `TransactWriteItems`) meets the fault; called twice, the next two do.
    pub fn next(&self, action: &str, fault: Fault) {
        self.lock().next.entry(action.to_owned()).or_default().push_back(fault);
    }

    /// The next request of this action that a certain function makes, by its logical id.
    pub fn next_of(&self, function: &str, action: &str, fault: Fault) {
        self.next(&format!("{function}:{action}"), fault);
    }

    /// Every request of this action meets the fault, until [`clear`](Self::clear).
    pub fn always(&self, action: &str, fault: Fault) {
        self.lock().always.insert(action.to_owned(), fault);
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

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        *self.lock() = Planned::default();
    }

    pub(crate) fn take(&self, function: &str, action: &str) -> Option<Fault> {
        let mut planned = self.lock();
        let mut pop = |action: &str| planned.next.get_mut(action).and_then(VecDeque::pop_front);
        let next = pop(&format!("{function}:{action}")).or_else(|| pop(action));
        next.or_else(|| planned.always.get(action).copied())
    }

    pub(crate) fn take_call(&self, action: &str) -> Option<CallFault> {
        let mut planned = self.lock();
        let next = planned.next_calls.get_mut(action).and_then(VecDeque::pop_front);
        next.or_else(|| planned.all_calls.get(action).copied())
    }

    pub(crate) fn take_batch(&self) -> Option<BatchFault> {
        let mut planned = self.lock();
        planned.next_batches.pop_front().or(planned.all_batches)
    }

    fn lock(&self) -> MutexGuard<'_, Planned> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// DynamoDB's refusal of a throttled request.
pub(crate) fn throttled() -> Json {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput for the table was exceeded.",
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

    #[test]
    fn planned_faults_come_in_order_and_then_those_that_always_come() {
        let faults = Faults::default();
        faults.next("Query", Fault::LoseResponse);
        faults.next("Query", Fault::Throttle);
        faults.always("Query", Fault::Unprocessed);
        faults.next_of("AddMembers", "Query", Fault::Kill);
        let met: Vec<_> = (0..4).filter_map(|_| faults.take("GetRoom", "Query")).collect();
        assert_eq!(met, [Fault::LoseResponse, Fault::Throttle, Fault::Unprocessed, Fault::Unprocessed]);
        faults.clear();
        assert_eq!(faults.take("GetRoom", "Query"), None);
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
}
