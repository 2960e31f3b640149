//! An app, the tenant (D1).

use serde::{Deserialize, Serialize};

use crate::address::Region;
use crate::auth::{Hash, KeyKind};
use crate::error::Error;
use crate::id::{AppId, ObjectId};
use crate::time::Time;

/// One tenant: to IMKit an app, to Talk a team (D1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// The app as Talk sees it: a team of which every client is a member.
    pub team: ObjectId,
    /// Where a mobile number without a country code belongs: two letters of ISO 3166 (D33).
    pub default_region: String,
    /// Its valid client keys.
    #[serde(default, skip_serializing_if = "Keys::is_unlisted")]
    pub client_keys: Keys,
    /// Its valid API keys.
    #[serde(default, skip_serializing_if = "Keys::is_unlisted")]
    pub api_keys: Keys,
    /// Whether anybody has ever asked to be told of its events: without it, nothing that happens costs a word to anybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listens: bool,
    /// When it was made.
    pub created_at: Time,
}

/// The hashes of an app's valid keys of one kind, the oldest first (D5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keys(Vec<Hash>);

impl Keys {
    /// How many keys of a kind are valid at once: the one that is being replaced, and its successor.
    pub const AT_ONCE: usize = 2;

    /// Of an app with one key.
    pub fn first(key: &str) -> Self {
        Self(vec![Hash::of(key)])
    }

    /// How many are valid.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether the app was made before its record listed its keys.
    pub fn is_unlisted(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn contains(&self, key: &Hash) -> bool {
        self.0.contains(key)
    }

    /// With a new key, and those that are valid no longer. Where none is listed, the one in use must be known.
    pub fn rotated(&self, new: &Hash, current: Option<&Hash>) -> Result<(Self, Vec<Hash>), Error> {
        let mut keys = self.0.clone();
        if keys.is_empty() {
            let reason = "must be the key that is in use: the app was made before its record listed its keys";
            keys.push(current.cloned().ok_or_else(|| Error::invalid("current", reason))?);
        }
        keys.push(new.clone());
        let dropped = keys.drain(..keys.len().saturating_sub(Self::AT_ONCE)).collect();
        Ok((Self(keys), dropped))
    }
}

impl App {
    /// Its valid keys of a kind.
    pub fn keys(&self, kind: KeyKind) -> &Keys {
        match kind {
            KeyKind::Client => &self.client_keys,
            KeyKind::Api => &self.api_keys,
        }
    }

    /// What the list of its keys of a kind is called where the app is stored.
    pub fn attribute(kind: KeyKind) -> &'static str {
        match kind {
            KeyKind::Client => "clientKeys",
            KeyKind::Api => "apiKeys",
        }
    }

    /// The region under which its mobile numbers are read.
    pub fn region(&self) -> Region {
        Region::parse(&self.default_region).unwrap_or_default()
    }
}

/// An app to be made, with its first two keys.
pub struct NewApp {
    /// Its id.
    pub id: AppId,
    /// What is stored of it.
    pub app: App,
    /// Shipped in the operator's app.
    pub client_key: String,
    /// Kept in the operator's back end.
    pub api_key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(key: &str) -> Hash {
        Hash::of(key)
    }

    #[test]
    fn the_two_newest_keys_are_valid() {
        let first = Keys::first("one");
        let (second, dropped) = first.rotated(&hash("two"), None).unwrap();
        assert_eq!((second.count(), dropped), (2, vec![]));
        let (third, dropped) = second.rotated(&hash("three"), Some(&hash("one"))).unwrap();
        assert_eq!((third.count(), dropped), (2, vec![hash("one")]));
        assert!(third.contains(&hash("two")) && third.contains(&hash("three")) && !third.contains(&hash("one")));
    }

    #[test]
    fn keys_that_are_not_listed_are_not_forgotten() {
        let refusal = Keys::default().rotated(&hash("two"), None).unwrap_err().to_string();
        assert!(refusal.starts_with("`current` "), "{refusal}");
        let (second, _) = Keys::default().rotated(&hash("two"), Some(&hash("one"))).unwrap();
        assert_eq!(second.rotated(&hash("three"), None).unwrap().1, [hash("one")]);
    }
}
