//! Events: what the entries of a room's log are called where they are told, in each style (D41).

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, ObjectId};
use crate::invitation::Invitation;
use crate::log::{Entry, Kind};
use crate::room::Room;

/// The form in which events are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// The entry of the log itself (D40).
    Rollcall,
    /// IMKit's webhooks.
    Imkit,
    /// Talk's events.
    Talk,
}

/// What of an entry an event tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum About {
    /// All of it.
    Entry,
    /// What befell one client.
    Client(ClientId),
    /// What became of one invitation of an address.
    Invitation(ObjectId),
}

/// One event: a name, and what it tells of the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// As it is called in its style.
    pub name: String,
    /// What it tells.
    pub about: About,
}

/// What an event is rendered from.
pub struct Scene {
    /// The tenant.
    pub app: AppId,
    /// Its record.
    pub record: App,
    /// The room as it is now, but with the members that it had after the entry.
    pub room: Room,
    /// What happened.
    pub entry: Entry,
    /// Those whom the entry names, as they are now; who has been deleted is missing.
    pub people: Vec<Client>,
    /// The invitations of addresses that it names, as far as they are pending still.
    pub invitations: Vec<Invitation>,
}

impl Scene {
    /// What somebody is called: by nickname, else by id.
    pub fn name(&self, id: &ClientId) -> String {
        self.person(id).map_or_else(|| id.to_string(), |person| person.face().name().to_owned())
    }

    /// Somebody whom the entry names.
    pub fn person(&self, id: &ClientId) -> Option<&Client> {
        self.people.iter().find(|person| person.id == *id)
    }
}

impl Style {
    /// Reads a style's name; `name` is the field that a refusal names.
    pub fn parse(name: &str, value: &str) -> Result<Self, Error> {
        Ok(match value {
            "rollcall" => Self::Rollcall,
            "imkit" => Self::Imkit,
            "talk" => Self::Talk,
            other => {
                let shown: String = other.chars().take(32).collect();
                return Err(Error::invalid(name, format!("must be `rollcall`, `imkit` or `talk`, not `{shown}`")));
            }
        })
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollcall => "rollcall",
            Self::Imkit => "imkit",
            Self::Talk => "talk",
        }
    }

    /// The names of all its events.
    pub fn names(self) -> Vec<String> {
        let own: &[&str] = match self {
            Self::Rollcall => return Kind::ALL.iter().map(|kind| kind.name()).collect(),
            Self::Imkit => &["JOIN_ROOM", "ADD_MEMBERS", "DELETE_MEMBERS", "MESSAGE"],
            Self::Talk => &["room:join", "room:leave", "invitation:create", "invitation:remove"],
        };
        own.iter().map(|name| (*name).to_owned()).collect()
    }

    /// The events that an entry is in this style; `before` is how many members the room had before it.
    pub fn events(self, entry: &Entry, before: u32) -> Vec<Event> {
        match self {
            Self::Rollcall => vec![Event { name: entry.kind.name(), about: About::Entry }],
            Self::Imkit => imkit(entry, before).map(whole).into_iter().collect(),
            Self::Talk => talk(entry, before),
        }
    }
}

fn whole(name: &str) -> Event {
    Event { name: name.to_owned(), about: About::Entry }
}

/// Adding is somebody else's act; whoever accepts, joins or signs up comes in himself.
fn imkit(entry: &Entry, before: u32) -> Option<&'static str> {
    match entry.kind {
        Kind::MemberJoined if entry.comes_by_itself() => Some("JOIN_ROOM"),
        Kind::MemberJoined => Some("ADD_MEMBERS"),
        Kind::MemberLeft | Kind::MemberRemoved => Some("DELETE_MEMBERS"),
        Kind::MemberBanned if entry.member_count < before => Some("DELETE_MEMBERS"),
        Kind::MessageCreated | Kind::MessageUpdated => Some("MESSAGE"),
        Kind::RoomCreated
        | Kind::RoomUpdated
        | Kind::MemberInvited
        | Kind::MemberUpdated
        | Kind::MemberDeclined
        | Kind::MemberBanned
        | Kind::MemberUnbanned
        | Kind::InvitationCancelled
        | Kind::InvitationExpired => None,
    }
}

/// Talk tells of one person, or of one invitation, at a time.
fn talk(entry: &Entry, before: u32) -> Vec<Event> {
    let person = match entry.kind {
        Kind::MemberJoined => Some("room:join"),
        Kind::MemberLeft | Kind::MemberRemoved => Some("room:leave"),
        Kind::MemberBanned if entry.member_count < before => Some("room:leave"),
        _ => None,
    };
    let clients = entry.clients.iter().cloned().map(About::Client);
    let people = person.into_iter().flat_map(|name| clients.clone().map(move |about| (name, about)));
    let invitation = if entry.kind == Kind::MemberInvited { "invitation:create" } else { "invitation:remove" };
    let invitations = entry.invitations.iter().cloned().map(|id| (invitation, About::Invitation(id)));
    people.chain(invitations).map(|(name, about)| Event { name: name.to_owned(), about }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::Via;
    use crate::time::Time;

    fn client(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn entry(kind: Kind, via: Option<Via>, actor: Option<&str>, clients: &[&str], members: u32) -> Entry {
        Entry {
            seq: 2,
            id: ObjectId::of_entry(Time::default(), 2),
            nonce: String::new(),
            kind,
            at: Time::default(),
            actor: actor.map(client),
            clients: clients.iter().map(|id| client(id)).collect(),
            member_count: members,
            messages: 0,
            via,
            inviter: None,
            link: None,
            expires_at: None,
            invitations: Vec::new(),
            message: None,
            changed: None,
        }
    }

    fn names(style: Style, entry: &Entry, before: u32) -> Vec<String> {
        style.events(entry, before).into_iter().map(|event| event.name).collect()
    }

    #[test]
    fn who_comes_by_himself_joins_and_who_is_brought_is_added() {
        let joined = |via, actor| names(Style::Imkit, &entry(Kind::MemberJoined, Some(via), actor, &["b"], 2), 1);
        assert_eq!(joined(Via::Added, Some("a")), ["ADD_MEMBERS"]);
        assert_eq!(joined(Via::Invitation, Some("a")), ["ADD_MEMBERS"]); // added while invited
        assert_eq!(joined(Via::Invitation, Some("b")), ["JOIN_ROOM"]); // accepted
        assert_eq!(joined(Via::Join, Some("b")), ["JOIN_ROOM"]);
        assert_eq!(joined(Via::Claim, None), ["JOIN_ROOM"]);
        assert_eq!(joined(Via::Added, None), ["ADD_MEMBERS"]);
    }

    #[test]
    fn a_ban_removes_only_a_member() {
        let banned = |before| entry(Kind::MemberBanned, None, Some("a"), &["b"], before);
        assert_eq!(names(Style::Imkit, &banned(1), 2), ["DELETE_MEMBERS"]);
        assert_eq!(names(Style::Talk, &banned(1), 2), ["room:leave"]);
        assert!(names(Style::Imkit, &banned(2), 2).is_empty() && names(Style::Talk, &banned(2), 2).is_empty());
        assert_eq!(names(Style::Rollcall, &banned(2), 2), ["member.banned"]);
    }

    #[test]
    fn talk_tells_of_each_person_and_each_invitation() {
        let joined = Style::Talk.events(&entry(Kind::MemberJoined, Some(Via::Added), None, &["b", "c"], 3), 1);
        assert_eq!(joined[1], Event { name: "room:join".into(), about: About::Client(client("c")) });
        let invitation = ObjectId::at(Time::default());
        let with = |kind| Entry { invitations: vec![invitation.clone()], ..entry(kind, None, None, &[], 1) };
        assert_eq!(names(Style::Talk, &with(Kind::MemberInvited), 1), ["invitation:create"]);
        for kind in [Kind::InvitationCancelled, Kind::InvitationExpired] {
            assert_eq!(names(Style::Talk, &with(kind), 1), ["invitation:remove"]);
        }
        let claimed = Entry { invitations: vec![invitation], ..entry(Kind::MemberJoined, None, None, &["b"], 2) };
        assert_eq!(names(Style::Talk, &claimed, 1), ["room:join", "invitation:remove"]);
    }

    #[test]
    fn every_entry_is_an_event_in_our_own_style_under_its_own_name() {
        assert_eq!(Style::Rollcall.names().len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(names(Style::Rollcall, &entry(kind, None, None, &[], 1), 1), [kind.name()]);
        }
    }
}
