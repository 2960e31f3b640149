//! Free JSON, as the operator and his clients send it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON object of the operator's, kept as text: DynamoDB limits the depth of values and the size of numbers, text not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(String);

impl Json {
    /// Of an object.
    pub fn of(object: &Map<String, Value>) -> Self {
        if object.is_empty() { Self::default() } else { Self(Value::Object(object.clone()).to_string()) }
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of text.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The object.
    pub fn object(&self) -> Map<String, Value> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}
