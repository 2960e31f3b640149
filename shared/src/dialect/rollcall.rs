//! Our own events: an entry of the log (D40), in the shape that Standard Webhooks recommends.

use serde_json::{Value, json};

use super::imkit;
use crate::event::Scene;
use crate::id::AppId;
use crate::time::Time;
use crate::webhook::Webhook;

/// `type`, `timestamp` and, in `data`, the entry as `GET /rooms/:id/events` shows it, with its app and its room.
pub fn event(scene: &Scene) -> Value {
    let Scene { app, room, entry, .. } = scene;
    let mut data = imkit::entry(app, &room.id, entry);
    data["app"] = json!(app);
    data["room"] = json!(room.id);
    json!({ "type": entry.kind, "timestamp": entry.at.iso(), "data": data })
}

/// The test event.
pub fn ping(app: &AppId, webhook: &Webhook, now: Time) -> Value {
    json!({ "type": "ping", "timestamp": now.iso(), "data": { "app": app, "webhook": webhook.id } })
}
