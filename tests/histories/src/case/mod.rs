//! A run as the judges see it: what was asked and answered, what is stored, and how the one explains the other.

mod effect;
mod matching;
mod order;
mod want;

use std::collections::BTreeMap;

use shared::membership::model::{Flaw, Happening, Replica};

pub use effect::{Effect, What};
pub use matching::Matching;
pub use want::{Measure, Want, direct_id, would_want};

use crate::ending::{Ending, Room};
use crate::history::{Done, History};
use crate::script::{App, Operation};
use order::Order;

/// What the judges look at.
#[derive(Debug)]
pub struct Case<'a> {
    /// What was asked and answered.
    pub history: &'a History,
    /// What is stored.
    pub ending: &'a Ending,
    /// What the logs say.
    pub effects: Vec<Effect>,
    /// What the answers say.
    pub wants: Vec<Want>,
    /// How they go together.
    pub matching: Matching,
    /// The rooms, as the model follows their logs.
    pub rooms: BTreeMap<(App, String), Followed<'a>>,
}

/// A room whose log the model has followed.
#[derive(Debug)]
pub struct Followed<'a> {
    /// What is stored of it.
    pub stored: &'a Room,
    /// How it was after each entry; the first is before all of them.
    pub states: Vec<Replica>,
    /// What no sequence of calls can have written, by the number of the entry.
    pub flaws: Vec<(u64, Flaw)>,
    /// When each entry can have been written.
    pub order: Order,
    /// Whose invitations lost their time, and not before when; `@` is that of any address.
    pub lapses: Vec<(&'a str, u64)>,
}

/// The number of an entry, and between which moments it can have been written.
type Written = (u64, (u64, u64));

impl<'a> Case<'a> {
    /// Puts a history and an ending together.
    pub fn of(history: &'a History, ending: &'a Ending) -> Self {
        let effects = effect::effects(ending);
        let wants: Vec<Want> = history.done.iter().enumerate().flat_map(|(by, done)| want::wants(by, done)).collect();
        let matching = matching::matched(&wants, &effects);
        let mut orders: BTreeMap<(App, &str), Vec<Written>> = BTreeMap::new();
        for (effect, window) in effects.iter().zip(&matching.window) {
            orders.entry((effect.app, effect.room.as_str())).or_default().push((effect.seq, *window));
        }
        let follow = |(key, stored): (&(App, String), &'a Room)| {
            let windows = orders.get(&(key.0, key.1.as_str())).map(Vec::as_slice).unwrap_or_default();
            (key.clone(), Followed::of(history, key, stored, Order::of(stored.log.len(), windows)))
        };
        let rooms = ending.rooms.iter().map(follow).collect();
        Self { history, ending, effects, wants, matching, rooms }
    }

    /// A request.
    pub fn done(&self, by: usize) -> &Done {
        &self.history.done[by]
    }

    /// Effects that no answer explains.
    pub fn uncaused(&self) -> impl Iterator<Item = &Effect> {
        self.effects.iter().zip(&self.matching.cause).filter(|(_, cause)| cause.is_none()).map(|(effect, _)| effect)
    }

    /// What the room was, as far as a request can tell that began and ended then: every state that it can have met.
    pub fn met(&self, app: App, room: &str, done: &Done) -> &[Replica] {
        let Some(room) = self.rooms.get(&(app, room.to_owned())) else { return &[] };
        let last = done.tries.iter().map(|one| one.end).max().unwrap_or(u64::MAX);
        &room.states[room.order.surely_before(done.start())..=room.order.possibly_before(last)]
    }
}

impl<'a> Followed<'a> {
    fn of(history: &'a History, key: &(App, String), stored: &'a Room, order: Order) -> Self {
        let mut replica = Replica::of(stored.seats);
        let mut states = vec![replica.clone()];
        let mut flaws = Vec::new();
        let lapses: Vec<(&str, u64)> = history.done.iter().filter_map(|done| lapse(done, key)).collect();
        for (at, entry) in stored.log.iter().enumerate() {
            let whom = effect::concerned(entry);
            let turn = effect::what(entry).and_then(effect::turn);
            let happening = Happening { seq: entry.seq, turn, whom: &whom, member_count: entry.member_count };
            let by_then = order.latest(at);
            let lapsed = |whom: &str| {
                let own = |client: &str| client == whom || (client == "@" && whom.starts_with('@'));
                lapses.iter().any(|(client, start)| own(client) && *start <= by_then)
            };
            flaws.extend(replica.take(&happening, lapsed).into_iter().map(|flaw| (entry.seq, flaw)));
            if let (What::Entered, Some(id)) = (effect::what(entry).unwrap_or(What::Made), entry.invitations.first()) {
                replica.places.remove(&format!("@{id}")); // used up by who claims it
            }
            states.push(replica.clone());
        }
        Self { stored, states, flaws, order, lapses }
    }
}

/// Whose invitation to a room lost its time, and not before when; `@` is that of any address.
fn lapse<'a>(done: &'a Done, (app, room): &(App, String)) -> Option<(&'a str, u64)> {
    match &done.step.operation {
        Operation::Lapse { room: own, client } if done.step.app == *app && own == room => {
            Some((client.as_str(), done.start()))
        }
        Operation::LapseAddress { room: own, .. } if done.step.app == *app && own == room => Some(("@", done.start())),
        _ => None,
    }
}
