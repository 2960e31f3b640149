//! What replies hold of webhooks and their deliveries; and the test event.

use serde_json::{Value, json};

use super::Reply;
use super::parts::put;
use crate::delivery::{Delivery, DeliveryId, State, Verdict};
use crate::id::AppId;
use crate::webhook::{Switch, Webhook};

/// A webhook as its operator sees it. What stands for the rooms' own URLs has none.
fn webhook(own: &Webhook) -> Value {
    let (status, because) = match own.switch {
        Switch::On => ("enabled", None),
        Switch::Off => ("disabled", Some("operator")),
        Switch::Gone => ("disabled", Some("gone")),
    };
    let mut result = json!({
        "_id": own.id,
        "id": own.id,
        "style": own.style,
        "events": own.events,
        "status": status,
        "createdAt": own.created_at.iso(),
        "updatedAt": own.updated_at.iso(),
        "createdTimeMS": own.created_at,
        "updatedTimeMS": own.updated_at,
    });
    put(&mut result, "url", Some(&own.url).filter(|url| !url.is_empty()));
    put(&mut result, "description", own.description.as_ref());
    put(&mut result, "disabledBecause", because);
    result
}

fn delivery(own: &Delivery) -> Value {
    let mut result = json!({
        "_id": own.id,
        "id": own.id,
        "room": own.room,
        "seq": own.seq,
        "event": own.event,
        "style": own.style,
        "state": own.state,
        "attempts": own.attempts,
        "createdAt": own.created_at.iso(),
        "updatedAt": own.updated_at.iso(),
    });
    put(&mut result, "status", own.status);
    put(&mut result, "error", own.error.as_ref());
    put(&mut result, "nextAttemptAt", Some(own.due.iso()).filter(|_| own.state == State::Pending));
    result
}

impl Reply {
    /// A webhook.
    pub fn webhook(own: &Webhook) -> Self {
        webhook(own).into()
    }

    /// A webhook that was just registered, with its secret.
    pub fn registered(own: &Webhook, secret: &str) -> Self {
        let mut result = webhook(own);
        result["secret"] = json!(secret);
        result.into()
    }

    /// A webhook with its new secret, and until when the one before it is good.
    pub fn rotated(own: &Webhook, secret: &str) -> Self {
        let mut result = webhook(own);
        result["secret"] = json!(secret);
        put(&mut result, "previousSecretValidUntil", own.overlaps_until().map(|end| end.iso()));
        result.into()
    }

    /// All webhooks of an app.
    pub fn webhooks(all: &[Webhook]) -> Self {
        json!({ "totalCount": all.len(), "data": all.iter().map(webhook).collect::<Value>() }).into()
    }

    /// What came of a test event, and in how many milliseconds.
    pub fn pinged(verdict: &Verdict, millis: f64) -> Self {
        let (delivered, status, reason) = match verdict {
            Verdict::Delivered { status } => (true, Some(*status), None),
            Verdict::Failed { status, reason, .. } | Verdict::Hopeless { status, reason } => {
                (false, *status, Some(reason))
            }
        };
        let mut result = json!({ "delivered": delivered, "millis": millis.round() as u64 });
        put(&mut result, "status", status);
        put(&mut result, "error", reason);
        result.into()
    }

    /// A delivery.
    pub fn delivery(own: &Delivery) -> Self {
        delivery(own).into()
    }

    /// Deliveries to a target, and behind which one the next page begins.
    pub fn deliveries(found: &[Delivery], next: Option<&DeliveryId>) -> Self {
        let mut result = json!({ "data": found.iter().map(delivery).collect::<Value>() });
        put(&mut result, "nextCursor", next);
        result.into()
    }

    /// How many deliveries are made again.
    pub fn replayed(count: usize) -> Self {
        json!({ "replayed": count }).into()
    }
}

/// The test event in the form of IMKit's webhooks.
pub fn ping(app: &AppId, own: &Webhook) -> Value {
    let data = json!({ "webhook": own.id });
    json!({ "appID": app, "clientID": null, "roomID": null, "event": "PING", "botState": "", "data": data })
}
