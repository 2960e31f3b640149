//! Events of API Gateway's, and what is read of them: headers, cookies, path, query, bodies.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shared::dialect::imkit::listening;
use shared::dialect::talk::Parameters;
use shared::error::Error;
use shared::request::{Fields, LONGEST_BODY, Request};

use crate::given::{cases, has_a_place, names, object, pairs, text, value};

const PARTS: &[&str] = &[
    "routeKey",
    "rawPath",
    "rawQueryString",
    "headers",
    "cookies",
    "pathParameters",
    "queryStringParameters",
    "requestContext",
    "body",
    "isBase64Encoded",
    "http",
    "method",
    "domainName",
];
const PARAMETERS: &[&str] =
    &["id", "_id", "client", "webhook", "delivery", "limit", "cursor", "state", "roomTags", "lang"];

fn event(parts: &Map<String, Value>) -> Option<Request> {
    serde_json::from_value(Value::Object(parts.clone())).ok()
}

/// Everything that is ever read of a request's outside.
fn read_all(request: &Request) -> Result<(), TestCaseError> {
    let (_, _, _, _) = (request.route(), request.method(), request.domain(), request.headers().count());
    if let Some(bare) = request.path_without_slash() {
        prop_assert!(
            !bare.ends_with('/')
                && request.raw_path().strip_prefix(bare).is_some_and(|rest| rest.trim_matches('/').is_empty())
        );
    }
    for name in PARAMETERS {
        prop_assert!(request.header(name).is_none_or(|value| !value.is_empty() && value.trim() == value));
        prop_assert!(request.query(name).is_none_or(|value| !value.is_empty()));
        prop_assert!(request.client(name).ok().is_none_or(|client| has_a_place(client.as_str())));
        prop_assert!(request.query_number(name, 3..=9, 5).ok().is_none_or(|number| (3..=9).contains(&number)));
        let (_, _) = (request.cookie(name), request.query_all(name));
    }
    prop_assert!(request.room().ok().is_none_or(|room| has_a_place(room.as_str())));
    prop_assert!(listening::webhook(request).ok().is_none_or(|target| target.is_webhook()));
    prop_assert!(listening::delivery(request).ok().is_none_or(|id| has_a_place(id.as_str())));
    prop_assert!(listening::page(request).ok().is_none_or(|page| (1..=1_000).contains(&page.limit)));
    let _ = (request.prefers_minimal(), request.cookies(), request.clone().with_query_as_headers());
    match (request.bytes(), request.fields()) {
        (Ok(bytes), Ok(_)) => prop_assert!(bytes.len() <= LONGEST_BODY),
        (_, Err(Error::InvalidBody { .. } | Error::BodyTooLarge { .. })) => {}
        (bytes, fields) => prop_assert!(false, "{:?} {:?}", bytes.is_ok(), fields.map(drop)),
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn no_json_makes_the_reader_of_events_panic(any in value(), parts in object(PARTS)) {
        for event in [any, Value::Object(parts)] {
            if let Ok(request) = serde_json::from_value::<Request>(event) {
                read_all(&request)?;
            }
        }
    }

    #[test]
    fn whatever_stands_in_an_event_is_read_or_refused(
        headers in pairs(PARAMETERS), path in pairs(PARAMETERS), query in pairs(PARAMETERS),
        [raw_path, raw_query, body] in [text(), text(), text()], cookies in prop::collection::vec(text(), 0..3), coded in any::<bool>(),
    ) {
        let parts = json!({
            "headers": headers, "pathParameters": path, "queryStringParameters": query, "rawPath": raw_path,
            "rawQueryString": raw_query, "body": body, "cookies": cookies, "isBase64Encoded": coded,
        });
        read_all(&event(parts.as_object().unwrap()).expect("it is one"))?;
    }

    #[test]
    fn a_body_says_the_same_in_clear_and_in_base64(body in prop_oneof![text(), value().prop_map(|value| value.to_string())]) {
        use base64::Engine;
        let coded = base64::engine::general_purpose::STANDARD.encode(&body);
        let in_clear: Request = serde_json::from_value(json!({ "body": body })).unwrap();
        let in_base64: Request = serde_json::from_value(json!({ "body": coded, "isBase64Encoded": true })).unwrap();
        prop_assert_eq!(in_clear.bytes().unwrap(), in_base64.bytes().unwrap());
        let told = |fields: Result<Fields, Error>| fields.map(|fields| fields.others(&[])).map_err(|error| error.to_string());
        prop_assert_eq!(told(in_clear.fields()), told(in_base64.fields()));
    }

    #[test]
    fn fields_are_those_of_the_object_and_no_other_value_has_any(value in value()) {
        match (Fields::parse(&value.to_string()), &value) {
            (Ok(fields), Value::Object(own)) => prop_assert_eq!(&fields.others(&[]), own),
            (Err(Error::InvalidBody { .. }), other) => prop_assert!(!other.is_object()),
            (other, _) => prop_assert!(false, "{:?}", other.map(drop)),
        }
    }

    #[test]
    fn a_field_is_of_its_type_or_refused_by_its_name(field in value(), longest in 0_usize..40) {
        let fields = Fields::parse(&json!({ "f": field }).to_string()).unwrap();
        let refused = |error: Error| prop::test_runner::TestCaseError::fail(error.to_string());
        let check = |error: Error| if names(&error, &["f"]) { Ok(()) } else { Err(refused(error)) };
        fields.text("f", longest).map_or_else(check, |text| {
            prop_assert!(text.is_none_or(|text| text.len() <= longest && field == text));
            Ok(())
        })?;
        fields.texts("f", longest).map_or_else(check, |texts| {
            prop_assert!(texts.is_none_or(|texts| texts.iter().all(|text| text.len() <= longest) && field == json!(texts)));
            Ok(())
        })?;
        fields.object("f", longest).map_or_else(check, |object| {
            prop_assert!(object.is_none_or(|object| field == Value::Object(object) && field.to_string().len() <= longest));
            Ok(())
        })?;
        fields.number("f", 1..=3).map_or_else(check, |number| {
            prop_assert!(number.is_none_or(|number| (1..=3).contains(&number) && field == number));
            Ok(())
        })?;
        fields.flag("f").map_or_else(check, |flag| {
            prop_assert!(flag.is_none_or(|flag| field == flag));
            Ok(())
        })?;
        fields.clients("f").map_or_else(check, |clients| {
            let clients = clients.unwrap_or_default();
            let distinct: std::collections::BTreeSet<_> = clients.iter().collect();
            prop_assert!(distinct.len() == clients.len() && clients.iter().all(|client| has_a_place(client.as_str())));
            Ok(())
        })?;
    }

    #[test]
    fn what_is_percent_encoded_in_a_query_comes_back_as_it_was(texts in prop::collection::vec(text(), 0..4), spaces in any::<bool>()) {
        let encoded = |text: &String| {
            let text = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            if spaces { text.replace("%20", "+") } else { text }
        };
        let query: Vec<String> = texts.iter().map(|text| format!("roomTags={}", encoded(text))).collect();
        let request: Request = serde_json::from_value(json!({ "rawQueryString": format!("x=1&{}&y", query.join("&")) })).unwrap();
        let given: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(request.query_all("roomTags"), given);
    }

    #[test]
    fn talks_parameters_are_of_their_type_or_refused_by_name(body in object(PARAMETERS), query in pairs(PARAMETERS), id in text()) {
        let event = json!({
            "pathParameters": { "id": id }, "queryStringParameters": query, "body": Value::Object(body.clone()).to_string(),
        });
        let request: Request = serde_json::from_value(event).unwrap();
        let parameters = Parameters::of(&request).unwrap();
        let check = |error: Error, name: &str| {
            prop_assert!(names(&error, &[name]), "{}", error);
            Ok(())
        };
        for name in PARAMETERS {
            match parameters.text(name) {
                Ok(Some(text)) => prop_assert!(body.get(*name).is_none_or(|own| own.is_number() || *own == text)),
                Ok(None) => prop_assert!(!body.contains_key(*name) && !query.contains_key(*name)),
                Err(error) => check(error, name)?,
            }
            match parameters.texts(name) {
                Ok(texts) => prop_assert!((1..texts.len()).all(|at| !texts[..at].contains(&texts[at]))),
                Err(error) => check(error, name)?,
            }
            match parameters.clients(name) {
                Ok(clients) => prop_assert!(clients.iter().all(|client| has_a_place(client.as_str()))),
                Err(error) => check(error, name)?,
            }
            parameters.flag(name).map_or_else(|error| check(error, name), |_| Ok(()))?;
        }
        parameters.room().map_or_else(|error| check(error, "_id"), |room| {
            prop_assert!(has_a_place(room.as_str()));
            Ok(())
        })?;
        let _ = parameters.credentials();
    }

    #[test]
    fn less_is_asked_for_in_any_spelling_of_it(before in "[a-z=]{0,5}", spaces in " {0,3}", flips in any::<[bool; 3]>()) {
        let word = "return=minimal".char_indices().map(|(at, c)| if flips[at % 3] { c.to_ascii_uppercase() } else { c });
        let prefer = format!("{before},{spaces}{}{spaces}", word.collect::<String>());
        let request: Request = serde_json::from_value(json!({ "headers": { "Prefer": prefer } })).unwrap();
        prop_assert!(request.prefers_minimal());
    }
}
