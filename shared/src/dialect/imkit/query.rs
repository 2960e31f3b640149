//! What `GET /rooms` and its like ask: which rooms, in which order, how many.

use serde_json::{Map, Value, json};

use super::parts::badge;
use super::view::full_room;
use crate::error::Error;
use crate::filter::Filter;
use crate::id::{AppId, ClientId, ObjectId};
use crate::request::Request;
use crate::room::Room;
use crate::standing::Standing;
use crate::store::{Bounds, Order};
use crate::time::Time;

/// The most rooms in one reply.
const MOST_ROOMS: u64 = 1_000;
/// The most messages in one reply.
const MOST_MESSAGES: u64 = 200;

/// Which of the caller's rooms are asked for.
#[derive(Clone, Debug)]
pub struct RoomQuery {
    skip: usize,
    limit: usize,
    sort: Vec<(Column, Direction)>,
    updated_after: Option<Time>,
    unread_first: bool,
    filter: Option<(Filter, Vec<ClientId>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    LastMessage,
    Created,
    Updated,
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl RoomQuery {
    /// Of a request's query. `limit=0` is all, up to what a reply holds; the newest message first where nothing is said.
    pub fn of(request: &Request) -> Result<Self, Error> {
        let skip = request.query_number("skip", 0..=u64::from(u32::MAX), 0)? as usize;
        let limit = match request.query_number("limit", 0..=u64::from(u32::MAX), 0)? {
            0 => MOST_ROOMS,
            limit => limit.min(MOST_ROOMS),
        } as usize;
        let sort = request.query("sort").unwrap_or("-lastMessage -createdTime").split_whitespace().map(column);
        Ok(Self {
            skip,
            limit,
            sort: sort.collect::<Result<_, _>>()?,
            updated_after: request.query("updatedAfter").map(|text| moment("updatedAfter", text)).transpose()?,
            unread_first: request.query_number("sortUnreadFirst", 0..=u64::from(u32::MAX), 0)? != 0,
            filter: request.query("q").map(filter).transpose()?,
        })
    }

    /// The rooms asked for, in order, and how many there are before and behind them too. Frozen ones are never among them.
    pub fn pick(
        &self,
        app: &AppId,
        own: &ClientId,
        rooms: Vec<(Room, Standing)>,
    ) -> Result<(usize, Vec<(Room, Standing)>), Error> {
        if let Some((_, others)) = &self.filter
            && others.iter().any(|other| other != own)
        {
            return Err(Error::invalid("q", "can ask for no `members` but yourself: these are your rooms"));
        }
        let mut rooms: Vec<_> = rooms.into_iter().filter(|(room, _)| self.wants(app, room)).collect();
        rooms.sort_by(|one, other| self.compare(one, other));
        let total = rooms.len();
        Ok((total, rooms.into_iter().skip(self.skip).take(self.limit).collect()))
    }

    fn wants(&self, app: &AppId, room: &Room) -> bool {
        let last = room.last_message.as_ref().map(|last| last.at);
        let is_news = |after: Time| room.created_at > after || last.is_some_and(|last| last > after);
        let fits = |(filter, _): &(Filter, Vec<ClientId>)| filter.matches(&full_room(app, room, None));
        !room.is_frozen && self.updated_after.is_none_or(is_news) && self.filter.as_ref().is_none_or(fits)
    }

    fn compare(&self, one: &(Room, Standing), other: &(Room, Standing)) -> std::cmp::Ordering {
        let unread = |(room, own): &(Room, Standing)| own.membership().is_some_and(|own| badge(room, own) > 0);
        let mut order = if self.unread_first { unread(other).cmp(&unread(one)) } else { std::cmp::Ordering::Equal };
        for (column, direction) in &self.sort {
            order = order.then_with(|| match direction {
                Direction::Up => column.compare(&one.0, &other.0),
                Direction::Down => column.compare(&other.0, &one.0),
            });
        }
        order.then_with(|| one.0.id.cmp(&other.0.id))
    }
}

impl Column {
    fn compare(self, one: &Room, other: &Room) -> std::cmp::Ordering {
        let last = |room: &Room| room.last_message.as_ref().map(|last| last.id.clone());
        match self {
            Self::LastMessage => last(one).cmp(&last(other)),
            Self::Created => one.created_at.cmp(&other.created_at),
            Self::Updated => one.updated_at.cmp(&other.updated_at),
            Self::Name => one.face.name.cmp(&other.face.name),
        }
    }
}

fn column(word: &str) -> Result<(Column, Direction), Error> {
    let (name, direction) = match word.strip_prefix('-') {
        Some(name) => (name, Direction::Down),
        None => (word, Direction::Up),
    };
    let column = match name {
        "lastMessage" => Column::LastMessage,
        "createdTime" | "createdTimeMS" | "_id" => Column::Created,
        "updatedAt" => Column::Updated,
        "name" => Column::Name,
        _ => return Err(Error::invalid("sort", "must name `lastMessage`, `createdTime`, `updatedAt` or `name`")),
    };
    Ok((column, direction))
}

/// A moment in ISO 8601 or in milliseconds.
fn moment(name: &str, text: &str) -> Result<Time, Error> {
    match text.parse() {
        Ok(millis) => Ok(Time::from_millis(millis)),
        Err(_) => Time::parse(name, text),
    }
}

/// The query without what it says of `members`, and whom it names there: a list of one's own rooms knows nobody else, and
/// in each of them one is oneself a member.
fn filter(text: &str) -> Result<(Filter, Vec<ClientId>), Error> {
    let mut named = Vec::new();
    let Ok(Value::Object(mut query)) = serde_json::from_str(text) else {
        return Ok((Filter::parse("q", text)?, named));
    };
    take_members(&mut query, &mut named)?;
    Ok((Filter::parse("q", &Value::Object(query).to_string())?, named))
}

fn take_members(query: &mut Map<String, Value>, named: &mut Vec<ClientId>) -> Result<(), Error> {
    if let Some(members) = query.remove("members") {
        let refusal = || Error::invalid("q", "must name `members` by id: one, or some by `$in`, `$all` or `$eq`");
        let ids = match members {
            Value::String(one) => vec![json!(one)],
            Value::Object(one) if one.len() == 1 => match one.into_iter().next() {
                Some((operator, Value::Array(ids))) if operator == "$in" || operator == "$all" => ids,
                Some((operator, one)) if operator == "$eq" => vec![one],
                _ => return Err(refusal()),
            },
            _ => return Err(refusal()),
        };
        if ids.is_empty() {
            return Err(refusal());
        }
        for id in ids {
            named.push(ClientId::parse("q", id.as_str().ok_or_else(refusal)?)?);
        }
    }
    for operator in ["$and", "$or"] {
        let parts = query.get_mut(operator).and_then(Value::as_array_mut).into_iter().flatten();
        for part in parts.filter_map(Value::as_object_mut) {
            take_members(part, named)?;
        }
    }
    Ok(())
}

/// Which messages of a room are asked for. Both bounds are among them.
pub fn bounds(request: &Request) -> Result<Bounds, Error> {
    let entry = |name: &str| request.query(name).map(|id| ObjectId::parse(name, id)).transpose();
    let (before, after) = (entry("beforeMessage")?, entry("afterMessage")?);
    let order = match request.query("sortOrder") {
        None | Some("desc") => Order::NewestFirst,
        Some("asc") => Order::OldestFirst,
        Some(_) => return Err(Error::invalid("sortOrder", "must be `asc` or `desc`")),
    };
    if !matches!(request.query("timeRangeField"), None | Some("updatedAt" | "createdAt" | "messageTime")) {
        return Err(Error::invalid("timeRangeField", "must be `updatedAt`, `createdAt` or `messageTime`"));
    }
    let since = request.query("afterTime").map(|text| moment("afterTime", text)).transpose()?;
    Ok(Bounds {
        first: after.map_or(1, |id| id.entry()),
        last: before.map_or(u64::MAX, |id| id.entry()),
        since,
        limit: request.query_number("limit", 1..=MOST_MESSAGES, 20)? as usize,
        order,
    })
}

/// The tags asked for, each of `roomTags` by itself.
pub fn tags(request: &Request) -> Vec<String> {
    request.query_all("roomTags")
}

/// Whether a room has one of the tags, where any are asked for.
pub fn has_tag(room: &Room, tags: &[String]) -> bool {
    tags.is_empty() || room.face.room_tags.iter().any(|tag| tags.contains(tag))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::Profile;
    use crate::id::RoomId;
    use crate::message::{Content, Message, Notice};
    use crate::room::RoomKind;
    use crate::standing::{Membership, Role, State, Via};

    const START: Time = Time::from_millis(1_600_000_000_000);

    /// So many minutes after the start.
    fn minute(number: u64) -> Time {
        START.plus(Duration::from_secs(60 * number))
    }

    fn own() -> ClientId {
        ClientId::parse("id", "aaa").unwrap()
    }

    fn asked(parameters: Value) -> Result<RoomQuery, Error> {
        let event = json!({ "queryStringParameters": parameters });
        RoomQuery::of(&serde_json::from_value(event).unwrap())
    }

    fn refusal(parameters: Value) -> String {
        asked(parameters).unwrap_err().to_string()
    }

    /// A room made in that minute, in which something was said in the other, with so many messages unread.
    fn room(id: &str, made: u64, said: Option<u64>, unread: u64) -> (Room, Standing) {
        let id = RoomId::parse("id", id).unwrap();
        let mut room = Room::of_many(id, RoomKind::Group, 10, minute(made));
        room.messages = unread + 1;
        room.face.room_tags = vec![room.id.to_string(), "all".to_owned()];
        room.last_message = said.map(|said| Message {
            id: ObjectId::of_entry(minute(said), said),
            at: minute(said),
            sender: None,
            content: Content::Notice(Notice::AddMembers(Vec::new())),
            edited_at: None,
        });
        let place = Membership {
            role: Role::Member,
            joined: 1,
            via: Via::Added,
            inviter: None,
            ticket: None,
            read_messages: 1,
            last_read: None,
            properties: Default::default(),
        };
        let state = State::Member(place);
        (room, Standing { client: own(), profile: Profile::default(), profile_version: 1, seq: 1, state })
    }

    fn rooms() -> Vec<(Room, Standing)> {
        let mut frozen = room("frozen", 9, Some(9), 9);
        frozen.0.is_frozen = true;
        vec![
            room("a", 1, Some(7), 0),
            room("b", 2, None, 0),
            room("c", 3, Some(5), 2),
            room("d", 4, Some(6), 1),
            frozen,
        ]
    }

    fn picked(parameters: Value) -> (usize, String) {
        let app = AppId::parse("app", "App").unwrap();
        let (total, rooms) = asked(parameters).unwrap().pick(&app, &own(), rooms()).unwrap();
        (total, rooms.iter().map(|(room, _)| room.id.as_str()).collect())
    }

    #[test]
    fn rooms_come_in_the_order_asked_for_and_frozen_ones_never() {
        for (sort, expected) in [
            ("-lastMessage -createdTime", "adcb"),
            ("lastMessage", "bcda"),
            ("createdTime", "abcd"),
            ("-createdTimeMS", "dcba"),
            ("-_id", "dcba"),
            ("updatedAt", "abcd"),
            ("name", "abcd"),
            ("name -updatedAt", "dcba"),
        ] {
            assert_eq!(picked(json!({ "sort": sort })), (4, expected.to_owned()), "{sort}");
        }
        assert_eq!(picked(json!({})).1, "adcb", "the newest message first");
        assert_eq!(picked(json!({ "sortUnreadFirst": "1" })).1, "dcab");
        assert_eq!(picked(json!({ "sortUnreadFirst": "7", "sort": "createdTime" })).1, "cdab");
        assert_eq!(picked(json!({ "sortUnreadFirst": "0", "sort": "createdTime" })).1, "abcd");
    }

    #[test]
    fn a_page_is_cut_behind_the_count() {
        for (skip, limit, expected) in
            [("0", "2", "ab"), ("1", "2", "bc"), ("3", "9", "d"), ("4", "1", ""), ("1", "0", "bcd")]
        {
            let query = json!({ "sort": "createdTime", "skip": skip, "limit": limit });
            assert_eq!(picked(query), (4, expected.to_owned()), "{skip} {limit}");
        }
        let app = AppId::parse("app", "App").unwrap();
        let many = (0..1_100).map(|number| room(&format!("r{number}"), 1, None, 0)).collect();
        let (total, page) = asked(json!({ "limit": "0" })).unwrap().pick(&app, &own(), many).unwrap();
        assert_eq!((total, page.len()), (1_100, 1_000));
    }

    #[test]
    fn news_is_what_was_made_or_said_later() {
        for (after, expected) in [(0, "abcd"), (3, "acd"), (4, "acd"), (5, "ad"), (6, "a"), (7, "")] {
            for text in [minute(after).millis().to_string(), minute(after).iso()] {
                let query = json!({ "sort": "createdTime", "updatedAfter": text });
                assert_eq!(picked(query).1, expected, "{after}");
            }
        }
    }

    #[test]
    fn being_a_member_oneself_is_no_condition_wherever_it_stands() {
        for (query, expected) in [
            (json!({ "members": "aaa" }), "abcd"),
            (json!({ "members": { "$in": ["aaa"] }, "roomTags": { "$in": ["b", "c"] } }), "bc"),
            (json!({ "$and": [{ "members": { "$all": ["aaa"] } }, { "roomTags": "d" }] }), "d"),
            (json!({ "$or": [{ "members": { "$eq": "aaa" } }, { "roomTags": "d" }] }), "abcd"),
            (json!({ "$or": [{ "roomTags": "a" }, { "$and": [{ "members": "aaa", "_id": "d" }] }] }), "ad"),
        ] {
            let found = picked(json!({ "sort": "createdTime", "q": query.to_string() }));
            assert_eq!(found, (expected.len(), expected.to_owned()), "{query}");
        }
    }

    #[test]
    fn nobody_elses_rooms_are_asked_for() {
        let app = AppId::parse("app", "App").unwrap();
        for query in [
            json!({ "members": "bbb" }),
            json!({ "members": { "$in": ["aaa", "bbb"] } }),
            json!({ "$or": [{ "members": "aaa" }, { "$and": [{ "members": "bbb" }] }] }),
        ] {
            let asked = asked(json!({ "q": query.to_string() })).unwrap();
            let refusal = asked.pick(&app, &own(), rooms()).unwrap_err().to_string();
            assert!(refusal.starts_with("`q` ") && refusal.contains("`members`"), "{query}: {refusal}");
        }
        for query in [
            json!({ "members": 1 }),
            json!({ "members": [] }),
            json!({ "members": { "$in": [] } }),
            json!({ "members": { "$in": [1] } }),
            json!({ "members": { "$in": "aaa" } }),
            json!({ "members": { "$ne": "aaa" } }),
            json!({ "members": { "$eq": "aaa", "$in": ["aaa"] } }),
            json!({ "$and": [{ "members": null }] }),
        ] {
            let told = refusal(json!({ "q": query.to_string() }));
            assert!(told.starts_with("`q` ") && told.contains("`members`"), "{query}: {told}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_by_name() {
        for (name, value) in [
            ("skip", "-1"),
            ("limit", "many"),
            ("sort", "size"),
            ("sort", "--name"),
            ("sort", "-"),
            ("updatedAfter", "soon"),
            ("updatedAfter", "2026-02-30T00:00:00Z"),
            ("sortUnreadFirst", "yes"),
            ("q", "{"),
            ("q", "null"),
            ("q", r#"{"a":{"$near":1}}"#),
        ] {
            let told = refusal(json!({ name: value }));
            assert!(told.starts_with(&format!("`{name}` ")), "{name}={value}: {told}");
        }
    }
}
