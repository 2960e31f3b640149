//! The layout of the table: partition and sort keys. Every partition key begins with the app (D1).

use sha2::{Digest, Sha256};

use crate::auth::Hash;
use crate::budget::Charge;
use crate::delivery::DeliveryId;
use crate::id::{AppId, ClientId, ObjectId, RoomId};
use crate::socket::ConnectionId;
use crate::webhook::Target;

/// A whole key of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Attribute `PK`.
    pub pk: String,
    /// Attribute `SK`.
    pub sk: String,
}

/// What precedes every standing of a client; the client's id follows.
pub const STANDING: &str = "#STANDING#";

/// What precedes the invitations of addresses to a room; the address that names the invitation follows.
pub const INVITATION: &str = "#INVITATION#";

/// What precedes the links to a room; the link's id follows.
pub const LINK: &str = "#LINK#";

/// What precedes the links that a client has come in by; the room and the link follow.
pub const REDEEMED: &str = "REDEEMED#";

/// What precedes the hash of a client's token in the index.
pub const TOKEN: &str = "token#";

/// What precedes the invitations of an address; the room and the address that names the invitation follow.
pub const INVITED: &str = "INVITED#";

/// What precedes the entries of a room's log; the number follows.
pub const LOG: &str = "LOG#";

/// What precedes the rooms that a client has left; the room follows.
pub const QUITTED: &str = "QUITTED#";

/// What the item of the sockets is called by which a client watches what befalls itself.
pub const SOCKETS: &str = "SOCKETS";

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// The app itself.
    pub fn app(app: &AppId) -> Self {
        Self::new(app.to_string(), "APP")
    }

    /// A client key or API key.
    pub fn app_key(app: &AppId, hash: &Hash) -> Self {
        Self::new(format!("{app}#KEY#{}", hash.as_str()), "KEY")
    }

    /// What is kept under a request's `Idempotency-Key`.
    pub fn once(app: &AppId, scope: &Hash) -> Self {
        Self::new(format!("{app}#ONCE#{}", scope.as_str()), "ONCE")
    }

    /// The counter of a budget. Whose it is cannot be read from it: it outlives a client who is erased, if not for long.
    pub fn counter(app: &AppId, charge: &Charge) -> Self {
        let whose = charge.client.as_ref().map(ClientId::as_str).unwrap_or_default();
        let hash = Hash::of(&format!("{} {whose}", charge.budget.as_str()));
        Self::new(format!("{app}#BUDGET#{}", hash.as_str()), format!("{:010}", charge.window))
    }

    /// A token.
    pub fn token(app: &AppId, hash: &Hash) -> Self {
        Self::new(format!("{app}#TOKEN#{}", hash.as_str()), "TOKEN")
    }

    /// The app and the room in whose partition it is, if it is in a room's.
    pub fn place(&self) -> Option<(AppId, RoomId)> {
        place_of(&self.pk)
    }

    /// A client.
    pub fn client(app: &AppId, client: &ClientId) -> Self {
        Self::new(clients(app, client), "CLIENT")
    }

    /// Who has signed up with an address.
    pub fn owner(app: &AppId, address: &str) -> Self {
        Self::new(addresses(app, address), "OWNER")
    }

    /// That an address is invited to a room, under the invitation that `named_by` names.
    pub fn invited(app: &AppId, address: &str, room: &RoomId, named_by: &str) -> Self {
        Self::new(addresses(app, address), format!("{INVITED}{room}#{named_by}"))
    }

    /// A room.
    pub fn room(app: &AppId, room: &RoomId) -> Self {
        Self::new(rooms(app, room), "#ROOM")
    }

    /// How a client stands to a room.
    pub fn standing(app: &AppId, room: &RoomId, client: &ClientId) -> Self {
        Self::new(rooms(app, room), format!("{STANDING}{client}"))
    }

    /// The invitation of an address to a room: outside the range of the standings, so that no number of them makes the
    /// room's page longer.
    pub fn invitation(app: &AppId, room: &RoomId, address: &str) -> Self {
        Self::new(rooms(app, room), format!("{INVITATION}{address}"))
    }

    /// A link to a room: among what [`Self::invitation`] is among, so that a ban finds all that lets anybody in by one query.
    pub fn link(app: &AppId, room: &RoomId, link: &ObjectId) -> Self {
        Self::new(rooms(app, room), format!("{LINK}{link}"))
    }

    /// That a client has come into a room by a link.
    pub fn redeemed(app: &AppId, client: &ClientId, room: &RoomId, link: &ObjectId) -> Self {
        Self::new(clients(app, client), format!("{REDEEMED}{room}#{link}"))
    }

    /// That a client is being erased: until then nobody of this id can be made.
    pub fn erasing(app: &AppId, client: &ClientId) -> Self {
        Self::new(clients(app, client), "ERASING")
    }

    /// That a client has left a room.
    pub fn quitted(app: &AppId, client: &ClientId, room: &RoomId) -> Self {
        Self::new(clients(app, client), format!("{QUITTED}{room}"))
    }

    /// How far a room's log has been relayed.
    pub fn heard(app: &AppId, room: &RoomId) -> Self {
        Self::new(rooms(app, room), "HEARD")
    }

    /// A webhook.
    pub fn webhook(app: &AppId, id: &str) -> Self {
        Self::new(webhooks(app), id)
    }

    /// A delivery to a target.
    pub fn delivery(app: &AppId, target: &Target, id: &DeliveryId) -> Self {
        Self::new(deliveries(app, target), id.as_str())
    }

    /// The app, the target and the delivery that this is, if it is one.
    pub fn parcel(&self) -> Option<(AppId, Target, DeliveryId)> {
        let (app, target) = self.pk.split_once("#WEBHOOK#")?;
        let id = DeliveryId::parse("SK", &self.sk).ok()?;
        Some((AppId::parse("app", app).ok()?, Target::parse("PK", target).ok()?, id))
    }

    /// The sockets by which a client watches what befalls itself.
    pub fn own_sockets(app: &AppId, client: &ClientId) -> Self {
        Self::new(clients(app, client), SOCKETS)
    }

    /// That a socket watches a room. Behind the client's id, so that all of a client's are found together; the platform's
    /// are without one.
    pub fn watch(app: &AppId, room: &RoomId, client: Option<&ClientId>, socket: &ConnectionId) -> Self {
        let client = client.map(ClientId::as_str).unwrap_or_default();
        Self::new(sockets(app, room), format!("{client}#{}", socket.as_str()))
    }

    /// What a socket watches.
    pub fn socket(app: &AppId, socket: &ConnectionId) -> Self {
        Self::new(format!("{app}#SOCKET#{}", socket.as_str()), "SOCKET")
    }

    /// An entry of a room's log.
    pub fn entry(app: &AppId, room: &RoomId, seq: u64) -> Self {
        Self::new(rooms(app, room), format!("{LOG}{seq:020}"))
    }
}

/// The app and the room whose partition this is, if it is a room's.
pub fn place_of(pk: &str) -> Option<(AppId, RoomId)> {
    let (app, room) = pk.split_once("#ROOM#")?;
    Some((AppId::parse("app", app).ok()?, RoomId::parse("id", room).ok()?))
}

/// The partition of a room: the room, its standings, its log.
pub fn rooms(app: &AppId, room: &RoomId) -> String {
    format!("{app}#ROOM#{room}")
}

/// The partition of an address: its owner, its invitations.
pub fn addresses(app: &AppId, address: &str) -> String {
    format!("{app}#ADDRESS#{address}")
}

/// In the index of clients and rooms: the invitations of addresses of a whole app.
pub fn app_invitations(app: &AppId) -> String {
    format!("{app}#INVITATIONS")
}

/// In the index of what is due: everything of an app that time will sweep away.
pub fn due(app: &AppId) -> String {
    format!("{app}#DUE")
}

/// The partition of an app's webhooks.
pub fn webhooks(app: &AppId) -> String {
    format!("{app}#WEBHOOKS")
}

/// The partition of the deliveries to a target.
pub fn deliveries(app: &AppId, target: &Target) -> String {
    format!("{app}#WEBHOOK#{}", target.as_str())
}

/// The partition of the sockets that watch a room.
pub fn sockets(app: &AppId, room: &RoomId) -> String {
    format!("{app}#SOCKETS#{room}")
}

/// In the index of what waits to be told: a part of an app's deliveries and rooms. Several parts, so that a busy app's writes
/// do not all go to one place; which part follows from the id.
pub fn waiting(app: &AppId, id: &str) -> String {
    let part = Sha256::digest(id.as_bytes())[0] % WAITING_PARTS;
    format!("{app}#WAITING#{part}")
}

/// See [`waiting`].
const WAITING_PARTS: u8 = 8;

/// In the index, the partition of all clients of an app.
pub fn directory(app: &AppId) -> String {
    format!("{app}#CLIENTS")
}

/// The partition of a client; in the index, that of its rooms and its tokens.
pub fn clients(app: &AppId, client: &ClientId) -> String {
    format!("{app}#CLIENT#{client}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> DeliveryId {
        DeliveryId::parse("id", &format!("msg_{}", "0".repeat(38))).unwrap()
    }

    #[test]
    fn a_delivery_is_found_again_by_its_key() {
        let app = AppId::parse("app", "App").unwrap();
        let key = Key::delivery(&app, &Target::Mail, &delivery());
        assert_eq!(key.parcel(), Some((app.clone(), Target::Mail, delivery())));
        assert_eq!(Key::app(&app).parcel(), None);
    }

    #[test]
    fn every_key_begins_with_its_app() {
        let app = AppId::parse("app", "App").unwrap();
        let room = RoomId::parse("id", "r").unwrap();
        let client = ClientId::parse("id", "@bob@x.io").unwrap();
        let hash = Hash::of("secret");
        let link = ObjectId::at(crate::time::Time::from_millis(1));
        let socket = ConnectionId::parse("L0SM9cOFvHcCIhw=").unwrap();
        let keys = [
            Key::app(&app),
            Key::app_key(&app, &hash),
            Key::token(&app, &hash),
            Key::once(&app, &hash),
            Key::client(&app, &client),
            Key::owner(&app, "bob@x.io"),
            Key::invited(&app, "bob@x.io", &room, "+86131"),
            Key::room(&app, &room),
            Key::standing(&app, &room, &client),
            Key::invitation(&app, &room, "bob@x.io"),
            Key::link(&app, &room, &link),
            Key::redeemed(&app, &client, &room, &link),
            Key::erasing(&app, &client),
            Key::quitted(&app, &client, &room),
            Key::entry(&app, &room, 1),
            Key::heard(&app, &room),
            Key::own_sockets(&app, &client),
            Key::socket(&app, &socket),
            Key::watch(&app, &room, Some(&client), &socket),
            Key::watch(&app, &room, None, &socket),
            Key::webhook(&app, "room"),
            Key::delivery(&app, &Target::Room, &delivery()),
        ];
        for key in &keys {
            assert!(key.pk == "App" || key.pk.starts_with("App#"), "{key:?}");
            assert!(!format!("{key:?}").contains("secret"), "{key:?}");
        }
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn log_entries_sort_by_their_number() {
        let app = AppId::parse("app", "App").unwrap();
        let room = RoomId::parse("id", "r").unwrap();
        assert!(Key::entry(&app, &room, 9).sk < Key::entry(&app, &room, 10).sk);
    }
}
