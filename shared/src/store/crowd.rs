//! Those at whom a rule looks besides the caller and those named.

use super::Store;
use super::item;
use super::key::{self, Key};
use super::visit::Visit;
use crate::door::{Door, Everybody, Known};
use crate::error::Error;
use crate::id::ClientId;

/// Whom a rule looks at besides the caller and those named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// At nobody.
    Nobody,
    /// At the room's owner and admins: one round more, for only the room tells who they are.
    Staff,
    /// At everybody, but only when the room's owner is among those named, or calls and names nobody: one round more then.
    Heirs,
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
            Crowd::Nobody | Crowd::Heirs | Crowd::Everybody => {}
        }
        Ok(())
    }
}
