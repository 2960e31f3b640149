//! Talk's own rules of who comes near a room and sees what is in it (D35).

use super::{Notify, Plan, Refusal, join};
use crate::auth::Caller;
use crate::door::{Circumstance, Door};
use crate::error::Error;
use crate::invitation::Invitation;
use crate::room::Room;
use crate::standing::Standing;

/// The room, for whoever may see it in Talk: a public one any client of the app, any other its members.
pub fn see_topic(door: &Door) -> Result<&Room, Error> {
    let room = near(door)?;
    match &door.caller {
        // Into a closed room nobody comes by himself: what is said there is its members' affair.
        Caller::Client(client) if room.is_closed && door.circumstance(client) != Circumstance::Member => {
            Err(Error::NotRoomMember { room: room.id.clone() })
        }
        Caller::Client(_) | Caller::Platform(_) => Ok(room),
    }
}

/// Lets the acting client into a room in Talk's way: the room is always told, and whom it does not concern is told that
/// the room is not his.
pub fn join_topic(door: &Door) -> Result<Plan, Error> {
    match (join(door, Notify::Room), &door.room) {
        (Err(Error::RoomNotFound { room }), Some(_)) => Err(Error::NotRoomMember { room }),
        (decided, _) => decided,
    }
}

/// Whether a list of the team's invitations shows this one: not where it would tell of a room that is none of the
/// caller's business (D10).
pub fn sees_invitation(caller: &Caller, own: Option<&Standing>, room: &Room, invitation: &Invitation) -> bool {
    match caller {
        Caller::Platform(_) => true,
        Caller::Client(client) => {
            let is_in = own.is_some_and(|own| own.membership().is_some());
            let is_out = own.is_some_and(|own| own.ban().is_some()); // D35
            let is_public = !room.is_hidden() && !room.invitation_required;
            !is_out && (is_public || is_in || invitation.inviter.as_ref() == Some(client))
        }
    }
}

/// The room, for whoever may deal with it in Talk: a public one any client of the app, any other its members; of the
/// banned nobody. Unlike IMKit, Talk says of a private room that it exists.
pub(super) fn near(door: &Door) -> Result<&Room, Error> {
    let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
    let Caller::Client(client) = &door.caller else { return Ok(room) };
    match door.circumstance(client) {
        Circumstance::Banned => Err(Refusal::Banned.of(room, vec![client.clone()])),
        // A room entered on invitation only is not public: whoever could invite himself would need no invitation.
        Circumstance::Stranger | Circumstance::Lapsed | Circumstance::Invited
            if room.is_hidden() || room.invitation_required =>
        {
            Err(Error::NotRoomMember { room: room.id.clone() })
        }
        Circumstance::Stranger | Circumstance::Lapsed | Circumstance::Invited | Circumstance::Member => Ok(room),
    }
}
