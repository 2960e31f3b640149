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
    /// What the room looks like or who may enter it changed.
    #[serde(rename = "room.updated")]
    RoomUpdated,
    /// Clients became members.
    #[serde(rename = "member.joined")]
    MemberJoined,
    /// Somebody was invited.
    #[serde(rename = "member.invited")]
    MemberInvited,
    /// A standing changed within its state.
    #[serde(rename = "member.updated")]
    MemberUpdated,
    /// The invitee has said no.
    #[serde(rename = "member.declined")]
    MemberDeclined,
    /// A member left of its own will.
    #[serde(rename = "member.left")]
    MemberLeft,
    /// Members were made to leave.
    #[serde(rename = "member.removed")]
    MemberRemoved,
    /// A client was banned; a member is one no longer.
    #[serde(rename = "member.banned")]
    MemberBanned,
    /// A ban was lifted.
    #[serde(rename = "member.unbanned")]
    MemberUnbanned,
    /// A pending invitation was closed by somebody else than the invitee.
    #[serde(rename = "invitation.cancelled")]
    InvitationCancelled,
    /// A pending invitation was not answered in time.
    #[serde(rename = "invitation.expired")]
    InvitationExpired,
    /// Somebody said something.
    #[serde(rename = "message.created")]
    MessageCreated,
    /// Somebody changed what he had said.
    #[serde(rename = "message.updated")]
    MessageUpdated,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::RoomCreated,
        Self::RoomUpdated,
        Self::MemberJoined,
        Self::MemberInvited,
        Self::MemberUpdated,
        Self::MemberDeclined,
        Self::MemberLeft,
        Self::MemberRemoved,
        Self::MemberBanned,
        Self::MemberUnbanned,
        Self::InvitationCancelled,
        Self::InvitationExpired,
        Self::MessageCreated,
        Self::MessageUpdated,
    ];

    /// As it is called on the wire.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// An entry of a room's log (D39, D40).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// 1, 2, 3 … without gap or repeat.
    pub seq: u64,
    /// Generated; the id of its message too.
    pub id: ObjectId,
    /// What tells one writer's entry from another's.
    pub nonce: String,
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
    /// Messages up to and with it: what a member who has read it has read (D23).
    pub messages: u64,
    /// How members came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// Who added or invited them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<ClientId>,
    /// The link that let them in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<ObjectId>,
    /// When invitations lapse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// The invitations of addresses that it is about. Never the addresses: every member may read the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<ObjectId>,
    /// The message that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The older message that it changed. Its words stand in their own entry alone: taken back there, they are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<ObjectId>,
}

impl Entry {
    /// Whether those who joined brought it about themselves: by joining, by accepting, by signing up.
    pub fn comes_by_itself(&self) -> bool {
        self.via == Some(Via::Claim) || self.actor.as_ref().is_some_and(|actor| self.clients.contains(actor))
    }
}
