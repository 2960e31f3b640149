//! What a function may ask of other services than DynamoDB, asked by `probe/main.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]
#![allow(clippy::disallowed_methods, reason = "the test waits by the clock")]

use std::path::Path;
use std::time::{Duration, Instant};

use local::{Builder, CallFault, Error, Fault, Stack};
use serde_json::{Value as Json, json};

const TEMPLATE: &str = "
Parameters:
  Greeting: { Type: String, Default: hello }
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }]
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  Probe:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      Timeout: 20
      Environment: { Variables: { TABLE: !Ref Table, OTHER: !Ref Other } }
      Policies:
        - Statement:
            - { Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Table.Arn }
            - { Effect: Allow, Action: lambda:InvokeFunction, Resource: [!GetAtt Other.Arn, !GetAtt Once.Arn] }
            - { Effect: Allow, Action: lambda:InvokeFunction, Resource: !Sub '${Other.Arn}Gone' }
  Other:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      Timeout: 20
      Environment: { Variables: { TABLE: !Ref Table, GREETING: !Ref Greeting } }
      Policies: [{ Statement: [{ Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Table.Arn }] }]
  Herald:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      Policies:
        - Statement:
            - { Effect: Allow, Action: ses:SendEmail, Resource: !Sub 'arn:aws:ses:${AWS::Region}:${AWS::AccountId}:identity/a.example' }
            - { Effect: Allow, Action: events:PutEvents, Resource: !Sub 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default' }
  Once:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      EventInvokeConfig: { MaximumRetryAttempts: 0 }
      Policies: [{ Statement: [{ Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Other.Arn }] }]
      Events:
        Changes:
          Type: DynamoDB
          Properties: { Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON }
";

async fn stack() -> Stack {
    stack_with(|builder| builder).await
}

async fn stack_with(more: impl FnOnce(Builder) -> Builder) -> Stack {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template.yaml");
    std::fs::write(&template, TEMPLATE).unwrap();
    let bin_dir = Path::new(env!("CARGO_BIN_EXE_probe")).parent().unwrap();
    more(Stack::builder().template(template).bin_dir(bin_dir)).start().await.unwrap()
}

/// What the function `Probe` is answered when it asks this.
async fn asked(stack: &Stack, call: Json) -> Json {
    stack.invoke("Probe", json!({ "call": call })).await.unwrap()
}

async fn invoked(stack: &Stack, function: &str, kind: &str, event: Json) -> Json {
    asked(stack, invoke(function, kind, event)).await
}

fn invoke(function: &str, kind: &str, event: Json) -> Json {
    json!({
        "service": "LAMBDA", "method": "POST", "path": format!("/2015-03-31/functions/{function}/invocations"),
        "headers": { "X-Amz-Invocation-Type": kind }, "body": event,
    })
}

fn put(pk: &str) -> Json {
    json!({ "put": { "PK": { "S": pk } } })
}

/// How often an event with this text came to any function.
fn came(stack: &Stack, part: &str) -> usize {
    let wanted = |line: &&String| line.starts_with("probe | {") && line.contains(part) && !line.contains("\"call\"");
    stack.logs().iter().filter(wanted).count()
}

fn says(stack: &Stack, part: &str) -> bool {
    stack.logs().iter().any(|line| line.contains(part))
}

#[tokio::test]
async fn an_event_is_accepted_at_once_and_what_comes_of_it_is_settled() {
    let stack = stack().await;
    let answer = invoked(&stack, "Other", "Event", put("a")).await;
    assert_eq!((&answer["status"], &answer["body"]), (&json!(202), &json!("")));
    stack.settled().await.unwrap();
    assert_eq!(came(&stack, r#""put""#), 1);
    assert_eq!(came(&stack, r#""Keys":{"PK":{"S":"a"}}"#), 1, "what it wrote is handled");
}

#[tokio::test]
async fn what_a_function_of_the_stream_begins_in_the_background_is_settled_too() {
    let stack = stack().await;
    let mut event = put("last");
    event["wait"] = 300.into();
    let call = invoke("Other", "Event", event).to_string();
    let item = json!({ "PK": { "S": "first" }, "call": { "S": call } });
    stack.invoke("Other", json!({ "put": item })).await.unwrap();
    stack.settled().await.unwrap();
    assert_eq!(came(&stack, r#""Keys":{"PK":{"S":"last"}}"#), 1);
}

#[tokio::test]
async fn a_caller_that_waits_gets_the_reply_or_the_failure() {
    let stack = stack().await;
    let answer =
        invoked(&stack, "arn:aws:lambda:us-east-1:000000000000:function:Other", "RequestResponse", json!({})).await;
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!({ "batchItemFailures": [] })));
    let answer = invoked(&stack, "Other", "RequestResponse", json!({ "fails": 9 })).await;
    assert_eq!((&answer["status"], &answer["body"]["errorType"]), (&json!(200), &json!("Told")));
    assert_eq!(answer["headers"]["x-amz-function-error"], "Unhandled");
    assert_eq!(came(&stack, r#""fails""#), 1, "who waits tries again himself");
}

#[tokio::test]
async fn only_what_the_policy_grants_and_what_there_is_can_be_invoked() {
    let stack = stack().await;
    let answer = invoked(&stack, "Probe", "Event", json!({})).await;
    assert_eq!(
        (&answer["status"], &answer["headers"]["x-amzn-errortype"]),
        (&json!(403), &json!("AccessDeniedException"))
    );
    let message =
        "`Probe` is not allowed lambda:InvokeFunction on `arn:aws:lambda:us-east-1:000000000000:function:Probe`";
    assert!(says(&stack, message));
    let answer = invoked(&stack, "OtherGone", "Event", json!({})).await;
    assert_eq!((&answer["status"], &answer["body"]["__type"]), (&json!(404), &json!("ResourceNotFoundException")));
}

#[tokio::test]
async fn an_event_that_fails_is_tried_again_twice_or_as_often_as_the_function_says() {
    let stack = stack().await;
    let start = Instant::now();
    invoked(&stack, "Other", "Event", json!({ "fails": 2 })).await;
    // The tries are counted by the process, so that it has to be the same one.
    stack.settled().await.unwrap();
    invoked(&stack, "Other", "Event", json!({ "fails": 3 })).await;
    invoked(&stack, "Once", "Event", json!({ "fails": 1, "x": 0 })).await;
    stack.settled().await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(3), "one second and two");
    assert_eq!(came(&stack, r#"{"fails":2}"#), 3);
    assert_eq!(came(&stack, r#"{"fails":3}"#), 3);
    assert_eq!(came(&stack, r#"{"fails":1,"#), 1);
    assert_eq!(stack.logs().iter().filter(|line| line.contains("is given up")).count(), 2);
}

#[tokio::test]
async fn who_waits_too_short_is_told_what_is_under_way() {
    let stack = stack().await;
    invoked(&stack, "Other", "Event", json!({ "fails": 3 })).await;
    match stack.settled_within(Duration::from_millis(500)).await {
        Err(error @ Error::UnderWay { .. }) => {
            let text = error.to_string();
            assert!(text.starts_with("`Other` is still under way in the background after 0 seconds: "), "{text}");
            assert!(text.contains("failed: Told: to fail on "), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_invocation_can_be_lost_refused_or_cut() {
    let stack = stack().await;
    let action = "lambda:InvokeFunction";
    stack.faults().next_call(action, CallFault::Lose);
    stack.faults().next_call(action, CallFault::Refuse);
    stack.faults().next_call(action, CallFault::Cut);
    assert_eq!(invoked(&stack, "Other", "Event", put("lost")).await["status"], 202);
    let answer = invoked(&stack, "Other", "Event", put("refused")).await;
    assert_eq!((&answer["status"], &answer["body"]["__type"]), (&json!(429), &json!("TooManyRequestsException")));
    assert!(invoked(&stack, "Other", "Event", put("cut")).await["cut"].is_string());
    assert_eq!(invoked(&stack, "Other", "Event", put("done")).await["status"], 202);
    stack.settled().await.unwrap();
    assert_eq!([came(&stack, r#"{"put""#), came(&stack, r#""done""#)], [1, 2], "only the last, and its record");
}

#[tokio::test]
async fn a_function_can_be_killed_after_it_wrote_or_before() {
    let stack = stack().await;
    for (fault, key, written) in [(Fault::Kill, "after", 1), (Fault::KillBeforeSending, "before", 0)] {
        stack.faults().next("PutItem", fault);
        let mut event = put(key);
        event["call"] = invoke("Once", "Event", json!({ "went": "on" }));
        let error = stack.invoke("Probe", event).await.unwrap_err();
        assert_eq!(error.error_type, "Runtime.ExitError");
        stack.settled().await.unwrap();
        assert_eq!(came(&stack, &format!(r#""Keys":{{"PK":{{"S":"{key}"}}}}"#)), written, "{key}");
        assert_eq!(came(&stack, "went"), 0, "nothing goes on after the end");
        stack.invoke("Probe", put("again")).await.unwrap();
    }
}

#[tokio::test]
async fn an_event_whose_function_is_killed_is_tried_again() {
    let stack = stack().await;
    stack.faults().next("PutItem", Fault::Kill);
    invoked(&stack, "Other", "Event", put("twice")).await;
    stack.settled().await.unwrap();
    assert_eq!(came(&stack, r#"{"put""#), 2);
    let other = |invocation: &local::Invocation| invocation.function == "Other";
    let invocation = stack.invocations().into_iter().find(other).unwrap();
    let errors: Vec<_> = invocation.requests.iter().map(|call| call.error.as_deref()).collect();
    assert_eq!(errors, [Some("ConnectionCut"), None]);
}

#[tokio::test]
async fn a_parameter_reaches_the_functions() {
    for (stack, greeting) in
        [(stack().await, "hello"), (stack_with(|builder| builder.parameter("Greeting", "good day")).await, "good day")]
    {
        assert_eq!(stack.invoke("Other", json!({ "env": "GREETING" })).await.unwrap(), greeting);
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_in_the_template_is_refused() {
    match Stack::builder().parameter("Greetings", "x").start().await {
        Err(error) => assert!(error.to_string().contains("there is no parameter `Greetings`; there are "), "{error}"),
        Ok(_) => panic!("it started"),
    }
}

fn mail(from: &str, to: &str) -> Json {
    let body = json!({ "Text": { "Data": "Come in" }, "Html": { "Data": "<p>Come in</p>" } });
    json!({
        "service": "SESV2", "method": "POST", "path": "/v2/email/outbound-emails",
        "body": {
            "FromEmailAddress": from, "Destination": { "ToAddresses": [to] },
            "Content": { "Simple": { "Subject": { "Data": "Invitation" }, "Body": body } },
        },
    })
}

fn events(entries: Json) -> Json {
    json!({
        "service": "EVENTBRIDGE", "method": "POST", "path": "", "headers": { "X-Amz-Target": "AWSEvents.PutEvents" },
        "body": { "Entries": entries },
    })
}

async fn heralded(stack: &Stack, call: Json) -> Json {
    stack.invoke("Herald", json!({ "call": call })).await.unwrap()
}

#[tokio::test]
async fn a_mail_is_kept_listed_and_written_into_the_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack_with(|builder| builder.outbox(folder.path().join("deep/outbox"))).await;
    let asked = mail("Rollcall <rollcall@a.example>", "zoe@b.example");
    let answer = heralded(&stack, asked.clone()).await;
    assert_eq!(answer["status"], 200);
    assert_eq!(stack.mails(), [asked["body"].clone()]);
    let outbox = format!("{}/local/outbox", stack.url());
    let http = reqwest::Client::new();
    let listed: Json = http.get(&outbox).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed, json!({ "mails": [asked["body"]], "events": [] }));

    let files: Vec<_> =
        std::fs::read_dir(folder.path().join("deep/outbox")).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let id = answer["body"]["MessageId"].as_str().unwrap();
    assert!(file.to_str().unwrap().ends_with(&format!("-{id}.eml")), "{file:?}");
    assert!(std::fs::read_to_string(file).unwrap().contains("To: <zoe@b.example>"));

    assert_eq!(http.delete(&outbox).send().await.unwrap().status(), 204);
    assert_eq!(stack.mails(), Vec::<Json>::new());
}

#[tokio::test]
async fn events_are_kept_as_they_are_put() {
    let stack = stack().await;
    let entry = json!({ "Source": "rollcall", "DetailType": "invitation", "Detail": "{}", "EventBusName": "default" });
    let answer = heralded(&stack, events(json!([entry, { "Source": "x" }]))).await;
    assert_eq!((&answer["status"], &answer["body"]["FailedEntryCount"]), (&json!(200), &json!(1)));
    assert_eq!(stack.events(), [entry]);
}

#[tokio::test]
async fn mails_and_events_need_a_grant_for_the_sender_and_the_bus() {
    let stack = stack().await;
    for call in [mail("rollcall@other.example", "zoe@b.example"), events(json!([{ "EventBusName": "other" }]))] {
        let answer = heralded(&stack, call.clone()).await;
        assert_eq!((&answer["status"], &answer["body"]["__type"]), (&json!(403), &json!("AccessDeniedException")));
    }
    assert_eq!(asked(&stack, mail("rollcall@a.example", "zoe@b.example")).await["status"], 403);
    assert_eq!((stack.mails().len(), stack.events().len()), (0, 0));
}

#[tokio::test]
async fn a_mail_and_an_event_can_be_lost_refused_or_cut() {
    let stack = stack().await;
    let entry = json!({ "Source": "s", "DetailType": "t", "Detail": "{}" });
    for (action, call) in
        [("ses:SendEmail", mail("rollcall@a.example", "zoe@b.example")), ("events:PutEvents", events(json!([entry])))]
    {
        for fault in [CallFault::Lose, CallFault::Refuse, CallFault::Cut] {
            stack.faults().next_call(action, fault);
        }
        assert_eq!(heralded(&stack, call.clone()).await["status"], 200);
        let kind = heralded(&stack, call.clone()).await["body"]["__type"].clone();
        assert!(["TooManyRequestsException", "ThrottlingException"].contains(&kind.as_str().unwrap()), "{kind}");
        assert!(heralded(&stack, call.clone()).await["cut"].is_string());
        assert_eq!((stack.mails().len(), stack.events().len()), (0, 0), "{action}");
    }
}

#[tokio::test]
async fn what_is_not_played_is_refused_by_name() {
    let stack = stack().await;
    let call = json!({ "service": "SESV2", "method": "GET", "path": "/v2/email/identities" });
    let answer = heralded(&stack, call).await;
    assert_eq!((&answer["status"], &answer["body"]["__type"]), (&json!(404), &json!("UnknownOperationException")));
    assert_eq!(answer["body"]["message"], "`GET /v2/email/identities` is not played on one machine");
}

#[tokio::test]
async fn the_inbox_keeps_what_is_posted_to_it() {
    let stack = stack().await;
    let (http, inbox) = (reqwest::Client::new(), format!("{}/local/inbox", stack.url()));
    let posted =
        http.post(format!("{inbox}/one")).header("webhook-id", "msg_1").body("{\"a\":1}").send().await.unwrap();
    assert_eq!(posted.status(), 204);
    http.post(format!("{inbox}/two")).body("2").send().await.unwrap();
    let list = async |path: String| http.get(path).send().await.unwrap().json::<Json>().await.unwrap();
    let one = list(format!("{inbox}/one")).await["received"][0].clone();
    assert_eq!(
        (&one["method"], &one["path"], &one["body"]),
        (&json!("POST"), &json!("/local/inbox/one"), &json!("{\"a\":1}"))
    );
    assert_eq!(one["headers"]["webhook-id"], "msg_1");
    assert!(one["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(list(inbox.clone()).await["received"].as_array().unwrap().len(), 2);
    assert_eq!(http.delete(&inbox).send().await.unwrap().status(), 204);
    assert_eq!(list(inbox.clone()).await, json!({ "received": [] }));
    assert_eq!(http.put(&inbox).send().await.unwrap().status(), 405);
    assert_eq!(http.get(format!("{}/local/nothing", stack.url())).send().await.unwrap().status(), 404);
}
