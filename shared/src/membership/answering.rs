//! How invitations end without anybody joining: declined, cancelled, expired (D17, D26).

use std::collections::BTreeMap;

use super::rank::lacking;
use super::{Notify, Plan, Refusal, Step, Wish, step};
use crate::auth::Caller;
use crate::change::{Change, Ending};
use crate::door::Door;
use crate::error::Error;
use crate::id::{ClientId, ObjectId};
use crate::message::Notice;
use crate::standing::{Role, Standing};

/// What a client who declines makes of whoever has invited it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declining {
    /// Nothing: he may ask again.
    Politely,
    /// Somebody who never adds or invites it again (D44).
    AndBlocking,
}

/// Declines the acting client's invitation; nothing pending is nothing to do (D26), and the platform's invitation leaves
/// nobody to block.
pub fn decline(door: &Door, how: Declining) -> Result<Plan, Error> {
    let client = door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?;
    match (step(door.circumstance(client), Wish::Decline, false), door.standing(client)) {
        (Ok(Step::End(ending)), Some(standing)) if door.room.is_some() => {
            let inviter = standing.pending().and_then(|own| own.inviter.as_ref());
            let blocked = inviter.zip(door.client(client)).filter(|_| how == Declining::AndBlocking);
            let record = blocked.map(|(inviter, own)| own.blocking(&inviter.id, door.now)).transpose()?;
            Ok(Plan { record, ..ended(vec![standing.clone()], ending, None) })
        }
        _ => Ok(Plan::default()),
    }
}

/// Takes back invitations; one who has none fails the call (D26).
pub fn cancel(door: &Door, invitees: &[ClientId], notify: Notify) -> Result<Plan, Error> {
    let room = door.room_from_inside()?;
    let mut standings = Vec::new();
    let mut missing = Vec::new();
    for invitee in invitees {
        match (step(door.circumstance(invitee), Wish::Cancel, false), door.standing(invitee)) {
            (Ok(Step::End(_)), Some(standing)) => standings.push(standing.clone()),
            _ => missing.push(invitee.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(Refusal::NotInvited.of(room, missing));
    }
    let faces = standings.iter().map(Standing::face).collect();
    let notice = (notify == Notify::Room).then_some(Notice::CancelInvitations(faces));
    Ok(ended(standings, Ending::Cancelled, notice))
}

/// Takes back the invitation of an address: its inviter may, the room's owner and admins, the platform.
pub fn cancel_address(door: &Door, id: &ObjectId) -> Result<Plan, Error> {
    let gone = || Error::AddressInvitationNotFound { id: id.to_string() };
    let room = door.room.as_ref().ok_or_else(gone)?;
    let live = |own: &&crate::invitation::Invitation| own.id == *id && own.expires_at > door.now;
    let invitation = door.invitation.as_ref().filter(live).ok_or_else(gone)?;
    let may = match &door.caller {
        Caller::Platform(_) => true,
        Caller::Client(client) if invitation.inviter.as_ref() == Some(client) => true,
        Caller::Client(_) => door.own().is_some_and(|own| own.role != Role::Member),
    };
    if !may {
        return Err(if door.room().is_ok() { lacking(room) } else { gone() }); // D10
    }
    let invitations = vec![invitation.clone()];
    Ok(Change::InvitationsEnded { standings: Vec::new(), invitations, ending: Ending::Cancelled, notice: None }.into())
}

/// Sweeps away what has lapsed, of the clients whom the door knows and of the one address; what was renewed meanwhile
/// stays (D17).
pub fn expire(door: &Door, clients: &[ClientId]) -> Plan {
    let lapsed = |client: &ClientId| {
        let step = step(door.circumstance(client), Wish::Expire, false);
        door.standing(client).filter(|_| step == Ok(Step::End(Ending::Expired))).cloned()
    };
    let standings: BTreeMap<ClientId, Standing> =
        clients.iter().filter_map(|client| Some((client.clone(), lapsed(client)?))).collect();
    let invitations: Vec<_> = door.invitation.iter().filter(|own| own.expires_at <= door.now).cloned().collect();
    if door.room.is_none() || (standings.is_empty() && invitations.is_empty()) {
        return Plan::default();
    }
    let standings = standings.into_values().collect();
    Change::InvitationsEnded { standings, invitations, ending: Ending::Expired, notice: None }.into()
}

fn ended(standings: Vec<Standing>, ending: Ending, notice: Option<Notice>) -> Plan {
    Change::InvitationsEnded { standings, invitations: Vec::new(), ending, notice }.into()
}
