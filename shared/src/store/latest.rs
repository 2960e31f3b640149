//! The last messages of a room: read beside the room itself, where the newest of its log hold them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::key::{self, Key};
use super::read::read_failed;
use super::{Store, item};
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::log::{Entry, Kind};
use crate::message::Message;
use crate::room::Room;

/// How many entries are looked at in one request.
const AT_ONCE: i32 = 60;

impl Store {
    /// The newest entries of a room's log, the newest first, before anything is known of the room.
    pub async fn newest_entries(&self, app: &AppId, room: &RoomId) -> Result<Vec<Entry>, Error> {
        self.entries_before(app, room, u64::MAX).await
    }

    /// The last `limit` messages of a room, the oldest first. Where the entries that are `known` already do not hold them
    /// all, as behind many silent ones, older ones are read.
    pub async fn latest_messages(
        &self,
        app: &AppId,
        room: &Room,
        known: impl IntoIterator<Item = Entry>,
        limit: usize,
    ) -> Result<Vec<Message>, Error> {
        let oldest = room.messages.saturating_sub(limit as u64) + 1;
        let mut found: BTreeMap<u64, Message> = BTreeMap::new();
        let wanted =
            |entry: &Entry| entry.kind != Kind::MessageUpdated && (oldest..=room.messages).contains(&entry.messages);
        let mut take = |entries: Vec<Entry>| {
            let messages = entries.into_iter().filter(wanted);
            found.extend(messages.filter_map(|entry| Some((entry.messages, entry.message?))));
            found.len() as u64 == room.messages + 1 - oldest
        };
        let mut complete = take(known.into_iter().collect());
        let mut before = room.seq + 1;
        while !complete && before > 1 {
            let entries = self.entries_before(app, &room.id, before).await?;
            before = entries.last().map_or(1, |entry| entry.seq);
            complete = take(entries);
        }
        Ok(found.into_values().collect())
    }

    /// Entries with a smaller number, the newest first.
    async fn entries_before(&self, app: &AppId, room: &RoomId, before: u64) -> Result<Vec<Entry>, Error> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk AND SK BETWEEN :first AND :last")
            .expression_attribute_values(":pk", item::text(&key::rooms(app, room)))
            .expression_attribute_values(":first", item::text(&Key::entry(app, room, 0).sk))
            .expression_attribute_values(":last", item::text(&Key::entry(app, room, before - 1).sk))
            .scan_index_forward(false)
            .limit(AT_ONCE)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = query.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        reply.items.unwrap_or_default().into_iter().map(item::read).collect()
    }
}
