//! What is known when somebody stands at a room's door: the proven caller, the room, and how those concerned stand to it.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::app::App;
use crate::auth::Caller;
use crate::client::{Client, Face};
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::invitation::Invitation;
use crate::room::Room;
use crate::standing::{Page, Standing, State};
use crate::time::Time;

/// Everything that a rule may look at. Read at one moment; the write that follows holds only if it is still so.
#[derive(Clone, Debug)]
pub struct Door {
    /// The tenant.
    pub app: AppId,
    /// Proven.
    pub caller: Caller,
    /// The room that was asked for.
    pub id: RoomId,
    /// That room, if it exists.
    pub room: Option<Room>,
    /// The acting client and those named in the request.
    pub people: BTreeMap<ClientId, Known>,
    /// The room's members, as far as the reply shows them.
    pub page: Option<Page>,
    /// Whom a Talk invitation is for.
    pub invitee: Option<Invitee>,
    /// The invitation of an address to this room, lapsed or not.
    pub invitation: Option<Invitation>,
    /// The app's own record, where the dialect needs it.
    pub record: Option<App>,
    /// The moment of reading.
    pub now: Time,
}

/// What is known of one client.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// None when there is no such client.
    pub client: Option<Client>,
    /// None when it has nothing to do with the room.
    pub standing: Option<Standing>,
}

/// Whom a Talk invitation is for (D33).
#[derive(Clone, Debug)]
pub enum Invitee {
    /// A client of the app.
    Client(ClientId),
    /// Somebody whom nobody knows yet.
    Stranger {
        /// The address that names the invitation first.
        addresses: Vec<Address>,
    },
}

/// A client's relation to a room at the moment of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circumstance {
    /// None at all, or an invitation that has lapsed (D17).
    Stranger,
    /// A pending invitation.
    Invited,
    /// In the room.
    Member,
    /// Kept out of it.
    Banned,
}

impl Door {
    /// How a client stands to the room now. An invitation that has lapsed is as if absent (D17).
    pub fn circumstance(&self, client: &ClientId) -> Circumstance {
        match self.people.get(client).and_then(|known| known.standing.as_ref()).map(|standing| &standing.state) {
            None => Circumstance::Stranger,
            Some(State::Invited(pending)) if pending.expires_at <= self.now => Circumstance::Stranger,
            Some(State::Invited(_)) => Circumstance::Invited,
            Some(State::Member(_)) => Circumstance::Member,
            Some(State::Banned) => Circumstance::Banned,
        }
    }

    /// The room, if it exists and the caller may know so (D10).
    pub fn room(&self) -> Result<&Room, Error> {
        let stranger = match &self.caller {
            Caller::Platform(_) => false,
            Caller::Client(client) => {
                let pair = self.room.as_ref().and_then(|room| room.pair.as_ref());
                self.circumstance(client) == Circumstance::Stranger && !pair.is_some_and(|pair| pair.contains(client))
            }
        };
        match &self.room {
            Some(room) if !(stranger && room.is_hidden()) => Ok(room),
            Some(_) | None => Err(Error::RoomNotFound { room: self.id.clone() }),
        }
    }

    /// The room, for its members and the platform only.
    pub fn room_from_inside(&self) -> Result<&Room, Error> {
        let room = self.room()?;
        match &self.caller {
            Caller::Client(client) if self.circumstance(client) != Circumstance::Member => {
                Err(Error::NotRoomMember { room: room.id.clone() })
            }
            Caller::Client(_) | Caller::Platform(_) => Ok(room),
        }
    }

    /// What is known of a client that was read.
    pub fn client(&self, id: &ClientId) -> Option<&Client> {
        self.people.get(id)?.client.as_ref()
    }

    /// The acting client in short, if one acts.
    pub fn actor(&self) -> Option<Face> {
        Some(self.client(self.caller.client()?)?.face())
    }
}
