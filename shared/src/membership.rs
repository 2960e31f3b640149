//! The rules: who may come into a room, how, and what refuses them. Pure: what was read in, changes or a refusal out.

use std::time::Duration;

use crate::auth::Caller;
use crate::change::{Change, Person};
use crate::client::Client;
use crate::door::{Circumstance, Door, Invitee};
use crate::error::Error;
use crate::id::{ClientId, ObjectId};
use crate::invitation::Invitation;
use crate::message::Notice;
use crate::room::{Role, Room, RoomKind, Via};

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

/// Adds or invites clients to a room (D11–D16, D18, D19, D31).
pub fn add(door: &Door, invitees: &[ClientId], how: Adding) -> Result<Plan, Error> {
    let room = door.room_from_inside()?; // D11
    open_to(room, &door.caller)?;
    let wish = match how.entry {
        _ if room.kind == RoomKind::Direct => Wish::Add, // D15: forced in a direct room
        Entry::Directly => Wish::Add,
        Entry::ByInvitation => Wish::Invite,
        Entry::AsTheRoomSays if room.invitation_required => Wish::Invite,
        Entry::AsTheRoomSays => Wish::Add,
    };
    if let Some(pair) = &room.pair
        && invitees.iter().any(|invitee| !pair.contains(invitee))
    {
        return Err(Error::DirectRoom { room: room.id.clone() }); // D18
    }
    let mut sorted = Sorted::default();
    for invitee in invitees {
        sorted.place(door, room, invitee, wish);
    }
    if how.mode == Mode::AllOrNothing {
        sorted.insist(room)?; // D13
    }
    Ok(sorted.plan(door, how))
}

/// Invitees by what becomes of them.
#[derive(Default)]
struct Sorted {
    entering: Vec<Person>,
    inviting: Vec<Person>,
    renewing: Vec<Person>,
    outcomes: Vec<(ClientId, Outcome)>,
}

impl Sorted {
    fn place(&mut self, door: &Door, room: &Room, invitee: &ClientId, wish: Wish) {
        let outcome = match person(door, invitee, Role::Member) {
            None => Outcome::NotFound,
            Some(person) => match step(door.circumstance(invitee), wish, false) {
                Step::Stay => Outcome::AlreadyMember,
                Step::Banned | Step::Uninvited => Outcome::Banned,
                Step::Enter(_) if self.entering.len() as u32 >= room.seats() => Outcome::RoomFull, // D31
                Step::Enter(_) => {
                    self.entering.push(person);
                    Outcome::Added
                }
                Step::Invite => {
                    self.inviting.push(person);
                    Outcome::Invited
                }
                Step::Renew => {
                    self.renewing.push(person);
                    Outcome::AlreadyInvited
                }
            },
        };
        self.outcomes.push((invitee.clone(), outcome));
    }

    fn with(&self, outcome: Outcome) -> Vec<ClientId> {
        self.outcomes.iter().filter(|(_, own)| *own == outcome).map(|(client, _)| client.clone()).collect()
    }

    /// All or nothing: the first kind of obstacle fails the call, and names everybody whom it stops.
    fn insist(&self, room: &Room) -> Result<(), Error> {
        let missing = self.with(Outcome::NotFound);
        let banned = self.with(Outcome::Banned);
        if !missing.is_empty() {
            return Err(Error::ClientsNotFound { missing });
        }
        if !banned.is_empty() {
            return Err(Error::Banned { room: room.id.clone(), clients: banned });
        }
        if !self.with(Outcome::RoomFull).is_empty() {
            return Err(full(room));
        }
        Ok(())
    }

    fn plan(self, door: &Door, how: Adding) -> Plan {
        let notice = |people: &[Person]| {
            let faces = || people.iter().map(|person| person.client.face()).collect();
            (how.notify == Notify::Room).then(|| Notice::AddMembers(faces()))
        };
        let expires_at = door.now.plus(how.lifetime);
        let mut changes = Vec::new();
        if !self.entering.is_empty() {
            let inviter = door.caller.client().cloned();
            let notice = notice(&self.entering);
            changes.push(Change::MembersJoined {
                people: self.entering,
                via: Via::Added,
                inviter,
                closes: None,
                notice,
            });
        }
        if !self.inviting.is_empty() {
            let notice = notice(&self.inviting);
            changes.push(Change::MembersInvited { people: self.inviting, expires_at, notice });
        }
        if !self.renewing.is_empty() {
            changes.push(Change::InvitationsRenewed { people: self.renewing, expires_at });
        }
        Plan { changes, outcomes: self.outcomes }
    }
}

/// Lets the acting client into a room, on an invitation where it has one (D25).
pub fn join(door: &Door, notify: Notify) -> Result<Plan, Error> {
    let joiner = door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?;
    let person = person(door, joiner, Role::Member).ok_or(Error::UnknownToken)?;
    let room = door.room()?;
    let (via, inviter) = match step(door.circumstance(joiner), Wish::Join, room.invitation_required) {
        Step::Stay => return Ok(Plan::default()),
        Step::Banned => return Err(banned(room, joiner)),
        Step::Uninvited => return Err(Error::InvitationRequired { room: room.id.clone() }),
        Step::Enter(via) => (via, via_inviter(&person, via)),
        Step::Invite | Step::Renew => return Ok(Plan::default()), // nobody invites himself
    };
    if room.pair.as_ref().is_some_and(|pair| !pair.contains(joiner)) {
        return Err(Error::DirectRoom { room: room.id.clone() }); // D18
    }
    open_to(room, &door.caller)?;
    seat(room)?;
    let notice = (notify == Notify::Room).then(|| Notice::JoinRoom(person.client.face()));
    let change = Change::MembersJoined { people: vec![person], via, inviter, closes: None, notice };
    Ok(Plan { changes: vec![change], ..Plan::default() })
}

/// Invites somebody in Talk's way: a client joins at once, an unknown address gets a pending invitation (D33–D35).
pub fn invite(door: &Door, written: Written<'_>, lifetime: Duration) -> Result<Plan, Error> {
    let room = may_invite(door)?;
    let invitee = door.invitee.as_ref().ok_or(Error::MissingParameter { names: &["email", "mobile"] })?;
    let change = match invitee {
        Invitee::Client(client) => {
            let person = person(door, client, Role::Member);
            let person = person.ok_or_else(|| Error::ClientsNotFound { missing: vec![client.clone()] })?;
            match step(door.circumstance(client), Wish::Add, false) {
                Step::Stay => return Err(Error::MemberExists { client: client.clone() }), // D34
                Step::Banned | Step::Uninvited => return Err(banned(room, client)),       // D35
                Step::Enter(_) | Step::Invite | Step::Renew => {}
            }
            seat(room)?;
            let inviter = door.caller.client().cloned();
            // Talk posts the joining whoever brought it about, in the joiner's name.
            let notice = Some(Notice::JoinRoom(person.client.face()));
            Change::MembersJoined { people: vec![person], via: Via::Added, inviter, closes: None, notice }
        }
        Invitee::Stranger { addresses } => {
            let pending = &door.invitation;
            if pending.as_ref().is_some_and(|pending| pending.expires_at > door.now) {
                return Err(Error::InvitationExists); // D34; a lapsed one is as if absent (D17)
            }
            let invitation = Invitation {
                id: ObjectId::at(door.now),
                addresses: addresses.iter().map(|address| address.canonical().to_owned()).collect(),
                email: written.email.map(str::to_owned),
                mobile: written.mobile.map(str::to_owned),
                inviter: door.caller.client().cloned(),
                seq: 0,
                created_at: door.now,
                expires_at: door.now.plus(lifetime),
            };
            Change::AddressInvited { invitation, replaces: pending.clone() }
        }
    };
    Ok(Plan { changes: vec![change], ..Plan::default() })
}

/// The addresses of a Talk invitation, as the inviter wrote them: the reply echoes them (D33).
#[derive(Clone, Copy, Debug, Default)]
pub struct Written<'a> {
    /// The e-mail.
    pub email: Option<&'a str>,
    /// The mobile.
    pub mobile: Option<&'a str>,
}

/// In a public room any client of the app may invite in Talk's way; in a private one its members (D35).
fn may_invite(door: &Door) -> Result<&Room, Error> {
    let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
    if let Caller::Client(client) = &door.caller {
        match door.circumstance(client) {
            Circumstance::Banned => return Err(banned(room, client)),
            Circumstance::Stranger | Circumstance::Invited if room.is_hidden() => {
                return Err(Error::NotRoomMember { room: room.id.clone() });
            }
            Circumstance::Stranger | Circumstance::Invited | Circumstance::Member => {}
        }
    }
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
    let done = |claim, change| Some((claim, Plan { changes: vec![change], ..Plan::default() }));
    match step(door.circumstance(owner), Wish::Claim, false) {
        Step::Stay => done(Claim::AlreadyMember, Change::InvitationClosed { invitation: invitation.clone() }),
        Step::Banned | Step::Uninvited => kept(Claim::Banned),
        Step::Enter(_) | Step::Invite | Step::Renew if room.is_closed => kept(Claim::RoomClosed),
        Step::Enter(_) | Step::Invite | Step::Renew if room.seats() == 0 => kept(Claim::RoomFull), // D31
        Step::Enter(_) | Step::Invite | Step::Renew => {
            let notice = Some(Notice::JoinRoom(person.client.face()));
            let inviter = invitation.inviter.clone();
            let closes = Some(invitation.clone());
            done(
                Claim::Joined,
                Change::MembersJoined { people: vec![person], via: Via::Claim, inviter, closes, notice },
            )
        }
    }
}

/// Makes a room, unless its creator has made it before: then it stays as it is, so that a repeated call is harmless, and
/// a direct room is found again by either of its two and by the platform (D18).
pub fn found(door: &Door, new: &Room, members: &[ClientId], notify: Notify) -> Result<(Plan, Room), Error> {
    let creator = door.caller.client().cloned();
    match &door.room {
        None => fill(door, new, members, notify).map(|plan| (plan, Room { creator, ..new.clone() })),
        // D18: ids that differ in case alone give two pairs the same id; nobody may speak to the wrong one.
        Some(old) if is_of_others(old, new) => Err(Error::invalid("_id", "is another room's id")),
        Some(old) if old.creator == creator || finds(old, &door.caller) => Ok((Plan::default(), old.clone())),
        Some(_) => Err(Error::invalid("_id", "is another room's id")),
    }
}

/// Whether both are direct rooms, and of different clients.
fn is_of_others(old: &Room, new: &Room) -> bool {
    let (Some(old), Some(new)) = (&old.pair, &new.pair) else { return false };
    !new.iter().all(|client| old.contains(client))
}

/// Whether a direct room is the caller's to find again (D18).
fn finds(room: &Room, caller: &Caller) -> bool {
    let Some(pair) = &room.pair else { return false };
    caller.is_platform() || caller.client().is_some_and(|client| pair.contains(client))
}

/// Fills a room that is being made with its first members (D29, D31).
fn fill(door: &Door, room: &Room, members: &[ClientId], notify: Notify) -> Result<Plan, Error> {
    let role = |client: &ClientId| if room.owner.as_ref() == Some(client) { Role::Owner } else { Role::Member };
    let people: Vec<Person> = members.iter().filter_map(|id| person(door, id, role(id))).collect();
    if people.len() < members.len() {
        let missing = members.iter().filter(|id| door.client(id).is_none()).cloned().collect();
        return Err(Error::ClientsNotFound { missing });
    }
    if people.len() as u32 > room.max_members {
        return Err(full(room));
    }
    let mut changes = vec![Change::RoomCreated];
    if !people.is_empty() {
        let faces = || people.iter().map(|person| person.client.face()).collect();
        let notice = (notify == Notify::Room).then(|| Notice::AddMembers(faces()));
        let inviter = door.caller.client().cloned();
        changes.push(Change::MembersJoined { people, via: Via::Added, inviter, closes: None, notice });
    }
    Ok(Plan { changes, ..Plan::default() })
}

fn person(door: &Door, id: &ClientId, role: Role) -> Option<Person> {
    let known = door.people.get(id)?;
    let client: Client = known.client.clone()?;
    Some(Person { client, standing: known.standing.clone(), role })
}

/// The inviter of the invitation that is being accepted.
fn via_inviter(person: &Person, via: Via) -> Option<ClientId> {
    match (&person.standing.as_ref()?.state, via) {
        (crate::room::State::Invited(pending), Via::Invitation) => pending.inviter.as_ref().map(|face| face.id.clone()),
        _ => None,
    }
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
