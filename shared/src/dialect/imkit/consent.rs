//! What IMKit says of consent: whom a client blocks, and whose invitations it takes (D44).

use serde_json::{Value, json};

use super::Reply;
use super::parts::{face, put};
use crate::consent::{Blocked, InvitePolicy};
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::membership::Declining;
use crate::request::{Fields, Request};
use crate::room::{Room, RoomKind};

/// By whom the body says that the client lets itself be added and invited; `null` is everyone.
pub fn invite_policy(fields: &Fields) -> Result<Option<InvitePolicy>, Error> {
    if fields.raw("invitePolicy").is_some_and(Value::is_null) {
        return Ok(Some(InvitePolicy::Everyone));
    }
    let Some(word) = fields.text("invitePolicy", usize::MAX)? else { return Ok(None) };
    let policy = InvitePolicy::ALL.into_iter().find(|policy| policy.as_str() == word);
    let reason = || Error::invalid("invitePolicy", "must be `everyone`, `shared_room` or `nobody`");
    policy.map(Some).ok_or_else(reason)
}

/// Whether who declines blocks his inviter as well: said by the body, or by the query where a client sends no body with a
/// DELETE.
pub fn declining(request: &Request, fields: &Fields) -> Result<Declining, Error> {
    let asked = match (fields.flag("block")?, request.query("block")) {
        (Some(block), _) => block,
        (None, None | Some("false")) => false,
        (None, Some("true")) => true,
        (None, Some(_)) => return Err(Error::invalid("block", "must be true or false")),
    };
    Ok(if asked { Declining::AndBlocking } else { Declining::Politely })
}

impl Reply {
    /// A personal block that begins or ends.
    pub fn block(app: &AppId, blocked: &Blocked) -> Result<Self, Error> {
        let mut result = shown(blocked);
        result["appID"] = json!(app);
        result["room"] = json!(between(blocked)?);
        Ok(result.into())
    }

    /// Everybody whom the caller blocks, each with the direct room of the two.
    pub fn blocks(blocks: &[(Blocked, Option<Room>)]) -> Result<Self, Error> {
        let shown = blocks.iter().map(|(blocked, room)| {
            let (mut result, id) = (shown(blocked), between(blocked)?);
            result["room"] = json!({ "_id": id, "id": id, "roomType": RoomKind::Direct.as_str() });
            put(&mut result["room"], "createdTimeMS", room.as_ref().map(|room| room.created_at));
            Ok(result)
        });
        Ok(json!({ "data": shown.collect::<Result<Value, Error>>()? }).into())
    }
}

/// The direct room of the two, whether there is one or not.
fn between(Blocked { blocker, blockee, .. }: &Blocked) -> Result<RoomId, Error> {
    let pair: [&ClientId; 2] = [blocker, &blockee.id];
    Room::direct_id(pair)
}

fn shown(Blocked { blocker, blockee, block }: &Blocked) -> Value {
    json!({
        "blockee": face(blockee),
        "blocker": blocker,
        "createdAt": block.created_at.iso(),
        "updatedAt": block.updated_at.iso(),
    })
}
