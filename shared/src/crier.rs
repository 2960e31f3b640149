//! Crying out: what happened goes to the open sockets that watch, to each in the order of the log.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;

use crate::dialect::talk::Addresses;
use crate::dialect::{self, frames};
use crate::event::{About, Event, Scene, Style};
use crate::id::AppId;
use crate::outside::Aws;
use crate::socket::{ConnectionId, Ear, Watcher};
use crate::store::Store;

/// How many sockets are told at once.
const AT_ONCE: usize = 32;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Cried {
    /// Frames that have gone out.
    pub frames: usize,
    /// Sockets that were gone.
    pub gone: usize,
    /// Sockets that could not be told, and were closed for it.
    pub failed: usize,
}

impl std::ops::AddAssign for Cried {
    fn add_assign(&mut self, more: Self) {
        self.frames += more.frames;
        self.gone += more.gone;
        self.failed += more.failed;
    }
}

/// One run.
pub struct Crier<'a> {
    /// The table.
    pub store: &'a Store,
    /// The way to the sockets.
    pub aws: &'a Aws,
    /// The tenant.
    pub app: &'a AppId,
}

/// The events of an entry that a socket is told of; `before` is how many members the room had before it.
pub fn events(scene: &Scene, before: u32, style: Style, ear: &Ear, addresses: Addresses) -> Vec<Value> {
    let is_heard = |event: &Event| match (ear, &event.about) {
        (Ear::Room, _) | (Ear::Oneself(_), About::Entry) => true,
        (Ear::Oneself(client), About::Client(concerned)) => client == concerned,
        (Ear::Oneself(_), About::Invitation(_)) => false, // an address is nobody's yet
    };
    let events = style.events(&scene.entry, before).into_iter().filter(is_heard);
    let told = events.filter_map(|event| dialect::event(style, &event.name, &event.about, scene, addresses));
    let bounded = |event: Value| match event.to_string().len() > frames::LONGEST {
        true => frames::skipped(&scene.room.id, scene.entry.seq),
        false => event,
    };
    told.map(bounded).collect()
}

/// What each socket is to be told, in order. One that hears of an entry by both ears hears it once.
pub fn frames(
    scenes: &[(Scene, u32)],
    watchers: &[Watcher],
    addresses: Addresses,
) -> BTreeMap<ConnectionId, Vec<String>> {
    let mut frames: BTreeMap<ConnectionId, Vec<String>> = BTreeMap::new();
    for (scene, before) in scenes {
        let mut in_room: BTreeMap<&str, Vec<String>> = BTreeMap::new(); // by style: many sockets, three texts
        let mut told = BTreeSet::new();
        let render = |watcher: &Watcher| -> Vec<String> {
            let events = events(scene, *before, watcher.style, &watcher.ear, addresses);
            events.iter().map(Value::to_string).collect()
        };
        for watcher in watchers.iter().filter(|watcher| watcher.ear == Ear::Room) {
            let rendered = in_room.entry(watcher.style.as_str()).or_insert_with(|| render(watcher));
            frames.entry(watcher.connection.clone()).or_default().extend(rendered.iter().cloned());
            told.insert((&watcher.connection, watcher.style.as_str()));
        }
        for watcher in watchers.iter().filter(|watcher| watcher.is_named(scene)) {
            if told.insert((&watcher.connection, watcher.style.as_str())) {
                frames.entry(watcher.connection.clone()).or_default().extend(render(watcher));
            }
        }
    }
    frames.retain(|_, own| !own.is_empty());
    frames
}

impl Watcher {
    /// Whether it watches a client whom this befell.
    fn is_named(&self, scene: &Scene) -> bool {
        match &self.ear {
            Ear::Room => false,
            Ear::Oneself(client) => scene.entry.clients.contains(client),
        }
    }
}

/// What became of a socket.
enum End {
    Told,
    Gone,
    Failed,
}

impl Crier<'_> {
    /// Sends each socket its frames: a number of sockets side by side, so that one that hangs holds up no other.
    pub async fn cry(&self, frames: BTreeMap<ConnectionId, Vec<String>>) -> Cried {
        let (queue, cried) = (RefCell::new(frames.into_iter()), RefCell::new(Cried::default()));
        let carrier = || async {
            loop {
                let next = queue.borrow_mut().next();
                let Some((connection, frames)) = next else { break };
                let (sent, end) = self.tell(&connection, &frames).await;
                *cried.borrow_mut() += Cried {
                    frames: sent,
                    gone: usize::from(matches!(end, End::Gone)),
                    failed: usize::from(matches!(end, End::Failed)),
                };
            }
        };
        join_all((0..AT_ONCE).map(|_| Box::pin(carrier()))).await;
        cried.into_inner()
    }

    /// One frame after the other. A socket that misses one is closed: it comes back, and says what it has seen.
    async fn tell(&self, connection: &ConnectionId, frames: &[String]) -> (usize, End) {
        for (sent, frame) in frames.iter().enumerate() {
            match self.aws.push(connection.as_str(), frame).await {
                Ok(true) => {}
                Ok(false) => {
                    self.store.forget_socket(self.app, connection).await.ok(); // the next event finds it again
                    return (sent, End::Gone);
                }
                Err(_) => {
                    self.aws.close(connection.as_str()).await.ok();
                    return (sent, End::Failed);
                }
            }
        }
        (frames.len(), End::Told)
    }
}
