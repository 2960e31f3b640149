//! What an answered request must, and an unanswered one may, have left in a log.

use shared::id::ClientId;
use shared::room::Room;

use super::effect::{Effect, What};
use crate::history::{Answer, Done, Verdict};
use crate::request::words;
use crate::script::{App, Dialect, Operation, Step, invited_address};

/// How sure it is that there is such an effect, and of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// There is exactly one: the answer says so.
    One,
    /// There may be one.
    Perhaps,
    /// There may be any number.
    Any,
}

/// An effect that a request has, or may have.
#[derive(Clone, Debug)]
pub struct Want {
    /// Which request, by its place in the history.
    pub by: usize,
    /// The tenant.
    pub app: App,
    /// Where; anywhere without it.
    pub room: Option<String>,
    /// What.
    pub what: What,
    /// To whom; `@` is the invitation of any address, none is anybody.
    pub whom: Option<String>,
    /// By whom.
    pub actor: Option<String>,
    /// How many.
    pub measure: Measure,
    /// Not before, in microseconds.
    pub start: u64,
    /// Not after.
    pub end: u64,
}

/// How far the clock of an entry may be ahead: an entry is dated later than the one before, whatever the clock says.
const AHEAD: u64 = 100_000;

impl Want {
    /// Whether the effect may be this one.
    pub fn fits(&self, effect: &Effect) -> bool {
        let whom = match self.whom.as_deref() {
            None => true,
            Some("@") => effect.whom.starts_with('@'),
            Some(whom) => effect.whom == whom,
        };
        whom && self.app == effect.app
            && self.what == effect.what
            && self.actor == effect.actor
            && self.room.as_ref().is_none_or(|room| *room == effect.room)
            && effect.at + 2_000 >= self.start
            && effect.at <= self.end.saturating_add(AHEAD)
    }
}

/// What a request has left, or may have.
pub fn wants(by: usize, done: &Done) -> Vec<Want> {
    match done.verdict() {
        _ if done.is_dry() => Vec::new(),
        Verdict::Refused(_) => Vec::new(),
        // Which of several answers is the true one is for I6 to ask.
        Verdict::Good(_) if !done.is_unanimous() => Wanting { by, done, answer: None }.all(),
        Verdict::Good(answer) => Wanting { by, done, answer: Some(answer) }.all(),
        Verdict::Unknown => Wanting { by, done, answer: None }.all(),
    }
}

/// What a request would have left if it had not been refused.
pub fn would_want(by: usize, done: &Done) -> Vec<Want> {
    let end = done.tries.iter().map(|one| one.end).max().unwrap_or(u64::MAX);
    Wanting { by, done, answer: None }.all().into_iter().map(|want| Want { end, ..want }).collect()
}

/// The id of the direct room of two.
pub fn direct_id(one: &str, other: &str) -> Option<String> {
    let (one, other) = (ClientId::parse("id", one).ok()?, ClientId::parse("id", other).ok()?);
    Some(Room::direct_id([&one, &other]).ok()?.to_string())
}

struct Wanting<'a> {
    by: usize,
    done: &'a Done,
    answer: Option<&'a Answer>,
}

impl Wanting<'_> {
    fn step(&self) -> &Step {
        &self.done.step
    }

    fn want(&self, what: What, whom: Option<&str>, measure: Measure) -> Want {
        let step = self.step();
        Want {
            by: self.by,
            app: step.app,
            room: step.operation.room().map(str::to_owned),
            what,
            whom: whom.map(str::to_owned),
            actor: step.actor.clone(),
            measure: if self.answer.is_none() && measure == Measure::One { Measure::Perhaps } else { measure },
            start: self.done.start(),
            end: self.done.end(),
        }
    }

    fn one(&self, what: What, whom: &str) -> Vec<Want> {
        vec![self.want(what, Some(whom), Measure::One)]
    }

    fn perhaps(&self, what: What, whom: &str) -> Vec<Want> {
        vec![self.want(what, Some(whom), Measure::Perhaps)]
    }

    fn each(&self, what: What, whom: &[String]) -> Vec<Want> {
        whom.iter().map(|whom| self.want(what, Some(whom), Measure::One)).collect()
    }

    fn all(&self) -> Vec<Want> {
        match &self.step().operation {
            Operation::CreateRoom { .. } | Operation::Found { .. } | Operation::OpenDirect { .. } => self.founding(),
            Operation::Add { .. }
            | Operation::AddOne { .. }
            | Operation::Join { .. }
            | Operation::Redeem { .. }
            | Operation::TalkInvite { .. }
            | Operation::TalkInviteAddress { .. }
            | Operation::SignUp { .. } => self.coming(),
            Operation::Decline { .. }
            | Operation::Cancel { .. }
            | Operation::CancelOne { .. }
            | Operation::Remove { .. }
            | Operation::RemoveOne { .. }
            | Operation::Leave { .. } => self.going(),
            Operation::Ban { blockee, .. } => {
                let mut wants = self.one(What::Banned, blockee);
                wants.push(self.want(What::Cancelled, None, Measure::Any));
                wants
            }
            Operation::Unban { blockee, .. } => self.one(What::Unbanned, blockee),
            Operation::Say { .. } => self.one(What::Said, &words(self.step())),
            Operation::Sweep => App::ALL.map(|app| Want { app, ..self.want(What::Expired, None, Measure::Any) }).into(),
            Operation::GiveRole { .. }
            | Operation::CreateLink { .. }
            | Operation::DeleteLink { .. }
            | Operation::Block { .. }
            | Operation::Unblock { .. }
            | Operation::SetPolicy { .. }
            | Operation::Lapse { .. }
            | Operation::LapseAddress { .. } => Vec::new(),
        }
    }

    fn actor(&self) -> &str {
        self.step().actor.as_deref().unwrap_or_default()
    }

    fn founding(&self) -> Vec<Want> {
        match &self.step().operation {
            Operation::CreateRoom { members, .. } => {
                let entered = members.iter().flat_map(|member| self.perhaps(What::Entered, member));
                self.perhaps(What::Made, "").into_iter().chain(entered).collect()
            }
            Operation::Found { invitees, .. } => self.founded(self.actor(), invitees),
            Operation::OpenDirect { peer } => {
                let room = direct_id(self.actor(), peer);
                let wants = self.founded(self.actor(), std::slice::from_ref(peer));
                wants.into_iter().map(|want| Want { room: room.clone(), ..want }).collect()
            }
            _ => Vec::new(),
        }
    }

    fn coming(&self) -> Vec<Want> {
        match (&self.step().operation, self.answer) {
            (Operation::Add { invitees, .. }, _) => self.outcomes(invitees),
            (Operation::AddOne { invitee, .. }, _) => self.outcomes(std::slice::from_ref(invitee)),
            (Operation::Redeem { .. }, Some(answer)) => {
                let came = answer.outcomes.iter().any(|(_, outcome)| outcome == "joined");
                if came { self.one(What::Entered, self.actor()) } else { Vec::new() }
            }
            (Operation::Join { .. } | Operation::Redeem { .. }, _) => self.perhaps(What::Entered, self.actor()),
            (Operation::TalkInvite { client, .. }, _) => self.one(What::Entered, client),
            (Operation::TalkInviteAddress { address, .. }, _) => self.invited(address),
            (Operation::SignUp { address }, _) => self.signed_up(address),
            _ => Vec::new(),
        }
    }

    fn going(&self) -> Vec<Want> {
        match &self.step().operation {
            Operation::Decline { .. } => self.perhaps(What::Declined, self.actor()),
            Operation::Cancel { invitees, .. } => self.each(What::Cancelled, invitees),
            Operation::CancelOne { invitee, .. } => self.one(What::Cancelled, invitee),
            Operation::Remove { members, .. } => {
                members.iter().flat_map(|member| self.one(self.departure(member), member)).collect()
            }
            Operation::RemoveOne { member, dialect: Dialect::Imkit, .. } => self.one(self.departure(member), member),
            // In Talk's way who is not in the room leaves nothing, and is told no error.
            Operation::RemoveOne { member, .. } => self.perhaps(self.departure(member), member),
            Operation::Leave { dialect: Dialect::Imkit, .. } => self.one(What::Left, self.actor()),
            Operation::Leave { .. } => self.perhaps(What::Left, self.actor()),
            _ => Vec::new(),
        }
    }

    fn departure(&self, member: &str) -> What {
        if self.step().actor.as_deref() == Some(member) { What::Left } else { What::Removed }
    }

    /// Who makes a room is in it; who finds it made may come in; the others are told of one by one.
    fn founded(&self, actor: &str, invitees: &[String]) -> Vec<Want> {
        let mut wants = self.perhaps(What::Made, "");
        wants.extend(self.perhaps(What::Entered, actor));
        let others: Vec<String> = invitees.iter().filter(|invitee| *invitee != actor).cloned().collect();
        wants.extend(self.outcomes(&others));
        wants
    }

    fn outcomes(&self, invitees: &[String]) -> Vec<Want> {
        let Some(answer) = self.answer else {
            let whats = [What::Entered, What::Invited, What::Renewed];
            let of = |invitee: &String| whats.map(|what| self.want(what, Some(invitee), Measure::Perhaps));
            return invitees.iter().flat_map(of).collect();
        };
        let told = |outcome: &str| match outcome {
            "added" => Some(What::Entered),
            "invited" => Some(What::Invited),
            "already_invited" => Some(What::Renewed),
            _ => None,
        };
        let one = |(client, outcome): &(String, String)| {
            told(outcome).map(|what| self.want(what, Some(client.as_str()), Measure::One))
        };
        answer.outcomes.iter().filter_map(one).collect()
    }

    fn invited(&self, address: &str) -> Vec<Want> {
        let mut wants = match self.answer {
            Some(answer) if answer.is_invitation => self.one(What::Invited, &format!("@{}", answer.id)),
            Some(answer) => return self.one(What::Entered, &answer.id),
            None => {
                let mut wants = self.perhaps(What::Invited, "@");
                wants.extend(self.perhaps(What::Entered, &invited_address(address).1));
                wants
            }
        };
        // One that has lapsed makes room, which is nobody's doing.
        wants.push(Want { actor: None, ..self.want(What::Expired, Some("@"), Measure::Perhaps) });
        wants
    }

    fn signed_up(&self, address: &str) -> Vec<Want> {
        let owner = invited_address(address).1;
        let Some(answer) = self.answer else {
            let joined = self.want(What::Entered, Some(&owner), Measure::Any);
            return vec![joined, self.want(What::Cancelled, Some("@"), Measure::Any)];
        };
        let claim = |(room, outcome): &(String, String)| {
            let want = match outcome.as_str() {
                "joined" => self.want(What::Entered, Some(&owner), Measure::One),
                "already_member" => self.want(What::Cancelled, Some("@"), Measure::One),
                _ => return None,
            };
            Some(Want { room: Some(room.clone()), ..want })
        };
        answer.outcomes.iter().filter_map(claim).collect()
    }
}
