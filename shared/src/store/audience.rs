//! Who is told of what happens in a room by open sockets: those that watch, as far as they still may.

use std::collections::BTreeSet;

use super::key::{self, Key};
use super::read::Items;
use super::sockets::{CONNECTION, is_bearer};
use super::visitor::{acts_as_a_client, found, proof_keys};
use super::{Store, item};
use crate::auth::prove;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::socket::{ConnectionId, Ear, Socket, Watch, Watcher};
use crate::standing::Standing;
use crate::time::Time;

/// One socket that watches, as stored.
struct Stored {
    connection: ConnectionId,
    watch: Watch,
    ear: Ear,
}

/// What a socket may still hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    /// What it watches.
    Whole,
    /// Not this room: its client is no member any more.
    Outside,
    /// Nothing: its key or token proves nothing any more.
    Void,
}

impl Store {
    /// The sockets that watch a room or one of these clients, in two rounds. Whoever is a member no longer loses his
    /// subscription to the room, and whose credentials prove nothing any more all that he watches.
    pub async fn audience(
        &self,
        app: &AppId,
        room: &RoomId,
        clients: &BTreeSet<ClientId>,
    ) -> Result<Vec<Watcher>, Error> {
        self.belongs_to(app);
        let stored = self.stored(app, room, clients).await?;
        let keys = stored.iter().map(|one| proof_of(app, room, one)).collect::<Result<Vec<_>, _>>()?;
        let items = self.batch(keys.into_iter().flatten().collect()).await?;
        let mut watchers = Vec::new();
        for one in stored {
            match right(app, room, &one, &items)? {
                Right::Whole => {
                    let Stored { connection, watch, ear } = one;
                    watchers.push(Watcher { connection, style: watch.style, ear });
                }
                // Should this fail, the next event finds it again.
                Right::Outside => {
                    let socket = Socket { connection: one.connection, badge: one.watch.badge };
                    self.unwatch_room(&socket, room).await.ok();
                }
                Right::Void => {
                    self.forget_socket(app, &one.connection).await.ok();
                }
            }
        }
        Ok(watchers)
    }

    async fn stored(&self, app: &AppId, room: &RoomId, clients: &BTreeSet<ClientId>) -> Result<Vec<Stored>, Error> {
        let own = clients.iter().map(|client| Key::own_sockets(app, client)).collect();
        let pk = key::sockets(app, room);
        let (in_room, own) = tokio::try_join!(self.whole_range(&pk, " ", "\u{10ffff}"), self.batch(own))?;
        let mut stored = Vec::new();
        for found in in_room {
            let connection = item::key_of(&found).and_then(|key| Some(key.sk.rsplit_once('#')?.1.to_owned()));
            let Some(connection) = connection.as_deref().and_then(ConnectionId::parse) else { continue };
            stored.push(Stored { connection, watch: item::read(found)?, ear: Ear::Room });
        }
        for client in clients {
            for (name, value) in own.raw(&Key::own_sockets(app, client)).into_iter().flatten() {
                let connection = name.strip_prefix(CONNECTION).and_then(ConnectionId::parse);
                let Some(connection) = connection else { continue };
                let watch = item::record(value.clone())?;
                stored.push(Stored { connection, watch, ear: Ear::Oneself(client.clone()) });
            }
        }
        Ok(stored)
    }
}

/// The keys of all that says whether a socket may still hear.
fn proof_of(app: &AppId, room: &RoomId, Stored { watch, ear, .. }: &Stored) -> Result<BTreeSet<Key>, Error> {
    let mut keys = proof_keys(&watch.badge.credentials()?);
    keys.extend(watch.badge.client.as_ref().map(|client| Key::client(app, client)));
    let member = watch.badge.member().filter(|_| *ear == Ear::Room);
    keys.extend(member.map(|client| Key::standing(app, room, client)));
    Ok(keys)
}

/// Proven as at every call (D5): by the key or the token as they are now.
fn right(app: &AppId, room: &RoomId, stored: &Stored, items: &Items) -> Result<Right, Error> {
    let badge = &stored.watch.badge;
    let credentials = badge.credentials()?;
    let found = found(&credentials, items)?;
    let record: Option<Client> =
        badge.client.as_ref().map(|client| items.get(&Key::client(app, client))).transpose()?.flatten();
    let proven = prove(&credentials, &found, Time::now()).and_then(|caller| {
        is_bearer(badge, &caller)?;
        acts_as_a_client(&caller, record.as_ref(), &found)
    });
    if proven.is_err() {
        return Ok(Right::Void);
    }
    let (Ear::Room, Some(client)) = (&stored.ear, badge.member()) else { return Ok(Right::Whole) };
    let standing: Option<Standing> = items.get(&Key::standing(app, room, client))?;
    let is_member = standing.is_some_and(|standing| standing.membership().is_some());
    Ok(if is_member { Right::Whole } else { Right::Outside })
}
