//! Reading: everything whose key is known from the request goes out at once.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;

use super::item::{self, Item};
use super::key::{self, Key};
use super::visit::{View, Visit};
use super::{Store, pause};
use crate::door::Everybody;
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::log::Entry;
use crate::room::Room;
use crate::standing::{Page, Standing};

/// How many keys DynamoDB takes in one batch.
const BATCH: usize = 100;

/// Items by their keys.
pub(super) struct Items(BTreeMap<Key, Item>);

impl Items {
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn raw(&self, key: &Key) -> Option<&Item> {
        self.0.get(key)
    }

    pub(super) fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Error> {
        self.0.get(key).cloned().map(item::read).transpose()
    }
}

impl Store {
    /// Up to `limit` entries of a room's log behind `after`, in order.
    pub async fn entries(&self, app: &AppId, room: &RoomId, after: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        let from = Key::entry(app, room, after.saturating_add(1));
        let items = self.range(&from.pk, &from.sk, "LOG#~", Some(limit)).await?.0;
        items.into_iter().map(item::read).collect()
    }

    /// All standings of a room, all its invitations of addresses and all links to it, however many.
    pub(super) async fn everybody(&self, app: &AppId, room: &RoomId) -> Result<Everybody, Error> {
        let mut everybody = Everybody::default();
        for item in self.whole_range(&key::rooms(app, room), "#", "#~").await? {
            let Some(key) = item::key_of(&item) else { continue };
            if key.sk.starts_with(key::STANDING) {
                everybody.standings.push(item::read(item)?);
            } else if key.sk.starts_with(key::INVITATION) {
                everybody.invitations.push(item::read(item)?);
            } else if key.sk.starts_with(key::LINK) {
                everybody.links.push(item::read(item)?);
            }
        }
        Ok(everybody)
    }

    /// Everything in a partition whose sort key begins so.
    pub(super) async fn beginning_with(&self, pk: &str, prefix: &str) -> Result<Vec<Item>, Error> {
        self.whole_range(pk, prefix, &format!("{prefix}\u{10ffff}")).await
    }

    /// Everything between two sort keys, both included, in as many queries as it takes.
    pub(super) async fn whole_range(&self, pk: &str, from: &str, to: &str) -> Result<Vec<Item>, Error> {
        let (mut all, mut from) = (Vec::new(), from.to_owned());
        loop {
            let (items, more) = self.range(pk, &from, to, None).await?;
            all.extend(items);
            match all.last().and_then(item::key_of).filter(|_| more) {
                Some(last) => from = format!("{}\u{0}", last.sk),
                None => return Ok(all),
            }
        }
    }

    /// The room and the members that the reply shows. One query reads both: the room sorts first.
    pub(super) async fn view(&self, app: &AppId, visit: &Visit<'_>) -> Result<Option<(Option<Room>, Page)>, Error> {
        let View::Members { after, limit } = visit.view else { return Ok(None) };
        let pk = key::rooms(app, visit.room);
        let room_key = Key::room(app, visit.room);
        if let Some(after) = after {
            // A later page: the room itself lies before it, so it is read beside it.
            let from = format!("{}\u{0}", Key::standing(app, visit.room, after).sk);
            let (room, page) =
                tokio::try_join!(self.batch(BTreeSet::from([room_key.clone()])), self.members(&pk, from, limit))?;
            return Ok(Some((room.get(&room_key)?, page.1)));
        }
        let (room, page) = self.members(&pk, room_key.sk, limit).await?;
        Ok(Some((room, page)))
    }

    /// Reads on from a sort key until `limit` members are found or the room's standings end.
    async fn members(&self, pk: &str, mut from: String, limit: usize) -> Result<(Option<Room>, Page), Error> {
        let mut room = None;
        let mut page = Page::default();
        loop {
            // The room, the members, and one more: it tells whether another page follows.
            let (items, more) = self.range(pk, &from, &format!("{}\u{10ffff}", key::STANDING), Some(limit + 2)).await?;
            for item in items {
                let Some(key) = item::key_of(&item) else { continue };
                if key.sk == "#ROOM" {
                    room = Some(item::read(item)?);
                } else {
                    let standing: Standing = item::read(item)?;
                    page.members.extend(Some(standing).filter(|standing| standing.membership().is_some()));
                    if page.members.len() > limit {
                        page.cut(limit);
                        return Ok((room, page));
                    }
                }
                from = format!("{}\u{0}", key.sk);
            }
            // Behind the last member there are only the invited and the banned.
            let complete = room.as_ref().is_some_and(|room: &Room| page.members.len() >= room.member_count as usize);
            if complete || !more {
                return Ok((room, page));
            }
        }
    }

    /// One query between two sort keys, both included; whether more lies behind it.
    pub(super) async fn range(
        &self,
        pk: &str,
        from: &str,
        to: &str,
        limit: Option<usize>,
    ) -> Result<(Vec<Item>, bool), Error> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk AND SK BETWEEN :from AND :to")
            .expression_attribute_values(":pk", item::text(pk))
            .expression_attribute_values(":from", item::text(from))
            .expression_attribute_values(":to", item::text(to))
            .consistent_read(true)
            .set_limit(limit.and_then(|limit| i32::try_from(limit).ok()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = query.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        let more = reply.last_evaluated_key.is_some();
        Ok((reply.items.unwrap_or_default(), more))
    }

    /// All these items, in as few requests as there can be, side by side.
    pub(super) async fn batch(&self, keys: BTreeSet<Key>) -> Result<Items, Error> {
        let keys: Vec<Key> = keys.into_iter().collect();
        let parts = try_join_all(keys.chunks(BATCH).map(|chunk| self.one_batch(chunk))).await?;
        Ok(Items(parts.into_iter().flatten().filter_map(|item| Some((item::key_of(&item)?, item))).collect()))
    }

    /// One batch, asking again for what DynamoDB had no time for.
    async fn one_batch(&self, keys: &[Key]) -> Result<Vec<Item>, Error> {
        let mut wanted: Vec<Item> = keys.iter().map(item::keyed).collect();
        let mut items = Vec::with_capacity(keys.len());
        for tries in 0..8 {
            let ask = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
            let reply = self
                .dynamo
                .batch_get_item()
                .request_items(&self.table, ask.map_err(Error::internal)?)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(read_failed)?;
            self.spent(reply.consumed_capacity());
            items.extend(reply.responses.unwrap_or_default().remove(&self.table).unwrap_or_default());
            let left = reply.unprocessed_keys.unwrap_or_default().remove(&self.table);
            match left {
                None => return Ok(items),
                Some(left) => wanted = left.keys,
            }
            tokio::time::sleep(pause(tries)).await;
        }
        Err(Error::Busy)
    }

    /// The cheapest request there is: half a read unit, on a key that no app has.
    pub(super) async fn knock(&self) -> Result<(), Error> {
        let nowhere = item::keyed(&Key { pk: "-".into(), sk: "-".into() });
        let ask = KeysAndAttributes::builder().keys(nowhere).build().map_err(Error::internal)?;
        self.dynamo.batch_get_item().request_items(&self.table, ask).send().await.map_err(read_failed)?;
        Ok(())
    }
}

/// A read that DynamoDB had no room for is the caller's to repeat; any other failure is ours.
pub(super) fn read_failed<E>(failure: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match failure.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => Error::Busy,
        _ => Error::internal(failure),
    }
}
