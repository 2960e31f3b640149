//! The messages of a room: its log without the silent entries, in either direction.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::key::{self, Key};
use super::read::read_failed;
use super::{Store, item};
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::log::Entry;
use crate::time::Time;

/// Which messages of a room, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From the log entry of this number on.
    pub first: u64,
    /// Up to the log entry of this number.
    pub last: u64,
    /// Not from before then.
    pub since: Time,
    /// At most so many.
    pub limit: usize,
    /// Which of them come first.
    pub order: Order,
}

/// The direction of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

impl Store {
    /// The entries of messages within bounds. Silent entries are read over: they cost reading, and no place.
    pub async fn messages(&self, app: &AppId, room: &RoomId, bounds: Bounds) -> Result<Vec<Entry>, Error> {
        let (mut entries, mut from) = (Vec::new(), None);
        if bounds.first > bounds.last {
            return Ok(entries);
        }
        loop {
            let query = self
                .dynamo
                .query()
                .table_name(&self.table)
                .key_condition_expression("PK = :pk AND SK BETWEEN :first AND :last")
                .filter_expression("attribute_exists(message) AND #kind <> :edit AND #at >= :since")
                .expression_attribute_names("#kind", "kind")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":pk", item::text(&key::rooms(app, room)))
                .expression_attribute_values(":first", item::text(&Key::entry(app, room, bounds.first).sk))
                .expression_attribute_values(":last", item::text(&Key::entry(app, room, bounds.last).sk))
                .expression_attribute_values(":edit", item::value(&crate::log::Kind::MessageUpdated)?)
                .expression_attribute_values(":since", item::value(&bounds.since)?)
                .scan_index_forward(bounds.order == Order::OldestFirst)
                .set_limit(i32::try_from(bounds.limit * 2).ok())
                .set_exclusive_start_key(from)
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let reply = query.send().await.map_err(read_failed)?;
            self.spent(&reply.consumed_capacity);
            for item in reply.items.unwrap_or_default() {
                entries.push(item::read(item)?);
            }
            from = reply.last_evaluated_key;
            if entries.len() >= bounds.limit || from.is_none() {
                entries.truncate(bounds.limit);
                return Ok(entries);
            }
        }
    }
}
