//! A function for the stack's own tests: prints each event that it gets as one line, and does as the event tells it.
//!
//! A stream record whose `NewImage` has a number `fail` fails so many times. What a failure looks like says the variable
//! `REPORTS`: `1` reports the record, `0` fails the whole invocation. A record with a text `call` makes that call.
//!
//! An event with `wait` waits so many milliseconds, one with `put` puts that item into the table, one with `call` calls
//! another service and gives back its answer, one with `fails` fails at its first tries, so many of them, and one with `env`
//! gives back that variable. An event of a WebSocket connection is answered as its query or its frame tells.
#![allow(clippy::disallowed_methods, reason = "a function is told by its environment where Lambda is")]

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value as Json, json};

/// What the function does with an event.
enum Told {
    Reply(Json),
    /// Fails on these.
    Fail(Vec<String>),
    /// Fails with this message.
    Error(String),
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let api = format!("{}/2018-06-01/runtime/invocation", std::env::var("AWS_LAMBDA_RUNTIME_API")?);
    let reports = std::env::var("REPORTS").is_ok_and(|reports| reports == "1");
    let http = Client::new();
    let mut failed = BTreeMap::new();
    loop {
        let next = http.get(format!("{api}/next")).send().await?;
        let id = next.headers()["lambda-runtime-aws-request-id"].to_str()?.to_owned();
        let event: Json = next.json().await?;
        println!("{event}");
        let (path, reply) = match handle(&http, &id, &event, &mut failed).await? {
            Told::Reply(reply) => ("response", reply),
            Told::Error(message) => ("error", json!({ "errorType": "Told", "errorMessage": message })),
            Told::Fail(failures) if reports => {
                let failures: Vec<_> = failures.iter().map(|id| json!({ "itemIdentifier": id })).collect();
                ("response", json!({ "batchItemFailures": failures }))
            }
            Told::Fail(failures) => {
                let message = format!("to fail on {}", failures.first().map_or("", String::as_str));
                ("error", json!({ "errorType": "Told", "errorMessage": message }))
            }
        };
        http.post(format!("{api}/{id}/{path}")).json(&reply).send().await?;
    }
}

/// The reply to an event, or on what it is told to fail.
async fn handle(http: &Client, id: &str, event: &Json, failed: &mut BTreeMap<String, u64>) -> Result<Told, Failure> {
    if event["requestContext"]["eventType"].is_string() {
        return socket(http, event).await;
    }
    if let Some(time) = event["wait"].as_u64() {
        tokio::time::sleep(Duration::from_millis(time)).await;
    }
    if let Some(item) = event.get("put")
        && let Err(error) = put(http, item).await
    {
        println!("goes on: {error}");
    }
    if event["fails"].as_u64().is_some_and(|times| once_more(id, times, failed)) {
        return Ok(Told::Fail(vec![id.to_owned()]));
    }
    if let Some(wanted) = event.get("call") {
        return call(http, wanted).await.map(Told::Reply);
    }
    if let Some(name) = event["env"].as_str() {
        return Ok(Told::Reply(json!(std::env::var(name).ok())));
    }
    let records = || event["Records"].as_array().into_iter().flatten();
    for wanted in records().filter_map(|record| record["dynamodb"]["NewImage"]["call"]["S"].as_str()) {
        call(http, &serde_json::from_str(wanted)?).await?;
    }
    let failures: Vec<_> = records().filter_map(|record| fails(record, failed)).collect();
    let fine = || Told::Reply(json!({ "batchItemFailures": [] }));
    Ok(if failures.is_empty() { fine() } else { Told::Fail(failures) })
}

/// The reply to an event of a WebSocket connection. An authorizer does as the query's `as` tells, `$connect` gives its
/// `connect` as status, and a frame is answered with its `reply`, `times` over; or with what a call gave, or not at all.
async fn socket(http: &Client, event: &Json) -> Result<Told, Failure> {
    let query = |name: &str| event["queryStringParameters"][name].as_str();
    let frame = event["body"].as_str().and_then(|body| serde_json::from_str::<Json>(body).ok()).unwrap_or_default();
    if event["type"] == "REQUEST" {
        return Ok(authorize(query("as").unwrap_or_default(), &event["methodArn"]));
    }
    if let Some(message) = frame["error"].as_str() {
        return Ok(Told::Error(message.to_owned()));
    }
    if let Some(whole) = frame.get("whole") {
        return Ok(Told::Reply(whole.clone()));
    }
    let mut reply = json!({ "statusCode": query("connect").map_or(Ok(200), str::parse)? });
    if let Some(text) = frame["reply"].as_str() {
        let times = frame["times"].as_u64().unwrap_or(1);
        reply["body"] = text.repeat(usize::try_from(times)?).into();
    }
    if let Some(wanted) = frame.get("call") {
        let id = event["requestContext"]["connectionId"].as_str().unwrap_or_default().replace('=', "%3D");
        let wanted: Json = serde_json::from_str(&wanted.to_string().replace("{id}", &id))?;
        reply["body"] = call(http, &wanted).await?.to_string().into();
    }
    Ok(Told::Reply(reply))
}

fn authorize(wanted: &str, method_arn: &Json) -> Told {
    let effect = match wanted {
        "unauthorized" => return Told::Error("Unauthorized".to_owned()),
        "broken" => return Told::Error("Something else".to_owned()),
        "deny" => "Deny",
        _ => "Allow",
    };
    let resource = if wanted == "elsewhere" { json!("arn:aws:execute-api:elsewhere") } else { method_arn.clone() };
    let statement = json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
    let context =
        if wanted == "nested" { json!({ "a": {} }) } else { json!({ "app": "App", "number": 7, "yes": true }) };
    Told::Reply(json!({
        "principalId": wanted, "policyDocument": { "Version": "2012-10-17", "Statement": [statement] }, "context": context,
    }))
}

/// Puts an item into the table, as any function writes.
async fn put(http: &Client, item: &Json) -> Result<(), Failure> {
    let request = signed(http.post(std::env::var("AWS_ENDPOINT_URL_DYNAMODB")?))?;
    let request = request.header("x-amz-target", "DynamoDB_20120810.PutItem");
    let body = json!({ "TableName": std::env::var("TABLE")?, "Item": item });
    request.body(body.to_string()).send().await?.error_for_status()?;
    Ok(())
}

/// Calls `{service, method, path, headers, body}` and gives back `{status, headers, body}`, or `{cut}`.
async fn call(http: &Client, wanted: &Json) -> Result<Json, Failure> {
    let text = |key: &str| wanted[key].as_str().unwrap_or_default();
    let url = std::env::var(format!("AWS_ENDPOINT_URL_{}", text("service")))?;
    let method = Method::from_bytes(text("method").as_bytes())?;
    let mut request = signed(http.request(method, format!("{url}{}", text("path"))))?;
    for (name, value) in wanted["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    let body = wanted["body"].as_str().map_or_else(|| wanted["body"].to_string(), str::to_owned);
    let answer = match request.body(body).send().await {
        Ok(answer) => answer,
        Err(error) => return Ok(json!({ "cut": error.to_string() })),
    };
    let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default()));
    let headers: BTreeMap<_, _> = headers.collect();
    let (status, headers) = (answer.status().as_u16(), json!(headers));
    let body = answer.text().await?;
    let body = serde_json::from_str(&body).unwrap_or(Json::String(body));
    Ok(json!({ "status": status, "headers": headers, "body": body }))
}

/// A request that tells by its key who asks.
fn signed(request: RequestBuilder) -> Result<RequestBuilder, Failure> {
    let key = std::env::var("AWS_ACCESS_KEY_ID")?;
    let credential = format!("AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/service/aws4_request");
    let request = request.header("authorization", format!("{credential}, SignedHeaders=host, Signature=0"));
    Ok(request.header("x-amz-date", "20260101T000000Z").header("content-type", "application/x-amz-json-1.0"))
}

/// The number of a record that is to fail once more.
fn fails(record: &Json, failed: &mut BTreeMap<String, u64>) -> Option<String> {
    let times: u64 = record["dynamodb"]["NewImage"]["fail"]["N"].as_str()?.parse().ok()?;
    let id = record["dynamodb"]["SequenceNumber"].as_str()?.to_owned();
    once_more(&id, times, failed).then_some(id)
}

fn once_more(id: &str, times: u64, failed: &mut BTreeMap<String, u64>) -> bool {
    let so_far = failed.entry(id.to_owned()).or_default();
    *so_far += 1;
    *so_far <= times
}
