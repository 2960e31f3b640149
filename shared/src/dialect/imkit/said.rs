//! What a body says in a room: messages, new ones and changed ones.

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::id::ObjectId;
use crate::json::Json;
use crate::message::{Post, RECALL, Speech};
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

/// The most that a message may take, in bytes of JSON: the last one is read with its room each time.
const LONGEST: usize = 16_384;

/// Reads a message from a body.
pub fn speech(fields: &Fields) -> Result<Speech, Error> {
    let id = |name: &str| fields.text(name, 64)?.map(|id| ObjectId::parse(name, &id)).transpose();
    let (edits, answers) = (id("_id")?, id("reply")?);
    let message_type = fields.text("messageType", 64)?.unwrap_or_else(|| "text".to_owned());
    if SYSTEM.contains(&message_type.as_str()) {
        return Err(Error::invalid("messageType", format!("must not be `{message_type}`: only the system says that")));
    }
    if message_type.is_empty() {
        return Err(Error::invalid("messageType", "must not be empty"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;

    fn read(body: Value) -> Result<Speech, Error> {
        let request: Request = serde_json::from_value(json!({ "body": body.to_string() })).unwrap();
        speech(&request.fields().unwrap())
    }

    #[test]
    fn a_message_is_what_its_sender_fills_in() {
        let every = json!({
            "message": "x", "mentions": ["bbb"], "extra": [1], "originalUrl": "u", "thumbnailUrl": "t", "width": 1, "height": 2,
            "images": [3], "duration": 4, "latitude": 5.5, "longitude": 6, "sticker": {}, "template": "p", "contents": true,
            "url": "http://x/",
        });
        let mut body = every.clone();
        body["sender"] = json!("bbb");
        body["data"] = json!({ "a": 1 });
        body["isPined"] = json!(null);
        let speech = read(body).unwrap();
        assert_eq!((Value::Object(speech.post.fields.object()), speech.post.message_type.as_str()), (every, "text"));
        assert!(speech.edits.is_none() && speech.answers.is_none() && speech.post.reply.is_none());
    }

    #[test]
    fn only_a_text_must_have_a_text() {
        assert!(matches!(read(json!({})), Err(Error::MissingParameter { names: &["message"] })));
        assert!(matches!(read(json!({ "message": null })), Err(Error::MissingParameter { .. })));
        assert!(matches!(read(json!({ "message": 1 })), Err(Error::InvalidParameter { .. })));
        for message in [json!(null), json!(1), json!({ "a": [1] }), json!(false)] {
            assert!(read(json!({ "messageType": "image", "message": message })).is_ok(), "{message}");
        }
        assert!(read(json!({ "messageType": "image" })).is_ok());
    }

    #[test]
    fn nobody_speaks_as_the_system() {
        for own in SYSTEM {
            let refusal = read(json!({ "message": "x", "messageType": own })).unwrap_err().to_string();
            assert!(refusal.contains("`messageType`") && refusal.contains(&format!("`{own}`")), "{refusal}");
        }
        assert!(read(json!({ "message": "x", "messageType": "" })).is_err());
        assert!(read(json!({ "message": "x", "messageType": "announcement" })).is_ok());
    }

    #[test]
    fn taking_back_needs_a_message_and_leaves_nothing() {
        let body = |id: Value| json!({ "_id": id, "messageType": "recall", "message": "x", "url": "y", "reply": null });
        let speech = read(body(json!("5e5b88e91da9d53097b13840"))).unwrap();
        assert_eq!(Value::Object(speech.post.fields.object()), json!({ "message": "" }));
        assert_eq!((speech.post.message_type.as_str(), speech.edits.is_some()), ("recall", true));
        assert!(matches!(read(body(json!(null))), Err(Error::MissingParameter { names: &["_id"] })));
    }

    #[test]
    fn a_message_too_long_is_refused_by_its_longest_field() {
        let of = |size: usize| "x".repeat(size);
        let room = LONGEST - r#"{"message":""}"#.len();
        assert!(read(json!({ "message": of(room) })).is_ok());
        for (body, longest) in [
            (json!({ "message": of(room + 1) }), "message"),
            (json!({ "message": of(100), "extra": { "a": of(LONGEST) } }), "extra"),
            (json!({ "message": of(8_000), "contents": of(8_500), "url": of(10) }), "contents"),
        ] {
            let refusal = read(body).unwrap_err().to_string();
            assert!(refusal.contains(&format!("`{longest}`")), "{refusal}");
        }
    }
}
