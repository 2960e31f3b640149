//! Open sockets: which rooms and whom they watch.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;

use super::Store;
use super::key::{self, Key};
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};

impl Store {
    /// Whether any socket watches this room, or one of these clients.
    pub async fn is_watched(&self, app: &AppId, room: &RoomId, clients: &BTreeSet<ClientId>) -> Result<bool, Error> {
        let own: BTreeSet<Key> = clients.iter().map(|client| Key::own_sockets(app, client)).collect();
        let pk = key::sockets(app, room);
        let (in_room, items) = tokio::try_join!(self.range(&pk, " ", "~", Some(1)), self.batch(own.clone()))?;
        let mut is_watched = !in_room.0.is_empty();
        for key in &own {
            is_watched |= items.get::<IgnoredAny>(key)?.is_some();
        }
        Ok(is_watched)
    }
}
