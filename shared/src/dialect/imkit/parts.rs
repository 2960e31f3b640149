//! The parts of IMKit's replies: members and their properties, messages, entries of the log.

use serde_json::{Value, json};

use super::Shape;
use crate::client::{Face, Profile};
use crate::id::{AppId, ClientId, RoomId};
use crate::log::Entry;
use crate::message::{Content, Message, Notice, Post};
use crate::room::Room;
use crate::standing::{Membership, Role, Standing, Ticket, Via};
use crate::time::Time;

pub(super) fn member(standing: &Standing, shape: Shape) -> Value {
    person(&standing.client, &standing.profile, shape)
}

pub(super) fn person(id: &ClientId, profile: &Profile, shape: Shape) -> Value {
    let mut result = json!({
        "_id": id,
        "id": id,
        "isRobot": profile.is_robot,
        "lastLoginTimeMS": profile.last_login,
        "clientType": "user", // D22
    });
    put(&mut result, "nickname", profile.nickname.as_ref());
    put(&mut result, "avatarUrl", profile.avatar_url.as_ref());
    put(&mut result, "description", profile.description.as_ref());
    put(&mut result, "userAgent", profile.user_agent.as_ref());
    if shape == Shape::Legacy {
        result["lastLoginTime"] = json!(profile.last_login.iso());
    }
    result
}

/// The short form; the time of the last login is not loaded there, and documented as 0.
pub(super) fn face(face: &Face) -> Value {
    let mut result = json!({ "_id": face.id, "id": face.id, "lastLoginTimeMS": 0 });
    put(&mut result, "nickname", face.nickname.as_ref());
    put(&mut result, "avatarUrl", face.avatar_url.as_ref());
    result
}

pub(super) fn properties(room: &Room, standing: &Standing) -> Option<Value> {
    let membership = standing.membership()?;
    let mut result = Value::Object(membership.properties.object());
    result["client"] = json!(standing.client);
    result["badge"] = json!(badge(room, membership));
    put(&mut result, "lastRead", membership.last_read.as_ref());
    put(&mut result, "role", Some(membership.role).filter(|role| *role != Role::Member).map(Role::as_str));
    result["via"] = json!(membership.via.as_str());
    put(&mut result, "inviter", membership.inviter.as_ref());
    match &membership.ticket {
        Some(Ticket::Link(id)) => result["link"] = json!(id),
        Some(Ticket::Invitation(id)) => result["invitation"] = json!(id),
        None => {}
    }
    Some(result)
}

pub(super) fn last_read(standing: &Standing) -> Option<Value> {
    let message = standing.membership()?.last_read.as_ref()?;
    Some(json!({ "message": message, "client": standing.client }))
}

/// Messages after the last one read (D23).
pub(super) fn badge(room: &Room, membership: &Membership) -> u64 {
    room.messages.saturating_sub(membership.read_messages)
}

pub(super) fn message(app: &AppId, room: &RoomId, message: &Message, shape: Shape) -> Value {
    let Message { id, at, sender, content, edited_at } = message;
    let mut result = match content {
        Content::Notice(notice) => told(notice),
        Content::Post(post) => said(post),
    };
    let own = json!({
        "_id": id,
        "id": id,
        "room": room,
        "appID": app,
        "messageType": message.message_type(),
        "sender": sender.as_ref().map(face),
        "messageTimeMS": at,
        "updatedAtMS": edited_at.unwrap_or(*at),
        "createdAtMS": at,
    });
    overlay(&mut result, own);
    put(&mut result, "editedAt", edited_at.map(Time::iso));
    if shape == Shape::Legacy {
        result["messageTime"] = json!(at.iso());
    }
    result
}

/// What the system says (D19, D28).
fn told(notice: &Notice) -> Value {
    let mut result = json!({ "message": notice.text() });
    put(&mut result, "member", notice.member().map(face));
    if let Some((name, faces)) = notice.extra() {
        let faces: Value = faces.iter().map(bare_face).collect();
        result["extra"] = json!({ name: faces });
    }
    result
}

/// What somebody says, as it was sent.
fn said(post: &Post) -> Value {
    let mut result = Value::Object(post.fields.object());
    if let Some(quote) = &post.reply {
        result["reply"] = json!({
            "_id": quote.id,
            "id": quote.id,
            "messageType": quote.message_type,
            "message": quote.text,
            "sender": quote.sender.as_ref().map(face),
            "messageTimeMS": quote.at,
        });
    }
    result
}

/// A client in a message's `extra` (D19).
fn bare_face(face: &Face) -> Value {
    let mut result = json!({ "_id": face.id });
    put(&mut result, "nickname", face.nickname.as_ref());
    put(&mut result, "avatarUrl", face.avatar_url.as_ref());
    result
}

/// An entry of the log (D40).
pub(in crate::dialect) fn entry(app: &AppId, room: &RoomId, entry: &Entry) -> Value {
    let mut result = json!({
        "seq": entry.seq,
        "id": entry.id,
        "type": entry.kind,
        "at": entry.at.iso(),
        "atMS": entry.at,
        "actor": entry.actor,
        "clients": entry.clients,
        "memberCount": entry.member_count,
    });
    put(&mut result, "via", entry.via.map(Via::as_str));
    put(&mut result, "inviter", entry.inviter.as_ref());
    put(&mut result, "link", entry.link.as_ref());
    put(&mut result, "expiresAt", entry.expires_at.map(Time::iso));
    match entry.invitations.as_slice() {
        [] => {}
        [one] => result["invitation"] = json!(one),
        several => result["invitations"] = json!(several),
    }
    put(&mut result, "message", entry.message.as_ref().map(|own| message(app, room, own, Shape::Modern)));
    result
}

/// Sets a field that is there only when it has a value.
pub(super) fn put(result: &mut Value, name: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value {
        result[name] = json!(value);
    }
}

/// Lays fields over others.
pub(super) fn overlay(result: &mut Value, over: Value) {
    if let (Value::Object(result), Value::Object(over)) = (result, over) {
        result.extend(over);
    }
}
