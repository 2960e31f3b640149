//! The rules: who may come into a room, how, and what refuses them. Pure: what was read in, changes or a refusal out.

mod adding;
mod entering;
mod founding;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::auth::Caller;
use crate::change::{Change, Person};
use crate::client::Client;
use crate::door::{Circumstance, Door};
use crate::error::Error;
use crate::id::ClientId;
use crate::room::Room;
use crate::standing::{Role, Via};

pub use adding::add;
pub use entering::{Claim, claim, invite, join};
pub use founding::found;

/// How somebody would come into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Made a member by somebody else.
    Add,
    /// Asked by somebody else, and free to decline.
    Invite,
    /// By himself, accepting an invitation where there is one.
    Join,
    /// By signing up with an invited address.
    Claim,
}

/// What a wish comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Becomes a member, if there is a seat.
    Enter(Via),
    /// Gets a pending invitation.
    Invite,
    /// Has one, which now lives longer.
    Renew,
    /// Is a member, and stays one.
    Stay,
    /// Is kept out.
    Banned,
    /// Is not let in without an invitation.
    Uninvited,
}

/// The whole life of a membership as far as ways in go: one arm for each circumstance and wish.
pub fn step(circumstance: Circumstance, wish: Wish, invitation_required: bool) -> Step {
    use Circumstance::{Banned, Invited, Member, Stranger};
    match (circumstance, wish) {
        // D30: a banned client cannot be added, invited, join or redeem anything.
        (Banned, Wish::Add | Wish::Invite | Wish::Join | Wish::Claim) => Step::Banned,
        // D14: being a member already is an outcome, never an error. D25: joining twice is no second joining.
        (Member, Wish::Add | Wish::Invite | Wish::Join | Wish::Claim) => Step::Stay,
        // D16: adding directly somebody who is invited makes him a member and closes the invitation.
        (Stranger | Invited, Wish::Add) => Step::Enter(Via::Added),
        // D15: the invitee gets a pending invitation and is not a member.
        (Stranger, Wish::Invite) => Step::Invite,
        // D16: one pending invitation per room and invitee; inviting again renews it.
        (Invited, Wish::Invite) => Step::Renew,
        // D25: accepting is joining.
        (Invited, Wish::Join) => Step::Enter(Via::Invitation),
        // D25: without an invitation, only where none is required.
        (Stranger, Wish::Join) if invitation_required => Step::Uninvited,
        (Stranger, Wish::Join) => Step::Enter(Via::Join),
        // D36: signing up redeems the invitation of the address, whatever else is pending.
        (Stranger | Invited, Wish::Claim) => Step::Enter(Via::Claim),
    }
}

/// How invitees come in (D15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// As members at once.
    Directly,
    /// By accepting an invitation.
    ByInvitation,
    /// As the room was set up.
    AsTheRoomSays,
}

/// Whether the room is told by a system message (D19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    /// One message per call.
    Room,
    /// None.
    Nobody,
}

/// What one unfit invitee means for the others (D13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The call fails and nothing has changed.
    AllOrNothing,
    /// The others go through.
    Partial,
}

/// How clients are to be added or invited.
#[derive(Clone, Copy, Debug)]
pub struct Adding {
    /// Members or invited.
    pub entry: Entry,
    /// Whether the room is told.
    pub notify: Notify,
    /// What one unfit invitee means.
    pub mode: Mode,
    /// How long an invitation lives (D17).
    pub lifetime: Duration,
}

/// What happened to one of those named in a call (D14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Became a member.
    Added,
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
    /// No seat is left.
    RoomFull,
}

impl Outcome {
    /// The word on the wire (D14).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Invited => "invited",
            Self::AlreadyMember => "already_member",
            Self::AlreadyInvited => "already_invited",
            Self::NotFound => "not_found",
            Self::Banned => "banned",
            Self::RoomFull => "room_full",
        }
    }
}

/// What a rule decided: changes to be made, all or none, and what each of those named will be told.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In order; none when everything is as wished already.
    pub changes: Vec<Change>,
    /// In the order of the request (D14).
    pub outcomes: Vec<(ClientId, Outcome)>,
}

fn person(door: &Door, id: &ClientId, role: Role) -> Option<Person> {
    let known = door.people.get(id)?;
    let client: Client = known.client.clone()?;
    Some(Person { client, standing: known.standing.clone(), role })
}

/// D11: a closed room refuses everybody but the platform.
fn open_to(room: &Room, caller: &Caller) -> Result<(), Error> {
    if room.is_closed && !caller.is_platform() {
        return Err(Error::RoomClosed { room: room.id.clone() });
    }
    Ok(())
}

/// D31: whatever races, the room is never over its capacity: this is decided on the very state that the write requires.
fn seat(room: &Room) -> Result<(), Error> {
    if room.seats() == 0 { Err(full(room)) } else { Ok(()) }
}

fn full(room: &Room) -> Error {
    Error::RoomFull { room: room.id.clone(), max_members: room.max_members }
}

fn banned(room: &Room, client: &ClientId) -> Error {
    Error::Banned { room: room.id.clone(), clients: vec![client.clone()] }
}
