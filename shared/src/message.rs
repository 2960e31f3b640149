//! Messages: the part of a log entry that people read.

use serde::{Deserialize, Serialize};

use crate::client::Face;
use crate::id::{ClientId, ObjectId};
use crate::json::Json;
use crate::time::Time;

/// A message. Its id and its moment are those of its log entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Of the log entry; it tells the entry's number.
    pub id: ObjectId,
    /// Of the log entry.
    pub at: Time,
    /// Who sent it; none when the platform did for nobody (D4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Face>,
    /// What it says.
    pub content: Content,
    /// When its sender last changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Time>,
}

/// Who speaks in a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// The system, of what has happened.
    Notice(Notice),
    /// A client or the platform.
    Post(Post),
}

/// What the system itself says in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// Clients were added or invited (D19).
    AddMembers(Vec<Face>),
    /// A client joined (D25).
    JoinRoom(Face),
    /// A client left, or was made to leave in Talk's way (D28).
    LeaveRoom(Face),
    /// Clients were removed (D28).
    DeleteMember(Vec<Face>),
    /// Invitations were taken back (D26).
    CancelInvitations(Vec<Face>),
    /// Members became admins (D29).
    AssignAdmin(Vec<Face>),
}

impl Notice {
    /// The `messageType`: one added client and several have different ones (D19), removed ones have not (D28).
    pub fn message_type(&self) -> &'static str {
        match self {
            Self::AddMembers(faces) if faces.len() == 1 => "addMember",
            Self::AddMembers(_) => "addMembers",
            Self::JoinRoom(_) => "joinRoom",
            Self::LeaveRoom(_) => "leaveRoom",
            Self::DeleteMember(_) => "deleteMember",
            Self::CancelInvitations(_) => "cancelInvitations",
            Self::AssignAdmin(_) => "assignAdmin",
        }
    }

    /// Every client it is about.
    fn faces(&self) -> &[Face] {
        match self {
            Self::AddMembers(faces)
            | Self::DeleteMember(faces)
            | Self::CancelInvitations(faces)
            | Self::AssignAdmin(faces) => faces,
            Self::JoinRoom(face) | Self::LeaveRoom(face) => std::slice::from_ref(face),
        }
    }

    /// The text: nicknames, else ids, joined by `", "` (D19).
    pub fn text(&self) -> String {
        self.faces().iter().map(Face::name).collect::<Vec<_>>().join(", ")
    }

    /// The one client it is about (D19, D25); of several who were removed or made admins the first (D28, D29).
    pub fn member(&self) -> Option<&Face> {
        match self {
            Self::AddMembers(faces) if faces.len() > 1 => None,
            Self::CancelInvitations(_) => None,
            Self::AddMembers(_)
            | Self::JoinRoom(_)
            | Self::LeaveRoom(_)
            | Self::DeleteMember(_)
            | Self::AssignAdmin(_) => self.faces().first(),
        }
    }

    /// The list in `extra`, under its name there (D19, D28, D29).
    pub fn extra(&self) -> Option<(&'static str, &[Face])> {
        match self {
            Self::AddMembers(faces) | Self::CancelInvitations(faces) => Some(("invitees", faces)),
            Self::DeleteMember(faces) | Self::AssignAdmin(faces) => Some(("members", faces)),
            Self::JoinRoom(_) | Self::LeaveRoom(_) => None,
        }
    }

    /// Who speaks: he who comes or goes, whoever brought it about; otherwise he who acts (D25).
    pub fn speaker(&self) -> Option<&Face> {
        match self {
            Self::JoinRoom(face) | Self::LeaveRoom(face) => Some(face),
            Self::AddMembers(_) | Self::DeleteMember(_) | Self::CancelInvitations(_) | Self::AssignAdmin(_) => None,
        }
    }
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Post {
    /// `text`, `image` and the like: the clients' own business, but for the system's words.
    pub message_type: String,
    /// `message` and whatever fields go with its type, as they were sent.
    pub fields: Json,
    /// The message that it answers, in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Quote>,
}

/// The type of a message that was taken back.
pub const RECALL: &str = "recall";

impl Post {
    /// Whether it is what is left of a message that was taken back.
    pub fn is_recall(&self) -> bool {
        self.message_type == RECALL
    }
}

/// What somebody wants to say: a new message, or another wording of an old one.
#[derive(Clone, Debug)]
pub struct Speech {
    /// The message that is changed; none when it is new.
    pub edits: Option<ObjectId>,
    /// The message that is answered.
    pub answers: Option<ObjectId>,
    /// What is said.
    pub post: Post,
}

impl Speech {
    /// The older message that it needs to be read with: the one that it changes, else the one that it answers.
    pub fn older(&self) -> Option<&ObjectId> {
        self.edits.as_ref().or(self.answers.as_ref())
    }
}

/// What an answer shows of the message that it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Of the message.
    pub id: ObjectId,
    /// Of the message.
    pub at: Time,
    /// Of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Face>,
    /// Of the message.
    pub message_type: String,
    /// The beginning of its text; empty for what the system said.
    pub text: String,
}

impl Message {
    /// Its `messageType`.
    pub fn message_type(&self) -> &str {
        match &self.content {
            Content::Notice(notice) => notice.message_type(),
            Content::Post(post) => &post.message_type,
        }
    }

    /// Its text, if it is one. None of what the system says: that is made of names, which change and are erased.
    pub fn text(&self) -> String {
        match &self.content {
            Content::Notice(_) => String::new(),
            Content::Post(post) => {
                post.fields.object().get("message").and_then(|text| text.as_str()).unwrap_or_default().to_owned()
            }
        }
    }

    /// Whether its sender meant this client in particular.
    pub fn mentions(&self, client: &ClientId) -> bool {
        let Content::Post(post) = &self.content else { return false };
        let meant = post.fields.object().get("mentions").and_then(|ids| ids.as_array().cloned());
        meant.is_some_and(|ids| ids.iter().any(|id| id.as_str() == Some(client.as_str())))
    }

    /// What an answer to it shows of it.
    pub fn quote(&self) -> Quote {
        let text = self.text().chars().take(LONGEST_QUOTE).collect();
        let (sender, message_type) = (self.sender.clone(), self.message_type().to_owned());
        Quote { id: self.id.clone(), at: self.at, sender, message_type, text }
    }
}

/// Characters of a message that an answer repeats.
const LONGEST_QUOTE: usize = 200;
