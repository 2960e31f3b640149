//! What the table's stream wakes a function with: which items changed. Nothing else of an event is read, as the stream is a
//! wake-up and never the truth: what it says may come late, again, or in another order.

use serde::{Deserialize, Serialize};

use crate::id::{AppId, RoomId};

/// An event of the stream.
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    sequence_number: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Text {
    s: String,
}

/// An item that changed, by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Attribute `PK`.
    pub pk: String,
    /// Attribute `SK`.
    pub sk: String,
}

impl Changed {
    /// The app and the room in whose partition it is, if it is in a room's.
    pub fn place(&self) -> Option<(AppId, RoomId)> {
        crate::store::place_of(&self.pk)
    }
}

impl Batch {
    /// Each item that changed, once, in the order of its last record, with that record's number.
    pub fn changed(self) -> Vec<(String, Changed)> {
        let mut changed: Vec<(String, Changed)> = Vec::new();
        for Record { dynamodb: Change { keys, sequence_number } } in self.records {
            let item = Changed { pk: keys.pk.s, sk: keys.sk.s };
            changed.retain(|(_, earlier)| *earlier != item);
            changed.push((sequence_number, item));
        }
        changed
    }
}

/// A function's reply to an event of the stream: from which record on it wants to see the batch again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handled {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Handled {
    /// Up to this record, which failed; without one, all.
    pub fn up_to(failed: Option<String>) -> Self {
        Self { batch_item_failures: failed.map(|item_identifier| Failure { item_identifier }).into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_that_changed_several_times_is_told_once_and_last() {
        let record = |id: &str, number: &str| {
            let keys = json!({ "PK": { "S": id }, "SK": { "S": "CLIENT" } });
            json!({ "eventName": "MODIFY", "dynamodb": { "Keys": keys, "SequenceNumber": number, "SizeBytes": 1 } })
        };
        let batch = json!({ "Records": [record("a", "1"), record("b", "2"), record("a", "3"), record("c", "4")] });
        let changed = serde_json::from_value::<Batch>(batch).unwrap().changed();
        let told: Vec<_> = changed.iter().map(|(number, item)| (number.as_str(), item.pk.as_str())).collect();
        assert_eq!(told, [("2", "b"), ("3", "a"), ("4", "c")]);
    }

    #[test]
    fn the_reply_names_the_record_that_failed() {
        let reply = |failed: Option<&str>| serde_json::to_value(Handled::up_to(failed.map(str::to_owned))).unwrap();
        assert_eq!(reply(Some("3")), json!({ "batchItemFailures": [{ "itemIdentifier": "3" }] }));
        assert_eq!(reply(None), json!({ "batchItemFailures": [] }));
    }
}
