//! The WebSocket API, as clients and functions meet it; the function is `probe/main.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]
#![allow(clippy::disallowed_methods, reason = "the test waits by the clock")]

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use local::{CallFault, Stack};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{WebSocketStream, client_async};

const TEMPLATE: &str = include_str!("sockets.yaml");

type Line = WebSocketStream<TcpStream>;

async fn stack_of(text: &str) -> Result<Stack, local::Error> {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template.yaml");
    std::fs::write(&template, text).unwrap();
    let bin_dir = Path::new(env!("CARGO_BIN_EXE_probe")).parent().unwrap();
    Stack::builder().template(template).bin_dir(bin_dir).start().await
}

async fn stack() -> Stack {
    stack_of(TEMPLATE).await.unwrap()
}

/// The template with `$connect` led to a function.
fn with_connect() -> String {
    TEMPLATE.replace("Target: !Sub integrations/${Accept}", "Target: !Sub integrations/${Invoke}")
}

async fn connect(stack: &Stack, query: &str) -> Line {
    let mut request = format!("{}{query}", stack.ws_url()).into_client_request().unwrap();
    request.headers_mut().insert("im-client-key", "key".parse().unwrap());
    let address = request.uri().authority().unwrap().as_str().to_owned();
    let tcp = TcpStream::connect(address).await.unwrap();
    client_async(request, tcp).await.unwrap().0
}

/// The status and the message with which a connection is refused.
async fn refused(stack: &Stack, query: &str) -> (u16, String) {
    let request = reqwest::Client::new().get(format!("{}/live{query}", stack.url()));
    let request = request.header("connection", "Upgrade").header("upgrade", "websocket").header("im-client-key", "key");
    let request = request.header("sec-websocket-version", "13").header("sec-websocket-key", "MDEyMzQ1Njc4OTAxMjM0NQ==");
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json::<Json>().await.unwrap()["message"].as_str().unwrap().to_owned())
}

async fn connected(stack: &Stack) -> Line {
    connect(stack, "?as=aaa").await
}

async fn send(line: &mut Line, frame: impl ToString) {
    line.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next message, as text; of a close, its code and reason; `cut` when there is no more.
async fn next(line: &mut Line) -> String {
    let next = tokio::time::timeout(Duration::from_secs(10), line.next()).await.unwrap();
    match next {
        Some(Ok(Message::Text(text))) => text.to_string(),
        Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => format!("{} {reason}", u16::from(code)),
        Some(Ok(other)) => format!("{other:?}"),
        Some(Err(_)) | None => "cut".to_owned(),
    }
}

async fn asked(line: &mut Line, frame: Json) -> String {
    send(line, frame).await;
    next(line).await
}

/// The events of this type that came to functions.
fn events(stack: &Stack, kind: &str) -> Vec<Json> {
    let lines = stack.logs();
    let events = lines.iter().filter_map(|line| serde_json::from_str::<Json>(line.strip_prefix("probe | ")?).ok());
    events.filter(|event| event["requestContext"]["eventType"] == kind).collect()
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_authorizer_is_told_who_asks_and_what_it_tells_comes_with_every_event() {
    let stack = stack().await;
    let mut line = connect(&stack, "?as=aaa&x=1&x=a%20b").await;
    assert_eq!(stack.sockets(), 1);
    let event = events(&stack, "CONNECT").remove(0);
    assert_eq!((&event["type"], &event["headers"]["Im-Client-Key"]), (&json!("REQUEST"), &json!("key")));
    assert_eq!(event["methodArn"], "arn:aws:execute-api:us-east-1:000000000000:Sockets/live/$connect");
    assert_eq!(event["multiValueHeaders"]["Im-Client-Key"], json!(["key"]));
    assert_eq!(event["queryStringParameters"], json!({ "as": "aaa", "x": "a b" }));
    assert_eq!(event["multiValueQueryStringParameters"], json!({ "as": ["aaa"], "x": ["1", "a b"] }));
    let context = &event["requestContext"];
    let fixed = json!([context["routeKey"], context["stage"], context["apiId"], context["messageDirection"]]);
    assert_eq!(fixed, json!(["$connect", "live", "Sockets", "IN"]));
    assert_eq!(context["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["domainName"], stack.url().trim_start_matches("http://"));
    assert!(
        context["connectedAt"].is_u64() && context["requestTimeEpoch"].is_u64() && context["requestId"].is_string()
    );

    assert_eq!(asked(&mut line, json!({ "action": "subscribe", "reply": "hello" })).await, "hello");
    let message = events(&stack, "MESSAGE").remove(0);
    let told = json!({ "principalId": "aaa", "app": "App", "number": "7", "yes": "true" });
    assert_eq!(message["requestContext"]["authorizer"], told);
    assert_eq!(message["requestContext"]["connectionId"], context["connectionId"]);
    assert_eq!(message["requestContext"]["routeKey"], "subscribe");
    assert!(message["requestContext"]["messageId"].is_string());
    assert_eq!(message["body"], json!({ "action": "subscribe", "reply": "hello" }).to_string());
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let stack = stack().await;
    for (query, status, message) in [
        ("", 401, "Unauthorized"),
        ("?as=", 401, "Unauthorized"),
        ("?as=unauthorized", 401, "Unauthorized"),
        ("?as=deny", 403, "User is not authorized to access this resource with an explicit deny"),
        ("?as=elsewhere", 403, "User is not authorized to access this resource"),
        ("?as=broken", 500, "Internal server error"),
        ("?as=nested", 500, "Internal server error"),
    ] {
        assert_eq!(refused(&stack, query).await, (status, message.to_owned()), "{query}");
    }
    assert_eq!(stack.sockets(), 0);
    assert_eq!(events(&stack, "CONNECT").len(), 5, "without what it wants to see the authorizer is not asked");
    assert!(stack.logs().iter().any(|line| line.contains("`context.a` is neither text nor number nor boolean")));
    assert!(events(&stack, "DISCONNECT").is_empty());
}

#[tokio::test]
async fn what_connect_refuses_is_refused() {
    let stack = stack_of(&with_connect()).await.unwrap();
    assert_eq!(refused(&stack, "?as=aaa&connect=429").await.0, 429);
    assert_eq!(stack.sockets(), 0);
    let line = connect(&stack, "?as=aaa&connect=200").await;
    let event = events(&stack, "CONNECT").pop().unwrap();
    assert_eq!((&event["type"], &event["isBase64Encoded"]), (&Json::Null, &json!(false)));
    assert_eq!(event["requestContext"]["authorizer"]["principalId"], "aaa");
    drop(line);
}

#[tokio::test]
async fn a_frame_goes_to_the_route_it_selects_or_to_the_default() {
    let stack = stack().await;
    let mut line = connected(&stack).await;
    for (frame, key) in [
        (json!({ "action": "subscribe", "reply": "1" }).to_string(), "subscribe"),
        (json!({ "action": "$disconnect", "reply": "2" }).to_string(), "$default"),
        (json!({ "action": 7, "reply": "3" }).to_string(), "$default"),
        (json!({ "reply": "4" }).to_string(), "$default"),
    ] {
        send(&mut line, &frame).await;
        next(&mut line).await;
        let event = events(&stack, "MESSAGE").pop().unwrap();
        assert_eq!((&event["requestContext"]["routeKey"], &event["body"]), (&json!(key), &json!(frame)));
    }
    send(&mut line, "no JSON").await;
    until("a frame that is no JSON comes too", || events(&stack, "MESSAGE").len() == 5).await;
    assert_eq!(events(&stack, "MESSAGE")[4]["requestContext"]["routeKey"], "$default");
}

#[tokio::test]
async fn without_a_route_a_frame_is_forbidden() {
    let stack = stack_of(&TEMPLATE.replace("RouteKey: $default", "RouteKey: other")).await.unwrap();
    let mut line = connected(&stack).await;
    let told: Json = serde_json::from_str(&asked(&mut line, json!({ "action": "nothing" })).await).unwrap();
    assert_eq!(told["message"], "Forbidden");
    assert!(told["connectionId"].is_string() && told["requestId"].is_string());
}

#[tokio::test]
async fn a_reply_goes_back_only_where_the_route_has_a_response() {
    let stack = stack().await;
    let mut line = connected(&stack).await;
    send(&mut line, json!({ "action": "silent", "reply": "unheard" })).await;
    stack.settled().await.unwrap();
    until("the frame has come", || events(&stack, "MESSAGE").len() == 1).await;
    assert_eq!(asked(&mut line, json!({ "action": "subscribe", "reply": "heard" })).await, "heard");
}

#[tokio::test]
async fn a_function_that_fails_or_replies_nonsense_is_an_internal_error() {
    let stack = stack().await;
    let mut line = connected(&stack).await;
    for frame in [
        json!({ "action": "silent", "error": "x" }),
        json!({ "action": "subscribe", "whole": null }),
        json!({ "action": "subscribe", "whole": { "body": "no status" } }),
        json!({ "action": "subscribe", "whole": { "statusCode": 200, "body": {} } }),
    ] {
        let told: Json = serde_json::from_str(&asked(&mut line, frame.clone()).await).unwrap();
        assert_eq!(told["message"], "Internal server error", "{frame}");
        assert!(told["connectionId"].is_string() && told["requestId"].is_string());
    }
}

#[tokio::test]
async fn whoever_leaves_is_told_of_once() {
    let stack = stack().await;
    let mut line = connected(&stack).await;
    line.close(Some(CloseFrame { code: 4001.into(), reason: "enough".into() })).await.unwrap();
    assert_eq!(next(&mut line).await, "4001 enough");
    assert_eq!(next(&mut line).await, "cut");
    until("the end is told", || events(&stack, "DISCONNECT").len() == 1).await;
    let context = events(&stack, "DISCONNECT").remove(0)["requestContext"].clone();
    assert_eq!((&context["routeKey"], &context["disconnectStatusCode"]), (&json!("$disconnect"), &json!(4001)));
    assert_eq!((&context["disconnectReason"], &context["authorizer"]["app"]), (&json!("enough"), &json!("App")));
    assert_eq!(stack.sockets(), 0);
}

#[tokio::test]
async fn lines_can_be_cut_and_clients_come_back() {
    let stack = stack().await;
    let (mut one, mut two) = (connected(&stack).await, connected(&stack).await);
    assert_eq!(stack.sockets(), 2);
    stack.drop_sockets();
    stack.settled().await.unwrap();
    assert_eq!(events(&stack, "DISCONNECT").len(), 2, "the end of each is told");
    assert_eq!((next(&mut one).await, next(&mut two).await), ("cut".to_owned(), "cut".to_owned()));
    assert_eq!(stack.sockets(), 0);
    let codes: Vec<_> = events(&stack, "DISCONNECT").iter().map(code).collect();
    assert_eq!(codes, [json!(1006), json!(1006)]);
    let mut again = connected(&stack).await;
    assert_eq!(asked(&mut again, json!({ "action": "subscribe", "reply": "back" })).await, "back");
}

fn code(event: &Json) -> Json {
    event["requestContext"]["disconnectStatusCode"].clone()
}

#[tokio::test]
async fn what_is_too_long_and_what_is_no_text_ends_the_connection() {
    let stack = stack().await;
    let mut fits = connected(&stack).await;
    let long = "a".repeat(32 * 1024);
    let frame = |length: usize| json!({ "action": "subscribe", "reply": "fits", "x": &long[..length] }).to_string();
    let rest = frame(0).len();
    send(&mut fits, frame(long.len() - rest)).await;
    assert_eq!(next(&mut fits).await, "fits");
    let mut line = connected(&stack).await;
    send(&mut line, frame(long.len() - rest + 1)).await;
    assert_eq!(next(&mut line).await, "1009 Message too long");
    let mut line = connected(&stack).await;
    line.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(next(&mut line).await, "1003 Binary frames are not supported");
    until("both ends are told", || events(&stack, "DISCONNECT").len() == 2).await;
    assert_eq!(stack.sockets(), 1);
}

#[tokio::test]
async fn a_message_may_come_in_several_frames_but_not_be_longer_than_128_kb() {
    let stack = stack().await;
    for (parts, expected) in [(4, "whole"), (5, "1009 Message too long")] {
        let mut line = connected(&stack).await;
        let frame = json!({ "action": "subscribe", "reply": "whole" }).to_string();
        for part in 0..parts {
            // White space around the JSON, up to the size of a frame.
            let text = if part == 0 { format!("{frame:<32768}") } else { " ".repeat(32 * 1024) };
            let kind = OpCode::Data(if part == 0 { Data::Text } else { Data::Continue });
            line.send(Message::Frame(Frame::message(text, kind, part == parts - 1))).await.unwrap();
        }
        assert_eq!(next(&mut line).await, expected);
    }
}

#[tokio::test]
async fn a_reply_that_is_too_long_ends_the_connection() {
    let stack = stack().await;
    let mut line = connected(&stack).await;
    let frame = |times: usize| json!({ "action": "subscribe", "reply": "a", "times": times });
    assert_eq!(asked(&mut line, frame(128 * 1024)).await.len(), 128 * 1024);
    assert_eq!(asked(&mut line, frame(128 * 1024 + 1)).await, "1009 Message too long");
}

fn manage(method: &str, path: &str, body: impl Into<Json>) -> Json {
    json!({
        "action": "subscribe",
        "call": { "service": "APIGATEWAYMANAGEMENTAPI", "method": method, "path": path, "body": body.into() },
    })
}

#[tokio::test]
async fn a_function_reaches_whoever_is_connected() {
    let stack = stack().await;
    let mut line = connected(&stack).await;
    send(&mut line, manage("POST", "/@connections/{id}", "a word")).await;
    assert_eq!(next(&mut line).await, "a word");
    let answer: Json = serde_json::from_str(&next(&mut line).await).unwrap();
    assert_eq!(answer["status"], 200);

    let id = events(&stack, "MESSAGE")[0]["requestContext"]["connectionId"].as_str().unwrap().replace('=', "%3D");
    let path = format!("/@connections/{id}");
    let long = manage("POST", &path, "a".repeat(128 * 1024 + 1))["call"].clone();
    let answer = stack.invoke("Frames", json!({ "call": long })).await.unwrap();
    assert_eq!((&answer["status"], &answer["body"]["__type"]), (&json!(413), &json!("PayloadTooLargeException")));
    let whole = manage("POST", &path, "a".repeat(128 * 1024))["call"].clone();
    assert_eq!(stack.invoke("Frames", json!({ "call": whole })).await.unwrap()["status"], 200);
    assert_eq!(next(&mut line).await.len(), 128 * 1024);

    let get = manage("GET", &path, Json::Null)["call"].clone();
    let answer = stack.invoke("Frames", json!({ "call": get.clone() })).await.unwrap();
    assert_eq!(answer["body"]["identity"]["sourceIp"], "127.0.0.1");
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(asked(&mut line, json!({ "action": "subscribe", "reply": "here" })).await, "here");
    let later = stack.invoke("Frames", json!({ "call": get })).await.unwrap();
    assert_eq!(answer["body"]["connectedAt"], later["body"]["connectedAt"]);
    assert!(answer["body"]["lastActiveAt"].as_str().unwrap() < later["body"]["lastActiveAt"].as_str().unwrap());
    let delete = manage("DELETE", &path, Json::Null)["call"].clone();
    assert_eq!(stack.invoke("Frames", json!({ "call": delete })).await.unwrap()["status"], 204);
    assert_eq!(next(&mut line).await, "1000 Connection Closed Normally");
    stack.settled().await.unwrap();
    assert_eq!(events(&stack, "DISCONNECT").iter().map(code).collect::<Vec<_>>(), [json!(1000)]);
    let post = manage("POST", &path, "too late")["call"].clone();
    let answer = stack.invoke("Frames", json!({ "call": post })).await.unwrap();
    assert_eq!((&answer["status"], &answer["headers"]["x-amzn-errortype"]), (&json!(410), &json!("GoneException")));
}

#[tokio::test]
async fn only_who_is_granted_it_reaches_whoever_is_connected_and_it_can_go_wrong() {
    let stack = stack().await;
    let post = manage("POST", "/@connections/nobody", "x")["call"].clone();
    let answer = stack.invoke("Guard", json!({ "call": post })).await.unwrap();
    assert_eq!((&answer["status"], &answer["body"]["__type"]), (&json!(403), &json!("ForbiddenException")));
    let arn = "arn:aws:execute-api:us-east-1:000000000000:Sockets/live/POST/@connections/nobody";
    assert!(answer["body"]["message"].as_str().unwrap().contains(&format!("`{arn}`")));

    let mut line = connected(&stack).await;
    let action = "execute-api:ManageConnections";
    for (fault, expected) in
        [(CallFault::Lose, json!(200)), (CallFault::Refuse, json!(429)), (CallFault::Cut, Json::Null)]
    {
        stack.faults().next_call(action, fault);
        let answer = asked(&mut line, manage("POST", "/@connections/{id}", "a word")).await;
        let answer: Json = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{fault:?}: {answer}"));
        assert_eq!(answer["status"], expected, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_not_understood_of_the_api_is_refused_by_name() {
    for (from, to, reason) in [
        (
            "ProtocolType: WEBSOCKET",
            "ProtocolType: HTTP",
            "`Sockets`: `ProtocolType: \"HTTP\"` is not played on one machine",
        ),
        (
            "$request.body.action",
            "$request.header.x",
            "`Sockets`: `RouteSelectionExpression: $request.header.x` is not played; `$request.body.<field>` is",
        ),
        (
            "Name: live",
            "ApiKeySelectionExpression: x",
            "`Sockets`: `ApiKeySelectionExpression` is not played on one machine",
        ),
        (
            "IntegrationType: MOCK",
            "IntegrationType: HTTP",
            "`Accept`: `IntegrationType: HTTP` is not played on one machine",
        ),
        (
            "\"statusCode\": 200",
            "\"statusCode\": 403",
            "`Accept`: of `RequestTemplates` only `{\"statusCode\": 200}` is played",
        ),
        (
            "AWS::ApiGatewayV2::RouteResponse",
            "AWS::ApiGatewayV2::Model",
            "`Subscribed`: `AWS::ApiGatewayV2::Model` is not played on one machine",
        ),
        ("RouteKey: silent", "RouteKey: subscribe", "another route has the key `subscribe`"),
        ("functions/${Frames.Arn}/invocations", "functions/x", "`Invoke`: `arn:aws:apigateway:"),
        (
            "/*'",
            "/other/*'",
            "no `AWS::Lambda::Permission` lets API Gateway invoke `Frames` from `arn:aws:execute-api:",
        ),
        (
            "route.request.querystring.as",
            "context.x",
            "`Door`: `IdentitySource: context.x` is not played on one machine",
        ),
    ] {
        assert!(TEMPLATE.contains(from), "{from}");
        match stack_of(&TEMPLATE.replace(from, to)).await {
            Err(error) => assert!(error.to_string().contains(reason), "{error}"),
            Ok(_) => panic!("{to} is taken"),
        }
    }
}

#[tokio::test]
async fn a_template_without_sockets_has_none() {
    let start = TEMPLATE.find("  Sockets:").unwrap();
    let stack = stack_of(&TEMPLATE[..start].replace("${Sockets}", "none")).await.unwrap();
    assert_eq!(refused(&stack, "?as=aaa").await, (404, "Not Found".to_owned()));
    assert_eq!(stack.sockets(), 0);
    stack.drop_sockets();
}

#[tokio::test]
async fn the_page_to_watch_from_is_whole_in_itself_and_knows_the_stage() {
    let stack = stack_of(&TEMPLATE.replace("StageName: live", "StageName: here")).await.unwrap();
    assert!(stack.ws_url().ends_with("/here"), "{}", stack.ws_url());
    let answer = reqwest::get(format!("{}/local/watch?room=r1", stack.url())).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    let page = answer.text().await.unwrap();
    assert!(page.contains("${location.host}/here?${query}"));
    for elsewhere in ["src=", "http://", "https://", "@import", "innerHTML"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    let mut line = connected(&stack).await;
    assert_eq!(asked(&mut line, json!({ "action": "subscribe", "reply": "heard" })).await, "heard");
}
