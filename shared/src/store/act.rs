//! Acting: read, decide, write; again when a race was lost, and looked up when nobody knows how the write ended.

use serde::{Deserialize, Serialize};

use super::budgets::{Paid, overdrawn};
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
use crate::once::Answer;
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

/// What one act of several came to, as it is kept for the next try of its request (D42).
#[derive(Serialize, Deserialize)]
struct Taken {
    outcomes: Vec<(ClientId, Outcome)>,
    invitation: Option<Invitation>,
    entries: Vec<Entry>,
    message: Option<Message>,
    ended: Vec<Standing>,
    unfinished: bool,
}

/// What an act leads to: a part of the reply to come, or the whole of it.
enum Outlook<'a, T> {
    More,
    Reply(&'a dyn Fn(&Done) -> Result<T, Error>),
}

impl Store {
    /// Reads what the visit needs, decides, writes; again when a race was lost, until patience ends (503 `BUSY`). For an act
    /// that is not all there is to do; one that is [answers](Self::answer).
    pub async fn act(&self, visit: &Visit<'_>, decide: impl Fn(&Door) -> Result<Plan, Error>) -> Result<Done, Error> {
        let decide = |door: &Door| Ok((decide(door)?, door.room.clone()));
        self.until_done(visit, decide, Outlook::<()>::More).await.map(|(done, _)| done)
    }

    /// The same for the only act of a request: what `reply` makes of it is kept with it (D42).
    pub async fn answer<T: Answer>(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<Plan, Error>,
        reply: impl Fn(&Done) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.answer_founding(visit, |door| Ok((decide(door)?, door.room.clone())), reply).await
    }

    /// Makes the room of the visit, or changes nothing where `decide` says that it is there already.
    pub async fn found<T: Answer>(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(Plan, Room), Error>,
        reply: impl Fn(&Done) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.answer_founding(visit, |door| decide(door).map(|(plan, room)| (plan, Some(room))), reply).await
    }

    async fn answer_founding<T: Answer>(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(Plan, Option<Room>), Error>,
        reply: impl Fn(&Done) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.until_done(visit, decide, Outlook::Reply(&reply)).await? {
            (_, Some(answer)) => Ok(answer),
            (done, None) => reply(&done),
        }
    }

    async fn until_done<T: Answer>(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(Plan, Option<Room>), Error>,
        outlook: Outlook<'_, T>,
    ) -> Result<(Done, Option<T>), Error> {
        let mut unknown = Vec::new();
        match self.try_until_done(visit, decide, outlook, &mut unknown).await {
            Ok((done, None)) => self.with_members(visit, done).await.map(|done| (done, None)),
            // While the end of a write is unknown, nobody can say that nothing has changed.
            Err(refusal) if !unknown.is_empty() => Err(refusal.after_a_change()),
            end => end,
        }
    }

    async fn try_until_done<T: Answer>(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(Plan, Option<Room>), Error>,
        outlook: Outlook<'_, T>,
        unknown: &mut Vec<(Entry, Done)>,
    ) -> Result<(Done, Option<T>), Error> {
        let visit = &Visit { team: Team::Read, ..*visit }; // whether anybody listens
        // Whoever lost a race comes back without asking for the members: no rule needs them, and they are many. Only a reply
        // that is kept has to be whole before it is written.
        let again = if self.is_once() { *visit } else { Visit { view: View::Minimal, ..*visit } };
        let mut paid = Paid::default();
        for tries in 0.. {
            let door = self.open(if tries == 0 { visit } else { &again }).await?;
            if let Some(taken) = self.taken()? {
                return Ok((Done::before(door, taken), None));
            }
            if let Some(done) = self.resolved(&door, unknown).await? {
                return Ok((done, None));
            }
            let (plan, room) = decide(&door)?;
            let room = room.filter(|_| !plan.changes.is_empty());
            let act = room.map(|room| self.charged(&door, room, &plan)).transpose()?;
            let done = Done::of(door, act.as_ref(), plan);
            let reply = match outlook {
                Outlook::Reply(reply) if self.is_once() => Some(reply(&done)?),
                Outlook::Reply(_) | Outlook::More => None,
            };
            if self.is_dry() {
                return Ok((done, reply));
            }
            match self.write(act.as_ref(), &done, reply.as_ref(), &mut paid).await {
                Ok(()) => return Ok((done, reply)),
                Err(Setback::Failed(error)) => return Err(error),
                Err(Setback::Lost(_) | Setback::Crowded) => {}
                // A request with a key finds out by its record.
                Err(Setback::Unknown(_)) => unknown.extend(done.entries.first().cloned().map(|entry| (entry, done))),
            }
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::Busy)
    }

    /// The act of these changes, and what it uses up.
    fn charged(&self, door: &Door, room: Room, plan: &Plan) -> Result<Act, Error> {
        let (room, charges) = self.budgets.charge(room, &door.caller, &plan.changes, door.now)?;
        Ok(Act { charges, ..Act::of(door, room, &plan.changes).with_record(door, plan.record.clone()) })
    }

    /// Writes what is to be written: nothing at all, where nothing changes and no answer is kept. That a step came to nothing is
    /// written with the next one.
    async fn write(
        &self,
        act: Option<&Act>,
        done: &Done,
        reply: Option<&impl Answer>,
        paid: &mut Paid,
    ) -> Result<(), Setback> {
        let (Door { app, now, .. }, mut items, mut charges) = (&done.door, Vec::new(), Vec::new());
        if let Some(act) = act {
            let effects = self.effects(app, act)?;
            charges = self.charge_ahead(app, act, effects.len(), *now, paid).await?;
            items = self.charges(app, &charges)?;
            items.extend(effects);
        } else if reply.is_none() {
            return Ok(self.note(&done.taken())?);
        }
        let token = act.map(|act| act.nonce.clone());
        let sent = match reply {
            Some(reply) => self.transact_answer(items, token, reply).await,
            None => self.transact_step(items, token, &done.taken()).await,
        };
        sent.map_err(|setback| overdrawn(setback, &charges, *now))
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
    /// An act of an earlier try: what it came to then, at the door as it is now.
    fn before(door: Door, taken: Taken) -> Self {
        let Taken { outcomes, invitation, entries, message, ended, unfinished } = taken;
        Self { door, outcomes, invitation, entries, message, ended, unfinished }
    }

    fn taken(&self) -> Taken {
        let Self { outcomes, invitation, entries, message, ended, unfinished, .. } = self.clone();
        Taken { outcomes, invitation, entries, message, ended, unfinished }
    }

    fn of(door: Door, act: Option<&Act>, plan: Plan) -> Self {
        match act {
            Some(act) => Self::after(door, act, plan),
            None => Self {
                door,
                outcomes: plan.outcomes,
                invitation: None,
                entries: Vec::new(),
                message: None,
                ended: Vec::new(),
                unfinished: false,
            },
        }
    }

    fn after(mut door: Door, act: &Act, plan: Plan) -> Self {
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
