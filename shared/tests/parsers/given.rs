//! What is given: texts, JSON and events as nobody would send them.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};
use shared::error::Error;
use shared::id::{AppId, ClientId, RoomId};
use shared::request::Request;

/// So many cases, or more if the environment says so; no file for failures, since each prints the least that fails.
pub fn cases(least: u32) -> Config {
    let usual = Config::default();
    Config { cases: least.max(usual.cases), failure_persistence: None, ..usual }
}

/// Texts with what breaks parsers in them, and some that break none.
pub fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "",
        " ",
        "/",
        "#",
        "a/b",
        "a#b",
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\u{feff}",
        "\u{202e}",
        "%",
        "%2F",
        "%ff",
        "+",
        ".",
        "..",
        "a.b",
        "null",
        "true",
        "-1",
        "0",
        "1e999",
        "18446744073709551616",
        "9223372036854775807",
        "[]",
        "{}",
        "{\"a\":1}",
        "\"",
        "\\",
        "張三",
        "Ää ß",
        "İ",
        "𝒳",
        "🦀",
        "e\u{301}",
        "aaa",
        "room",
        "SampleApp",
        "Bearer ",
        "aid x",
        "$and",
        "_id",
        "msg_",
        "zh",
        "*",
    ]);
    prop_oneof![
        3 => odd.prop_map(str::to_owned),
        3 => any::<String>(),
        2 => "[ -~]{0,24}",
        1 => "[a-f0-9]{24}",
        1 => (0_usize..300).prop_map(|length| "x".repeat(length)),
        1 => (0_usize..70).prop_map(|length| "張".repeat(length)),
    ]
}

/// Any JSON, some levels deep.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no other numbers", |number| number.is_finite()).prop_map(Value::from),
        prop::sample::select(vec![0.0, -0.0, 1e300, -1e300, 5e-324, f64::MAX]).prop_map(Value::from),
        (0_u64..5).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An object with some of these fields, each as it should not be, and once in a while with others.
pub fn object(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    let own = prop::collection::btree_map(prop::sample::select(names).prop_map(str::to_owned), value(), 0..6);
    let others = prop::collection::btree_map(text(), value(), 0..2);
    (own, others).prop_map(|(own, others)| others.into_iter().chain(own).collect())
}

/// Pairs of text, some of them with these names.
pub fn pairs(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![4 => prop::sample::select(names).prop_map(str::to_owned), 1 => text()];
    let pairs = prop::collection::btree_map(name, text(), 0..6);
    pairs.prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name, Value::from(value))).collect())
}

/// Ids as operators choose them.
pub fn id() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec!["a.b", "張 三", "50%", "a+b", "@me", "a;b,c\"d", " ", ".", "İ", "🦀", "%2e"]);
    prop_oneof!["[a-z0-9]{1,12}", odd.prop_map(str::to_owned), "[^/#\\x00-\\x1f\\x7f-\\x9f]{1,32}"]
}

pub fn client() -> impl Strategy<Value = ClientId> {
    id().prop_map(|id| ClientId::parse("id", &id).unwrap())
}

pub fn room() -> impl Strategy<Value = RoomId> {
    id().prop_map(|id| RoomId::parse("id", &id).unwrap())
}

pub fn app() -> impl Strategy<Value = AppId> {
    "[A-Za-z0-9_-]{1,64}".prop_map(|id| AppId::parse("app", &id).unwrap())
}

/// A request with these headers.
pub fn with_headers(headers: &[(&str, &str)]) -> Request {
    let headers: Map<_, _> = headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    serde_json::from_value(json!({ "headers": headers })).unwrap()
}

/// Whether it has a place in a key, a path and a log line.
pub fn has_a_place(id: &str) -> bool {
    (1..=128).contains(&id.len()) && !id.contains(['/', '#']) && !id.chars().any(char::is_control)
}

/// A refusal of the request's form, which names what is wrong by one of these names.
pub fn names(error: &Error, known: &[&str]) -> bool {
    let is_form = matches!(error, Error::InvalidParameter { .. } | Error::MissingParameter { .. });
    is_form && known.iter().any(|name| error.to_string().contains(&format!("`{name}`")))
}
