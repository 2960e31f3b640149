//! The frames that a socket is answered with; events themselves come as the webhooks of their style do.

use serde_json::{Value, json};

use super::imkit;
use crate::error::Error;
use crate::id::RoomId;
use crate::socket::{Badge, Frame};

/// The longest frame that an event is told by, in bytes: API Gateway takes messages of 128 KB.
pub const LONGEST: usize = 120 * 1024;

/// The socket watches a room from now on. `seq` is the number of the last entry that the caller knows of, if he has read what
/// the frame holds.
pub fn subscribed(room: &RoomId, seq: u64, caught_up: Option<CaughtUp>) -> Value {
    let mut frame = json!({ "type": "subscribed", "room": room, "seq": seq });
    if let Some(CaughtUp { events, more }) = caught_up {
        frame["events"] = Value::Array(events);
        frame["more"] = json!(more);
    }
    frame
}

/// What the caller had missed.
pub struct CaughtUp {
    /// Events, the oldest first.
    pub events: Vec<Value>,
    /// Whether there are more of them.
    pub more: bool,
}

/// The socket watches its own client from now on.
pub fn subscribed_to_oneself(badge: &Badge) -> Value {
    json!({ "type": "subscribed", "client": badge.client })
}

/// The socket does not watch this any more: the room, or its own client.
pub fn unsubscribed(room: Option<&RoomId>, badge: &Badge) -> Value {
    match room {
        Some(room) => json!({ "type": "unsubscribed", "room": room }),
        None => json!({ "type": "unsubscribed", "client": badge.client }),
    }
}

/// In the place of an event that is too long for a socket: where it can be read.
pub fn skipped(room: &RoomId, seq: u64) -> Value {
    json!({ "type": "skipped", "room": room, "seq": seq })
}

/// What a frame asked for cannot be done; with its own action and room, as far as it has any.
pub fn refused(frame: &Frame, error: &Error) -> Value {
    let mut refusal = json!({ "type": "error", "error": imkit::told(error) });
    if let Ok(fields) = frame.fields() {
        for name in ["action", "room"] {
            let given = fields.text(name, 256).ok().flatten();
            if let Some(given) = given {
                refusal[name] = json!(given);
            }
        }
    }
    refusal
}
