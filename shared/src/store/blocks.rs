//! Whom a client blocks: kept in its own record, which is read with every call that names it (D44).

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Store;
use super::key::Key;
use crate::auth::Credentials;
use crate::client::{Client, Face};
use crate::consent::{Block, Blocked};
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::room::Room;

impl Store {
    /// Blocks a client for the one who acts; who is blocked already stays so.
    pub async fn block(&self, credentials: &Credentials, blockee: &ClientId) -> Result<Blocked, Error> {
        let app = &credentials.app;
        let key = Key::client(app, blockee);
        self.until_written(async || {
            let (visitor, items) = self.visitor_with(credentials, [key.clone()]).await?;
            if let Some(blocked) = self.taken()? {
                return Ok(blocked);
            }
            let own = visitor.client()?;
            if own.id == *blockee {
                return Err(Error::invalid("blockee", "must be somebody else than you").into());
            }
            let missing = || Error::ClientsNotFound { missing: vec![blockee.clone()] };
            let other: Client = items.get(&key)?.ok_or_else(missing)?;
            let after = own.blocking(blockee, visitor.now)?;
            let block = after.block_of(blockee).cloned().ok_or_else(|| Error::internal("a block that is not there"))?;
            let blocked = Blocked { blocker: own.id.clone(), blockee: other.face(), block };
            self.transact_step(vec![self.put_client(app, Some(own), &after)?], None, &blocked).await?;
            Ok(blocked)
        })
        .await
    }

    /// Lifts a block of the client who acts; as it was. Who is no client any more can be let go, too.
    pub async fn unblock(&self, credentials: &Credentials, blockee: &ClientId) -> Result<Blocked, Error> {
        let app = &credentials.app;
        let key = Key::client(app, blockee);
        let seen = RefCell::new(None);
        self.until_written(async || {
            let (visitor, items) = self.visitor_with(credentials, [key.clone()]).await?;
            if let Some(blocked) = self.taken()? {
                return Ok(blocked);
            }
            let own = visitor.client()?;
            let Some(block) = own.block_of(blockee).cloned() else {
                // A try before this one may have lifted it.
                return Ok(seen.take().ok_or_else(|| Error::BlockNotFound { client: blockee.clone() })?);
            };
            let blocked = Blocked { blocker: own.id.clone(), blockee: face(blockee, items.get(&key)?), block };
            seen.replace(Some(blocked.clone()));
            let after = own.unblocking(blockee, visitor.now);
            self.transact_step(vec![self.put_client(app, Some(own), &after)?], None, &blocked).await?;
            Ok(blocked)
        })
        .await
    }

    /// Everybody whom the client who acts blocks, in the order of the first time; each with the direct room of the two, if
    /// there is one. One round more than the proof.
    pub async fn blocks(&self, credentials: &Credentials) -> Result<Vec<(Blocked, Option<Room>)>, Error> {
        let app = &credentials.app;
        let visitor = self.visitor(credentials).await?;
        let own = visitor.client()?;
        let keys = own.blocks.iter().map(|block| keys(app, &own.id, block)).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let items = self.batch(keys.iter().flatten().cloned().collect::<BTreeSet<Key>>()).await?;
        let shown = own.blocks.iter().zip(&keys).map(|(block, [client, room])| {
            let room: Option<Room> = items.get(room)?;
            let is_theirs = |pair: &[ClientId; 2]| pair.contains(&own.id) && pair.contains(&block.client);
            let room = room.filter(|room| !room.is_deleted && room.pair.as_ref().is_some_and(is_theirs));
            let (blocker, blockee) = (own.id.clone(), face(&block.client, items.get(client)?));
            Ok((Blocked { blocker, blockee, block: block.clone() }, room))
        });
        shown.collect()
    }
}

/// A client in short; by its id alone when it is one no longer.
fn face(id: &ClientId, record: Option<Client>) -> Face {
    record.map_or_else(|| Face { id: id.clone(), nickname: None, avatar_url: None }, |client| client.face())
}

/// The client who is blocked, and the direct room of the two.
fn keys(app: &AppId, own: &ClientId, block: &Block) -> Result<[Key; 2], Error> {
    let room: RoomId = Room::direct_id([own, &block.client])?;
    Ok([Key::client(app, &block.client), Key::room(app, &room)])
}
