//! What entries of logs say has happened, one person at a time.

use crate::ending::{Ending, Entry};
use crate::script::App;
use shared::membership::model::Turn;

/// What has happened to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A room was made.
    Made,
    /// Somebody became a member.
    Entered,
    /// Somebody was invited.
    Invited,
    /// Somebody was invited again.
    Renewed,
    /// Somebody said no.
    Declined,
    /// An invitation was taken back.
    Cancelled,
    /// An invitation was swept away.
    Expired,
    /// Somebody left.
    Left,
    /// Somebody was removed.
    Removed,
    /// Somebody was banned.
    Banned,
    /// Somebody is banned no longer.
    Unbanned,
    /// Something was said.
    Said,
}

/// One thing that has happened to one person, or that one person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The tenant.
    pub app: App,
    /// Where.
    pub room: String,
    /// The number of the entry that says so.
    pub seq: u64,
    /// What.
    pub what: What,
    /// To whom: a client, `@` and the id of an address's invitation, or the words that were said.
    pub whom: String,
    /// By whom; none when the platform did it.
    pub actor: Option<String>,
    /// When, in microseconds.
    pub at: u64,
}

/// What an entry is about; nothing when membership and messages are not concerned.
pub fn what(entry: &Entry) -> Option<What> {
    Some(match entry.kind.as_str() {
        "room.created" => What::Made,
        "member.joined" => What::Entered,
        "member.invited" => What::Invited,
        "member.updated" if entry.has_expiry => What::Renewed,
        "member.declined" => What::Declined,
        "invitation.cancelled" => What::Cancelled,
        "invitation.expired" => What::Expired,
        "member.left" => What::Left,
        "member.removed" => What::Removed,
        "member.banned" => What::Banned,
        "member.unbanned" => What::Unbanned,
        "message.created" => What::Said,
        _ => return None,
    })
}

/// The turn that it is in a membership's life.
pub fn turn(what: What) -> Option<Turn> {
    Some(match what {
        What::Made | What::Said => return None,
        What::Entered => Turn::Enters,
        What::Invited => Turn::IsInvited,
        What::Renewed => Turn::IsRenewed,
        What::Declined => Turn::Declines,
        What::Cancelled => Turn::IsCancelled,
        What::Expired => Turn::Lapses,
        What::Left => Turn::Leaves,
        What::Removed => Turn::IsRemoved,
        What::Banned => Turn::IsBanned,
        What::Unbanned => Turn::IsUnbanned,
    })
}

/// Whom an entry concerns: clients, and the invitations of addresses that it opens or closes.
pub fn concerned(entry: &Entry) -> Vec<String> {
    let addressed = entry.invitations.iter().map(|id| format!("@{id}"));
    // Who claims an invitation is a member by it; that the invitation is used up is no second effect.
    let addressed = addressed.filter(|_| entry.kind != "member.joined");
    entry.clients.iter().cloned().chain(addressed).collect()
}

/// Everything that the logs say.
pub fn effects(ending: &Ending) -> Vec<Effect> {
    let mut effects = Vec::new();
    for ((app, room), own) in &ending.rooms {
        for entry in &own.log {
            let Some(what) = what(entry) else { continue };
            let whom = match what {
                What::Made => vec![String::new()],
                What::Said => entry.words.iter().cloned().collect(),
                _ => concerned(entry),
            };
            let (seq, actor, at) = (entry.seq, entry.actor.clone(), entry.at * 1_000);
            effects.extend(whom.into_iter().map(|whom| {
                let (app, room, actor) = (*app, room.clone(), actor.clone());
                Effect { app, room, seq, what, whom, actor, at }
            }));
        }
    }
    effects
}
