//! The Lambda runtime, the environment, the log: what every function's `main` needs.

mod environment;
mod live;
mod log;

use std::collections::BTreeMap;
use std::future::Future;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::budget::Budgets;
use crate::error::Error;
use crate::once::{Answer, Asked};
use crate::request::Request;
use crate::store::{Meter, Store};
use crate::stream::{Batch, Changed, Handled};
use crate::time::Stopwatch;

pub use environment::Settings;
pub(crate) use environment::variable;
pub use live::{serve_authorizer, serve_socket};
use log::{Line, name, start_log};

/// What a function's `main` ends with.
pub type Ended = Result<(), lambda_runtime::Error>;

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

    /// A reply that was given before, letter by letter (D42).
    fn again(body: String, is_replayed: bool) -> Self {
        let response = Self { body, ..Self::json(200, &serde_json::Value::Null) };
        if is_replayed { response.with("idempotency-replayed", "true") } else { response }
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
    T: Answer,
    H: Fn(House, Request) -> F,
    F: Future<Output = Result<T, Error>>,
{
    start_log();
    let handle = &handle;
    // Boxed: the types of futures within futures grow past what the compiler follows.
    let once = |house: House, request: Request| Box::pin(carry_out(house, request, handle));
    run(open_house().await?, House::clone, |house| house.store.take_meter(), once, respond).await
}

/// Handles a request; once, if it comes with a key (D42).
async fn carry_out<T: Answer, F>(
    house: House,
    request: Request,
    handle: &impl Fn(House, Request) -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let store = match request.is_dry_run()? {
        true if request.may_change() => house.store.begin_dry(),
        _ => house.store.begin_once(Asked::of(&request)?),
    };
    let house = House { store, ..house };
    let reply = handle(house.clone(), request).await?;
    house.store.keep_answer(&reply).await?;
    Ok(reply)
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
        let mut response = match result {
            Err(Error::Answered { body, is_replayed }) => Response::again(body, is_replayed),
            result => respond(&request, result),
        };
        if request.may_change() && request.is_dry_run().unwrap_or(false) {
            response = response.with("dry-run", "true");
        }
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

/// Serves the table's stream: each item that changed, one after the other. The first that fails is reported, so that Lambda
/// comes again with it and with what is behind it.
pub async fn serve_stream<F, H>(handle: H) -> Ended
where
    H: Fn(House, Changed) -> F,
    F: Future<Output = Result<(), Error>>,
{
    start_log();
    let house = &open_cold_house().await?; // nobody waits for it
    let handle = &handle;
    let serve_one = |event: LambdaEvent<Batch>| async move {
        let (watch, nothing) = (Stopwatch::start(), Request::default());
        let place = House { store: house.store.begin(), ..*house };
        let mut failed = None;
        for (number, item) in event.payload.changed() {
            if let Err(error) = handle(place.clone(), item).await {
                failed = Some((number, error));
                break;
            }
        }
        let error = failed.as_ref().map(|(_, error)| error);
        Line::of(&nothing, &event.context.request_id, error, house.store.take_meter()).write(None, watch);
        Ok::<_, lambda_runtime::Error>(Handled::up_to(failed.map(|(number, _)| number)))
    };
    lambda_runtime::run(service_fn(serve_one)).await
}

/// The same, a batch at a time: each item that changed, once. What `handle` gives back has failed; Lambda comes again with the
/// first of them and with what is behind it.
pub async fn serve_batches<F, H>(handle: H) -> Ended
where
    H: Fn(House, Vec<Changed>) -> F,
    F: Future<Output = Vec<(Changed, Error)>>,
{
    start_log();
    let house = &open_cold_house().await?; // nobody waits for it
    let handle = &handle;
    let serve_one = |event: LambdaEvent<Batch>| async move {
        let (watch, nothing) = (Stopwatch::start(), Request::default());
        let changed = event.payload.changed();
        let items = changed.iter().map(|(_, item)| item.clone()).collect();
        let failures = Box::pin(handle(House { store: house.store.begin(), ..*house }, items)).await;
        let place = |item: &Changed| changed.iter().position(|(_, known)| known == item);
        let first = failures.iter().filter_map(|(item, _)| place(item)).min();
        let error = failures.first().map(|(_, error)| error);
        Line::of(&nothing, &event.context.request_id, error, house.store.take_meter()).write(None, watch);
        Ok::<_, lambda_runtime::Error>(Handled::up_to(first.map(|at| changed[at].0.clone())))
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
    let store = Store::connect(table, variable("AWS_ENDPOINT_URL_DYNAMODB"), Budgets::from_environment()).await;
    Ok(House { store, settings: Settings::from_environment() })
}
