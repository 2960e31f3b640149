//! The table's stream, as a function sees it that does nothing but print what it gets: `probe/main.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]
#![allow(clippy::disallowed_methods, reason = "the test waits by the clock")]

use std::path::Path;
use std::time::{Duration, Instant};

use local::{BatchFault, Data, Error, Stack};
use serde_json::{Value as Json, json};

const TEMPLATE: &str = "
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }, { AttributeName: SK, AttributeType: S }]
      KeySchema: [{ AttributeName: PK, KeyType: HASH }, { AttributeName: SK, KeyType: RANGE }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  Probe:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      Environment: { Variables: { REPORTS: '0', TABLE: !Ref Table } }
      Policies: [{ Statement: [{ Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Table.Arn }] }]
      Events:
        Changes:
          Type: DynamoDB
          Properties: { Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON, MORE }
";

/// A stack whose probe is fed as these properties say.
struct Fed {
    stack: Stack,
    http: reqwest::Client,
}

impl Fed {
    async fn by(properties: &str) -> Self {
        Self::of(&TEMPLATE.replace("MORE", properties), Data::Memory).await
    }

    async fn reporting(properties: &str) -> Self {
        let properties = format!("FunctionResponseTypes: [ReportBatchItemFailures], {properties}");
        let template = TEMPLATE.replace("REPORTS: '0'", "REPORTS: '1'").replace("MORE", &properties);
        Self::of(&template, Data::Memory).await
    }

    async fn of(text: &str, data: Data) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("template.yaml");
        std::fs::write(&template, text).unwrap();
        let bin_dir = Path::new(env!("CARGO_BIN_EXE_probe")).parent().unwrap();
        let stack = Stack::builder().template(template).bin_dir(bin_dir).data(data).start().await.unwrap();
        Self { stack, http: reqwest::Client::new() }
    }

    async fn ask(&self, action: &str, mut body: Json) {
        body["TableName"] = self.stack.table().into();
        let credential = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request";
        let request = self.http.post(self.stack.engine_url());
        let request = request.header("x-amz-target", format!("DynamoDB_20120810.{action}"));
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let request = request.header("authorization", format!("{credential}, SignedHeaders=host, Signature=x"));
        let answer = request.header("x-amz-date", "20260101T000000Z").body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn puts(&self, pk: &str, sk: &str) {
        self.puts_failing(pk, sk, 0).await;
    }

    async fn puts_failing(&self, pk: &str, sk: &str, times: u32) {
        let item = json!({ "PK": { "S": pk }, "SK": { "S": sk }, "fail": { "N": times.to_string() } });
        self.ask("PutItem", json!({ "Item": item })).await;
    }

    async fn settled(&self) {
        self.stack.settled().await.unwrap();
    }

    /// The events that the probe has got.
    fn events(&self) -> Vec<Json> {
        let lines = self.stack.logs();
        lines.iter().filter_map(|line| serde_json::from_str(line.strip_prefix("probe | ")?).ok()).collect()
    }

    /// The sort keys of the records of each event.
    fn batches(&self) -> Vec<Vec<String>> {
        let key = |record: &Json| record["dynamodb"]["Keys"]["SK"]["S"].as_str().unwrap().to_owned();
        self.events().iter().map(|event| event["Records"].as_array().unwrap().iter().map(key).collect()).collect()
    }

    fn says(&self, part: &str) -> bool {
        self.stack.logs().iter().any(|line| line.contains(part))
    }
}

#[tokio::test]
async fn a_record_has_the_shape_that_lambda_gives_it() {
    let fed = Fed::by("BatchSize: 1").await;
    fed.puts("a", "1").await;
    let changed = json!({ "PK": { "S": "a" }, "SK": { "S": "1" }, "name": { "S": "b" } });
    fed.ask("PutItem", json!({ "Item": changed })).await;
    fed.ask("DeleteItem", json!({ "Key": { "PK": { "S": "a" }, "SK": { "S": "1" } } })).await;
    fed.settled().await;

    let records: Vec<_> = fed.events().into_iter().map(|event| event["Records"][0].clone()).collect();
    let names: Vec<_> = records.iter().map(|record| record["eventName"].as_str().unwrap()).collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    let [inserted, modified, removed] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((&inserted["eventSource"], &inserted["awsRegion"]), (&json!("aws:dynamodb"), &json!("us-east-1")));
    assert_eq!(inserted["eventVersion"], "1.1");
    assert!(inserted["eventID"].is_string() && inserted["eventID"] != modified["eventID"]);
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/rollcall-local-Table/stream/local";
    assert_eq!(inserted["eventSourceARN"], arn);
    let change = &modified["dynamodb"];
    assert_eq!(change["Keys"], json!({ "PK": { "S": "a" }, "SK": { "S": "1" } }));
    assert_eq!((&change["NewImage"], &change["StreamViewType"]), (&changed, &json!("NEW_IMAGE")));
    assert!(
        change["SizeBytes"].as_u64().unwrap() > 0 && change["ApproximateCreationDateTime"].as_f64().unwrap() > 1.7e9
    );
    assert!(inserted["dynamodb"]["SequenceNumber"].as_str() < change["SequenceNumber"].as_str());
    assert!(change.get("OldImage").is_none() && removed["dynamodb"].get("NewImage").is_none());
}

#[tokio::test]
async fn records_come_in_order_and_in_batches_of_the_size() {
    let fed = Fed::by("BatchSize: 3, MaximumBatchingWindowInSeconds: 60").await;
    for number in 1..=7 {
        fed.puts("a", &number.to_string()).await;
    }
    fed.settled().await;
    assert_eq!(fed.batches(), [vec!["1", "2", "3"], vec!["4", "5", "6"], vec!["7"]]);
}

#[tokio::test]
async fn a_window_gathers_what_comes_within_it() {
    let fed = Fed::by("MaximumBatchingWindowInSeconds: 2").await;
    fed.puts("a", "1").await;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert!(fed.events().is_empty());
    fed.puts("a", "2").await;
    until("the window ends by itself", || fed.batches() == [vec!["1", "2"]]).await;
}

#[tokio::test]
async fn only_what_a_filter_takes_comes() {
    let pattern = r#"{"eventName":["MODIFY"],"dynamodb":{"Keys":{"PK":{"S":[{"prefix":"App#"}]}}}}"#;
    let removal = r#"{"eventName":["REMOVE"]}"#;
    let fed =
        Fed::by(&format!("FilterCriteria: {{ Filters: [{{ Pattern: '{pattern}' }}, {{ Pattern: '{removal}' }}] }}"))
            .await;
    for (pk, sk) in [("App#1", "1"), ("Other", "2"), ("App#1", "3")] {
        fed.puts(pk, sk).await;
    }
    for (pk, sk) in [("App#1", "1"), ("Other", "2")] {
        fed.ask("PutItem", json!({ "Item": { "PK": { "S": pk }, "SK": { "S": sk } } })).await;
    }
    fed.ask("DeleteItem", json!({ "Key": { "PK": { "S": "App#1" }, "SK": { "S": "3" } } })).await;
    fed.settled().await;
    assert_eq!(fed.batches().concat(), ["1", "3"]);
}

/// Puts six records that come as one batch, of which `which` fails so many times.
async fn six(fed: &Fed, which: u32, times: u32) {
    for number in 1..=6 {
        fed.puts_failing("a", &number.to_string(), if number == which { times } else { 0 }).await;
    }
    fed.settled().await;
}

const SIX: &str = "BatchSize: 6, MaximumBatchingWindowInSeconds: 60";

#[tokio::test]
async fn what_a_function_reports_is_tried_again_from_there() {
    let fed = Fed::reporting(SIX).await;
    six(&fed, 4, 2).await;
    let again = vec!["4", "5", "6"];
    assert_eq!(fed.batches(), [vec!["1", "2", "3", "4", "5", "6"], again.clone(), again]);
}

#[tokio::test]
async fn a_function_that_fails_gets_the_whole_batch_again() {
    let fed = Fed::by(SIX).await;
    six(&fed, 4, 1).await;
    let all = vec!["1", "2", "3", "4", "5", "6"];
    assert_eq!(fed.batches(), [all.clone(), all]);
}

#[tokio::test]
async fn after_the_last_retry_a_batch_is_given_up_and_said_so_and_the_next_one_comes() {
    let fed = Fed::reporting(&format!("{SIX}, MaximumRetryAttempts: 1")).await;
    six(&fed, 5, 100).await;
    fed.puts("b", "7").await;
    fed.settled().await;
    assert_eq!(fed.batches(), [vec!["1", "2", "3", "4", "5", "6"], vec!["5", "6"], vec!["7"]]);
    for (number, given_up) in [("4", false), ("5", true), ("6", true), ("7", false)] {
        let said =
            fed.stack.logs().iter().any(|line| line.contains("is given up") && line.contains(&format!("\"{number}\"")));
        assert_eq!(said, given_up, "{number}");
    }
}

#[tokio::test]
async fn a_batch_is_halved_until_only_what_fails_is_given_up() {
    let fed = Fed::by(&format!("{SIX}, MaximumRetryAttempts: 0, BisectBatchOnFunctionError: true")).await;
    six(&fed, 5, 100).await;
    let halves = [vec!["1", "2", "3", "4", "5", "6"], vec!["1", "2", "3"], vec!["4", "5", "6"], vec!["4"]];
    assert_eq!(fed.batches(), [halves.as_slice(), &[vec!["5", "6"], vec!["5"], vec!["6"]]].concat());
    assert_eq!(fed.stack.logs().iter().filter(|line| line.contains("is given up")).count(), 1);
}

#[tokio::test]
async fn who_waits_for_what_never_ends_is_told_what_it_is() {
    let fed = Fed::by("BatchSize: 100").await;
    fed.puts_failing("a", "poison", u32::MAX).await;
    match fed.stack.settled_within(Duration::from_secs(2)).await {
        Err(error @ Error::Unsettled { .. }) => {
            let text = error.to_string();
            assert!(text.starts_with("`Probe` has not handled all of the stream within 2 seconds: "), "{text}");
            assert!(text.contains("poison") && text.contains("failed: Told: to fail on "), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_nobody_waits_for_is_handled_too() {
    let fed = Fed::by("BatchSize: 100").await;
    fed.puts("a", "1").await;
    until("the stream is looked at by itself", || fed.batches() == [vec!["1"]]).await;
}

#[tokio::test]
async fn what_a_function_writes_is_news_at_once() {
    let fed = Fed::by("BatchSize: 100").await;
    fed.puts("a", "0").await;
    fed.settled().await;
    let start = Instant::now();
    for number in 1..=5 {
        let item = json!({ "PK": { "S": "a" }, "SK": { "S": number.to_string() } });
        fed.stack.invoke("probe", json!({ "put": item })).await.unwrap();
        until("the record comes", || fed.says(&format!(r#""SK":{{"S":"{number}"}}}},"NewImage""#))).await;
    }
    assert!(start.elapsed() < Duration::from_secs(4), "five looks at the stream by itself take five seconds");
}

#[tokio::test]
async fn a_stack_that_goes_on_with_a_file_begins_where_the_template_says() {
    for (start, expected) in [("TRIM_HORIZON", ["1", "2"].as_slice()), ("LATEST", &["2"])] {
        let folder = tempfile::tempdir().unwrap();
        let template = TEMPLATE.replace("TRIM_HORIZON, MORE", start);
        let stack = || Fed::of(&template, Data::File(folder.path().join("data.db")));
        let first = stack().await;
        first.puts("a", "1").await;
        first.settled().await;
        assert_eq!(first.batches().concat(), ["1"]);
        first.stack.stop().await;
        let second = stack().await;
        second.puts("a", "2").await;
        second.settled().await;
        assert_eq!(second.batches().concat(), expected, "{start}");
    }
}

#[tokio::test]
async fn a_batch_can_be_lost_come_twice_or_in_another_order() {
    let fed = Fed::by("BatchSize: 4, MaximumBatchingWindowInSeconds: 60").await;
    fed.stack.faults().next_batch(BatchFault::Lose);
    fed.puts("a", "1").await;
    fed.settled().await;
    assert!(fed.events().is_empty());

    fed.stack.faults().next_batch(BatchFault::Repeat);
    fed.puts("a", "2").await;
    fed.settled().await;
    assert_eq!(fed.batches(), [["2"], ["2"]]);

    fed.stack.faults().next_batch(BatchFault::Shuffle);
    for (pk, sk) in [("a", "3"), ("b", "4"), ("a", "5"), ("b", "6")] {
        fed.puts(pk, sk).await;
    }
    fed.settled().await;
    assert_eq!(fed.batches()[2], ["4", "6", "3", "5"]);
    assert!(!fed.says("is given up"));
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
