//! What IMKit's lists hold: rooms, invitations, bans, messages; and the short answers of reading and deleting.

use serde_json::{Value, json};

use super::parts::{badge, face, message, overlay, put};
use super::view::{full_room, membership_room, relative};
use super::{Reply, Shape};
use crate::door::{Circumstance, Door};
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::log::Entry;
use crate::room::Room;
use crate::standing::{Membership, Page, Pending, Standing};
use crate::store::Done;
use crate::time::Time;

/// A room of the caller's, with as many of its members as its list shows.
#[derive(Clone, Debug)]
pub struct OwnRoom {
    /// The room.
    pub room: Room,
    /// The caller's own standing there.
    pub own: Standing,
    /// The other one of a direct room, if he is in it.
    pub peer: Option<Standing>,
}

impl Reply {
    /// Rooms of the caller's. A list shows of a direct room both its members, of any other the caller alone.
    pub fn rooms(app: &AppId, total: usize, rooms: &[OwnRoom]) -> Self {
        let shown = |OwnRoom { room, own, peer }: &OwnRoom| {
            let members: Vec<Standing> = std::iter::once(own).chain(peer).cloned().collect();
            let mut result = full_room(app, room, Some(&Page { members, next: None }));
            overlay(&mut result, relative(room, false, Some(own)));
            result
        };
        Self::list(total, rooms.iter().map(shown))
    }

    /// The ids of rooms of the caller's.
    pub fn room_ids(total: usize, rooms: &[(Room, Standing)]) -> Self {
        Self::list(total, rooms.iter().map(|(room, _)| json!(room.id)))
    }

    /// The rooms that the caller has left, each with the moment.
    pub fn quitted(rooms: &[(Room, Time)]) -> Self {
        let shown = |(room, at): &(Room, Time)| {
            let mut result = json!({
                "_id": room.id,
                "id": room.id,
                "roomType": room.kind.as_str(),
                "roomTags": room.face.room_tags,
                "encrypted": room.face.encrypted,
                "createdTimeMS": room.created_at,
                "pref": { "tags": [], "quittedAt": at.iso() },
            });
            put(&mut result, "name", room.face.name.as_ref());
            put(&mut result, "cover", room.face.cover.as_ref());
            put(&mut result, "description", room.face.description.as_ref());
            result
        };
        json!({ "data": rooms.iter().map(shown).collect::<Value>() }).into()
    }

    /// The caller's live invitations (D27).
    pub fn own_invitations(app: &AppId, invitations: &[(Room, Standing)]) -> Self {
        let shown = |(room, standing): &(Room, Standing)| {
            let mut result = invitation(standing.pending()?);
            let nobody = Page { members: Vec::new(), next: None };
            result["room"] = membership_room(app, room, Some(&nobody), Shape::Modern);
            result["room"]["appID"] = json!(app);
            result["room"].as_object_mut()?.remove("lastMessage"); // who is only invited does not read along (D15)
            Some(result)
        };
        Self::list(invitations.len(), invitations.iter().filter_map(shown))
    }

    /// A room's live invitations of clients (D27).
    pub fn room_invitations(door: &Door) -> Self {
        let live = |standing: &&Standing| Circumstance::of(Some(standing), door.now) == Circumstance::Invited;
        let mut invited: Vec<&Standing> = door.everybody.standings.iter().filter(live).collect();
        invited.sort_by_key(|standing| (standing.pending().map(|own| own.created_at), &standing.client));
        let shown = |standing: &&Standing| {
            let mut result = invitation(standing.pending()?);
            result["invitee"] = face(&standing.face());
            Some(result)
        };
        Self::list(invited.len(), invited.iter().filter_map(shown))
    }

    /// A room's bans (D30).
    pub fn bans(door: &Door, room: &Room) -> Self {
        let shown = |standing: &Standing| {
            let ban = standing.ban()?;
            Some(json!({
                "blockee": face(&standing.face()),
                "blocker": ban.blocker.as_ref().map(face),
                "room": {
                    "_id": room.id, "id": room.id, "roomType": room.kind.as_str(), "createdTimeMS": room.created_at,
                },
                "createdAt": ban.created_at.iso(),
                "updatedAt": ban.created_at.iso(),
            }))
        };
        json!({ "data": door.everybody.standings.iter().filter_map(shown).collect::<Value>() }).into()
    }

    /// A ban that begins or ends (D30).
    pub fn ban(app: &AppId, room: &RoomId, standing: Option<&Standing>) -> Self {
        let shown = standing.and_then(|standing| {
            let ban = standing.ban()?;
            Some(json!({
                "appID": app,
                "blockee": face(&standing.face()),
                "blocker": ban.blocker.as_ref().map(|blocker| &blocker.id),
                "room": room,
                "createdAt": ban.created_at.iso(),
                "updatedAt": ban.created_at.iso(),
            }))
        });
        shown.unwrap_or_default().into()
    }

    /// Some of a room's messages.
    pub fn messages(app: &AppId, room: &Room, entries: &[Entry]) -> Self {
        let messages = entries.iter().filter_map(|entry| entry.message.as_ref());
        Self::list(room.messages as usize, messages.map(|own| reacted(message(app, &room.id, own, Shape::Modern))))
    }

    /// The same, with those that the caller has hidden from himself: nobody can, here.
    pub fn messages_v3(app: &AppId, room: &Room, entries: &[Entry]) -> Self {
        let mut reply = Self::messages(app, room, entries);
        reply.result["userDeletedIDs"] = json!([]);
        reply
    }

    /// A message just posted or changed.
    pub fn message(done: &Done) -> Result<Self, Error> {
        let own = done.message.as_ref().ok_or_else(|| Error::internal("a message that was not logged"))?;
        Ok(reacted(message(&done.door.app, &done.door.id, own, Shape::Modern)).into())
    }

    /// What a member has read.
    pub fn read(room: &Room, client: &ClientId, own: &Membership) -> Self {
        let mut result = json!({ "client": client, "badge": badge(room, own) });
        put(&mut result, "lastRead", own.last_read.as_ref());
        result.into()
    }

    /// How much the caller has not read.
    pub fn badge(rooms: &[(Room, Standing)]) -> Self {
        let badges = rooms.iter().filter_map(|(room, own)| Some(badge(room, own.membership()?)));
        json!({ "badge": badges.sum::<u64>() }).into()
    }

    /// Whether a room is there.
    pub fn exists(exists: bool) -> Self {
        json!({ "exists": exists }).into()
    }

    /// That one thing was deleted.
    pub fn deleted() -> Self {
        json!({ "n": 1, "ok": 1 }).into()
    }

    fn list(total: usize, data: impl Iterator<Item = Value>) -> Self {
        json!({ "totalCount": total, "data": data.collect::<Value>() }).into()
    }
}

/// A message on its own routes tells of reactions, too; nobody can react, here.
fn reacted(mut message: Value) -> Value {
    message["reactions"] = json!([]);
    message["reactionCount"] = json!(0);
    message
}

/// What both lists of invitations show; the published libraries read the moments in either form.
fn invitation(pending: &Pending) -> Value {
    json!({
        "inviter": pending.inviter.as_ref().map(face),
        "createdAt": pending.created_at.iso(),
        "updatedAt": pending.updated_at.iso(),
        "createdTimeMS": pending.created_at,
        "updatedTimeMS": pending.updated_at,
        "expiresAt": pending.expires_at.iso(),
    })
}
