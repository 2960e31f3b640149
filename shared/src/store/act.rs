//! Acting: read, decide, write; again when a race was lost, and looked up when nobody knows how the write ended.

use super::visit::{Team, View, Visit};
use super::write::Setback;
use super::{Store, pause};
use crate::act::{Act, Shift};
use crate::door::Door;
use crate::error::Error;
use crate::id::ClientId;
use crate::invitation::Invitation;
use crate::log::Entry;
use crate::membership::{Outcome, Plan};
use crate::message::Message;
use crate::room::Room;
use crate::standing::{LONGEST_PAGE, Standing, State};

/// What an act came to: the door as it is now, rendered from what was read and what was written.
#[derive(Clone, Debug)]
pub struct Done {
    /// The room and those concerned, afterwards.
    pub door: Door,
    /// What each of those named is told.
    pub outcomes: Vec<(ClientId, Outcome)>,
    /// The invitation of an address that was written.
    pub invitation: Option<Invitation>,
    /// What was logged.
    pub entries: Vec<Entry>,
    /// The message that was posted, or an older one as it was changed.
    pub message: Option<Message>,
    /// The standings that ended, as they were.
    pub ended: Vec<Standing>,
    /// Whether there is more to do than one transaction holds.
    pub unfinished: bool,
}

impl Store {
    /// Reads what the visit needs, decides, writes; again when a race was lost, until patience ends (503 `BUSY`).
    pub async fn act(&self, visit: &Visit<'_>, decide: impl Fn(&Door) -> Result<Plan, Error>) -> Result<Done, Error> {
        self.until_done(visit, |door| Ok((decide(door)?, door.room.clone()))).await
    }

    /// Makes the room of the visit, or changes nothing where `decide` says that it is there already.
    pub async fn found(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(Plan, Room), Error>,
    ) -> Result<Done, Error> {
        self.until_done(visit, |door| decide(door).map(|(plan, room)| (plan, Some(room)))).await
    }

    async fn until_done(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(Plan, Option<Room>), Error>,
    ) -> Result<Done, Error> {
        let mut unknown = Vec::new();
        match self.try_until_done(visit, decide, &mut unknown).await {
            Ok(done) => self.with_members(visit, done).await,
            // A refusal says that nothing has changed; while the end of a write is unknown, nobody can say so.
            Err(refusal) if !unknown.is_empty() => Err(Error::internal(refusal)),
            Err(refusal) => Err(refusal),
        }
    }

    async fn try_until_done(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(Plan, Option<Room>), Error>,
        unknown: &mut Vec<(Entry, Done)>,
    ) -> Result<Done, Error> {
        let visit = &Visit { team: Team::Read, ..*visit }; // whether anybody listens
        // Whoever lost a race comes back without asking for the members: no rule needs them, and they are many.
        let again = Visit { view: View::Minimal, ..*visit };
        for tries in 0.. {
            let door = self.open(if tries == 0 { visit } else { &again }).await?;
            if let Some(done) = self.resolved(&door, unknown).await? {
                return Ok(done);
            }
            let (plan, room) = decide(&door)?;
            let Some(room) = room.filter(|_| !plan.changes.is_empty()) else {
                return Ok(Done::nothing(door, plan));
            };
            let act = Act::of(&door, room, &plan.changes).with_record(&door, plan.record.clone());
            let first = act.entries.first().cloned();
            let done = Done::of(door, &act, plan);
            match self.commit(&done.door.app, &act).await {
                Ok(()) => return Ok(done),
                Err(Setback::Failed(error)) => return Err(error),
                Err(Setback::Lost | Setback::Crowded) => {}
                Err(Setback::Unknown(_)) => unknown.extend(first.map(|entry| (entry, done))),
            }
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::Busy)
    }

    /// The members that the reply shows, where a lost race left them unread. The room is read with them, and so may be
    /// later than the write: it is as up to date as its members are.
    async fn with_members(&self, visit: &Visit<'_>, mut done: Done) -> Result<Done, Error> {
        if done.door.page.is_none()
            && let Some((Some(room), page)) = self.view(&done.door.app, visit).await.map_err(Error::internal)?
            && !room.is_deleted
        {
            done.door.room = Some(room);
            done.door.page = Some(page);
        }
        Ok(done)
    }

    /// A write whose answer was lost: the entry in its place tells whose it became.
    async fn resolved(&self, door: &Door, unknown: &mut Vec<(Entry, Done)>) -> Result<Option<Done>, Error> {
        let Some(room) = door.room.as_ref() else { return Ok(None) };
        while let Some(at) = unknown.iter().position(|(entry, _)| entry.seq <= room.seq) {
            let there = self.entries(&door.app, &room.id, unknown[at].0.seq - 1, 1).await?;
            let (entry, done) = unknown.swap_remove(at);
            if there.first().is_some_and(|there| there.nonce == entry.nonce) {
                return Ok(Some(done));
            }
        }
        Ok(None)
    }
}

impl Done {
    fn nothing(door: Door, plan: Plan) -> Self {
        Self {
            door,
            outcomes: plan.outcomes,
            invitation: None,
            entries: Vec::new(),
            message: None,
            ended: Vec::new(),
            unfinished: false,
        }
    }

    fn of(mut door: Door, act: &Act, plan: Plan) -> Self {
        let own = act.guard.as_ref().and_then(|guard| {
            let seen = guard.seen.clone()?;
            Some(Standing { state: State::Member(guard.read.clone()?), ..seen })
        });
        for standing in act.shifts.iter().filter_map(Shift::after).chain(&own) {
            if let Some(page) = &mut door.page {
                page.place(standing, LONGEST_PAGE);
            }
            door.people.entry(standing.client.clone()).or_default().standing = Some(standing.clone());
        }
        let ended = act.shifts.iter().filter_map(|shift| match shift {
            Shift::Out { before } => Some(before.clone()),
            Shift::Into { .. } | Shift::Within { .. } => None,
        });
        let ended: Vec<Standing> = ended.collect();
        for gone in ended.iter().map(|standing| &standing.client) {
            if let Some(page) = &mut door.page {
                page.drop(gone);
            }
            door.people.entry(gone.clone()).or_default().standing = None;
            door.everybody.standings.retain(|standing| standing.client != *gone);
        }
        door.room = Some(act.room.clone());
        let invitation = act.opened.first().map(|(_, invitation)| invitation.clone());
        let edited = act.edited.iter().map(|(_, after)| after);
        let said = edited.chain(&act.entries).find_map(|entry| entry.message.clone());
        let (outcomes, entries, unfinished) = (plan.outcomes, act.entries.clone(), plan.unfinished);
        Self { door, outcomes, invitation, entries, message: said, ended, unfinished }
    }
}
