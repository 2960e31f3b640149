//! `q`: a query in MongoDB's JSON over objects as a reply shows them. What it may say is a closed list; anything else is
//! refused by name, since a condition that is left out would show what was not asked for.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::error::Error;

/// The longest query, in bytes.
const LONGEST: usize = 8_192;
/// The deepest nesting of `$and` and `$or`.
const DEEPEST: usize = 8;
/// As much of a caller's own word as a refusal repeats, in characters.
const QUOTED: usize = 64;
/// What a condition on a field may use.
const OPERATORS: &str = "`$eq`, `$ne`, `$in`, `$nin`, `$all`, `$exists`, `$gt`, `$gte`, `$lt`, `$lte`";

/// A query that has been understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// `$and`, and the fields of an object beside each other.
    Every(Vec<Node>),
    /// `$or`.
    Some(Vec<Node>),
    /// One condition on what a dotted path leads to.
    Field(Vec<String>, Test),
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Is(Value),
    IsNot(Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    HasAll(Vec<Value>),
    Exists(bool),
    /// How the field compares to the value.
    Compares(&'static [Ordering], Value),
}

impl Filter {
    /// Reads a query; `name` is the parameter that a refusal names.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::invalid(name, reason);
        if text.len() > LONGEST {
            return Err(refused(format!("must be at most {LONGEST} bytes long")));
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(query)) => Node::of(&query, 0).map(Self).map_err(refused),
            Ok(_) => Err(refused("must be a JSON object".to_owned())),
            Err(flaw) => Err(refused(format!("must be a JSON object: {flaw}"))),
        }
    }

    /// Whether the query finds this object.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.matches(object)
    }

    /// The only ids that what it finds can have, if the query says so much. It may find fewer.
    pub fn ids(&self) -> Option<Vec<&str>> {
        self.0.ids()
    }
}

impl Node {
    fn of(query: &Map<String, Value>, depth: usize) -> Result<Self, String> {
        if depth > DEEPEST {
            return Err(format!("must nest `$and` and `$or` at most {DEEPEST} deep"));
        }
        let mut nodes = Vec::new();
        for (key, value) in query {
            match key.as_str() {
                "$and" => nodes.push(Self::Every(Self::list(key, value, depth)?)),
                "$or" => nodes.push(Self::Some(Self::list(key, value, depth)?)),
                operator if operator.starts_with('$') => return Err(unknown(operator, "`$and`, `$or`")),
                path => Self::conditions(path, value, &mut nodes)?,
            }
        }
        Ok(Self::Every(nodes))
    }

    fn list(operator: &str, value: &Value, depth: usize) -> Result<Vec<Self>, String> {
        let refusal = || format!("must have an array of objects for `{operator}`, with one at least");
        let queries = value.as_array().filter(|queries| !queries.is_empty()).ok_or_else(refusal)?;
        queries.iter().map(|query| Self::of(query.as_object().ok_or_else(refusal)?, depth + 1)).collect()
    }

    /// What an object says of one field: a value to be equal to, or operators beside each other.
    fn conditions(path: &str, value: &Value, nodes: &mut Vec<Self>) -> Result<(), String> {
        let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return Err(format!("must name fields: `{}` is none", quoted(path)));
        }
        let operators = value.as_object().filter(|object| object.keys().any(|key| key.starts_with('$')));
        let Some(operators) = operators else {
            nodes.push(Self::Field(parts, Test::Is(value.clone())));
            return Ok(());
        };
        for (operator, operand) in operators {
            nodes.push(Self::Field(parts.clone(), Test::of(operator, operand)?));
        }
        Ok(())
    }

    fn matches(&self, object: &Value) -> bool {
        match self {
            Self::Every(nodes) => nodes.iter().all(|node| node.matches(object)),
            Self::Some(nodes) => nodes.iter().any(|node| node.matches(object)),
            Self::Field(path, test) => {
                let mut found = Vec::new();
                follow(object, path, &mut found);
                test.holds(&found)
            }
        }
    }

    fn ids(&self) -> Option<Vec<&str>> {
        match self {
            Self::Every(nodes) => nodes.iter().find_map(Self::ids),
            Self::Field(path, Test::Is(value)) if is_id(path) => Some(value.as_str().into_iter().collect()),
            Self::Field(path, Test::In(values)) if is_id(path) => {
                Some(values.iter().filter_map(Value::as_str).collect())
            }
            Self::Some(_) | Self::Field(..) => None,
        }
    }
}

impl Test {
    fn of(operator: &str, operand: &Value) -> Result<Self, String> {
        let array = || {
            let refusal = || format!("must have an array for `{operator}`");
            operand.as_array().cloned().ok_or_else(refusal)
        };
        let than = |orders| match operand {
            Value::Number(_) | Value::String(_) => Ok(Self::Compares(orders, operand.clone())),
            _ => Err(format!("must have a number or a string for `{operator}`")),
        };
        match operator {
            "$eq" => Ok(Self::Is(operand.clone())),
            "$ne" => Ok(Self::IsNot(operand.clone())),
            "$in" => array().map(Self::In),
            "$nin" => array().map(Self::NotIn),
            "$all" => array().map(Self::HasAll),
            "$exists" => match operand.as_bool() {
                Some(there) => Ok(Self::Exists(there)),
                None => Err("must have true or false for `$exists`".to_owned()),
            },
            "$gt" => than(&[Ordering::Greater]),
            "$gte" => than(&[Ordering::Greater, Ordering::Equal]),
            "$lt" => than(&[Ordering::Less]),
            "$lte" => than(&[Ordering::Less, Ordering::Equal]),
            unheard => Err(unknown(unheard, OPERATORS)),
        }
    }

    /// Whether it holds for what a path led to: nothing, one value, or, through arrays, several.
    fn holds(&self, found: &[&Value]) -> bool {
        let is = |value: &Value| is(found, value);
        match self {
            Self::Is(value) => is(value),
            Self::IsNot(value) => !is(value),
            Self::In(values) => values.iter().any(is),
            Self::NotIn(values) => !values.iter().any(is),
            Self::HasAll(values) => !values.is_empty() && values.iter().all(is),
            Self::Exists(there) => found.is_empty() != *there,
            Self::Compares(orders, value) => candidates(found)
                .any(|candidate| compare(candidate, value).is_some_and(|order| orders.contains(&order))),
        }
    }
}

/// Everything that a path leads to. An array is gone through: by a number to that element, by a name to each element's.
fn follow<'a>(value: &'a Value, path: &[String], found: &mut Vec<&'a Value>) {
    let Some((first, rest)) = path.split_first() else {
        found.push(value);
        return;
    };
    match value {
        Value::Object(object) => {
            if let Some(inner) = object.get(first) {
                follow(inner, rest, found);
            }
        }
        Value::Array(elements) => match first.parse::<usize>() {
            Ok(place) => elements.get(place).into_iter().for_each(|inner| follow(inner, rest, found)),
            Err(_) => elements.iter().filter(|inner| inner.is_object()).for_each(|inner| follow(inner, path, found)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What was found, and the elements of what was found: a value stands for an array that contains it.
fn candidates<'a>(found: &'a [&'a Value]) -> impl Iterator<Item = &'a Value> {
    found.iter().flat_map(|value| std::iter::once(*value).chain(value.as_array().into_iter().flatten()))
}

/// Equality as MongoDB has it: `null` is also what is not there.
fn is(found: &[&Value], value: &Value) -> bool {
    (value.is_null() && found.is_empty()) || candidates(found).any(|candidate| same(candidate, value))
}

/// Numbers are the same by what they amount to, however they are written.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => compare(one, other) == Some(Ordering::Equal),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// Numbers with numbers, strings with strings; nothing else compares.
fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    let whole = |value: &Value| value.as_i64().map(i128::from).or(value.as_u64().map(i128::from));
    match (one, other) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Number(_), Value::Number(_)) => match (whole(one), whole(other)) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
        },
        _ => None,
    }
}

fn is_id(path: &[String]) -> bool {
    path == ["_id"] || path == ["id"]
}

fn unknown(operator: &str, known: &str) -> String {
    format!("cannot have `{}` there: it takes {known}", quoted(operator))
}

fn quoted(word: &str) -> String {
    word.chars().take(QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(query: &Value, object: &Value) -> bool {
        Filter::parse("q", &query.to_string()).unwrap_or_else(|flaw| panic!("{query}: {flaw}")).matches(object)
    }

    fn ann() -> Value {
        json!({
            "_id": "aaa", "id": "aaa", "nickname": "Ann", "age": 30, "height": 1.5, "tags": ["x", "y"], "gone": null,
            "plan": { "tier": 2, "names": ["free", "paid"] }, "pets": [{ "name": "Rex", "age": 3 }, { "name": "Tom" }],
        })
    }

    #[test]
    fn a_query_finds_what_it_describes() {
        for query in [
            json!({}),
            json!({ "nickname": "Ann" }),
            json!({ "nickname": "Ann", "age": 30 }),
            json!({ "age": 30.0 }),
            json!({ "height": { "$gt": 1, "$lt": 2 } }),
            json!({ "tags": "x" }),
            json!({ "tags": ["x", "y"] }),
            json!({ "tags": { "$all": ["y", "x"] } }),
            json!({ "tags": { "$in": ["z", "y"] } }),
            json!({ "tags": { "$nin": ["z"] } }),
            json!({ "tags.1": "y" }),
            json!({ "nickname": { "$ne": "Bob" } }),
            json!({ "nickname": { "$gte": "Ann", "$lte": "Ann" } }),
            json!({ "plan.tier": { "$gte": 2 } }),
            json!({ "plan": { "names": ["free", "paid"], "tier": 2.0 } }),
            json!({ "plan.names": "paid" }),
            json!({ "pets.name": "Tom" }),
            json!({ "pets.0.age": 3 }),
            json!({ "pets.age": { "$lt": 4 } }),
            json!({ "gone": null }),
            json!({ "missing": null }),
            json!({ "gone": { "$exists": true } }),
            json!({ "missing": { "$exists": false } }),
            json!({ "missing": { "$ne": 1 } }),
            json!({ "missing": { "$nin": [1] } }),
            json!({ "$or": [{ "age": 1 }, { "age": 30 }] }),
            json!({ "$and": [{ "age": 30 }, { "$or": [{ "tags": "y" }] }], "nickname": { "$eq": "Ann" } }),
        ] {
            assert!(found(&query, &ann()), "{query}");
        }
    }

    #[test]
    fn a_query_leaves_out_what_it_does_not_describe() {
        for query in [
            json!({ "nickname": "ann" }),
            json!({ "nickname": "Ann", "age": 31 }),
            json!({ "age": "30" }),
            json!({ "age": null }),
            json!({ "tags": ["y", "x"] }),
            json!({ "tags": { "$all": ["x", "z"] } }),
            json!({ "tags": { "$all": [] } }),
            json!({ "tags": { "$in": [] } }),
            json!({ "tags": { "$nin": ["z", "y"] } }),
            json!({ "tags": { "$ne": "x" } }),
            json!({ "tags.2": "y" }),
            json!({ "plan.tier": { "$gt": 2 } }),
            json!({ "plan": { "tier": 2 } }),
            json!({ "plan.tier.deep": 2 }),
            json!({ "nickname": { "$gt": 1 } }),
            json!({ "age": { "$lt": "z" } }),
            json!({ "missing": { "$gt": 0 } }),
            json!({ "missing": { "$exists": true } }),
            json!({ "gone": { "$exists": false } }),
            json!({ "gone": { "$ne": null } }),
            json!({ "pets.name": "Rey" }),
            json!({ "$or": [{ "age": 1 }, { "age": 2 }] }),
            json!({ "$and": [{ "age": 30 }, { "tags": "z" }] }),
        ] {
            assert!(!found(&query, &ann()), "{query}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let deep = format!("{}{}{}", r#"{"$and":["#.repeat(10), "{}", "]}".repeat(10));
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(LONGEST));
        for (query, named) in [
            (r#"{"a":{"$regex":"x"}}"#, "`$regex`"),
            (r#"{"a":{"$gt":1,"b":2}}"#, "`b`"),
            (r#"{"$where":"1"}"#, "`$where`"),
            (r#"{"$nor":[{}]}"#, "`$nor`"),
            (r#"{"a":{"$not":{"$gt":1}}}"#, "`$not`"),
            (r#"{"a":{"$in":"x"}}"#, "`$in`"),
            (r#"{"a":{"$nin":1}}"#, "`$nin`"),
            (r#"{"a":{"$all":{}}}"#, "`$all`"),
            (r#"{"a":{"$exists":1}}"#, "`$exists`"),
            (r#"{"a":{"$lte":[1]}}"#, "`$lte`"),
            (r#"{"$or":[]}"#, "`$or`"),
            (r#"{"$or":{"a":1}}"#, "`$or`"),
            (r#"{"$and":[1]}"#, "`$and`"),
            (r#"{"a..b":1}"#, "`a..b`"),
            (r#"{"":1}"#, "``"),
            ("[]", "object"),
            ("nickname=Ann", "object"),
            (&deep, "8 deep"),
            (&long, "8192 bytes"),
        ] {
            let refusal = Filter::parse("q", query).unwrap_err().to_string();
            assert!(refusal.starts_with("`q` ") && refusal.contains(named), "{query:.60}: {refusal}");
            assert!(refusal.len() < 400, "{refusal}");
        }
    }

    #[test]
    fn a_query_by_id_says_which() {
        let ids = |query: Value| {
            let filter = Filter::parse("q", &query.to_string()).unwrap();
            filter.ids().map(|ids| ids.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        let some = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(ids(json!({ "_id": "a" })), some(&["a"]));
        assert_eq!(ids(json!({ "id": { "$in": ["a", 1, "b"] }, "age": 1 })), some(&["a", "b"]));
        assert_eq!(ids(json!({ "$and": [{ "age": 1 }, { "_id": "a" }] })), some(&["a"]));
        assert_eq!(ids(json!({ "_id": 1 })), some(&[]));
        for open in [
            json!({}),
            json!({ "_id": { "$ne": "a" } }),
            json!({ "$or": [{ "_id": "a" }, { "age": 1 }] }),
            json!({ "plan._id": "a" }),
        ] {
            assert_eq!(ids(open.clone()), None, "{open}");
        }
    }

    #[test]
    fn large_numbers_keep_their_last_digit() {
        let object = json!({ "at": 9_007_199_254_740_993_i64, "big": u64::MAX });
        assert!(!found(&json!({ "at": 9_007_199_254_740_992_i64 }), &object));
        assert!(found(&json!({ "big": { "$gt": i64::MAX } }), &object));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3i64..3).prop_map(Value::from),
            (-3.0f64..3.0).prop_map(Value::from),
            "[ab$.]{0,3}".prop_map(Value::from),
        ];
        let words = prop_oneof![
            "[ab]{1,2}(\\.[ab0]){0,2}",
            prop::sample::select(vec![
                "$and", "$or", "$in", "$nin", "$ne", "$eq", "$all", "$exists", "$gt", "$gte", "$lt", "$lte", "$x",
                "_id",
            ])
            .prop_map(str::to_owned),
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            let words = words.clone();
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(words, inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_text_brings_it_down(text in "\\PC*") {
            let _ = Filter::parse("q", &text);
        }

        #[test]
        fn no_query_and_no_object_bring_it_down(query in values(), object in values()) {
            if let Ok(filter) = Filter::parse("q", &query.to_string()) {
                filter.matches(&object);
                filter.ids();
            }
        }

        #[test]
        fn operators_that_deny_each_other_never_agree(value in values(), object in values()) {
            let literal = value.as_object().is_none_or(|fields| fields.keys().all(|name| !name.starts_with('$')));
            let ask = |operator: &str, operand: &Value| found(&json!({ "a": { operator: operand } }), &object);
            let (is, list) = (ask("$eq", &value), json!([value]));
            prop_assert_eq!(is, !ask("$ne", &value));
            prop_assert_eq!(is, ask("$in", &list));
            prop_assert_eq!(is, !ask("$nin", &list));
            prop_assert_eq!(is, ask("$all", &list));
            prop_assert!(ask("$exists", &json!(true)) != ask("$exists", &json!(false)));
            if literal {
                prop_assert_eq!(is, found(&json!({ "a": value }), &object));
            }
        }

        #[test]
        fn what_a_query_finds_has_one_of_its_ids(query in values(), id in "[ab]{1,2}") {
            if let Ok(filter) = Filter::parse("q", &query.to_string())
                && let Some(ids) = filter.ids()
                && filter.matches(&json!({ "_id": id, "id": id }))
            {
                prop_assert!(ids.contains(&id.as_str()), "{query}");
            }
        }
    }
}
