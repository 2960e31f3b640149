//! Adding and inviting clients, many at a time.

use super::consent::refuses;
use super::{Adding, Entry, Mode, Notify, Outcome, Plan, Refusal, Step, Wish, full, open_to, person, step};
use crate::change::{Change, Person};
use crate::door::Door;
use crate::error::Error;
use crate::id::ClientId;
use crate::message::Notice;
use crate::room::{Room, RoomKind};
use crate::standing::{Role, Via};

/// Adds or invites clients to a room (D11–D16, D18, D19, D31, D44).
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
                Err(_) => Outcome::Banned, // nothing else in its life keeps anybody from being added or invited
                Ok(step) if step != Step::Stay && refuses(door, invitee) => Outcome::Blocked, // D44
                Ok(Step::Enter(_)) if self.entering.len() as u32 >= room.seats() => Outcome::RoomFull, // D31
                Ok(Step::Enter(_)) => {
                    self.entering.push(person);
                    Outcome::Added
                }
                Ok(Step::Invite) => {
                    self.inviting.push(person);
                    Outcome::Invited
                }
                Ok(Step::Renew) => {
                    self.renewing.push(person);
                    Outcome::AlreadyInvited
                }
                Ok(_) => Outcome::AlreadyMember,
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
        let (banned, blocked) = (self.with(Outcome::Banned), self.with(Outcome::Blocked));
        if !missing.is_empty() {
            return Err(Error::ClientsNotFound { missing });
        }
        if !banned.is_empty() {
            return Err(Refusal::Banned.of(room, banned));
        }
        if !blocked.is_empty() {
            return Err(Refusal::Blocked.of(room, blocked));
        }
        if !self.with(Outcome::RoomFull).is_empty() {
            return Err(full(room));
        }
        Ok(())
    }

    fn plan(self, door: &Door, how: Adding) -> Plan {
        let notice = |people: &[Person]| {
            let faces = || people.iter().map(Person::face).collect();
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
        Plan { outcomes: self.outcomes, ..Plan::of(changes) }
    }
}
