//! What became of those named in a call.

use serde::{Deserialize, Serialize};

/// What happened to one of those named in a call (D14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Became a member.
    Added,
    /// Came in by a link.
    Joined,
    /// Got a pending invitation.
    Invited,
    /// Was one before.
    AlreadyMember,
    /// Had one before; it lives longer now.
    AlreadyInvited,
    /// There is no such client.
    NotFound,
    /// Is kept out.
    Banned,
    /// Does not agree to it.
    Blocked,
    /// No seat is left.
    RoomFull,
}

impl Outcome {
    /// The word on the wire (D14).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Joined => "joined",
            Self::Invited => "invited",
            Self::AlreadyMember => "already_member",
            Self::AlreadyInvited => "already_invited",
            Self::NotFound => "not_found",
            Self::Banned => "banned",
            Self::Blocked => "blocked",
            Self::RoomFull => "room_full",
        }
    }
}
