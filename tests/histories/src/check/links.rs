//! I5: a link has as many uses as there are memberships by it, and never more than it allows; nobody comes by it twice, by one
//! that was deleted, or by one whose maker was banned.

use std::collections::{BTreeMap, BTreeSet};

use super::{Promise, Violation};
use crate::case::{Case, Followed};
use crate::ending::{Entry, Link};
use crate::history::{Answer, Done, Verdict};
use crate::script::{App, Operation};

/// What breaks it.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let made = made(case);
    let mut violations = Vec::new();
    for ((app, id), room) in &case.rooms {
        let breach = |(seq, what): (Option<u64>, String)| {
            let breach = Violation::of(Promise::I5, *app, id, what);
            seq.map_or(breach.clone(), |seq| breach.at(seq))
        };
        violations.extend(counted(*app, room, &made).into_iter().chain(after_bans(*app, room, &made)).map(breach));
    }
    violations.extend(by_answers(case));
    violations
}

/// The links whose making was answered: by app and id, how many they let in and who made them.
type Made<'a> = BTreeMap<(App, &'a str), (u64, Option<&'a str>)>;

fn made<'a>(case: &Case<'a>) -> Made<'a> {
    let link = |done: &'a Done| match (&done.step.operation, done.verdict()) {
        (Operation::CreateLink { max_uses, .. }, Verdict::Good(answer)) => {
            Some(((done.step.app, answer.id.as_str()), (u64::from(*max_uses), done.step.actor.as_deref())))
        }
        _ => None,
    };
    case.history.done.iter().filter_map(link).collect()
}

/// The entries of those who came by a link.
fn comings<'a>(room: &'a Followed<'_>) -> impl Iterator<Item = (&'a str, &'a Entry)> {
    room.stored.log.iter().filter_map(|entry| Some((entry.link.as_deref()?, entry)))
}

fn counted(app: App, room: &Followed<'_>, made: &Made<'_>) -> Vec<(Option<u64>, String)> {
    let mut flaws = Vec::new();
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut uses: BTreeMap<&str, u64> = BTreeMap::new();
    for (link, entry) in comings(room) {
        for client in &entry.clients {
            *uses.entry(link).or_default() += 1;
            if !users.entry(link).or_default().insert(client) {
                flaws.push((Some(entry.seq), format!("`{client}` comes by link {link} a second time")));
            }
        }
        let most = made.get(&(app, link)).map(|(most, _)| *most);
        if most.is_some_and(|most| uses.get(link).is_some_and(|uses| *uses > most)) {
            flaws.push((Some(entry.seq), format!("link {link} lets in more than {}", most.unwrap_or_default())));
        }
    }
    for (id, link) in &room.stored.links {
        let used = uses.get(id.as_str()).copied().unwrap_or_default();
        if link.uses != used || (link.max_uses > 0 && link.uses > link.max_uses) {
            let Link { uses, max_uses } = link;
            flaws.push((None, format!("link {id} says {uses} uses of {max_uses}, and {used} came by it")));
        }
    }
    flaws
}

/// Who came by a link after its maker was banned: the ban closes it.
fn after_bans(app: App, room: &Followed<'_>, made: &Made<'_>) -> Vec<(Option<u64>, String)> {
    let bans = room.stored.log.iter().filter(|entry| entry.kind == "member.banned");
    let late = |ban: &Entry| {
        let makers = ban.clients.clone();
        let of_banned = comings(room).filter(|(link, entry)| {
            let maker = made.get(&(app, *link)).and_then(|(_, maker)| *maker);
            // A link that was made after an unban is another one; made before the ban, it is closed for ever.
            entry.seq > ban.seq
                && maker.is_some_and(|maker| makers.iter().any(|own| own == maker))
                && was_made_before(link, ban)
        });
        of_banned
            .map(|(link, entry)| (Some(entry.seq), format!("link {link} is used after the ban of its maker")))
            .collect::<Vec<_>>()
    };
    bans.flat_map(late).collect()
}

/// An id tells when it was made, in seconds.
fn was_made_before(id: &str, entry: &Entry) -> bool {
    id.get(..8).and_then(|seconds| u64::from_str_radix(seconds, 16).ok()).is_some_and(|made| made < entry.at / 1_000)
}

/// Who was told that a link let him in whose deletion had been answered.
fn by_answers(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let links = || case.history.done.iter().filter(|done| !done.is_dry());
    let deleted = links().filter(|done| matches!(done.step.operation, Operation::DeleteLink { .. }));
    let deleted: Vec<(&Done, &Answer)> = deleted.filter_map(|done| Some((done, good(done)?))).collect();
    for done in links() {
        let Operation::Redeem { room, .. } = &done.step.operation else { continue };
        let breach = |what: &str| Violation::of(Promise::I5, done.step.app, room, what).by(done.step.number);
        let Some(answer) = good(done) else { continue };
        let came = answer.outcomes.iter().any(|(_, outcome)| outcome == "joined");
        let gone = |(other, shown): &&(&Done, &Answer)| {
            other.step.app == done.step.app && other.end() < done.start() && came_by(case, done, room, &shown.id)
        };
        if came && deleted.iter().any(|own| gone(&own)) {
            violations.push(breach("let in by a link whose deletion had been answered"));
        }
    }
    violations
}

fn good(done: &Done) -> Option<&Answer> {
    match done.verdict() {
        Verdict::Good(answer) => Some(answer),
        Verdict::Refused(_) | Verdict::Unknown => None,
    }
}

/// Whether the log says that the caller came by this link while he asked.
fn came_by(case: &Case<'_>, done: &Done, room: &str, link: &str) -> bool {
    let Some(room) = case.rooms.get(&(done.step.app, room.to_owned())) else { return false };
    let actor = done.step.actor.as_deref().unwrap_or_default();
    let within = |entry: &Entry| entry.at * 1_000 + 2_000 >= done.start() && entry.at * 1_000 <= done.end();
    comings(room).any(|(own, entry)| own == link && within(entry) && entry.clients.iter().any(|client| client == actor))
}
