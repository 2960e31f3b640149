//! Rooms, and how a person stands to one.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::client::{Face, Json, Profile};
use crate::id::{ClientId, ObjectId, RoomId, hex, random_hex};
use crate::message::Message;
use crate::pinyin::Spelling;
use crate::time::Time;

/// How many members a room holds when its creator does not say (D31).
pub const DEFAULT_CAPACITY: u32 = 10_000;

/// A room as stored, its counters included.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Only those who stand in some relation to it may know of it (D10, D35).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
    /// Nobody but the platform may add, invite or join (D11).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_closed: bool,
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
    /// The last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Message>,
}

/// What a room looks like: fields that no rule reads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoomFace {
    /// Its name in IMKit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its name in Talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
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
            is_private: false,
            is_closed: false,
            invitation_required: false,
            max_members,
            email: String::new(),
            created_at: now,
            updated_at: now,
            seq: 0,
            messages: 0,
            member_count: 0,
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

/// How a client stands to a room: one record per room and client, in one state at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Who.
    pub client: ClientId,
    /// A copy of what others see of the client.
    pub profile: Profile,
    /// The log entry that put it as it is: the condition of the next change.
    pub seq: u64,
    /// Member, invited or banned.
    pub state: State,
}

/// The three states of a standing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// In the room.
    Member(Membership),
    /// Asked into the room, and not in it (D15).
    Invited(Pending),
    /// Kept out of the room (D30).
    Banned,
}

/// A client's place in a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// What the member may do.
    #[serde(default, skip_serializing_if = "Role::is_plain")]
    pub role: Role,
    /// The log entry of the joining.
    pub joined: u64,
    /// How it came about.
    pub via: Via,
    /// Who added or invited the client, if somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<ClientId>,
    /// The room's messages up to the last one read: the badge is what came since (D23).
    pub read_messages: u64,
    /// The last message read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read: Option<ObjectId>,
    /// Properties of the member in this room.
    #[serde(default, skip_serializing_if = "Json::is_empty")]
    pub properties: Json,
}

/// An invitation of a client that nobody has answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Who invited first; none when the platform did (D16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<Face>,
    /// When first invited (D16).
    pub created_at: Time,
    /// When last invited (D16).
    pub updated_at: Time,
    /// From then on it is as if absent (D17).
    pub expires_at: Time,
}

/// What a member may do (D29).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Everything; one per room.
    Owner,
    /// Nearly everything.
    Admin,
    /// Add, invite, read and write.
    #[default]
    Member,
}

impl Role {
    fn is_plain(&self) -> bool {
        *self == Self::Member
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// How a client became a member (D40).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Via {
    /// Somebody added it.
    Added,
    /// It accepted an invitation.
    Invitation,
    /// It signed up with an address that was invited (D36).
    Claim,
    /// It came by itself.
    Join,
}

impl Standing {
    /// The membership, if it is one.
    pub fn membership(&self) -> Option<&Membership> {
        match &self.state {
            State::Member(membership) => Some(membership),
            State::Invited(_) | State::Banned => None,
        }
    }
}

/// How many members a room's reply shows (D24).
pub const LONGEST_PAGE: usize = 1_000;

/// Some of a room's members, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Present members.
    pub members: Vec<Standing>,
    /// The last member here, when more follow on the next page.
    pub next: Option<ClientId>,
}

impl Page {
    /// Keeps the first `limit` members; the rest are for the next page.
    pub fn cut(&mut self, limit: usize) {
        if self.members.len() > limit {
            self.members.truncate(limit);
            self.next = self.members.last().map(|last| last.client.clone());
        }
    }

    /// Puts a standing in its place, if that lies on this page.
    pub fn place(&mut self, standing: &Standing, limit: usize) {
        if self.next.as_ref().is_some_and(|next| standing.client > *next) {
            return;
        }
        let place = self.members.binary_search_by(|member| member.client.cmp(&standing.client));
        match (place, standing.membership()) {
            (Ok(at), Some(_)) => self.members[at] = standing.clone(),
            (Err(at), Some(_)) => self.members.insert(at, standing.clone()),
            (Ok(at), None) => drop(self.members.remove(at)),
            (Err(_), None) => {}
        }
        self.cut(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn standing(id: &str, state: State) -> Standing {
        Standing { client: client(id), profile: Profile::default(), seq: 1, state }
    }

    fn member(id: &str, read_messages: u64) -> Standing {
        let membership = Membership {
            role: Role::Member,
            joined: 1,
            via: Via::Added,
            inviter: None,
            read_messages,
            last_read: None,
            properties: Json::default(),
        };
        standing(id, State::Member(membership))
    }

    fn invited(id: &str) -> Standing {
        let now = Time::from_millis(1);
        standing(id, State::Invited(Pending { inviter: None, created_at: now, updated_at: now, expires_at: now }))
    }

    /// A page of these members; `next` when another one follows.
    fn page(ids: &[&str], next: Option<&str>) -> Page {
        Page { members: ids.iter().map(|id| member(id, 0)).collect(), next: next.map(client) }
    }

    fn shown(page: &Page) -> (Vec<&str>, Option<&str>) {
        let members = page.members.iter().map(|standing| standing.client.as_str()).collect();
        (members, page.next.as_ref().map(ClientId::as_str))
    }

    #[test]
    fn a_page_is_cut_where_the_next_one_begins() {
        for (limit, expected) in [
            (4, (vec!["a", "b", "c"], None)),
            (3, (vec!["a", "b", "c"], None)),
            (2, (vec!["a", "b"], Some("b"))),
            (1, (vec!["a"], Some("a"))),
        ] {
            let mut page = page(&["a", "b", "c"], None);
            page.cut(limit);
            assert_eq!(shown(&page), expected, "{limit}");
        }
    }

    #[test]
    fn a_page_of_another_limit_keeps_its_next() {
        let mut page = page(&["a", "b"], Some("b"));
        page.cut(2);
        assert_eq!(shown(&page), (vec!["a", "b"], Some("b")));
    }

    #[test]
    fn a_new_member_takes_its_place_on_the_page() {
        for (id, expected) in [("a", ["a", "b", "d"]), ("c", ["b", "c", "d"]), ("e", ["b", "d", "e"])] {
            let mut page = page(&["b", "d"], None);
            page.place(&member(id, 0), 3);
            assert_eq!(shown(&page), (expected.to_vec(), None));
        }
    }

    #[test]
    fn a_new_member_of_a_full_page_moves_its_last_to_the_next() {
        for (id, expected) in [("a", ["a", "b"]), ("c", ["b", "c"]), ("e", ["b", "d"])] {
            for next in [None, Some("d")] {
                let mut page = page(&["b", "d"], next);
                page.place(&member(id, 0), 2);
                assert_eq!(shown(&page), (expected.to_vec(), Some(expected[1])), "{id} {next:?}");
            }
        }
    }

    #[test]
    fn a_member_of_a_later_page_stays_off_a_page_with_room() {
        let mut page = page(&["b", "d"], Some("d"));
        page.place(&member("e", 0), 9);
        assert_eq!(shown(&page), (vec!["b", "d"], Some("d")));
    }

    #[test]
    fn a_member_that_changed_is_shown_as_it_is_now() {
        let mut page = page(&["a", "b"], None);
        page.place(&member("b", 7), 2);
        assert_eq!(shown(&page), (vec!["a", "b"], None));
        assert_eq!(page.members[1].membership().map(|membership| membership.read_messages), Some(7));
    }

    #[test]
    fn who_is_no_member_is_not_on_the_page() {
        let mut page = page(&["a", "b"], None);
        page.place(&invited("c"), 9);
        page.place(&standing("a", State::Banned), 9);
        assert_eq!(shown(&page), (vec!["b"], None));
    }

    #[test]
    fn a_room_over_its_capacity_has_no_seats() {
        let id = RoomId::parse("id", "room").unwrap();
        let room =
            |member_count| Room { member_count, ..Room::of_many(id.clone(), RoomKind::Group, 2, Time::default()) };
        assert_eq!([0, 1, 2, 3].map(|count| room(count).seats()), [2, 1, 0, 0]);
    }

    #[test]
    fn the_id_of_a_direct_room_follows_from_its_two_clients() {
        let id = Room::direct_id([&client("Bob"), &client("alice")]).unwrap();
        assert_eq!(id.as_str(), "1d9ac4c2a4f56e22e1d939891a38d764");
        assert_eq!(Room::direct_id([&client("alice"), &client("Bob")]).unwrap(), id);
    }
}
