//! A room's log: one entry for each happening (D39, D40).

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, ObjectId};
use crate::message::Message;
use crate::standing::Via;
use crate::time::Time;

/// The kinds of entries in a room's log, as they are called on the wire (D40).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The room was made.
    #[serde(rename = "room.created")]
    RoomCreated,
    /// Clients became members.
    #[serde(rename = "member.joined")]
    MemberJoined,
    /// Somebody was invited.
    #[serde(rename = "member.invited")]
    MemberInvited,
    /// A standing changed within its state.
    #[serde(rename = "member.updated")]
    MemberUpdated,
    /// A pending invitation was closed by somebody else than the invitee.
    #[serde(rename = "invitation.cancelled")]
    InvitationCancelled,
}

/// An entry of a room's log (D39, D40).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// 1, 2, 3 … without gap or repeat.
    pub seq: u64,
    /// Generated; the id of its message too, and what tells one writer's entry from another's.
    pub id: ObjectId,
    /// What happened.
    pub kind: Kind,
    /// When: later than the entry before.
    pub at: Time,
    /// Who did it; none for the platform acting for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<ClientId>,
    /// Whom it befell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientId>,
    /// Present members after it.
    pub member_count: u32,
    /// How members came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// Who added or invited them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<ClientId>,
    /// When invitations lapse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// The invitation of an address. Never the address: every member may read the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<ObjectId>,
    /// The message that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}
