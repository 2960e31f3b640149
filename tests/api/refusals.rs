//! What every route refuses in the same way, one test for each route and refusal (D6–D10): the documented status and code, and
//! nothing changed. What a route refuses for reasons of its own is in its own module.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, Sight, World, text};

/// The longest body, in bytes (D9).
const LONGEST_BODY: usize = 256 * 1024;

/// A route and a body that it takes. `{room}` is a group room of `aaa`, `bbb` and the owner `own`.
struct Route {
    method: Method,
    path: &'static str,
    body: Value,
}

/// A world with that room, and what can be seen of it.
struct Scene {
    world: World,
    room: String,
    aaa: Actor,
    zoe: Actor,
    before: Sight,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let [aaa, _bbb, _own, zoe] = world.clients(["aaa", "bbb", "own", "zoe"]).await;
        let room = world.room(json!({ "_id": "room", "members": ["aaa", "bbb"], "owner": "own" })).await;
        let before = world.sight(&room).await;
        Self { world, room, aaa, zoe, before }
    }

    fn call(&self, actor: &Actor, route: &Route) -> Call {
        self.call_in(actor, route, &self.room)
    }

    fn call_in(&self, actor: &Actor, route: &Route, room: &str) -> Call {
        let call = actor.call(route.method.clone(), &route.path.replace("{room}", room));
        let mut body = route.body.clone();
        if body["room"].is_string() {
            body["room"] = json!(room);
        }
        if body.is_null() { call } else { call.body(body) }
    }

    async fn is_unchanged(&self) {
        assert_eq!(self.world.sight(&self.room).await, self.before);
    }

    async fn refuses(&self, call: Call, status: u16, code: &str) -> String {
        let message = call.send().await.refused(status, code);
        self.is_unchanged().await;
        message
    }
}

async fn a_client_key_that_is_none(route: &Route) {
    let scene = Scene::new().await;
    for key in ["SampleApp.wrong", "Nowhere.wrong", "nodot", scene.world.api_key()] {
        scene
            .refuses(scene.call(&scene.aaa.clone().with("IM-CLIENT-KEY", key), route), 401, "INVALID_CLIENT_KEY")
            .await;
    }
    scene.refuses(scene.call(&scene.world.stranger(), route), 401, "INVALID_CLIENT_KEY").await;
}

async fn a_token_that_is_none(route: &Route) {
    let scene = Scene::new().await;
    for token in ["SampleApp.aaa.wrong", "opaque-and-unknown"] {
        scene
            .refuses(scene.call(&scene.aaa.clone().with("IM-Authorization", token), route), 401, "INVALID_TOKEN")
            .await;
    }
    scene.refuses(scene.call(&scene.aaa.clone().without("IM-Authorization"), route), 401, "INVALID_TOKEN").await;
    let neighbour = scene.world.other_app("OtherApp").await.client("aaa").await;
    let mixed = scene.aaa.clone().with("IM-Authorization", &neighbour.token);
    scene.refuses(scene.call(&mixed, route), 401, "INVALID_TOKEN").await;
}

async fn an_api_key_that_is_none(route: &Route) {
    let scene = Scene::new().await;
    for key in ["SampleApp.wrong", "Nowhere.wrong", "nodot", scene.world.client_key()] {
        let platform = scene.world.platform().with("IM-API-KEY", key).with("IM-CLIENT-ID", "aaa");
        scene.refuses(scene.call(&platform, route), 401, "INVALID_API_KEY").await;
    }
}

async fn a_client_where_only_the_platform_may(route: &Route) {
    let scene = Scene::new().await;
    scene.refuses(scene.call(&scene.aaa, route), 401, "INVALID_API_KEY").await;
}

async fn a_body_that_is_no_object(route: &Route) {
    let scene = Scene::new().await;
    let platform = scene.world.platform().with("IM-CLIENT-ID", "aaa");
    for body in ["[]", "1", "{", "\"x\"", "a=b"] {
        let call = platform.call(route.method.clone(), &route.path.replace("{room}", &scene.room)).raw(body);
        scene.refuses(call, 400, "INVALID_BODY").await;
    }
}

async fn a_body_that_is_too_long(route: &Route) {
    let scene = Scene::new().await;
    let platform = scene.world.platform().with("IM-CLIENT-ID", "aaa");
    let body = json!({ "x": "x".repeat(LONGEST_BODY) }).to_string();
    let call = platform.call(route.method.clone(), &route.path.replace("{room}", &scene.room)).raw(&body);
    scene.refuses(call, 413, "BODY_TOO_LARGE").await;
}

async fn a_sender_who_is_nobody(route: &Route) {
    let scene = Scene::new().await;
    let mut body = route.body.clone();
    if body["sender"].is_string() {
        body["sender"] = json!("nobody");
    }
    let route = Route { method: route.method.clone(), path: route.path, body };
    let platform = scene.world.platform().with("IM-CLIENT-ID", "nobody");
    let answer = scene.call(&platform, &route).send().await;
    assert_eq!(answer.body["error"]["details"]["missing"], json!(["nobody"]), "{}", answer.body);
    answer.refused(404, "CLIENT_NOT_FOUND");
    scene.is_unchanged().await;
}

async fn a_room_that_is_none(route: &Route) {
    let scene = Scene::new().await;
    let other = scene.world.other_app("OtherApp").await;
    let theirs = other.platform().post("/rooms", json!({ "_id": "theirs" })).send().await.good();
    let private = scene.world.room(json!({ "_id": "private", "isPrivate": true, "members": ["own"] })).await;
    let direct = scene.world.room(json!({ "roomType": "direct", "members": ["own", "bbb"] })).await;
    for room in ["nowhere", &text(&theirs["_id"]), &private, &direct] {
        let message = scene.call_in(&scene.aaa, route, room).send().await.refused(404, "ROOM_NOT_FOUND");
        assert!(message.contains(&format!("`{room}`")), "{message}");
    }
    scene.is_unchanged().await;
}

async fn a_room_id_that_can_be_none(route: &Route) {
    let scene = Scene::new().await;
    for room in ["a%23b", "a%0Ab", &"x".repeat(129)] {
        let path = route.path.replace("{room}", room);
        let call = scene.aaa.call(route.method.clone(), &path);
        let call = if route.body.is_null() { call } else { call.body(route.body.clone()) };
        let message = call.send().await.refused(400, "INVALID_PARAMETER");
        assert!(message.starts_with("`id`") || message.starts_with("`roomID`"), "{message}");
    }
    scene.is_unchanged().await;
}

async fn somebody_outside_the_room(route: &Route) {
    let scene = Scene::new().await;
    scene.refuses(scene.call(&scene.zoe, route), 403, "NOT_ROOM_MEMBER").await;
}

/// A module for each route, with a test for each refusal that it documents.
macro_rules! refusals {
    ($($route:ident: $method:ident $path:literal $body:expr => $kind:tt;)+) => {
        $(mod $route {
            use reqwest::Method;
            #[allow(unused_imports, reason = "some routes take no body")]
            use serde_json::{Value, json};

            use super::Route;

            fn route() -> Route {
                let body: Value = $body;
                Route { method: Method::$method, path: $path, body }
            }

            refusals!(@$kind);
        })+
    };
    (@acts_in_a_room) => {
        refusals!(@acts);
        refusals!(@[a_room_that_is_none, a_room_id_that_can_be_none, somebody_outside_the_room]);
    };
    (@reads_a_room) => {
        refusals!(@reads);
        refusals!(@[a_room_that_is_none, a_room_id_that_can_be_none, somebody_outside_the_room]);
    };
    (@acts) => {
        refusals!(@reads);
        refusals!(@[a_body_that_is_no_object, a_body_that_is_too_long]);
    };
    (@reads) => {
        refusals!(@[a_client_key_that_is_none, a_token_that_is_none, an_api_key_that_is_none, a_sender_who_is_nobody]);
    };
    (@back_office) => {
        refusals!(@[an_api_key_that_is_none, a_client_where_only_the_platform_may]);
        refusals!(@[a_body_that_is_no_object, a_body_that_is_too_long]);
    };
    (@[$($refusal:ident),+]) => {
        $(#[tokio::test]
        async fn $refusal() {
            super::$refusal(&route()).await;
        })+
    };
}

refusals! {
    add_member: POST "/rooms/{room}/members/zoe" json!({}) => acts_in_a_room;
    add_members: POST "/rooms/{room}/members" json!({ "invitees": ["zoe"] }) => acts_in_a_room;
    ban_client: POST "/blockStatus/room/{room}/bbb" json!({}) => acts_in_a_room;
    bind_token: PUT "/admin/clients/bbb/token" json!({ "token": "a-good-new-token" }) => back_office;
    block_client: POST "/blockStatus/my/bbb" json!({}) => acts;
    cancel_invitation: DELETE "/rooms/{room}/invitations/zoe" json!({}) => acts_in_a_room;
    cancel_invitations: POST "/rooms/{room}/delete/invitations" json!({ "invitees": ["zoe"] }) => acts_in_a_room;
    create_and_join: POST "/rooms/createAndJoin" json!({ "_id": "new" }) => acts;
    create_client: POST "/admin/clients" json!({ "_id": "new" }) => back_office;
    create_link: POST "/rooms/{room}/links" json!({}) => acts_in_a_room;
    create_room: POST "/rooms" json!({ "_id": "new" }) => acts;
    create_webhook: POST "/admin/webhooks" json!({ "url": "https://example.com" }) => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody, a_body_that_is_no_object, a_body_that_is_too_long];
    decline_invitation: DELETE "/rooms/{room}/invitations" json!({}) => [a_client_key_that_is_none, a_token_that_is_none, an_api_key_that_is_none, a_body_that_is_no_object, a_body_that_is_too_long, a_sender_who_is_nobody, a_room_id_that_can_be_none];
    delete_link: DELETE "/rooms/{room}/links/6b00dcb8032430e8ff3b7924" json!({}) => acts_in_a_room;
    delete_room: DELETE "/rooms/{room}" Value::Null => reads_a_room;
    delete_webhook: DELETE "/admin/webhooks/room" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody];
    get_badge: GET "/me/badge" Value::Null => reads;
    get_me: GET "/me" Value::Null => reads;
    get_room: GET "/rooms/{room}" Value::Null => reads_a_room;
    get_webhook: GET "/admin/webhooks/room" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody];
    join_room: POST "/rooms/{room}/join" json!({}) => [a_client_key_that_is_none, a_token_that_is_none, an_api_key_that_is_none, a_body_that_is_no_object, a_body_that_is_too_long, a_sender_who_is_nobody, a_room_that_is_none, a_room_id_that_can_be_none];
    list_bans: GET "/blockStatus/room/{room}" Value::Null => reads_a_room;
    list_clients: GET "/admin/clients" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may];
    list_deliveries: GET "/admin/webhooks/mail/deliveries" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody];
    list_events: GET "/rooms/{room}/events" Value::Null => reads_a_room;
    list_links: GET "/rooms/{room}/links" Value::Null => reads_a_room;
    list_members: GET "/rooms/{room}/members" Value::Null => reads_a_room;
    list_messages: GET "/rooms/{room}/messages/v3" Value::Null => reads_a_room;
    list_messages_by_id: GET "/rooms/{room}/messages" Value::Null => reads_a_room;
    list_my_blocks: GET "/blockStatus/my" Value::Null => reads;
    list_my_invitations: GET "/rooms/invitations" Value::Null => reads;
    list_quitted_rooms: GET "/rooms/quitted" Value::Null => reads;
    list_room_ids: GET "/rooms/ids" Value::Null => reads;
    list_room_invitations: GET "/rooms/{room}/invitations" Value::Null => reads_a_room;
    list_rooms: GET "/rooms" Value::Null => reads;
    list_webhooks: GET "/admin/webhooks" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody];
    mark_read: PUT "/rooms/{room}/lastRead" json!({ "message": "6b00dcb8035e91728ec208a5" }) => acts_in_a_room;
    ping_webhook: POST "/admin/webhooks/6920a1b40123a1b2c3d4e5f6/ping" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody];
    redeem_link: POST "/links/SampleApp.cm9vbQ.6b00dcb8032430e8ff3b7924.1f0c5a3e7d9b2846a1c3e5f708192a3b/redeem" json!({}) => acts;
    remove_member: DELETE "/rooms/{room}/members/bbb" json!({}) => acts_in_a_room;
    remove_members: POST "/rooms/{room}/delete/members" json!({ "members": ["bbb"] }) => acts_in_a_room;
    replay_delivery: POST "/admin/webhooks/room/deliveries/msg_00000000000000000000000000000000000000/replay" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody];
    replay_events: POST "/admin/webhooks/room/replay" json!({ "room": "room", "from": 1 }) => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody, a_body_that_is_no_object, a_body_that_is_too_long];
    revoke_tokens: DELETE "/admin/clients/bbb/token" json!({}) => back_office;
    room_exists: GET "/rooms/{room}/exists" Value::Null => [a_client_key_that_is_none, a_token_that_is_none, an_api_key_that_is_none, a_sender_who_is_nobody, a_room_id_that_can_be_none];
    rotate_webhook_secret: POST "/admin/webhooks/room/secret" Value::Null => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody];
    send_message: POST "/rooms/{room}/message" json!({ "message": "hello" }) => acts_in_a_room;
    send_platform_message: POST "/messages" json!({ "room": "room", "sender": "aaa", "message": "hello" }) => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_body_that_is_no_object, a_body_that_is_too_long, a_sender_who_is_nobody];
    set_member_property: PUT "/rooms/{room}/member/bbb" json!({ "property": "seat", "value": 7 }) => acts_in_a_room;
    sign_in: POST "/auths/sign/v2" json!({ "id": "new" }) => back_office;
    unban_client: DELETE "/blockStatus/room/{room}/bbb" json!({}) => acts_in_a_room;
    unblock_client: DELETE "/blockStatus/my/bbb" json!({}) => acts;
    update_me: POST "/me" json!({ "nickname": "new" }) => acts;
    update_room: PUT "/rooms/{room}" json!({ "name": "new" }) => acts_in_a_room;
    update_webhook: PUT "/admin/webhooks/room" json!({ "description": "new" }) => [an_api_key_that_is_none, a_client_where_only_the_platform_may, a_sender_who_is_nobody, a_body_that_is_no_object, a_body_that_is_too_long];
}
