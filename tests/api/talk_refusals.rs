//! What every Talk route refuses in the same way, one test for each route and refusal: the documented status and number, and
//! nothing changed (D32). What a route refuses for reasons of its own is in its own module.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, Sight, World};

/// A route and a body that it takes. `room` is a group room of `aaa` and `bbb`.
struct Route {
    method: Method,
    path: &'static str,
    body: Value,
}

struct Scene {
    world: World,
    aaa: Actor,
    before: Sight,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let [aaa, _bbb, _zoe] = world.clients(["aaa", "bbb", "zoe"]).await;
        world.room(json!({ "_id": "room", "members": ["aaa", "bbb"] })).await;
        let before = world.sight("room").await;
        Self { world, aaa, before }
    }

    async fn refuses(&self, call: Call, status: u16, code: u16) -> String {
        let message = call.send().await.talk_refused(status, code);
        assert_eq!(self.world.sight("room").await, self.before);
        message
    }
}

fn call(actor: &Actor, route: &Route) -> Call {
    actor.call(route.method.clone(), route.path).body(route.body.clone())
}

async fn nobody(route: &Route) {
    let scene = Scene::new().await;
    scene.refuses(call(&scene.world.stranger(), route), 403, 201).await;
}

async fn a_token_that_proves_nothing(route: &Route) {
    let scene = Scene::new().await;
    let neighbour = scene.world.other_app("OtherApp").await.client("aaa").await;
    for token in ["SampleApp.aaa.wrong", "Nowhere.aaa.wrong", "opaque"] {
        let actor = scene.world.stranger().with("Authorization", &format!("aid {token}"));
        scene.refuses(call(&actor, route), 403, 220).await;
    }
    let mixed = scene.aaa.clone().with("IM-Authorization", &neighbour.token);
    scene.refuses(call(&mixed, route), 403, 220).await;
}

async fn a_parameter_that_can_be_none(route: &Route) {
    let scene = Scene::new().await;
    let message = scene.refuses(call(&scene.aaa, route).and(json!({ "accountToken": {} })), 400, 405).await;
    assert_eq!(message, "Invalid parameter : accountToken");
}

async fn a_frozen_room(route: &Route) {
    let world = World::new().await;
    let [aaa, _bbb, zoe] = world.clients(["aaa", "bbb", "zoe"]).await;
    world.room(json!({ "_id": "room", "members": ["aaa", "bbb"] })).await;
    world.platform().updates("room", json!({ "status": 0 })).send().await.good();
    let before = world.sight("room").await;
    let actor = if route.path.ends_with("/join") { &zoe } else { &aaa };
    call(actor, route).send().await.talk_refused(403, 222);
    assert_eq!(world.sight("room").await, before);
}

async fn a_back_end_that_names_nobody(route: &Route) {
    let scene = Scene::new().await;
    let message = scene.refuses(call(&scene.world.platform(), route), 400, 400).await;
    assert_eq!(message, "Parameter missing : sender");
}

/// A module for each route, with a test for each refusal that it documents.
macro_rules! refusals {
    ($($route:ident: $method:ident $path:literal $body:expr => [$($refusal:ident),*];)+) => {
        $(mod $route {
            use reqwest::Method;
            use serde_json::json;

            use super::Route;

            fn route() -> Route {
                Route { method: Method::$method, path: $path, body: $body }
            }

            refusals!(@ nobody, a_token_that_proves_nothing, a_parameter_that_can_be_none $(, $refusal)*);
        })+
    };
    (@ $($refusal:ident),+) => {
        $(#[tokio::test]
        async fn $refusal() {
            super::$refusal(&route()).await;
        })+
    };
}

refusals! {
    talk_batch_invite: POST "/v2/rooms/room/batchinvite" json!({ "_userIds": ["zoe"] }) => [a_frozen_room];
    talk_create_room: POST "/v2/rooms" json!({ "_teamId": "6b00dcb8035e91728ec208a5", "topic": "new" }) => [];
    talk_delete_invitation: DELETE "/v2/invitations/6b00dcb8035e91728ec208a5" json!({}) => [];
    talk_get_room: GET "/v2/rooms/room" json!({}) => [];
    talk_invite: POST "/v2/rooms/room/invite" json!({ "_userId": "zoe" }) => [a_frozen_room];
    talk_join: POST "/v2/rooms/room/join" json!({}) => [a_frozen_room, a_back_end_that_names_nobody];
    talk_leave: POST "/v2/rooms/room/leave" json!({}) => [a_back_end_that_names_nobody];
    talk_list_invitations: GET "/v2/invitations" json!({ "_teamId": "6b00dcb8035e91728ec208a5" }) => [];
    talk_remove_member: POST "/v2/rooms/room/removemember" json!({ "_userId": "bbb" }) => [];
}
