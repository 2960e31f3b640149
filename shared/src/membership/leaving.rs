//! Leaving, being removed, and who owns the room then (D28).

use super::rank::{above, is_member, kept, lacking, rank};
use super::talking::see_topic;
use super::{Notify, Plan, Refusal, Step, Wish, step};
use crate::auth::Caller;
use crate::change::{Change, Departure, Ending};
use crate::door::{Circumstance, Door};
use crate::error::Error;
use crate::id::ClientId;
use crate::message::Notice;
use crate::room::{Room, RoomKind};
use crate::standing::{Role, Standing};

/// Removes members; the caller's own id among them leaves (D28). One who is not in the room fails the call.
pub fn remove(door: &Door, members: &[ClientId], notify: Notify) -> Result<Plan, Error> {
    let (own, others): (Vec<_>, Vec<_>) = members.iter().partition(|member| door.caller.client() == Some(member));
    let room = rank(door)?.0;
    if !others.is_empty() {
        let (room, rank) = kept(door)?;
        for other in &others {
            above(room, rank, other)?;
        }
        if room.kind == RoomKind::Direct && !door.caller.is_platform() {
            return Err(Error::DirectRoom { room: room.id.clone() }); // D18: one leaves it, or stays with the other
        }
    }
    let mut goings = departing(door, room, &others, Wish::Remove)?;
    goings.extend(departing(door, room, &own, Wish::Leave)?);
    let of = |how| goings.iter().filter(move |(_, own)| *own == how).map(|(standing, _)| standing.clone()).collect();
    let removed: Vec<Standing> = of(Departure::Removed);
    let left: Vec<Standing> = of(Departure::Left);
    let mut changes = Vec::new();
    if !removed.is_empty() {
        let notice = Notice::DeleteMember(removed.iter().map(Standing::face).collect());
        let notice = (notify == Notify::Room).then_some(notice);
        changes.push(Change::MembersLeft { standings: removed, departure: Departure::Removed, notice });
    }
    for standing in left {
        let notice = (notify == Notify::Room).then(|| Notice::LeaveRoom(standing.face()));
        changes.push(Change::MembersLeft { standings: vec![standing], departure: Departure::Left, notice });
    }
    changes.extend(succession(door, room, members));
    Ok(Plan::of(changes))
}

/// Leaves in Talk's way: who is not in the room leaves nothing, and is told no error.
pub fn leave_topic(door: &Door) -> Result<Plan, Error> {
    let leaver = door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?;
    Ok(go(door, see_topic(door)?, leaver, Wish::Leave))
}

/// Removes somebody in Talk's way: by its creator, owner or admins; who is not in the room is gone already.
pub fn remove_from_topic(door: &Door, member: &ClientId) -> Result<Plan, Error> {
    let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
    let may = match &door.caller {
        Caller::Platform(_) => true,
        // D35: the banned do nothing here; what is hidden is governed from inside; a direct room has nobody to remove (D18).
        Caller::Client(client) if door.circumstance(client) == Circumstance::Banned => false,
        Caller::Client(client) if room.is_hidden() && !is_member(door, client) => false,
        Caller::Client(client) if room.kind == RoomKind::Direct => client == member,
        Caller::Client(client) if room.creator.as_ref() == Some(client) => true,
        Caller::Client(_) => door.own().is_some_and(|own| own.role != Role::Member),
    };
    let by_himself = door.caller.client() == Some(member);
    if !may || (room.owner.as_ref() == Some(member) && !by_himself && !door.caller.is_platform()) {
        return Err(lacking(room));
    }
    if door.client(member).is_none() {
        return Err(Error::ClientsNotFound { missing: vec![member.clone()] });
    }
    Ok(go(door, room, member, if by_himself { Wish::Leave } else { Wish::Remove }))
}

/// Takes a client out of a room in every respect, because it is being erased: as a member, as an invited or a banned one.
pub fn erase(door: &Door, client: &ClientId) -> Plan {
    let (Some(room), Some(standing)) = (&door.room, door.standing(client)) else { return Plan::default() };
    let standings = vec![standing.clone()];
    let change = match door.circumstance(client) {
        Circumstance::Stranger => return Plan::default(),
        Circumstance::Member => Change::MembersLeft { standings, departure: Departure::Removed, notice: None },
        Circumstance::Invited | Circumstance::Lapsed => {
            let ending = Ending::Cancelled;
            Change::InvitationsEnded { standings, invitations: Vec::new(), ending, notice: None }
        }
        Circumstance::Banned => Change::MemberUnbanned { standing: standing.clone() },
    };
    let mut changes = vec![change];
    changes.extend(succession(door, room, std::slice::from_ref(client)));
    Plan::of(changes)
}

/// Takes back the invitation of an address whose owner is being erased.
pub fn forget_address(door: &Door) -> Plan {
    let (Some(_), Some(invitation)) = (&door.room, &door.invitation) else { return Plan::default() };
    let (standings, invitations) = (Vec::new(), vec![invitation.clone()]);
    Change::InvitationsEnded { standings, invitations, ending: Ending::Cancelled, notice: None }.into()
}

/// Talk tells the room of every leaving, in the name of him who has left.
fn go(door: &Door, room: &Room, member: &ClientId, wish: Wish) -> Plan {
    let step = step(door.circumstance(member), wish, false);
    let (Ok(Step::Depart(departure)), Some(standing)) = (step, door.standing(member)) else { return Plan::default() };
    let notice = Some(Notice::LeaveRoom(standing.face()));
    let mut changes = vec![Change::MembersLeft { standings: vec![standing.clone()], departure, notice }];
    changes.extend(succession(door, room, std::slice::from_ref(member)));
    Plan::of(changes)
}

/// The standings of those who go, or everybody's name who is not there to go.
fn departing(door: &Door, room: &Room, members: &[&ClientId], wish: Wish) -> Result<Vec<(Standing, Departure)>, Error> {
    let mut going = Vec::new();
    let mut missing = Vec::new();
    for member in members {
        match (step(door.circumstance(member), wish, false), door.standing(member)) {
            (Ok(Step::Depart(departure)), Some(standing)) => going.push((standing.clone(), departure)),
            _ => missing.push((*member).clone()),
        }
    }
    if missing.is_empty() { Ok(going) } else { Err(Refusal::NotMember.of(room, missing)) }
}

/// When the owner goes, the room passes to its longest-standing admin, else member; the last one leaves it to nobody.
pub(super) fn succession(door: &Door, room: &Room, going: &[ClientId]) -> Option<Change> {
    if !room.owner.as_ref().is_some_and(|owner| going.contains(owner)) {
        return None;
    }
    let staying = |standing: &&Standing| {
        !going.contains(&standing.client) && Circumstance::of(Some(standing), door.now) == Circumstance::Member
    };
    let seniority = |standing: &&Standing| {
        let own = standing.membership();
        (own.is_some_and(|own| own.role != Role::Admin), own.map(|own| own.joined), standing.client.clone())
    };
    let heir = door.everybody.standings.iter().filter(staying).min_by_key(seniority)?;
    Some(Change::RolesGiven { roles: vec![(heir.clone(), Role::Owner)], notice: None })
}
