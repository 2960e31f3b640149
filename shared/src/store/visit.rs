//! A visit: everything that a request needs to know, read at once, and the proof of who comes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Store;
use super::crowd::Crowd;
use super::key::Key;
use super::read::Items;
use super::visitor::{acts_as_a_client, found, proof_keys};
use crate::address::{Address, Region};
use crate::app::App;
use crate::auth::{Caller, Credentials, prove};
use crate::door::{Door, Everybody, Invitee, Known};
use crate::error::Error;
use crate::id::{AppId, ClientId, ObjectId, RoomId};
use crate::link::Presented;
use crate::room::Room;
use crate::standing::Page;
use crate::time::Time;

/// What a request needs to know before anything is decided.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// Whom the request says it comes from.
    pub credentials: &'a Credentials,
    /// The room it is about.
    pub room: &'a RoomId,
    /// The clients it names.
    pub clients: &'a [ClientId],
    /// The part of the room that the reply shows.
    pub view: View<'a>,
    /// Whom a Talk invitation is for.
    pub sought: Option<&'a Sought<'a>>,
    /// The address that names an invitation to the room.
    pub invitation: Option<&'a str>,
    /// A link to the room.
    pub link: Option<&'a ObjectId>,
    /// Whom else the rule looks at.
    pub crowd: Crowd,
    /// A message of the room.
    pub message: Option<&'a ObjectId>,
    /// Whether the app itself is looked at.
    pub team: Team,
}

impl<'a> Visit<'a> {
    /// A visit to a room that looks at nobody but the caller.
    pub fn to(room: &'a RoomId, credentials: &'a Credentials) -> Self {
        Self {
            credentials,
            room,
            clients: &[],
            view: View::Minimal,
            sought: None,
            invitation: None,
            link: None,
            crowd: Crowd::Nobody,
            message: None,
            team: Team::Unread,
        }
    }

    /// The same in Talk, whose replies name the team.
    pub fn in_talk(room: &'a RoomId, credentials: &'a Credentials) -> Self {
        Self { team: Team::Read, ..Self::to(room, credentials) }
    }
}

/// Whether the app's own record is read: to Talk it is the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Team {
    /// It is not.
    Unread,
    /// It is.
    Read,
}

/// The part of a room that a reply shows (D24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View<'a> {
    /// The room without its members.
    Minimal,
    /// The room and so many of its members, in the order of their ids, behind the one given.
    Members {
        /// The last one of the page before.
        after: Option<&'a ClientId>,
        /// At most so many.
        limit: usize,
    },
}

/// Whom a Talk invitation is for, as asked (D33).
pub enum Sought<'a> {
    /// By `_userId`.
    Client(ClientId),
    /// By addresses, which are read under a region; the first names the invitation. A function, so that only who seeks
    /// addresses carries the numbering plans of the world.
    Addresses(&'a dyn Fn(&Region) -> Result<Vec<Address>, Error>),
}

impl Sought<'_> {
    fn addresses(&self, region: &Region) -> Result<Vec<Address>, Error> {
        match self {
            Self::Client(_) => Ok(Vec::new()),
            Self::Addresses(read) => read(region),
        }
    }
}

/// Who has signed up with an address.
#[derive(serde::Serialize, Deserialize)]
pub(super) struct Owner {
    pub client: ClientId,
}

impl Store {
    /// Reads what a visit needs and proves who comes: one round for an issued token; one more when the token does not say
    /// whose it is, or when an address leads to a client.
    pub async fn open(&self, visit: &Visit<'_>) -> Result<Door, Error> {
        let app = &visit.credentials.app;
        let guessed =
            visit.sought.map(|sought| sought.addresses(&self.guessed_region(app))).transpose()?.unwrap_or_default();
        let asked = self.first_keys(visit, &guessed);
        let everybody = async {
            let asked = visit.crowd == Crowd::Everybody; // the others need the room first
            if asked { self.everybody(app, visit.room).await } else { Ok(Everybody::default()) }
        };
        let (mut items, page, everybody) =
            tokio::try_join!(self.batch(asked.clone()), self.view(app, visit), everybody)?;

        // What was read under credentials that prove false is thrown away here.
        let now = Time::now();
        let found = found(visit.credentials, &items)?;
        let caller = prove(visit.credentials, &found, now)?;
        self.belongs_to(app);

        let record: Option<App> = items.get(&Key::app(app))?;
        let (addresses, owner) = self.sought(visit, record.as_ref(), guessed, &mut items).await?;
        let later = caller.client().into_iter().chain(&owner);
        let unread = later.flat_map(|client| person_keys(app, visit, client));
        let unread: BTreeSet<Key> = unread.filter(|key| !asked.contains(key)).collect();
        if !unread.is_empty() {
            items.extend(self.batch(unread).await?);
        }
        let mut door = assemble(visit, caller, record, &items, page, addresses, owner, now)?;
        acts_as_a_client(&door.caller, door.caller.client().and_then(|client| door.client(client)), &found)?;
        self.recall(visit.credentials, &door.caller, &items).await?;
        door.everybody = everybody;
        self.crowd(visit, &mut door).await?;
        Ok(door)
    }

    /// Every key that the request itself tells.
    fn first_keys(&self, visit: &Visit<'_>, sought: &[Address]) -> BTreeSet<Key> {
        let (app, room) = (&visit.credentials.app, visit.room);
        let mut keys = proof_keys(visit.credentials);
        keys.extend(self.once_key(visit.credentials));
        let named = match visit.sought {
            Some(Sought::Client(client)) => Some(client),
            Some(Sought::Addresses(_)) | None => None,
        };
        for client in visit.clients.iter().chain(visit.credentials.hint()).chain(named) {
            keys.extend(person_keys(app, visit, client));
        }
        if visit.view == View::Minimal {
            keys.insert(Key::room(app, room));
        }
        if visit.sought.is_some() || visit.team == Team::Read {
            keys.insert(Key::app(app));
        }
        keys.extend(visit.invitation.map(|address| Key::invitation(app, room, address)));
        keys.extend(visit.link.map(|link| Key::link(app, room, link)));
        keys.extend(visit.message.map(|message| Key::entry(app, room, message.entry())));
        if let Some(address) = sought.first() {
            keys.extend(address_keys(app, room, address));
        }
        keys
    }

    /// The addresses sought, read under the app's own region, and the client who owns the first. Only where the first
    /// reads guessed the region wrongly does this read again.
    async fn sought(
        &self,
        visit: &Visit<'_>,
        record: Option<&App>,
        guessed: Vec<Address>,
        items: &mut Items,
    ) -> Result<(Vec<Address>, Option<ClientId>), Error> {
        let Some(sought) = visit.sought else { return Ok((guessed, None)) };
        if let Sought::Client(client) = sought {
            return Ok((guessed, Some(client.clone())));
        }
        let (app, region) = (&visit.credentials.app, record.map(App::region).unwrap_or_default());
        self.remember_region(app, region);
        let addresses = sought.addresses(&region)?;
        let Some(first) = addresses.first() else { return Ok((addresses, None)) };
        if guessed.first().map(Address::canonical) != Some(first.canonical()) {
            let keys = address_keys(app, visit.room, first);
            items.extend(self.batch(BTreeSet::from(keys)).await?);
        }
        let owner: Option<Owner> = items.get(&Key::owner(app, first.canonical()))?;
        Ok((addresses, owner.map(|owner| owner.client)))
    }
}

/// The door as all that was read makes it.
#[allow(clippy::too_many_arguments)] // what was read, and by whom: there is no smaller whole
fn assemble(
    visit: &Visit<'_>,
    caller: Caller,
    record: Option<App>,
    items: &Items,
    page: Option<(Option<Room>, Page)>,
    addresses: Vec<Address>,
    owner: Option<ClientId>,
    now: Time,
) -> Result<Door, Error> {
    let (app, id) = (&visit.credentials.app, visit.room);
    let (room, page) = match page {
        Some((room, page)) => (room, Some(page)),
        None => (items.get(&Key::room(app, id))?, None),
    };
    let is_going = room.as_ref().is_some_and(|room: &Room| room.is_deleted);
    let room = room.filter(|_| !is_going);
    let entry = visit.message.map(|message| items.get(&Key::entry(app, id, message.entry()))).transpose()?.flatten();
    let mut people = BTreeMap::new();
    for client in visit.clients.iter().chain(caller.client()).chain(&owner) {
        let (record, standing) = (items.get(&Key::client(app, client))?, items.get(&Key::standing(app, id, client))?);
        people.insert(client.clone(), Known { client: record, standing });
    }
    let named_by = visit.invitation.or(addresses.first().map(Address::canonical));
    let invitation = named_by.map(|address| items.get(&Key::invitation(app, id, address))).transpose()?.flatten();
    let link = visit.link.map(|link| items.get(&Key::link(app, id, link))).transpose()?.flatten();
    let redeemed = visit.link.zip(caller.client()).map(|(link, own)| Key::redeemed(app, own, id, link));
    let is_redeemed = redeemed.is_some_and(|key| items.has(&key));
    let link = link.map(|link| Presented { link, is_redeemed });
    let invitee = match (visit.sought, owner) {
        (None, _) => None,
        (Some(_), Some(client)) => Some(Invitee::Client(client)),
        (Some(_), None) => Some(Invitee::Stranger { addresses }),
    };
    Ok(Door {
        app: app.clone(),
        caller,
        id: id.clone(),
        room,
        is_going,
        people,
        page,
        everybody: Everybody::default(),
        acquaintances: BTreeSet::new(),
        entry,
        invitee,
        invitation,
        link,
        record,
        now,
    })
}

/// A client, how it stands to the room, and whether it has redeemed the link.
fn person_keys(app: &AppId, visit: &Visit<'_>, client: &ClientId) -> impl Iterator<Item = Key> {
    let redeemed = visit.link.map(|link| Key::redeemed(app, client, visit.room, link));
    [Key::client(app, client), Key::standing(app, visit.room, client)].into_iter().chain(redeemed)
}

/// Where an address leads: to its owner, and to its invitation to the room.
fn address_keys(app: &AppId, room: &RoomId, address: &Address) -> [Key; 2] {
    [Key::owner(app, address.canonical()), Key::invitation(app, room, address.canonical())]
}
