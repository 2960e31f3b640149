//! The dialects: rendering only, neither knows of the other. And the styles in which events are told.

pub mod frames;
pub mod imkit;
pub mod rollcall;
pub mod talk;

use serde_json::Value;

use crate::event::{About, Scene, Style};
use talk::Addresses;

/// An event in its style. None where the style has none of that name.
pub fn event(style: Style, name: &str, about: &About, scene: &Scene, addresses: Addresses) -> Option<Value> {
    match style {
        Style::Rollcall => Some(rollcall::event(scene)),
        Style::Imkit => Some(imkit::event(scene, name)),
        Style::Talk => talk::event(scene, name, about, addresses),
    }
}
