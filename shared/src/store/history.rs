//! The messages of a room: its log without the silent entries, in either direction; and the log itself, as it is read.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::Item;
use super::key::{self, Key};
use super::read::read_failed;
use super::{Store, item};
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::log::Entry;
use crate::time::Time;

/// How many entries are asked for at once when a moment's place in the log is sought.
const PROBES: u64 = 16;
/// The most that one query is asked to look through: about as many entries as fill the megabyte that it reads at most.
const MOST_READ: usize = 4_096;

/// Which messages of a room, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From the log entry of this number on.
    pub first: u64,
    /// Up to the log entry of this number.
    pub last: u64,
    /// Not from before then.
    pub since: Option<Time>,
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
    pub async fn messages(&self, app: &AppId, room: &RoomId, mut bounds: Bounds) -> Result<Vec<Entry>, Error> {
        if let Some(since) = bounds.since {
            bounds.first = bounds.first.max(self.first_since(app, room, since).await?);
        }
        let (mut entries, mut from, mut size) = (Vec::new(), None, bounds.limit * 2);
        if bounds.first > bounds.last {
            return Ok(entries);
        }
        loop {
            let (items, next) = self.said(app, room, bounds, size, from).await?;
            for item in items {
                entries.push(item::read(item)?);
            }
            (from, size) = (next, (size * 2).min(MOST_READ)); // where there was much silence, there may be more
            if entries.len() >= bounds.limit || from.is_none() {
                entries.truncate(bounds.limit);
                return Ok(entries);
            }
        }
    }

    /// One query: those of the next `size` entries within bounds that are messages, and where the next query goes on.
    async fn said(
        &self,
        app: &AppId,
        room: &RoomId,
        bounds: Bounds,
        size: usize,
        from: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), Error> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk AND SK BETWEEN :first AND :last")
            .filter_expression("attribute_exists(message)")
            .expression_attribute_values(":pk", item::text(&key::rooms(app, room)))
            .expression_attribute_values(":first", item::text(&Key::entry(app, room, bounds.first).sk))
            .expression_attribute_values(":last", item::text(&Key::entry(app, room, bounds.last).sk))
            .scan_index_forward(bounds.order == Order::OldestFirst)
            .set_limit(i32::try_from(size).ok())
            .set_exclusive_start_key(from)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = query.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
    }

    /// The number of the first entry from a moment on, or of the next one. Numbers and moments rise together, without a
    /// gap: a few rounds of probes find it, however long the log is.
    pub(super) async fn first_since(&self, app: &AppId, room: &RoomId, since: Time) -> Result<u64, Error> {
        let newest = self.batch(BTreeSet::from([Key::room(app, room)])).await?;
        let newest: Option<crate::room::Room> = newest.get(&Key::room(app, room))?;
        let (mut low, mut high) = (1, newest.map_or(0, |room| room.seq) + 1);
        while low < high {
            let step = (high - low).div_ceil(PROBES);
            let probes: Vec<u64> = (low..high).step_by(usize::try_from(step).unwrap_or(usize::MAX)).collect();
            let items = self.batch(probes.iter().map(|seq| Key::entry(app, room, *seq)).collect()).await?;
            for seq in probes {
                let entry: Option<Entry> = items.get(&Key::entry(app, room, seq))?;
                match entry.filter(|entry| entry.at >= since) {
                    None => low = seq + 1,
                    Some(_) => {
                        high = seq;
                        break;
                    }
                }
            }
        }
        Ok(low)
    }

    /// Up to `limit` entries of a room's log behind `after`. A changed message is shown as it is now, and not as it was.
    pub async fn log(&self, app: &AppId, room: &RoomId, after: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        let mut entries = self.entries(app, room, after, limit).await?;
        let changed = entries.iter().filter_map(|entry| entry.changed.as_ref());
        let keys: BTreeSet<Key> = changed.map(|id| Key::entry(app, room, id.entry())).collect();
        if keys.is_empty() {
            return Ok(entries);
        }
        let items = self.batch(keys).await?;
        for entry in &mut entries {
            if let Some(id) = &entry.changed {
                let original: Option<Entry> = items.get(&Key::entry(app, room, id.entry()))?;
                entry.message = original.and_then(|original| original.message);
            }
        }
        Ok(entries)
    }

    /// Up to `limit` entries of a room's log behind `after`, each with how many members the room had before it.
    pub(super) async fn counted(
        &self,
        app: &AppId,
        room: &RoomId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(Entry, u32)>, Error> {
        // From one entry earlier: it tells how many members there were.
        let entries = self.entries(app, room, after.saturating_sub(1), limit + 1).await?;
        let (mut members, mut counted) = (0, Vec::new());
        for entry in entries {
            let before = std::mem::replace(&mut members, entry.member_count);
            if entry.seq > after {
                counted.push((entry, before));
            }
        }
        counted.truncate(limit);
        Ok(counted)
    }
}
