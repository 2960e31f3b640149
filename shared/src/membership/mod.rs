//! The rules: who may do what in a room, and what becomes of it. Pure: what was read in, changes or a refusal out.

mod adding;
mod answering;
mod consent;
mod entering;
mod founding;
mod governing;
mod leaving;
mod linking;
pub mod model;
mod outcome;
mod posting;
mod rank;
mod talking;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::auth::Caller;
use crate::change::{Change, Departure, Ending, Person};
use crate::client::Client;
use crate::door::{Circumstance, Door};
use crate::error::Error;
use crate::id::ClientId;
use crate::room::Room;
use crate::standing::{Role, Via};

pub use adding::add;
pub use answering::{Declining, cancel, cancel_address, decline, expire};
pub use entering::{Claim, claim, invite, join, may_invite};
pub use founding::{found, found_and_join};
pub use governing::{ban, give_role, may_delete, may_see_bans, set_property, unban, update};
pub use leaving::{erase, forget_address, leave_topic, remove, remove_from_topic};
pub use linking::{link, may_delete_link, may_see_links, redeem};
pub use outcome::Outcome;
pub use posting::{read_up_to, speak};
pub use talking::{join_topic, see_topic, sees_invitation};

/// What somebody wants for a client and a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// That it is made a member by somebody else.
    Add,
    /// That it is asked by somebody else, and free to decline.
    Invite,
    /// That it comes by itself, accepting an invitation where there is one.
    Join,
    /// That it comes by signing up with an invited address.
    Claim,
    /// That it comes by a link.
    Redeem,
    /// That its invitation is answered with no.
    Decline,
    /// That its invitation is taken back.
    Cancel,
    /// That its invitation is swept away, if its time is over.
    Expire,
    /// That it leaves by itself.
    Leave,
    /// That it is made to leave.
    Remove,
    /// That it is kept out.
    Ban,
    /// That it is kept out no longer.
    Unban,
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
    /// Has one no longer.
    End(Ending),
    /// Is a member no longer.
    Depart(Departure),
    /// Is kept out from now on.
    Ban,
    /// Is kept out no longer.
    Unban,
    /// Everything is as wished already.
    Stay,
}

/// Why a client does not take the step that is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is kept out.
    Banned,
    /// It does not agree to be added or invited by this client.
    Blocked,
    /// It is not let in without an invitation.
    Uninvited,
    /// It has no pending invitation.
    NotInvited,
    /// It is not in the room.
    NotMember,
    /// It is kept out already.
    AlreadyBanned,
    /// It is not kept out.
    NotBanned,
}

/// The whole life of a membership: one arm for each circumstance and wish.
pub fn step(circumstance: Circumstance, wish: Wish, invitation_required: bool) -> Result<Step, Refusal> {
    use Circumstance::{Banned, Invited, Lapsed, Member, Stranger};
    match (circumstance, wish) {
        // D30: a banned client cannot be added, invited, join or redeem anything.
        (Banned, Wish::Add | Wish::Invite | Wish::Join | Wish::Claim | Wish::Redeem) => Err(Refusal::Banned),
        // D14: being a member already is an outcome, never an error. D25: joining twice is no second joining.
        (Member, Wish::Add | Wish::Invite | Wish::Join | Wish::Claim | Wish::Redeem) => Ok(Step::Stay),
        // D16: adding directly somebody who is invited makes him a member and closes the invitation.
        (Stranger | Lapsed | Invited, Wish::Add) => Ok(Step::Enter(Via::Added)),
        // D15: the invitee gets a pending invitation and is not a member. D17: a lapsed one is as if absent.
        (Stranger | Lapsed, Wish::Invite) => Ok(Step::Invite),
        // D16: one pending invitation per room and invitee; inviting again renews it.
        (Invited, Wish::Invite) => Ok(Step::Renew),
        // D25: accepting is joining.
        (Invited, Wish::Join) => Ok(Step::Enter(Via::Invitation)),
        // D25: without an invitation, only where none is required.
        (Stranger | Lapsed, Wish::Join) if invitation_required => Err(Refusal::Uninvited),
        (Stranger | Lapsed, Wish::Join) => Ok(Step::Enter(Via::Join)),
        // D36: signing up redeems the invitation of the address, whatever else is pending.
        (Stranger | Lapsed | Invited, Wish::Claim) => Ok(Step::Enter(Via::Claim)),
        // D43: a link lets in whoever has it, and a pending invitation of his ends with that.
        (Stranger | Lapsed | Invited, Wish::Redeem) => Ok(Step::Enter(Via::Link)),
        // D26: declining closes the invitation, and always succeeds.
        (Invited, Wish::Decline) => Ok(Step::End(Ending::Declined)),
        (Stranger | Lapsed | Member | Banned, Wish::Decline) => Ok(Step::Stay),
        // D26: what is not there cannot be cancelled.
        (Invited, Wish::Cancel) => Ok(Step::End(Ending::Cancelled)),
        (Stranger | Lapsed | Member | Banned, Wish::Cancel) => Err(Refusal::NotInvited),
        // D17: what has lapsed is swept away; what was answered or renewed meanwhile is not.
        (Lapsed, Wish::Expire) => Ok(Step::End(Ending::Expired)),
        (Stranger | Invited | Member | Banned, Wish::Expire) => Ok(Step::Stay),
        // D28: only a member can leave or be removed.
        (Member, Wish::Leave) => Ok(Step::Depart(Departure::Left)),
        (Member, Wish::Remove) => Ok(Step::Depart(Departure::Removed)),
        (Stranger | Lapsed | Invited | Banned, Wish::Leave | Wish::Remove) => Err(Refusal::NotMember),
        // D30: banning removes a member and closes his pending invitation, in one act; a stranger is banned beforehand.
        (Stranger | Lapsed | Invited | Member, Wish::Ban) => Ok(Step::Ban),
        (Banned, Wish::Ban) => Err(Refusal::AlreadyBanned),
        (Banned, Wish::Unban) => Ok(Step::Unban),
        (Stranger | Lapsed | Invited | Member, Wish::Unban) => Err(Refusal::NotBanned),
    }
}

impl Refusal {
    /// What the caller is told of those whom it concerns, in this room.
    fn of(self, room: &Room, clients: Vec<ClientId>) -> Error {
        let room = room.id.clone();
        match self {
            Self::Banned => Error::Banned { room, clients },
            Self::Blocked => Error::Blocked { room, clients },
            Self::Uninvited => Error::InvitationRequired { room },
            Self::NotInvited => Error::InvitationNotFound { room, missing: clients },
            Self::NotMember => Error::MembersNotFound { room, missing: clients },
            Self::AlreadyBanned => Error::AlreadyBanned { room, clients },
            Self::NotBanned => Error::BanNotFound { room, clients },
        }
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

/// What a rule decided: changes to be made, all or none, and what each of those named will be told.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In order; none when everything is as wished already.
    pub changes: Vec<Change>,
    /// In the order of the request (D14).
    pub outcomes: Vec<(ClientId, Outcome)>,
    /// The acting client's own record as it will be, where that changes in the same act.
    pub record: Option<Client>,
    /// Whether one transaction could not hold all of it: the rest is decided on when this is done.
    pub unfinished: bool,
}

impl Plan {
    fn of(changes: Vec<Change>) -> Self {
        Self { changes, ..Self::default() }
    }
}

impl From<Change> for Plan {
    fn from(change: Change) -> Self {
        Self::of(vec![change])
    }
}

fn person(door: &Door, id: &ClientId, role: Role) -> Option<Person> {
    let known = door.people.get(id)?;
    Some(Person::of(known.client.as_ref()?, known.standing.clone(), role))
}

/// D11: a closed room refuses everybody but the platform.
fn open_to(room: &Room, caller: &Caller) -> Result<(), Error> {
    if room.is_closed && !caller.is_platform() {
        return Err(Error::RoomClosed { room: room.id.clone() });
    }
    thawed_for(room, caller)
}

/// In a frozen room nothing is said and nobody comes in, the platform excepted.
fn thawed_for(room: &Room, caller: &Caller) -> Result<(), Error> {
    if room.is_frozen && !caller.is_platform() {
        return Err(Error::RoomFrozen { room: room.id.clone() });
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
