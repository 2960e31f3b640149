//! Making a room.

use super::{Adding, Entry, Notify, Outcome, Plan, full, join, person};
use crate::auth::Caller;
use crate::change::{Change, Person};
use crate::door::{Circumstance, Door};
use crate::error::Error;
use crate::id::ClientId;
use crate::message::Notice;
use crate::room::{Room, RoomKind};
use crate::standing::{Role, Via};

/// Makes a room, unless its creator has made it before: then it stays as it is, so that a repeated call is harmless, and
/// a direct room is found again by either of its two and by the platform (D18).
pub fn found(door: &Door, new: &Room, members: &[ClientId], notify: Notify) -> Result<(Plan, Room), Error> {
    let creator = door.caller.client().cloned();
    if door.is_going {
        return Err(Error::Busy); // what is being deleted must be gone first
    }
    match &door.room {
        // D18: nobody opens the room of two others.
        None if !door.caller.is_platform() && is_strange(new, creator.as_ref()) => {
            Err(Error::DirectRoom { room: new.id.clone() })
        }
        None => fill(door, new, members, notify).map(|plan| (plan, Room { creator, ..new.clone() })),
        // D18: ids that differ in case alone give two pairs the same id; nobody may speak to the wrong one.
        Some(old) if is_of_others(old, new) => Err(Error::invalid("_id", "is another room's id")),
        Some(old) if finds(old, &door.caller) => Ok((Plan::default(), old.clone())),
        Some(old) if old.creator == creator && may_see(door, old, members) => Ok((Plan::default(), old.clone())),
        Some(_) => Err(Error::invalid("_id", "is another room's id")),
    }
}

/// Whether both are direct rooms, and of different clients.
fn is_of_others(old: &Room, new: &Room) -> bool {
    let (Some(old), Some(new)) = (&old.pair, &new.pair) else { return false };
    !new.iter().all(|client| old.contains(client))
}

/// Whether it is a direct room, and not this client's.
fn is_strange(room: &Room, client: Option<&ClientId>) -> bool {
    room.pair.as_ref().is_some_and(|pair| !client.is_some_and(|client| pair.contains(client)))
}

/// A creator who is not in the room may repeat his call, and see what he made; not what has become of it since (D10).
fn may_see(door: &Door, room: &Room, members: &[ClientId]) -> bool {
    door.room_from_inside().is_ok() || room.seq == 1 + u64::from(!members.is_empty())
}

/// Whether a direct room is the caller's to find again (D18).
fn finds(room: &Room, caller: &Caller) -> bool {
    let Some(pair) = &room.pair else { return false };
    caller.is_platform() || caller.client().is_some_and(|client| pair.contains(client))
}

/// Fills a room that is being made with its first members (D29, D31).
fn fill(door: &Door, room: &Room, members: &[ClientId], notify: Notify) -> Result<Plan, Error> {
    let people = all(door, room, members)?;
    if people.len() as u32 > room.max_members {
        return Err(full(room));
    }
    let mut changes = vec![Change::RoomCreated];
    if !people.is_empty() {
        let faces = || people.iter().map(Person::face).collect();
        let notice = (notify == Notify::Room).then(|| Notice::AddMembers(faces()));
        let inviter = door.caller.client().cloned();
        changes.push(Change::MembersJoined { people, via: Via::Added, inviter, closes: None, notice });
    }
    Ok(Plan::of(changes))
}

/// Everybody named, with the role that the room gives; nobody may be missing.
fn all(door: &Door, room: &Room, clients: &[ClientId]) -> Result<Vec<Person>, Error> {
    let role = |client: &ClientId| if room.owner.as_ref() == Some(client) { Role::Owner } else { Role::Member };
    let people: Vec<Person> = clients.iter().filter_map(|id| person(door, id, role(id))).collect();
    if people.len() == clients.len() {
        return Ok(people);
    }
    let missing = clients.iter().filter(|id| door.client(id).is_none()).cloned().collect();
    Err(Error::ClientsNotFound { missing })
}

/// Makes a room with its creator in it and the invitees added or invited. A room that is there already stays as it is, but
/// that the caller joins it by the rules of joining; a direct room has both its clients back (D18).
pub fn found_and_join(door: &Door, new: &Room, invitees: &[ClientId], how: Adding) -> Result<(Plan, Room), Error> {
    let creator = door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?;
    if door.is_going {
        return Err(Error::Busy); // what is being deleted must be gone first
    }
    match &door.room {
        None => {
            let owner = Some(creator.clone()).filter(|_| new.kind != RoomKind::Direct); // D29
            let room = Room { creator: Some(creator.clone()), owner, ..new.clone() };
            gather(door, &room, creator, invitees, how).map(|plan| (plan, room))
        }
        Some(old) if old.kind == RoomKind::Direct || new.kind == RoomKind::Direct => {
            if old.pair.is_none() || is_of_others(old, new) || !finds(old, &door.caller) {
                return Err(Error::invalid("_id", "is another room's id"));
            }
            reunite(door, old).map(|plan| (plan, old.clone()))
        }
        Some(_) => {
            let hidden = |error| match error {
                Error::RoomNotFound { .. } => Error::invalid("_id", "is another room's id"), // D10
                other => other,
            };
            let old = door.room().map_err(hidden)?;
            join(door, how.notify).map(|plan| (plan, old.clone()))
        }
    }
}

/// The first entries of a new room: it is made, its creator joins, the others are added or invited.
fn gather(door: &Door, room: &Room, creator: &ClientId, invitees: &[ClientId], how: Adding) -> Result<Plan, Error> {
    let invitees: Vec<ClientId> = invitees.iter().filter(|invitee| *invitee != creator).cloned().collect();
    let (first, people) = (all(door, room, std::slice::from_ref(creator))?, all(door, room, &invitees)?);
    let invites = match how.entry {
        _ if room.kind == RoomKind::Direct => false, // D15
        Entry::ByInvitation => true,
        Entry::Directly => false,
        Entry::AsTheRoomSays => room.invitation_required,
    };
    let seated = 1 + if invites { 0 } else { people.len() as u32 };
    if seated > room.max_members {
        return Err(full(room)); // D31
    }
    let outcome = if invites { Outcome::Invited } else { Outcome::Added };
    let outcomes = invitees.into_iter().map(|invitee| (invitee, outcome)).collect();
    let told = how.notify == Notify::Room;
    // D19: one message per call, and of the invitees if there are any.
    let own = (told && people.is_empty()).then(|| Notice::JoinRoom(first[0].face()));
    let notice = (told && !people.is_empty()).then(|| Notice::AddMembers(people.iter().map(Person::face).collect()));
    let joined = Change::MembersJoined { people: first, via: Via::Join, inviter: None, closes: None, notice: own };
    let mut changes = vec![Change::RoomCreated, joined];
    if !people.is_empty() {
        changes.push(if invites {
            Change::MembersInvited { people, expires_at: door.now.plus(how.lifetime), notice }
        } else {
            Change::MembersJoined { people, via: Via::Added, inviter: Some(creator.clone()), closes: None, notice }
        });
    }
    Ok(Plan { outcomes, ..Plan::of(changes) })
}

/// Brings back into a direct room those of its two who have left it.
fn reunite(door: &Door, room: &Room) -> Result<Plan, Error> {
    let absent = |client: &&ClientId| door.circumstance(client) != Circumstance::Member;
    let absent: Vec<ClientId> = room.pair.iter().flatten().filter(absent).cloned().collect();
    if absent.is_empty() {
        return Ok(Plan::default());
    }
    let people = all(door, room, &absent)?;
    let inviter = door.caller.client().cloned();
    Ok(Change::MembersJoined { people, via: Via::Added, inviter, closes: None, notice: None }.into())
}
