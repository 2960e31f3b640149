//! What errors have in common, and the words that their texts are made of.

use super::{Cause, Error};
use crate::id::ClientId;

impl Error {
    /// A parameter of a wrong type or value: `` `name` reason ``.
    pub fn invalid(name: &str, reason: impl Into<String>) -> Self {
        Self::InvalidParameter { name: name.to_owned(), reason: reason.into() }
    }

    /// After how many seconds the same request may succeed, where waiting helps.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Busy | Self::IdempotencyInProgress { .. } => Some(1),
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// The same where something has been done already: a refusal says that nothing has changed (D8), and would be untrue.
    pub fn after_a_change(self) -> Self {
        match self {
            Self::Internal(_) | Self::Answered { .. } => self,
            refusal => Self::internal(refusal),
        }
    }

    /// Wraps what the caller cannot mend.
    pub fn internal(cause: impl Into<Box<dyn Cause + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

pub(super) fn alternatives(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

pub(super) fn of(client: &Option<ClientId>) -> String {
    client.as_ref().map(|client| format!(" of `{client}`")).unwrap_or_default()
}

pub(super) fn article(window: &str) -> &'static str {
    if window == "hour" { "an" } else { "a" }
}

pub(super) fn quoted(clients: &[ClientId]) -> String {
    clients.iter().map(|client| format!("`{client}`")).collect::<Vec<_>>().join(", ")
}

pub(super) fn are(clients: &[ClientId]) -> String {
    format!("{} {}", quoted(clients), if clients.len() == 1 { "is" } else { "are" })
}
