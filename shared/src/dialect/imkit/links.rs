//! Links, as IMKit's bodies ask for them and its replies show them (D43).

use serde_json::{Value, json};

use super::asked::lifetime;
use super::parts::face;
use super::{Reply, Shape};
use crate::door::Door;
use crate::error::Error;
use crate::id::RoomId;
use crate::lambda::Settings;
use crate::link::{Link, LinkToken, MOST_USES, Terms};
use crate::request::Fields;
use crate::room::Room;
use crate::store::Done;

impl Reply {
    /// A link just made: the only reply that shows its token.
    pub fn link_made(link: &Link, token: &LinkToken) -> Self {
        let mut result = shown(&token.room, link);
        result["token"] = json!(token.as_str());
        result.into()
    }

    /// A room's live links, in the order of their making.
    pub fn links(door: &Door, room: &Room) -> Self {
        let live: Vec<&Link> = door.everybody.links.iter().filter(|link| link.is_live(door.now)).collect();
        let data: Value = live.iter().map(|link| shown(&room.id, link)).collect();
        json!({ "totalCount": live.len(), "data": data }).into()
    }

    /// A link that was deleted, as it was.
    pub fn link_deleted(room: &RoomId, link: &Link) -> Self {
        shown(room, link).into()
    }

    /// The room that a link leads into, and what became of him who came.
    pub fn redeemed(done: &Done) -> Self {
        Self::changed(done, Shape::Modern)
    }
}

/// What the body wants a link to be.
pub fn terms(fields: &Fields, settings: &Settings) -> Result<Terms, Error> {
    let uses = fields.number("maxUses", 1..=MOST_USES.into())?;
    let max_uses = uses.and_then(|uses| u32::try_from(uses).ok());
    Ok(Terms { max_uses, lifetime: lifetime(fields, settings)? })
}

fn shown(room: &RoomId, link: &Link) -> Value {
    json!({
        "_id": link.id,
        "id": link.id,
        "room": room,
        "maxUses": link.max_uses,
        "uses": link.uses,
        "inviter": link.inviter.as_ref().map(face),
        "createdAt": link.created_at.iso(),
        "createdTimeMS": link.created_at,
        "expiresAt": link.expires_at.iso(),
    })
}
