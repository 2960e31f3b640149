//! The log: one JSON line for each event.

use std::error::Error as _;

use super::environment::variable;
use crate::error::Error;
use crate::request::Request;
use crate::store::Meter;
use crate::time::Stopwatch;

/// One JSON line per event, at the level that `LOG_LEVEL` names (default `info`).
pub(super) fn start_log() {
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
pub(super) struct Line<'a> {
    route: &'a str,
    room: &'a str,
    request: &'a str,
    outcome: String,
    cause: Option<String>,
    meter: Meter,
}

impl<'a> Line<'a> {
    pub(super) fn of(request: &'a Request, id: &'a str, error: Option<&Error>, meter: Meter) -> Self {
        Self::at(request.route(), request.path("id"), id, error, meter)
    }

    pub(super) fn at(route: &'a str, room: &'a str, request: &'a str, error: Option<&Error>, meter: Meter) -> Self {
        let outcome = error.map_or_else(|| "ok".to_owned(), name);
        let cause = error.and_then(|error| error.source()).map(chain);
        Self { route, room, request, outcome, cause, meter }
    }

    pub(super) fn write(self, status: Option<u16>, watch: Stopwatch) {
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
pub(super) fn name(error: &Error) -> String {
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
