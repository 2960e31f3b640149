//! `FilterCriteria`: which records a function is woken for, as EventBridge's patterns say it.

use serde_json::{Map, Value as Json};

/// One pattern: fields and what each must be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern(Vec<(String, Wanted)>);

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    /// An object, again with fields.
    Inside(Pattern),
    /// Any one of these.
    AnyOf(Vec<Test>),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Is(Json),
    Prefix(String),
    Suffix(String),
    Exists(bool),
    NoneOf(Vec<Test>),
}

impl Pattern {
    /// Reads a pattern as the template has it: JSON in a text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Json::Object(fields)) => Self::of(&fields),
            Ok(other) => Err(format!("a pattern is an object, not `{other}`")),
            Err(error) => Err(format!("a pattern is JSON: {error}")),
        }
    }

    /// Whether a record has every field as the pattern wants it.
    pub(crate) fn matches(&self, record: &Json) -> bool {
        self.0.iter().all(|(field, wanted)| {
            let value = record.get(field);
            match wanted {
                Wanted::Inside(pattern) => pattern.matches(value.unwrap_or(&Json::Null)),
                Wanted::AnyOf(tests) => tests.iter().any(|test| test.passes(value)),
            }
        })
    }

    fn of(fields: &Map<String, Json>) -> Result<Self, String> {
        let mut wanted = Vec::new();
        for (field, value) in fields {
            let named = |reason| format!("`{field}`: {reason}");
            let inside = match value {
                _ if field.starts_with('$') => Err("is not understood here".to_owned()),
                Json::Object(fields) => Self::of(fields).map(Wanted::Inside),
                Json::Array(tests) if !tests.is_empty() => {
                    tests.iter().map(Test::of).collect::<Result<_, _>>().map(Wanted::AnyOf)
                }
                other => Err(format!("a list of values is wanted, not `{other}`")),
            };
            wanted.push((field.clone(), inside.map_err(named)?));
        }
        Ok(Self(wanted))
    }
}

impl Test {
    fn of(value: &Json) -> Result<Self, String> {
        let Json::Object(test) = value else {
            return if value.is_array() { Err(format!("`{value}` is no value")) } else { Ok(Self::Is(value.clone())) };
        };
        let mut pairs = test.iter();
        match (pairs.next().map(|(name, argument)| (name.as_str(), argument)), pairs.next()) {
            (Some(("prefix", Json::String(text))), None) => Ok(Self::Prefix(text.clone())),
            (Some(("suffix", Json::String(text))), None) => Ok(Self::Suffix(text.clone())),
            (Some(("exists", Json::Bool(exists))), None) => Ok(Self::Exists(*exists)),
            (Some(("anything-but", Json::Array(tests))), None) => {
                tests.iter().map(Self::of).collect::<Result<_, _>>().map(Self::NoneOf)
            }
            (Some(("anything-but", test)), None) => Ok(Self::NoneOf(vec![Self::of(test)?])),
            _ => Err(format!("`{value}` is not understood here")),
        }
    }

    fn passes(&self, value: Option<&Json>) -> bool {
        let Some(value) = value else { return *self == Self::Exists(false) };
        match self {
            // Only a leaf exists: an object is not a value.
            Self::Exists(exists) => *exists != value.is_object(),
            Self::Is(wanted) => each(value).any(|value| value == wanted),
            Self::Prefix(prefix) => texts(value).any(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => texts(value).any(|text| text.ends_with(suffix)),
            Self::NoneOf(tests) => !value.is_object() && !tests.iter().any(|test| test.passes(Some(value))),
        }
    }
}

/// The value, or each of a list.
fn each(value: &Json) -> impl Iterator<Item = &Json> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

fn texts(value: &Json) -> impl Iterator<Item = &str> {
    each(value).filter_map(Json::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Json {
        json!({
            "eventName": "MODIFY",
            "dynamodb": {
                "Keys": { "PK": { "S": "App#CLIENT#aaa" }, "SK": { "S": "CLIENT" } },
                "NewImage": { "version": { "N": "2" }, "tags": { "SS": ["a", "b"] }, "gone": { "BOOL": false } },
            },
        })
    }

    #[track_caller]
    fn takes(pattern: Json, expected: bool) {
        assert_eq!(Pattern::parse(&pattern.to_string()).unwrap().matches(&record()), expected, "{pattern}");
    }

    #[test]
    fn every_field_must_be_one_of_its_values() {
        takes(
            json!({ "eventName": ["INSERT", "MODIFY"], "dynamodb": { "Keys": { "SK": { "S": ["CLIENT"] } } } }),
            true,
        );
        takes(json!({ "eventName": ["INSERT", "MODIFY"], "dynamodb": { "Keys": { "SK": { "S": ["ROOM"] } } } }), false);
        takes(json!({ "eventName": ["INSERT"], "dynamodb": { "Keys": { "SK": { "S": ["CLIENT"] } } } }), false);
        takes(json!({ "dynamodb": { "NewImage": { "gone": { "BOOL": [false] } } } }), true);
        takes(json!({}), true);
    }

    #[test]
    fn beginnings_and_ends_are_compared() {
        let key = |test: Json| json!({ "dynamodb": { "Keys": { "PK": { "S": [test] } } } });
        takes(key(json!({ "prefix": "App#" })), true);
        takes(key(json!({ "prefix": "CLIENT" })), false);
        takes(key(json!({ "suffix": "#aaa" })), true);
        takes(key(json!({ "suffix": "App" })), false);
    }

    #[test]
    fn a_field_exists_or_does_not() {
        let field =
            |name: &str, exists: bool| json!({ "dynamodb": { "NewImage": { name: { "N": [{ "exists": exists }] } } } });
        takes(field("version", true), true);
        takes(field("version", false), false);
        takes(field("nothing", true), false);
        takes(field("nothing", false), true);
        takes(json!({ "dynamodb": { "OldImage": { "a": { "S": [{ "exists": false }] } } } }), true);
        takes(json!({ "dynamodb": [{ "exists": true }] }), false);
    }

    #[test]
    fn anything_but_wants_another_value_and_not_none() {
        takes(json!({ "eventName": [{ "anything-but": "REMOVE" }] }), true);
        takes(json!({ "eventName": [{ "anything-but": ["REMOVE", "MODIFY"] }] }), false);
        takes(json!({ "eventName": [{ "anything-but": { "prefix": "MOD" } }] }), false);
        takes(json!({ "nothing": [{ "anything-but": "REMOVE" }] }), false);
    }

    #[test]
    fn a_list_matches_by_any_of_its_values() {
        takes(json!({ "dynamodb": { "NewImage": { "tags": { "SS": ["b"] } } } }), true);
        takes(json!({ "dynamodb": { "NewImage": { "tags": { "SS": ["c"] } } } }), false);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let refusal = |text: &str| Pattern::parse(text).unwrap_err();
        assert_eq!(
            refusal(r#"{"dynamodb":{"N":[{"numeric":[">",1]}]}}"#),
            r#"`dynamodb`: `N`: `{"numeric":[">",1]}` is not understood here"#
        );
        assert_eq!(refusal(r#"{"$or":[{"a":[1]}]}"#), "`$or`: is not understood here");
        assert_eq!(refusal(r#"{"eventName":"MODIFY"}"#), r#"`eventName`: a list of values is wanted, not `"MODIFY"`"#);
        assert_eq!(refusal("[]"), "a pattern is an object, not `[]`");
        assert!(refusal("{").starts_with("a pattern is JSON: "));
    }
}
