//! Making a room.

use super::consent::agreed;
use super::{Adding, Entry, Notify, Outcome, Plan, Refusal, Step, Wish, full, join, open_to, person, step};
use crate::auth::Caller;
use crate::change::{Change, Person};
use crate::door::Door;
use crate::error::Error;
use crate::id::ClientId;
use crate::message::Notice;
use crate::room::{Room, RoomKind};
use crate::standing::{Role, Via};
use crate::time::Time;

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
    agreed(door, room, members)?; // D44
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
    let taken = || Error::invalid("_id", "is another room's id");
    match &door.room {
        None => {
            let owner = Some(creator.clone()).filter(|_| new.kind != RoomKind::Direct); // D29
            let room = Room { creator: Some(creator.clone()), owner, ..new.clone() };
            gather(door, &room, creator, invitees, how).map(|plan| (plan, room))
        }
        Some(old) if new.kind == RoomKind::Direct => {
            // D18: ids that differ in case alone give two pairs the same id; nobody may speak to the wrong one.
            if old.pair.is_none() || is_of_others(old, new) {
                return Err(taken());
            }
            reunite(door, old, creator, how.notify).map(|plan| (plan, old.clone()))
        }
        Some(_) => {
            let hidden = |error| if matches!(error, Error::RoomNotFound { .. }) { taken() } else { error }; // D10
            let old = door.room().map_err(hidden)?;
            join(door, how.notify).map(|plan| (plan, old.clone()))
        }
    }
}

/// The first entries of a new room: it is made, its creator joins, the others are added or invited.
fn gather(door: &Door, room: &Room, creator: &ClientId, invitees: &[ClientId], how: Adding) -> Result<Plan, Error> {
    let invitees: Vec<ClientId> = invitees.iter().filter(|invitee| *invitee != creator).cloned().collect();
    let (host, guests) = (all(door, room, std::slice::from_ref(creator))?.pop(), all(door, room, &invitees)?);
    agreed(door, room, &invitees)?; // D44
    let invites = match how.entry {
        _ if room.kind == RoomKind::Direct => false, // D15
        Entry::ByInvitation => true,
        Entry::Directly => false,
        Entry::AsTheRoomSays => room.invitation_required,
    };
    let seated = 1 + if invites { 0 } else { guests.len() as u32 };
    if seated > room.max_members {
        return Err(full(room)); // D31
    }
    let outcome = if invites { Outcome::Invited } else { Outcome::Added };
    let outcomes = invitees.into_iter().map(|invitee| (invitee, outcome)).collect();
    let until = invites.then(|| door.now.plus(how.lifetime));
    let mut changes = vec![Change::RoomCreated];
    changes.extend(arrivals(host, guests, creator, until, how.notify));
    Ok(Plan { outcomes, ..Plan::of(changes) })
}

/// Brings back into a direct room those of its two who have left it; nobody comes back who is banned (D30).
fn reunite(door: &Door, room: &Room, own: &ClientId, notify: Notify) -> Result<Plan, Error> {
    let (mut absent, mut banned) = (Vec::new(), Vec::new());
    for client in room.pair.iter().flatten() {
        match step(door.circumstance(client), Wish::Add, false) {
            Ok(Step::Enter(_)) => absent.push(client.clone()),
            Ok(_) => {}
            Err(_) => banned.push(client.clone()),
        }
    }
    if !banned.is_empty() {
        return Err(Refusal::Banned.of(room, banned));
    }
    let outcome = |peer: &ClientId| if absent.contains(peer) { Outcome::Added } else { Outcome::AlreadyMember };
    let peers = room.pair.iter().flatten().filter(|client| *client != own);
    let outcomes = peers.map(|peer| (peer.clone(), outcome(peer))).collect(); // D14: of those named
    if absent.is_empty() {
        return Ok(Plan { outcomes, ..Plan::default() });
    }
    open_to(room, &door.caller)?;
    agreed(door, room, &absent)?; // D44
    let (hosts, guests): (Vec<_>, Vec<_>) = all(door, room, &absent)?.into_iter().partition(|back| back.id == *own);
    Ok(Plan { outcomes, ..Plan::of(arrivals(hosts.into_iter().next(), guests, own, None, notify)) })
}

/// A host comes by himself, and the guests after him: added by him, or invited until then. One message tells of it: of the
/// guests, if there are any (D19).
fn arrivals(
    host: Option<Person>,
    guests: Vec<Person>,
    by: &ClientId,
    invited_until: Option<Time>,
    notify: Notify,
) -> Vec<Change> {
    let told = |notice: Notice| Some(notice).filter(|_| notify == Notify::Room);
    let mut changes = Vec::new();
    if let Some(host) = host {
        let notice = if guests.is_empty() { told(Notice::JoinRoom(host.face())) } else { None };
        changes.push(Change::MembersJoined { people: vec![host], via: Via::Join, inviter: None, closes: None, notice });
    }
    if !guests.is_empty() {
        let notice = told(Notice::AddMembers(guests.iter().map(Person::face).collect()));
        let (via, inviter) = (Via::Added, Some(by.clone()));
        changes.push(match invited_until {
            Some(expires_at) => Change::MembersInvited { people: guests, expires_at, notice },
            None => Change::MembersJoined { people: guests, via, inviter, closes: None, notice },
        });
    }
    changes
}
