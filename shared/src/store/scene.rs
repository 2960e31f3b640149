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
use crate::invitation::Invitation;
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
        let scenes = self.stage(app, &record, entries).await?.into_iter();
        Ok(scenes.map(|scene| ((scene.room.id.clone(), scene.entry.seq), scene)).collect())
    }

    /// What follows an entry of a room's log, at most so many entries, in two rounds.
    pub async fn story(&self, app: &AppId, room: &RoomId, after: u64, limit: usize) -> Result<Story, Error> {
        let (app_key, room_key) = (Key::app(app), Key::room(app, room));
        let keys = BTreeSet::from([app_key.clone(), room_key.clone()]);
        let (items, counted) = tokio::try_join!(self.batch(keys), self.counted(app, room, after, limit))?;
        let (record, place): (Option<App>, Option<Room>) = (items.get(&app_key)?, items.get(&room_key)?);
        let Some((record, place)) = record.zip(place.filter(|place| !place.is_deleted)) else {
            return Err(Error::RoomNotFound { room: room.clone() });
        };
        let seq = place.seq;
        let (entries, before): (Vec<_>, Vec<_>) =
            counted.into_iter().map(|(entry, before)| ((entry, place.clone()), before)).unzip();
        let scenes = self.stage(app, &record, entries).await?.into_iter().zip(before).collect();
        Ok(Story { scenes, seq })
    }

    /// The number of the last entry of a room's log.
    pub async fn last_seq(&self, app: &AppId, room: &RoomId) -> Result<u64, Error> {
        let key = Key::room(app, room);
        let place: Option<Room> = self.batch(BTreeSet::from([key.clone()])).await?.get(&key)?;
        let place = place.filter(|place| !place.is_deleted);
        place.map(|place| place.seq).ok_or_else(|| Error::RoomNotFound { room: room.clone() })
    }

    /// Entries with all that they are told with.
    async fn stage(&self, app: &AppId, record: &App, entries: Vec<(Entry, Room)>) -> Result<Vec<Scene>, Error> {
        let named = self.batch(entries.iter().flat_map(|(entry, room)| named(app, room, entry)).collect()).await?;
        let mut invitations: BTreeMap<RoomId, Vec<Invitation>> = BTreeMap::new();
        for (_, room) in entries.iter().filter(|(entry, _)| !entry.invitations.is_empty()) {
            if !invitations.contains_key(&room.id) {
                invitations.insert(room.id.clone(), self.invitations_to(app, &room.id).await?);
            }
        }
        let scene = |(entry, room): (Entry, Room)| {
            let invitations = invitations.get(&room.id).map(Vec::as_slice).unwrap_or_default();
            scene(app, record, entry, room, &named, invitations)
        };
        entries.into_iter().map(scene).collect()
    }
}

/// What a part of a room's log is told from.
pub struct Story {
    /// The entries in order, each with how many members the room had before it.
    pub scenes: Vec<(Scene, u32)>,
    /// The number of the room's last entry, as it was beside that reading.
    pub seq: u64,
}

fn scene(
    app: &AppId,
    record: &App,
    mut entry: Entry,
    room: Room,
    named: &Items,
    pending: &[Invitation],
) -> Result<Scene, Error> {
    // A changed message is told as it is now.
    if let Some(id) = &entry.changed {
        let original: Option<Entry> = named.get(&Key::entry(app, &room.id, id.entry()))?;
        entry.message = original.and_then(|original| original.message);
    }
    let mut people = Vec::new();
    for client in clients(&entry) {
        people.extend(named.get::<Client>(&Key::client(app, client))?);
    }
    let invitations = pending.iter().filter(|own| entry.invitations.contains(&own.id)).cloned().collect();
    let room = Room { member_count: entry.member_count, ..room };
    Ok(Scene { app: app.clone(), record: record.clone(), room, entry, people, invitations })
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
