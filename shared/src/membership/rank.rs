//! Rank: what somebody may do in a room by who he is in it (D28–D30).

use crate::auth::Caller;
use crate::door::{Circumstance, Door};
use crate::error::Error;
use crate::id::ClientId;
use crate::room::Room;
use crate::standing::Role;

/// Who somebody is in a room, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// In it, without an office.
    Member,
    /// Nearly everything is allowed to him.
    Admin,
    /// Everything.
    Owner,
    /// The operator's back end (D4).
    Platform,
}

/// The caller's rank in a room that he is in, and the room.
pub(super) fn rank(door: &Door) -> Result<(&Room, Rank), Error> {
    let room = door.room_from_inside()?;
    let rank = match (&door.caller, door.own().map(|own| own.role)) {
        (Caller::Platform(_), _) => Rank::Platform,
        (Caller::Client(_), Some(Role::Owner)) => Rank::Owner,
        (Caller::Client(_), Some(Role::Admin)) => Rank::Admin,
        (Caller::Client(_), Some(Role::Member) | None) => Rank::Member,
    };
    Ok((room, rank))
}

/// The room, for its admins and whoever is above them.
pub(super) fn governed(door: &Door) -> Result<(&Room, Rank), Error> {
    let (room, rank) = rank(door)?;
    if rank >= Rank::Admin { Ok((room, rank)) } else { Err(lacking(room)) }
}

/// The room, for its admins; where nobody owns it, for every member (D28).
pub(super) fn kept(door: &Door) -> Result<(&Room, Rank), Error> {
    let (room, rank) = rank(door)?;
    if rank >= Rank::Admin || room.owner.is_none() { Ok((room, rank)) } else { Err(lacking(room)) }
}

/// Nobody but the platform lays hands on the owner; he goes by himself.
pub(super) fn above(room: &Room, rank: Rank, target: &ClientId) -> Result<(), Error> {
    if room.owner.as_ref() == Some(target) && rank < Rank::Platform { Err(lacking(room)) } else { Ok(()) }
}

pub(super) fn lacking(room: &Room) -> Error {
    Error::InsufficientPermissions { room: room.id.clone() }
}

/// Whether a client is in the room.
pub(super) fn is_member(door: &Door, client: &ClientId) -> bool {
    door.circumstance(client) == Circumstance::Member
}
