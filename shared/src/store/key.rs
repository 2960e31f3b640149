//! The layout of the table: partition and sort keys. Every partition key begins with the app (D1).

use crate::auth::Hash;
use crate::id::{AppId, ClientId, RoomId};

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

/// What precedes the hash of a client's token in the index.
pub const TOKEN: &str = "token#";

/// What precedes the invitations of an address; the room and the address that names the invitation follow.
pub const INVITED: &str = "INVITED#";

/// What precedes the rooms that a client has left; the room follows.
pub const QUITTED: &str = "QUITTED#";

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

    /// A token.
    pub fn token(app: &AppId, hash: &Hash) -> Self {
        Self::new(format!("{app}#TOKEN#{}", hash.as_str()), "TOKEN")
    }

    /// The app and the room in whose partition it is, if it is in a room's.
    pub fn place(&self) -> Option<(AppId, RoomId)> {
        let (app, room) = self.pk.split_once("#ROOM#")?;
        Some((AppId::parse("app", app).ok()?, RoomId::parse("id", room).ok()?))
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

    /// That a client is being erased: until then nobody of this id can be made.
    pub fn erasing(app: &AppId, client: &ClientId) -> Self {
        Self::new(clients(app, client), "ERASING")
    }

    /// That a client has left a room.
    pub fn quitted(app: &AppId, client: &ClientId, room: &RoomId) -> Self {
        Self::new(clients(app, client), format!("{QUITTED}{room}"))
    }

    /// An entry of a room's log.
    pub fn entry(app: &AppId, room: &RoomId, seq: u64) -> Self {
        Self::new(rooms(app, room), format!("LOG#{seq:020}"))
    }
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

    #[test]
    fn every_key_begins_with_its_app() {
        let app = AppId::parse("app", "App").unwrap();
        let room = RoomId::parse("id", "r").unwrap();
        let client = ClientId::parse("id", "@bob@x.io").unwrap();
        let hash = Hash::of("secret");
        let keys = [
            Key::app(&app),
            Key::app_key(&app, &hash),
            Key::token(&app, &hash),
            Key::client(&app, &client),
            Key::owner(&app, "bob@x.io"),
            Key::invited(&app, "bob@x.io", &room, "+86131"),
            Key::room(&app, &room),
            Key::standing(&app, &room, &client),
            Key::invitation(&app, &room, "bob@x.io"),
            Key::erasing(&app, &client),
            Key::quitted(&app, &client, &room),
            Key::entry(&app, &room, 1),
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
