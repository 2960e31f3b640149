//! Faults at random, and answers from before, met by a function that asks the table what it is told to: `probe/main.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]
#![allow(clippy::disallowed_methods, reason = "the test waits by the clock")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use local::{Fault, Rates, Stack, Storm};
use serde_json::{Value as Json, json};

const TEMPLATE: &str = "
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }, { AttributeName: KIND, AttributeType: S }]
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      GlobalSecondaryIndexes:
        - IndexName: GSI1
          KeySchema: [{ AttributeName: KIND, KeyType: HASH }]
          Projection: { ProjectionType: ALL }
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  Probe:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      Policies: [{ Statement: [{ Effect: Allow, Action: 'dynamodb:*', Resource: '*' }] }]
  Fed:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 4
            MaximumBatchingWindowInSeconds: 60
";

/// Longer than an answer from before is behind, with what the stack adds.
const PAST: Duration = Duration::from_secs(2);

/// A stack with the probe.
struct Sea(Stack);

impl Sea {
    async fn calm() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("template.yaml");
        std::fs::write(&template, TEMPLATE).unwrap();
        let bin_dir = Path::new(env!("CARGO_BIN_EXE_probe")).parent().unwrap();
        Self(Stack::builder().template(template).bin_dir(bin_dir).start().await.unwrap())
    }

    async fn stormy(seed: u64, rates: Rates) -> Self {
        let sea = Self::calm().await;
        sea.0.faults().storm(Storm { seed, rates });
        sea
    }

    /// What a function is answered when it asks this of the table: `{status, body}` or `{cut}`; or how it ended.
    async fn asks(&self, action: &str, mut body: Json) -> Result<Json, String> {
        if body.get("RequestItems").is_none() {
            body["TableName"] = self.0.table().into();
        }
        let headers = json!({ "x-amz-target": format!("DynamoDB_20120810.{action}") });
        let call = json!({ "service": "DYNAMODB", "method": "POST", "path": "/", "headers": headers, "body": body });
        self.0.invoke("Probe", json!({ "call": call })).await.map_err(|error| error.error_type)
    }

    async fn puts(&self, pk: &str) -> String {
        let item = json!({ "PK": { "S": pk }, "KIND": { "S": "thing" } });
        said(self.asks("PutItem", json!({ "Item": item })).await)
    }

    async fn removes(&self, pk: &str) -> String {
        said(self.asks("DeleteItem", key(pk)).await)
    }

    async fn gets(&self, pk: &str, consistent: bool) -> bool {
        let mut request = key(pk);
        request["ConsistentRead"] = consistent.into();
        self.asks("GetItem", request).await.unwrap()["body"].get("Item").is_some()
    }

    /// How many things a read of the index finds.
    async fn finds(&self) -> u64 {
        let request = json!({
            "IndexName": "GSI1", "KeyConditionExpression": "KIND = :kind",
            "ExpressionAttributeValues": { ":kind": { "S": "thing" } },
        });
        self.asks("Query", request).await.unwrap()["body"]["Count"].as_u64().unwrap()
    }

    /// Whether it is there, when the storm is over.
    async fn has(&self, pk: &str) -> bool {
        self.0.faults().clear();
        self.gets(pk, true).await
    }

    fn met(&self) -> Vec<(&'static str, u64)> {
        self.0.faults().met().into_iter().collect()
    }
}

fn key(pk: &str) -> Json {
    json!({ "Key": { "PK": { "S": pk } } })
}

/// In a word, what came of a request.
fn said(answer: Result<Json, String>) -> String {
    match answer {
        Ok(answer) if answer.get("cut").is_some() => "cut".to_owned(),
        Ok(answer) if answer["status"] == 200 => "done".to_owned(),
        Ok(answer) => {
            let kind = answer["body"]["__type"].as_str().unwrap();
            format!("{} {}", answer["status"], kind.rsplit('#').next().unwrap())
        }
        Err(ended) => ended,
    }
}

#[tokio::test]
async fn each_kind_that_a_write_meets_says_what_it_says_and_does_what_it_does() {
    let none = Rates::default();
    let kinds = [
        (Rates { throttle: 1.0, ..none }, "400 ProvisionedThroughputExceededException", false, "Throttle"),
        (Rates { transaction_conflict: 1.0, ..none }, "400 TransactionConflictException", false, "TransactionConflict"),
        (Rates { lose_response: 1.0, ..none }, "cut", true, "LoseResponse"),
        (Rates { cut_before_sending: 1.0, ..none }, "cut", false, "CutBeforeSending"),
        (Rates { kill: 1.0, ..none }, "Runtime.ExitError", true, "Kill"),
        (Rates { kill_before_sending: 1.0, ..none }, "Runtime.ExitError", false, "KillBeforeSending"),
    ];
    let sea = Sea::calm().await;
    for (at, (rates, says, done, kind)) in kinds.into_iter().enumerate() {
        sea.0.faults().storm(Storm { seed: 1, rates });
        let pk = at.to_string();
        assert_eq!(sea.puts(&pk).await, says, "{kind}");
        assert_eq!(sea.has(&pk).await, done, "{kind}");
        assert_eq!(sea.0.faults().met()[kind], 1, "{kind}");
        assert_eq!(sea.puts(&pk).await, "done", "after {kind}");
    }
}

#[tokio::test]
async fn an_internal_error_leaves_open_whether_it_is_done() {
    let sea = Sea::stormy(1, Rates { internal_error: 1.0, ..Rates::default() }).await;
    for number in 0..8 {
        assert_eq!(sea.puts(&number.to_string()).await, "500 InternalServerError");
    }
    let mut done = 0;
    for number in 0..8 {
        done += u64::from(sea.has(&number.to_string()).await);
    }
    assert!(0 < done && done < 8, "{done}");
    assert_eq!(sea.met(), [("InternalError", 8 - done), ("InternalErrorOnceDone", done)]);
}

#[tokio::test]
async fn a_delayed_answer_comes_past_the_patience_of_a_function() {
    let sea = Sea::stormy(1, Rates { delay: 1.0, ..Rates::default() }).await;
    let start = Instant::now();
    assert_eq!(sea.puts("a").await, "done");
    assert!(start.elapsed() > Duration::from_secs(2));
    assert!(sea.has("a").await);
}

#[tokio::test]
async fn what_is_delayed_is_done_at_once_or_after_the_delay() {
    for (fault, at_once) in
        [(Fault::Delay(Duration::from_secs(1)), false), (Fault::DelayAnswer(Duration::from_secs(1)), true)]
    {
        let sea = Sea::calm().await;
        sea.0.faults().next("PutItem", fault);
        let check = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            sea.gets("a", true).await
        };
        let (put, there) = tokio::join!(sea.puts("a"), check);
        assert_eq!((put.as_str(), there), ("done", at_once), "{fault:?}");
        assert!(sea.gets("a", true).await);
    }
}

#[tokio::test]
async fn a_batch_comes_back_in_part() {
    let sea = Sea::calm().await;
    sea.puts("a").await;
    sea.puts("b").await;
    sea.0.faults().storm(Storm { seed: 1, rates: Rates { unprocessed: 1.0, ..Rates::default() } });
    let keys: Vec<_> = ["a", "b"].iter().map(|pk| key(pk)["Key"].clone()).collect();
    let table = sea.0.table();
    let answer = sea.asks("BatchGetItem", json!({ "RequestItems": { table: { "Keys": keys } } })).await.unwrap();
    let found = answer["body"]["Responses"][table].as_array().unwrap().len();
    let left = answer["body"]["UnprocessedKeys"][table]["Keys"].as_array().unwrap().len();
    assert_eq!((found, left), (1, 1));
    assert!(sea.gets("a", false).await, "one key is no batch");
    assert_eq!(sea.met(), [("Unprocessed", 1)]);
}

#[tokio::test]
async fn a_torn_batch_is_of_several_moments() {
    let sea = Sea::calm().await;
    sea.0.faults().storm(Storm { seed: 1, rates: Rates { torn: 1.0, ..Rates::default() } });
    let keys: Vec<_> = (0..40).map(|number| key(&format!("{number:02}"))["Key"].clone()).collect();
    let table = sea.0.table();
    let batch =
        sea.asks("BatchGetItem", json!({ "RequestItems": { table: { "Keys": keys, "ConsistentRead": true } } }));
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        sea.puts("39").await; // has been read, and was not there
        sea.puts("00").await;
    };
    let (answer, ()) = tokio::join!(batch, meanwhile);
    let found = &answer.unwrap()["body"]["Responses"][table];
    assert_eq!((found.as_array().unwrap().len(), &found[0]["PK"]["S"]), (1, &json!("00")));
}

#[tokio::test]
async fn a_stale_read_answers_from_before_and_a_consistent_one_never() {
    let sea = Sea::calm().await;
    sea.puts("old").await;
    sea.0.faults().storm(Storm { seed: 1, rates: Rates { stale: 1.0, ..Rates::default() } });
    sea.puts("new").await;
    sea.removes("old").await;
    assert_eq!((sea.gets("new", false).await, sea.gets("old", false).await), (false, true), "before");
    assert_eq!((sea.gets("new", true).await, sea.gets("old", true).await), (true, false), "now");
    assert_eq!(sea.met(), [("Stale", 2)]);
    tokio::time::sleep(PAST).await;
    assert_eq!((sea.gets("new", false).await, sea.gets("old", false).await), (true, false), "the past goes on");
    assert_eq!(sea.met(), [("Stale", 2)], "what is the same now is no fault");
}

#[tokio::test]
async fn an_index_and_a_batch_answer_from_before_too() {
    let sea = Sea::stormy(1, Rates { stale: 1.0, ..Rates::default() }).await;
    sea.puts("a").await;
    sea.puts("b").await;
    assert_eq!(sea.finds().await, 0);
    let table = sea.0.table();
    for (consistent, count) in [(false, 0), (true, 1)] {
        let keys = json!({ "Keys": [key("a")["Key"]], "ConsistentRead": consistent });
        let answer = sea.asks("BatchGetItem", json!({ "RequestItems": { table: keys } })).await.unwrap();
        assert_eq!(answer["body"]["Responses"][table].as_array().unwrap().len(), count, "{consistent}");
    }
    tokio::time::sleep(PAST).await;
    assert_eq!(sea.finds().await, 2);
    sea.0.faults().clear();
    sea.puts("c").await;
    assert_eq!(sea.finds().await, 3, "the storm is over");
}

#[tokio::test]
async fn a_single_read_can_be_stale() {
    let sea = Sea::calm().await;
    sea.0.faults().next("Query", Fault::Stale);
    sea.puts("a").await;
    assert_eq!((sea.finds().await, sea.finds().await), (0, 1));
}

#[tokio::test]
async fn batches_of_the_stream_come_twice_and_in_another_order() {
    let none = Rates::default();
    for (rates, expected, kind) in
        [(Rates { repeat: 1.0, ..none }, "abab", "BatchRepeat"), (Rates { shuffle: 1.0, ..none }, "ba", "BatchShuffle")]
    {
        let sea = Sea::stormy(1, rates).await;
        sea.puts("a").await;
        sea.puts("b").await;
        sea.0.settled().await.unwrap();
        let events =
            sea.0.logs().into_iter().filter_map(|line| serde_json::from_str(line.strip_prefix("probe | ")?).ok());
        let records = events.flat_map(|event: Json| event["Records"].as_array().cloned().unwrap_or_default());
        let keys: String =
            records.map(|record| record["dynamodb"]["Keys"]["PK"]["S"].as_str().unwrap().to_owned()).collect();
        assert_eq!(keys, expected, "{kind}");
        assert_eq!(sea.met(), [(kind, 1)]);
    }
}

/// What becomes of sixty writes, one after the other, and what they met.
async fn voyage(seed: u64) -> (Vec<String>, BTreeMap<&'static str, u64>) {
    let sea = Sea::stormy(seed, Rates { delay: 0.0, ..Rates::each(0.08) }).await;
    let mut log = Vec::new();
    for number in 0..60 {
        log.push(sea.puts(&number.to_string()).await);
    }
    let met = sea.0.faults().met();
    (log, met.into_iter().filter(|(kind, _)| !kind.starts_with("Batch")).collect())
}

#[tokio::test]
async fn a_seed_makes_the_same_storm_again_and_another_seed_another_one() {
    let (log, met) = voyage(11).await;
    assert_eq!(met.values().sum::<u64>(), log.iter().filter(|said| *said != "done").count() as u64);
    assert!(met.len() > 4, "{met:?}");
    assert_eq!(voyage(11).await, (log.clone(), met));
    assert_ne!(voyage(12).await.0, log);
}
