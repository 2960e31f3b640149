//! Rooms.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::budget::Spent;
use crate::client::Said;
use crate::id::{ClientId, RoomId, hex, random_hex};
use crate::json::Json;
use crate::message::Message;
use crate::pinyin::Spelling;
use crate::time::Time;

/// How many members a room holds when its creator does not say (D31).
pub const DEFAULT_CAPACITY: u32 = 10_000;

/// How many admins a room has at most: one transaction appoints and dismisses them all.
pub const MOST_ADMINS: usize = 40;

/// A room as stored, its counters included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// The creator's own string, else generated.
    pub id: RoomId,
    /// One-to-one or many.
    pub kind: RoomKind,
    /// What it looks like.
    pub face: RoomFace,
    /// The two clients of a direct room (D18).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<[ClientId; 2]>,
    /// The client who made it; none when the platform did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<ClientId>,
    /// Its owner, if it has one (D29).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<ClientId>,
    /// Its admins (D29), at most [`MOST_ADMINS`]; their standings say the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<ClientId>,
    /// Only those who stand in some relation to it may know of it (D10, D35).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
    /// Nobody but the platform may add, invite or join (D11).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_closed: bool,
    /// Nobody but the platform may write, add, invite or join, and no list of rooms shows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_frozen: bool,
    /// It is being deleted: for everybody it is gone already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_deleted: bool,
    /// Whether adding invites, and joining needs an invitation, when the call does not say (D15, D25).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invitation_required: bool,
    /// Its capacity (D31).
    pub max_members: u32,
    /// Its address in Talk: made from its first topic and kept.
    pub email: String,
    /// When it was made.
    pub created_at: Time,
    /// When the last entry of its log was written: later with every entry.
    pub updated_at: Time,
    /// The number of the last entry of its log (D39).
    pub seq: u64,
    /// How many of these entries carry a message.
    pub messages: u64,
    /// Present members.
    pub member_count: u32,
    /// What its budgets have been used up.
    #[serde(default, skip_serializing_if = "Spent::is_nothing")]
    pub spent: Spent,
    /// How many links to it were ever made: none is made, and no act is written, that has not seen them all (D43).
    #[serde(default, skip_serializing_if = "none_yet")]
    pub links_made: u64,
    /// The last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Message>,
}

fn none_yet(made: &u64) -> bool {
    *made == 0
}

/// What a room looks like: fields that no rule reads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoomFace {
    /// Its name in IMKit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its name in Talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// One of Talk's colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// A picture's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where IMKit's events go: a key or a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext_params: Option<String>,
    /// The state of a bot in the room.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub bot_state: String,
    /// Whether a bot answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bot_mode: bool,
    /// Whether messages are encrypted by the clients.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,
    /// Labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub room_tags: Vec<String>,
    /// The creator's own fields (seed 000).
    #[serde(skip_serializing_if = "Json::is_empty")]
    pub data: Json,
}

/// What somebody wants changed of a room; what is not mentioned stays.
#[derive(Clone, Debug, Default)]
pub struct Revision {
    /// Its name in IMKit.
    pub name: Said<String>,
    /// Its name in Talk.
    pub topic: Said<String>,
    /// A picture's URL.
    pub cover: Said<String>,
    /// Free text.
    pub description: Said<String>,
    /// Where IMKit's events go.
    pub webhook: Said<String>,
    /// Free text.
    pub ext_params: Said<String>,
    /// Whether a bot answers.
    pub bot_mode: Option<bool>,
    /// Whether messages are encrypted by the clients.
    pub encrypted: Option<bool>,
    /// Labels.
    pub room_tags: Option<Vec<String>>,
    /// The creator's own fields.
    pub data: Option<Json>,
    /// D11.
    pub is_closed: Option<bool>,
    /// Whether it is frozen.
    pub is_frozen: Option<bool>,
    /// D35.
    pub is_private: Option<bool>,
    /// D15, D25.
    pub invitation_required: Option<bool>,
    /// D31.
    pub max_members: Option<u32>,
    /// The new owner (D29).
    pub owner: Option<ClientId>,
    /// All admins (D29).
    pub admins: Option<Vec<ClientId>>,
}

impl Revision {
    /// Whether it says something that only a room of many has.
    pub fn is_for_many(&self) -> bool {
        let Self { invitation_required, max_members, owner, admins, .. } = self;
        *invitation_required == Some(true) || max_members.is_some() || owner.is_some() || admins.is_some()
    }

    /// The room as this makes it, but for its offices.
    pub fn applied(&self, room: &Room) -> Room {
        let mut room = room.clone();
        let face = &mut room.face;
        self.name.clone().onto(&mut face.name);
        self.topic.clone().onto(&mut face.topic);
        self.cover.clone().onto(&mut face.cover);
        self.description.clone().onto(&mut face.description);
        self.webhook.clone().onto(&mut face.webhook);
        self.ext_params.clone().onto(&mut face.ext_params);
        face.bot_mode = self.bot_mode.unwrap_or(face.bot_mode);
        face.encrypted = self.encrypted.unwrap_or(face.encrypted);
        face.room_tags = self.room_tags.clone().unwrap_or_else(|| std::mem::take(&mut face.room_tags));
        face.data = self.data.clone().unwrap_or_else(|| std::mem::take(&mut face.data));
        room.is_closed = self.is_closed.unwrap_or(room.is_closed);
        room.is_frozen = self.is_frozen.unwrap_or(room.is_frozen);
        room.is_private = self.is_private.unwrap_or(room.is_private);
        room.invitation_required = self.invitation_required.unwrap_or(room.invitation_required);
        room.max_members = self.max_members.unwrap_or(room.max_members);
        room
    }
}

/// One-to-one or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoomKind {
    /// Exactly two clients (D18).
    Direct,
    /// Any number.
    Group,
    /// Any number; the operator's own meaning.
    Custom,
}

impl RoomKind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Custom => "custom",
        }
    }
}

impl Room {
    /// A new, empty room of any number of clients.
    pub fn of_many(id: RoomId, kind: RoomKind, max_members: u32, now: Time) -> Self {
        Self {
            id,
            kind,
            face: RoomFace::default(),
            pair: None,
            creator: None,
            owner: None,
            admins: Vec::new(),
            is_private: false,
            is_closed: false,
            is_frozen: false,
            is_deleted: false,
            invitation_required: false,
            max_members,
            email: String::new(),
            created_at: now,
            updated_at: now,
            seq: 0,
            messages: 0,
            member_count: 0,
            spent: Spent::default(),
            links_made: 0,
            last_message: None,
        }
    }

    /// A new, empty room of two clients (D18).
    pub fn direct(id: RoomId, pair: [ClientId; 2], now: Time) -> Self {
        Self { pair: Some(pair), ..Self::of_many(id, RoomKind::Direct, 2, now) }
    }

    /// An address of its own: its topic in Latin letters, cut to 20, and what makes it unlike any other.
    pub fn new_email(&self) -> String {
        let mut name = Spelling::of(self.topic()).pinyin;
        name.retain(|letter| letter.is_ascii_alphanumeric());
        name.truncate(20);
        format!("{name}.r{}@talk.ai", &random_hex::<5>())
    }

    /// The id of the direct room of two clients: MD5 of their lower-cased ids, sorted, joined by `_` (D18).
    pub fn direct_id(pair: [&ClientId; 2]) -> Result<RoomId, crate::error::Error> {
        let mut ids = pair.map(|client| client.as_str().to_lowercase());
        ids.sort();
        RoomId::parse("_id", &hex(&Md5::digest(ids.join("_").as_bytes())))
    }

    /// Whether somebody without any standing may know that it exists (D10): not when it is private or direct.
    pub fn is_hidden(&self) -> bool {
        self.is_private || self.kind == RoomKind::Direct
    }

    /// What Talk calls it.
    pub fn topic(&self) -> &str {
        self.face.topic.as_deref().or(self.face.name.as_deref()).unwrap_or(self.id.as_str())
    }

    /// How many more members it can hold.
    pub fn seats(&self) -> u32 {
        self.max_members.saturating_sub(self.member_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    #[test]
    fn the_id_of_a_direct_room_follows_from_its_two_clients() {
        let id = Room::direct_id([&client("Bob"), &client("alice")]).unwrap();
        assert_eq!(id.as_str(), "1d9ac4c2a4f56e22e1d939891a38d764");
        assert_eq!(Room::direct_id([&client("alice"), &client("Bob")]).unwrap(), id);
    }

    #[test]
    fn a_room_over_its_capacity_has_no_seats() {
        let id = RoomId::parse("id", "room").unwrap();
        let room =
            |member_count| Room { member_count, ..Room::of_many(id.clone(), RoomKind::Group, 2, Time::default()) };
        assert_eq!([0, 1, 2, 3].map(|count| room(count).seats()), [2, 1, 0, 0]);
    }
}
