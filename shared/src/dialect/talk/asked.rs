//! What Talk's requests ask for.

use super::Parameters;
use crate::error::Error;
use crate::id::{ObjectId, RoomId};
use crate::room::{DEFAULT_CAPACITY, Room, RoomFace, RoomKind};
use crate::time::Time;

/// Talk's colours (talk.md 4.2).
const COLORS: [&str; 6] = ["purple", "indigo", "blue", "cyan", "grass", "yellow"];

/// The longest topic and purpose, in bytes.
const TOPIC: usize = 256;
const PURPOSE: usize = 4_096;

/// The team and the new room that a request describes (talk.md 9.1). A colour that Talk does not have is blue.
pub fn new_room(parameters: &Parameters<'_>, now: Time) -> Result<(String, Room), Error> {
    let (team, topic) = match (parameters.text("_teamId")?, parameters.text("topic")?) {
        (Some(team), Some(topic)) => (team, topic),
        (None, Some(_)) => return Err(Error::MissingParameter { names: &["_teamId"] }),
        (Some(_), None) => return Err(Error::MissingParameter { names: &["topic"] }),
        (None, None) => return Err(Error::MissingParameter { names: &["_teamId", "topic"] }),
    };
    if topic.trim().is_empty() || topic.len() > TOPIC {
        return Err(Error::invalid("topic", format!("must be 1 to {TOPIC} bytes long")));
    }
    let purpose = parameters.text("purpose")?;
    if purpose.as_ref().is_some_and(|purpose| purpose.len() > PURPOSE) {
        return Err(Error::invalid("purpose", format!("must be at most {PURPOSE} bytes long")));
    }
    let color = parameters.text("color")?.filter(|color| COLORS.contains(&color.as_str()));
    let id = RoomId::parse("_id", ObjectId::at(now).as_str())?;
    let mut room = Room::of_many(id, RoomKind::Group, DEFAULT_CAPACITY, now);
    room.is_private = parameters.flag("isPrivate")?.unwrap_or(false);
    room.face = RoomFace { topic: Some(topic), color, description: purpose, ..RoomFace::default() };
    room.email = room.new_email();
    Ok((team, room))
}
