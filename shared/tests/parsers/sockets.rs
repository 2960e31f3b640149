//! Handshakes and frames of sockets.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shared::auth::{BoundToken, Caller, Hash, Proof};
use shared::dialect::frames;
use shared::error::Error;
use shared::socket::{Badge, Frame, Handshake};
use shared::time::Time;

use crate::given::{app, cases, client, has_a_place, names, object, pairs, room, text, value};

const OF_A_FRAME: &[&str] = &["action", "room", "after", "style"];
const HEADERS: &[&str] =
    &["IM-CLIENT-KEY", "im-client-key", "IM-Authorization", "Authorization", "IM-API-KEY", "IM-CLIENT-ID", "style"];
const PARTS: &[&str] =
    &["routeKey", "connectionId", "authorizer", "requestContext", "body", "app", "key", "token", "client", "style"];

/// Everything that is ever read of a frame.
fn read_all(frame: &Frame) -> Result<(), TestCaseError> {
    let _ = (frame.route(), frame.socket(), frame.fields());
    match frame.room() {
        Ok(room) => prop_assert!(room.is_none_or(|room| has_a_place(room.as_str()))),
        Err(error) => prop_assert!(names(&error, &["room"]) || matches!(error, Error::InvalidBody { .. }), "{}", error),
    }
    let (after, style) = (frame.after().err(), frame.style().err());
    for (error, name) in after.into_iter().map(|error| (error, "after")).chain(style.map(|error| (error, "style"))) {
        prop_assert!(names(&error, &[name]) || matches!(error, Error::InvalidBody { .. }), "{}", error);
        let refusal = frames::refused(frame, &error);
        prop_assert_eq!(&refusal["type"], "error");
        prop_assert!(refusal.to_string().len() < frames::LONGEST, "a refusal repeats no more than a name");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn no_json_makes_the_readers_of_sockets_panic(any in value(), parts in object(PARTS)) {
        for event in [any, Value::Object(parts)] {
            if let Ok(frame) = serde_json::from_value::<Frame>(event.clone()) {
                read_all(&frame)?;
            }
            if let Ok(handshake) = serde_json::from_value::<Handshake>(event) {
                let _ = (handshake.credentials(), handshake.style());
            }
        }
    }

    #[test]
    fn whatever_a_frame_says_is_read_or_refused(
        body in prop_oneof![object(OF_A_FRAME).prop_map(|body| Value::Object(body).to_string()), text()],
        connection in text(), style in prop::option::of(text()), app in app(), client in prop::option::of(client()),
    ) {
        let authorizer = json!({ "app": app, "token": "t", "client": client, "style": style, "principalId": "x" });
        let context = json!({ "routeKey": "subscribe", "connectionId": connection, "authorizer": authorizer });
        let frame: Frame = serde_json::from_value(json!({ "requestContext": context, "body": body })).unwrap();
        read_all(&frame)?;
        if let Ok(socket) = frame.socket() {
            prop_assert_eq!((&socket.badge.app, &socket.badge.client), (&app, &client));
            prop_assert_eq!(socket.connection.as_str(), connection);
        }
    }

    #[test]
    fn a_frame_means_the_room_that_it_names(room in room(), after in any::<u64>()) {
        let body = json!({ "action": "subscribe", "room": room, "after": after }).to_string();
        let context = json!({ "routeKey": "subscribe", "connectionId": "c", "authorizer": { "app": "App" } });
        let frame: Frame = serde_json::from_value(json!({ "requestContext": context, "body": body })).unwrap();
        prop_assert_eq!((frame.room().unwrap(), frame.after().unwrap()), (Some(room), Some(after)));
    }

    #[test]
    fn a_handshake_reads_the_query_as_it_reads_headers(pairs in pairs(HEADERS)) {
        let shake = |headers: Value, query: Value| -> Handshake {
            serde_json::from_value(json!({ "methodArn": "arn", "headers": headers, "queryStringParameters": query })).unwrap()
        };
        // Two spellings of one name are two headers, and one parameter each.
        let distinct: Map<String, Value> = pairs.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        let (in_headers, in_query) = (shake(json!(distinct), Value::Null), shake(Value::Null, json!(distinct)));
        match (in_headers.credentials(), in_query.credentials()) {
            (Ok(one), Ok(other)) => prop_assert_eq!((&one.app, one.hint()), (&other.app, other.hint())),
            (Err(one), Err(other)) => prop_assert_eq!(one.to_string(), other.to_string()),
            (one, _) => prop_assert!(false, "one of them is refused, {}", one.is_ok()),
        }
    }

    #[test]
    fn a_badge_presents_what_was_proven_and_holds_no_secret(app in app(), own in client(), keyed in any::<bool>()) {
        let token = BoundToken::issued(&app, &own, Time::from_millis(9)).secret;
        let headers = json!({ "IM-CLIENT-KEY": format!("{app}.the-secret-key"), "IM-Authorization": token });
        let platform = json!({ "IM-API-KEY": format!("{app}.the-secret-key"), "IM-CLIENT-ID": own });
        // Headers are bytes that an HTTP client can send.
        prop_assume!(keyed || own.as_str().trim() == own.as_str());
        let event = json!({ "methodArn": "arn", "headers": if keyed { headers } else { platform } });
        let credentials = serde_json::from_value::<Handshake>(event).unwrap().credentials().unwrap();
        let caller = if keyed { Caller::Client(own.clone()) } else { Caller::Platform(Some(own.clone())) };
        let stored = serde_json::to_string(&Badge::of(&credentials, &caller)).unwrap();
        prop_assert!(!stored.contains("the-secret-key") && !stored.contains(&token));
        let badge: Badge = serde_json::from_str(&stored).unwrap();
        let again = badge.credentials().unwrap();
        prop_assert_eq!((&again.app, again.hint(), badge.member().is_some()), (&app, Some(&own), keyed));
        match (again.proof, keyed) {
            (Proof::Token { token: hash, .. }, true) => prop_assert_eq!(hash, Hash::of(&token)),
            (Proof::ApiKey { .. }, false) => {}
            _ => prop_assert!(false, "another proof"),
        }
    }
}
