//! EventBridge's PutEvents: what is put is kept in the outbox.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::intrinsic::{ACCOUNT, REGION};
use crate::outbox::Outbox;
use crate::services::{Fate, Refusal};

/// How many events EventBridge takes at once.
const ENTRIES: usize = 10;
/// How large they may be, together.
const SIZE: usize = 256 * 1024;

/// A request to put events.
#[derive(Debug)]
pub(crate) struct PutEvents {
    entries: Vec<Json>,
}

impl PutEvents {
    pub(crate) fn read(body: &Bytes) -> Result<Self, Refusal> {
        let bad = |message: String| Refusal::new(StatusCode::BAD_REQUEST, "ValidationException", message);
        let asked: Json = serde_json::from_slice(body).map_err(|error| bad(format!("not JSON: {error}")))?;
        let entries = asked["Entries"].as_array().filter(|entries| (1..=ENTRIES).contains(&entries.len()));
        let entries = entries.ok_or_else(|| bad(format!("`Entries` must be from 1 to {ENTRIES}")))?;
        if body.len() > SIZE {
            return Err(bad(format!("`Entries` are larger than {SIZE} bytes")));
        }
        Ok(Self { entries: entries.clone() })
    }

    /// The bus of each entry, which may be named or given as its ARN.
    pub(crate) fn resources(&self) -> Vec<Vec<String>> {
        let buses = self.entries.iter().map(|entry| entry["EventBusName"].as_str().unwrap_or("default"));
        let arn = |bus: &str| match bus.starts_with("arn:") {
            true => bus.to_owned(),
            false => format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}"),
        };
        buses.map(|bus| vec![arn(bus)]).collect()
    }

    /// Keeps the events; the answer says of each whether it was one.
    pub(crate) fn perform(self, outbox: &Outbox, fate: Fate) -> Json {
        let mut failed = 0;
        let mut put = |entry: Json| match wrong(&entry) {
            Some((code, message)) => {
                failed += 1;
                json!({ "ErrorCode": code, "ErrorMessage": message })
            }
            None => {
                if fate == Fate::Done {
                    outbox.keep_event(entry);
                }
                json!({ "EventId": Uuid::new_v4().to_string() })
            }
        };
        let entries: Vec<_> = self.entries.into_iter().map(&mut put).collect();
        json!({ "FailedEntryCount": failed, "Entries": entries })
    }
}

/// Why an entry is no event: EventBridge's code, and what it says.
fn wrong(entry: &Json) -> Option<(&'static str, String)> {
    for name in ["Source", "DetailType", "Detail"] {
        if entry[name].as_str().is_none_or(str::is_empty) {
            let message = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            return Some(("InvalidArgument", message));
        }
    }
    let detail: Json = serde_json::from_str(entry["Detail"].as_str().unwrap_or_default()).unwrap_or_default();
    (!detail.is_object()).then(|| ("MalformedDetail", "Detail is malformed.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: Json) -> Result<PutEvents, Refusal> {
        PutEvents::read(&json!({ "Entries": entries }).to_string().into())
    }

    #[test]
    fn an_entry_that_is_no_event_fails_and_the_others_are_kept() {
        let good = json!({ "Source": "s", "DetailType": "t", "Detail": "{\"a\":1}" });
        let entries =
            json!([good, { "DetailType": "t", "Detail": "{}" }, { "Source": "s", "DetailType": "t", "Detail": "1" }]);
        let outbox = Outbox::default();
        let answer = read(entries).unwrap().perform(&outbox, Fate::Done);
        assert_eq!(answer["FailedEntryCount"], 2);
        assert!(answer["Entries"][0]["EventId"].is_string());
        assert_eq!(answer["Entries"][1]["ErrorCode"], "InvalidArgument");
        assert_eq!(answer["Entries"][2]["ErrorCode"], "MalformedDetail");
        assert_eq!(outbox.events(), [good]);
    }

    #[test]
    fn each_bus_needs_a_grant() {
        let arn = "arn:aws:events:us-east-1:000000000000:event-bus";
        let asked = read(json!([{}, { "EventBusName": "own" }, { "EventBusName": format!("{arn}/other") }])).unwrap();
        assert_eq!(asked.resources(), ["default", "own", "other"].map(|bus| vec![format!("{arn}/{bus}")]));
    }

    #[test]
    fn too_many_and_none_are_refused() {
        for entries in [json!([]), json!(null), Json::Array(vec![json!({}); 11])] {
            assert_eq!(read(entries).unwrap_err().message, "`Entries` must be from 1 to 10");
        }
        let large = json!([{ "Detail": "a".repeat(SIZE) }]);
        assert_eq!(read(large).unwrap_err().message, "`Entries` are larger than 262144 bytes");
    }
}
