//! Asynchronous invocations: accepted at once, done in the background, and tried again as Lambda tries them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::Error;
use crate::feed::Feeds;
use crate::pool::Pool;

/// Lambda waits one minute before the first retry and two before the second; here it is seconds, or no test could wait.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// What is under way without anybody waiting for its answer.
#[derive(Debug)]
pub(crate) struct Background {
    pool: Arc<Pool>,
    works: Arc<watch::Sender<Works>>,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct Works {
    /// How many have ever begun.
    begun: u64,
    under_way: BTreeMap<u64, Work>,
}

#[derive(Debug, Clone)]
struct Work {
    function: String,
    /// What stands in its way.
    stuck: String,
}

/// One piece of work that is under way as long as this lives.
#[derive(Debug)]
struct UnderWay {
    number: u64,
    works: Arc<watch::Sender<Works>>,
}

impl UnderWay {
    fn stuck(&self, on: &str) {
        self.works.send_modify(|works| {
            if let Some(work) = works.under_way.get_mut(&self.number) {
                work.stuck = on.to_owned();
            }
        });
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.works.send_modify(|works| drop(works.under_way.remove(&self.number)));
    }
}

impl Background {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self { pool, works: Arc::default(), tasks: Mutex::default() }
    }

    /// Invokes a function, by logical id, as often as its `EventInvokeConfig` allows until it succeeds.
    pub(crate) fn invoke(&self, function: &str, request_id: String, payload: Bytes) {
        let (pool, name) = (Arc::clone(&self.pool), function.to_owned());
        let under_way = self.begin(function);
        self.spawn(async move {
            let retries = pool.retries(&name);
            for pause in PAUSES.into_iter().take(retries).map(Some).chain([None]) {
                let Err(error) = pool.invoke(&name, &request_id, payload.clone()).await else { break };
                match pause {
                    Some(pause) => {
                        under_way.stuck(&format!("{request_id} failed: {error}"));
                        sleep(pause).await;
                    }
                    None => pool.tell(&name, &format!("{request_id} is given up")),
                }
            }
            drop(under_way);
        });
    }

    /// Does some work for a function, which counts as under way until it is done.
    pub(crate) fn work(&self, function: &str, work: impl Future<Output = ()> + Send + 'static) {
        let under_way = self.begin(function);
        self.spawn(async move {
            work.await;
            drop(under_way);
        });
    }

    /// Waits until nothing is under way and nothing that was written is left to be handled, by those who do so neither.
    pub(crate) async fn settled(&self, feeds: &Feeds, within: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + within;
        loop {
            let begun = self.works.borrow().begun;
            self.idle(deadline, within).await?;
            feeds.settled(deadline, within).await?;
            // What the stream's functions invoked in the background may have written in its turn.
            if self.works.borrow().begun == begun {
                return Ok(());
            }
        }
    }

    pub(crate) fn stop(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    async fn idle(&self, deadline: Instant, within: Duration) -> Result<(), Error> {
        let mut works = self.works.subscribe();
        let idle = timeout_at(deadline, works.wait_for(|works| works.under_way.is_empty())).await.is_ok();
        match self.works.borrow().under_way.values().next() {
            Some(Work { function, stuck }) if !idle => {
                Err(Error::UnderWay { function: function.clone(), within, stuck: stuck.clone() })
            }
            _ => Ok(()),
        }
    }

    fn begin(&self, function: &str) -> UnderWay {
        let mut number = 0;
        self.works.send_modify(|works| {
            works.begun += 1;
            number = works.begun;
            let work = Work { function: function.to_owned(), stuck: "not answered".to_owned() };
            works.under_way.insert(number, work);
        });
        UnderWay { number, works: Arc::clone(&self.works) }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}
