//! Messages: the part of a log entry that people read.

use serde::{Deserialize, Serialize};

use crate::client::Face;
use crate::id::ObjectId;
use crate::time::Time;

/// A message. Its id and its moment are those of its log entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Of the log entry.
    pub id: ObjectId,
    /// Of the log entry.
    pub at: Time,
    /// Who sent it; none when the platform did for nobody (D4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Face>,
    /// What it says.
    pub notice: Notice,
}

/// What the system itself says in a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// Clients were added or invited (D19).
    AddMembers(Vec<Face>),
    /// A client joined (D25).
    JoinRoom(Face),
}

impl Notice {
    /// The `messageType`: one affected client and several have different ones (D19).
    pub fn message_type(&self) -> &'static str {
        match self {
            Self::AddMembers(faces) if faces.len() == 1 => "addMember",
            Self::AddMembers(_) => "addMembers",
            Self::JoinRoom(_) => "joinRoom",
        }
    }

    /// The text: nicknames, else ids, joined by `", "` (D19).
    pub fn text(&self) -> String {
        match self {
            Self::AddMembers(faces) => faces.iter().map(Face::name).collect::<Vec<_>>().join(", "),
            Self::JoinRoom(face) => face.name().to_owned(),
        }
    }

    /// The one client it is about, if it is one (D19, D25).
    pub fn member(&self) -> Option<&Face> {
        match self {
            Self::AddMembers(faces) if faces.len() == 1 => faces.first(),
            Self::AddMembers(_) => None,
            Self::JoinRoom(face) => Some(face),
        }
    }

    /// The clients added or invited, for `extra.invitees` (D19).
    pub fn invitees(&self) -> &[Face] {
        match self {
            Self::AddMembers(faces) => faces,
            Self::JoinRoom(_) => &[],
        }
    }
}
