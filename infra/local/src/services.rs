//! The services besides DynamoDB that a function may ask: told apart, held to the function's policy, and let go wrong.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::json;

use crate::background::Background;
use crate::bus::PutEvents;
use crate::faults::{CallFault, Faults};
use crate::http::{self, Answer, Cut};
use crate::instance::Instance;
use crate::lambda::Invoke;
use crate::mail::SendEmail;
use crate::management::Management;
use crate::outbox::Outbox;
use crate::pool::Pool;
use crate::sockets::Sockets;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// The services of one stack.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) pool: Arc<Pool>,
    pub(crate) background: Arc<Background>,
    pub(crate) faults: Faults,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) sockets: Option<Arc<Sockets>>,
}

/// The variables that lead a function's SDKs to the proxy at this address; `stage` is the WebSocket API's.
pub(crate) fn endpoints(proxy_url: &str, stage: &str) -> Vec<(&'static str, String)> {
    let proxy = || proxy_url.to_owned();
    vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", proxy()),
        ("AWS_ENDPOINT_URL_LAMBDA", proxy()),
        ("AWS_ENDPOINT_URL_SESV2", proxy()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", proxy()),
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", format!("{proxy_url}/{stage}")),
    ]
}

/// A request to one of the services.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Lambda's Invoke.
    Invoke(Invoke),
    /// SES's SendEmail.
    SendEmail(SendEmail),
    /// EventBridge's PutEvents.
    PutEvents(PutEvents),
    /// A call of the WebSocket API's management API.
    Connection(Management),
}

/// What becomes of a request that a service accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done.
    Done,
    /// It is forgotten.
    Lost,
}

/// Why a service does not accept a request.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }
}

impl From<Refusal> for Response<Bytes> {
    fn from(Refusal { status, kind, message }: Refusal) -> Self {
        let mut response = http::json(status, &json!({ "__type": kind, "message": message }));
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(kind));
        response
    }
}

impl Wanted {
    /// What a request is for; `None`: for DynamoDB.
    pub(crate) fn read(head: &Parts, body: &Bytes) -> Option<Result<Self, Refusal>> {
        let target = head.headers.get("x-amz-target").map(HeaderValue::as_bytes).unwrap_or_default();
        let parts: Vec<_> = head.uri.path().split('/').skip(1).collect();
        match (&head.method, parts.as_slice()) {
            (&Method::POST, ["2015-03-31", "functions", name, "invocations"]) => {
                Some(Invoke::read(name, &head.headers, body).map(Self::Invoke))
            }
            (&Method::POST, ["v2", "email", "outbound-emails"]) => Some(SendEmail::read(body).map(Self::SendEmail)),
            (&Method::POST, [""]) if target == b"AWSEvents.PutEvents" => {
                Some(PutEvents::read(body).map(Self::PutEvents))
            }
            (method, [stage, "@connections", id]) => {
                Some(Management::read(method, stage, id, body).map(Self::Connection))
            }
            (_, [""]) if !target.starts_with(b"AWSEvents.") => None,
            _ => {
                let asked = format!("{} {} {}", head.method, head.uri.path(), String::from_utf8_lossy(target));
                let message = format!("`{}` is not played on one machine", asked.trim_end());
                Some(Err(Refusal::new(StatusCode::NOT_FOUND, "UnknownOperationException", message)))
            }
        }
    }

    /// The name of what it does, as in a policy.
    fn action(&self) -> &'static str {
        match self {
            Self::Invoke(_) => "lambda:InvokeFunction",
            Self::SendEmail(_) => "ses:SendEmail",
            Self::PutEvents(_) => "events:PutEvents",
            Self::Connection(_) => "execute-api:ManageConnections",
        }
    }

    /// What must be granted: for each of the lists, one of its resources. `api` is the id of the WebSocket API.
    fn resources(&self, api: &str) -> Vec<Vec<String>> {
        match self {
            Self::Invoke(invoke) => vec![vec![invoke.resource()]],
            Self::SendEmail(mail) => vec![mail.resources()],
            Self::PutEvents(events) => events.resources(),
            Self::Connection(call) => vec![vec![call.resource(api)]],
        }
    }

    fn denial(&self) -> &'static str {
        match self {
            Self::Connection(_) => "ForbiddenException",
            Self::Invoke(_) | Self::SendEmail(_) | Self::PutEvents(_) => "AccessDeniedException",
        }
    }

    fn throttled(&self) -> Refusal {
        let (status, kind) = match self {
            Self::PutEvents(_) => (StatusCode::BAD_REQUEST, "ThrottlingException"),
            Self::Connection(_) => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException"),
            Self::Invoke(_) | Self::SendEmail(_) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
        };
        Refusal::new(status, kind, "Rate exceeded")
    }
}

impl Services {
    /// Answers one request of a function.
    pub(crate) async fn handle(&self, instance: &Instance, wanted: Result<Wanted, Refusal>) -> Answer {
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refusal) => return Ok(refusal.into()),
        };
        if let Some(refusal) = self.denied(instance, &wanted) {
            return Ok(refusal.into());
        }
        // As with the table: what a function asks at its start is not disturbed.
        let fault = instance.invocation().and_then(|_| self.faults.take_call(wanted.action()));
        let fate = match fault {
            None => Fate::Done,
            Some(CallFault::Lose) => Fate::Lost,
            Some(CallFault::Refuse) => return Ok(wanted.throttled().into()),
            Some(CallFault::Cut) => return Err(Cut),
        };
        let answer = match wanted {
            Wanted::Invoke(invoke) => invoke.perform(&self.pool, &self.background, fate).await,
            Wanted::SendEmail(mail) => self.send(instance, mail, fate),
            Wanted::Connection(call) => call.perform(self.sockets.as_deref(), fate),
            Wanted::PutEvents(events) => Ok(http::json(StatusCode::OK, &events.perform(&self.outbox, fate))),
        };
        Ok(answer.unwrap_or_else(Response::from))
    }

    fn send(&self, instance: &Instance, mail: SendEmail, fate: Fate) -> Result<Response<Bytes>, Refusal> {
        let sent = mail.perform(&self.outbox, fate).map(|answer| http::json(StatusCode::OK, &answer));
        sent.map_err(|error| {
            let message = format!("the mail cannot be written into the outbox: {error}");
            self.pool.logs.line(&instance.function.binary, &message);
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException", message)
        })
    }

    fn denied(&self, instance: &Instance, wanted: &Wanted) -> Option<Refusal> {
        let (function, action) = (&instance.function, wanted.action());
        let api = self.sockets.as_ref().map_or("", |sockets| &sockets.api.id);
        let allowed = |one: &Vec<String>| one.iter().any(|resource| function.policy.allows(action, resource));
        let resources = wanted.resources(api).into_iter().find(|one| !allowed(one))?.join("` or `");
        let message = format!(
            "`{}` is not allowed {action} on `{resources}`: its `Policies` in template.yaml do not grant it",
            function.id
        );
        self.pool.logs.line(&function.binary, &message);
        Some(Refusal::new(StatusCode::FORBIDDEN, wanted.denial(), message))
    }
}
