//! The environment: what the operator sets, through the template's parameters.

use std::time::Duration;

use crate::budget::Budgets;
use crate::relay::Outlets;
use crate::webhook::{Loopback, WebhookKey};

/// What the operator sets for a whole deployment, through the template's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long an invitation lives when the call does not say (`INVITATION_TTL_DAYS`, default 14; D17).
    pub invitation_lifetime: Duration,
    /// Whether Talk shows a client's own addresses to the one who invites it (`TALK_EXPOSE_ADDRESSES`, default true; D37).
    pub expose_addresses: bool,
}

impl Settings {
    pub(super) fn from_environment() -> Self {
        let days = variable("INVITATION_TTL_DAYS").and_then(|days| days.parse().ok()).unwrap_or(14);
        Self {
            invitation_lifetime: Duration::from_secs(days * 24 * 60 * 60),
            expose_addresses: variable("TALK_EXPOSE_ADDRESSES").is_none_or(|value| value != "false"),
        }
    }
}

impl Budgets {
    /// As the operator wants them; what is not set is no limit.
    pub(super) fn from_environment() -> Self {
        let limit = |name| variable(name).and_then(|limit| limit.parse().ok()).unwrap_or(0);
        Self {
            inviter: limit("INVITER_BUDGET"),
            room: limit("ROOM_BUDGET"),
            receiver: limit("RECEIVER_BUDGET"),
            addresses: limit("ADDRESS_BUDGET"),
            platform: limit("PLATFORM_BUDGET"),
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
        let key = variable("WEBHOOK_KEY").and_then(|key| WebhookKey::of(&key));
        let is_here = variable("WEBHOOK_LOOPBACK").is_some_and(|value| value == "true");
        Self {
            has_webhooks: key.is_some() || variable("WEBHOOKS").is_some(),
            key,
            loopback: if is_here { Loopback::Allowed } else { Loopback::Refused },
            prefix: variable("WEBHOOK_PREFIX"),
            mail: variable("MAIL_SENDER"),
            link: variable("MAIL_LINK").unwrap_or_default(),
            bus: variable("EVENT_BUS"),
        }
    }
}
