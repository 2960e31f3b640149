//! I4: of accept, decline, cancel, expire and ban one wins; losers get a typed answer, and one that was true while they
//! waited for it.

use shared::door::Circumstance::{self, Banned, Invited, Member};
use shared::membership::model::Replica;

use super::{Promise, Violation};
use crate::case::{Case, What};
use crate::history::{Answer, Done, Verdict};
use crate::script::{Operation, invited_address};

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
    for done in &case.history.done {
        let Some(room) = done.step.operation.room() else { continue };
        let breach = |what: String| Violation::of(Promise::I4, done.step.app, room, what).by(done.step.number);
        let met = case.met(done.step.app, room, done);
        let untrue = match done.verdict() {
            Verdict::Refused(answer) if answer.code.is_empty() => Some(format!("a bare {}", answer.status)),
            Verdict::Refused(answer) => refusal(done, answer, met),
            Verdict::Good(answer) => outcome(done, answer, met),
            Verdict::Unknown => None,
        };
        violations.extend(untrue.map(breach));
    }
    violations
}

/// What a refusal says of the room that it never was, while the request was under way.
fn refusal(done: &Done, answer: &Answer, met: &[Replica]) -> Option<String> {
    let actor = done.step.actor.as_deref().unwrap_or_default();
    let named = named(&done.step.operation, actor);
    let some = |place: Circumstance, is: bool| {
        met.iter().any(|state| named.iter().any(|whom| (state.place(whom) == place) == is))
    };
    // Talk's 219 is for the banned, and for those who lack the rank to remove somebody.
    let talk_refuses = answer.code == "219" && is_departure(&done.step.operation);
    let holds = match answer.code.as_str() {
        _ if met.is_empty() || talk_refuses => true,
        "BANNED" | "219" => some(Banned, true) || met.iter().any(|state| state.place(actor) == Banned),
        "ALREADY_BANNED" => some(Banned, true),
        "BAN_NOT_FOUND" => some(Banned, false),
        "INVITATION_NOT_FOUND" | "INVITATION_REQUIRED" => some(Invited, false),
        "CLIENT_NOT_FOUND" if is_departure(&done.step.operation) => some(Member, false),
        "239" => some(Member, true),
        "NOT_ROOM_MEMBER" => met.iter().any(|state| state.place(actor) != Member),
        "ROOM_FULL" => met.iter().any(|state| state.members() + named.len() as u64 > state.seats),
        _ => true,
    };
    let code = &answer.code;
    (!holds).then(|| format!("refused with `{code}`, which was at no time so: {named:?}"))
}

/// What a good answer says of somebody that he never was, while the request was under way.
fn outcome(done: &Done, answer: &Answer, met: &[Replica]) -> Option<String> {
    let was = |whom: &str, places: &[Circumstance]| {
        met.is_empty() || met.iter().any(|state| places.contains(&state.place(whom)))
    };
    let actor = done.step.actor.as_deref().unwrap_or_default();
    match &done.step.operation {
        Operation::Join { .. } if !was(actor, &[Member]) => return Some(format!("`{actor}` never was in")),
        Operation::Decline { .. } if met.iter().all(|state| state.place(actor) == Invited) && !met.is_empty() => {
            return Some(format!("`{actor}` was invited all the time"));
        }
        _ => {}
    }
    let untrue = |(client, outcome): &&(String, String)| match outcome.as_str() {
        "already_member" => !was(client, &[Member]),
        "already_invited" => !was(client, &[Invited]),
        "banned" => !was(client, &[Banned]),
        "room_full" => !met.iter().any(|state| state.members() >= state.seats) && !met.is_empty(),
        _ => false,
    };
    let (client, outcome) = answer.outcomes.iter().find(untrue)?;
    Some(format!("`{client}` was told to be `{outcome}`, and never was"))
}

fn is_departure(operation: &Operation) -> bool {
    matches!(operation, Operation::Remove { .. } | Operation::RemoveOne { .. } | Operation::Leave { .. })
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
