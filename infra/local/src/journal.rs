//! What each invocation asked of the table.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

/// What stands as the error of a request whose connection was cut.
pub(crate) const CUT: &str = "ConnectionCut";
/// A stack that runs for days forgets its oldest invocations.
const KEPT: usize = 10_000;

/// One invocation of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Lambda's id for it.
    pub request_id: String,
    /// The function's logical id.
    pub function: String,
    /// What it asked of the table, in the order of arrival, retries included.
    pub requests: Vec<Call>,
    /// How many requests deep the longest sequence was; `None` unless the stack counts rounds.
    pub rounds: Option<usize>,
}

/// One request to the table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Call {
    /// DynamoDB's name for it, such as `TransactWriteItems`.
    pub action: String,
    /// Read capacity used; 0 when the request did not ask for `ReturnConsumedCapacity`.
    pub read_units: f64,
    /// Write capacity used; 0 when the request did not ask for `ReturnConsumedCapacity`.
    pub write_units: f64,
    /// Items that the request names: a transaction's elements, a batch's keys, else 1; of a Query or Scan, those evaluated.
    pub items: usize,
    /// The type of the error it was answered with, such as `TransactionCanceledException`; `ConnectionCut` without an answer.
    pub error: Option<String>,
    /// The round it went out in, from 1; `None` unless the stack counts rounds.
    pub round: Option<usize>,
}

impl Invocation {
    /// Read capacity of all requests.
    pub fn read_units(&self) -> f64 {
        self.requests.iter().map(|call| call.read_units).sum()
    }

    /// Write capacity of all requests.
    pub fn write_units(&self) -> f64 {
        self.requests.iter().map(|call| call.write_units).sum()
    }
}

impl Call {
    pub(crate) fn new(action: &str, request: &Json, round: Option<usize>) -> Self {
        let batch = request["RequestItems"].as_object().map(|tables| {
            let keys = tables.values().map(|table| table["Keys"].as_array().or(table.as_array()).map_or(0, Vec::len));
            keys.sum()
        });
        let items = request["TransactItems"].as_array().map(Vec::len).or(batch).unwrap_or(1);
        Self { action: action.to_owned(), items, round, ..Self::default() }
    }

    pub(crate) fn answered(&mut self, answer: &Json) {
        if let Some(kind) = answer["__type"].as_str() {
            self.error = Some(kind.rsplit('#').next().unwrap_or(kind).to_owned());
        }
        if let Some(evaluated) = answer["ScannedCount"].as_u64() {
            self.items = usize::try_from(evaluated).unwrap_or(usize::MAX);
        }
        let consumed = &answer["ConsumedCapacity"];
        let tables = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        for table in tables {
            let units = |key: &str| table[key].as_f64();
            match (units("ReadCapacityUnits"), units("WriteCapacityUnits"), units("CapacityUnits")) {
                (None, None, Some(all)) if self.reads() => self.read_units += all,
                (None, None, Some(all)) => self.write_units += all,
                (read, write, _) => {
                    self.read_units += read.unwrap_or_default();
                    self.write_units += write.unwrap_or_default();
                }
            }
        }
    }

    fn reads(&self) -> bool {
        matches!(self.action.as_str(), "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems")
    }
}

/// All invocations, by request id.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    invocations: BTreeMap<String, Invocation>,
    order: VecDeque<String>,
}

impl Journal {
    pub(crate) fn open(&self, request_id: &str, function: &str, count_rounds: bool) {
        let mut book = self.lock();
        // Lambda tries an asynchronous invocation again under the same id: it goes on with the same page.
        if book.invocations.contains_key(request_id) {
            return;
        }
        let (request_id, function) = (request_id.to_owned(), function.to_owned());
        book.order.push_back(request_id.clone());
        let rounds = count_rounds.then_some(0);
        book.invocations.insert(request_id.clone(), Invocation { request_id, function, requests: Vec::new(), rounds });
        if book.order.len() > KEPT
            && let Some(oldest) = book.order.pop_front()
        {
            book.invocations.remove(&oldest);
        }
    }

    /// Notes a request when it arrives; the number is its place.
    pub(crate) fn note(&self, request_id: &str, call: Call) -> usize {
        self.lock().invocations.get_mut(request_id).map_or(0, |invocation| {
            invocation.rounds = invocation.rounds.max(call.round);
            invocation.requests.push(call);
            invocation.requests.len() - 1
        })
    }

    /// Adds what the answer tells.
    pub(crate) fn answered(&self, request_id: &str, place: usize, answer: &Json) {
        let mut book = self.lock();
        let invocation = book.invocations.get_mut(request_id);
        if let Some(call) = invocation.and_then(|invocation| invocation.requests.get_mut(place)) {
            call.answered(answer);
        }
    }

    pub(crate) fn find(&self, request_id: &str) -> Option<Invocation> {
        self.lock().invocations.get(request_id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Invocation> {
        let book = self.lock();
        book.order.iter().filter_map(|id| book.invocations.get(id).cloned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn capacity_is_read_or_written_by_what_the_action_does() {
        let mut query = Call::new("Query", &json!({}), None);
        query.answered(&json!({ "ScannedCount": 7, "ConsumedCapacity": { "CapacityUnits": 1.5 } }));
        assert_eq!((query.read_units, query.write_units, query.items), (1.5, 0.0, 7));
        let mut write = Call::new("TransactWriteItems", &json!({ "TransactItems": [{}, {}] }), None);
        write.answered(&json!({ "ConsumedCapacity": [{ "CapacityUnits": 4.0 }, { "CapacityUnits": 2.0 }] }));
        assert_eq!((write.read_units, write.write_units, write.items), (0.0, 6.0, 2));
    }

    #[test]
    fn an_error_is_noted_without_its_namespace() {
        let mut call = Call::new("PutItem", &json!({}), None);
        call.answered(&json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" }));
        assert_eq!(call.error.as_deref(), Some("ConditionalCheckFailedException"));
    }
}
