//! Webhooks: where an app is told what happens in its rooms, in which style, and by which secret it knows us.

mod wishes;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::Error;
use crate::event::Style;
use crate::id::{AppId, ObjectId};
use crate::time::Time;

pub use wishes::Wishes;

/// How many webhooks an app has at most.
pub const MOST_WEBHOOKS: usize = 16;

/// How long the secret before a rotation is signed with as well.
pub const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest URL, in bytes.
const LONGEST_URL: usize = 2_048;

/// Who is told of what happens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A webhook that the app has registered.
    Webhook(ObjectId),
    /// The URL that a room itself names.
    Room,
    /// The e-mail address of somebody invited.
    Mail,
    /// The mobile of somebody invited, through the operator's own provider.
    Mobile,
}

impl Target {
    /// Reads a target's name; `name` is the parameter that a refusal names.
    pub fn parse(name: &str, value: &str) -> Result<Self, Error> {
        Ok(match value {
            "room" => Self::Room,
            "mail" => Self::Mail,
            "mobile" => Self::Mobile,
            id => Self::Webhook(ObjectId::parse(name, id)?),
        })
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Webhook(id) => id.as_str(),
            Self::Room => "room",
            Self::Mail => "mail",
            Self::Mobile => "mobile",
        }
    }

    /// Whether it is told by HTTP.
    pub fn is_webhook(&self) -> bool {
        matches!(self, Self::Webhook(_) | Self::Room)
    }
}

/// A webhook as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Generated; `room` is the one that stands for the rooms' own URLs.
    pub id: String,
    /// Where it is told; empty where each room names its own.
    pub url: String,
    /// In which form.
    pub style: Style,
    /// The names of the events that it is told of; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The operator's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is told.
    pub switch: Switch,
    /// Counts the secrets.
    pub generation: u32,
    /// When the secret was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Time>,
    /// Counts the changes: the condition of the next one.
    pub version: u64,
    /// It is told of what happened from then on.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

/// Whether a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It is.
    On,
    /// The operator wants it silent.
    Off,
    /// It has answered 410.
    Gone,
}

impl Webhook {
    /// Whether it is the one that stands for the rooms' own URLs.
    pub fn is_of_rooms(&self) -> bool {
        self.id == Target::Room.as_str()
    }

    /// That it is told at all; else nothing can be told it again.
    pub fn told(&self) -> Result<&Self, Error> {
        match self.switch {
            Switch::On => Ok(self),
            Switch::Off | Switch::Gone => Err(Error::invalid("webhook", "is disabled: enable it first")),
        }
    }

    /// The one that stands for the rooms' own URLs, as it is until the operator says otherwise.
    pub fn of_rooms() -> Self {
        Self {
            id: Target::Room.as_str().to_owned(),
            url: String::new(),
            style: Style::Imkit,
            events: Vec::new(),
            description: None,
            switch: Switch::On,
            generation: 0,
            rotated_at: None,
            version: 0,
            created_at: Time::default(),
            updated_at: Time::default(),
        }
    }

    /// That of the rooms' own URLs as it was at first. Its secrets go on: an old one is never valid again.
    pub fn reset(&self, now: Time) -> Self {
        let Self { generation, version, .. } = self.amended(now);
        Self { generation: generation + 1, version, updated_at: now, ..Self::of_rooms() }
    }

    /// Whether it wants to hear of an event of this name that happened then.
    pub fn hears(&self, event: &str, at: Time) -> bool {
        self.switch == Switch::On && at >= self.created_at && self.wants(event)
    }

    /// Whether its filter lets events of this name through.
    pub fn wants(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| wanted == event)
    }

    /// Until when the secret before the last rotation signs as well.
    pub fn overlaps_until(&self) -> Option<Time> {
        self.rotated_at.map(|rotated_at| rotated_at.plus(OVERLAP))
    }

    /// With the next secret; the one before is signed with as well for [`OVERLAP`].
    fn rotated(&self, now: Time) -> Self {
        Self { generation: self.generation + 1, rotated_at: Some(now), ..self.amended(now) }
    }

    /// The same, unless a try of the same moment has done it already: a write whose answer was lost counts once.
    pub fn rotated_once(&self, now: Time) -> Self {
        if self.rotated_at == Some(now) { self.clone() } else { self.rotated(now) }
    }

    /// As the next version of itself.
    pub fn amended(&self, now: Time) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The generations of secrets that are signed with now, the newest first.
    fn generations(&self, now: Time) -> impl Iterator<Item = u32> {
        let overlaps = self.overlaps_until().is_some_and(|end| now < end);
        let before = overlaps.then(|| self.generation.checked_sub(1)).flatten();
        [self.generation].into_iter().chain(before)
    }
}

/// A URL that webhooks may go to, as far as it itself tells: https, or http on this machine where that is allowed.
pub fn checked_url(name: &str, url: &str, loopback: Loopback) -> Result<String, Error> {
    let refuse = |reason: &str| Err(Error::invalid(name, reason));
    // The reader of URLs takes anything at all behind a `#`.
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("must not contain spaces or control characters");
    }
    let uri: http::Uri = match url.parse() {
        Ok(uri) if url.len() <= LONGEST_URL => uri,
        Ok(_) | Err(_) => return refuse("must be a URL of at most 2048 bytes such as `https://example.com/rollcall`"),
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return refuse("must be a whole URL such as `https://example.com/rollcall`");
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return refuse("must not hold a user name or password");
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let is_here = host.eq_ignore_ascii_case("localhost") || literal.is_some_and(crate::outside::is_loopback);
    match (uri.scheme_str(), loopback) {
        (Some("http" | "https"), Loopback::Allowed) if is_here => Ok(url.to_owned()),
        (Some("https"), _) if is_here || literal.is_some_and(|ip| !crate::outside::is_public(ip)) => {
            refuse("must not lead to a private address")
        }
        (Some("https"), _) => Ok(url.to_owned()),
        _ => refuse("must begin with `https://`"),
    }
}

/// Whether webhooks may go to this machine, without encryption too: for development.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loopback {
    /// They may.
    Allowed,
    /// They may not.
    Refused,
}

/// The deployment's own key, from which the secrets of all webhooks follow: none of them is stored.
#[derive(Clone)]
pub struct WebhookKey(Vec<u8>);

impl WebhookKey {
    /// The shortest, in bytes.
    const SHORTEST: usize = 32;

    /// Of the operator's text, if it is long enough to be one.
    pub fn of(text: &str) -> Option<Self> {
        (text.len() >= Self::SHORTEST).then(|| Self(text.as_bytes().to_vec()))
    }

    /// The secret that the receiver is given: `whsec_` and base64 (Standard Webhooks).
    pub fn secret(&self, app: &AppId, webhook: &Webhook) -> String {
        format!("whsec_{}", STANDARD.encode(self.bytes(app, &webhook.id, webhook.generation)))
    }

    /// The header `webhook-signature` (Standard Webhooks): a signature by each secret that is valid now.
    pub fn signature(
        &self,
        app: &AppId,
        webhook: &Webhook,
        id: &str,
        now: Time,
        payload: &str,
    ) -> Result<String, Error> {
        let mut signatures = Vec::new();
        for generation in webhook.generations(now) {
            let secret = standardwebhooks::Webhook::from_bytes(self.bytes(app, &webhook.id, generation));
            let signature = secret.and_then(|secret| secret.sign(id, now.seconds(), payload.as_bytes()));
            signatures.push(signature.map_err(Error::internal)?);
        }
        Ok(signatures.join(" "))
    }

    /// 32 bytes that follow from the key and from whose secret it is. The parts have no `#` in them.
    fn bytes(&self, app: &AppId, webhook: &str, generation: u32) -> Vec<u8> {
        // Any length of key will do.
        #[allow(clippy::expect_used)]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("webhook#{app}#{webhook}#{generation}").as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppId {
        AppId::parse("app", "App").unwrap()
    }

    fn key() -> WebhookKey {
        WebhookKey::of(&"k".repeat(32)).unwrap()
    }

    #[test]
    fn a_secret_is_of_one_app_one_webhook_and_one_generation() {
        let (one, other) = (Webhook::of_rooms(), Webhook { id: "6".repeat(24), ..Webhook::of_rooms() });
        let rotated = one.rotated(Time::default());
        let elsewhere = AppId::parse("app", "Other").unwrap();
        let secrets = [
            key().secret(&app(), &one),
            key().secret(&app(), &other),
            key().secret(&app(), &rotated),
            key().secret(&elsewhere, &one),
            WebhookKey::of(&"l".repeat(32)).unwrap().secret(&app(), &one),
        ];
        let distinct: std::collections::BTreeSet<_> = secrets.iter().collect();
        assert_eq!(distinct.len(), secrets.len());
        assert_eq!(key().secret(&app(), &one), secrets[0]);
        assert!(WebhookKey::of(&"k".repeat(31)).is_none());
    }

    #[test]
    fn for_a_day_after_a_rotation_both_secrets_sign() {
        let day = Time::default().plus(OVERLAP);
        let first = Webhook::of_rooms();
        let signed = |webhook: &Webhook, now| key().signature(&app(), webhook, "msg_1", now, "{}").unwrap();
        let rotated = first.rotated(Time::default());
        let both = signed(&rotated, Time::from_millis(day.millis() - 1_000));
        assert_eq!(both.split(' ').count(), 2);
        assert_eq!(signed(&rotated, day).split(' ').count(), 1);
        let old = signed(&first, Time::from_millis(day.millis() - 1_000));
        assert_eq!(both.split(' ').nth(1), Some(old.as_str()));
    }

    #[test]
    fn a_webhook_goes_by_https_to_where_everybody_may_go() {
        let check = |url: &str| checked_url("url", url, Loopback::Refused).map_err(|error| error.to_string());
        for good in ["https://example.com/x?y=1", "https://8.8.8.8", "https://example.com:8443/x"] {
            assert_eq!(check(good).as_deref(), Ok(good));
        }
        let bad = [
            "http://example.com",
            "ftp://x",
            "/x",
            "",
            "https://127.0.0.1",
            "https://localhost/x",
            "https://10.0.0.1/x",
            "https://[::1]/x",
            "https://169.254.169.254/latest",
            "https://u:p@example.com",
            "https://example.com/#a b",
            "https://example.com/#\u{0}",
        ];
        for bad in bad {
            assert!(check(bad).is_err_and(|refusal| refusal.starts_with("`url` must ")), "{bad}");
        }
        for here in ["http://127.0.0.1:3000/local/inbox", "http://localhost:1", "https://[::1]:2/x"] {
            assert_eq!(checked_url("url", here, Loopback::Allowed).unwrap(), here);
        }
        assert!(checked_url("url", "http://10.0.0.1/", Loopback::Allowed).is_err());
        assert!(checked_url("url", "http://example.com/", Loopback::Allowed).is_err());
    }

    #[test]
    fn a_webhook_hears_from_its_making_on_what_it_wants_while_it_is_on() {
        let at = Time::from_millis;
        let webhook = Webhook { created_at: at(10), events: vec!["JOIN_ROOM".into()], ..Webhook::of_rooms() };
        assert!(webhook.hears("JOIN_ROOM", at(10)));
        assert!(!webhook.hears("JOIN_ROOM", at(9)) && !webhook.hears("MESSAGE", at(10)));
        for switch in [Switch::Off, Switch::Gone] {
            assert!(!Webhook { switch, ..webhook.clone() }.hears("JOIN_ROOM", at(10)));
        }
    }
}
