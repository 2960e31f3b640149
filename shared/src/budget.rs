//! Budgets: how many people may be added and invited in a time, so that nobody is flooded. Accepting, declining and leaving cost
//! nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::change::Change;
use crate::error::Error;
use crate::id::ClientId;
use crate::room::Room;
use crate::standing::Via;
use crate::time::Time;

/// An hour, the window of all budgets but one.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// The window of the budget of addresses.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How much each budget holds, in people; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Whom a client adds and invites in an hour.
    pub inviter: u32,
    /// Whom clients add and invite to a room in an hour.
    pub room: u32,
    /// How often clients add or invite one client in an hour.
    pub receiver: u32,
    /// How many addresses are invited in an app in a day.
    pub addresses: u32,
    /// Whom the platform adds and invites to a room in an hour.
    pub platform: u32,
}

/// One of the budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Budget {
    /// See [`Budgets::inviter`].
    Inviter,
    /// See [`Budgets::room`].
    Room,
    /// See [`Budgets::receiver`].
    Receiver,
    /// See [`Budgets::addresses`].
    Addresses,
    /// See [`Budgets::platform`].
    Platform,
}

impl Budget {
    /// The word on the wire, and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inviter => "inviter",
            Self::Room => "room",
            Self::Receiver => "receiver",
            Self::Addresses => "addresses",
            Self::Platform => "platform",
        }
    }

    fn window(self) -> Duration {
        match self {
            Self::Addresses => DAY,
            Self::Inviter | Self::Room | Self::Receiver | Self::Platform => HOUR,
        }
    }

    /// The window that a moment is in, counted since 1970; and when it ends.
    fn window_at(self, now: Time) -> (i64, Time) {
        let length = i64::try_from(self.window().as_millis()).unwrap_or(i64::MAX);
        let number = now.millis().div_euclid(length);
        (number, Time::from_millis((number + 1) * length))
    }
}

/// What an act uses up of a budget that has a counter of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Of which budget.
    pub budget: Budget,
    /// Whose it is; none for the app's.
    pub client: Option<ClientId>,
    /// The number of the window.
    pub window: i64,
    /// When the window ends.
    pub ends: Time,
    /// People.
    pub amount: u32,
    /// How much the budget holds.
    pub limit: u32,
}

impl Charge {
    /// The refusal of what there is too little left for.
    pub fn overdrawn(&self, now: Time) -> Error {
        overdrawn(self.budget, self.client.as_ref(), self.limit, self.ends, now)
    }
}

/// What a room's own budgets have been used up in the current hour: counted in the room itself, which is written anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The number of the hour.
    hour: i64,
    /// By clients.
    clients: u32,
    /// By the platform.
    platform: u32,
}

impl Spent {
    /// Whether nothing has been counted.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Budgets {
    /// What these changes use up: the room with its own counted, and the charges of the others. Refused when the room's are
    /// used up.
    pub fn charge(
        &self,
        room: Room,
        caller: &Caller,
        changes: &[Change],
        now: Time,
    ) -> Result<(Room, Vec<Charge>), Error> {
        let (named, addresses) = named(caller, changes);
        let total = u32::try_from(named.len()).unwrap_or(u32::MAX).saturating_add(addresses);
        if total == 0 {
            return Ok((room, Vec::new()));
        }
        let room = self.charge_room(room, caller, total, now)?;
        let inviter = match caller {
            Caller::Client(client) => Some(client),
            Caller::Platform(_) => None,
        };
        let mut charges: Vec<Charge> = Vec::new();
        charges.extend(self.of(Budget::Addresses, None, addresses, now));
        if let Some(inviter) = inviter {
            charges.extend(self.of(Budget::Inviter, Some(inviter), total, now));
            charges.extend(named.into_iter().filter_map(|client| self.of(Budget::Receiver, Some(client), 1, now)));
        }
        match charges.iter().find(|charge| charge.amount > charge.limit) {
            Some(hopeless) => Err(hopeless.overdrawn(now)),
            None => Ok((room, charges)),
        }
    }

    fn charge_room(&self, room: Room, caller: &Caller, total: u32, now: Time) -> Result<Room, Error> {
        let (budget, limit) = match caller {
            Caller::Client(_) => (Budget::Room, self.room),
            Caller::Platform(_) => (Budget::Platform, self.platform),
        };
        if limit == 0 {
            return Ok(room);
        }
        let (hour, ends) = budget.window_at(now);
        let mut spent = if room.spent.hour == hour { room.spent } else { Spent { hour, ..Spent::default() } };
        let used = if budget == Budget::Room { &mut spent.clients } else { &mut spent.platform };
        *used = used.saturating_add(total);
        if *used > limit {
            return Err(overdrawn(budget, None, limit, ends, now));
        }
        Ok(Room { spent, ..room })
    }

    fn of(&self, budget: Budget, client: Option<&ClientId>, amount: u32, now: Time) -> Option<Charge> {
        let limit = match budget {
            Budget::Inviter => self.inviter,
            Budget::Room => self.room,
            Budget::Receiver => self.receiver,
            Budget::Addresses => self.addresses,
            Budget::Platform => self.platform,
        };
        let (window, ends) = budget.window_at(now);
        let charge = Charge { budget, client: client.cloned(), window, ends, amount, limit };
        (amount > 0 && limit > 0).then_some(charge)
    }
}

/// The clients whom these changes add and invite at somebody else's wish; and how many addresses.
fn named<'a>(caller: &Caller, changes: &'a [Change]) -> (Vec<&'a ClientId>, u32) {
    let (mut named, mut addresses) = (Vec::new(), 0);
    for change in changes {
        match change {
            Change::MembersJoined { people, via: Via::Added, .. }
            | Change::MembersInvited { people, .. }
            | Change::InvitationsRenewed { people, .. } => {
                let others = people.iter().map(|person| &person.id).filter(|id| caller.client() != Some(*id));
                named.extend(others);
            }
            Change::AddressInvited { .. } => addresses += 1,
            Change::MembersJoined { .. }
            | Change::JoinedByLink { .. }
            | Change::RoomCreated
            | Change::RoomUpdated { .. }
            | Change::InvitationsEnded { .. }
            | Change::MembersLeft { .. }
            | Change::MemberBanned { .. }
            | Change::MemberUnbanned { .. }
            | Change::RolesGiven { .. }
            | Change::PropertiesSet { .. }
            | Change::MessagePosted { .. }
            | Change::MessageEdited { .. } => {}
        }
    }
    (named, addresses)
}

fn overdrawn(budget: Budget, client: Option<&ClientId>, limit: u32, ends: Time, now: Time) -> Error {
    let millis = u64::try_from(ends.millis() - now.millis()).unwrap_or(0);
    Error::RateLimited {
        budget: budget.as_str(),
        client: client.cloned(),
        limit,
        window: if budget.window() == DAY { "day" } else { "hour" },
        retry_after: millis.div_ceil(1000).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Person;
    use crate::client::Profile;
    use crate::id::RoomId;
    use crate::room::RoomKind;
    use crate::standing::Role;

    /// Half past one.
    const NOW: Time = Time::from_millis(5_400_000);
    const BUDGETS: Budgets = Budgets { inviter: 3, room: 5, receiver: 2, addresses: 1, platform: 4 };

    fn id(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn room() -> Room {
        Room::of_many(RoomId::parse("id", "r").unwrap(), RoomKind::Group, 10, NOW)
    }

    fn joined(who: &[&str], via: Via) -> Change {
        let person = |who: &&str| Person {
            id: id(who),
            profile: Profile::default(),
            profile_version: 1,
            standing: None,
            role: Role::Member,
        };
        let people = who.iter().map(person).collect();
        Change::MembersJoined { people, via, inviter: None, closes: None, notice: None }
    }

    fn client() -> Caller {
        Caller::Client(id("aaa"))
    }

    fn charge(caller: &Caller, changes: &[Change]) -> Result<(Room, Vec<Charge>), Error> {
        BUDGETS.charge(room(), caller, changes, NOW)
    }

    #[test]
    fn a_client_is_charged_for_all_and_each_of_them_for_himself() {
        let (room, charges) = charge(&client(), &[joined(&["bbb", "ccc"], Via::Added)]).unwrap();
        let charged: Vec<_> = charges
            .iter()
            .map(|charge| (charge.budget, charge.client.as_ref().unwrap().as_str(), charge.amount))
            .collect();
        let (inviter, receiver) = (Budget::Inviter, Budget::Receiver);
        assert_eq!(charged, [(inviter, "aaa", 2), (receiver, "bbb", 1), (receiver, "ccc", 1)]);
        assert_eq!((charges[0].window, charges[0].ends), (1, Time::from_millis(7_200_000)));
        assert_eq!(room.spent, Spent { hour: 1, clients: 2, platform: 0 });
    }

    #[test]
    fn the_platform_has_a_budget_of_its_own_in_each_room() {
        let (room, charges) = charge(&Caller::Platform(None), &[joined(&["bbb"], Via::Added)]).unwrap();
        assert_eq!((room.spent, charges), (Spent { hour: 1, clients: 0, platform: 1 }, Vec::new()));
    }

    #[test]
    fn who_comes_by_himself_costs_nothing() {
        for via in [Via::Join, Via::Invitation, Via::Claim] {
            let (after, charges) = charge(&client(), &[joined(&["aaa"], via)]).unwrap();
            assert!(after.spent.is_nothing() && charges.is_empty());
        }
        let founder = charge(&client(), &[joined(&["aaa"], Via::Added)]).unwrap();
        assert!(founder.0.spent.is_nothing() && founder.1.is_empty());
    }

    #[test]
    fn a_budget_that_is_used_up_is_named_with_the_time_it_takes() {
        let five = ["b", "c", "d", "e", "f"];
        let refusal = BUDGETS.charge(room(), &Caller::Platform(None), &[joined(&five, Via::Added)], NOW).unwrap_err();
        assert_eq!(refusal.to_string(), "the budget `platform` is used up: at most 4 people in an hour");
        assert_eq!(refusal.retry_after(), Some(1800));
        let refusal = charge(&client(), &[joined(&five[..4], Via::Added)]).unwrap_err();
        assert_eq!(refusal.to_string(), "the budget `inviter` of `aaa` is used up: at most 3 people in an hour");
    }

    #[test]
    fn a_new_hour_is_a_new_budget() {
        let spent = Spent { hour: 0, clients: 5, platform: 4 };
        let (after, _) =
            BUDGETS.charge(Room { spent, ..room() }, &client(), &[joined(&["bbb"], Via::Added)], NOW).unwrap();
        assert_eq!(after.spent, Spent { hour: 1, clients: 1, platform: 0 });
        let spent = Spent { hour: 1, clients: 5, platform: 0 };
        assert!(BUDGETS.charge(Room { spent, ..room() }, &client(), &[joined(&["bbb"], Via::Added)], NOW).is_err());
    }

    #[test]
    fn a_budget_of_nothing_is_no_limit() {
        let none = Budgets::default();
        let (after, charges) =
            none.charge(room(), &client(), &[joined(&["b", "c", "d", "e", "f"], Via::Added)], NOW).unwrap();
        assert!(after.spent.is_nothing() && charges.is_empty());
    }
}
