//! What left the stack, or would have: the mails and the events that functions sent.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

/// A stack that runs for days forgets its oldest mails and events.
const KEPT: usize = 10_000;

/// The outbox of one stack.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Where each mail is put as a file, too.
    folder: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    mails: Vec<Json>,
    events: Vec<Json>,
}

impl Outbox {
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, kept: Mutex::default() }
    }

    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(crate) fn keep_mail(&self, mail: Json) {
        keep(&mut self.lock().mails, mail);
    }

    pub(crate) fn keep_event(&self, event: Json) {
        keep(&mut self.lock().events, event);
    }

    pub(crate) fn mails(&self) -> Vec<Json> {
        self.lock().mails.clone()
    }

    pub(crate) fn events(&self) -> Vec<Json> {
        self.lock().events.clone()
    }

    /// All of it, oldest first.
    pub(crate) fn list(&self) -> Json {
        let Kept { mails, events } = &*self.lock();
        json!({ "mails": mails, "events": events })
    }

    /// Forgets what is kept; the files stay.
    pub(crate) fn empty(&self) {
        *self.lock() = Kept::default();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(list: &mut Vec<Json>, one: Json) {
    if list.len() == KEPT {
        list.remove(0);
    }
    list.push(one);
}
