//! I3: one pending invitation for each person and room, and one end of it.

use std::collections::BTreeMap;

use shared::door::Circumstance;
use shared::membership::model::{Flaw, Turn};

use super::{Promise, Violation};
use crate::case::Case;

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for ((app, id), room) in &case.rooms {
        let breach = |what: String| Violation::of(Promise::I3, *app, id, what);
        for (seq, flaw) in &room.flaws {
            if let Flaw::Impossible { whom, here, turn } = flaw
                && *here != Circumstance::Banned
                && is_of_invitations(*turn)
            {
                violations.push(breach(format!("`{whom}` is {here:?}, and {turn:?}")).at(*seq));
            }
        }
        let mut named: BTreeMap<&str, &str> = BTreeMap::new();
        for (invitation, address) in &room.stored.invitations {
            if let Some(other) = named.insert(address, invitation) {
                violations.push(breach(format!("`{address}` has the invitations {other} and {invitation}")));
            }
        }
    }
    violations
}

fn is_of_invitations(turn: Turn) -> bool {
    match turn {
        Turn::IsInvited | Turn::IsRenewed | Turn::Declines | Turn::IsCancelled | Turn::Lapses => true,
        Turn::Enters | Turn::Leaves | Turn::IsRemoved | Turn::IsBanned | Turn::IsUnbanned => false,
    }
}
