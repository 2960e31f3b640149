//! Who speaks Talk in the tests, and what Talk's documents show.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, World, text};

/// The type of a documented field.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    Text,
    Time,
    Texts,
    Number,
    Flag,
    Object,
    List,
}

/// The user of seed 003.
pub const USER: &[(&str, Type)] = &[
    ("_id", Type::Text),
    ("name", Type::Text),
    ("py", Type::Text),
    ("pinyin", Type::Text),
    ("emailForLogin", Type::Text),
    ("emailDomain", Type::Text),
    ("__v", Type::Number),
    ("updatedAt", Type::Time),
    ("createdAt", Type::Time),
    ("isGuest", Type::Flag),
    ("isRobot", Type::Flag),
    ("pys", Type::Texts),
    ("pinyins", Type::Texts),
    ("from", Type::Text),
    ("avatarUrl", Type::Text),
    ("room", Type::Object),
    ("_roomId", Type::Text),
    ("_teamId", Type::Text),
    ("role", Type::Text),
    ("id", Type::Text),
];

/// The invitation of seed 003.
pub const INVITATION: &[(&str, Type)] = &[
    ("__v", Type::Number),
    ("mobile", Type::Text),
    ("team", Type::Text),
    ("room", Type::Object),
    ("key", Type::Text),
    ("name", Type::Text),
    ("_id", Type::Text),
    ("updatedAt", Type::Time),
    ("createdAt", Type::Time),
    ("isInvite", Type::Flag),
    ("role", Type::Text),
    ("_teamId", Type::Text),
    ("_roomId", Type::Text),
    ("id", Type::Text),
];

/// The room in both replies of seed 003, without `guestToken` and `guestUrl`: no room has a guest link yet (D37).
pub const ROOM: &[(&str, Type)] = &[
    ("_id", Type::Text),
    ("email", Type::Text),
    ("team", Type::Text),
    ("topic", Type::Text),
    ("py", Type::Text),
    ("pinyin", Type::Text),
    ("creator", Type::Text),
    ("__v", Type::Number),
    ("updatedAt", Type::Time),
    ("createdAt", Type::Time),
    ("memberCount", Type::Number),
    ("pys", Type::Texts),
    ("pinyins", Type::Texts),
    ("isGuestVisible", Type::Flag),
    ("color", Type::Text),
    ("isPrivate", Type::Flag),
    ("isArchived", Type::Flag),
    ("isGeneral", Type::Flag),
    ("popRate", Type::Number),
    ("_creatorId", Type::Text),
    ("_teamId", Type::Text),
    ("id", Type::Text),
];

/// Every documented field is there with its type, and nothing else is.
pub fn is_as_documented(object: &Value, fields: &[(&str, Type)]) {
    for (name, kind) in fields {
        let value = &object[name];
        let fits = match kind {
            Type::Text => value.is_string(),
            Type::Time => value.as_str().is_some_and(is_a_moment),
            Type::Texts => value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string)),
            Type::Number => value.is_u64(),
            Type::Flag => value.is_boolean(),
            Type::Object => value.is_object(),
            Type::List => value.is_array(),
        };
        assert!(fits, "`{name}` is {value}, not {kind:?}, in {object}");
    }
    let invented: Vec<_> =
        object.as_object().unwrap().keys().filter(|key| !fields.iter().any(|(name, _)| name == key)).collect();
    assert!(invented.is_empty(), "nobody documented {invented:?}");
}

/// `2015-09-10T08:30:39.657Z`.
fn is_a_moment(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}

pub fn is_generated(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.len() == 24 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// What an object says of some fields.
pub fn only(object: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), object[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

impl World {
    /// A client as a Talk client presents it: by its token alone (D32).
    pub fn talker(&self, actor: &Actor) -> Actor {
        self.stranger().with("Authorization", &format!("aid {}", actor.token))
    }

    /// A call that is refused and leaves the room and its log as they were; the message.
    pub async fn refuses(&self, room: &str, call: Call, status: u16, code: u16) -> String {
        let before = self.sight(room).await;
        let message = call.send().await.talk_refused(status, code);
        assert_eq!(self.sight(room).await, before, "a refusal changes nothing");
        self.holds_together(room).await;
        message
    }

    /// Makes the pending invitation of an address, in its canonical form, one that has expired (D17).
    pub async fn invitation_expires(&self, room: &str, address: &str) {
        self.expires(&format!("SampleApp#ROOM#{room}"), &format!("#INVITATION#{address}")).await;
    }
}

/// A world with a group room that `aaa` made through `POST /rooms` and is in; `aaa` speaks Talk.
pub async fn talk_room(more: Value) -> (World, Actor, String) {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let mut body = json!({ "roomType": "group", "members": ["aaa"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let room = text(&aaa.post("/rooms", body).send().await.good()["_id"]);
    let aaa = world.talker(&aaa);
    (world, aaa, room)
}

/// The template of a deployment that keeps its clients' addresses to itself, for as long as this lives.
pub struct Template(tempfile::TempDir);

impl Template {
    pub fn path(&self) -> std::path::PathBuf {
        self.0.path().join("template.yaml")
    }
}

pub fn hiding_addresses() -> Template {
    let template = include_str!("../../template.yaml");
    let hiding = template.replace("TALK_EXPOSE_ADDRESSES: !Ref TalkExposeAddresses", "TALK_EXPOSE_ADDRESSES: 'false'");
    assert_ne!(hiding, template);
    let folder = Template(tempfile::tempdir().unwrap());
    std::fs::write(folder.path(), hiding).unwrap();
    folder
}

impl World {
    /// The app as Talk's team.
    pub async fn team(&self) -> String {
        let room = self.group(&[]).await;
        text(&self.platform().talk_reads(&room).send().await.bare()["_teamId"])
    }

    /// Makes a room in Talk's way and answers its id.
    pub async fn topic(&self, creator: &Actor, more: Value) -> String {
        let call = creator.talk_makes(json!({ "_teamId": self.team().await, "topic": "room1" }));
        text(&call.and(more).send().await.bare()["_id"])
    }

    /// Clients who speak Talk.
    pub async fn talkers<const N: usize>(&self, ids: [&str; N]) -> [Actor; N] {
        self.clients(ids).await.map(|client| self.talker(&client))
    }
}

impl Actor {
    /// `POST /v2/rooms/:_id/batchinvite`.
    pub fn talk_invites_all(&self, room: &str, whom: Value) -> Call {
        self.post(&format!("/v2/rooms/{room}/batchinvite"), whom)
    }

    /// `POST /v2/rooms/:_id/join`.
    pub fn talk_joins(&self, room: &str) -> Call {
        self.call(Method::POST, &format!("/v2/rooms/{room}/join"))
    }

    /// `POST /v2/rooms/:_id/leave`.
    pub fn talk_leaves(&self, room: &str) -> Call {
        self.call(Method::POST, &format!("/v2/rooms/{room}/leave"))
    }

    /// `POST /v2/rooms/:_id/removemember`.
    pub fn talk_removes(&self, room: &str, whom: &str) -> Call {
        self.post(&format!("/v2/rooms/{room}/removemember"), json!({ "_userId": whom }))
    }

    /// `GET /v2/rooms/:_id`.
    pub fn talk_reads(&self, room: &str) -> Call {
        self.get(&format!("/v2/rooms/{room}"))
    }

    /// `POST /v2/rooms`.
    pub fn talk_makes(&self, room: Value) -> Call {
        self.post("/v2/rooms", room)
    }

    /// `GET /v2/invitations?_teamId=`.
    pub fn talk_lists(&self, team: &str) -> Call {
        self.get(&format!("/v2/invitations?_teamId={team}"))
    }

    /// `DELETE /v2/invitations/:_id`.
    pub fn talk_cancels(&self, invitation: &Value) -> Call {
        self.call(Method::DELETE, &format!("/v2/invitations/{}", text(invitation)))
    }
}
