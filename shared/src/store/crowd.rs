//! Those at whom a rule looks besides the caller and those named.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use super::item;
use super::key::{self, Key};
use super::visit::Visit;
use super::{Mine, Store};
use crate::door::{Door, Everybody, Known};
use crate::error::Error;
use crate::id::{ClientId, RoomId};

/// Whom a rule looks at besides the caller and those named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// At nobody.
    Nobody,
    /// At the room's owner and admins: one round more, for only the room tells who they are.
    Staff,
    /// At everybody, but only when the room's owner is among those named, or calls and names nobody: one round more then.
    Heirs,
    /// At the rooms that the caller shares with those named who let nobody else add or invite them: one round more, only
    /// where somebody does (D44).
    Acquaintances,
    /// At everybody who stands in any relation to the room, beside the other reads.
    Everybody,
    /// At everybody, read behind the room: who has come since makes the write fail. One round more.
    EverybodySince,
    /// At the links to the room, read behind it: any made since makes the write fail. One round more.
    Links,
}

impl Store {
    /// Those at whom the rule looks, as far as only the room tells who they are.
    pub(super) async fn crowd(&self, visit: &Visit<'_>, door: &mut Door) -> Result<(), Error> {
        if visit.crowd == Crowd::Acquaintances {
            return self.acquaint(door).await; // a room that is being made is entered, too
        }
        let Some(room) = &door.room else { return Ok(()) };
        let app = &visit.credentials.app;
        // Where nobody is named, the caller himself is concerned.
        let names = |owner| visit.clients.contains(owner);
        let is_concerned = |owner| names(owner) || (visit.clients.is_empty() && door.caller.client() == Some(owner));
        match visit.crowd {
            Crowd::Heirs if room.owner.as_ref().is_some_and(is_concerned) => {
                door.everybody = self.everybody(app, visit.room).await?;
            }
            Crowd::EverybodySince => door.everybody = self.everybody(app, visit.room).await?,
            Crowd::Links => {
                let items = self.beginning_with(&key::rooms(app, visit.room), key::LINK).await?;
                let links = items.into_iter().map(item::read).collect::<Result<_, _>>()?;
                door.everybody = Everybody { links, ..Everybody::default() };
            }
            Crowd::Staff => {
                let staff = room.owner.iter().chain(&room.admins).filter(|id| !door.people.contains_key(id));
                let staff: Vec<ClientId> = staff.cloned().collect();
                let keys = staff.iter().map(|client| Key::standing(app, visit.room, client)).collect();
                let items = if staff.is_empty() { return Ok(()) } else { self.batch(keys).await? };
                for client in staff {
                    let standing = items.get(&Key::standing(app, visit.room, &client))?;
                    door.people.insert(client, Known { client: None, standing });
                }
            }
            Crowd::Nobody | Crowd::Heirs | Crowd::Everybody | Crowd::Acquaintances => {}
        }
        Ok(())
    }

    /// Those named who share another room with the caller, as far as the index has followed: who has come into it, or left
    /// it, a moment ago may not count yet.
    async fn acquaint(&self, door: &mut Door) -> Result<(), Error> {
        let (hesitant, Some(inviter)) = (door.hesitant(), door.caller.client()) else { return Ok(()) };
        if hesitant.is_empty() {
            return Ok(());
        }
        let app = &door.app;
        let rooms = |client: ClientId| async move {
            let standings = self.standings_of(app, &client, Mine::Rooms).await?;
            Ok::<BTreeSet<RoomId>, Error>(standings.into_iter().map(|(room, _)| room).collect())
        };
        let theirs = try_join_all(hesitant.iter().cloned().map(rooms));
        let (mut own, theirs) = tokio::try_join!(rooms(inviter.clone()), theirs)?;
        own.remove(&door.id);
        let met = hesitant.into_iter().zip(theirs).filter(|(_, theirs)| !own.is_disjoint(theirs));
        door.acquaintances = met.map(|(client, _)| client).collect();
        Ok(())
    }
}
