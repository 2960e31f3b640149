//! A function for the stack's own tests: prints each event that it gets as one line, and fails as the event tells it.
//!
//! A stream record whose `NewImage` has a number `fail` fails so many times. What a failure looks like says the variable
//! `REPORTS`: `1` reports the record, `0` fails the whole invocation. An event with `put` puts that item into the table.
#![allow(clippy::disallowed_methods, reason = "a function is told by its environment where Lambda is")]

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

type Ended = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let api = format!("{}/2018-06-01/runtime/invocation", std::env::var("AWS_LAMBDA_RUNTIME_API")?);
    let reports = std::env::var("REPORTS")? == "1";
    let http = reqwest::Client::new();
    let mut failed = BTreeMap::new();
    loop {
        let next = http.get(format!("{api}/next")).send().await?;
        let id = next.headers()["lambda-runtime-aws-request-id"].to_str()?.to_owned();
        let event: Json = next.json().await?;
        println!("{event}");
        if let Some(item) = event.get("put") {
            put(&http, item).await?;
        }
        let failures: Vec<_> =
            event["Records"].as_array().into_iter().flatten().filter_map(|record| fails(record, &mut failed)).collect();
        let (path, reply) = match failures.first() {
            Some(failure) if !reports => {
                ("error", json!({ "errorType": "Told", "errorMessage": format!("to fail on {failure}") }))
            }
            _ => {
                let failures: Vec<_> = failures.iter().map(|id| json!({ "itemIdentifier": id })).collect();
                ("response", json!({ "batchItemFailures": failures }))
            }
        };
        http.post(format!("{api}/{id}/{path}")).json(&reply).send().await?;
    }
}

/// Puts an item into the table, as any function writes.
async fn put(http: &reqwest::Client, item: &Json) -> Ended {
    let key = std::env::var("AWS_ACCESS_KEY_ID")?;
    let credential = format!("AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/dynamodb/aws4_request");
    let request = http.post(std::env::var("AWS_ENDPOINT_URL_DYNAMODB")?);
    let request = request.header("authorization", format!("{credential}, SignedHeaders=host, Signature=0"));
    let request = request.header("x-amz-date", "20260101T000000Z").header("content-type", "application/x-amz-json-1.0");
    let request = request.header("x-amz-target", "DynamoDB_20120810.PutItem");
    let body = json!({ "TableName": std::env::var("TABLE")?, "Item": item });
    request.body(body.to_string()).send().await?.error_for_status()?;
    Ok(())
}

/// The number of a record that is to fail once more.
fn fails(record: &Json, failed: &mut BTreeMap<String, u64>) -> Option<String> {
    let times: u64 = record["dynamodb"]["NewImage"]["fail"]["N"].as_str()?.parse().ok()?;
    let id = record["dynamodb"]["SequenceNumber"].as_str()?.to_owned();
    let so_far = failed.entry(id.clone()).or_default();
    *so_far += 1;
    (*so_far <= times).then_some(id)
}
