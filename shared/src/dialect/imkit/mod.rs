//! IMKit's dialect: every reply in the envelope `RC`/`RM`/`result` (D7), and its table of errors (D8).

pub mod asked;
pub mod consent;
mod event;
mod links;
pub mod listening;
mod lists;
mod parts;
mod people;
pub mod query;
pub mod said;
mod view;
mod webhooks;

use serde_json::{Value, json};

use crate::error::{Error, LinkRefusal};
use crate::lambda::Response;
use crate::once::Answer;
use crate::request::Request;

pub use event::event;
pub use lists::OwnRoom;
pub(in crate::dialect) use parts::entry;
pub use people::client;
pub use view::Shape;
pub use webhooks::ping;

/// What a request came to: `result`, and what stands beside it in the envelope.
#[derive(Clone, Debug)]
pub struct Reply {
    result: Value,
    outcomes: Option<Value>,
}

impl From<Value> for Reply {
    fn from(result: Value) -> Self {
        Self { result, outcomes: None }
    }
}

impl Answer for Reply {
    fn body(&self) -> Value {
        let mut body = json!({ "RC": 0, "RM": "OK", "result": self.result });
        if let Some(outcomes) = &self.outcomes {
            body["outcomes"] = outcomes.clone();
        }
        body
    }
}

/// Renders what a handler came to.
pub fn respond(_: &Request, result: Result<Reply, Error>) -> Response {
    match result {
        Ok(reply) => Response::json(200, &reply.body()),
        Err(error) => refuse(&error),
    }
}

/// An error with its HTTP status, which is `RC` too (D7).
pub fn refuse(error: &Error) -> Response {
    let (status, cause, code) = status(error);
    let mut told = json!({ "code": code, "message": error.to_string() });
    if let Error::ClientsNotFound { missing }
    | Error::MembersNotFound { missing, .. }
    | Error::InvitationNotFound { missing, .. } = error
    {
        told["details"] = json!({ "missing": missing });
    }
    if let Error::RateLimited { budget, client, limit, retry_after, .. } = error {
        told["details"] = json!({ "budget": budget, "client": client, "limit": limit, "retryAfter": retry_after });
    }
    let response = Response::json(status, &json!({ "RC": status, "RM": cause, "error": told }));
    match error.retry_after() {
        Some(seconds) => response.with("retry-after", seconds.to_string()),
        None => response,
    }
}

/// An error as it stands in a frame: what is in a reply's `error`.
pub(in crate::dialect) fn told(error: &Error) -> Value {
    json!({ "code": status(error).2, "message": error.to_string() })
}

/// HTTP status, `RM`, `error.code` (D8).
fn status(error: &Error) -> (u16, &'static str, &'static str) {
    match error {
        Error::InvalidBody { .. } => (400, "Bad Request", "INVALID_BODY"),
        Error::MissingParameter { .. } => (400, "Bad Request", "MISSING_PARAMETER"),
        Error::InvalidParameter { .. } => (400, "Invalid parameters", "INVALID_PARAMETER"),
        Error::BodyTooLarge { .. } => (413, "Payload Too Large", "BODY_TOO_LARGE"),
        Error::InvalidClientKey => (401, "Unauthorized", "INVALID_CLIENT_KEY"),
        Error::InvalidApiKey => (401, "Unauthorized", "INVALID_API_KEY"),
        Error::MissingToken | Error::UnknownToken | Error::ExpiredToken => (401, "Unauthorized", "INVALID_TOKEN"),
        Error::NotRoomMember { .. } => (403, "Forbidden", "NOT_ROOM_MEMBER"),
        Error::RoomClosed { .. } | Error::RoomFrozen { .. } => (403, "Forbidden", "ROOM_CLOSED"),
        Error::InsufficientPermissions { .. } => (403, "Permission denied", "INSUFFICIENT_PERMISSIONS"),
        Error::Banned { .. } => (403, "Forbidden", "BANNED"),
        Error::Blocked { .. } => (403, "Forbidden", "BLOCKED"),
        Error::InvitationRequired { .. } => (403, "Forbidden", "INVITATION_REQUIRED"),
        Error::RoomNotFound { .. } => (404, "Room not found", "ROOM_NOT_FOUND"),
        Error::ClientsNotFound { .. } | Error::MembersNotFound { .. } => (404, "Client not found", "CLIENT_NOT_FOUND"),
        Error::InvitationNotFound { .. } | Error::AddressInvitationNotFound { .. } => {
            (404, "Invitation not found", "INVITATION_NOT_FOUND")
        }
        Error::MessageNotFound { .. } => (404, "Message not found", "MESSAGE_NOT_FOUND"),
        Error::Link(LinkRefusal::NotFound { .. }) => (404, "Link not found", "LINK_NOT_FOUND"),
        Error::Link(LinkRefusal::UsedUp { .. }) => (409, "Conflict", "LINK_USED_UP"),
        Error::Link(LinkRefusal::Redeemed { .. }) => (409, "Conflict", "LINK_REDEEMED"),
        Error::Link(LinkRefusal::TooMany { .. }) => (409, "Conflict", "TOO_MANY_LINKS"),
        Error::BanNotFound { .. } | Error::BlockNotFound { .. } => {
            (404, "Block relationship not found", "BLOCK_NOT_FOUND")
        }
        Error::AlreadyBanned { .. } => (409, "User already blocked", "ALREADY_BANNED"),
        Error::RouteNotFound => (404, "Not Found", "ROUTE_NOT_FOUND"),
        Error::AppNotFound { .. } => (404, "Not Found", "APP_NOT_FOUND"),
        Error::WebhookNotFound { .. } => (404, "Webhook not found", "WEBHOOK_NOT_FOUND"),
        Error::DeliveryNotFound { .. } => (404, "Delivery not found", "DELIVERY_NOT_FOUND"),
        Error::TooManyWebhooks { .. } => (409, "Conflict", "TOO_MANY_WEBHOOKS"),
        Error::TooManySubscriptions { .. } => (409, "Conflict", "TOO_MANY_SUBSCRIPTIONS"),
        Error::TooManyBlocks { .. } => (409, "Conflict", "TOO_MANY_BLOCKS"),
        Error::WebhooksOff => (409, "Conflict", "WEBHOOKS_OFF"),
        Error::RoomFull { .. } => (409, "Conflict", "ROOM_FULL"),
        Error::DirectRoom { .. } => (409, "Conflict", "DIRECT_ROOM"),
        // Refusals that only the other dialect and the operator's function know.
        Error::MemberExists { .. }
        | Error::InvitationExists
        | Error::NotTeamMember
        | Error::TooManyFields { .. }
        | Error::Answered { .. }
        | Error::AppExists { .. } => (409, "Conflict", "CONFLICT"),
        Error::RateLimited { .. } => (429, "Too Many Requests", "RATE_LIMITED"),
        Error::IdempotencyMismatch { .. } => (422, "Unprocessable Content", "IDEMPOTENCY_MISMATCH"),
        Error::IdempotencyInProgress { .. } => (409, "Conflict", "IDEMPOTENCY_IN_PROGRESS"),
        Error::Busy => (503, "Service Unavailable", "BUSY"),
        Error::Internal(_) => (500, "Internal Server Error", "INTERNAL"),
    }
}
