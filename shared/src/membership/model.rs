//! The life of a membership told a second time, for those who check the first: not what a wish comes to, but what may
//! stand in a log.
//!
//! [`step`](super::step) goes by (circumstance, wish) and has an arm for each pair. This goes by what has happened, a
//! [`Turn`], and says from where it may be taken and where it leads. The two agree when every step that is taken is a turn
//! that is possible, and every wish that is refused or comes to nothing aims at turns that are not: the test below goes
//! through all pairs. So [`Replica`], which knows turns alone, accepts exactly the logs that one caller at a time could
//! have made, whatever the rules' code looks like.

use std::collections::BTreeMap;

use crate::door::Circumstance;

/// What a log entry says has become of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Became a member.
    Enters,
    /// Got an invitation.
    IsInvited,
    /// Had one, which lives longer now.
    IsRenewed,
    /// Said no to it.
    Declines,
    /// Lost it to somebody else's will.
    IsCancelled,
    /// Lost it to time.
    Lapses,
    /// Is a member no longer, by himself.
    Leaves,
    /// Is a member no longer, by somebody else.
    IsRemoved,
    /// Is kept out.
    IsBanned,
    /// Is kept out no longer.
    IsUnbanned,
}

impl Turn {
    /// Where it leads from there; nowhere if it cannot be taken from there.
    pub fn from(self, here: Circumstance) -> Option<Circumstance> {
        use Circumstance::{Banned, Invited, Lapsed, Member, Stranger};
        let (possible, leads_to) = match self {
            Self::Enters => (here != Member && here != Banned, Member),
            Self::IsInvited => (here == Stranger || here == Lapsed, Invited),
            Self::IsRenewed => (here == Invited, Invited),
            Self::Declines | Self::IsCancelled => (here == Invited, Stranger),
            Self::Lapses => (here == Lapsed, Stranger),
            Self::Leaves | Self::IsRemoved => (here == Member, Stranger),
            Self::IsBanned => (here != Banned, Banned),
            Self::IsUnbanned => (here == Banned, Stranger),
        };
        possible.then_some(leads_to)
    }
}

/// One entry of a log, as far as the model looks at it.
#[derive(Clone, Debug)]
pub struct Happening<'a> {
    /// Its number.
    pub seq: u64,
    /// What became of those whom it names; none when it is about something else than membership.
    pub turn: Option<Turn>,
    /// Whom it names.
    pub whom: &'a [String],
    /// The members that it counts.
    pub member_count: u64,
}

/// What no sequence of calls can have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The number after the last one is another.
    Gap {
        /// Which should stand here.
        expected: u64,
    },
    /// Nobody who stands like this can take that turn.
    Impossible {
        /// Who.
        whom: String,
        /// How he stood.
        here: Circumstance,
        /// What is said to have become of him.
        turn: Turn,
    },
    /// The members are not as many as it says.
    Miscounted {
        /// How many they are.
        members: u64,
    },
    /// They are more than there are seats.
    Crowded {
        /// How many there are.
        seats: u64,
    },
}

/// A room, as one caller at a time makes it.
#[derive(Clone, Debug)]
pub struct Replica {
    /// The number of the last entry.
    pub seq: u64,
    /// Its capacity.
    pub seats: u64,
    /// How everybody stands whom the log has named; all others are strangers.
    pub places: BTreeMap<String, Circumstance>,
}

impl Replica {
    /// A room of which nothing is logged yet.
    pub fn of(seats: u64) -> Self {
        Self { seq: 0, seats, places: BTreeMap::new() }
    }

    /// How somebody stands.
    pub fn place(&self, whom: &str) -> Circumstance {
        self.places.get(whom).copied().unwrap_or(Circumstance::Stranger)
    }

    /// How many members there are.
    pub fn members(&self) -> u64 {
        self.places.values().filter(|place| **place == Circumstance::Member).count() as u64
    }

    /// Writes an entry down. What is wrong with it is told, and it is believed all the same, so that one flaw is not told
    /// again with every later entry. `lapsed` says of whose invitation time may be over by then.
    pub fn take(&mut self, entry: &Happening<'_>, lapsed: impl Fn(&str) -> bool) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let expected = self.seq + 1;
        if entry.seq != expected {
            flaws.push(Flaw::Gap { expected });
        }
        self.seq = entry.seq;
        for whom in entry.whom {
            let Some(turn) = entry.turn else { continue };
            let here = self.place(whom);
            let late = here == Circumstance::Invited && lapsed(whom);
            let there = turn.from(here).or_else(|| turn.from(Circumstance::Lapsed).filter(|_| late));
            if there.is_none() {
                flaws.push(Flaw::Impossible { whom: whom.clone(), here, turn });
            }
            self.places.insert(whom.clone(), there.unwrap_or_else(|| turn.leads_to()));
        }
        let members = self.members();
        if members != entry.member_count {
            flaws.push(Flaw::Miscounted { members });
        }
        if members > self.seats || entry.member_count > self.seats {
            flaws.push(Flaw::Crowded { seats: self.seats });
        }
        flaws
    }
}

impl Turn {
    /// Where it leads, from wherever it is taken.
    fn leads_to(self) -> Circumstance {
        match self {
            Self::Enters => Circumstance::Member,
            Self::IsInvited | Self::IsRenewed => Circumstance::Invited,
            Self::IsBanned => Circumstance::Banned,
            Self::Declines | Self::IsCancelled | Self::Lapses | Self::Leaves | Self::IsRemoved | Self::IsUnbanned => {
                Circumstance::Stranger
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Step, Wish, step};
    use super::*;
    use crate::change::{Departure, Ending};

    const CIRCUMSTANCES: [Circumstance; 5] = [
        Circumstance::Stranger,
        Circumstance::Lapsed,
        Circumstance::Invited,
        Circumstance::Member,
        Circumstance::Banned,
    ];

    /// What a wish is after.
    fn aims(wish: Wish) -> &'static [Turn] {
        match wish {
            Wish::Add | Wish::Join | Wish::Claim | Wish::Redeem => &[Turn::Enters],
            Wish::Invite => &[Turn::IsInvited, Turn::IsRenewed],
            Wish::Decline => &[Turn::Declines],
            Wish::Cancel => &[Turn::IsCancelled],
            Wish::Expire => &[Turn::Lapses],
            Wish::Leave => &[Turn::Leaves],
            Wish::Remove => &[Turn::IsRemoved],
            Wish::Ban => &[Turn::IsBanned],
            Wish::Unban => &[Turn::IsUnbanned],
        }
    }

    /// What a step is in the log.
    fn turn(step: Step) -> Option<Turn> {
        Some(match step {
            Step::Enter(_) => Turn::Enters,
            Step::Invite => Turn::IsInvited,
            Step::Renew => Turn::IsRenewed,
            Step::End(Ending::Declined) => Turn::Declines,
            Step::End(Ending::Cancelled) => Turn::IsCancelled,
            Step::End(Ending::Expired) => Turn::Lapses,
            Step::Depart(Departure::Left) => Turn::Leaves,
            Step::Depart(Departure::Removed) => Turn::IsRemoved,
            Step::Ban => Turn::IsBanned,
            Step::Unban => Turn::IsUnbanned,
            Step::Stay => return None,
        })
    }

    #[test]
    fn both_models_agree_on_every_circumstance_and_wish() {
        const WISHES: [Wish; 12] = [
            Wish::Add,
            Wish::Invite,
            Wish::Join,
            Wish::Claim,
            Wish::Redeem,
            Wish::Decline,
            Wish::Cancel,
            Wish::Expire,
            Wish::Leave,
            Wish::Remove,
            Wish::Ban,
            Wish::Unban,
        ];
        for here in CIRCUMSTANCES {
            for wish in WISHES {
                let possible: Vec<Turn> = aims(wish).iter().copied().filter(|turn| turn.from(here).is_some()).collect();
                let taken: Vec<Turn> = step(here, wish, false).ok().and_then(turn).into_iter().collect();
                assert_eq!(taken, possible, "{here:?}, {wish:?}");
                // A room that asks for invitations refuses more, and lets nobody do anything else.
                let strict = step(here, wish, true).ok().and_then(turn);
                assert!(strict.is_none() || strict == taken.first().copied(), "{here:?}, {wish:?}");
            }
        }
    }

    fn entry(seq: u64, turn: Turn, whom: &[String], member_count: u64) -> Happening<'_> {
        Happening { seq, turn: Some(turn), whom, member_count }
    }

    #[test]
    fn a_log_that_nobody_can_have_written_is_told_apart() {
        let (aaa, bbb) = (["aaa".to_owned()], ["bbb".to_owned()]);
        let mut room = Replica::of(1);
        assert_eq!(room.take(&entry(1, Turn::Enters, &aaa, 1), |_| false), []);
        assert_eq!(room.take(&entry(3, Turn::IsInvited, &bbb, 1), |_| false), [Flaw::Gap { expected: 2 }]);
        assert_eq!(room.take(&entry(4, Turn::Enters, &bbb, 2), |_| false), [Flaw::Crowded { seats: 1 }]);
        assert_eq!(room.take(&entry(5, Turn::Leaves, &bbb, 2), |_| false).len(), 2);
        let twice = room.take(&entry(6, Turn::Enters, &aaa, 1), |_| false);
        assert_eq!(twice, [Flaw::Impossible { whom: "aaa".into(), here: Circumstance::Member, turn: Turn::Enters }]);
    }

    #[test]
    fn an_invitation_may_end_by_time_only_when_its_time_may_be_over() {
        let aaa = ["aaa".to_owned()];
        let mut room = Replica::of(9);
        room.take(&entry(1, Turn::IsInvited, &aaa, 0), |_| false);
        assert_eq!(room.clone().take(&entry(2, Turn::Lapses, &aaa, 0), |_| false).len(), 1);
        assert_eq!(room.clone().take(&entry(2, Turn::Lapses, &aaa, 0), |_| true), []);
        assert_eq!(room.clone().take(&entry(2, Turn::IsInvited, &aaa, 0), |_| true), []);
        assert_eq!(room.take(&entry(2, Turn::IsInvited, &aaa, 0), |_| false).len(), 1);
    }
}
