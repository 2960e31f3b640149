//! Everything that can happen to a room, closed.

use crate::client::Client;
use crate::id::ClientId;
use crate::invitation::Invitation;
use crate::log::Kind;
use crate::message::Notice;
use crate::standing::{Role, Standing, Via};
use crate::time::Time;

/// One happening: one entry of the room's log (D39).
#[derive(Clone, Debug)]
pub enum Change {
    /// The room was made.
    RoomCreated,
    /// Clients became members.
    MembersJoined {
        /// Who.
        people: Vec<Person>,
        /// How.
        via: Via,
        /// Who added or invited them, if somebody did.
        inviter: Option<ClientId>,
        /// The invitation of their address that this redeems.
        closes: Option<Invitation>,
        /// What the room is told.
        notice: Option<Notice>,
    },
    /// Clients were invited who had no pending invitation.
    MembersInvited {
        /// Who.
        people: Vec<Person>,
        /// When the invitation lapses.
        expires_at: Time,
        /// What the room is told.
        notice: Option<Notice>,
    },
    /// Clients were invited again: the invitation lives longer, nothing else (D16).
    InvitationsRenewed {
        /// Who.
        people: Vec<Person>,
        /// When the invitation lapses now.
        expires_at: Time,
    },
    /// Somebody who is not a client yet was invited by an address (D34).
    AddressInvited {
        /// The invitation.
        invitation: Invitation,
        /// The lapsed one in its place.
        replaces: Option<Invitation>,
    },
    /// An invitation of an address ended without anybody joining: its owner is a member already (D36).
    InvitationClosed {
        /// The invitation.
        invitation: Invitation,
    },
}

/// A client and how it stood when it was read.
#[derive(Clone, Debug)]
pub struct Person {
    /// The client.
    pub client: Client,
    /// Its standing then: the condition of the next one.
    pub standing: Option<Standing>,
    /// The role it has when it becomes a member.
    pub role: Role,
}

impl Change {
    /// What the log calls it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::RoomCreated => Kind::RoomCreated,
            Self::MembersJoined { .. } => Kind::MemberJoined,
            Self::MembersInvited { .. } | Self::AddressInvited { .. } => Kind::MemberInvited,
            Self::InvitationsRenewed { .. } => Kind::MemberUpdated,
            Self::InvitationClosed { .. } => Kind::InvitationCancelled,
        }
    }

    /// Whom it befalls.
    pub fn people(&self) -> &[Person] {
        match self {
            Self::MembersJoined { people, .. } | Self::MembersInvited { people, .. } => people,
            Self::InvitationsRenewed { people, .. } => people,
            Self::RoomCreated | Self::AddressInvited { .. } | Self::InvitationClosed { .. } => &[],
        }
    }

    /// What the room is told.
    pub fn notice(&self) -> Option<&Notice> {
        match self {
            Self::MembersJoined { notice, .. } | Self::MembersInvited { notice, .. } => notice.as_ref(),
            Self::RoomCreated
            | Self::InvitationsRenewed { .. }
            | Self::AddressInvited { .. }
            | Self::InvitationClosed { .. } => None,
        }
    }
}
