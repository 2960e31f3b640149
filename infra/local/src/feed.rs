//! What wakes the functions that no request wakes: the stream, batch by batch, and the schedules.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::faults::{BatchFault, Faults};
use crate::pool::{PAYLOAD, Pool};
use crate::source::{Mapping, Source};
use crate::stream::{Reader, Record};
use crate::template::Template;
use crate::tries::{Then, Tries, failed_from};

/// How often the stream is looked at when nothing says that there is news: for what is written past the proxy.
const IDLE: Duration = Duration::from_secs(1);
/// What is written within so long is read at once.
const GATHER: Duration = Duration::from_millis(50);

/// All feeds of one stack.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    streams: Vec<Arc<Feed>>,
    tasks: Vec<AbortHandle>,
}

/// One function that is fed from the stream.
#[derive(Debug)]
struct Feed {
    function: String,
    binary: String,
    mapping: Mapping,
    partition_key: String,
    pool: Arc<Pool>,
    faults: Faults,
    news: Notify,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default, Clone)]
struct Progress {
    /// How often it was asked whether all is handled, and the last such question that is answered: it is.
    asked: u64,
    settled: u64,
    batches: u64,
    /// What it works on or last failed on.
    at: Option<String>,
}

impl Feeds {
    /// Takes each function's place in the stream, and begins.
    pub(crate) async fn start(
        template: &Template,
        engine: &Arc<Engine>,
        pool: &Arc<Pool>,
        faults: &Faults,
    ) -> Result<Self, Error> {
        let mut feeds = Self::default();
        for function in &template.functions {
            for source in &function.sources {
                match source.clone() {
                    Source::Schedule(schedule) => {
                        let task = tokio::spawn(schedule.keep(function.id.clone(), Arc::clone(pool)));
                        feeds.tasks.push(task.abort_handle());
                    }
                    Source::Stream(mapping) => {
                        let (engine, table) = (Arc::clone(engine), &template.table);
                        let reader = Reader::open(engine, &table.name, &mapping.stream, mapping.start).await?;
                        let feed = Arc::new(Feed {
                            function: function.id.clone(),
                            binary: function.binary.clone(),
                            mapping,
                            partition_key: table.partition_key(),
                            pool: Arc::clone(pool),
                            faults: faults.clone(),
                            news: Notify::new(),
                            progress: watch::Sender::default(),
                        });
                        feeds.tasks.push(tokio::spawn(Arc::clone(&feed).run(reader)).abort_handle());
                        feeds.streams.push(feed);
                    }
                }
            }
        }
        Ok(feeds)
    }

    /// Something was written: there may be news in the stream.
    pub(crate) fn wake(&self) {
        self.streams.iter().for_each(|feed| feed.news.notify_one());
    }

    /// Waits until nothing that was written is left to be handled, by those who handle it neither.
    pub(crate) async fn settled(&self, deadline: Instant, within: Duration) -> Result<(), Error> {
        loop {
            let questions: Vec<_> = self.streams.iter().map(|feed| (feed, feed.ask())).collect();
            for (feed, question) in &questions {
                let mut progress = feed.progress.subscribe();
                let settled = progress.wait_for(|progress| progress.settled >= question.asked);
                if timeout_at(deadline, settled).await.is_err() {
                    let stuck = feed.progress.borrow().at.clone();
                    let function = feed.function.clone();
                    return Err(Error::Unsettled { function, within, stuck: stuck.unwrap_or_default() });
                }
            }
            // What one function wrote while it was fed may be for another one that had settled by then.
            if questions.iter().all(|(feed, question)| feed.progress.borrow().batches == question.batches) {
                return Ok(());
            }
        }
    }

    pub(crate) fn stop(&self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Feed {
    fn ask(&self) -> Progress {
        self.progress.send_modify(|progress| progress.asked += 1);
        self.news.notify_one();
        self.progress.borrow().clone()
    }

    fn hurried(&self) -> bool {
        let progress = self.progress.borrow();
        progress.asked > progress.settled
    }

    async fn run(self: Arc<Self>, mut reader: Reader) {
        let mut queue = VecDeque::new();
        let mut since = Instant::now();
        loop {
            let asked = self.progress.borrow().asked;
            let records = match reader.read().await {
                Ok(records) => records,
                Err(error) => {
                    let text = format!("the stream cannot be read: {error}");
                    self.tell(&text);
                    self.progress.send_modify(|progress| progress.at = Some(text));
                    sleep(IDLE).await;
                    continue;
                }
            };
            let drained = records.is_empty();
            if queue.is_empty() {
                since = Instant::now();
            }
            queue.extend(records.into_iter().filter(|record| self.wants(record)));
            let full = queue.len() >= self.mapping.batch_size;
            let window_over = since.elapsed() >= self.mapping.window || self.hurried();
            if !queue.is_empty() && (full || window_over) {
                let batch = self.cut(&mut queue);
                self.deliver(batch).await;
                since = Instant::now();
            } else if drained {
                if queue.is_empty() {
                    self.progress.send_modify(|progress| (progress.settled, progress.at) = (asked, None));
                }
                let end = if queue.is_empty() { Instant::now() + IDLE } else { since + self.mapping.window };
                self.wait(end).await;
            }
        }
    }

    /// Waits for news, and a little longer so that several come together; but at most until `end`.
    async fn wait(&self, end: Instant) {
        tokio::select! {
            () = sleep_until(end) => {}
            () = self.news.notified() => if !self.hurried() { sleep(GATHER).await },
        }
    }

    fn wants(&self, record: &Record) -> bool {
        let filters = &self.mapping.filters;
        filters.is_empty() || filters.iter().any(|filter| filter.matches(&record.0))
    }

    /// The next batch: as many as the mapping says, and as Lambda carries.
    fn cut(&self, queue: &mut VecDeque<Record>) -> Vec<Record> {
        let (mut batch, mut size) = (Vec::new(), 1024);
        while batch.len() < self.mapping.batch_size
            && let Some(next) = queue.front()
        {
            size += next.0.to_string().len() + 1;
            if size > PAYLOAD && !batch.is_empty() {
                break;
            }
            batch.extend(queue.pop_front());
        }
        batch
    }

    async fn deliver(&self, mut records: Vec<Record>) {
        self.progress.send_modify(|progress| progress.batches += 1);
        match self.faults.take_batch() {
            None => {}
            Some(BatchFault::Lose) => return,
            Some(BatchFault::Repeat) => self.try_until_done(records.clone()).await,
            Some(BatchFault::Shuffle) => records = shuffled(records, &self.partition_key),
        }
        self.try_until_done(records).await;
    }

    async fn try_until_done(&self, records: Vec<Record>) {
        let mut tries = Tries::of(records, self.mapping.retries);
        while let Some(records) = tries.next() {
            let outcome = self.try_once(records).await;
            let failed_from = failed_from(&outcome, self.mapping.reports, records);
            if let Some(record) = failed_from.and_then(|at| records.get(at)) {
                let reason = outcome
                    .err()
                    .map_or_else(|| "which it reports as failed".to_owned(), |error| format!("failed: {error}"));
                self.progress.send_modify(|progress| progress.at = Some(format!("{}, {reason}", named(record))));
            }
            match tries.tell(failed_from, now()) {
                Then::GoOn => {}
                Then::Pause(pause) => sleep(pause).await,
                Then::Drop(records) => {
                    for record in &records {
                        self.tell(&format!("{} is given up", named(record)));
                    }
                }
            }
        }
    }

    async fn try_once(&self, records: &[Record]) -> crate::instance::Outcome {
        if let Some(first) = records.first() {
            self.begin(first);
        }
        let records: Vec<_> = records.iter().map(|record| &record.0).collect();
        let event = json!({ "Records": records }).to_string();
        self.pool.invoke(&self.function, &Uuid::new_v4().to_string(), event.into()).await
    }

    /// Notes what is worked on; if it failed before, how it did stays noted.
    fn begin(&self, record: &Record) {
        let record = named(record);
        self.progress.send_modify(|progress| {
            if !progress.at.as_ref().is_some_and(|at| at.starts_with(&record)) {
                progress.at = Some(record);
            }
        });
    }

    fn tell(&self, text: &str) {
        self.pool.logs.line(&self.binary, text);
    }
}

fn named(record: &Record) -> String {
    format!("stream record {}, {}", record.sequence(), record.key(None))
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The partitions' records in another order of the partitions; those of one partition stay in their order.
fn shuffled(mut records: Vec<Record>, partition_key: &str) -> Vec<Record> {
    let partition = |record: &Record| record.key(Some(partition_key));
    let mut order: Vec<String> = Vec::new();
    for record in &records {
        let partition = partition(record);
        if !order.contains(&partition) {
            order.push(partition);
        }
    }
    // A stable sort.
    records.sort_by_key(|record| std::cmp::Reverse(order.iter().position(|known| *known == partition(record))));
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_function_that_it_wakes_the_stream_is_never_read() {
        let text = "
Resources:
  Table: { Type: AWS::DynamoDB::Table }
  Other:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: other } }
    Properties: { Events: { Route: { Type: HttpApi } } }
";
        let template = Template::parse(text, &Default::default()).unwrap();
        let (runtime_url, endpoints) = (String::new(), Vec::new());
        let settings = crate::pool::Settings { bin_dir: "/".into(), runtime_url, endpoints, count_rounds: false };
        let logs = Arc::new(crate::logs::Logs::Printed);
        let pool = Arc::new(Pool::new(&template.functions, settings, logs, Arc::default()));
        let nowhere = Arc::new(Engine::at("http://127.0.0.1:1".to_owned()));
        let feeds = Feeds::start(&template, &nowhere, &pool, &Faults::default()).await.unwrap();
        assert!(feeds.tasks.is_empty());
        feeds.settled(Instant::now(), Duration::ZERO).await.unwrap();
    }

    #[test]
    fn shuffling_keeps_the_order_within_a_partition() {
        let record = |pk: &str, number: u32| {
            let keys = json!({ "PK": { "S": pk }, "SK": { "S": number.to_string() } });
            Record(json!({ "dynamodb": { "Keys": keys, "SequenceNumber": number.to_string() } }))
        };
        let records = vec![record("a", 1), record("b", 2), record("a", 3), record("c", 4), record("b", 5)];
        let shuffled = shuffled(records, "PK");
        let numbers: Vec<_> = shuffled.iter().map(Record::sequence).collect();
        assert_eq!(numbers, ["4", "2", "5", "1", "3"]);
    }
}
