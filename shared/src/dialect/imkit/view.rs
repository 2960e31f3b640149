//! What IMKit's replies hold: rooms, members, messages, clients, the log.

use serde_json::{Value, json};

use super::Reply;
use super::parts::{badge, entry as entry_of_log, last_read, member, message, overlay, properties, put};
use crate::door::Door;
use crate::id::{AppId, ClientId};
use crate::log::Entry;
use crate::membership::Outcome;
use crate::room::Room;
use crate::standing::{Page, Role, Standing};
use crate::store::Done;

/// The generations of the room's shape (D21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Seeds 001 and 002.
    Modern,
    /// Seed 000: the modern one, with `data`, `lastRead` and ISO times beside it.
    Legacy,
}

impl Reply {
    /// The room after a membership call, and what became of each of those named (D14, D21).
    pub fn changed(done: &Done, shape: Shape) -> Self {
        let result =
            done.door.room.as_ref().map(|room| membership_room(&done.door.app, room, done.door.page.as_ref(), shape));
        let outcomes = done.outcomes.iter().map(|(client, outcome)| outcome_of(client, *outcome)).collect();
        Self { result: result.unwrap_or_default(), outcomes: Some(outcomes) }
    }

    /// The room after joining: nobody was named, so there are no outcomes.
    pub fn joined(done: &Done) -> Self {
        Self { outcomes: None, ..Self::changed(done, Shape::Modern) }
    }

    /// The room with everything, as whoever has changed it sees it.
    pub fn updated(done: &Done) -> Self {
        done.door.room.as_ref().map_or(Self::from(Value::Null), |room| Self::room(&done.door, room))
    }

    /// The same with the outcomes of earlier parts of the call before its own.
    pub fn after(mut self, earlier: &[(ClientId, Outcome)]) -> Self {
        if let Some(Value::Array(outcomes)) = &mut self.outcomes {
            outcomes.splice(0..0, earlier.iter().map(|(client, outcome)| outcome_of(client, *outcome)));
        }
        self
    }

    /// A room just made: its members as bare ids.
    pub fn created(door: &Door, room: &Room) -> Self {
        let mut result = full_room(&door.app, room, door.page.as_ref());
        if let Some(page) = &door.page {
            result["members"] = in_order(&page.members).iter().map(|standing| json!(standing.client)).collect();
        }
        result["__v"] = json!(0);
        Self { result, outcomes: None }
    }

    /// A room as its member or the platform sees it: `unread`, `isSuperuser` relative to the caller.
    pub fn room(door: &Door, room: &Room) -> Self {
        let mut result = full_room(&door.app, room, door.page.as_ref());
        let own = door.caller.client().and_then(|client| door.standing(client));
        overlay(&mut result, relative(room, door.caller.is_platform(), own));
        Self { result, outcomes: None }
    }

    /// One page of a room's members (D24).
    pub fn members(room: &Room, page: &Page) -> Self {
        let mut result = json!({
            "totalCount": room.member_count,
            "data": page.members.iter().map(|standing| member(standing, Shape::Modern)).collect::<Value>(),
            "memberProperties": page.members.iter().filter_map(|standing| properties(room, standing)).collect::<Value>(),
        });
        put(&mut result, "nextMembers", page.next.as_ref());
        Self { result, outcomes: None }
    }

    /// Some of a room's log (D40). `nextAfter` is there when more follows.
    pub fn events(app: &AppId, room: &Room, entries: &[Entry]) -> Self {
        let mut result = json!({
            "totalCount": room.seq,
            "data": entries.iter().map(|entry| entry_of_log(app, &room.id, entry)).collect::<Value>(),
        });
        let last = entries.last().map(|entry| entry.seq);
        put(&mut result, "nextAfter", last.filter(|last| *last < room.seq));
        Self { result, outcomes: None }
    }
}

fn outcome_of(client: &ClientId, outcome: Outcome) -> Value {
    json!({ "client": client, "outcome": outcome.as_str() })
}

/// What of a room depends on who asks.
pub(super) fn relative(room: &Room, is_platform: bool, own: Option<&Standing>) -> Value {
    let place = own.and_then(Standing::membership);
    let unread = place.map_or(0, |place| badge(room, place));
    let said = room.last_message.as_ref().filter(|_| unread > 0);
    json!({
        "unread": unread,
        "isSuperuser": is_platform || place.is_some_and(|place| place.role != Role::Member),
        "isMentioned": said.zip(own).is_some_and(|(last, own)| last.mentions(&own.client)),
        "muted": false,
        "pref": {},
    })
}

/// The room as membership calls show it (seeds 000, 001, 002): no field of the caller's own.
pub(super) fn membership_room(app: &AppId, room: &Room, page: Option<&Page>, shape: Shape) -> Value {
    let mut result = room_face(app, room, shape);
    result["memberCount"] = json!(room.member_count);
    if let Some(page) = page {
        let members = shown(page);
        result["members"] = members.iter().map(|standing| member(standing, shape)).collect();
        result["memberProperties"] = members.iter().filter_map(|standing| properties(room, standing)).collect();
        put(&mut result, "nextMembers", page.next.as_ref());
        if shape == Shape::Legacy {
            result["lastRead"] = members.iter().filter_map(|standing| last_read(standing)).collect();
        }
    }
    if shape == Shape::Legacy && !room.face.data.is_empty() {
        result["data"] = Value::Object(room.face.data.object());
    }
    result
}

/// The room with everything that its own routes show. Its `data` stays inside: a known client takes a reply's `data` for
/// the reply (D21).
pub(super) fn full_room(app: &AppId, room: &Room, page: Option<&Page>) -> Value {
    let mut result = membership_room(app, room, page, Shape::Modern);
    result["managers"] = json!(room.admins);
    result["appID"] = json!(app);
    result["opening"] = json!(i32::from(!room.is_closed));
    result["isPrivate"] = json!(room.is_private);
    result["invitationRequired"] = json!(room.invitation_required);
    result["maxMembers"] = json!(room.max_members);
    result["createdTime"] = json!(room.created_at.iso());
    put(&mut result, "topic", room.face.topic.as_ref());
    put(&mut result, "extParams", room.face.ext_params.as_ref());
    let owner = room.owner.as_ref().map(|owner| {
        let listed = page.iter().flat_map(|page| &page.members).find(|standing| standing.client == *owner);
        listed.map_or_else(|| json!({ "_id": owner, "id": owner }), |standing| member(standing, Shape::Modern))
    });
    put(&mut result, "owner", owner);
    result
}

/// What a room looks like, without its people.
pub(super) fn room_face(app: &AppId, room: &Room, shape: Shape) -> Value {
    let face = &room.face;
    let mut result = json!({
        "_id": room.id,
        "id": room.id,
        "roomType": room.kind.as_str(),
        "botState": face.bot_state,
        "botMode": face.bot_mode,
        "encrypted": face.encrypted,
        "serviceStatus": 0,
        "roomTags": face.room_tags,
        "status": i32::from(!room.is_frozen),
        "createdTimeMS": room.created_at,
    });
    put(&mut result, "name", face.name.as_ref());
    put(&mut result, "cover", face.cover.as_ref());
    put(&mut result, "description", face.description.as_ref());
    put(&mut result, "webhook", face.webhook.as_ref());
    put(&mut result, "lastMessage", room.last_message.as_ref().map(|last| message(app, &room.id, last, shape)));
    result
}

/// The members of a page as a room shows them: by the order of joining when they are all there, else by id, as the
/// pages that follow are.
fn shown(page: &Page) -> Vec<&Standing> {
    if page.next.is_some() { page.members.iter().collect() } else { in_order(&page.members) }
}

/// Join order, then id (D22).
fn in_order(members: &[Standing]) -> Vec<&Standing> {
    let mut members: Vec<&Standing> = members.iter().collect();
    members.sort_by_key(|standing| (standing.membership().map(|membership| membership.joined), &standing.client));
    members
}
