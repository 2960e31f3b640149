//! What a body says in a room: messages, new ones and changed ones.

use serde_json::{Map, Value, json};

use crate::client::Json;
use crate::error::Error;
use crate::id::ObjectId;
use crate::message::{Post, Speech};
use crate::request::Fields;

/// The fields of a message that its sender fills in.
const FIELDS: [&str; 15] = [
    "message",
    "mentions",
    "extra",
    "originalUrl",
    "thumbnailUrl",
    "width",
    "height",
    "images",
    "duration",
    "latitude",
    "longitude",
    "sticker",
    "template",
    "contents",
    "url",
];

/// The types of what the system says: nobody else says them.
const SYSTEM: [&str; 7] =
    ["addMember", "addMembers", "joinRoom", "leaveRoom", "deleteMember", "cancelInvitations", "assignAdmin"];

/// The type that takes a message back.
const RECALL: &str = "recall";

/// The most that a message may take, in bytes of JSON: the last one is read with its room each time.
const LONGEST: usize = 16_384;

/// Reads a message from a body.
pub fn speech(fields: &Fields) -> Result<Speech, Error> {
    let id = |name: &str| fields.text(name, 64)?.map(|id| ObjectId::parse(name, &id)).transpose();
    let (edits, answers) = (id("_id")?, id("reply")?);
    let message_type = fields.text("messageType", 64)?.unwrap_or_else(|| "text".to_owned());
    if SYSTEM.contains(&message_type.as_str()) || message_type.is_empty() {
        return Err(Error::invalid("messageType", "must not be empty or one of the system's own"));
    }
    if message_type == RECALL && edits.is_none() {
        return Err(Error::MissingParameter { names: &["_id"] });
    }
    let said = if message_type == RECALL { recalled() } else { said(fields, &message_type)? };
    Ok(Speech { edits, answers, post: Post { message_type, fields: Json::of(&said), reply: None } })
}

/// Of a message that is taken back nothing is left.
fn recalled() -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), json!(""))])
}

fn said(fields: &Fields, message_type: &str) -> Result<Map<String, Value>, Error> {
    if let Some(mentions) = fields.raw("mentions").filter(|mentions| !mentions.is_null()) {
        let ids = mentions.as_array().is_some_and(|ids| ids.iter().all(Value::is_string));
        ids.then_some(()).ok_or_else(|| Error::invalid("mentions", "must be an array of client ids"))?;
    }
    let given = |name: &str| fields.raw(name).filter(|value| !value.is_null()).cloned();
    let said: Map<String, Value> = FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), given(name)?))).collect();
    match said.get("message") {
        None if message_type == "text" => return Err(Error::MissingParameter { names: &["message"] }),
        Some(message) if message_type == "text" && !message.is_string() => {
            return Err(Error::invalid("message", "must be a string in a message of type `text`"));
        }
        None | Some(_) => {}
    }
    if Json::of(&said).len() > LONGEST {
        let longest = said.iter().max_by_key(|(_, value)| value.to_string().len()).map(|(name, _)| name.as_str());
        let reason = format!("and the message's other fields must be at most {LONGEST} bytes of JSON");
        return Err(Error::invalid(longest.unwrap_or("message"), reason));
    }
    Ok(said)
}
