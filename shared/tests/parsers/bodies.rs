//! What IMKit's bodies ask for: of rooms, of clients, of messages, of webhooks.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shared::dialect::imkit::{asked, listening, said};
use shared::error::Error;
use shared::id::{AppId, ClientId};
use shared::lambda::Settings;
use shared::request::Fields;
use shared::room::{MOST_ADMINS, RoomKind};
use shared::time::Time;
use shared::webhook::Loopback;

use crate::given::{cases, client, has_a_place, names, object, room};

const OF_ROOMS: &[&str] = &[
    "_id",
    "name",
    "topic",
    "cover",
    "description",
    "webhook",
    "extParams",
    "botState",
    "botMode",
    "encrypted",
    "roomTags",
    "data",
    "opening",
    "status",
    "isPrivate",
    "invitationRequired",
    "maxMembers",
    "owner",
    "managers",
    "roomType",
    "systemMessage",
    "partial",
    "expiresInSeconds",
    "property",
    "value",
];
const OF_CLIENTS: &[&str] = &[
    "_id",
    "id",
    "nickname",
    "avatarUrl",
    "description",
    "userAgent",
    "isRobot",
    "email",
    "mobile",
    "token",
    "issueAccessToken",
    "expirationDate",
    "expirationDateMS",
];
const OF_MESSAGES: &[&str] = &[
    "_id",
    "reply",
    "messageType",
    "message",
    "mentions",
    "extra",
    "originalUrl",
    "width",
    "images",
    "latitude",
    "url",
];
const OF_WEBHOOKS: &[&str] = &["url", "style", "events", "description", "status", "room", "from", "to"];

const SETTINGS: Settings = Settings { invitation_lifetime: Duration::from_secs(1_209_600), expose_addresses: true };

fn fields(body: Map<String, Value>) -> Fields {
    Fields::parse(&Value::Object(body).to_string()).unwrap()
}

/// What was read; a refusal must be one of the form, by the name of a field.
fn read<T>(result: Result<T, Error>, known: &[&str]) -> Result<Option<T>, TestCaseError> {
    match result {
        Ok(read) => Ok(Some(read)),
        Err(error) if names(&error, known) => Ok(None),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

fn is_short(text: Option<&String>, longest: usize) -> bool {
    text.is_none_or(|text| text.len() <= longest)
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_room_is_asked_for_within_its_limits(body in object(OF_ROOMS), pair in (client(), client())) {
        let fields = fields(body);
        let now = Time::from_millis(1_600_000_000_000);
        for pair in [None, Some([pair.0, pair.1])] {
            let Some(room) = read(asked::new_room(&fields, RoomKind::Group, pair, now), OF_ROOMS)? else { continue };
            prop_assert!(has_a_place(room.id.as_str()) && (1..=100_000).contains(&room.max_members));
            prop_assert!(is_short(room.face.name.as_ref(), 256) && is_short(room.face.cover.as_ref(), 2_048));
            prop_assert!(room.face.room_tags.len() <= 50 && room.face.data.len() <= 16_384);
            prop_assert!(room.email.is_ascii() && !room.email.contains(char::is_whitespace), "{}", room.email);
        }
        if let Some(revision) = read(asked::revision(&fields), OF_ROOMS)? {
            prop_assert!(revision.admins.is_none_or(|admins| admins.len() <= MOST_ADMINS));
            prop_assert!(revision.max_members.is_none_or(|seats| (1..=100_000).contains(&seats)));
        }
        read(asked::room_kind(&fields), OF_ROOMS)?;
        if let Some(asked::Setting::Property(name, _)) = read(asked::setting(&fields), OF_ROOMS)? {
            prop_assert!((1..=64).contains(&name.len()) && !name.starts_with('_') && name != "role" && name != "client");
        }
    }

    #[test]
    fn an_invitation_lives_from_a_minute_to_ninety_days(seconds in prop_oneof![any::<u64>(), 0_u64..100, 7_775_990_u64..7_776_010]) {
        let fields = fields(json!({ "expiresInSeconds": seconds }).as_object().unwrap().clone());
        let adding = read(asked::adding(&fields, &SETTINGS), &["expiresInSeconds"])?;
        let fits = (60..=7_776_000).contains(&seconds);
        prop_assert_eq!(adding.map(|adding| adding.lifetime), fits.then(|| Duration::from_secs(seconds)));
    }

    #[test]
    fn how_clients_are_added_is_said_or_refused(body in object(OF_ROOMS)) {
        if let Some(adding) = read(asked::adding(&fields(body), &SETTINGS), OF_ROOMS)? {
            prop_assert!((60..=7_776_000).contains(&adding.lifetime.as_secs()));
        }
    }

    #[test]
    fn a_client_is_stated_within_its_limits(body in object(OF_CLIENTS), own in client()) {
        let app = AppId::parse("app", "App").unwrap();
        let fields = fields(body);
        for statement in [asked::statement(&fields), asked::signing_in(&fields), asked::own_statement(&fields)] {
            let Some(statement) = read(statement, OF_CLIENTS)? else { continue };
            prop_assert!(OF_CLIENTS.iter().all(|name| !statement.custom.contains_key(*name)));
        }
        read(asked::is_about(&fields, &own), OF_CLIENTS)?;
        if let Some(Some(token)) = read(asked::token(&fields, &app, &own), OF_CLIENTS)? {
            prop_assert!(token.secret.len() >= 8 && token.secret.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(token.expires_at > Time::from_millis(0));
        }
        // A client never gets a token by its own word.
        if asked::own_statement(&fields).is_ok() {
            prop_assert!(asked::brought_token(&fields).ok().flatten().is_none());
        }
    }

    #[test]
    fn a_token_ends_in_the_future_and_not_too_far(seconds in prop_oneof![-1_000_000_i64..1_000_000, any::<i32>().prop_map(|days| i64::from(days) * 86_400)]) {
        let end = Time::from_millis(Time::now().millis().saturating_add(seconds.saturating_mul(1_000)));
        let body = json!({ "token": "a-token-of-ours", "expirationDate": end.iso() });
        let token = read(asked::brought_token(&fields(body.as_object().unwrap().clone())), &["expirationDate"])?;
        // Around the present moment either may be.
        prop_assume!(seconds.abs() > 60 && (seconds - 100 * 366 * 86_400).abs() > 60);
        let fits = seconds > 0 && seconds < 100 * 366 * 86_400;
        prop_assert_eq!(token.flatten().map(|token| token.expires_at), fits.then_some(end));
    }

    #[test]
    fn nobody_speaks_as_the_system_or_at_too_great_length(body in object(OF_MESSAGES)) {
        if let Some(speech) = read(said::speech(&fields(body.clone())), OF_MESSAGES)? {
            let kind = speech.post.message_type.as_str();
            prop_assert!(!["addMember", "addMembers", "joinRoom", "leaveRoom", "deleteMember", "cancelInvitations", "assignAdmin"].contains(&kind));
            prop_assert!((1..=64).contains(&kind.len()) && speech.post.fields.len() <= 16_384);
            let said = speech.post.fields.object();
            let is_as_sent = said.iter().all(|(name, value)| body.get(name) == Some(value));
            prop_assert!(speech.post.is_recall() || is_as_sent, "{:?}", said);
        }
    }

    #[test]
    fn webhooks_are_asked_for_within_their_limits(body in object(OF_WEBHOOKS)) {
        let fields = fields(body);
        read(listening::switch(&fields), OF_WEBHOOKS)?;
        if let Some(wishes) = read(listening::wishes(&fields, Loopback::Refused), OF_WEBHOOKS)? {
            prop_assert!(wishes.url.is_none_or(|url| url.len() <= 2_048));
        }
        if let Some((room, _)) = read(listening::replay(&fields), OF_WEBHOOKS)? {
            prop_assert!(has_a_place(room.as_str()));
        }
    }

    #[test]
    fn no_call_tells_more_than_a_thousand_entries_again(
        room in room(), from in 1_u64.., to in prop::option::of(any::<u64>()), end in prop_oneof![any::<u64>(), 0_u64..5_000],
    ) {
        let body = json!({ "room": room, "from": from, "to": to });
        let Some((_, span)) = read(listening::replay(&fields(body.as_object().unwrap().clone())), &["to"])? else { return Ok(()) };
        let Some(range) = read(span.of_log(end), &["to"])? else { return Ok(()) };
        prop_assert!(range.is_empty() || (*range.start() == from && *range.end() <= end && range.end() - range.start() < 1_000));
    }

    #[test]
    fn a_direct_room_is_that_of_its_two_whoever_comes_first(one in client(), other in client()) {
        let id = |pair: [&ClientId; 2]| shared::room::Room::direct_id(pair).unwrap();
        prop_assert_eq!(id([&one, &other]), id([&other, &one]));
        prop_assert!(has_a_place(id([&one, &other]).as_str()));
    }
}
