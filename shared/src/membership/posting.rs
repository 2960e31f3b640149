//! Saying something in a room, and changing what one has said.

use super::{Plan, thawed_for};
use crate::change::Change;
use crate::door::Door;
use crate::error::Error;
use crate::id::{ClientId, ObjectId};
use crate::log::Entry;
use crate::message::{Content, Message, Post, Speech};
use crate::standing::Membership;

/// Says something, or says it differently.
pub fn speak(door: &Door, speech: &Speech) -> Result<Plan, Error> {
    match &speech.edits {
        None => post(door, &speech.post, speech.answers.as_ref()),
        Some(id) => edit(door, id, &speech.post),
    }
}

/// Posts a message: members may, and the platform. One that answers another names a message of this room.
fn post(door: &Door, post: &Post, answers: Option<&ObjectId>) -> Result<Plan, Error> {
    let room = door.room_from_inside()?;
    thawed_for(room, &door.caller)?;
    let reply = answers.map(|id| message_entry(door, id)).transpose()?.map(|(_, quoted)| quoted.quote());
    Ok(Change::MessagePosted { post: Post { reply, ..post.clone() } }.into())
}

/// Changes a message: its sender may, and the platform one that nobody sent. What the system says nobody changes.
fn edit(door: &Door, id: &ObjectId, post: &Post) -> Result<Plan, Error> {
    let room = door.room_from_inside()?;
    thawed_for(room, &door.caller)?;
    let (entry, message) = message_entry(door, id)?;
    let sender = message.sender.as_ref().map(|sender| &sender.id);
    let old = match &message.content {
        Content::Post(old) if sender == door.caller.client() => old,
        Content::Post(_) | Content::Notice(_) => {
            return Err(Error::InsufficientPermissions { room: room.id.clone() });
        }
    };
    let reply = old.reply.clone().filter(|_| !post.is_recall());
    let post = Post { reply, ..post.clone() };
    Ok(Change::MessageEdited { entry: Box::new(entry.clone()), post }.into())
}

/// What the acting client has read after reading up to a message; nothing new when it has read further (D23).
pub fn read_up_to(door: &Door, id: &ObjectId) -> Result<(ClientId, Option<Membership>), Error> {
    let room = door.room_from_inside()?;
    let client = door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?;
    let own = door.own().ok_or_else(|| Error::NotRoomMember { room: room.id.clone() })?;
    let (entry, _) = message_entry(door, id)?;
    let has_news = entry.messages > own.read_messages
        || (entry.messages == own.read_messages && own.last_read.as_ref() != Some(id));
    let read =
        has_news.then(|| Membership { read_messages: entry.messages, last_read: Some(id.clone()), ..own.clone() });
    Ok((client.clone(), read))
}

/// The entry of a message that the door has read, if it is that message's.
fn message_entry<'a>(door: &'a Door, id: &ObjectId) -> Result<(&'a Entry, &'a Message), Error> {
    let found = door.entry.as_ref().filter(|entry| entry.id == *id);
    let found = found.and_then(|entry| Some((entry, entry.message.as_ref()?)));
    found.ok_or_else(|| Error::MessageNotFound { id: id.to_string() })
}
