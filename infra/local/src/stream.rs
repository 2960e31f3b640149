//! The table's stream, read as Lambda reads it: shard by shard, a parent before its children.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::engine::Engine;
use crate::error::Error;
use crate::intrinsic::REGION;
use crate::source::Start;

/// One reader of a stream, with its own place in it.
#[derive(Debug)]
pub(crate) struct Reader {
    engine: Arc<Engine>,
    /// The engine's own name for the stream.
    stream: String,
    /// The name that the functions see.
    shown: String,
    shards: BTreeMap<String, Shard>,
}

#[derive(Debug)]
struct Shard {
    parent: String,
    /// The place in it; none when it is closed and read to its end.
    place: Option<String>,
}

/// A record of the stream, as a function gets it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record(pub(crate) Json);

impl Record {
    fn new(mut record: Json, stream: &str) -> Self {
        record["awsRegion"] = REGION.into();
        record["eventSourceARN"] = stream.into();
        Self(record)
    }

    /// Its number, which is larger than those of the same item before.
    pub(crate) fn sequence(&self) -> &str {
        self.0["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
    }

    /// The value of one attribute of its key, or all of the key, as text.
    pub(crate) fn key(&self, attribute: Option<&str>) -> String {
        let keys = &self.0["dynamodb"]["Keys"];
        attribute.map_or(keys, |attribute| &keys[attribute]).to_string()
    }

    /// When it was written, in seconds since 1970.
    pub(crate) fn written(&self) -> f64 {
        self.0["dynamodb"]["ApproximateCreationDateTime"].as_f64().unwrap_or_default()
    }
}

impl Reader {
    /// Takes its place in the stream of a table; functions see it under the name `shown`.
    pub(crate) async fn open(engine: Arc<Engine>, table: &str, shown: &str, start: Start) -> Result<Self, Error> {
        let described = engine.ask("DescribeTable", &json!({ "TableName": table })).await?;
        let stream = described["Table"]["LatestStreamArn"].as_str();
        let stream = stream.ok_or_else(|| Error::Engine(format!("`{table}` has no stream")))?.to_owned();
        let mut reader = Self { engine, stream, shown: shown.to_owned(), shards: BTreeMap::new() };
        reader.find_shards(start).await?;
        Ok(reader)
    }

    /// What has come since the last reading, in order; nothing: there is no more for now.
    pub(crate) async fn read(&mut self) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        let open = |shard: &Shard| shard.place.is_some();
        let readable = self.shards.iter().filter(|(_, shard)| !self.shards.get(&shard.parent).is_some_and(open));
        let readable: Vec<_> = readable.filter_map(|(id, shard)| Some((id.clone(), shard.place.clone()?))).collect();
        let mut ended = false;
        for (id, place) in readable {
            let answer = self.engine.ask("GetRecords", &json!({ "ShardIterator": place })).await?;
            let next = answer["NextShardIterator"].as_str().map(str::to_owned);
            ended |= next.is_none();
            if let Some(shard) = self.shards.get_mut(&id) {
                shard.place = next;
            }
            let read = answer["Records"].as_array().into_iter().flatten();
            records.extend(read.map(|record| Record::new(record.clone(), &self.shown)));
        }
        if ended {
            self.find_shards(Start::TrimHorizon).await?;
        }
        Ok(records)
    }

    /// Opens the shards that are not known yet.
    async fn find_shards(&mut self, start: Start) -> Result<(), Error> {
        let mut request = json!({ "StreamArn": self.stream });
        loop {
            let described = self.engine.ask("DescribeStream", &request).await?;
            let description = &described["StreamDescription"];
            for shard in description["Shards"].as_array().into_iter().flatten() {
                let id = shard["ShardId"].as_str().unwrap_or_default().to_owned();
                if !self.shards.contains_key(&id) {
                    let parent = shard["ParentShardId"].as_str().unwrap_or_default().to_owned();
                    let place = self.place(&id, start).await?;
                    self.shards.insert(id, Shard { parent, place });
                }
            }
            match description["LastEvaluatedShardId"].as_str() {
                Some(last) => request["ExclusiveStartShardId"] = last.into(),
                None => return Ok(()),
            }
        }
    }

    async fn place(&self, shard: &str, start: Start) -> Result<Option<String>, Error> {
        let kind = match start {
            Start::TrimHorizon => "TRIM_HORIZON",
            Start::Latest => "LATEST",
        };
        let request = json!({ "StreamArn": self.stream, "ShardId": shard, "ShardIteratorType": kind });
        let answer = self.engine.ask("GetShardIterator", &request).await?;
        Ok(answer["ShardIterator"].as_str().map(str::to_owned))
    }
}
