//! `Idempotency-Key`: which keys are taken, and whose requests are the same.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::auth::Caller;
use shared::id::ClientId;
use shared::once::{Asked, Finding, Kept, Record};
use shared::request::Request;
use shared::time::Time;

use crate::given::{cases, client, names, text};

const NOW: Time = Time::from_millis(1_600_000_000_000);

fn request(method: &str, path: &str, key: &str, body: &str) -> Request {
    let context = json!({ "http": { "method": method } });
    let headers = json!({ "Idempotency-Key": key });
    let event = json!({ "requestContext": context, "rawPath": path, "headers": headers, "body": body });
    serde_json::from_value(event).unwrap()
}

fn caller(client: Option<ClientId>, is_platform: bool) -> Caller {
    match client {
        Some(client) if !is_platform => Caller::Client(client),
        sender => Caller::Platform(sender),
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_key_is_taken_if_it_is_visible_and_not_too_long_and_never_where_nothing_changes(key in prop_oneof![text(), "[!-~]{250,260}"], method in "(GET|HEAD|POST|PUT|DELETE)") {
        let trimmed = key.trim();
        let is_given = !trimmed.is_empty() && !["GET", "HEAD"].contains(&method.as_str());
        let fits = trimmed.len() <= 255 && trimmed.bytes().all(|byte| byte.is_ascii_graphic());
        match Asked::of(&request(&method, "/rooms/r/members", &key, "{}")) {
            Ok(asked) => prop_assert_eq!(asked.is_some(), is_given && fits),
            Err(error) => prop_assert!(is_given && !fits && names(&error, &["Idempotency-Key"]), "{}", error),
        }
    }

    #[test]
    fn a_request_is_the_same_if_caller_method_path_and_key_are(
        callers in prop::array::uniform2((prop::option::of(prop_oneof![client(), Just(ClientId::parse("id", "a").unwrap())]), any::<bool>())),
        methods in prop::array::uniform2("(POST|PUT)"), paths in prop::array::uniform2("/[a-c/ ]{0,3}"), keys in prop::array::uniform2("[a-b ]{0,2}[ab]"),
    ) {
        let [one, other] = callers.map(|(client, is_platform)| caller(client, is_platform));
        let asked = |at: usize| Asked::of(&request(&methods[at], &paths[at], &keys[at], "{}"));
        let (Ok(Some(first)), Ok(Some(second))) = (asked(0), asked(1)) else { return Ok(()) };
        let bare = |at: usize| match paths[at].trim_end_matches('/') {
            "" => paths[at].clone(),
            bare => bare.to_owned(),
        };
        let is_same = one == other && methods[0] == methods[1] && bare(0) == bare(1) && keys[0].trim() == keys[1].trim();
        prop_assert_eq!(first.scope(&one) == second.scope(&other), is_same);
    }

    #[test]
    fn what_is_kept_is_found_as_it_was_by_the_same_request_alone(
        [body, other] in [text(), text()], steps in prop::collection::btree_map(text(), text(), 0..4),
    ) {
        let asked = |body: &str| Asked::of(&request("POST", "/rooms", "k", body)).unwrap().unwrap();
        let steps = steps.into_iter().map(|(name, step)| (name, Value::from(step))).collect();
        let kept = Kept { steps, answer: None };
        let record = Record::of(&asked(&body), "first", None, &kept, NOW).unwrap();
        let record: Record = serde_json::from_value(serde_json::to_value(&record).unwrap()).unwrap();
        let Ok(Finding::Begun(found)) = record.found(&asked(&body), "first", NOW) else { panic!("it has begun") };
        prop_assert_eq!(found.steps, kept.steps);
        prop_assert!(body == other || record.found(&asked(&other), "first", NOW).is_err());
        prop_assert!(record.found(&asked(&body), "second", NOW).is_err(), "it is another's turn");
    }

    #[test]
    fn a_spoilt_record_is_an_error_and_no_more(kept in prop_oneof![text(), "[A-Za-z0-9+/]{0,40}"]) {
        let asked = Asked::of(&request("POST", "/rooms", "k", "{}")).unwrap().unwrap();
        let record = Record::of(&asked, "first", None, &Kept::default(), NOW).unwrap();
        let mut stored = serde_json::to_value(&record).unwrap();
        stored["kept"] = json!(kept);
        let record: Record = serde_json::from_value(stored).unwrap();
        let _ = record.found(&asked, "second", NOW);
    }
}
