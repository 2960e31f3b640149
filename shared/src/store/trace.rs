//! Everything that the table holds about one client: read whole to hand it out, or to erase it.
//!
//! No index leads to every entry of every log that names somebody, so both read the whole table, part by part: rare calls of
//! the operator's, which cost as much as the table is large.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Store;
use super::item::{self, Item};
use super::key::{self, Key};
use super::read::read_failed;
use super::sockets::Line;
use super::visit::Owner;
use crate::auth::Token;
use crate::client::Client;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::id::{AppId, ClientId, ObjectId, RoomId};
use crate::invitation::Invitation;
use crate::link::Link;
use crate::log::Entry;
use crate::pseudonym::{Named, Renaming, named, new_pseudonym};
use crate::socket::Watch;
use crate::standing::Standing;

/// Where reading through the table went on to: the next part begins behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pk: String,
    sk: String,
}

impl Mark {
    /// The mark, if it can be one: DynamoDB has no empty keys.
    pub(super) fn checked(self) -> Result<Self, Error> {
        let is_one = !self.pk.is_empty() && !self.sk.is_empty();
        if is_one { Ok(self) } else { Err(Error::invalid("next", "must be what the reply before said")) }
    }
}

/// One item that is about a client, or that is others' and names him.
pub enum Trace {
    /// His own record.
    Client(Box<Client>),
    /// A token of his.
    Token(Token),
    /// An address that he has signed up with.
    Address(String),
    /// A room that he has left.
    Quitted(RoomId),
    /// That somebody else blocks him.
    Block(Named),
    /// A link that he has come in by.
    Redeemed(RoomId, ObjectId),
    /// How he stands to a room.
    Own(RoomId, Box<Standing>),
    /// An invitation of an address of his.
    Invited(RoomId, Box<Invitation>),
    /// Somebody else's standing, which he brought about.
    Standing(RoomId, Named),
    /// A room that names him.
    Room(RoomId, Named),
    /// An invitation of an address that he sent.
    Invitation(RoomId, Box<Invitation>, Named),
    /// A link that he made.
    Link(RoomId, Box<Link>, Named),
    /// That a socket of his watches a room.
    Watch(RoomId),
    /// The sockets that watch what befalls him.
    Sockets,
    /// What an open socket of his watches.
    Socket,
    /// An entry of a room's log that names him.
    Entry(RoomId, Box<Entry>, Named),
    /// That a target is told of what befell him.
    Delivery(String, Box<Delivery>, Named),
}

/// One item about the client.
pub(super) struct Found {
    pub key: Key,
    pub before: Item,
    /// The attributes that the renaming changes; none where the item goes with the client.
    pub changes: Option<Item>,
    pub trace: Trace,
}

/// Whom to look for.
pub(super) struct Sought<'a> {
    /// By his id, and what stands in its place.
    pub renaming: Renaming<'a>,
    /// By his addresses.
    pub addresses: &'a [String],
}

impl Store {
    /// The next part of what an app's items say about a client, and where the part after it begins.
    pub async fn traces(
        &self,
        app: &AppId,
        client: &ClientId,
        from: Option<Mark>,
    ) -> Result<(Vec<Trace>, Option<Mark>), Error> {
        let from = from.map(Mark::checked).transpose()?;
        let (anybody, key) = (new_pseudonym()?, Key::client(app, client));
        let record: Option<Client> = self.batch(BTreeSet::from([key.clone()])).await?.get(&key)?;
        let addresses = record.map(|record| record.addresses).unwrap_or_default();
        let sought = Sought { renaming: Renaming { from: client, to: &anybody }, addresses: &addresses };
        let (found, next) = self.part(app, &sought, from).await?;
        Ok((found.into_iter().map(|found| found.trace).collect(), next))
    }

    /// One page of the table, as far as it is about the client or names him.
    pub(super) async fn part(
        &self,
        app: &AppId,
        sought: &Sought<'_>,
        from: Option<Mark>,
    ) -> Result<(Vec<Found>, Option<Mark>), Error> {
        let scan = self
            .dynamo
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .filter_expression("begins_with(PK, :app)")
            .expression_attribute_values(":app", item::text(&format!("{app}#")))
            .set_exclusive_start_key(from.map(|Mark { pk, sk }| item::keyed(&Key { pk, sk })))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = scan.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        let next = reply.last_evaluated_key.as_ref().and_then(item::key_of).map(|Key { pk, sk }| Mark { pk, sk });
        let mut found = Vec::new();
        for item in reply.items.unwrap_or_default() {
            found.extend(trace(app, sought, item)?);
        }
        Ok((found, next))
    }
}

/// What an item is to the client, if anything.
fn trace(app: &AppId, sought: &Sought<'_>, before: Item) -> Result<Option<Found>, Error> {
    let Some(key) = item::key_of(&before) else { return Ok(None) };
    let place = key.pk.strip_prefix(app.as_str()).and_then(|rest| rest.strip_prefix('#'));
    let found = match place.and_then(|place| place.split_once('#')) {
        Some(("ROOM", room)) => in_room(RoomId::parse("id", room)?, &key.sk, sought, &before)?,
        Some(("WEBHOOK", target)) => renamed(
            &before,
            |own| sought.renaming.delivery(own),
            |own, named| Trace::Delivery(target.to_owned(), Box::new(own), named),
        )?,
        Some(("CLIENT", id)) if key.sk == "CLIENT" && id != sought.renaming.from.as_str() => {
            renamed(&before, |own| sought.renaming.client(own), |_, named| Trace::Block(named))?
        }
        Some((kind, id)) => own(kind, id, &key.sk, sought.renaming.from, &before)?.map(|trace| (trace, None)),
        None => None,
    };
    Ok(found.map(|(trace, changes)| Found { key, before, changes, trace }))
}

/// In a room his own standing goes; whatever else names him is renamed.
fn in_room(
    room: RoomId,
    sk: &str,
    Sought { renaming, addresses }: &Sought<'_>,
    item: &Item,
) -> Result<Option<(Trace, Option<Item>)>, Error> {
    if sk.strip_prefix(key::STANDING) == Some(renaming.from.as_str()) {
        return Ok(Some((Trace::Own(room, Box::new(item::read(item.clone())?)), None)));
    }
    if sk.starts_with(key::STANDING) {
        return renamed(item, |own| renaming.standing(own), |_, named| Trace::Standing(room, named));
    }
    if sk.starts_with(key::INVITATION) {
        let invitation: Invitation = item::read(item.clone())?;
        if invitation.addresses.iter().any(|address| addresses.contains(address)) {
            return Ok(Some((Trace::Invited(room, Box::new(invitation)), None)));
        }
        return renamed(
            item,
            |own| renaming.invitation(own),
            |own, named| Trace::Invitation(room, Box::new(own), named),
        );
    }
    if sk.starts_with(key::LINK) {
        return renamed(item, |own| renaming.link(own), |own, named| Trace::Link(room, Box::new(own), named));
    }
    if sk == "#ROOM" {
        return renamed(item, |own| renaming.room(own), |_, named| Trace::Room(room, named));
    }
    if !sk.starts_with(key::LOG) {
        return Ok(None);
    }
    renamed(item, |own| renaming.entry(own), |own, named| Trace::Entry(room, Box::new(own), named))
}

/// Outside of rooms, what is his own.
fn own(kind: &str, id: &str, sk: &str, client: &ClientId, item: &Item) -> Result<Option<Trace>, Error> {
    let is_own = id == client.as_str();
    Ok(match (kind, sk) {
        ("CLIENT", "CLIENT") if is_own => Some(Trace::Client(Box::new(item::read(item.clone())?))),
        ("CLIENT", key::SOCKETS) if is_own => Some(Trace::Sockets),
        ("CLIENT", sk) if is_own => {
            let room = sk.strip_prefix(key::QUITTED).map(|room| RoomId::parse("id", room)).transpose()?;
            room.map(Trace::Quitted).or(redeemed(sk)?)
        }
        ("TOKEN", _) => {
            let token: Token = item::read(item.clone())?;
            Some(token).filter(|token| token.client == *client).map(Trace::Token)
        }
        ("ADDRESS", "OWNER") => {
            let owner: Owner = item::read(item.clone())?;
            (owner.client == *client).then(|| Trace::Address(id.to_owned()))
        }
        // Those of the platform too, where it acts for him.
        ("SOCKETS", _) => {
            let watch: Watch = item::read(item.clone())?;
            let room = RoomId::parse("PK", id)?;
            (watch.badge.client.as_ref() == Some(client)).then_some(Trace::Watch(room))
        }
        ("SOCKET", _) => {
            let line: Line = item::read(item.clone())?;
            (line.badge.client.as_ref() == Some(client)).then_some(Trace::Socket)
        }
        _ => None,
    })
}

/// A link that he has come in by.
fn redeemed(sk: &str) -> Result<Option<Trace>, Error> {
    let place = sk.strip_prefix(key::REDEEMED).and_then(|place| place.split_once('#'));
    let Some((room, link)) = place else { return Ok(None) };
    Ok(Some(Trace::Redeemed(RoomId::parse("id", room)?, ObjectId::parse("link", link)?)))
}

/// A record that names him, and the attributes that change when he is renamed.
fn renamed<T: Serialize + DeserializeOwned + Clone>(
    item: &Item,
    rename: impl FnOnce(T) -> T,
    trace: impl FnOnce(T, Named) -> Trace,
) -> Result<Option<(Trace, Option<Item>)>, Error> {
    let record: T = item::read(item.clone())?;
    let renamed = rename(record.clone());
    let (before, mut after) = (item::attributes(&record)?, item::attributes(&renamed)?);
    after.retain(|name, value| before.get(name) != Some(value));
    let named = named(&record, &renamed);
    Ok(if after.is_empty() { None } else { Some((trace(record, named), Some(after))) })
}
