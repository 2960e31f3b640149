//! What can be asked for.

use serde::{Deserialize, Serialize};

/// The two published conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// Enveloped.
    Imkit,
    /// Bare.
    Talk,
}

/// One thing to ask for. Rooms, clients and addresses by the names that the script gives them.
#[allow(missing_docs, reason = "the fields are the routes' own, which docs/api explains")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Operation {
    /// `POST /rooms`.
    CreateRoom { room: String, seats: u64, members: Vec<String>, invitation_required: bool },
    /// `POST /rooms/createAndJoin`.
    Found { room: String, seats: u64, invitees: Vec<String>, invites: bool },
    /// `POST /rooms/createAndJoin`, the direct room with a peer.
    OpenDirect { peer: String },
    /// `POST /rooms/:id/members`.
    Add { room: String, invitees: Vec<String>, invites: bool, partial: bool, told: bool },
    /// `POST /rooms/:id/members/:invitee`.
    AddOne { room: String, invitee: String, invites: bool },
    /// `POST /rooms/:id/join`, `POST /v2/rooms/:_id/join`.
    Join { room: String, dialect: Dialect },
    /// `DELETE /rooms/:id/invitations`.
    Decline { room: String },
    /// `POST /rooms/:id/delete/invitations`.
    Cancel { room: String, invitees: Vec<String> },
    /// `DELETE /rooms/:id/invitations/:invitee`.
    CancelOne { room: String, invitee: String },
    /// `POST /rooms/:id/delete/members`.
    Remove { room: String, members: Vec<String> },
    /// `DELETE /rooms/:id/members/:member`, `POST /v2/rooms/:_id/removemember`.
    RemoveOne { room: String, member: String, dialect: Dialect },
    /// `DELETE /rooms/:id/members/:member` of oneself, `POST /v2/rooms/:_id/leave`.
    Leave { room: String, dialect: Dialect },
    /// `POST /blockStatus/room/:id/:blockee`.
    Ban { room: String, blockee: String },
    /// `DELETE /blockStatus/room/:id/:blockee`.
    Unban { room: String, blockee: String },
    /// `PUT /rooms/:id/member/:client`.
    GiveRole { room: String, client: String, role: String },
    /// `POST /rooms/:id/message`.
    Say { room: String },
    /// `POST /v2/rooms/:_id/invite` of a client.
    TalkInvite { room: String, client: String },
    /// `POST /v2/rooms/:_id/invite` of an address.
    TalkInviteAddress { room: String, address: String },
    /// `POST /admin/clients`: the owner of an address signs up, or says again that it is his.
    SignUp { address: String },
    /// `POST /rooms/:id/links`.
    CreateLink { room: String, link: String, max_uses: u32 },
    /// `DELETE /rooms/:id/links/:link`.
    DeleteLink { room: String, link: String },
    /// `POST /links/:token/redeem`.
    Redeem { room: String, link: String },
    /// `POST /blockStatus/my/:blockee`.
    Block { blockee: String },
    /// `DELETE /blockStatus/my/:blockee`.
    Unblock { blockee: String },
    /// `POST /me`: from whom the caller takes invitations.
    SetPolicy { policy: String },
    /// Time: the invitation of a client is over.
    Lapse { room: String, client: String },
    /// Time: the invitation of an address is over.
    LapseAddress { room: String, address: String },
    /// Time: the schedule that sweeps invitations away comes by.
    Sweep,
}

impl Operation {
    /// The room that it names.
    pub fn room(&self) -> Option<&str> {
        match self {
            Self::CreateRoom { room, .. }
            | Self::Found { room, .. }
            | Self::Add { room, .. }
            | Self::AddOne { room, .. }
            | Self::Join { room, .. }
            | Self::Decline { room }
            | Self::Cancel { room, .. }
            | Self::CancelOne { room, .. }
            | Self::Remove { room, .. }
            | Self::RemoveOne { room, .. }
            | Self::Leave { room, .. }
            | Self::Ban { room, .. }
            | Self::Unban { room, .. }
            | Self::GiveRole { room, .. }
            | Self::Say { room }
            | Self::TalkInvite { room, .. }
            | Self::TalkInviteAddress { room, .. }
            | Self::CreateLink { room, .. }
            | Self::DeleteLink { room, .. }
            | Self::Redeem { room, .. }
            | Self::Lapse { room, .. }
            | Self::LapseAddress { room, .. } => Some(room),
            Self::OpenDirect { .. }
            | Self::SignUp { .. }
            | Self::Block { .. }
            | Self::Unblock { .. }
            | Self::SetPolicy { .. }
            | Self::Sweep => None,
        }
    }
}
