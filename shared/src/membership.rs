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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::door::Known;
    use crate::id::{AppId, RoomId};
    use crate::room::{Membership, Pending, Standing, State};
    use crate::time::Time;

    const NOW: Time = Time::from_millis(1_000_000);

    fn id(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn ids(clients: &[&str]) -> Vec<ClientId> {
        clients.iter().map(|client| id(client)).collect()
    }

    fn client(id: &ClientId) -> Client {
        let profile = crate::client::Profile { nickname: Some(id.as_str().to_uppercase()), ..Default::default() };
        Client {
            id: id.clone(),
            profile,
            email: None,
            mobile: None,
            addresses: Vec::new(),
            custom: Default::default(),
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    /// A room of ten seats with one member, `aaa`, who stands at its door.
    fn door() -> Door {
        let room_id = RoomId::parse("id", "room").unwrap();
        let room = Room { seq: 1, ..Room::of_many(room_id.clone(), RoomKind::Group, 10, NOW) };
        let door = Door {
            app: AppId::parse("app", "App").unwrap(),
            caller: Caller::Client(id("aaa")),
            id: room_id,
            room: Some(room),
            people: BTreeMap::new(),
            page: None,
            invitee: None,
            invitation: None,
            record: None,
            now: NOW,
        };
        door.with("aaa", Some(member()))
    }

    impl Door {
        /// With a client who stands to the room in this way.
        fn with(mut self, who: &str, state: Option<State>) -> Self {
            let known = client(&id(who));
            let present = matches!(state, Some(State::Member(_)));
            let standing =
                state.map(|state| Standing { client: id(who), profile: known.profile.clone(), seq: 1, state });
            self.people.insert(id(who), Known { client: Some(known), standing });
            self.changed(|room| room.member_count += u32::from(present))
        }

        fn changed(mut self, change: impl Fn(&mut Room)) -> Self {
            self.room.iter_mut().for_each(change);
            self
        }

        fn by(self, caller: Caller) -> Self {
            Self { caller, ..self }
        }
    }

    fn member() -> State {
        State::Member(Membership {
            role: Role::Member,
            joined: 1,
            via: Via::Added,
            inviter: None,
            read_messages: 0,
            last_read: None,
            properties: Default::default(),
        })
    }

    /// Invited by `zoe`, until then.
    fn invited(expires_at: Time) -> State {
        let inviter = Some(client(&id("zoe")).face());
        State::Invited(Pending {
            inviter,
            created_at: Time::from_millis(1),
            updated_at: Time::from_millis(2),
            expires_at,
        })
    }

    fn later() -> Time {
        NOW.plus(Duration::from_millis(1))
    }

    const DIRECTLY: Adding = Adding {
        entry: Entry::Directly,
        notify: Notify::Room,
        mode: Mode::AllOrNothing,
        lifetime: Duration::from_secs(60),
    };
    const BY_INVITATION: Adding = Adding { entry: Entry::ByInvitation, ..DIRECTLY };

    fn partial(how: Adding) -> Adding {
        Adding { mode: Mode::Partial, ..how }
    }

    fn outcomes(plan: &Plan) -> Vec<(&str, Outcome)> {
        plan.outcomes.iter().map(|(client, outcome)| (client.as_str(), *outcome)).collect()
    }

    fn outcomes_of(plan: &Plan) -> Vec<Outcome> {
        plan.outcomes.iter().map(|(_, outcome)| *outcome).collect()
    }

    /// Every change in short: what it is, whom it concerns, what is told.
    fn told(plan: &Plan) -> Vec<String> {
        let told = |change: &Change| {
            let (what, people, notice) = match change {
                Change::MembersJoined { people, via, notice, .. } => {
                    (format!("joined {via:?}"), people, notice.as_ref())
                }
                Change::MembersInvited { people, notice, .. } => ("invited".into(), people, notice.as_ref()),
                Change::InvitationsRenewed { people, .. } => ("renewed".into(), people, None),
                other => panic!("{other:?}"),
            };
            let people: Vec<&str> = people.iter().map(|person| person.client.id.as_str()).collect();
            let notice = notice.map(|notice| format!(", {}: {}", notice.message_type(), notice.text()));
            format!("{what} {}{}", people.join(" "), notice.unwrap_or_default())
        };
        plan.changes.iter().map(told).collect()
    }

    // Every way in.

    #[test]
    fn step_from_every_circumstance_by_every_wish() {
        use Circumstance::{Banned, Invited, Member, Stranger};
        use Step::{Enter, Renew, Stay, Uninvited};
        let wishes = [
            (Wish::Add, [false, true].as_slice()),
            (Wish::Invite, &[false, true]),
            (Wish::Join, &[false]),
            (Wish::Join, &[true]),
            (Wish::Claim, &[false, true]),
        ];
        // Added, invited, joining an open room, joining a room that requires an invitation, claiming.
        let table = [
            (Stranger, [Enter(Via::Added), Step::Invite, Enter(Via::Join), Uninvited, Enter(Via::Claim)]),
            (Invited, [Enter(Via::Added), Renew, Enter(Via::Invitation), Enter(Via::Invitation), Enter(Via::Claim)]),
            (Member, [Stay; 5]),
            (Banned, [Step::Banned; 5]),
        ];
        for (circumstance, steps) in table {
            for ((wish, settings), expected) in wishes.iter().zip(steps) {
                for invitation_required in *settings {
                    let step = step(circumstance, *wish, *invitation_required);
                    assert_eq!(step, expected, "{circumstance:?} {wish:?} {invitation_required}");
                }
            }
        }
    }

    #[test]
    fn circumstance_of_an_invitation_ends_at_the_moment_it_expires() {
        let at = |expires_at| door().with("bbb", Some(invited(expires_at))).circumstance(&id("bbb"));
        assert_eq!(at(later()), Circumstance::Invited);
        assert_eq!(at(NOW), Circumstance::Stranger);
    }

    // Adding.

    #[test]
    fn add_as_asked_or_as_the_room_says_and_directly_in_a_direct_room() {
        let entries = [Entry::Directly, Entry::ByInvitation, Entry::AsTheRoomSays];
        let outcomes = |invitation_required: bool| {
            let door = door().with("bbb", None).changed(|room| room.invitation_required = invitation_required);
            entries.map(|entry| add(&door, &ids(&["bbb"]), Adding { entry, ..DIRECTLY }).unwrap().outcomes[0].1)
        };
        assert_eq!(outcomes(false), [Outcome::Added, Outcome::Invited, Outcome::Added]);
        assert_eq!(outcomes(true), [Outcome::Added, Outcome::Invited, Outcome::Invited]);

        let direct = door().with("bbb", None).changed(|room| {
            room.kind = RoomKind::Direct;
            room.pair = Some([id("aaa"), id("bbb")]);
            room.invitation_required = true;
        });
        for entry in entries {
            let plan = add(&direct, &ids(&["bbb"]), Adding { entry, ..DIRECTLY }).unwrap();
            assert_eq!(outcomes_of(&plan), [Outcome::Added], "{entry:?}");
        }
    }

    #[test]
    fn add_a_third_client_to_a_direct_room() {
        let direct = door().with("bbb", Some(member())).with("ccc", None).changed(|room| {
            room.kind = RoomKind::Direct;
            room.pair = Some([id("aaa"), id("bbb")]);
        });
        for how in [DIRECTLY, BY_INVITATION, partial(DIRECTLY), partial(BY_INVITATION)] {
            for invitees in [&["ccc"][..], &["bbb", "ccc"], &["nobody"]] {
                let refusal = add(&direct, &ids(invitees), how).unwrap_err();
                assert!(matches!(refusal, Error::DirectRoom { .. }), "{refusal}");
            }
        }
    }

    #[test]
    fn add_by_somebody_outside() {
        let states = [None, Some(invited(later())), Some(State::Banned)];
        for state in states {
            let outside = door().with("bbb", state).by(Caller::Client(id("bbb")));
            for how in [DIRECTLY, BY_INVITATION, partial(DIRECTLY)] {
                let refusal = add(&outside, &ids(&["bbb"]), how).unwrap_err();
                assert!(matches!(refusal, Error::NotRoomMember { .. }), "{refusal}");
            }
        }
        let platform = door().with("bbb", None).by(Caller::Platform(None));
        assert_eq!(outcomes(&add(&platform, &ids(&["bbb"]), DIRECTLY).unwrap()), [("bbb", Outcome::Added)]);
    }

    #[test]
    fn add_to_a_hidden_room_by_somebody_outside() {
        let outside = || door().with("bbb", None).by(Caller::Client(id("bbb")));
        let private = outside().changed(|room| room.is_private = true);
        let direct = outside().changed(|room| room.kind = RoomKind::Direct);
        let absent = Door { room: None, ..outside() };
        for door in [private, direct, absent] {
            let refusal = add(&door, &ids(&["bbb"]), DIRECTLY).unwrap_err();
            assert!(matches!(refusal, Error::RoomNotFound { .. }), "{refusal}");
        }
    }

    #[test]
    fn add_to_a_closed_room() {
        let closed = || door().with("bbb", None).changed(|room| room.is_closed = true);
        for how in [DIRECTLY, BY_INVITATION, partial(DIRECTLY)] {
            assert!(matches!(add(&closed(), &ids(&["bbb"]), how), Err(Error::RoomClosed { .. })));
            let platform = closed().by(Caller::Platform(Some(id("aaa"))));
            assert_eq!(add(&platform, &ids(&["bbb"]), how).unwrap().changes.len(), 1);
        }
    }

    #[test]
    fn add_up_to_the_last_seat() {
        let door = |seats| door().with("bbb", None).with("ccc", None).changed(move |room| room.max_members = seats);
        let both = ids(&["bbb", "ccc"]);
        assert!(add(&door(3), &both, DIRECTLY).is_ok());
        assert!(matches!(add(&door(2), &both, DIRECTLY), Err(Error::RoomFull { max_members: 2, .. })));
        let plan = add(&door(2), &both, partial(DIRECTLY)).unwrap();
        assert_eq!(outcomes(&plan), [("bbb", Outcome::Added), ("ccc", Outcome::RoomFull)]);
        assert_eq!(told(&plan), ["joined Added bbb, addMember: BBB"]);
        let plan = add(&door(1), &both, partial(DIRECTLY)).unwrap();
        assert_eq!(outcomes_of(&plan), [Outcome::RoomFull, Outcome::RoomFull]);
        assert!(plan.changes.is_empty());
        // D31: a pending invitation holds no seat, and who is in already needs none.
        assert_eq!(told(&add(&door(1), &both, BY_INVITATION).unwrap()), ["invited bbb ccc, addMembers: BBB, CCC"]);
        assert_eq!(outcomes_of(&add(&door(1), &ids(&["aaa"]), DIRECTLY).unwrap()), [Outcome::AlreadyMember]);
        // A room that is over its capacity has no seat either.
        assert!(matches!(add(&door(0), &both, DIRECTLY), Err(Error::RoomFull { .. })));
    }

    #[test]
    fn add_all_or_nothing_or_each_by_itself() {
        let door = door()
            .with("bbb", None)
            .with("ccc", Some(invited(later())))
            .with("ddd", Some(State::Banned))
            .with("eee", Some(invited(NOW)));
        let all = ids(&["nobody", "eee", "ddd", "ccc", "bbb", "aaa"]);

        let plan = add(&door, &all, partial(BY_INVITATION)).unwrap();
        let expected = [
            ("nobody", Outcome::NotFound),
            ("eee", Outcome::Invited),
            ("ddd", Outcome::Banned),
            ("ccc", Outcome::AlreadyInvited),
            ("bbb", Outcome::Invited),
            ("aaa", Outcome::AlreadyMember),
        ];
        assert_eq!(outcomes(&plan), expected);
        assert_eq!(told(&plan), ["invited eee bbb, addMembers: EEE, BBB", "renewed ccc"]);

        let plan = add(&door, &all, partial(DIRECTLY)).unwrap();
        assert_eq!(told(&plan), ["joined Added eee ccc bbb, addMembers: EEE, CCC, BBB"]);

        for how in [DIRECTLY, BY_INVITATION] {
            let refusal = add(&door, &all, how).unwrap_err();
            assert!(
                matches!(&refusal, Error::ClientsNotFound { missing } if *missing == ids(&["nobody"])),
                "{refusal}"
            );
            let refusal = add(&door, &all[1..], how).unwrap_err();
            assert!(matches!(&refusal, Error::Banned { clients, .. } if *clients == ids(&["ddd"])), "{refusal}");
            assert!(add(&door, &all[3..], how).is_ok());
        }
    }

    #[test]
    fn add_tells_the_room_of_those_affected_when_asked_to() {
        let door = door().with("bbb", None).with("ccc", Some(invited(later())));
        let told_of = |invitees: &[&str], how| told(&add(&door, &ids(invitees), how).unwrap());
        assert_eq!(told_of(&["bbb", "aaa"], DIRECTLY), ["joined Added bbb, addMember: BBB"]);
        assert_eq!(told_of(&["bbb", "aaa"], BY_INVITATION), ["invited bbb, addMember: BBB"]);
        assert_eq!(told_of(&["ccc"], BY_INVITATION), ["renewed ccc"]);
        assert!(told_of(&["aaa"], DIRECTLY).is_empty());
        let quietly = |how| Adding { notify: Notify::Nobody, ..how };
        assert_eq!(told_of(&["bbb", "ccc"], quietly(DIRECTLY)), ["joined Added bbb ccc"]);
        assert_eq!(told_of(&["bbb", "ccc"], quietly(BY_INVITATION)), ["invited bbb", "renewed ccc"]);
    }

    #[test]
    fn add_by_invitation_for_as_long_as_asked() {
        let door = door().with("bbb", None).with("ccc", Some(invited(later())));
        let plan = add(&door, &ids(&["bbb", "ccc"]), BY_INVITATION).unwrap();
        let until = NOW.plus(BY_INVITATION.lifetime);
        assert!(matches!(&plan.changes[0], Change::MembersInvited { expires_at, .. } if *expires_at == until));
        assert!(matches!(&plan.changes[1], Change::InvitationsRenewed { expires_at, .. } if *expires_at == until));
    }

    #[test]
    fn add_names_who_added() {
        let inviter =
            |caller| match &add(&door().with("bbb", None).by(caller), &ids(&["bbb"]), DIRECTLY).unwrap().changes[0] {
                Change::MembersJoined { inviter, .. } => inviter.clone(),
                other => panic!("{other:?}"),
            };
        assert_eq!(inviter(Caller::Client(id("aaa"))), Some(id("aaa")));
        assert_eq!(inviter(Caller::Platform(Some(id("aaa")))), Some(id("aaa")));
        assert_eq!(inviter(Caller::Platform(None)), None);
    }

    // Joining.

    /// `bbb`, who stands to the room in this way, at its door.
    fn joiner(state: Option<State>) -> Door {
        door().with("bbb", state).by(Caller::Client(id("bbb")))
    }

    #[test]
    fn join_an_open_room() {
        let plan = join(&joiner(None), Notify::Room).unwrap();
        assert_eq!(told(&plan), ["joined Join bbb, joinRoom: BBB"]);
        assert_eq!(told(&join(&joiner(None), Notify::Nobody).unwrap()), ["joined Join bbb"]);
        assert!(matches!(&plan.changes[0], Change::MembersJoined { inviter: None, .. }));
    }

    #[test]
    fn join_on_invitation() {
        let careful = |state| joiner(state).changed(|room| room.invitation_required = true);
        let plan = join(&careful(Some(invited(later()))), Notify::Nobody).unwrap();
        assert_eq!(told(&plan), ["joined Invitation bbb"]);
        let first = Some(id("zoe"));
        assert!(matches!(&plan.changes[0], Change::MembersJoined { inviter, .. } if *inviter == first));
        for uninvited in [None, Some(invited(NOW))] {
            assert!(matches!(join(&careful(uninvited), Notify::Room), Err(Error::InvitationRequired { .. })));
        }
    }

    #[test]
    fn join_twice() {
        for change in
            [|_: &mut Room| {}, |room: &mut Room| room.is_closed = true, |room: &mut Room| room.max_members = 1]
        {
            let plan = join(&joiner(Some(member())).changed(change), Notify::Room).unwrap();
            assert!(plan.changes.is_empty());
        }
    }

    #[test]
    fn join_while_banned() {
        let refusal = join(&joiner(Some(State::Banned)), Notify::Room).unwrap_err();
        assert!(matches!(&refusal, Error::Banned { clients, .. } if *clients == ids(&["bbb"])), "{refusal}");
    }

    #[test]
    fn join_a_full_room() {
        for state in [None, Some(invited(later()))] {
            let full = joiner(state).changed(|room| room.max_members = 1);
            assert!(matches!(join(&full, Notify::Room), Err(Error::RoomFull { max_members: 1, .. })));
        }
    }

    #[test]
    fn join_a_closed_room() {
        for state in [None, Some(invited(later()))] {
            let closed = || joiner(state.clone()).changed(|room| room.is_closed = true);
            assert!(matches!(join(&closed(), Notify::Room), Err(Error::RoomClosed { .. })));
            let platform = closed().by(Caller::Platform(Some(id("bbb"))));
            assert_eq!(join(&platform, Notify::Room).unwrap().changes.len(), 1);
        }
    }

    #[test]
    fn join_a_hidden_room() {
        let private = |state| joiner(state).changed(|room| room.is_private = true);
        assert!(matches!(join(&private(None), Notify::Room), Err(Error::RoomNotFound { .. })));
        assert!(matches!(join(&private(Some(invited(NOW))), Notify::Room), Err(Error::RoomNotFound { .. })));
        assert!(join(&private(Some(invited(later()))), Notify::Room).is_ok());
    }

    #[test]
    fn join_a_direct_room_as_a_third() {
        let direct = |caller| {
            joiner(None).by(caller).changed(|room| {
                room.kind = RoomKind::Direct;
                room.pair = Some([id("aaa"), id("zoe")]);
            })
        };
        let refusal = join(&direct(Caller::Client(id("bbb"))), Notify::Room).unwrap_err();
        assert!(matches!(refusal, Error::RoomNotFound { .. }), "{refusal}");
        let refusal = join(&direct(Caller::Platform(Some(id("bbb")))), Notify::Room).unwrap_err();
        assert!(matches!(refusal, Error::DirectRoom { .. }), "{refusal}");
    }

    #[test]
    fn join_by_nobody() {
        let refusal = join(&door().by(Caller::Platform(None)), Notify::Room).unwrap_err();
        assert!(matches!(refusal, Error::MissingParameter { names: &["sender"] }), "{refusal}");
    }

    // Inviting in Talk's way.

    fn asked_for(door: Door, invitee: Invitee) -> Result<Plan, Error> {
        invite(&Door { invitee: Some(invitee), ..door }, Written::default(), Duration::from_secs(60))
    }

    fn stranger() -> Invitee {
        Invitee::Stranger { addresses: vec![crate::address::Address::email("Carl@x.io").unwrap()] }
    }

    #[test]
    fn invite_from_outside() {
        let outside = |state| joiner(state).with("ccc", None);
        let ccc = || Invitee::Client(id("ccc"));
        assert_eq!(told(&asked_for(outside(None), ccc()).unwrap()), ["joined Added ccc, joinRoom: CCC"]);
        assert!(matches!(asked_for(outside(Some(State::Banned)), ccc()), Err(Error::Banned { .. })));
        let private = |state| outside(state).changed(|room| room.is_private = true);
        for state in [None, Some(invited(later()))] {
            assert!(matches!(asked_for(private(state), ccc()), Err(Error::NotRoomMember { .. })));
        }
        assert!(asked_for(private(Some(member())), ccc()).is_ok());
    }

    #[test]
    fn invite_a_client_who_cannot_come_in() {
        let bbb = || Invitee::Client(id("bbb"));
        assert!(matches!(asked_for(door().with("bbb", Some(member())), bbb()), Err(Error::MemberExists { .. })));
        assert!(matches!(asked_for(door().with("bbb", Some(State::Banned)), bbb()), Err(Error::Banned { .. })));
        assert!(matches!(asked_for(door(), bbb()), Err(Error::ClientsNotFound { .. })));
        let full = door().with("bbb", None).changed(|room| room.max_members = 1);
        assert!(matches!(asked_for(full, bbb()), Err(Error::RoomFull { .. })));
        let closed = door().with("bbb", None).changed(|room| room.is_closed = true);
        assert!(matches!(asked_for(closed, bbb()), Err(Error::RoomClosed { .. })));
        let direct = door().with("bbb", None).changed(|room| room.kind = RoomKind::Direct);
        assert!(matches!(asked_for(direct, bbb()), Err(Error::DirectRoom { .. })));
    }

    #[test]
    fn invite_an_address_once() {
        let plan = asked_for(door(), stranger()).unwrap();
        let [Change::AddressInvited { invitation, replaces: None }] = &plan.changes[..] else { panic!("{plan:?}") };
        assert_eq!((invitation.address(), &invitation.inviter), ("carl@x.io", &Some(id("aaa"))));
        assert_eq!(invitation.expires_at, NOW.plus(Duration::from_secs(60)));

        let pending = |expires_at| Invitation { expires_at, ..invitation.clone() };
        let again = Door { invitation: Some(pending(later())), ..door() };
        assert!(matches!(asked_for(again, stranger()), Err(Error::InvitationExists)));
        let lapsed = Door { invitation: Some(pending(NOW)), ..door() };
        let plan = asked_for(lapsed, stranger()).unwrap();
        assert!(matches!(&plan.changes[..], [Change::AddressInvited { replaces: Some(_), .. }]), "{plan:?}");
    }

    // Signing up with an invited address.

    fn signing_up(state: Option<State>, expires_at: Time) -> Door {
        let invitation = Invitation {
            id: ObjectId::at(NOW),
            addresses: vec!["bbb@x.io".into()],
            email: None,
            mobile: None,
            inviter: Some(id("aaa")),
            seq: 1,
            created_at: Time::from_millis(1),
            expires_at,
        };
        Door { invitation: Some(invitation), ..door().with("bbb", state).by(Caller::Platform(None)) }
    }

    #[test]
    fn claim_closes_the_invitation_with_the_joining() {
        for state in [None, Some(invited(later()))] {
            let (claim, plan) = claim(&signing_up(state, later()), &id("bbb")).unwrap();
            assert_eq!(claim, Claim::Joined);
            assert_eq!(told(&plan), ["joined Claim bbb, joinRoom: BBB"]);
            let by = Some(id("aaa"));
            let Change::MembersJoined { inviter, closes, .. } = &plan.changes[0] else { panic!("{plan:?}") };
            assert!(*inviter == by && closes.is_some(), "{plan:?}");
        }
    }

    #[test]
    fn claim_by_a_member_only_closes_the_invitation() {
        let (claim, plan) = claim(&signing_up(Some(member()), later()), &id("bbb")).unwrap();
        assert_eq!(claim, Claim::AlreadyMember);
        assert!(matches!(plan.changes[..], [Change::InvitationClosed { .. }]), "{plan:?}");
    }

    #[test]
    fn claim_that_cannot_be_met_keeps_the_invitation() {
        let stranger = || signing_up(None, later());
        for (door, expected) in [
            (signing_up(Some(State::Banned), later()), Claim::Banned),
            (stranger().changed(|room| room.is_closed = true), Claim::RoomClosed),
            (stranger().changed(|room| room.max_members = 1), Claim::RoomFull),
        ] {
            let (claim, plan) = claim(&door, &id("bbb")).unwrap();
            assert_eq!(claim, expected);
            assert!(plan.changes.is_empty(), "{plan:?}");
        }
    }

    #[test]
    fn claim_of_an_expired_invitation() {
        assert!(claim(&signing_up(None, NOW), &id("bbb")).is_none());
    }

    // Making a room.

    fn new_room(change: impl Fn(&mut Room)) -> Room {
        let mut room = Room::of_many(RoomId::parse("id", "room").unwrap(), RoomKind::Group, 2, NOW);
        change(&mut room);
        room
    }

    #[test]
    fn found_fills_the_room_with_its_first_members() {
        let nowhere = || Door { room: None, ..door().with("bbb", None).with("ccc", None) };
        let owned = new_room(|room| room.owner = Some(id("bbb")));
        let (plan, room) = found(&nowhere(), &owned, &ids(&["aaa", "bbb"]), Notify::Nobody).unwrap();
        assert_eq!(room.creator, Some(id("aaa")));
        let [Change::RoomCreated, Change::MembersJoined { people, .. }] = &plan.changes[..] else { panic!("{plan:?}") };
        assert_eq!(people.iter().map(|person| person.role).collect::<Vec<_>>(), [Role::Member, Role::Owner]);

        let refusal = found(&nowhere(), &owned, &ids(&["aaa", "bbb", "ccc"]), Notify::Room).unwrap_err();
        assert!(matches!(refusal, Error::RoomFull { max_members: 2, .. }), "{refusal}");
        let refusal = found(&nowhere(), &owned, &ids(&["aaa", "nobody"]), Notify::Room).unwrap_err();
        assert!(matches!(&refusal, Error::ClientsNotFound { missing } if *missing == ids(&["nobody"])), "{refusal}");
    }

    #[test]
    fn found_again_is_the_same_room() {
        let anew = new_room(|room| room.face.name = Some("new".into()));
        let made = door().changed(|room| room.creator = Some(id("aaa")));
        let (plan, room) = found(&made, &anew, &[], Notify::Room).unwrap();
        assert!(plan.changes.is_empty() && room.face.name.is_none());

        let others = door().changed(|room| room.creator = Some(id("zoe")));
        assert!(found(&others, &anew, &[], Notify::Room).is_err());
        // D18: either of the two finds the direct room again.
        let direct = others.changed(|room| room.pair = Some([id("zoe"), id("aaa")]));
        assert!(found(&direct, &anew, &[], Notify::Room).unwrap().0.changes.is_empty());
    }
}
