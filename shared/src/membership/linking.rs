//! Links: who makes them, who takes them back, whom they let in (D43).

use super::rank::{kept, rank};
use super::{Notify, Outcome, Plan, Step, Wish, open_to, person, seat, step};
use crate::change::Change;
use crate::door::Door;
use crate::error::{Error, LinkRefusal};
use crate::id::{ClientId, ObjectId};
use crate::link::{Link, LinkToken, MOST_LINKS, MOST_OWN_LINKS, Terms};
use crate::message::Notice;
use crate::room::{Room, RoomKind};
use crate::standing::Role;

/// A new link, which this token opens. Present members make them, and the platform; not to a room of two (D18), nor to a
/// closed one (D11).
pub fn link(door: &Door, token: &LinkToken, terms: Terms) -> Result<Link, Error> {
    let room = door.room_from_inside()?;
    if room.kind == RoomKind::Direct {
        return Err(Error::DirectRoom { room: room.id.clone() });
    }
    open_to(room, &door.caller)?;
    let own = door.caller.client().map_or(0, |client| links_of(door, client).len());
    let all = door.everybody.links.iter().filter(|link| link.is_live(door.now)).count();
    for (own, count, limit) in [(false, all, MOST_LINKS), (true, own, MOST_OWN_LINKS)] {
        if count >= limit {
            return Err(Error::Link(LinkRefusal::TooMany { room: room.id.clone(), limit, own }));
        }
    }
    let expires_at = door.now.plus(terms.lifetime);
    Ok(Link {
        id: token.link.clone(),
        hash: token.hash(),
        max_uses: terms.max_uses,
        uses: 0,
        inviter: door.actor(),
        created_at: door.now,
        expires_at,
        ttl: expires_at.seconds(),
    })
}

/// The live links that a client has made.
pub(super) fn links_of(door: &Door, inviter: &ClientId) -> Vec<Link> {
    let made = |link: &&Link| link.inviter.as_ref().is_some_and(|face| face.id == *inviter);
    door.everybody.links.iter().filter(|link| link.is_live(door.now)).filter(made).cloned().collect()
}

/// Members see the links to their room, never a token; the platform sees those to any.
pub fn may_see_links(door: &Door) -> Result<&Room, Error> {
    door.room_from_inside()
}

/// Who made a link deletes it, be he in the room or not; so do the room's owner and admins, where nobody owns it every
/// member, and the platform.
pub fn may_delete_link<'a>(door: &'a Door, id: &ObjectId) -> Result<&'a Link, Error> {
    let presented = door.link.as_ref().map(|presented| &presented.link);
    let live = presented.filter(|link| link.id == *id && link.is_live(door.now) && door.room.is_some());
    let maker = live.and_then(|link| link.inviter.as_ref()).map(|face| &face.id);
    if let (Some(link), true) = (live, maker.is_some() && maker == door.caller.client()) {
        return Ok(link);
    }
    rank(door)?;
    let link = live.ok_or_else(|| Error::Link(LinkRefusal::NotFound { link: Some(id.clone()) }))?;
    kept(door)?;
    Ok(link)
}

/// Lets the acting client in by a link, whether or not the room asks for an invitation or is hidden. A member uses nothing.
pub fn redeem(door: &Door, token: &LinkToken, notify: Notify) -> Result<Plan, Error> {
    let redeemer = door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?;
    let person = person(door, redeemer, Role::Member).ok_or(Error::UnknownToken)?;
    let gone = || Error::Link(LinkRefusal::NotFound { link: Some(token.link.clone()) });
    let room = door.room.as_ref().ok_or_else(gone)?;
    let presented = door.link.as_ref().ok_or_else(gone)?;
    let link = Some(&presented.link).filter(|link| link.is_live(door.now) && token.opens(link)).ok_or_else(gone)?;
    let step = step(door.circumstance(redeemer), Wish::Redeem, false);
    let outcome = |outcome| vec![(redeemer.clone(), outcome)];
    let Step::Enter(_) = step.map_err(|refusal| refusal.of(room, vec![redeemer.clone()]))? else {
        return Ok(Plan { outcomes: outcome(Outcome::AlreadyMember), ..Plan::default() });
    };
    if presented.is_redeemed {
        return Err(Error::Link(LinkRefusal::Redeemed { link: link.id.clone() }));
    }
    if link.is_used_up() {
        return Err(Error::Link(LinkRefusal::UsedUp { link: link.id.clone(), uses: link.uses }));
    }
    open_to(room, &door.caller)?;
    seat(room)?;
    let notice = (notify == Notify::Room).then(|| Notice::JoinRoom(person.face()));
    let joined = Change::JoinedByLink { person, link: Box::new(link.clone()), notice };
    Ok(Plan { outcomes: outcome(Outcome::Joined), ..joined.into() })
}
