//! The dialects: rendering only, neither knows of the other. And the styles in which events are told.

pub mod frames;
pub mod imkit;
pub mod rollcall;
pub mod talk;

use serde_json::Value;

use crate::event::{About, Scene, Style};
use crate::id::AppId;
use crate::time::Time;
use crate::webhook::Webhook;
use talk::Addresses;

/// An event in its style. None where the style has none of that name.
pub fn event(style: Style, name: &str, about: &About, scene: &Scene, addresses: Addresses) -> Option<Value> {
    match style {
        Style::Rollcall => Some(rollcall::event(scene)),
        Style::Imkit => Some(imkit::event(scene, name)),
        Style::Talk => talk::event(scene, name, about, addresses),
    }
}

/// A test event in a webhook's style.
pub fn ping(app: &AppId, webhook: &Webhook, now: Time) -> Value {
    match webhook.style {
        Style::Rollcall => rollcall::ping(app, webhook, now),
        Style::Imkit => imkit::ping(app, webhook),
        Style::Talk => talk::ping(webhook),
    }
}
