//! What a client has: its rooms, its invitations, the rooms that it has left. Found by the index, which follows the table by
//! moments; the rooms themselves are read strongly.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::read::read_failed;
use super::{Store, item};
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::room::Room;
use crate::standing::Standing;
use crate::time::Time;

/// That a client has left a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quitted {
    /// The room.
    pub room: RoomId,
    /// When.
    pub quitted_at: Time,
}

/// Which of a client's standings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mine {
    /// Where it is a member.
    Rooms,
    /// Where it is invited, live or not.
    Invitations,
}

impl Store {
    /// A client's standings of one kind, each with its room's id, as far as the index has followed.
    pub async fn standings_of(
        &self,
        app: &AppId,
        client: &ClientId,
        which: Mine,
    ) -> Result<Vec<(RoomId, Standing)>, Error> {
        let prefix = match which {
            Mine::Rooms => item::MEMBER,
            Mine::Invitations => item::INVITED,
        };
        let items = self.indexed(&key::clients(app, client), prefix).await?;
        let standings = items.into_iter().map(|item| {
            let room = item::key_of(&item).and_then(|key| key.pk.rsplit_once('#').map(|(_, room)| room.to_owned()));
            let room = RoomId::parse("id", room.as_deref().unwrap_or_default()).map_err(Error::internal)?;
            Ok((room, item::read(item)?))
        });
        standings.collect()
    }

    /// Everything under one key of the first index whose sort key begins so.
    pub(super) async fn indexed(&self, pk: &str, prefix: &str) -> Result<Vec<item::Item>, Error> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let query = self
                .dynamo
                .query()
                .table_name(&self.table)
                .index_name(super::INDEX)
                .key_condition_expression("GSI1PK = :pk AND begins_with(GSI1SK, :prefix)")
                .expression_attribute_values(":pk", item::text(pk))
                .expression_attribute_values(":prefix", item::text(prefix))
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let reply = query.send().await.map_err(read_failed)?;
            self.spent(&reply.consumed_capacity);
            items.extend(reply.items.unwrap_or_default());
            match reply.last_evaluated_key {
                None => return Ok(items),
                next => from = next,
            }
        }
    }

    /// These rooms, in this order, without those that are gone.
    pub async fn rooms(&self, app: &AppId, ids: &[RoomId]) -> Result<Vec<Room>, Error> {
        let items = self.batch(ids.iter().map(|id| Key::room(app, id)).collect()).await?;
        let rooms = ids.iter().filter_map(|id| items.get::<Room>(&Key::room(app, id)).transpose());
        rooms.filter(|room| !room.as_ref().is_ok_and(|room| room.is_deleted)).collect()
    }

    /// The standings of these clients in these rooms, as far as there are any.
    pub async fn standings(
        &self,
        app: &AppId,
        wanted: &[(RoomId, ClientId)],
    ) -> Result<Vec<(RoomId, Standing)>, Error> {
        let key = |(room, client): &(RoomId, ClientId)| Key::standing(app, room, client);
        let keys: BTreeSet<Key> = wanted.iter().map(key).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let items = self.batch(keys).await?;
        let found = wanted.iter().filter_map(|one| Some((one.0.clone(), items.get(&key(one)).transpose()?)));
        found.map(|(room, standing)| Ok((room, standing?))).collect()
    }

    /// The rooms that a client has ever left, where it may be again.
    pub async fn quitted(&self, app: &AppId, client: &ClientId) -> Result<Vec<Quitted>, Error> {
        let (pk, mut from) = (key::clients(app, client), key::QUITTED.to_owned());
        let mut quitted = Vec::new();
        loop {
            let (items, more) = self.range(&pk, &from, &format!("{}\u{10ffff}", key::QUITTED), None).await?;
            if let Some(last) = items.last().and_then(item::key_of).filter(|_| more) {
                from = format!("{}\u{0}", last.sk);
            }
            for item in items {
                quitted.push(item::read(item)?);
            }
            if !more {
                return Ok(quitted);
            }
        }
    }
}
