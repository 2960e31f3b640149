//! Coming in one at a time: by oneself, by Talk's invitation, by signing up with an invited address.

use std::time::Duration;

use super::answering::expire;
use super::consent::agreed;
use super::talking::near;
use super::{Notify, Plan, Step, Wish, open_to, person, seat, step};
use crate::change::{Change, Ending, Person};
use crate::door::{Door, Invitee};
use crate::error::Error;
use crate::id::{ClientId, ObjectId};
use crate::invitation::{Invitation, Written};
use crate::message::Notice;
use crate::room::{Room, RoomKind};
use crate::standing::{Role, State, Via};

/// Lets the acting client into a room, on an invitation where it has one (D25).
pub fn join(door: &Door, notify: Notify) -> Result<Plan, Error> {
    let joiner = door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?;
    let person = person(door, joiner, Role::Member).ok_or(Error::UnknownToken)?;
    let room = door.room()?;
    let step = step(door.circumstance(joiner), Wish::Join, room.invitation_required);
    let Step::Enter(via) = step.map_err(|refusal| refusal.of(room, vec![joiner.clone()]))? else {
        return Ok(Plan::default());
    };
    if room.pair.as_ref().is_some_and(|pair| !pair.contains(joiner)) {
        return Err(Error::DirectRoom { room: room.id.clone() }); // D18
    }
    open_to(room, &door.caller)?;
    seat(room)?;
    let notice = (notify == Notify::Room).then(|| Notice::JoinRoom(person.face()));
    let inviter = via_inviter(&person, via);
    Ok(Change::MembersJoined { people: vec![person], via, inviter, closes: None, notice }.into())
}

/// Invites somebody in Talk's way: a client joins at once, an unknown address gets a pending invitation (D33–D35).
pub fn invite(door: &Door, written: &Written, lifetime: Duration) -> Result<Plan, Error> {
    let room = may_invite(door)?;
    let invitee = door.invitee.as_ref().ok_or(Error::MissingParameter { names: &["email", "mobile"] })?;
    match invitee {
        Invitee::Client(client) => {
            let person = person(door, client, Role::Member);
            let person = person.ok_or_else(|| Error::ClientsNotFound { missing: vec![client.clone()] })?;
            let step = step(door.circumstance(client), Wish::Add, false);
            if step.map_err(|refusal| refusal.of(room, vec![client.clone()]))? == Step::Stay {
                return Err(Error::MemberExists { client: client.clone() }); // D34
            }
            agreed(door, room, std::slice::from_ref(client))?; // D44
            seat(room)?;
            let inviter = door.caller.client().cloned();
            // Talk posts the joining whoever brought it about, in the joiner's name.
            let notice = Some(Notice::JoinRoom(person.face()));
            Ok(Change::MembersJoined { people: vec![person], via: Via::Added, inviter, closes: None, notice }.into())
        }
        Invitee::Stranger { addresses } => {
            if door.invitation.as_ref().is_some_and(|pending| pending.expires_at > door.now) {
                return Err(Error::InvitationExists); // D34; a lapsed one is as if absent (D17)
            }
            let invitation = Invitation {
                id: ObjectId::at(door.now),
                addresses: addresses.iter().map(|address| address.canonical().to_owned()).collect(),
                email: written.email.clone(),
                mobile: written.mobile.clone(),
                inviter: door.caller.client().cloned(),
                seq: 0,
                created_at: door.now,
                expires_at: door.now.plus(lifetime),
            };
            let mut plan = expire(door, &[]); // each invitation has its end in the log
            plan.changes.push(Change::AddressInvited { invitation });
            Ok(plan)
        }
    }
}

/// In a public room any client of the app may invite in Talk's way; in any other one its members (D35).
pub fn may_invite(door: &Door) -> Result<&Room, Error> {
    let room = near(door)?;
    if room.kind == RoomKind::Direct {
        return Err(Error::DirectRoom { room: room.id.clone() }); // D18
    }
    open_to(room, &door.caller)?;
    Ok(room)
}

/// What becomes of an invited address when its owner signs up (D36).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The owner is a member now.
    Joined,
    /// The owner was a member already; the invitation is closed.
    AlreadyMember,
    /// No seat is left; the invitation stays.
    RoomFull,
    /// The room is closed; the invitation stays.
    RoomClosed,
    /// The owner is banned; the invitation stays.
    Banned,
    /// Too many others were changing the room; the invitation stays, and the next upsert tries again.
    Busy,
}

impl Claim {
    /// The word on the wire (D36).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::AlreadyMember => "already_member",
            Self::RoomFull => "room_full",
            Self::RoomClosed => "room_closed",
            Self::Banned => "banned",
            Self::Busy => "busy",
        }
    }
}

/// Redeems an invitation of an address that `owner` has signed up with (D36). None when there is none, or it has lapsed (D17).
pub fn claim(door: &Door, owner: &ClientId) -> Option<(Claim, Plan)> {
    let (room, invitation) = (door.room.as_ref()?, door.invitation.as_ref()?);
    let person = person(door, owner, Role::Member)?;
    if invitation.expires_at <= door.now {
        return None;
    }
    let kept = |claim| Some((claim, Plan::default()));
    let closing = |ending| Change::InvitationsEnded {
        standings: Vec::new(),
        invitations: vec![invitation.clone()],
        ending,
        notice: None,
    };
    match step(door.circumstance(owner), Wish::Claim, false) {
        Err(_) => kept(Claim::Banned),
        Ok(Step::Enter(_)) if room.is_closed || room.is_frozen => kept(Claim::RoomClosed),
        Ok(Step::Enter(_)) if room.seats() == 0 => kept(Claim::RoomFull), // D31
        Ok(Step::Enter(via)) => {
            let notice = Some(Notice::JoinRoom(person.face()));
            let (inviter, closes) = (invitation.inviter.clone(), Some(invitation.clone()));
            let joined = Change::MembersJoined { people: vec![person], via, inviter, closes, notice };
            Some((Claim::Joined, joined.into()))
        }
        Ok(_) => Some((Claim::AlreadyMember, closing(Ending::Cancelled).into())),
    }
}

/// The inviter of the invitation that is being accepted.
fn via_inviter(person: &Person, via: Via) -> Option<ClientId> {
    match (&person.standing.as_ref()?.state, via) {
        (State::Invited(pending), Via::Invitation) => pending.inviter.as_ref().map(|face| face.id.clone()),
        _ => None,
    }
}
