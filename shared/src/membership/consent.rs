//! Whether those who are added or invited agree to it (D44).

use super::Refusal;
use crate::auth::Caller;
use crate::consent::Consent;
use crate::door::Door;
use crate::error::Error;
use crate::id::ClientId;
use crate::room::Room;

/// Whether a client does not agree to be added or invited by the one who acts. The platform needs nobody's consent.
pub(super) fn refuses(door: &Door, invitee: &ClientId) -> bool {
    let (Caller::Client(inviter), Some(own)) = (&door.caller, door.client(invitee)) else { return false };
    match own.consent_to(inviter) {
        Consent::Given => false,
        Consent::AmongAcquaintances => !door.acquaintances.contains(invitee),
        Consent::Refused => true,
    }
}

/// All of them agree, or everybody who does not is named.
pub(super) fn agreed(door: &Door, room: &Room, invitees: &[ClientId]) -> Result<(), Error> {
    let refusing: Vec<ClientId> = invitees.iter().filter(|invitee| refuses(door, invitee)).cloned().collect();
    if refusing.is_empty() { Ok(()) } else { Err(Refusal::Blocked.of(room, refusing)) }
}
