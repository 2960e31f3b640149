//! What lists are asked for: which rooms, which messages, which clients.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::dialect::imkit::query::{RoomQuery, bounds, has_tag, tags};
use shared::filter::Filter;
use shared::id::{AppId, ClientId, ObjectId, RoomId};
use shared::request::Request;
use shared::room::{Room, RoomKind};
use shared::standing::{Membership, Role, Standing, State, Via};
use shared::time::Time;

use crate::given::{cases, client, names, object, pairs, text, value};

const OF_ROOMS: &[&str] = &["skip", "limit", "sort", "updatedAfter", "sortUnreadFirst", "q"];
const OF_MESSAGES: &[&str] = &["beforeMessage", "afterMessage", "sortOrder", "timeRangeField", "afterTime", "limit"];
const OPERATORS: &[&str] = &[
    "$and", "$or", "$eq", "$ne", "$in", "$nin", "$all", "$exists", "$gt", "$lt", "$near", "_id", "members", "roomTags",
    "name", "a.b", "a..b", "",
];

fn own() -> ClientId {
    ClientId::parse("id", "aaa").unwrap()
}

/// Rooms of which some are frozen.
fn rooms(sizes: &[bool]) -> Vec<(Room, Standing)> {
    let room = |(number, frozen): (usize, &bool)| {
        let at = Time::from_millis(number as i64 * 1_000);
        let id = RoomId::parse("id", &format!("r{number}")).unwrap();
        let room = Room { is_frozen: *frozen, ..Room::of_many(id, RoomKind::Group, 10, at) };
        let place = Membership {
            role: Role::Member,
            joined: 1,
            via: Via::Added,
            inviter: None,
            ticket: None,
            read_messages: 0,
            last_read: None,
            properties: Default::default(),
        };
        let standing = Standing {
            client: own(),
            profile: Default::default(),
            profile_version: 1,
            seq: 1,
            state: State::Member(place),
        };
        (room, standing)
    };
    sizes.iter().enumerate().map(room).collect()
}

fn request(query: Value) -> Request {
    serde_json::from_value(json!({ "queryStringParameters": query })).unwrap()
}

/// Queries that are nearly one of MongoDB's.
fn query() -> impl Strategy<Value = String> {
    let whole = object(OPERATORS).prop_map(|query| Value::Object(query).to_string());
    let nested =
        (object(OPERATORS), prop::sample::select(OPERATORS), 0_usize..12).prop_map(|(inner, operator, depth)| {
            let wrap = |inner: Value, _| json!({ operator: [inner] });
            (0..depth).fold(Value::Object(inner), wrap).to_string()
        });
    prop_oneof![whole, nested, text(), value().prop_map(|value| value.to_string())]
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_list_of_rooms_is_asked_for_or_refused_by_name(query in pairs(OF_ROOMS), q in prop::option::of(query()), frozen in prop::collection::vec(any::<bool>(), 0..6)) {
        let mut query = query;
        query.extend(q.map(|q| ("q".to_owned(), q.into())));
        let asked = match RoomQuery::of(&request(query.into())) {
            Ok(asked) => asked,
            Err(error) => {
                prop_assert!(names(&error, OF_ROOMS), "{}", error);
                return Ok(());
            }
        };
        let app = AppId::parse("app", "App").unwrap();
        match asked.pick(&app, &own(), rooms(&frozen)) {
            Ok((total, page)) => {
                prop_assert!(page.len() <= total && total <= frozen.iter().filter(|frozen| !**frozen).count());
                prop_assert!(page.iter().all(|(room, _)| !room.is_frozen));
            }
            Err(error) => prop_assert!(names(&error, &["q"]), "{}", error),
        }
    }

    #[test]
    fn whoever_else_is_named_anywhere_in_a_query_makes_it_refused(
        other in client(), operator in prop::sample::select(vec!["$eq", "$in", "$all"]), depth in 0_usize..6, or in any::<bool>(),
    ) {
        prop_assume!(other != own());
        let named = if operator == "$eq" { json!({ "$eq": other }) } else { json!({ operator: ["aaa", other] }) };
        let word = if or { "$or" } else { "$and" };
        let wrap = |inner: Value, _| json!({ word: [{ "name": "x" }, inner] });
        let query = (0..depth).fold(json!({ "members": named }), wrap);
        let asked = RoomQuery::of(&request(json!({ "q": query.to_string() }))).unwrap();
        let refusal = asked.pick(&AppId::parse("app", "App").unwrap(), &own(), Vec::new()).unwrap_err();
        prop_assert!(names(&refusal, &["q"]));
    }

    #[test]
    fn messages_are_asked_for_within_their_limits(query in pairs(OF_MESSAGES)) {
        match bounds(&request(query.into())) {
            Ok(bounds) => prop_assert!((1..=200).contains(&bounds.limit)),
            Err(error) => prop_assert!(names(&error, OF_MESSAGES), "{}", error),
        }
    }

    #[test]
    fn bounds_are_the_entries_that_the_ids_tell(first in 1..=u64::from(u32::MAX), last in 1..=u64::from(u32::MAX)) {
        let id = |seq: u64| ObjectId::of_entry(Time::from_millis(1_600_000_000_000), seq).to_string();
        let bounds = bounds(&request(json!({ "afterMessage": id(first), "beforeMessage": id(last) }))).unwrap();
        prop_assert_eq!((bounds.first, bounds.last), (first, last));
    }

    #[test]
    fn a_moment_is_the_same_in_digits_and_in_words(millis in 0_i64..4_102_444_800_000) {
        let time = Time::from_millis(millis);
        let since = |text: String| bounds(&request(json!({ "afterTime": text }))).unwrap().since;
        prop_assert_eq!(since(millis.to_string()), Some(time));
        prop_assert_eq!(since(time.iso()), Some(time));
    }

    #[test]
    fn a_filter_is_understood_or_refused_by_name_and_spaces_mean_nothing(text in query(), object in value()) {
        match Filter::parse("q", &text) {
            Ok(filter) => {
                let spaced = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap();
                prop_assert!(spaced.len() > 8_192 || Filter::parse("q", &spaced).unwrap() == filter);
                let (found, ids) = (filter.matches(&object), filter.ids());
                let is_named = |ids: &Vec<&str>| object["_id"].as_str().is_none_or(|id| ids.contains(&id));
                let has_own_id = object["_id"].is_string() && object["id"] == object["_id"];
                prop_assert!(!found || !has_own_id || ids.as_ref().is_none_or(is_named));
            }
            Err(error) => prop_assert!(names(&error, &["q"]), "{}", error),
        }
    }

    #[test]
    fn a_room_has_the_tags_that_it_has(own in prop::collection::vec("[a-c]{1,2}", 0..4), asked in prop::collection::vec("[a-c]{1,2}", 0..3)) {
        let query: Vec<String> = asked.iter().map(|tag| format!("roomTags={tag}")).collect();
        let request: Request = serde_json::from_value(json!({ "rawQueryString": query.join("&") })).unwrap();
        let mut room = rooms(&[false]).remove(0).0;
        room.face.room_tags.clone_from(&own);
        let expected = asked.is_empty() || own.iter().any(|tag| asked.contains(tag));
        prop_assert_eq!(has_tag(&room, &tags(&request)), expected);
    }
}
