//! Records ⇄ items of the table.

// The SDK's own type for an item is a HashMap.
#![allow(clippy::disallowed_types)]

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use super::key::{self, Key};
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::invitation::Invitation;
use crate::standing::{Standing, State};
use crate::time::Time;

/// An item as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// A key as the SDK wants it.
pub fn keyed(key: &Key) -> Item {
    HashMap::from([("PK".to_owned(), text(&key.pk)), ("SK".to_owned(), text(&key.sk))])
}

/// A record's attributes, without a key.
pub fn attributes<T: Serialize>(record: &T) -> Result<Item, Error> {
    to_item(record).map_err(Error::internal)
}

/// A record under its key.
pub fn write<T: Serialize>(key: &Key, record: &T) -> Result<Item, Error> {
    let mut item: Item = to_item(record).map_err(Error::internal)?;
    item.extend(keyed(key));
    Ok(item)
}

/// A standing under its key, and in the index of its client's rooms by state; an invitation also in that of what is due.
pub fn write_standing(app: &AppId, room: &RoomId, standing: &Standing) -> Result<Item, Error> {
    let state = match standing.state {
        State::Member(_) => MEMBER,
        State::Invited(_) => INVITED,
        State::Banned(_) => BANNED,
    };
    let mut item = write(&Key::standing(app, room, &standing.client), standing)?;
    item.insert("GSI1PK".to_owned(), text(&key::clients(app, &standing.client)));
    item.insert("GSI1SK".to_owned(), text(&format!("{state}{room}")));
    if let Some(pending) = standing.pending() {
        item.extend(due(app, pending.expires_at));
    }
    Ok(item)
}

/// An invitation of an address under its key, in the index of its app's invitations and in that of what is due.
pub fn write_invitation(app: &AppId, room: &RoomId, invitation: &Invitation) -> Result<Item, Error> {
    let mut item = write(&Key::invitation(app, room, invitation.address()), invitation)?;
    item.insert("GSI1PK".to_owned(), text(&key::app_invitations(app)));
    item.insert("GSI1SK".to_owned(), text(invitation.id.as_str()));
    item.extend(due(app, invitation.expires_at));
    Ok(item)
}

/// What precedes the room in the index of a client's rooms, by its standing there.
pub const MEMBER: &str = "member#";
/// See [`MEMBER`].
pub const INVITED: &str = "invited#";
/// See [`MEMBER`].
pub const BANNED: &str = "banned#";

/// The attributes that put an item into the index of what is due at that moment.
pub fn due(app: &AppId, at: Time) -> Item {
    let moment = AttributeValue::N(at.millis().to_string());
    HashMap::from([("GSI2PK".to_owned(), text(&key::due(app))), ("GSI2SK".to_owned(), moment)])
}

/// The attributes that put an item into the index of what waits to be told, where it is found from that moment on.
pub fn waiting(app: &AppId, id: &str, at: Time) -> Item {
    let moment = AttributeValue::N(at.millis().to_string());
    HashMap::from([("GSI3PK".to_owned(), text(&key::waiting(app, id))), ("GSI3SK".to_owned(), moment)])
}

/// A record under its key, and in the index.
pub fn write_indexed<T: Serialize>(key: &Key, record: &T, pk: &str, sk: &str) -> Result<Item, Error> {
    let mut item = write(key, record)?;
    item.insert("GSI1PK".to_owned(), text(pk));
    item.insert("GSI1SK".to_owned(), text(sk));
    Ok(item)
}

/// The record of an item.
pub fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    from_item(item).map_err(Error::internal)
}

/// The record of an item in a room's partition, with the room.
pub fn read_with_room<T: DeserializeOwned>(item: Item) -> Result<(RoomId, T), Error> {
    let place = key_of(&item).and_then(|key| key.place());
    let (_, room) = place.ok_or_else(|| Error::internal("an item of the index is in no room"))?;
    Ok((room, read(item)?))
}

/// The key of an item.
pub fn key_of(item: &Item) -> Option<Key> {
    let part = |name| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: part("PK")?, sk: part("SK")? })
}

/// A string.
pub fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A number.
pub fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The record that an attribute is.
pub fn record<T: DeserializeOwned>(value: AttributeValue) -> Result<T, Error> {
    serde_dynamo::from_attribute_value(value).map_err(Error::internal)
}

/// Any record, as an attribute.
pub fn value<T: Serialize>(record: &T) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(record).map_err(Error::internal)
}
