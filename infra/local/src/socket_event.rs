//! What API Gateway tells functions of a WebSocket connection, and what it makes of an authorizer's answer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, USER_AGENT};
use hyper::{Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::event::pairs;
use crate::intrinsic::{ACCOUNT, REGION};
use crate::policy::matches_exactly;

/// One connection, as its events tell it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) api: String,
    pub(crate) stage: String,
    pub(crate) domain: String,
    pub(crate) user_agent: String,
    pub(crate) connected: Timestamp,
    /// What the authorizer told of whom it let in.
    pub(crate) authorizer: Option<Map<String, Json>>,
}

impl Connection {
    /// A connection that is asked for.
    pub(crate) fn new(api: &str, stage: &str, domain: &str, request: &Request<Bytes>) -> Self {
        // As API Gateway makes them: with a `=` at the end, which has to be encoded in the path of the management API.
        let id = token();
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let [api, stage, domain, user_agent] = [api, stage, domain, agent].map(str::to_owned);
        Self { id, api, stage, domain, user_agent, connected: Timestamp::now(), authorizer: None }
    }

    /// What a policy names the right to connect.
    pub(crate) fn method_arn(&self) -> String {
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{}/{}/$connect", self.api, self.stage)
    }

    /// The event for the authorizer.
    pub(crate) fn authorize(&self, request: &Request<Bytes>) -> Json {
        let mut event = self.asked(request);
        for name in ["queryStringParameters", "multiValueQueryStringParameters"] {
            if event.get(name).is_none() {
                event[name] = json!({});
            }
        }
        event["type"] = "REQUEST".into();
        event["methodArn"] = self.method_arn().into();
        event["stageVariables"] = json!({});
        event["requestContext"] = self.context("$connect", "CONNECT");
        event
    }

    /// The event for `$connect`.
    pub(crate) fn connect(&self, request: &Request<Bytes>) -> Json {
        let mut event = self.asked(request);
        event["requestContext"] = self.context("$connect", "CONNECT");
        event["isBase64Encoded"] = false.into();
        event
    }

    /// The event for a frame that took the route of this key.
    pub(crate) fn message(&self, key: &str, body: &str) -> Json {
        let mut context = self.context(key, "MESSAGE");
        context["messageId"] = token().into();
        json!({ "requestContext": context, "body": body, "isBase64Encoded": false })
    }

    /// The event for `$disconnect`.
    pub(crate) fn disconnect(&self, code: u16, reason: &str) -> Json {
        let mut context = self.context("$disconnect", "DISCONNECT");
        context["disconnectStatusCode"] = code.into();
        context["disconnectReason"] = reason.into();
        let headers = [("Host", self.domain.as_str()), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")];
        let many: Map<_, _> = headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
        let headers: Map<_, _> = headers.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        json!({ "headers": headers, "multiValueHeaders": many, "requestContext": context, "isBase64Encoded": false })
    }

    /// What is sent back where a frame came to nothing.
    pub(crate) fn told(&self, message: &str, request_id: &str) -> Json {
        json!({ "message": message, "connectionId": self.id, "requestId": request_id })
    }

    fn context(&self, key: &str, kind: &str) -> Json {
        let now = Timestamp::now();
        let request_id = token();
        let mut context = json!({
            "routeKey": key,
            "eventType": kind,
            "extendedRequestId": request_id,
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "messageDirection": "IN",
            "stage": self.stage,
            "connectedAt": self.connected.as_millisecond(),
            "requestTimeEpoch": now.as_millisecond(),
            "identity": { "sourceIp": "127.0.0.1", "userAgent": self.user_agent },
            "requestId": request_id,
            "domainName": self.domain,
            "connectionId": self.id,
            "apiId": self.api,
        });
        if let Some(authorizer) = &self.authorizer {
            context["authorizer"] = Json::Object(authorizer.clone());
        }
        context
    }

    fn asked(&self, request: &Request<Bytes>) -> Json {
        let headers = headers(request.headers());
        let mut event = json!({ "headers": last(&headers), "multiValueHeaders": headers });
        let mut query = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in pairs(request.uri().query().unwrap_or_default()) {
            query.entry(name).or_default().push(value);
        }
        if !query.is_empty() {
            event["queryStringParameters"] = json!(last(&query));
            event["multiValueQueryStringParameters"] = json!(query);
        }
        event
    }
}

/// An id of a request, as it stands in API Gateway's own texts.
pub(crate) fn token() -> String {
    BASE64_URL_SAFE.encode(&Uuid::new_v4().as_bytes()[..11])
}

/// Headers with their names `Like-This`. API Gateway leaves the client's own case, which may be any: a function that knows
/// one only is found out.
fn headers(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in headers {
        let parts = name.as_str().split('-').map(|part| {
            let (first, rest) = part.split_at(part.len().min(1));
            format!("{}{rest}", first.to_ascii_uppercase())
        });
        let name = parts.collect::<Vec<_>>().join("-");
        all.entry(name).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    all
}

fn last(all: &BTreeMap<String, Vec<String>>) -> BTreeMap<&String, Option<&String>> {
    all.iter().map(|(name, values)| (name, values.last())).collect()
}

/// What an authorizer's answer says of who asks to be let in: `principalId` and its context, or why not.
pub(crate) fn admitted(answer: &Json, method_arn: &str) -> Result<Map<String, Json>, (StatusCode, String)> {
    let broken = |reason: &str| (StatusCode::INTERNAL_SERVER_ERROR, format!("the authorizer's answer: {reason}"));
    let denied = |more: &str| (StatusCode::FORBIDDEN, format!("User is not authorized to access this resource{more}"));
    let principal = answer["principalId"].as_str().ok_or_else(|| broken("`principalId` is missing"))?;
    let mut allowed = false;
    for statement in list(&answer["policyDocument"]["Statement"]) {
        let covers = |name: &str, what: &str| {
            list(&statement[name]).iter().filter_map(Json::as_str).any(|pattern| matches_exactly(pattern, what))
        };
        let concerns = covers("Action", "execute-api:Invoke") && covers("Resource", method_arn);
        match statement["Effect"].as_str() {
            Some("Allow") => allowed |= concerns,
            Some("Deny") if concerns => return Err(denied(" with an explicit deny")),
            Some("Deny") => {}
            _ => return Err(broken("a statement has no `Effect`")),
        }
    }
    if !allowed {
        return Err(denied(""));
    }
    let mut context = Map::new();
    for (name, value) in answer["context"].as_object().into_iter().flatten() {
        let value = match value {
            Json::String(text) => text.clone(),
            Json::Number(_) | Json::Bool(_) => value.to_string(),
            _ => return Err(broken(&format!("`context.{name}` is neither text nor number nor boolean"))),
        };
        context.insert(name.clone(), value.into());
    }
    context.insert("principalId".to_owned(), principal.into());
    Ok(context)
}

fn list(value: &Json) -> &[Json] {
    match value {
        Json::Null => &[],
        Json::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}
