//! Functions of the WebSocket API: the authorizer, and what frames come to.

use std::future::Future;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};

use super::{Ended, House, Line, name, open_house, start_log};
use crate::dialect::frames;
use crate::error::Error;
use crate::socket::{Badge, Frame, Handshake};
use crate::time::Stopwatch;

/// Serves the WebSocket API's authorizer: who proves himself may open a socket, and API Gateway hands his badge on with each
/// frame. Who does not is answered 401, without a reason.
pub async fn serve_authorizer<F, H>(handle: H) -> Ended
where
    H: Fn(House, Handshake) -> F,
    F: Future<Output = Result<Badge, Error>>,
{
    start_log();
    let house = &open_house().await?;
    let handle = &handle;
    let serve_one = |event: LambdaEvent<Handshake>| async move {
        let (watch, id) = (Stopwatch::start(), event.context.request_id);
        let (arn, style) = (event.payload.method_arn.clone(), event.payload.style().map(str::to_owned));
        let result = Box::pin(handle(House { store: house.store.begin(), ..*house }, event.payload)).await;
        let line = Line::at("$connect", "", &id, result.as_ref().err(), house.store.take_meter());
        line.write(None, watch);
        result.map(|badge| pass(&badge, &arn, style.as_deref())).map_err(|error| refusal(&error))
    };
    lambda_runtime::run(service_fn(serve_one)).await
}

/// What lets a socket be opened. All of its context are strings, and none of them opens anything.
fn pass(badge: &Badge, arn: &str, style: Option<&str>) -> Value {
    let mut context = json!(badge);
    if let Some(style) = style {
        context["style"] = json!(style.chars().take(64).collect::<String>()); // whether it is one, each frame is told
    }
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": arn });
    json!({
        "principalId": badge.client.as_ref().map_or("platform", |client| client.as_str()),
        "policyDocument": { "Version": "2012-10-17", "Statement": [statement] },
        "context": context,
    })
}

/// API Gateway makes 401 of this very word, and 500 of any other.
fn refusal(error: &Error) -> Diagnostic {
    let error_message = match error {
        Error::Busy | Error::Internal(_) => error.to_string(),
        _ => "Unauthorized".to_owned(),
    };
    Diagnostic { error_type: name(error), error_message }
}

/// Serves a route of the WebSocket API: hands each frame to `handle`, and answers it over the socket with what that gives back
/// or with what was wrong.
pub async fn serve_socket<F, H>(handle: H) -> Ended
where
    H: Fn(House, Frame) -> F,
    F: Future<Output = Result<Value, Error>>,
{
    start_log();
    let house = &open_house().await?;
    let handle = &handle;
    let serve_one = |event: LambdaEvent<Frame>| async move {
        let (watch, frame, id) = (Stopwatch::start(), event.payload, event.context.request_id);
        let result = Box::pin(handle(House { store: house.store.begin(), ..*house }, frame.clone())).await;
        let room = frame.room().ok().flatten().map(|room| room.to_string()).unwrap_or_default();
        let line = Line::at(frame.route(), &room, &id, result.as_ref().err(), house.store.take_meter());
        line.write(None, watch);
        let answer = result.unwrap_or_else(|error| frames::refused(&frame, &error));
        Ok::<_, lambda_runtime::Error>(json!({ "statusCode": 200, "body": answer.to_string() }))
    };
    lambda_runtime::run(service_fn(serve_one)).await
}
