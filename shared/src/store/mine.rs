//! What a client has: its rooms, its invitations, the rooms that it has left. Found by the index, which follows the table by
//! moments; the rooms themselves are read strongly.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::visitor::Visitor;
use super::{Store, item};
use crate::auth::Credentials;
use crate::door::Circumstance;
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
        let items = self.indexed(&key::clients(app, client), Some(prefix)).await?;
        items.into_iter().map(item::read_with_room).collect()
    }

    /// Everything under one key of the index whose sort key begins so.
    pub(super) async fn indexed(&self, pk: &str, prefix: Option<&str>) -> Result<Vec<item::Item>, Error> {
        let (mut items, mut from) = (Vec::new(), None);
        loop {
            let (found, next) = self.in_index(pk, prefix, from).await?;
            items.extend(found);
            match next {
                None => return Ok(items),
                next => from = next,
            }
        }
    }

    /// The caller, and his standings of one kind: side by side where his token says whose it is.
    pub async fn mine(
        &self,
        credentials: &Credentials,
        which: Mine,
    ) -> Result<(Visitor, Vec<(RoomId, Standing)>), Error> {
        let app = &credentials.app;
        let hinted = async {
            match credentials.hint() {
                Some(client) => self.standings_of(app, client, which).await,
                None => Ok(Vec::new()),
            }
        };
        let (visitor, standings) = tokio::try_join!(self.visitor(credentials), hinted)?;
        let own = &visitor.client()?.id;
        let standings = match credentials.hint() {
            Some(client) if client == own => standings,
            Some(_) | None => self.standings_of(app, own, which).await?,
        };
        Ok((visitor, standings))
    }

    /// The caller, and the rooms that he is in.
    pub async fn own_rooms(&self, credentials: &Credentials) -> Result<(Visitor, Vec<(Room, Standing)>), Error> {
        let (visitor, standings) = self.mine(credentials, Mine::Rooms).await?;
        let rooms = self.with_rooms(&credentials.app, standings).await?;
        Ok((visitor, rooms))
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

    /// Standings with the rooms that they are in, without those that are gone.
    async fn with_rooms(
        &self,
        app: &AppId,
        standings: Vec<(RoomId, Standing)>,
    ) -> Result<Vec<(Room, Standing)>, Error> {
        let ids: Vec<RoomId> = standings.iter().map(|(room, _)| room.clone()).collect();
        let rooms = self.rooms(app, &ids).await?;
        let mut rooms: BTreeMap<RoomId, Room> = rooms.into_iter().map(|room| (room.id.clone(), room)).collect();
        Ok(standings.into_iter().filter_map(|(room, own)| Some((rooms.remove(&room)?, own))).collect())
    }

    /// Live invitations with their rooms, in the order in which they were sent (D17, D27).
    pub async fn invited_to(
        &self,
        app: &AppId,
        mut invitations: Vec<(RoomId, Standing)>,
        now: Time,
    ) -> Result<Vec<(Room, Standing)>, Error> {
        invitations.retain(|(_, standing)| Circumstance::of(Some(standing), now) == Circumstance::Invited);
        invitations.sort_by_key(|(room, standing)| (standing.pending().map(|own| own.created_at), room.clone()));
        self.with_rooms(app, invitations).await
    }

    /// The other ones of direct rooms, by room, as far as they are in them.
    pub async fn peers(&self, app: &AppId, rooms: &[(Room, Standing)]) -> Result<BTreeMap<RoomId, Standing>, Error> {
        let peer = |(room, own): &(Room, Standing)| {
            let peer = room.pair.iter().flatten().find(|client| **client != own.client)?;
            Some((room.id.clone(), peer.clone()))
        };
        let wanted: Vec<(RoomId, ClientId)> = rooms.iter().filter_map(peer).collect();
        let peers = self.standings(app, &wanted).await?;
        Ok(peers.into_iter().filter(|(_, standing)| standing.membership().is_some()).collect())
    }

    /// The rooms that the caller has left and is not in again, each with the moment, the last left first.
    pub async fn quitted_rooms(&self, credentials: &Credentials) -> Result<Vec<(Room, Time)>, Error> {
        let app = &credentials.app;
        let visitor = self.visitor(credentials).await?;
        let own = &visitor.client()?.id;
        let quitted = self.quitted(app, own).await?;
        let ids: Vec<RoomId> = quitted.iter().map(|quitted| quitted.room.clone()).collect();
        let wanted: Vec<(RoomId, ClientId)> = ids.iter().map(|room| (room.clone(), own.clone())).collect();
        let (rooms, standings) = tokio::try_join!(self.rooms(app, &ids), self.standings(app, &wanted))?;
        let is_in =
            |room: &RoomId| standings.iter().any(|(own, standing)| own == room && standing.membership().is_some());
        let left = |room: &Room| quitted.iter().find(|own| own.room == room.id).map(|own| own.quitted_at);
        let mut rooms: Vec<(Room, Time)> = rooms
            .into_iter()
            .filter(|room| !is_in(&room.id))
            .filter_map(|room| left(&room).filter(|at| *at >= room.created_at).map(|at| (room, at)))
            .collect();
        rooms.sort_by_key(|(room, at)| (std::cmp::Reverse(*at), room.id.clone()));
        Ok(rooms)
    }

    /// The rooms that a client has ever left, where it may be again.
    async fn quitted(&self, app: &AppId, client: &ClientId) -> Result<Vec<Quitted>, Error> {
        let items = self.beginning_with(&key::clients(app, client), key::QUITTED).await?;
        items.into_iter().map(item::read).collect()
    }
}
