//! How a client stands to a room: member, invited or banned.

use serde::{Deserialize, Serialize};

use crate::client::{Face, Profile};
use crate::id::{ClientId, ObjectId};
use crate::json::Json;
use crate::time::Time;

/// How a client stands to a room: one record per room and client, in one state at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Who.
    pub client: ClientId,
    /// A copy of what others see of the client.
    pub profile: Profile,
    /// The version of the client that was copied: a later copy never gives way to an earlier one.
    #[serde(default)]
    pub profile_version: u64,
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
    Banned(Ban),
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
    /// What let the client in, where that has an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// The room's messages up to the last one read: the badge is what came since (D23).
    pub read_messages: u64,
    /// The last message read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read: Option<ObjectId>,
    /// Properties of the member in this room.
    #[serde(default, skip_serializing_if = "Json::is_empty")]
    pub properties: Json,
}

/// What has let a member in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ticket {
    /// A link (D43).
    Link(ObjectId),
    /// The invitation of an address (D36).
    Invitation(ObjectId),
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

/// A client's exclusion from a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ban {
    /// Who banned; none when the platform did for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocker: Option<Face>,
    /// When.
    pub created_at: Time,
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
    /// It redeemed a link (D43).
    Link,
}

impl Via {
    /// The word on the wire (D40).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Invitation => "invitation",
            Self::Claim => "claim",
            Self::Join => "join",
            Self::Link => "link",
        }
    }
}

impl Standing {
    /// The membership, if it is one.
    pub fn membership(&self) -> Option<&Membership> {
        match &self.state {
            State::Member(membership) => Some(membership),
            State::Invited(_) | State::Banned(_) => None,
        }
    }

    /// The invitation, if it is one: lapsed or not.
    pub fn pending(&self) -> Option<&Pending> {
        match &self.state {
            State::Invited(pending) => Some(pending),
            State::Member(_) | State::Banned(_) => None,
        }
    }

    /// The ban, if it is one.
    pub fn ban(&self) -> Option<&Ban> {
        match &self.state {
            State::Banned(ban) => Some(ban),
            State::Member(_) | State::Invited(_) => None,
        }
    }

    /// The client in short.
    pub fn face(&self) -> Face {
        Face::of(&self.client, &self.profile)
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

    /// Takes off the page who is in the room no longer.
    pub fn drop(&mut self, client: &ClientId) {
        self.members.retain(|member| member.client != *client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn standing(id: &str, state: State) -> Standing {
        Standing { client: client(id), profile: Profile::default(), profile_version: 1, seq: 1, state }
    }

    fn member(id: &str, read_messages: u64) -> Standing {
        let membership = Membership {
            role: Role::Member,
            joined: 1,
            via: Via::Added,
            inviter: None,
            ticket: None,
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
        page.place(&standing("a", State::Banned(Ban { blocker: None, created_at: Time::from_millis(1) })), 9);
        assert_eq!(shown(&page), (vec!["b"], None));
        page.drop(&client("b"));
        assert_eq!(shown(&page), (vec![], None));
    }
}
