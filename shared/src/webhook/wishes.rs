//! What an operator wants of a webhook.

use super::{Switch, Webhook};
use crate::client::Said;
use crate::error::Error;
use crate::event::Style;
use crate::id::ObjectId;
use crate::time::Time;

/// What an operator says of a webhook; what he leaves out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Where it is told.
    pub url: Option<String>,
    /// In which form.
    pub style: Option<Style>,
    /// Of what.
    pub events: Option<Vec<String>>,
    /// The operator's own words.
    pub description: Said<String>,
    /// Whether it is told.
    pub switch: Option<Switch>,
}

impl Webhook {
    /// A new one; our own style, unless another is wished.
    pub fn new(wishes: Wishes, now: Time) -> Result<Self, Error> {
        if wishes.url.is_none() {
            return Err(Error::MissingParameter { names: &["url"] });
        }
        let id = ObjectId::at(now).to_string();
        Self { id, style: Style::Rollcall, created_at: now, ..Self::of_rooms() }.revised(wishes, now)
    }

    /// As it is wished. Its events must be the style's, also where one of both stays as it is.
    pub fn revised(&self, wishes: Wishes, now: Time) -> Result<Self, Error> {
        if self.is_of_rooms() && wishes.url.is_some() {
            return Err(Error::invalid("url", "cannot be given for `room`: each room names its own"));
        }
        let mut revised = self.amended(now);
        revised.url = wishes.url.unwrap_or(revised.url);
        revised.style = wishes.style.unwrap_or(revised.style);
        revised.events = checked_events(wishes.events.unwrap_or(revised.events), revised.style)?;
        wishes.description.onto(&mut revised.description);
        revised.switch = wishes.switch.unwrap_or(revised.switch);
        Ok(revised)
    }
}

/// The names of the events that a webhook is told of; an unknown one is refused by name.
fn checked_events(events: Vec<String>, style: Style) -> Result<Vec<String>, Error> {
    let known = style.names();
    match events.iter().find(|event| !known.contains(event)) {
        Some(unknown) => {
            let reason = format!("must not name `{unknown}`: in this style there are {}", known.join(", "));
            Err(Error::invalid("events", reason))
        }
        None => Ok(events),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_a_style_does_not_have_is_refused_by_name() {
        let events = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(checked_events(events(&["member.joined", "message.created"]), Style::Rollcall).is_ok());
        let refusal = checked_events(events(&["JOIN_ROOM"]), Style::Rollcall).unwrap_err().to_string();
        assert!(refusal.contains("`events`") && refusal.contains("`JOIN_ROOM`"), "{refusal}");
    }
}
