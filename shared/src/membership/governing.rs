//! Governing a room: its settings, its members' roles and properties, its bans (D29, D30).

use super::leaving::succession;
use super::linking::links_of;
use super::rank::{Rank, above, governed, is_member, kept, lacking, rank};
use super::{Plan, Refusal, Step, Wish, person, step};
use crate::change::{Change, Ending};
use crate::client::Face;
use crate::door::Door;
use crate::error::Error;
use crate::id::ClientId;
use crate::invitation::Invitation;
use crate::json::Json;
use crate::message::Notice;
use crate::room::{MOST_ADMINS, Revision, Room, RoomKind};
use crate::standing::{Role, Standing};

/// The most that a member's properties may take, in bytes of JSON: a thousand members must fit into one reply.
const LONGEST_PROPERTIES: usize = 1_024;

/// What a ban closes in one transaction, in items.
const AT_ONCE: usize = 80;

/// Changes a room's settings, its owner and its admins. Where nobody owns it any member may; offices are given by those
/// who hold one.
pub fn update(door: &Door, revision: &Revision) -> Result<Plan, Error> {
    let (room, rank) = kept(door)?;
    if revision.is_for_many() {
        of_many(room)?;
    }
    let needed = match (&revision.owner, &revision.admins) {
        (Some(_), _) => Rank::Owner,
        (None, Some(_)) => Rank::Admin,
        (None, None) => Rank::Member,
    };
    if rank < needed {
        return Err(lacking(room));
    }
    if let Some(seats) = revision.max_members.filter(|seats| *seats < room.member_count) {
        let reason = format!("must not be less than the room's {} members: {seats}", room.member_count);
        return Err(Error::invalid("maxMembers", reason));
    }
    let mut changes = offices(door, room, revision)?;
    let revised = revision.applied(room);
    if revised != *room {
        changes.insert(0, Change::RoomUpdated { room: Box::new(revised) });
    }
    Ok(Plan::of(changes))
}

/// A direct room has no offices, no bans and no seats to change (D18).
fn of_many(room: &Room) -> Result<&Room, Error> {
    if room.kind == RoomKind::Direct { Err(Error::DirectRoom { room: room.id.clone() }) } else { Ok(room) }
}

/// Who holds which office afterwards. Whoever owned the room and does so no longer becomes an admin, unless the call names
/// all of them.
fn offices(door: &Door, room: &Room, revision: &Revision) -> Result<Vec<Change>, Error> {
    if revision.owner.is_none() && revision.admins.is_none() {
        return Ok(Vec::new());
    }
    let owner = revision.owner.as_ref().or(room.owner.as_ref());
    let mut admins =
        revision.admins.clone().unwrap_or_else(|| room.admins.iter().chain(&room.owner).cloned().collect());
    admins.retain(|admin| Some(admin) != owner);
    if admins.len() > MOST_ADMINS {
        let name = if revision.admins.is_some() { "managers" } else { "owner" };
        return Err(Error::invalid(name, format!("would make more than {MOST_ADMINS} admins")));
    }
    let holders = || owner.into_iter().chain(&admins);
    let missing: Vec<ClientId> = holders().filter(|id| !is_member(door, id)).cloned().collect();
    if !missing.is_empty() {
        return Err(Refusal::NotMember.of(room, missing));
    }
    let role = |client: &ClientId| match client {
        own if Some(own) == owner => Role::Owner,
        own if admins.contains(own) => Role::Admin,
        _ => Role::Member,
    };
    let mut given: Vec<(Standing, Role)> = Vec::new();
    for standing in room.owner.iter().chain(&room.admins).chain(holders()).filter_map(|client| door.standing(client)) {
        if !given.iter().any(|(known, _)| known.client == standing.client) {
            given.push((standing.clone(), role(&standing.client)));
        }
    }
    // Who loses an office goes first: a room has one owner at a time.
    Ok([Role::Member, Role::Admin, Role::Owner].into_iter().filter_map(|role| giving(&given, role)).collect())
}

/// One role given to those who had another; whoever becomes an admin is announced (D29).
fn giving(given: &[(Standing, Role)], role: Role) -> Option<Change> {
    let had = |standing: &Standing| standing.membership().map(|own| own.role);
    let is_new = |(standing, own): &&(Standing, Role)| *own == role && had(standing) != Some(role);
    let roles: Vec<(Standing, Role)> = given.iter().filter(is_new).cloned().collect();
    let plain = roles.iter().filter(|(standing, _)| had(standing) == Some(Role::Member));
    let promoted: Vec<Face> = plain.map(|(standing, _)| standing.face()).collect();
    let notice = (role == Role::Admin && !promoted.is_empty()).then_some(Notice::AssignAdmin(promoted));
    (!roles.is_empty()).then_some(Change::RolesGiven { roles, notice })
}

/// Gives a member a role: owner and admins make and unmake admins, the owner makes another the owner (D29).
pub fn give_role(door: &Door, member: &ClientId, role: Role) -> Result<Plan, Error> {
    let room = of_many(rank(door)?.0)?;
    let (_, rank) = governed(door)?;
    if !is_member(door, member) {
        return Err(Refusal::NotMember.of(room, vec![member.clone()]));
    }
    let owns = room.owner.as_ref() == Some(member);
    let revision = match role {
        Role::Owner => Revision { owner: Some(member.clone()), ..Revision::default() },
        Role::Admin | Role::Member if owns && rank < Rank::Owner => return Err(lacking(room)),
        Role::Admin | Role::Member if owns => {
            return Err(Error::invalid("value", "would leave the room without an owner: name another owner first"));
        }
        Role::Admin | Role::Member => {
            let others = room.admins.iter().filter(|admin| *admin != member);
            let admins = others.chain((role == Role::Admin).then_some(member)).cloned().collect();
            Revision { admins: Some(admins), ..Revision::default() }
        }
    };
    update(door, &revision).map_err(|error| match error {
        Error::InvalidParameter { reason, .. } => Error::invalid("value", reason),
        other => other,
    })
}

/// Sets a property of a member in this room, or removes it with `null`: any member may (D29).
pub fn set_property(door: &Door, member: &ClientId, name: &str, value: &serde_json::Value) -> Result<Plan, Error> {
    let (room, _) = rank(door)?;
    let standing = door.standing(member).filter(|standing| standing.membership().is_some());
    let standing = standing.ok_or_else(|| Refusal::NotMember.of(room, vec![member.clone()]))?;
    let before = standing.membership().map(|own| own.properties.object()).unwrap_or_default();
    let mut after = before.clone();
    match value {
        serde_json::Value::Null => drop(after.remove(name)),
        value => drop(after.insert(name.to_owned(), value.clone())),
    }
    if after == before {
        return Ok(Plan::default());
    }
    let properties = Json::of(&after);
    if properties.len() > LONGEST_PROPERTIES {
        let reason = format!("and the member's other properties must be at most {LONGEST_PROPERTIES} bytes of JSON");
        return Err(Error::invalid("value", reason));
    }
    Ok(Change::PropertiesSet { standing: standing.clone(), properties }.into())
}

/// Bans a client: it is a member no longer, and neither its invitation nor any that it issued lets anybody in (D30). What one
/// transaction cannot hold is closed before the ban: never is anybody banned whose invitations are open.
pub fn ban(door: &Door, blockee: &ClientId) -> Result<Plan, Error> {
    let room = of_many(rank(door)?.0)?;
    let (_, rank) = governed(door)?;
    if door.caller.client() == Some(blockee) {
        return Err(Error::invalid("blockee", "must be somebody else than you"));
    }
    above(room, rank, blockee)?;
    let person = person(door, blockee, Role::Member);
    let person = person.ok_or_else(|| Error::ClientsNotFound { missing: vec![blockee.clone()] })?;
    step(door.circumstance(blockee), Wish::Ban, false).map_err(|refusal| refusal.of(room, vec![blockee.clone()]))?;
    let links = links_of(door, blockee);
    let (standings, invitations, unfinished) = issued(door, blockee, AT_ONCE.saturating_sub(links.len()));
    let closes = !(standings.is_empty() && invitations.is_empty());
    let ended = Change::InvitationsEnded { standings, invitations, ending: Ending::Cancelled, notice: None };
    if unfinished {
        return Ok(Plan { unfinished, ..ended.into() });
    }
    let mut changes: Vec<Change> = closes.then_some(ended).into_iter().collect();
    changes.push(Change::MemberBanned { person, links });
    changes.extend(succession(door, room, std::slice::from_ref(blockee)));
    Ok(Plan::of(changes))
}

/// The invitations that a client issued, as many items as one transaction closes; whether there are more.
fn issued(door: &Door, inviter: &ClientId, most: usize) -> (Vec<Standing>, Vec<Invitation>, bool) {
    let by = |standing: &&Standing| {
        let inviting = standing.pending().filter(|pending| pending.expires_at > door.now);
        let is_his = inviting.and_then(|pending| pending.inviter.as_ref()).is_some_and(|face| face.id == *inviter);
        is_his && standing.client != *inviter // his own ends with the ban itself
    };
    let mut left = most;
    let mut fits = |items: usize| {
        let fits = items <= left;
        left = if fits { left - items } else { 0 };
        fits
    };
    let all: Vec<&Standing> = door.everybody.standings.iter().filter(by).collect();
    let live = |own: &&Invitation| own.inviter.as_ref() == Some(inviter) && own.expires_at > door.now;
    let addressed: Vec<&Invitation> = door.everybody.invitations.iter().filter(live).collect();
    let standings: Vec<Standing> = all.iter().take_while(|_| fits(1)).map(|own| (*own).clone()).collect();
    let invitations: Vec<Invitation> =
        addressed.iter().take_while(|own| fits(1 + own.addresses.len())).map(|own| (*own).clone()).collect();
    let unfinished = standings.len() < all.len() || invitations.len() < addressed.len();
    (standings, invitations, unfinished)
}

/// Lifts a ban (D30). The client is a stranger again.
pub fn unban(door: &Door, blockee: &ClientId) -> Result<Plan, Error> {
    let (room, _) = governed(door)?;
    let step = step(door.circumstance(blockee), Wish::Unban, false);
    match (step.map_err(|refusal| refusal.of(room, vec![blockee.clone()]))?, door.standing(blockee)) {
        (Step::Unban, Some(standing)) => Ok(Change::MemberUnbanned { standing: standing.clone() }.into()),
        _ => Ok(Plan::default()),
    }
}

/// Who bans sees who is banned (D30); where nobody owns the room, every member sees it.
pub fn may_see_bans(door: &Door) -> Result<&Room, Error> {
    kept(door).map(|(room, _)| room)
}

/// The owner deletes a room, and the platform.
pub fn may_delete(door: &Door) -> Result<(), Error> {
    let (room, rank) = rank(door)?;
    if rank >= Rank::Owner { Ok(()) } else { Err(lacking(room)) }
}
