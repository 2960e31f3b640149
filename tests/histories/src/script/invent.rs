//! Inventing a script: what chat clients do, so that they get in each other's way.

use super::plot;
use super::{App, Dialect, Operation, PEOPLE, Script, Sending, Step};
use crate::case::direct_id;
use crate::chance::Chance;
use crate::request::is_same;

/// Rooms in which something is going on at a time.
const OPEN: usize = 5;
/// Steps after which one of them is left alone and a new one begins.
const TURNOVER: usize = 90;
/// The first people, who have direct rooms with each other.
const PAIRED: usize = 4;
/// How often a plot begins, of a hundred steps.
const PLOTTED: usize = 1;
/// How often the next request is the last one once more, in the other app.
const MIRRORED: usize = 12;
/// People who are in a room more often than others, and do more in it.
const REGULARS: usize = 4;

/// A script of so many steps, by a seed.
pub fn invent(seed: u64, steps: usize, clients: usize) -> Script {
    let mut author = Author { chance: Chance::of(seed), at: 0, plots: Vec::new() };
    let mut script = Script { seed, clients, steps: Vec::with_capacity(steps) };
    for at in 0..steps {
        let step = author.step(at);
        // The same request under the same key, in the other app.
        let mirrored = script.steps.last().filter(|_| at % 2 == 1 && author.chance.percent(MIRRORED));
        let step = match (mirrored, script.steps.last()) {
            (Some(last), _) => Step { number: at as u32, app: last.app.other(), ..last.clone() },
            // Under the same key it would be that request once more, and not one of its own.
            (None, Some(last)) if is_same(last, &step) => Step { sending: Sending::Once, ..step },
            (None, _) => step,
        };
        script.steps.push(step);
    }
    script
}

/// The e-mail of an address of the script, as somebody writes it, and the client who owns it once he has signed up.
pub fn invited_address(address: &str) -> (String, String) {
    (format!("{address}@Example.com"), format!("p{address}"))
}

struct Author {
    chance: Chance,
    at: usize,
    /// What is to be asked later, and at which step.
    plots: Vec<(usize, Step)>,
}

impl Author {
    fn step(&mut self, at: usize) -> Step {
        self.at = at;
        if self.chance.percent(PLOTTED) {
            self.plot();
        }
        if let Some(due) = self.plots.iter().position(|(due, _)| *due <= at) {
            return Step { number: at as u32, ..self.plots.swap_remove(due).1 };
        }
        let app = if self.chance.percent(70) { App::Alpha } else { App::Beta };
        let operation = self.operation();
        let actor = match operation {
            Operation::SignUp { .. } | Operation::Lapse { .. } | Operation::LapseAddress { .. } | Operation::Sweep => {
                None
            }
            _ if self.is_for_clients(&operation) || self.chance.percent(80) => Some(self.actor(&operation)),
            _ => None,
        };
        let sending = self.sending(&operation);
        Step { number: at as u32, app, actor, operation, sending }
    }

    fn plot(&mut self) {
        let (app, room) = (App::Alpha, self.room());
        if let [villain, other] = self.chance.some_of(&PEOPLE, 2).as_slice() {
            self.plots.extend(plot::of_a_banned(self.at, app, &room, villain, other));
            self.plots.extend(plot::of_a_forgotten(self.at, app, &room, villain, other));
        }
    }

    /// Now and then a request comes again, or only asks.
    fn sending(&mut self, operation: &Operation) -> Sending {
        let is_question = matches!(
            operation,
            Operation::Add { .. }
                | Operation::AddOne { .. }
                | Operation::Remove { .. }
                | Operation::RemoveOne { dialect: Dialect::Imkit, .. }
                | Operation::Ban { .. }
                | Operation::TalkInvite { .. }
                | Operation::TalkInviteAddress { .. }
        );
        match self.chance.below(100) {
            _ if matches!(operation, Operation::Lapse { .. } | Operation::LapseAddress { .. } | Operation::Sweep) => {
                Sending::Once
            }
            0..8 => Sending::Again(2),
            8..12 => Sending::AtOnce(2),
            12..14 => Sending::AtOnce(3),
            14..20 if is_question => Sending::Dry,
            _ => Sending::Once,
        }
    }

    /// What only a client can ask for itself.
    fn is_for_clients(&self, operation: &Operation) -> bool {
        matches!(
            operation,
            Operation::Found { .. }
                | Operation::OpenDirect { .. }
                | Operation::Join { .. }
                | Operation::Decline { .. }
                | Operation::Leave { .. }
                | Operation::RemoveOne { dialect: Dialect::Talk, .. }
                | Operation::TalkInvite { .. }
                | Operation::TalkInviteAddress { .. }
                | Operation::Redeem { .. }
                | Operation::Block { .. }
                | Operation::Unblock { .. }
                | Operation::SetPolicy { .. }
        )
    }

    fn operation(&mut self) -> Operation {
        // The first request of a room's time makes it, more often than not.
        if self.at.is_multiple_of(TURNOVER) || self.at < OPEN {
            return self.founding();
        }
        match self.chance.below(100) {
            0..4 => self.founding(),
            4..7 => self.direct(),
            7..34 => self.inward(),
            34..46 => Operation::Say { room: self.room() },
            46..56 => self.talking(),
            56..69 => self.answering(),
            69..80 => self.outward(),
            80..91 => self.linking(),
            91..93 => self.consenting(),
            93..96 => Operation::SignUp { address: self.address() },
            96..98 => Operation::Lapse { room: self.room(), client: self.person() },
            98 if self.chance.percent(50) => Operation::LapseAddress { room: self.room(), address: self.address() },
            98 => Operation::Sweep,
            _ => {
                let role = (*self.chance.one_of(&["admin", "member", "owner"])).to_owned();
                Operation::GiveRole { room: self.room(), client: self.person(), role }
            }
        }
    }

    /// The room of two: opened, and now and then somebody tries to come between them.
    fn direct(&mut self) -> Operation {
        let pair = self.chance.some_of(&PEOPLE[..PAIRED], 2);
        match (pair.as_slice(), self.chance.below(3)) {
            ([one, other], 0) => {
                let room = direct_id(one, other).unwrap_or_default();
                Operation::Add { room, invitees: vec![self.person()], invites: false, partial: false, told: false }
            }
            ([one, other], 1) if self.chance.percent(40) => {
                Operation::Leave { room: direct_id(one, other).unwrap_or_default(), dialect: Dialect::Imkit }
            }
            _ => Operation::OpenDirect { peer: (*self.chance.one_of(&PEOPLE[..PAIRED])).to_owned() },
        }
    }

    fn linking(&mut self) -> Operation {
        let (room, number) = (self.room(), self.chance.below(2));
        let link = format!("{room}-l{number}");
        match self.chance.below(10) {
            0 | 1 => Operation::CreateLink { room, link, max_uses: 1 + self.chance.below(2) as u32 },
            2 if self.chance.percent(20) => Operation::DeleteLink { room, link },
            _ => Operation::Redeem { room, link },
        }
    }

    fn consenting(&mut self) -> Operation {
        match self.chance.below(8) {
            0..3 => Operation::Block { blockee: self.person() },
            3..6 => Operation::Unblock { blockee: self.person() },
            6 => Operation::SetPolicy { policy: (*self.chance.one_of(&["nobody", "shared_room"])).to_owned() },
            _ => Operation::SetPolicy { policy: "everyone".to_owned() },
        }
    }

    fn founding(&mut self) -> Operation {
        let newest = self.at.is_multiple_of(TURNOVER) || self.at < OPEN;
        let room = if newest { format!("r{}", self.newest()) } else { self.room() };
        let seats = *self.chance.one_of(&[4, 5, 6, 8, 20]);
        if self.chance.percent(60) {
            let regulars = room[1..].parse::<usize>().unwrap_or_default();
            let members = (0..REGULARS).map(|at| PEOPLE[(regulars + at) % PEOPLE.len()].to_owned()).collect();
            let invitation_required = self.chance.percent(20);
            Operation::CreateRoom { room, seats, members, invitation_required }
        } else {
            Operation::Found { room, seats, invitees: self.people(3), invites: self.chance.percent(40) }
        }
    }

    fn inward(&mut self) -> Operation {
        let (room, invites) = (self.room(), self.chance.percent(50));
        if self.chance.percent(40) {
            return Operation::AddOne { room, invitee: self.person(), invites };
        }
        let (partial, told) = (self.chance.percent(50), self.chance.percent(40));
        Operation::Add { room, invitees: self.people(4), invites, partial, told }
    }

    fn talking(&mut self) -> Operation {
        let room = self.room();
        if self.chance.percent(50) {
            Operation::TalkInvite { room, client: self.person() }
        } else {
            Operation::TalkInviteAddress { room, address: self.address() }
        }
    }

    fn answering(&mut self) -> Operation {
        let room = self.room();
        match self.chance.below(10) {
            0..6 => Operation::Join { room, dialect: self.dialect() },
            6..8 => Operation::Decline { room },
            8 => Operation::Cancel { room, invitees: self.people(2) },
            _ => Operation::CancelOne { room, invitee: self.person() },
        }
    }

    fn outward(&mut self) -> Operation {
        let room = self.room();
        match self.chance.below(14) {
            0..4 => Operation::Leave { room, dialect: self.dialect() },
            4..6 => Operation::Remove { room, members: self.people(2) },
            6..8 => Operation::RemoveOne { room, member: self.person(), dialect: self.dialect() },
            8..11 => Operation::Ban { room, blockee: self.person() },
            _ => Operation::Unban { room, blockee: self.person() },
        }
    }

    fn newest(&self) -> usize {
        if self.at < OPEN { self.at } else { OPEN - 1 + self.at / TURNOVER }
    }

    fn room(&mut self) -> String {
        let newest = OPEN - 1 + self.at / TURNOVER;
        format!("r{}", newest - self.chance.below(OPEN))
    }

    fn address(&mut self) -> String {
        let newest = 4 + self.at / (TURNOVER / 3);
        format!("e{}", newest - self.chance.below(5))
    }

    /// Who asks: one of the room's regulars, more often than not, so that not all is refused to strangers.
    fn actor(&mut self, operation: &Operation) -> String {
        let comes_from_outside = matches!(operation, Operation::Join { .. } | Operation::Decline { .. });
        if let Operation::OpenDirect { .. } | Operation::Redeem { .. } = operation {
            let some = if matches!(operation, Operation::Redeem { .. }) { PEOPLE.len() } else { PAIRED };
            return (*self.chance.one_of(&PEOPLE[..some])).to_owned();
        }
        match operation.room().and_then(|room| room.strip_prefix('r')?.parse::<usize>().ok()) {
            Some(room) if !comes_from_outside && self.chance.percent(70) => {
                PEOPLE[(room + self.chance.below(REGULARS)) % PEOPLE.len()].to_owned()
            }
            _ => self.person(),
        }
    }

    fn person(&mut self) -> String {
        (*self.chance.one_of(&PEOPLE)).to_owned()
    }

    fn people(&mut self, most: usize) -> Vec<String> {
        let count = 1 + self.chance.below(most);
        self.chance.some_of(&PEOPLE, count).into_iter().map(str::to_owned).collect()
    }

    fn dialect(&mut self) -> Dialect {
        if self.chance.percent(50) { Dialect::Imkit } else { Dialect::Talk }
    }
}
