//! I4: of accept, decline, cancel, expire and ban one wins; losers get a typed answer, and one that was true while they
//! waited for it.

use shared::door::Circumstance::{self, Banned, Invited, Member};
use shared::membership::model::Replica;

use super::{Promise, Violation};
use crate::case::{Case, What};
use crate::history::{Answer, Done, Verdict};
use crate::script::{App, Operation, invited_address};

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for want in case.matching.unmet.iter().map(|at| &case.wants[*at]) {
        if matches!(want.what, What::Cancelled | What::Declined | What::Expired) {
            let room = want.room.as_deref().unwrap_or_default();
            let whom = want.whom.as_deref().unwrap_or_default();
            let what = format!("told that it ended the invitation of `{whom}`, which somebody else did");
            violations.push(Violation::of(Promise::I4, want.app, room, what).by(case.done(want.by).step.number));
        }
    }
    let wishes: Vec<Wish<'_>> = case.history.done.iter().filter_map(wish).collect();
    for done in &case.history.done {
        let Some(room) = done.step.operation.room() else { continue };
        let breach = |what: String| Violation::of(Promise::I4, done.step.app, room, what).by(done.step.number);
        let scene = Scene::of(case, done, room, &wishes);
        let untrue = match done.verdict() {
            Verdict::Refused(answer) if answer.code.is_empty() => Some(format!("a bare {}", answer.status)),
            Verdict::Refused(answer) => scene.refusal(answer),
            Verdict::Good(answer) => scene.outcome(answer),
            Verdict::Unknown => None,
        };
        violations.extend(untrue.map(breach));
    }
    violations
}

/// A request, and what the room was while it was under way.
struct Scene<'a> {
    operation: &'a Operation,
    actor: &'a str,
    is_dry: bool,
    /// Whom it is about.
    named: Vec<String>,
    met: &'a [Replica],
    /// Whose invitations may have lapsed without anybody having swept them away.
    lapsed: Vec<&'a str>,
    /// Who may have wanted to hear nothing of whom, or of anybody.
    wishes: Vec<&'a Wish<'a>>,
}

/// That somebody wants to hear nothing of somebody, or of anybody.
struct Wish<'a> {
    app: App,
    client: &'a str,
    blockee: Option<&'a str>,
    since: u64,
}

impl<'a> Scene<'a> {
    fn of(case: &'a Case<'_>, done: &'a Done, room: &str, wishes: &'a [Wish<'a>]) -> Self {
        let actor = done.step.actor.as_deref().unwrap_or_default();
        let operation = &done.step.operation;
        let lapses = case.rooms.get(&(done.step.app, room.to_owned())).map(|room| room.lapses.as_slice());
        let lapses = lapses.unwrap_or_default().iter().filter(|(_, start)| *start <= done.end());
        let lapsed = lapses.map(|(client, _)| *client).collect();
        let (named, met) = (named(operation, actor), case.met(done.step.app, room, done));
        let wishes = wishes.iter().filter(|wish| wish.app == done.step.app && wish.since <= done.end()).collect();
        Self { operation, actor, is_dry: done.is_dry(), named, met, lapsed, wishes }
    }

    /// Whether somebody stood so at some time.
    fn was(&self, whom: &str, place: Circumstance) -> bool {
        self.met.iter().any(|state| state.place(whom) == place)
    }

    /// Whether somebody stood otherwise at some time.
    fn was_not(&self, whom: &str, place: Circumstance) -> bool {
        let is_over = place == Invited && self.lapsed.contains(&whom);
        is_over || self.met.iter().any(|state| state.place(whom) != place)
    }

    /// Whether one of these may have wanted to hear nothing of the caller, at some time before his answer.
    fn may_be_blocked(&self, invitees: &[String]) -> bool {
        self.wishes.iter().any(|wish| {
            invitees.iter().any(|invitee| invitee == wish.client) && wish.blockee.is_none_or(|own| own == self.actor)
        })
    }

    /// What a refusal says of the room that it never was.
    fn refusal(&self, answer: &Answer) -> Option<String> {
        let some = |place| self.named.iter().any(|whom| self.was(whom, place));
        let some_not = |place| self.named.iter().any(|whom| self.was_not(whom, place));
        // Talk's 219 is for the banned, and for those who lack the rank to remove somebody.
        let talk_lacks_rank = answer.code == "219" && is_departure(self.operation);
        let holds = match answer.code.as_str() {
            _ if self.met.is_empty() || talk_lacks_rank => true,
            "219" if self.may_be_blocked(&invitees(self.operation)) => true,
            "BANNED" | "219" => some(Banned) || self.was(self.actor, Banned),
            "BLOCKED" => self.may_be_blocked(&invitees(self.operation)),
            "ALREADY_BANNED" => some(Banned),
            "BAN_NOT_FOUND" => some_not(Banned),
            "INVITATION_NOT_FOUND" | "INVITATION_REQUIRED" => some_not(Invited),
            "CLIENT_NOT_FOUND" if is_departure(self.operation) => some_not(Member),
            "239" => some(Member),
            "NOT_ROOM_MEMBER" => self.was_not(self.actor, Member),
            "ROOM_FULL" => self.met.iter().any(|state| state.members() + self.named.len() as u64 > state.seats),
            _ => true,
        };
        let (code, named) = (&answer.code, &self.named);
        (!holds).then(|| format!("refused with `{code}`, which was at no time so: {named:?}"))
    }

    /// What a good answer says of somebody that he never was.
    fn outcome(&self, answer: &Answer) -> Option<String> {
        if self.met.is_empty() {
            return None;
        }
        let actor = self.actor;
        match self.operation {
            Operation::Join { .. } if !self.was(actor, Member) => return Some(format!("`{actor}` never was in")),
            Operation::Decline { .. } if !self.was_not(actor, Invited) => {
                return Some(format!("`{actor}` was invited all the time"));
            }
            _ => {}
        }
        let is_added = |(_, outcome): &&(String, String)| self.is_dry && outcome == "added";
        let coming = answer.outcomes.iter().filter(is_added).count() as u64;
        let untrue = |(client, outcome): &&(String, String)| match outcome.as_str() {
            "already_member" => !self.was(client, Member),
            "already_invited" => !self.was(client, Invited),
            "banned" => !self.was(client, Banned),
            "blocked" => !self.may_be_blocked(std::slice::from_ref(client)),
            // Those who would have come in by a dry run would have taken the seats.
            "room_full" => !self.met.iter().any(|state| state.members() + coming >= state.seats),
            _ => false,
        };
        let (client, outcome) = answer.outcomes.iter().find(untrue)?;
        Some(format!("`{client}` was told to be `{outcome}`, and never was"))
    }
}

/// What somebody may have wished by what he asked for.
fn wish(done: &Done) -> Option<Wish<'_>> {
    let blockee = match &done.step.operation {
        Operation::Block { blockee } => Some(blockee.as_str()),
        Operation::SetPolicy { policy } if policy != "everyone" => None,
        _ => return None,
    };
    let is_refused = matches!(done.verdict(), Verdict::Refused(_));
    let (app, since) = (done.step.app, done.start());
    done.step.actor.as_deref().filter(|_| !is_refused).map(|client| Wish { app, client, blockee, since })
}

fn is_departure(operation: &Operation) -> bool {
    matches!(operation, Operation::Remove { .. } | Operation::RemoveOne { .. } | Operation::Leave { .. })
}

/// Whom a request would bring in.
fn invitees(operation: &Operation) -> Vec<String> {
    match operation {
        Operation::CreateRoom { members, .. } => members.clone(),
        Operation::Found { invitees, .. } => invitees.clone(),
        _ => named(operation, ""),
    }
}

/// Whom a request is about.
fn named(operation: &Operation, actor: &str) -> Vec<String> {
    match operation {
        Operation::Add { invitees, .. } | Operation::Cancel { invitees, .. } => invitees.clone(),
        Operation::AddOne { invitee, .. } | Operation::CancelOne { invitee, .. } => vec![invitee.clone()],
        Operation::Remove { members, .. } => members.clone(),
        Operation::RemoveOne { member, .. } => vec![member.clone()],
        Operation::Ban { blockee, .. } | Operation::Unban { blockee, .. } => vec![blockee.clone()],
        Operation::TalkInvite { client, .. } => vec![client.clone()],
        Operation::TalkInviteAddress { address, .. } => vec![invited_address(address).1],
        _ => vec![actor.to_owned()],
    }
}
