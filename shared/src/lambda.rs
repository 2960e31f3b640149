//! The Lambda runtime, the environment, the log: what every function's `main` needs.

mod live;
mod streams;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::relay::{Mailing, Outlets};
use crate::request::Request;
use crate::store::{Meter, Store};
use crate::time::Stopwatch;
use crate::webhook::{Loopback, WebhookKey};

pub use live::{serve_authorizer, serve_socket};
pub use streams::{serve_batches, serve_stream};

/// What a function's `main` ends with.
pub type Ended = Result<(), lambda_runtime::Error>;

/// What the operator sets for a whole deployment, through the template's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long an invitation lives when the call does not say (`INVITATION_TTL_DAYS`, default 14; D17).
    pub invitation_lifetime: Duration,
    /// Whether Talk shows a client's own addresses to the one who invites it (`TALK_EXPOSE_ADDRESSES`, default true; D37).
    pub expose_addresses: bool,
}

impl Settings {
    fn from_environment() -> Self {
        let days = variable("INVITATION_TTL_DAYS").and_then(|days| days.parse().ok()).unwrap_or(14);
        Self {
            invitation_lifetime: Duration::from_secs(days * 24 * 60 * 60),
            expose_addresses: variable("TALK_EXPOSE_ADDRESSES").is_none_or(|value| value != "false"),
        }
    }
}

#[allow(clippy::disallowed_methods)] // this is where the environment is read
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Outlets {
    /// As the operator wants it.
    pub fn from_environment() -> Self {
        let link = variable("MAIL_LINK").unwrap_or_default();
        let is_here = variable("WEBHOOK_LOOPBACK").is_some_and(|value| value == "true");
        Self {
            key: variable("WEBHOOK_KEY").and_then(|key| WebhookKey::of(&key)),
            loopback: if is_here { Loopback::Allowed } else { Loopback::Refused },
            prefix: variable("WEBHOOK_PREFIX"),
            mail: variable("MAIL_SENDER").map(|sender| Mailing { sender, link }),
            bus: variable("EVENT_BUS"),
        }
    }
}

/// What a handler stands in: the table and the settings.
#[derive(Clone)]
pub struct House {
    /// The table.
    pub store: Store,
    /// The operator's choices.
    pub settings: Settings,
}

/// A reply as API Gateway wants it (HTTP API, payload 2.0).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// HTTP status.
    pub status_code: u16,
    /// Lower-case names.
    pub headers: BTreeMap<&'static str, String>,
    /// JSON text.
    pub body: String,
}

impl Response {
    /// A JSON reply.
    pub fn json(status_code: u16, body: &serde_json::Value) -> Self {
        let headers = BTreeMap::from([("content-type", "application/json; charset=utf-8".to_owned())]);
        Self { status_code, headers, body: body.to_string() }
    }

    /// The same with a header more.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }
}

/// Serves one endpoint: hands each request to `handle`, renders what comes of it by `respond`, and logs one line.
pub async fn serve<T, F, H>(handle: H, respond: fn(&Request, Result<T, Error>) -> Response) -> Ended
where
    H: Fn(House, Request) -> F,
    F: Future<Output = Result<T, Error>>,
{
    start_log();
    let house = open_house().await?;
    let begin = |house: &House| House { store: house.store.begin(), ..*house };
    run(house, begin, |house| house.store.take_meter(), handle, respond).await
}

/// The same for an endpoint without a table: it stands in `place`.
pub async fn serve_without_table<P, T, F, H>(
    place: P,
    handle: H,
    respond: fn(&Request, Result<T, Error>) -> Response,
) -> Ended
where
    P: Clone,
    H: Fn(P, Request) -> F,
    F: Future<Output = Result<T, Error>>,
{
    start_log();
    run(place, P::clone, |_| Meter::default(), handle, respond).await
}

async fn run<P, T, F, H>(
    place: P,
    begin: fn(&P) -> P,
    meter: fn(&P) -> Meter,
    handle: H,
    respond: fn(&Request, Result<T, Error>) -> Response,
) -> Ended
where
    H: Fn(P, Request) -> F,
    F: Future<Output = Result<T, Error>>,
{
    let (place, handle) = (&place, &handle);
    let serve_one = |event: LambdaEvent<Request>| async move {
        let (request, id) = (event.payload, event.context.request_id);
        let watch = Stopwatch::start();
        let result = handle(begin(place), request.clone()).await;
        let line = Line::of(&request, &id, result.as_ref().err(), meter(place));
        let mut response = respond(&request, result);
        response.headers.entry("x-request-id").or_insert_with(|| id.clone());
        line.write(Some(response.status_code), watch);
        Ok::<_, lambda_runtime::Error>(response)
    };
    lambda_runtime::run(service_fn(serve_one)).await
}

/// Serves the operator, who invokes the function directly: JSON in, JSON out, a failure as the function's error.
pub async fn serve_operator<E, T, F, H>(handle: H) -> Ended
where
    E: DeserializeOwned,
    T: Serialize,
    H: Fn(House, E) -> F,
    F: Future<Output = Result<T, Error>>,
{
    start_log();
    let house = &open_cold_house().await?; // nobody waits for it
    let handle = &handle;
    let serve_one = |event: LambdaEvent<serde_json::Value>| async move {
        let watch = Stopwatch::start();
        let result = match serde_json::from_value(event.payload) {
            // Boxed: the types of futures within futures grow past what the compiler follows.
            Ok(event) => Box::pin(handle(House { store: house.store.begin(), ..*house }, event)).await,
            Err(flaw) => Err(Error::InvalidBody { reason: flaw.to_string() }),
        };
        let nothing = Request::default();
        let line = Line::of(&nothing, &event.context.request_id, result.as_ref().err(), house.store.take_meter());
        line.write(None, watch);
        result
            .map_err(|error| lambda_runtime::Diagnostic { error_type: name(&error), error_message: error.to_string() })
    };
    lambda_runtime::run(service_fn(serve_one)).await
}

async fn open_house() -> Result<House, lambda_runtime::Error> {
    let house = open_cold_house().await?;
    house.store.warm_up().await;
    Ok(house)
}

async fn open_cold_house() -> Result<House, lambda_runtime::Error> {
    let table = variable("TABLE_NAME").ok_or("TABLE_NAME must name the table")?;
    let store = Store::connect(table, variable("AWS_ENDPOINT_URL_DYNAMODB")).await;
    Ok(House { store, settings: Settings::from_environment() })
}

/// One JSON line per event, at the level that `LOG_LEVEL` names (default `info`).
fn start_log() {
    let level = variable("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(tracing::Level::INFO);
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level)
        .try_init();
}

/// The log line of a request. Never a key, a token, an address or a body.
struct Line<'a> {
    route: &'a str,
    room: &'a str,
    request: &'a str,
    outcome: String,
    cause: Option<String>,
    meter: Meter,
}

impl<'a> Line<'a> {
    fn of(request: &'a Request, id: &'a str, error: Option<&Error>, meter: Meter) -> Self {
        Self::at(request.route(), request.path("id"), id, error, meter)
    }

    fn at(route: &'a str, room: &'a str, request: &'a str, error: Option<&Error>, meter: Meter) -> Self {
        let outcome = error.map_or_else(|| "ok".to_owned(), name);
        let cause = error.and_then(|error| error.source()).map(chain);
        Self { route, room, request, outcome, cause, meter }
    }

    fn write(self, status: Option<u16>, watch: Stopwatch) {
        let app = self.meter.app.map(|app| app.to_string()).unwrap_or_default();
        let function = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        let millis = watch.millis();
        let (requests, capacity) = (self.meter.requests, self.meter.capacity);
        let Self { route, room, request, outcome, cause, .. } = self;
        match cause {
            None => tracing::info!(function, route, app, room, request, outcome, status, millis, requests, capacity),
            Some(cause) => {
                tracing::error!(
                    function, route, app, room, request, outcome, status, millis, requests, capacity, cause
                );
            }
        }
    }
}

/// The name of an error's kind, without what it holds: `RoomFull`.
fn name(error: &Error) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// A cause and what lies behind it, on one line.
fn chain(cause: &(dyn std::error::Error + 'static)) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
