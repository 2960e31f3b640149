//! Which instance takes an event: an idle one, a new one, or the first that is free again, as Lambda does it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::error::FunctionError;
use crate::instance::{Instance, Job, Outcome};
use crate::journal::Journal;
use crate::logs::Logs;
use crate::template::Function;

/// Copies of one function that run at most.
const INSTANCES: usize = 32;
/// What Lambda allows a function for its start.
const INIT: Duration = Duration::from_secs(10);
/// What Lambda carries each way.
pub(crate) const PAYLOAD: usize = 6 * 1024 * 1024;

/// All functions and their running copies.
#[derive(Debug)]
pub(crate) struct Pool {
    functions: BTreeMap<String, Slot>,
    live: Mutex<BTreeMap<String, Live>>,
    started: AtomicUsize,
    settings: Settings,
    pub(crate) logs: Arc<Logs>,
    pub(crate) journal: Arc<Journal>,
}

/// What every instance is started with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) bin_dir: PathBuf,
    pub(crate) runtime_url: String,
    /// The variables that lead the function's SDKs to the proxy.
    pub(crate) endpoints: Vec<(&'static str, String)>,
    pub(crate) count_rounds: bool,
}

/// A running copy, and the task that waits for its end.
#[derive(Debug)]
struct Live {
    instance: Arc<Instance>,
    watch: JoinHandle<()>,
}

#[derive(Debug)]
struct Slot {
    function: Arc<Function>,
    idle: Mutex<Vec<Arc<Instance>>>,
    room: Semaphore,
}

impl Pool {
    pub(crate) fn new(functions: &[Function], settings: Settings, logs: Arc<Logs>, journal: Arc<Journal>) -> Self {
        let slot = |function: &Function| Slot {
            function: Arc::new(function.clone()),
            idle: Mutex::default(),
            room: Semaphore::new(INSTANCES),
        };
        let functions = functions.iter().map(|function| (function.id.clone(), slot(function))).collect();
        Self { functions, live: Mutex::default(), started: AtomicUsize::new(0), settings, logs, journal }
    }

    /// Invokes a function, by logical id or by the name of its binary, and waits for what it gives back.
    pub(crate) async fn invoke(self: &Arc<Self>, name: &str, request_id: &str, payload: Bytes) -> Outcome {
        let slot = self.slot(name)?;
        if payload.len() > PAYLOAD {
            return Err(FunctionError::new("RequestTooLargeException", "the event is larger than 6 MB"));
        }
        self.journal.open(request_id, &slot.function.id, self.settings.count_rounds);
        let _room = slot.room.acquire().await;
        let outcome = self.run(slot, request_id, payload).await;
        if let Err(error) = &outcome {
            self.logs.line(&slot.function.binary, &format!("{request_id} failed: {error}"));
        }
        outcome
    }

    /// Whether there is a function of this logical id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.functions.contains_key(id)
    }

    /// How often an asynchronous invocation of a function, by logical id, is tried again.
    pub(crate) fn retries(&self, id: &str) -> usize {
        self.functions.get(id).map_or(0, |slot| slot.function.retries)
    }

    /// Says something of a function, by logical id.
    pub(crate) fn tell(&self, id: &str, text: &str) {
        self.logs.line(self.functions.get(id).map_or(id, |slot| &slot.function.binary), text);
    }

    /// The instance of this name, as the Runtime API and the proxy see it.
    pub(crate) fn instance(&self, id: &str) -> Option<Arc<Instance>> {
        lock(&self.live).get(id).map(|live| Arc::clone(&live.instance))
    }

    /// Ends every instance, and waits until each is gone.
    pub(crate) async fn stop(&self) {
        let live = std::mem::take(&mut *lock(&self.live));
        live.values().for_each(|live| live.instance.kill());
        for live in live.into_values() {
            let _ = live.watch.await;
        }
    }

    async fn run(self: &Arc<Self>, slot: &Slot, request_id: &str, payload: Bytes) -> Outcome {
        loop {
            let idle = lock(&slot.idle).pop();
            let reused = idle.is_some();
            let instance = idle.map_or_else(|| self.start(slot), Ok)?;
            let (job, receipt) = Job::new(request_id, payload.clone());
            if !instance.put(job) {
                continue;
            }
            match tokio::time::timeout(INIT, receipt.taken).await {
                Ok(Ok(())) => {}
                // It died before it took the event: nothing has happened yet, another may have it.
                Ok(Err(_)) if reused => continue,
                Ok(Err(_)) => {
                    return Err(FunctionError::new("Runtime.ExitError", "the function ended during its start"));
                }
                Err(_) => {
                    instance.kill();
                    return Err(FunctionError::new(
                        "Sandbox.Timedout",
                        "the function's start took more than 10 seconds",
                    ));
                }
            }
            let timeout = slot.function.timeout;
            return match tokio::time::timeout(timeout, receipt.outcome).await {
                Ok(Ok(Ok(reply))) if reply.len() > PAYLOAD => {
                    lock(&slot.idle).push(instance);
                    Err(FunctionError::new("Function.ResponseSizeTooLarge", "the reply is larger than 6 MB"))
                }
                Ok(Ok(outcome)) => {
                    lock(&slot.idle).push(instance);
                    outcome
                }
                Ok(Err(_)) => Err(FunctionError::new("Runtime.ExitError", "the function ended before it answered")),
                Err(_) => {
                    instance.kill();
                    let message = format!("Task timed out after {:.2} seconds", timeout.as_secs_f64());
                    Err(FunctionError::new("Sandbox.Timedout", message))
                }
            };
        }
    }

    fn start(self: &Arc<Self>, slot: &Slot) -> Result<Arc<Instance>, FunctionError> {
        let Settings { bin_dir, runtime_url, endpoints, .. } = &self.settings;
        let number = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        let instance = Arc::new(Instance::new(format!("LOCAL{number}"), Arc::clone(&slot.function)));
        let binary = bin_dir.join(format!("{}{}", slot.function.binary, std::env::consts::EXE_SUFFIX));
        let child = instance.spawn(&binary, runtime_url, endpoints, &self.logs).map_err(|error| {
            let message = format!("cannot start `{}`: {error}", binary.display());
            FunctionError::new("Runtime.InvalidEntrypoint", message)
        })?;
        let (pool, watched) = (Arc::clone(self), Arc::clone(&instance));
        let mut live = lock(&self.live);
        let watch = tokio::spawn(async move {
            watched.watch(child, &pool.logs).await;
            lock(&pool.live).remove(&watched.id);
        });
        live.insert(instance.id.clone(), Live { instance: Arc::clone(&instance), watch });
        Ok(instance)
    }

    fn slot(&self, name: &str) -> Result<&Slot, FunctionError> {
        let by_binary = || self.functions.values().find(|slot| slot.function.binary == name);
        self.functions.get(name).or_else(by_binary).ok_or_else(|| {
            let names: Vec<_> = self.functions.values().map(|slot| slot.function.binary.as_str()).collect();
            let message = format!("there is no function `{name}`; there are {}", names.join(", "));
            FunctionError::new("ResourceNotFoundException", message)
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
