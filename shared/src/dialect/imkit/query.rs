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
            unread_first: request.query_number("sortUnreadFirst", 0..=1, 0)? == 1,
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

/// The query without what it says of `members`, and whom it names there: a list of one's own rooms knows nobody else.
fn filter(text: &str) -> Result<(Filter, Vec<ClientId>), Error> {
    let mut query: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let named = match query.remove("members") {
        None => return Ok((Filter::parse("q", text)?, Vec::new())),
        Some(Value::String(one)) => vec![json!(one)],
        Some(Value::Object(mut one)) if one.len() == 1 => {
            let ids = one.remove("$in").or(one.remove("$all")).or(one.remove("$eq").map(|one| json!([one])));
            ids.and_then(|ids| ids.as_array().cloned())
                .ok_or_else(|| Error::invalid("q", "must name `members` by id"))?
        }
        Some(_) => return Err(Error::invalid("q", "must name `members` by id")),
    };
    let named = named.iter().map(|id| ClientId::parse("q", id.as_str().unwrap_or_default()));
    let named = named.collect::<Result<_, _>>()?;
    Ok((Filter::parse("q", &Value::Object(query).to_string())?, named))
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
        since: since.unwrap_or(Time::from_millis(0)),
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
