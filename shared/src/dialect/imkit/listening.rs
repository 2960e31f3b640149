//! What requests ask for of webhooks and their deliveries.

use std::ops::RangeInclusive;

use crate::client::Said;
use crate::delivery::{DeliveryId, State};
use crate::error::Error;
use crate::event::Style;
use crate::id::RoomId;
use crate::request::{Fields, Request};
use crate::webhook::{Loopback, Switch, Target, Wishes, checked_url};

/// The longest description, in bytes.
const DESCRIPTION: usize = 1_024;

/// How many entries of a log one call tells again.
const MOST_ENTRIES: u64 = 1_000;

/// What a list of deliveries is to hold.
pub struct Page {
    /// Of this state alone.
    pub state: Option<State>,
    /// Behind this one.
    pub behind: Option<DeliveryId>,
    /// At most so many.
    pub limit: usize,
}

/// Which entries of a log are told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    first: u64,
    last: Option<u64>,
}

/// The webhook in the path.
pub fn webhook(request: &Request) -> Result<Target, Error> {
    let target = target(request)?;
    if target.is_webhook() { Ok(target) } else { Err(Error::WebhookNotFound { id: target.as_str().to_owned() }) }
}

/// The target in the path: a webhook, or one of those that are none.
pub fn target(request: &Request) -> Result<Target, Error> {
    let id = request.path("webhook");
    Target::parse("webhook", id).map_err(|_| Error::WebhookNotFound { id: id.to_owned() })
}

/// The delivery in the path.
pub fn delivery(request: &Request) -> Result<DeliveryId, Error> {
    let id = request.path("delivery");
    DeliveryId::parse("delivery", id).map_err(|_| Error::DeliveryNotFound { id: id.to_owned() })
}

/// What the body says of a webhook, but for whether it is told.
pub fn wishes(fields: &Fields, loopback: Loopback) -> Result<Wishes, Error> {
    let url = fields.text("url", usize::MAX)?.map(|url| checked_url("url", &url, loopback)).transpose()?;
    let style = fields.text("style", 64)?.map(|style| Style::parse("style", &style)).transpose()?;
    let mut events = fields.texts("events", 64)?;
    if let Some(events) = &mut events {
        events.sort();
        events.dedup();
    }
    let description = match (fields.text("description", DESCRIPTION)?, fields.raw("description")) {
        (Some(text), _) => Said::Is(text),
        (None, Some(_)) => Said::None,
        (None, None) => Said::Nothing,
    };
    Ok(Wishes { url, style, events, description, switch: None })
}

/// Whether the body wants a webhook told.
pub fn switch(fields: &Fields) -> Result<Option<Switch>, Error> {
    match fields.text("status", 64)?.as_deref() {
        None => Ok(None),
        Some("enabled") => Ok(Some(Switch::On)),
        Some("disabled") => Ok(Some(Switch::Off)),
        Some(_) => Err(Error::invalid("status", "must be `enabled` or `disabled`")),
    }
}

/// Which deliveries the query asks for.
pub fn page(request: &Request) -> Result<Page, Error> {
    let state = request.query("state").map(|state| {
        State::parse(state).ok_or_else(|| Error::invalid("state", "must be `pending`, `delivered` or `failed`"))
    });
    Ok(Page {
        state: state.transpose()?,
        behind: request.query("cursor").map(|cursor| DeliveryId::parse("cursor", cursor)).transpose()?,
        limit: request.query_number("limit", 1..=1_000, 100)? as usize,
    })
}

/// Which entries of which room the body wants told again.
pub fn replay(fields: &Fields) -> Result<(RoomId, Span), Error> {
    let room = fields.text("room", usize::MAX)?.ok_or(Error::MissingParameter { names: &["room"] })?;
    let first = fields.number("from", 1..=u64::MAX)?.ok_or(Error::MissingParameter { names: &["from"] })?;
    let last = fields.number("to", first..=first.saturating_add(MOST_ENTRIES - 1))?;
    Ok((RoomId::parse("room", &room)?, Span { first, last }))
}

impl Span {
    /// The entries of a log that ends with the one of this number. Where the request does not say how far it goes, it goes to
    /// the end, unless that is too far.
    pub fn of_log(self, end: u64) -> Result<RangeInclusive<u64>, Error> {
        let last = self.last.unwrap_or(end).min(end);
        if last.saturating_sub(self.first) < MOST_ENTRIES {
            return Ok(self.first..=last);
        }
        let furthest = self.first.saturating_add(MOST_ENTRIES - 1);
        Err(Error::invalid("to", format!("must be given: the log goes on to {end}, and one call goes to {furthest}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_tells_at_most_a_thousand_entries_again() {
        let span = |first, last| Span { first, last };
        assert_eq!(span(3, None).of_log(1_002).unwrap(), 3..=1_002);
        assert_eq!(span(3, Some(7)).of_log(5_000).unwrap(), 3..=7);
        assert_eq!(span(3, Some(9)).of_log(5).unwrap(), 3..=5);
        assert!(span(9, None).of_log(5).unwrap().is_empty());
        let refusal = span(3, None).of_log(1_003).unwrap_err().to_string();
        assert!(refusal.contains("`to`") && refusal.contains("1002"), "{refusal}");
    }
}
