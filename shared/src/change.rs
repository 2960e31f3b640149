//! Everything that can happen to a room, closed.

use crate::client::{Client, Face, Profile};
use crate::id::ClientId;
use crate::invitation::Invitation;
use crate::json::Json;
use crate::link::Link;
use crate::log::{Entry, Kind};
use crate::message::{Content, Notice, Post};
use crate::room::Room;
use crate::standing::{Role, Standing, Via};
use crate::time::Time;

/// One happening: one entry of the room's log (D39).
#[derive(Clone, Debug)]
pub enum Change {
    /// The room was made.
    RoomCreated,
    /// What the room looks like or who may enter it changed.
    RoomUpdated {
        /// The room with its new settings.
        room: Box<Room>,
    },
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
    /// A client became a member by a link (D43).
    JoinedByLink {
        /// Who.
        person: Person,
        /// The link as it was.
        link: Box<Link>,
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
        /// The invitation. It may take the place of one that ends in the same act.
        invitation: Invitation,
    },
    /// Pending invitations ended without anybody joining.
    InvitationsEnded {
        /// Those of clients.
        standings: Vec<Standing>,
        /// Those of addresses.
        invitations: Vec<Invitation>,
        /// Why.
        ending: Ending,
        /// What the room is told.
        notice: Option<Notice>,
    },
    /// Members are members no longer.
    MembersLeft {
        /// Who.
        standings: Vec<Standing>,
        /// How.
        departure: Departure,
        /// What the room is told.
        notice: Option<Notice>,
    },
    /// A client was banned: as a member, as an invited one or as a stranger (D30).
    MemberBanned {
        /// Who.
        person: Person,
        /// The links that he made: they let nobody in any more.
        links: Vec<Link>,
    },
    /// A ban was lifted.
    MemberUnbanned {
        /// How it stood.
        standing: Standing,
    },
    /// Members have other roles now (D29).
    RolesGiven {
        /// Who, and which.
        roles: Vec<(Standing, Role)>,
        /// What the room is told.
        notice: Option<Notice>,
    },
    /// A member's own properties in the room are others now (D29).
    PropertiesSet {
        /// Whose.
        standing: Standing,
        /// All of them.
        properties: Json,
    },
    /// Somebody said something.
    MessagePosted {
        /// What.
        post: Post,
    },
    /// Somebody changed what he had said.
    MessageEdited {
        /// The entry of the message, as it was.
        entry: Box<Entry>,
        /// What it says now.
        post: Post,
    },
}

/// Why an invitation ended without anybody joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// The invitee said no.
    Declined,
    /// Somebody else closed it.
    Cancelled,
    /// Nobody answered in time (D17).
    Expired,
}

/// How a member came to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departure {
    /// Of its own will.
    Left,
    /// By somebody else's.
    Removed,
}

/// A client and how it stood when it was read.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: ClientId,
    /// What others see of it.
    pub profile: Profile,
    /// The version of the client that tells so.
    pub profile_version: u64,
    /// Its standing then: the condition of the next one.
    pub standing: Option<Standing>,
    /// The role it has when it becomes a member.
    pub role: Role,
}

impl Person {
    /// A client that stands to the room in this way.
    pub fn of(client: &Client, standing: Option<Standing>, role: Role) -> Self {
        let Client { id, profile, version, .. } = client.clone();
        Self { id, profile, profile_version: version, standing, role }
    }

    /// The short form.
    pub fn face(&self) -> Face {
        Face::of(&self.id, &self.profile)
    }
}

impl Change {
    /// What the log calls it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::RoomCreated => Kind::RoomCreated,
            Self::RoomUpdated { .. } => Kind::RoomUpdated,
            Self::MembersJoined { .. } | Self::JoinedByLink { .. } => Kind::MemberJoined,
            Self::MembersInvited { .. } | Self::AddressInvited { .. } => Kind::MemberInvited,
            Self::InvitationsRenewed { .. } | Self::RolesGiven { .. } | Self::PropertiesSet { .. } => {
                Kind::MemberUpdated
            }
            Self::InvitationsEnded { ending: Ending::Declined, .. } => Kind::MemberDeclined,
            Self::InvitationsEnded { ending: Ending::Cancelled, .. } => Kind::InvitationCancelled,
            Self::InvitationsEnded { ending: Ending::Expired, .. } => Kind::InvitationExpired,
            Self::MembersLeft { departure: Departure::Left, .. } => Kind::MemberLeft,
            Self::MembersLeft { departure: Departure::Removed, .. } => Kind::MemberRemoved,
            Self::MemberBanned { .. } => Kind::MemberBanned,
            Self::MemberUnbanned { .. } => Kind::MemberUnbanned,
            Self::MessagePosted { .. } => Kind::MessageCreated,
            Self::MessageEdited { .. } => Kind::MessageUpdated,
        }
    }

    /// Whom it befalls.
    pub fn clients(&self) -> Vec<ClientId> {
        let of_people = |people: &[Person]| people.iter().map(|person| person.id.clone()).collect();
        let of_standings = |standings: &[Standing]| standings.iter().map(|standing| standing.client.clone()).collect();
        match self {
            Self::MembersJoined { people, .. }
            | Self::MembersInvited { people, .. }
            | Self::InvitationsRenewed { people, .. } => of_people(people),
            Self::InvitationsEnded { standings, .. } | Self::MembersLeft { standings, .. } => of_standings(standings),
            Self::JoinedByLink { person, .. } | Self::MemberBanned { person, .. } => vec![person.id.clone()],
            Self::MemberUnbanned { standing } | Self::PropertiesSet { standing, .. } => vec![standing.client.clone()],
            Self::RolesGiven { roles, .. } => roles.iter().map(|(standing, _)| standing.client.clone()).collect(),
            Self::RoomCreated
            | Self::RoomUpdated { .. }
            | Self::AddressInvited { .. }
            | Self::MessagePosted { .. }
            | Self::MessageEdited { .. } => Vec::new(),
        }
    }

    /// What is said in the room at this.
    pub fn content(&self) -> Option<Content> {
        match self {
            Self::MembersJoined { notice, .. }
            | Self::JoinedByLink { notice, .. }
            | Self::MembersInvited { notice, .. }
            | Self::InvitationsEnded { notice, .. }
            | Self::MembersLeft { notice, .. }
            | Self::RolesGiven { notice, .. } => notice.clone().map(Content::Notice),
            Self::MessagePosted { post, .. } => Some(Content::Post(post.clone())),
            Self::RoomCreated
            | Self::RoomUpdated { .. }
            | Self::InvitationsRenewed { .. }
            | Self::AddressInvited { .. }
            | Self::MemberBanned { .. }
            | Self::MemberUnbanned { .. }
            | Self::PropertiesSet { .. }
            | Self::MessageEdited { .. } => None,
        }
    }
}
