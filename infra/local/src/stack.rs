//! A running stack, as tests and the command hold it; everything ends when it is dropped.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::background::Background;
use crate::builder::Builder;
use crate::error::{Error, FunctionError};
use crate::faults::Faults;
use crate::feed::Feeds;
use crate::journal::Invocation;
use crate::outbox::Outbox;
use crate::pool::Pool;
use crate::sockets::Sockets;

/// How long the functions have to come to an end with what is under way.
const SETTLED: Duration = Duration::from_secs(30);

/// A running stack. Dropping it ends every process and server of it.
#[derive(Debug)]
pub struct Stack {
    pub(crate) url: String,
    pub(crate) stage: String,
    pub(crate) table: String,
    pub(crate) engine_url: String,
    pub(crate) faults: Faults,
    pub(crate) pool: Arc<Pool>,
    pub(crate) feeds: Arc<Feeds>,
    pub(crate) background: Arc<Background>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) sockets: Option<Arc<Sockets>>,
    pub(crate) runtime: Handle,
    pub(crate) ending: Option<oneshot::Sender<()>>,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl Stack {
    /// A stack of this repository's template, with a fresh table in memory, on any free port.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address of the HTTP API, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of the WebSocket API.
    pub fn ws_url(&self) -> String {
        format!("{}/{}", self.url.replacen("http:", "ws:", 1), self.stage)
    }

    /// The address of the database itself, past the proxy: no policy, no count, no faults.
    pub fn engine_url(&self) -> &str {
        &self.engine_url
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Invokes a function with an event, by its logical id or the name of its binary, as the AWS command line does.
    ///
    /// # Errors
    /// What the function failed with, or what Lambda would say of it.
    pub async fn invoke(&self, function: &str, event: Json) -> Result<Json, FunctionError> {
        let (pool, function) = (Arc::clone(&self.pool), function.to_owned());
        let payload = event.to_string().into();
        let invocation = async move { pool.invoke(&function, &Uuid::new_v4().to_string(), payload).await };
        let ended = |_| FunctionError::new("ServiceException", "the stack has ended");
        let reply = self.runtime.spawn(invocation).await.map_err(ended)??;
        let not_json = |_| FunctionError::new("Runtime.MalformedResponse", "the reply is not JSON");
        serde_json::from_slice(&reply).map_err(not_json)
    }

    /// Waits until everything that has been written so far is handled by the functions that the table's stream wakes, until
    /// every asynchronous invocation has succeeded or is given up, and until what they wrote in doing so is handled too. A
    /// batching window ends at once; schedules are not waited for.
    ///
    /// # Errors
    /// After 30 seconds: which function is not done, and on what it works or has failed.
    pub async fn settled(&self) -> Result<(), Error> {
        self.settled_within(SETTLED).await
    }

    /// The same, after another time than 30 seconds.
    ///
    /// # Errors
    /// As [`settled`](Self::settled).
    pub async fn settled_within(&self, time: Duration) -> Result<(), Error> {
        let (feeds, background) = (Arc::clone(&self.feeds), Arc::clone(&self.background));
        let ended = |_| Error::Engine("the stack has ended".to_owned());
        self.runtime.spawn(async move { background.settled(&feeds, time).await }).await.map_err(ended)?
    }

    /// What an invocation asked of the table, by Lambda's request id.
    pub fn invocation(&self, request_id: &str) -> Option<Invocation> {
        self.pool.journal.find(request_id)
    }

    /// All invocations, in the order in which they began.
    pub fn invocations(&self) -> Vec<Invocation> {
        self.pool.journal.all()
    }

    /// The faults that requests to the table are to meet.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The mails that functions have sent, oldest first, each as SES's SendEmail was asked.
    pub fn mails(&self) -> Vec<Json> {
        self.outbox.mails()
    }

    /// The events that functions have put, oldest first, each as an entry of EventBridge's PutEvents.
    pub fn events(&self) -> Vec<Json> {
        self.outbox.events()
    }

    /// How many WebSocket connections are open.
    pub fn sockets(&self) -> usize {
        self.sockets.as_ref().map_or(0, |sockets| sockets.count())
    }

    /// Cuts every WebSocket connection, as a network does: without a word to the client.
    pub fn drop_sockets(&self) {
        if let Some(sockets) = &self.sockets {
            sockets.cut();
        }
    }

    /// What the functions have printed, line by line, each after its function's name. Empty when the lines are printed on.
    pub fn logs(&self) -> Vec<String> {
        self.pool.logs.kept()
    }

    /// Ends the stack and waits until it is gone.
    pub async fn stop(mut self) {
        drop(self.ending.take());
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(self.ending.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
