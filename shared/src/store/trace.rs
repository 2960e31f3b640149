//! Everything that the table holds about one client: read whole to hand it out, or to erase it.
//!
//! No index leads to every entry of every log that names somebody, so both read the whole table, part by part: rare calls of
//! the operator's, which cost as much as the table is large.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Store;
use super::item::{self, Item};
use super::key::{self, Key};
use super::read::read_failed;
use super::visit::Owner;
use crate::auth::Token;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::invitation::Invitation;
use crate::log::Entry;
use crate::pseudonym::{Renaming, new_pseudonym};
use crate::room::Room;
use crate::standing::Standing;

/// Where reading through the table went on to: the next part begins behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pk: String,
    sk: String,
}

/// One item that is about a client or names him.
pub enum Trace {
    /// His own record.
    Client(Box<Client>),
    /// A token of his.
    Token(Token),
    /// An address that he has signed up with.
    Address(String),
    /// A room that he has left.
    Quitted(RoomId),
    /// How he stands to a room.
    Own(RoomId, Box<Standing>),
    /// Somebody else's standing, which he brought about.
    Standing(RoomId, Box<Standing>),
    /// A room that names him.
    Room(Box<Room>),
    /// An invitation of an address that he sent.
    Invitation(RoomId, Box<Invitation>),
    /// An entry of a room's log that names him.
    Entry(RoomId, Box<Entry>),
}

/// One item about the client.
pub(super) struct Found {
    pub key: Key,
    pub before: Item,
    /// The attributes that the renaming changes; none where the item goes with the client.
    pub changes: Option<Item>,
    pub trace: Trace,
}

impl Store {
    /// The next part of what an app's items say about a client, and where the part after it begins.
    pub async fn traces(
        &self,
        app: &AppId,
        client: &ClientId,
        from: Option<Mark>,
    ) -> Result<(Vec<Trace>, Option<Mark>), Error> {
        let anybody = new_pseudonym()?;
        let (found, next) = self.part(app, &Renaming { from: client, to: &anybody }, from).await?;
        Ok((found.into_iter().map(|found| found.trace).collect(), next))
    }

    /// One page of the table, as far as it is about the client or names him.
    pub(super) async fn part(
        &self,
        app: &AppId,
        renaming: &Renaming<'_>,
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
            found.extend(trace(app, renaming, item)?);
        }
        Ok((found, next))
    }
}

/// What an item is to the client, if anything.
fn trace(app: &AppId, renaming: &Renaming<'_>, before: Item) -> Result<Option<Found>, Error> {
    let Some(key) = item::key_of(&before) else { return Ok(None) };
    let place = key.pk.strip_prefix(app.as_str()).and_then(|rest| rest.strip_prefix('#'));
    let found = match place.and_then(|place| place.split_once('#')) {
        Some(("ROOM", room)) => in_room(RoomId::parse("id", room)?, &key.sk, renaming, &before)?,
        Some((kind, id)) => own(kind, id, &key.sk, renaming, &before)?.map(|trace| (trace, None)),
        None => None,
    };
    Ok(found.map(|(trace, changes)| Found { key, before, changes, trace }))
}

/// In a room his own standing goes; whatever else names him is renamed.
fn in_room(
    room: RoomId,
    sk: &str,
    renaming: &Renaming<'_>,
    item: &Item,
) -> Result<Option<(Trace, Option<Item>)>, Error> {
    match sk {
        "#ROOM" => renamed(item, |own| renaming.room(own), |own| Trace::Room(Box::new(own))),
        sk if sk.strip_prefix(key::STANDING) == Some(renaming.from.as_str()) => {
            Ok(Some((Trace::Own(room, Box::new(item::read(item.clone())?)), None)))
        }
        sk if sk.starts_with(key::STANDING) => {
            renamed(item, |own| renaming.standing(own), |own| Trace::Standing(room, Box::new(own)))
        }
        sk if sk.starts_with(key::INVITATION) => {
            renamed(item, |own| renaming.invitation(own), |own| Trace::Invitation(room, Box::new(own)))
        }
        _ => renamed(item, |own| renaming.entry(own), |own| Trace::Entry(room, Box::new(own))),
    }
}

/// Outside of rooms, what is his own.
fn own(kind: &str, id: &str, sk: &str, renaming: &Renaming<'_>, item: &Item) -> Result<Option<Trace>, Error> {
    let is_own = id == renaming.from.as_str();
    Ok(match (kind, sk) {
        ("CLIENT", "CLIENT") if is_own => Some(Trace::Client(Box::new(item::read(item.clone())?))),
        ("CLIENT", sk) if is_own => match sk.strip_prefix(key::QUITTED) {
            Some(room) => Some(Trace::Quitted(RoomId::parse("id", room)?)),
            None => None,
        },
        ("TOKEN", _) => {
            let token: Token = item::read(item.clone())?;
            Some(token).filter(|token| token.client == *renaming.from).map(Trace::Token)
        }
        ("ADDRESS", "OWNER") => {
            let owner: Owner = item::read(item.clone())?;
            (owner.client == *renaming.from).then(|| Trace::Address(id.to_owned()))
        }
        _ => None,
    })
}

/// A record that names him, and the attributes that change when he is renamed.
fn renamed<T: Serialize + DeserializeOwned + Clone>(
    item: &Item,
    rename: impl FnOnce(T) -> T,
    trace: impl FnOnce(T) -> Trace,
) -> Result<Option<(Trace, Option<Item>)>, Error> {
    let record: T = item::read(item.clone())?;
    let (before, mut after) = (item::attributes(&record)?, item::attributes(&rename(record.clone()))?);
    after.retain(|name, value| before.get(name) != Some(value));
    Ok(if after.is_empty() { None } else { Some((trace(record), Some(after))) })
}
