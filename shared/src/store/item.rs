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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::App;
    use crate::auth::Token;
    use crate::client::{Client, Face, Profile};
    use crate::delivery::Delivery;
    use crate::id::{ClientId, ObjectId};
    use crate::json::Json;
    use crate::log::Entry;
    use crate::room::{Room, RoomKind};
    use crate::socket::Watch;
    use crate::standing::{Ban, Membership, Pending, Role, Via};
    use crate::webhook::Webhook;

    const NAMES: [&str; 24] = [
        "PK",
        "SK",
        "id",
        "client",
        "profile",
        "seq",
        "state",
        "member",
        "invited",
        "banned",
        "createdAt",
        "expiresAt",
        "kind",
        "face",
        "messages",
        "memberCount",
        "maxMembers",
        "email",
        "addresses",
        "version",
        "at",
        "nonce",
        "url",
        "badge",
    ];

    fn words() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-z0-9.-]{0,9}", Just("App#ROOM#r".to_owned()), Just("member".to_owned())]
    }

    /// Any attribute, numbers among them that are none.
    fn attribute() -> impl Strategy<Value = AttributeValue> {
        let leaf = prop_oneof![
            words().prop_map(AttributeValue::S),
            prop_oneof![words(), any::<i64>().prop_map(|number| number.to_string()), "-?[0-9]{1,38}(\\.[0-9]{1,9})?"]
                .prop_map(AttributeValue::N),
            any::<bool>().prop_map(AttributeValue::Bool),
            Just(AttributeValue::Null(true)),
            prop::collection::vec(words(), 0..3).prop_map(AttributeValue::Ss),
            prop::collection::vec(words(), 0..3).prop_map(AttributeValue::Ns),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            let name = prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
                prop::collection::hash_map(name, inner, 0..4).prop_map(AttributeValue::M),
            ]
        })
    }

    fn client() -> impl Strategy<Value = ClientId> {
        "[^/#\\x00-\\x1f\\x7f-\\x9f]{1,32}".prop_map(|id| ClientId::parse("id", &id).unwrap())
    }

    fn time() -> impl Strategy<Value = Time> {
        any::<i64>().prop_map(Time::from_millis)
    }

    fn face() -> impl Strategy<Value = Option<Face>> {
        let face = (client(), prop::option::of(words()), prop::option::of(words()));
        prop::option::of(face.prop_map(|(id, nickname, avatar_url)| Face { id, nickname, avatar_url }))
    }

    fn state() -> impl Strategy<Value = State> {
        let member = (any::<[u64; 2]>(), prop::option::of(client()), words()).prop_map(|(counts, inviter, name)| {
            let properties = Json::of(&[(name, inviter.is_some().into())].into_iter().collect());
            let (role, via) = (Role::Admin, Via::Invitation);
            let [joined, read_messages] = counts;
            State::Member(Membership {
                role,
                joined,
                via,
                inviter,
                read_messages,
                last_read: None,
                properties,
                ticket: None,
            })
        });
        let invited = (face(), [time(), time(), time()]).prop_map(|(inviter, [created_at, updated_at, expires_at])| {
            State::Invited(Pending { inviter, created_at, updated_at, expires_at })
        });
        let banned = (face(), time()).prop_map(|(blocker, created_at)| State::Banned(Ban { blocker, created_at }));
        prop_oneof![member, invited, banned]
    }

    fn standing() -> impl Strategy<Value = Standing> {
        let profile = (prop::option::of(words()), any::<bool>(), time());
        let profile = profile.prop_map(|(nickname, is_robot, last_login)| Profile {
            nickname,
            is_robot,
            last_login,
            ..Profile::default()
        });
        (client(), profile, any::<[u64; 2]>(), state()).prop_map(|(client, profile, [profile_version, seq], state)| {
            Standing { client, profile, profile_version, seq, state }
        })
    }

    /// An item of a room's partition, as the table holds it.
    fn stored() -> impl Strategy<Value = Item> {
        let app = AppId::parse("app", "App").unwrap();
        let room = RoomId::parse("id", "r").unwrap();
        let of_room = Room::of_many(room.clone(), RoomKind::Group, 10, Time::from_millis(1));
        let of_room = write(&Key::room(&app, &room), &of_room).unwrap();
        let invitation = Invitation {
            id: ObjectId::at(Time::from_millis(1)),
            seq: 1,
            addresses: vec!["ann@x.io".to_owned()],
            email: Some("Ann@x.io".to_owned()),
            mobile: None,
            inviter: None,
            created_at: Time::from_millis(1),
            expires_at: Time::from_millis(2),
        };
        let invitation = write_invitation(&app, &room, &invitation).unwrap();
        let standing = standing().prop_map(move |standing| write_standing(&app, &room, &standing).unwrap());
        prop_oneof![3 => standing, 1 => Just(of_room), 1 => Just(invitation)]
    }

    /// Reads it as each of the records there are.
    fn read_as_all(item: &Item) {
        let (_, _) = (key_of(item).and_then(|key| key.parcel()), read_with_room::<Standing>(item.clone()).is_ok());
        let _ = [
            read::<Room>(item.clone()).is_ok(),
            read::<Standing>(item.clone()).is_ok(),
            read::<Invitation>(item.clone()).is_ok(),
            read::<Entry>(item.clone()).is_ok(),
            read::<Client>(item.clone()).is_ok(),
            read::<App>(item.clone()).is_ok(),
            read::<Token>(item.clone()).is_ok(),
            read::<Webhook>(item.clone()).is_ok(),
            read::<Delivery>(item.clone()).is_ok(),
            read::<Watch>(item.clone()).is_ok(),
        ];
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_item_makes_its_reader_panic(item in prop::collection::hash_map(prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), attribute(), 0..8)) {
            read_as_all(&item);
        }

        #[test]
        fn nor_does_one_of_ours_that_is_spoilt(item in stored(), at in any::<prop::sample::Index>(), instead in prop::option::of(attribute())) {
            let mut names: Vec<String> = item.keys().cloned().collect();
            names.sort();
            let (mut item, name) = (item, at.get(&names).clone());
            match instead {
                Some(value) => item.insert(name, value),
                None => item.remove(&name),
            };
            read_as_all(&item);
        }

        #[test]
        fn a_standing_is_read_as_it_was_written(standing in standing()) {
            let (app, room) = (AppId::parse("app", "App").unwrap(), RoomId::parse("id", "r").unwrap());
            let item = write_standing(&app, &room, &standing).unwrap();
            let (place, again) = read_with_room::<Standing>(item.clone()).unwrap();
            prop_assert_eq!(&place, &room);
            prop_assert_eq!(write_standing(&app, &room, &again).unwrap(), item);
        }
    }
}
