//! A place on this machine where webhooks can be sent to: keeps what arrives.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::Request;
use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::event::joined;

/// What is older is forgotten.
const KEPT: usize = 1_000;

/// What has arrived, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    received: Mutex<VecDeque<Received>>,
}

#[derive(Debug)]
struct Received {
    path: String,
    shown: Json,
}

impl Inbox {
    pub(crate) fn keep(&self, request: &Request<Bytes>) {
        let path = request.uri().path().to_owned();
        let shown = json!({
            "at": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "method": request.method().as_str(),
            "path": request.uri().path_and_query().map_or(path.as_str(), |whole| whole.as_str()),
            "headers": joined(request.headers()),
            "body": String::from_utf8_lossy(request.body()),
        });
        let mut received = self.lock();
        if received.len() == KEPT {
            received.pop_front();
        }
        received.push_back(Received { path, shown });
    }

    /// What arrived at a path and below it.
    pub(crate) fn list(&self, path: &str) -> Json {
        let received = self.lock();
        let shown: Vec<_> = received.iter().filter(|one| one.is_at(path)).map(|one| &one.shown).collect();
        json!({ "received": shown })
    }

    /// Forgets what arrived at a path and below it.
    pub(crate) fn empty(&self, path: &str) {
        self.lock().retain(|one| !one.is_at(path));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Received {
    fn is_at(&self, path: &str) -> bool {
        let below = self.path.strip_prefix(path.trim_end_matches('/'));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(inbox: &Inbox, path: &str, body: &'static str) {
        inbox.keep(&Request::post(path).header("webhook-id", "1").body(Bytes::from_static(body.as_bytes())).unwrap());
    }

    fn bodies(inbox: &Inbox, path: &str) -> Vec<String> {
        let list = inbox.list(path);
        list["received"].as_array().unwrap().iter().map(|one| one["body"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_arrives_at_a_name_is_listed_there_and_above() {
        let inbox = Inbox::default();
        for (path, body) in [("/local/inbox", "1"), ("/local/inbox/a?x=1", "2"), ("/local/inbox/ab", "3")] {
            post(&inbox, path, body);
        }
        assert_eq!(bodies(&inbox, "/local/inbox"), ["1", "2", "3"]);
        assert_eq!(bodies(&inbox, "/local/inbox/a"), ["2"]);
        assert_eq!(inbox.list("/local/inbox/a")["received"][0]["path"], "/local/inbox/a?x=1");
        inbox.empty("/local/inbox/a");
        assert_eq!(bodies(&inbox, "/local/inbox/"), ["1", "3"]);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let inbox = Inbox::default();
        post(&inbox, "/local/inbox/first", "");
        for _ in 0..KEPT {
            post(&inbox, "/local/inbox", "");
        }
        assert_eq!((bodies(&inbox, "/local/inbox").len(), bodies(&inbox, "/local/inbox/first").len()), (KEPT, 0));
    }
}
