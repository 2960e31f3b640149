//! Between the functions and the engine: knows who asks, holds them to their own policy, counts, and lets things go wrong.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;

use crate::engine::Engine;
use crate::faults::{self, Fault, Faults};
use crate::feed::Feeds;
use crate::http::{self, Answer, Cut};
use crate::instance::Instance;
use crate::journal::{CUT, Call};
use crate::past::Past;
use crate::pool::Pool;
use crate::services::{Services, Wanted};
use crate::storm::may_be_stale;
use crate::template::Table;

/// What DynamoDB takes.
pub(crate) const LIMIT: usize = 16 * 1024 * 1024;

/// What may happen between two keys of a torn batch.
const BETWEEN: Duration = Duration::from_millis(4);

/// What leaves the stream as it is.
const READS: [&str; 5] = ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"];

/// The proxy of one stack.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) engine: Arc<Engine>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) faults: Faults,
    pub(crate) services: Services,
    pub(crate) feeds: Arc<Feeds>,
    pub(crate) table: Table,
    /// A copy of the table a second ago, once a fault wants one; none if it cannot be had.
    pub(crate) past: OnceCell<Option<Past>>,
    pub(crate) count_rounds: bool,
}

impl Proxy {
    /// Answers one request of a function's SDK.
    pub(crate) async fn handle(self: Arc<Self>, request: Request<Bytes>) -> Answer {
        let (head, body) = request.into_parts();
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let action = target.and_then(|target| target.split_once('.')).map_or("", |(_, action)| action);
        let Some(instance) = access_key(&head.headers).and_then(|key| self.pool.instance(key)) else {
            return Ok(refused(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ));
        };
        if let Some(wanted) = Wanted::read(&head, &body) {
            return self.services.handle(&instance, wanted).await;
        }
        let asked: Json = serde_json::from_slice(&body).unwrap_or_default();
        let Some(invocation) = instance.invocation() else {
            // A request of the function's start belongs to no invocation: it is neither counted nor disturbed.
            return match self.denied(&instance, action, &asked) {
                Some(refusal) => Ok(refusal),
                None => self.engine.forward(&head.headers, body).await,
            };
        };
        self.play(&instance, &invocation, action, &head.headers, body, asked).await
    }

    /// A request of an invocation: counted, and perhaps disturbed.
    async fn play(
        &self,
        instance: &Instance,
        invocation: &str,
        action: &str,
        headers: &HeaderMap,
        body: Bytes,
        asked: Json,
    ) -> Answer {
        let round = if self.count_rounds { Some(instance.gate.pass().await) } else { None };
        let place = self.pool.journal.note(invocation, Call::new(action, &asked, round));
        let denied = self.denied(instance, action, &asked);
        if self.faults.looks_back() {
            self.past().await;
        }
        let fault = if denied.is_none() { self.faults.take(&instance.function.id, action, &asked) } else { None };
        if fault == Some(Fault::KillBeforeSending) {
            instance.end().await;
        }
        let answer = match denied {
            Some(refusal) => Ok(refusal),
            None => self.perform(fault, action, headers, body, asked).await,
        };
        if !READS.contains(&action) {
            self.feeds.wake();
        }
        if let Ok(answer) = &answer {
            let told = serde_json::from_slice(answer.body()).unwrap_or_default();
            self.pool.journal.answered(invocation, place, &told);
        }
        // Only here, after the count: what was done has been consumed, whether or not the function learns of it.
        if fault == Some(Fault::Kill) {
            instance.end().await;
        }
        let answer = if matches!(fault, Some(Fault::LoseResponse | Fault::Kill)) { Err(Cut) } else { answer };
        if answer.is_err() {
            self.pool.journal.answered(invocation, place, &json!({ "__type": CUT }));
        }
        answer
    }

    async fn perform(
        &self,
        fault: Option<Fault>,
        action: &str,
        headers: &HeaderMap,
        body: Bytes,
        mut asked: Json,
    ) -> Answer {
        match fault {
            None | Some(Fault::LoseResponse | Fault::Kill) => self.engine.forward(headers, body).await,
            Some(Fault::Throttle) => Ok(dynamodb(StatusCode::BAD_REQUEST, &faults::throttled())),
            Some(Fault::TransactionConflict) => Ok(dynamodb(StatusCode::BAD_REQUEST, &faults::conflict(&asked))),
            Some(Fault::CutBeforeSending | Fault::KillBeforeSending) => Err(Cut),
            Some(Fault::InternalError) => Ok(dynamodb(StatusCode::INTERNAL_SERVER_ERROR, &faults::internal_error())),
            Some(Fault::InternalErrorOnceDone) => {
                self.engine.forward(headers, body).await?;
                Ok(dynamodb(StatusCode::INTERNAL_SERVER_ERROR, &faults::internal_error()))
            }
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.engine.forward(headers, body).await
            }
            Some(Fault::DelayAnswer(time)) => {
                let answer = self.engine.forward(headers, body).await;
                self.feeds.wake();
                tokio::time::sleep(time).await;
                answer
            }
            Some(Fault::Stale) if may_be_stale(action, &asked) => self.look_back(headers, body).await,
            Some(Fault::Stale) => self.engine.forward(headers, body).await,
            Some(Fault::Torn) => self.read_one_by_one(headers, &asked).await,
            Some(Fault::Unprocessed) => {
                let left = faults::unprocessed(&mut asked);
                let mut reply = json!({ "Responses": {} });
                if asked["RequestItems"].as_object().is_some_and(|tables| !tables.is_empty()) {
                    let answer = self.engine.forward(headers, asked.to_string().into()).await?;
                    reply = serde_json::from_slice(answer.body()).unwrap_or_default();
                }
                reply["UnprocessedKeys"] = left;
                Ok(dynamodb(StatusCode::OK, &reply))
            }
        }
    }

    async fn read_one_by_one(&self, headers: &HeaderMap, asked: &Json) -> Answer {
        let mut whole = json!({ "Responses": {} });
        for one in faults::torn(asked) {
            let answer = self.engine.forward(headers, one.to_string().into()).await?;
            let read: Json = serde_json::from_slice(answer.body()).unwrap_or_default();
            for (table, items) in read["Responses"].as_object().into_iter().flatten() {
                let mut all = whole["Responses"][table].as_array().cloned().unwrap_or_default();
                all.extend(items.as_array().cloned().unwrap_or_default());
                whole["Responses"][table] = json!(all);
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Ok(dynamodb(StatusCode::OK, &whole))
    }

    /// The answer from before, which counts as a fault only if it is another one now.
    async fn look_back(&self, headers: &HeaderMap, body: Bytes) -> Answer {
        let now = self.engine.forward(headers, body.clone()).await?;
        let Some(past) = self.past().await else { return Ok(now) };
        let before = past.answer(headers, body).await?;
        if without_cost(&before) != without_cost(&now) {
            self.faults.count_stale();
        }
        Ok(before)
    }

    /// The copy of the past, which begins when it is first asked for.
    async fn past(&self) -> Option<&Past> {
        let begin = || async {
            let past = Past::begin(&self.engine, &self.table).await;
            past.map_err(|error| self.pool.logs.line("local", &format!("no read is stale: {error}"))).ok()
        };
        self.past.get_or_init(begin).await.as_ref()
    }

    fn denied(&self, instance: &Instance, action: &str, asked: &Json) -> Option<Response<Bytes>> {
        let function = &instance.function;
        let permission = function.policy.missing(action, asked, &self.table.arn)?;
        let message =
            format!("`{}` is not allowed {permission}: its `Policies` in template.yaml do not grant it", function.id);
        self.pool.logs.line(&function.binary, &message);
        Some(refused("AccessDeniedException", &message))
    }
}

/// The access key that a request is signed with.
fn access_key(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    authorization.split_once("Credential=")?.1.split('/').next()
}

fn without_cost(answer: &Response<Bytes>) -> Json {
    let mut told: Json = serde_json::from_slice(answer.body()).unwrap_or_default();
    if let Some(told) = told.as_object_mut() {
        told.remove("ConsumedCapacity");
    }
    told
}

fn refused(kind: &str, message: &str) -> Response<Bytes> {
    let body = json!({ "__type": format!("com.amazon.coral.service#{kind}"), "Message": message });
    dynamodb(StatusCode::BAD_REQUEST, &body)
}

fn dynamodb(status: StatusCode, body: &Json) -> Response<Bytes> {
    let mut response = http::json(status, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_known_by_the_key_it_signs_with() {
        let signed = "AWS4-HMAC-SHA256 Credential=LOCAL7/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(signed))]);
        assert_eq!(access_key(&headers), Some("LOCAL7"));
        assert_eq!(access_key(&HeaderMap::new()), None);
    }
}
