//! What Talk's replies hold.

use serde_json::{Value, json};

use super::parts::{invitation, member, message, topic, unread, user};
use crate::auth::Caller;
use crate::door::{Door, Invitee};
use crate::error::Error;
use crate::id::{ObjectId, RoomId};
use crate::invitation::Invitation;
use crate::lambda::Settings;
use crate::message::Message;
use crate::room::Room;
use crate::standing::Standing;
use crate::store::Done;

/// How many of a room's messages its reply shows (talk.md 9.1).
pub const LATEST_MESSAGES: usize = 30;

/// Whether a reply shows people's addresses (D37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// It does.
    Shown,
    /// It does not.
    Hidden,
}

impl Addresses {
    /// As the operator wants it.
    pub fn of(settings: &Settings) -> Self {
        if settings.expose_addresses { Self::Shown } else { Self::Hidden }
    }

    /// The address of an invitation: its inviter knows it anyway, and the platform.
    fn to(self, caller: &Caller, invitation: &Invitation) -> Self {
        let is_inviter = caller.client().is_some() && caller.client() == invitation.inviter.as_ref();
        if is_inviter || caller.is_platform() { Self::Shown } else { self }
    }
}

/// The reply of `room.invite`: the user who joined, or the pending invitation (seed 003).
pub fn invited(done: &Done, addresses: Addresses) -> Option<Value> {
    let door = &done.door;
    let (room, team) = (door.room.as_ref()?, &door.record.as_ref()?.team);
    let mut reply = match (door.invitee.as_ref()?, &done.invitation) {
        (Invitee::Client(client), _) => user(door.client(client)?, addresses),
        (Invitee::Stranger { .. }, Some(own)) => invitation(own, team, Addresses::Shown),
        (Invitee::Stranger { .. }, None) => return None,
    };
    reply["room"] = topic(room, team);
    reply["_roomId"] = json!(room.id);
    reply["_teamId"] = json!(team);
    reply["role"] = json!("member");
    Some(reply)
}

/// A pending invitation in a list of the team's, or taken back: team and room are ids (talk.md 7).
pub fn listed(own: &Invitation, room: &RoomId, team: &ObjectId, caller: &Caller, addresses: Addresses) -> Value {
    let mut reply = invitation(own, team, addresses.to(caller, own));
    reply["room"] = json!(room);
    reply["_roomId"] = json!(room);
    reply
}

/// A room by itself.
pub fn room(door: &Door) -> Result<Value, Error> {
    let (room, team) = room_and_team(door)?;
    Ok(topic(room, team))
}

/// A room with its members, its last messages and what concerns the caller (talk.md 9.1).
pub fn detail(door: &Door, messages: &[Message]) -> Result<Value, Error> {
    let (room, team) = room_and_team(door)?;
    let own = door.own();
    let mut reply = topic(room, team);
    let page = door.page.as_ref();
    // By the order of joining, then id (D22).
    let mut members: Vec<&Standing> = page.iter().flat_map(|page| &page.members).collect();
    members.sort_by_key(|standing| (standing.membership().map(|own| own.joined), &standing.client));
    reply["members"] = members.iter().filter_map(|standing| member(standing)).collect();
    reply["_memberIds"] = members.iter().map(|standing| json!(standing.client)).collect();
    reply["latestMessages"] = messages.iter().map(|own| message(own, &room.id, team)).collect();
    reply["unread"] = json!(unread(room, own));
    reply["_latestReadMessageId"] = json!(own.and_then(|own| own.last_read.as_ref()));
    reply["prefs"] = json!({});
    reply["isQuit"] = json!(own.is_none());
    Ok(reply)
}

fn room_and_team(door: &Door) -> Result<(&Room, &ObjectId), Error> {
    let record = door.record.as_ref().ok_or_else(|| Error::internal("the app was not read"))?;
    let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
    Ok((room, &record.team))
}
