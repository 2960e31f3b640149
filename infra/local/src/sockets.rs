//! The open connections of the WebSocket API: who is there, and how to reach them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use hyper::header::UPGRADE;
use hyper::{Method, Request};
use jiff::Timestamp;
use serde_json::Value as Json;
use tokio::sync::mpsc;

use crate::background::Background;
use crate::pool::Pool;
use crate::socket_api::SocketApi;
use crate::socket_event::Connection;

/// What API Gateway takes as one message, in either direction.
pub(crate) const MESSAGE: usize = 128 * 1024;
/// Messages that wait for a client that does not read.
const WAITING: usize = 1_000;

/// The WebSocket API of one stack.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) api: SocketApi,
    pub(crate) pool: Arc<Pool>,
    pub(crate) background: Arc<Background>,
    /// Host and port, which stand for the API's own domain.
    pub(crate) domain: String,
    open: Mutex<BTreeMap<String, Open>>,
}

#[derive(Debug)]
struct Open {
    orders: mpsc::Sender<Order>,
    connection: Arc<Connection>,
    active: Timestamp,
}

/// What a connection is to do.
#[derive(Debug)]
pub(crate) enum Order {
    Send(String),
    Close,
    /// To end without a word, as when the line is cut.
    Cut,
}

/// Why a connection cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreached {
    /// It is closed, or never was.
    Gone,
    /// Its client does not read what is sent.
    Full,
}

impl Sockets {
    pub(crate) fn new(api: SocketApi, pool: Arc<Pool>, background: Arc<Background>, url: &str) -> Self {
        let domain = url.trim_start_matches("http://").to_owned();
        Self { api, pool, background, domain, open: Mutex::default() }
    }

    /// Whether a request asks for a connection.
    pub(crate) fn are_asked_by(&self, request: &Request<Bytes>) -> bool {
        let upgrade = request.headers().get(UPGRADE).and_then(|upgrade| upgrade.to_str().ok());
        let path = request.uri().path().trim_matches('/');
        request.method() == Method::GET
            && path == self.api.stage
            && upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
    }

    /// From now on the connection can be reached.
    pub(crate) fn enter(&self, connection: &Arc<Connection>) -> mpsc::Receiver<Order> {
        let (orders, receiver) = mpsc::channel(WAITING);
        let open = Open { orders, connection: Arc::clone(connection), active: Timestamp::now() };
        self.lock().insert(connection.id.clone(), open);
        receiver
    }

    pub(crate) fn leave(&self, id: &str) {
        self.lock().remove(id);
    }

    pub(crate) fn touch(&self, id: &str) {
        if let Some(open) = self.lock().get_mut(id) {
            open.active = Timestamp::now();
        }
    }

    pub(crate) fn order(&self, id: &str, order: Order) -> Result<(), Unreached> {
        let open = self.lock();
        let sent = open.get(id).ok_or(Unreached::Gone)?.orders.try_send(order);
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unreached::Full,
            mpsc::error::TrySendError::Closed(_) => Unreached::Gone,
        })
    }

    /// What the management API tells of a connection.
    pub(crate) fn tell(&self, id: &str) -> Result<Json, Unreached> {
        let open = self.lock();
        let Open { connection, active, .. } = open.get(id).ok_or(Unreached::Gone)?;
        let iso = |moment: Timestamp| moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        Ok(serde_json::json!({
            "connectedAt": iso(connection.connected),
            "identity": { "sourceIp": "127.0.0.1", "userAgent": connection.user_agent },
            "lastActiveAt": iso(*active),
        }))
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Cuts every line.
    pub(crate) fn cut(&self) {
        for open in std::mem::take(&mut *self.lock()).into_values() {
            // One whose queue is full ends by its closed queue.
            let _ = open.orders.try_send(Order::Cut);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
