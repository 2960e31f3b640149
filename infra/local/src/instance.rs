//! One running copy of a function: a process, and the mailbox through which the Runtime API feeds it, one event at a time.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use hyper::body::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot, watch};

use crate::error::FunctionError;
use crate::intrinsic::REGION;
use crate::logs::Logs;
use crate::rounds::Gate;
use crate::template::Function;

/// What a function gave back for an event.
pub(crate) type Outcome = Result<Bytes, FunctionError>;

/// One copy of a function.
#[derive(Debug)]
pub(crate) struct Instance {
    /// Its name, which is also its access key: by it the proxy knows who asks.
    pub(crate) id: String,
    pub(crate) function: Arc<Function>,
    pub(crate) gate: Arc<Gate>,
    mailbox: Mutex<Mailbox>,
    arrived: Notify,
    killed: Notify,
    gone: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Mailbox {
    closed: bool,
    waiting: Option<Job>,
    running: Option<(String, oneshot::Sender<Outcome>)>,
}

/// An event on its way into an instance.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    taken: oneshot::Sender<()>,
    outcome: oneshot::Sender<Outcome>,
}

/// What the sender of a job waits for. Either ends in an error when the instance dies.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) taken: oneshot::Receiver<()>,
    pub(crate) outcome: oneshot::Receiver<Outcome>,
}

/// What the Runtime API hands to the function.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) deadline: SystemTime,
}

impl Job {
    pub(crate) fn new(request_id: &str, payload: Bytes) -> (Self, Receipt) {
        let (taken, taken_receipt) = oneshot::channel();
        let (outcome, outcome_receipt) = oneshot::channel();
        let job = Self { request_id: request_id.to_owned(), payload, taken, outcome };
        (job, Receipt { taken: taken_receipt, outcome: outcome_receipt })
    }
}

impl Instance {
    pub(crate) fn new(id: String, function: Arc<Function>) -> Self {
        let (gate, mailbox) = (Arc::default(), Mutex::default());
        let (arrived, killed, gone) = (Notify::new(), Notify::new(), watch::Sender::default());
        Self { id, function, gate, mailbox, arrived, killed, gone }
    }

    /// Puts a job into the mailbox; false when the process is gone.
    pub(crate) fn put(&self, job: Job) -> bool {
        let mut mailbox = self.lock();
        if mailbox.closed {
            return false;
        }
        mailbox.waiting = Some(job);
        self.arrived.notify_one();
        true
    }

    /// The next event, when there is one; `None` when the instance has ended.
    pub(crate) async fn next(&self) -> Option<Event> {
        loop {
            {
                let mut mailbox = self.lock();
                if mailbox.closed {
                    return None;
                }
                if let Some(job) = mailbox.waiting.take() {
                    self.gate.restart();
                    let _ = job.taken.send(());
                    mailbox.running = Some((job.request_id.clone(), job.outcome));
                    let deadline = SystemTime::now() + self.function.timeout;
                    return Some(Event { request_id: job.request_id, payload: job.payload, deadline });
                }
            }
            self.arrived.notified().await;
        }
    }

    /// The function is done with the event; false when it is not the one it works on.
    pub(crate) fn done(&self, request_id: &str, outcome: Outcome) -> bool {
        let running = self.lock().running.take_if(|(running, _)| running == request_id);
        running.is_some_and(|(_, sender)| sender.send(outcome).is_ok())
    }

    /// The invocation that the instance works on.
    pub(crate) fn invocation(&self) -> Option<String> {
        self.lock().running.as_ref().map(|(request_id, _)| request_id.clone())
    }

    /// Ends the process.
    pub(crate) fn kill(&self) {
        self.killed.notify_one();
    }

    /// Ends the process and waits until it is gone, so that it learns of nothing that happens after this.
    pub(crate) async fn end(&self) {
        self.kill();
        // The sender is this instance's own: it cannot be closed while this waits.
        let _ = self.gone.subscribe().wait_for(|gone| *gone).await;
    }

    /// Starts the process. What it prints goes to `logs`.
    pub(crate) fn spawn(
        &self,
        binary: &Path,
        runtime_url: &str,
        endpoints: &[(&'static str, String)],
        logs: &Arc<Logs>,
    ) -> std::io::Result<Child> {
        let function = &self.function;
        let mut child = Command::new(binary)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(self.lambda_environment())
            .env("AWS_LAMBDA_RUNTIME_API", format!("{runtime_url}/{}", self.id))
            .envs(&function.environment)
            // Last, because the template may name the real ones.
            .envs(endpoints.iter().map(|(name, url)| (name, url)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        pass_on(child.stdout.take(), function, logs);
        pass_on(child.stderr.take(), function, logs);
        Ok(child)
    }

    /// Waits until the process ends, or ends it when it is to be killed; then whoever waits for it is told.
    pub(crate) async fn watch(&self, mut child: Child, logs: &Logs) {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                logs.line(&self.function.binary, &format!("ended by itself ({status})"));
            }
            () = self.killed.notified() => drop(child.kill().await),
        }
        *self.lock() = Mailbox { closed: true, ..Mailbox::default() };
        self.arrived.notify_waiters();
        self.gone.send_replace(true);
    }

    fn lambda_environment(&self) -> [(&'static str, String); 13] {
        let Function { id, memory_mb, .. } = self.function.as_ref();
        [
            ("AWS_ACCESS_KEY_ID", self.id.clone()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", id.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{id}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", self.id.clone()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("TZ", ":UTC".to_owned()),
        ]
    }

    fn lock(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pass_on(output: Option<impl AsyncRead + Unpin + Send + 'static>, function: &Function, logs: &Arc<Logs>) {
    let Some(output) = output else { return };
    let (binary, logs) = (function.binary.clone(), Arc::clone(logs));
    tokio::spawn(async move {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            logs.line(&binary, &line);
        }
    });
}
