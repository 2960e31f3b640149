//! Plots: a few requests that lead to what chance alone seldom comes to, spread among the others.

use super::{App, Dialect, Operation, Sending, Step};

/// Steps from one request of a plot to the next: more than are under way at once.
const APART: usize = 20;

/// Somebody makes a link, is banned, and knocks at every door; somebody else tries his link.
pub fn of_a_banned(at: usize, app: App, room: &str, villain: &str, other: &str) -> Vec<(usize, Step)> {
    let (room, link) = (room.to_owned(), format!("{room}-l9"));
    let (villain, other) = (villain.to_owned(), other.to_owned());
    let invitees = vec![villain.clone()];
    let redeem = Operation::Redeem { room: room.clone(), link: link.clone() };
    let scenes = [
        (None, Operation::Add { room: room.clone(), invitees, invites: false, partial: true, told: false }),
        (Some(villain.clone()), Operation::CreateLink { room: room.clone(), link: link.clone(), max_uses: 5 }),
        (None, Operation::CreateLink { room: room.clone(), link: format!("{room}-l8"), max_uses: 5 }),
        (None, Operation::Ban { room: room.clone(), blockee: villain.clone() }),
        (Some(other), redeem),
        (Some(villain.clone()), Operation::Redeem { room: room.clone(), link: format!("{room}-l8") }),
        (Some(villain), Operation::Join { room, dialect: Dialect::Imkit }),
    ];
    staged(at, app, scenes)
}

/// An address is invited, its time runs out, and somebody else invites it before anybody has swept up.
pub fn of_a_forgotten(at: usize, app: App, room: &str, first: &str, second: &str) -> Vec<(usize, Step)> {
    let (room, address) = (room.to_owned(), format!("f{at}"));
    let invite = Operation::TalkInviteAddress { room: room.clone(), address: address.clone() };
    let scenes = [
        (Some(first.to_owned()), invite.clone()),
        (None, Operation::LapseAddress { room, address }),
        (Some(second.to_owned()), invite),
    ];
    staged(at, app, scenes)
}

fn staged<const N: usize>(at: usize, app: App, scenes: [(Option<String>, Operation); N]) -> Vec<(usize, Step)> {
    let step = |(number, (actor, operation))| {
        let due = at + number * APART;
        (due, Step { number: due as u32, app, actor, operation, sending: Sending::Once })
    };
    scenes.into_iter().enumerate().map(step).collect()
}
