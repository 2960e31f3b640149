//! What the table was a moment ago, for reads that may be answered from before: a copy that follows the table's stream a
//! second behind.
//!
//! It shows that a reader misses what was written within that second, in the table and in its indexes, and sees what
//! was removed. It does not show a replica that is further behind, nor, once the copy is made, one that has a later change
//! and lacks an earlier one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::engine::{Data, Engine};
use crate::error::Error;
use crate::http::Answer;
use crate::source::Start;
use crate::stream::{Reader, Record};
use crate::template::Table;

/// How far the copy is behind.
const BEHIND: Duration = Duration::from_secs(1);
/// How often it moves on.
const STEP: Duration = Duration::from_millis(100);
/// What a batch of writes takes.
const BATCH: usize = 25;

/// The table as it was.
#[derive(Debug)]
pub(crate) struct Past {
    copy: Arc<Engine>,
}

/// What keeps the copy going.
struct Follower {
    table: String,
    copy: Arc<Engine>,
    reader: Reader,
    /// What is too young yet, and when it was seen.
    waiting: VecDeque<(Instant, Record)>,
}

impl Past {
    /// Copies the table as it is now, and begins to follow it.
    ///
    /// # Errors
    /// The table has no stream with the new image of an item, or an engine does not answer.
    pub(crate) async fn begin(engine: &Arc<Engine>, table: &Table) -> Result<Self, Error> {
        // A stream of the table itself: the copy needs none.
        let view = table.create["StreamSpecification"]["StreamViewType"].as_str().unwrap_or_default();
        if !view.starts_with("NEW_") {
            return Err(Error::Engine(format!("`{}` has no stream with new images", table.name)));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::system("a port for the past"))?;
        let copy = Arc::new(Engine::embedded(&Data::Memory, listener)?);
        let mut unstreamed = table.clone();
        if let Some(create) = unstreamed.create.as_object_mut() {
            create.remove("StreamSpecification");
        }
        copy.create(&unstreamed).await?;
        // The place in the stream first: what is written while the table is copied comes by the stream as well.
        let reader = Reader::open(Arc::clone(engine), &table.name, "", Start::Latest).await?;
        copy_all(engine, &copy, &table.name).await?;
        let follower =
            Follower { table: table.name.clone(), copy: Arc::clone(&copy), reader, waiting: VecDeque::new() };
        tokio::spawn(follower.run());
        Ok(Self { copy })
    }

    /// What the read would have been answered a moment ago.
    pub(crate) async fn answer(&self, headers: &HeaderMap, body: Bytes) -> Answer {
        self.copy.forward(headers, body).await
    }
}

impl Follower {
    async fn run(mut self) {
        loop {
            sleep(STEP).await;
            // What cannot be read or written now is tried again: the copy is further behind meanwhile.
            if let Ok(records) = self.reader.read().await {
                let now = Instant::now();
                self.waiting.extend(records.into_iter().map(|record| (now, record)));
            }
            let old = self.waiting.iter().take_while(|(seen, _)| seen.elapsed() >= BEHIND).count();
            let writes = writes(self.waiting.iter().take(old).map(|(_, record)| record));
            if write(&self.copy, &self.table, &writes).await.is_ok() {
                self.waiting.drain(..old);
            }
        }
    }
}

/// What these changes come to: the last one of each item.
fn writes<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Json> {
    let mut last = BTreeMap::new();
    for record in records {
        let change = &record.0["dynamodb"];
        let write = match change.get("NewImage") {
            Some(item) => json!({ "PutRequest": { "Item": item } }),
            None => json!({ "DeleteRequest": { "Key": change["Keys"] } }),
        };
        last.insert(record.key(None), write);
    }
    last.into_values().collect()
}

async fn copy_all(engine: &Engine, copy: &Engine, table: &str) -> Result<(), Error> {
    let mut request = json!({ "TableName": table, "ConsistentRead": true });
    loop {
        let page = engine.ask("Scan", &request).await?;
        let items = page["Items"].as_array().into_iter().flatten();
        let puts: Vec<_> = items.map(|item| json!({ "PutRequest": { "Item": item } })).collect();
        write(copy, table, &puts).await?;
        match page.get("LastEvaluatedKey") {
            Some(last) => request["ExclusiveStartKey"] = last.clone(),
            None => return Ok(()),
        }
    }
}

async fn write(copy: &Engine, table: &str, writes: &[Json]) -> Result<(), Error> {
    for writes in writes.chunks(BATCH) {
        copy.ask("BatchWriteItem", &json!({ "RequestItems": { table: writes } })).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_changes_of_an_item_the_last_one_counts() {
        let keys = |name: &str| json!({ "PK": { "S": name } });
        let put = |name: &str| Record(json!({ "dynamodb": { "Keys": keys(name), "NewImage": keys(name) } }));
        let removed = |name: &str| Record(json!({ "dynamodb": { "Keys": keys(name) } }));
        let records = [put("a"), removed("b"), removed("a"), put("b")];
        let expected =
            [json!({ "DeleteRequest": { "Key": keys("a") } }), json!({ "PutRequest": { "Item": keys("b") } })];
        assert_eq!(writes(records.iter()), expected);
    }
}
