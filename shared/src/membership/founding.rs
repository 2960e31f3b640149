//! Making a room.

use super::{Notify, Plan, full, person};
use crate::auth::Caller;
use crate::change::{Change, Person};
use crate::door::Door;
use crate::error::Error;
use crate::id::ClientId;
use crate::message::Notice;
use crate::room::Room;
use crate::standing::{Role, Via};

/// Makes a room, unless its creator has made it before: then it stays as it is, so that a repeated call is harmless, and
/// a direct room is found again by either of its two and by the platform (D18).
pub fn found(door: &Door, new: &Room, members: &[ClientId], notify: Notify) -> Result<(Plan, Room), Error> {
    let creator = door.caller.client().cloned();
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
