//! Who comes to the doors, and the rooms that they come to.

use std::sync::atomic::{AtomicUsize, Ordering};

use local::Stack;
use reqwest::Method;
use serde_json::{Value, json};
use shared::auth::Hash;

use super::lines::{Line, OF_A_ROOM};
use super::{Answered, Who};
use crate::actors::{Actor, Answer, World, text};

/// Whoever lives in the app, as the ids say: they are what no other app may ever be shown.
const RESIDENTS: [&str; 8] =
    ["the-owner", "the-admin", "the-member", "the-invited", "the-banned", "the-stranger", "another", "somebody"];

/// A stack with two apps, and everybody who asks.
pub struct Town {
    pub world: World,
    others: Value,
    owner: Actor,
    expired: Actor,
    revoked: Actor,
    residents: Vec<Actor>,
    team: String,
    /// A room that no stranger may know of, and that none changes.
    pub private: Scene,
    made: AtomicUsize,
}

/// Whether strangers may know of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Open,
    Private,
}

/// What the names in a line's braces stand for.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    pub room: String,
    pub message: String,
    pub invitation: String,
    pub link: String,
    pub token: String,
    pub webhook: String,
    pub delivery: String,
}

impl Town {
    pub async fn new() -> Self {
        let world = World::on(Stack::builder()).await;
        let others = world.app("OtherApp").await;
        let revoked = world.client("the-owner").await;
        world.platform().call(Method::DELETE, "/admin/clients/the-owner/token").send().await.good();
        let expired = world.client("the-owner").await;
        world.expires(&format!("SampleApp#TOKEN#{}", Hash::of(&expired.token).as_str()), "TOKEN").await;
        let mut residents = Vec::new();
        for id in RESIDENTS {
            residents.push(world.client(id).await);
        }
        let (owner, team) = (residents[0].clone(), world.team().await);
        let (private, made) = (Scene::default(), AtomicUsize::new(0));
        let mut town = Self { world, others, owner, expired, revoked, residents, team, private, made };
        town.private = town.scene(Kind::Private, |name| OF_A_ROOM.contains(&name)).await;
        town
    }

    /// Him, as he presents himself at a route: a client of Talk's shows his token alone.
    fn actor(&self, who: Who, line: &Line) -> Actor {
        let owner = || self.owner.clone();
        let resident = |id: &str| {
            let actor = self.residents.iter().find(|one| one.id == id).unwrap().clone();
            if line.is_talk() { self.world.talker(&actor) } else { actor }
        };
        match who {
            Who::Nobody => self.world.stranger(),
            Who::WrongKey => owner().with("IM-CLIENT-KEY", "SampleApp.00000000000000000000000000000000"),
            Who::OthersKey => owner().with("IM-CLIENT-KEY", &text(&self.others["clientKey"])),
            Who::Expired => self.expired.clone(),
            Who::Revoked => self.revoked.clone(),
            Who::WrongApiKey => self.world.stranger().with("IM-API-KEY", "SampleApp.00000000000000000000000000000000"),
            Who::OtherPlatform => self.world.stranger().with("IM-API-KEY", &text(&self.others["apiKey"])),
            Who::Stranger | Who::StrangerToPrivate => resident("the-stranger"),
            Who::Invited => resident("the-invited"),
            Who::Member => resident("the-member"),
            Who::Admin => resident("the-admin"),
            Who::Owner => resident("the-owner"),
            Who::Banned => resident("the-banned"),
            Who::Platform => self.world.platform(),
        }
    }

    /// An id that nothing has.
    fn fresh(&self) -> String {
        format!("fresh-{}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// A room in which everybody stands as his name says, with whatever else a line needs.
    pub async fn scene(&self, kind: Kind, needs: impl Fn(&str) -> bool) -> Scene {
        let (world, platform) = (&self.world, self.world.platform());
        let mut scene = Scene { room: self.fresh(), ..Scene::default() };
        let needs_room = OF_A_ROOM.iter().chain(&["{delivery}"]).any(|name| needs(name));
        if needs("{webhook}") {
            let body = json!({ "url": "http://127.0.0.1:9" });
            scene.webhook = text(&platform.post("/admin/webhooks", body).send().await.good()["_id"]);
        }
        if !needs_room {
            return scene;
        }
        let room = scene.room.clone();
        let members = ["the-admin", "the-member", "another"];
        let body = json!({ "_id": room, "owner": "the-owner", "members": members, "isPrivate": kind == Kind::Private });
        platform.post("/rooms", body).send().await.good();
        platform.sets(&room, "the-admin", "role", json!("admin")).send().await.good();
        platform.invites(&room, &["the-invited"]).send().await.good();
        platform.bans(&room, "the-banned").send().await.good();
        if needs("{message}") {
            let member = self.residents.iter().find(|one| one.id == "the-member").unwrap();
            scene.message = text(&member.says(&room, "hello").send().await.good()["_id"]);
        }
        if needs("{invitation}") {
            let whom = json!({ "email": format!("{room}@example.com") });
            scene.invitation = text(&platform.talk_invites(&room, whom).send().await.bare()["_id"]);
        }
        if needs("{link}") || needs("{token}") {
            let link = platform.post(&format!("/rooms/{room}/links"), json!({})).send().await.good();
            (scene.link, scene.token) = (text(&link["_id"]), text(&link["token"]));
        }
        if needs("{delivery}") {
            world.stack.settled().await.unwrap();
            scene.delivery = text(&world.deliveries(&scene.webhook, "").await[0]["id"]);
        }
        scene
    }

    /// Takes a scene's webhook away, if it is still there: an app has a few, and each would hear of every room.
    pub async fn leave(&self, scene: &Scene) {
        if !scene.webhook.is_empty() {
            let path = format!("/admin/webhooks/{}", scene.webhook);
            self.world.platform().call(Method::DELETE, &path).send().await;
        }
    }

    /// What somebody is answered at a route, and all that he is told.
    pub async fn ask(&self, who: Who, line: &Line, scene: &Scene) -> (Answered, Value) {
        let filled = |text: &str| {
            text.replace("{room}", &scene.room)
                .replace("{message}", &scene.message)
                .replace("{invitation}", &scene.invitation)
                .replace("{link}", &scene.link)
                .replace("{token}", &scene.token)
                .replace("{webhook}", &scene.webhook)
                .replace("{delivery}", &scene.delivery)
                .replace("{team}", &self.team)
                .replace("{fresh}", &self.fresh())
        };
        let (actor, body) = (self.actor(who, line), filled(&line.body));
        if line.method.is_empty() {
            return self.ask_by_socket(&actor, line, &body).await;
        }
        let call = actor.call(line.method.parse().unwrap(), &filled(&line.path));
        let call = if body.is_empty() { call } else { call.body(serde_json::from_str(&body).unwrap()) };
        let call = if line.is_once { call.header("Idempotency-Key", "the-key") } else { call };
        let answer = call.send().await;
        (answered(line, &answer), answer.body)
    }

    async fn ask_by_socket(&self, actor: &Actor, line: &Line, frame: &str) -> (Answered, Value) {
        let mut watcher = match self.world.knocks("", actor.headers()).await {
            Ok(watcher) => watcher,
            Err(status) => return (Answered::Refused(status.to_string()), Value::Null),
        };
        if frame.is_empty() {
            return (Answered::In, Value::Null);
        }
        let told = watcher.asks(frame).await;
        assert!(told["type"] != "error" || told["action"] == line.path, "{told}");
        match told["error"]["code"].as_str() {
            Some(code) => (Answered::Refused(code.to_owned()), told),
            None => (Answered::In, told),
        }
    }

    /// Every item of the app's own, but not of the other's.
    pub async fn items(&self) -> Vec<Value> {
        self.world.stack.settled().await.unwrap();
        let items = self.world.items_now().await;
        items.into_iter().filter(|item| text(&item["PK"]["S"]).starts_with("SampleApp")).collect()
    }

    /// Whether somebody was told of anybody or anything here, beside what he said himself.
    pub fn is_told_of_us(&self, told: &Value, line: &Line, scene: &Scene) -> bool {
        let told = told.to_string();
        let room = scene.room.as_str();
        let says = |name: &str| line.needs(name) || (name == room && line.needs("{room}"));
        RESIDENTS.into_iter().chain([room, "SampleApp"]).any(|name| !says(name) && told.contains(name))
    }
}

/// `403 NOT_ROOM_MEMBER`, in Talk `403 / 204`.
fn answered(line: &Line, answer: &Answer) -> Answered {
    if answer.status == 200 {
        return Answered::In;
    }
    let code = if line.is_talk() {
        format!(" / {}", answer.body["code"])
    } else {
        answer.body["error"]["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default()
    };
    Answered::Refused(format!("{}{code}", answer.status))
}
