//! Links, which let whoever has one into a room: so many people, for so long (D43).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::auth::Hash;
use crate::client::Face;
use crate::id::{AppId, ObjectId, RoomId, random_hex};
use crate::time::Time;

/// How many live links a room has at most.
pub const MOST_LINKS: usize = 100;

/// How many of them one client has made at most: his ban closes them all in one transaction.
pub const MOST_OWN_LINKS: usize = 50;

/// The most people that a link with a limit can let in.
pub const MOST_USES: u32 = 100_000;

/// A link to a room, as stored. Nothing of it changes but `uses`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Generated.
    pub id: ObjectId,
    /// Of its token: all that is stored of that.
    pub hash: Hash,
    /// How many people it lets in; none for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    /// How many it has let in.
    pub uses: u32,
    /// Who made it; none when the platform did for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<Face>,
    /// When.
    pub created_at: Time,
    /// From then on it is as if absent.
    pub expires_at: Time,
    /// When the table may forget it.
    pub ttl: i64,
}

/// What a link is to be.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How many people it lets in; none for any number.
    pub max_uses: Option<u32>,
    /// How long it lives.
    pub lifetime: Duration,
}

/// A link that somebody names.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The link.
    pub link: Link,
    /// Whether the acting client has come in by it before.
    pub is_redeemed: bool,
}

/// That a client has come in by a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redemption {
    /// When.
    pub at: Time,
    /// When the table may forget it: with the link.
    pub ttl: i64,
}

impl Link {
    /// Whether there is still such a link.
    pub fn is_live(&self, now: Time) -> bool {
        self.expires_at > now
    }

    /// Whether it has let in as many as it may.
    pub fn is_used_up(&self) -> bool {
        self.max_uses.is_some_and(|most| self.uses >= most)
    }
}

/// The token of a link: `<app>.<room id in base64url>.<link id>.<128 random bits>`. It says what must be read before anything
/// is (D5). Shown to whoever makes the link, and stored only as a part of a kept answer, sealed ([`crate::once`]).
#[derive(Clone, Serialize, Deserialize)]
pub struct LinkToken {
    /// The tenant.
    pub app: AppId,
    /// Where it leads.
    pub room: RoomId,
    /// The link.
    pub link: ObjectId,
    text: String,
}

impl LinkToken {
    /// One for a new link to a room.
    pub fn new(app: &AppId, room: &RoomId, now: Time) -> Self {
        let link = ObjectId::at(now);
        let text = format!("{app}.{}.{link}.{}", URL_SAFE_NO_PAD.encode(room.as_str()), random_hex::<16>());
        Self { app: app.clone(), room: room.clone(), link, text }
    }

    /// What a text says, if it can be one.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let [app, room, link, _] = parts[..] else { return None };
        let room = String::from_utf8(URL_SAFE_NO_PAD.decode(room).ok()?).ok()?;
        Some(Self {
            app: AppId::parse("token", app).ok()?,
            room: RoomId::parse("token", &room).ok()?,
            link: ObjectId::parse("token", link).ok()?,
            text: text.to_owned(),
        })
    }

    /// In clear.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// All of it that is stored.
    pub fn hash(&self) -> Hash {
        Hash::of(&self.text)
    }

    /// Whether it is the token of this link.
    pub fn opens(&self, link: &Link) -> bool {
        self.link == link.id && link.hash.is_of(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Time = Time::from_millis(1_583_057_129_059);

    fn token(room: &str) -> LinkToken {
        LinkToken::new(&AppId::parse("app", "App").unwrap(), &RoomId::parse("id", room).unwrap(), NOW)
    }

    fn link(of: &LinkToken, max_uses: Option<u32>, uses: u32) -> Link {
        let (id, hash) = (of.link.clone(), of.hash());
        Link { id, hash, max_uses, uses, inviter: None, created_at: NOW, expires_at: NOW, ttl: 0 }
    }

    #[test]
    fn a_token_says_which_link_of_which_room_it_opens() {
        for room in ["r", "張三 & Söhne", "a.b", &"x".repeat(128)] {
            let token = token(room);
            let read = LinkToken::parse(token.as_str()).unwrap();
            assert_eq!((read.app, read.room, read.link), (token.app.clone(), token.room.clone(), token.link.clone()));
            assert!(token.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
            assert!(token.as_str().len() <= 300, "it fits a path");
        }
    }

    #[test]
    fn a_token_opens_its_own_link_alone() {
        let (own, other) = (token("r"), token("r"));
        let theirs = link(&own, None, 0);
        assert!(own.opens(&theirs) && !other.opens(&theirs));
        let forged = LinkToken { link: own.link.clone(), ..other };
        assert!(!forged.opens(&theirs), "whoever knows a link's id has not got its token");
        assert!(!theirs.hash.as_str().contains(own.as_str()));
    }

    #[test]
    fn a_link_is_used_up_when_it_has_let_in_as_many_as_it_may() {
        let used_up = |most, uses| link(&token("r"), most, uses).is_used_up();
        assert!(!used_up(Some(3), 2) && used_up(Some(3), 3) && used_up(Some(3), 4) && !used_up(None, u32::MAX));
    }

    proptest! {
        #[test]
        fn whatever_text_comes_as_a_token_is_read_or_not(text in "[A-Za-z0-9._=-]{0,80}|\\PC{0,40}") {
            if let Some(token) = LinkToken::parse(&text) {
                prop_assert_eq!(token.as_str(), text);
            }
        }
    }
}
