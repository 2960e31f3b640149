//! What is known when somebody stands at a room's door: the proven caller, the room, and how those concerned stand to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::app::App;
use crate::auth::Caller;
use crate::client::{Client, Face};
use crate::consent::Consent;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::invitation::Invitation;
use crate::link::{Link, Presented};
use crate::log::Entry;
use crate::room::Room;
use crate::standing::{Membership, Page, Standing, State};
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
    /// Whether it is being deleted: no room, and none can be made in its place yet.
    pub is_going: bool,
    /// The acting client and those named in the request.
    pub people: BTreeMap<ClientId, Known>,
    /// The room's members, as far as the reply shows them.
    pub page: Option<Page>,
    /// Everybody who stands in some relation to the room, where the rule looks at all of them.
    pub everybody: Everybody,
    /// Those named who share another room with the acting client, as far as their consent hangs on it (D44).
    pub acquaintances: BTreeSet<ClientId>,
    /// A message of the room that the request names, or a question about it.
    pub entry: Option<Entry>,
    /// Whom a Talk invitation is for.
    pub invitee: Option<Invitee>,
    /// The invitation of an address to this room, lapsed or not.
    pub invitation: Option<Invitation>,
    /// The link that the request names.
    pub link: Option<Presented>,
    /// The app's own record, where the dialect needs it.
    pub record: Option<App>,
    /// The moment of reading.
    pub now: Time,
}

/// A room's standings, invitations of addresses and links, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct Everybody {
    /// Of clients.
    pub standings: Vec<Standing>,
    /// Of people who are not clients yet.
    pub invitations: Vec<Invitation>,
    /// Links to the room, live or not.
    pub links: Vec<Link>,
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
    /// None at all.
    Stranger,
    /// An invitation that was not answered in time: as if absent (D17), until it is swept away.
    Lapsed,
    /// A pending invitation.
    Invited,
    /// In the room.
    Member,
    /// Kept out of it.
    Banned,
}

impl Circumstance {
    /// What a standing comes to at a moment (D17).
    pub fn of(standing: Option<&Standing>, now: Time) -> Self {
        match standing.map(|standing| &standing.state) {
            None => Self::Stranger,
            Some(State::Invited(pending)) if pending.expires_at <= now => Self::Lapsed,
            Some(State::Invited(_)) => Self::Invited,
            Some(State::Member(_)) => Self::Member,
            Some(State::Banned(_)) => Self::Banned,
        }
    }

    /// Whether it is none, or as good as none (D17).
    pub fn is_strange(self) -> bool {
        matches!(self, Self::Stranger | Self::Lapsed)
    }
}

impl Door {
    /// How a client stands to the room now.
    pub fn circumstance(&self, client: &ClientId) -> Circumstance {
        Circumstance::of(self.standing(client), self.now)
    }

    /// The standing of a client that was read.
    pub fn standing(&self, client: &ClientId) -> Option<&Standing> {
        self.people.get(client)?.standing.as_ref()
    }

    /// The acting client's own place in the room, if it has one.
    pub fn own(&self) -> Option<&Membership> {
        self.standing(self.caller.client()?)?.membership()
    }

    /// The room, if it exists and the caller may know so (D10).
    pub fn room(&self) -> Result<&Room, Error> {
        let stranger = match &self.caller {
            Caller::Platform(_) => false,
            Caller::Client(client) => {
                let pair = self.room.as_ref().and_then(|room| room.pair.as_ref());
                self.circumstance(client).is_strange() && !pair.is_some_and(|pair| pair.contains(client))
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

    /// Those whose consent hangs on a room that they share with the client who acts: who is in already, or kept out, is not
    /// asked (D44).
    pub fn hesitant(&self) -> Vec<ClientId> {
        let Caller::Client(inviter) = &self.caller else { return Vec::new() };
        let is_asked = |id: &ClientId| !matches!(self.circumstance(id), Circumstance::Member | Circumstance::Banned);
        let clients = self.people.values().filter_map(|known| known.client.as_ref());
        let hesitant = clients.filter(|own| own.consent_to(inviter) == Consent::AmongAcquaintances);
        hesitant.map(|own| own.id.clone()).filter(is_asked).collect()
    }

    /// The acting client in short, if one acts.
    pub fn actor(&self) -> Option<Face> {
        Some(self.client(self.caller.client()?)?.face())
    }
}
