//! What events are rendered from: entries, with their rooms and those whom they name, in as few reads as there can be.

use std::collections::{BTreeMap, BTreeSet};

use super::Store;
use super::key::Key;
use super::read::Items;
use crate::app::App;
use crate::client::Client;
use crate::error::Error;
use crate::event::Scene;
use crate::id::{AppId, ClientId, RoomId};
use crate::log::Entry;
use crate::room::Room;

/// Entries by their room and number.
pub type Scenes = BTreeMap<(RoomId, u64), Scene>;

impl Store {
    /// The scenes of some entries, in two rounds; those are missing whose room or entry is no more.
    pub async fn scenes(&self, app: &AppId, wanted: &BTreeSet<(RoomId, u64)>) -> Result<Scenes, Error> {
        let rooms: BTreeSet<&RoomId> = wanted.iter().map(|(room, _)| room).collect();
        let mut keys: BTreeSet<Key> = wanted.iter().map(|(room, seq)| Key::entry(app, room, *seq)).collect();
        keys.extend(rooms.iter().map(|room| Key::room(app, room)));
        keys.insert(Key::app(app));
        let items = self.batch(keys).await?;
        let Some(record) = items.get::<App>(&Key::app(app))? else { return Ok(Scenes::new()) };
        let mut entries = Vec::new();
        for (room, seq) in wanted {
            let entry: Option<Entry> = items.get(&Key::entry(app, room, *seq))?;
            let place: Option<Room> = items.get(&Key::room(app, room))?;
            entries.extend(entry.zip(place.filter(|place| !place.is_deleted)));
        }
        let named = self.batch(entries.iter().flat_map(|(entry, room)| named(app, room, entry)).collect()).await?;
        let mut scenes = Scenes::new();
        for (entry, room) in entries {
            let scene = self.scene(app, &record, entry, room, &named).await?;
            scenes.insert((scene.room.id.clone(), scene.entry.seq), scene);
        }
        Ok(scenes)
    }

    async fn scene(
        &self,
        app: &AppId,
        record: &App,
        mut entry: Entry,
        room: Room,
        named: &Items,
    ) -> Result<Scene, Error> {
        let invitations = match entry.invitations.is_empty() {
            true => Vec::new(),
            false => self.invitations_to(app, &room.id).await?,
        };
        // A changed message is told as it is now.
        if let Some(id) = &entry.changed {
            let original: Option<Entry> = named.get(&Key::entry(app, &room.id, id.entry()))?;
            entry.message = original.and_then(|original| original.message);
        }
        let mut people = Vec::new();
        for client in clients(&entry) {
            people.extend(named.get::<Client>(&Key::client(app, client))?);
        }
        let invitations = invitations.into_iter().filter(|own| entry.invitations.contains(&own.id)).collect();
        let room = Room { member_count: entry.member_count, ..room };
        Ok(Scene { app: app.clone(), record: record.clone(), room, entry, people, invitations })
    }
}

/// Whom an entry names.
fn clients(entry: &Entry) -> BTreeSet<&ClientId> {
    entry.clients.iter().chain(&entry.actor).collect()
}

/// What else an entry is told with.
fn named(app: &AppId, room: &Room, entry: &Entry) -> Vec<Key> {
    let people = clients(entry).into_iter().map(|client| Key::client(app, client));
    let original = entry.changed.iter().map(|id| Key::entry(app, &room.id, id.entry()));
    people.chain(original).collect()
}
