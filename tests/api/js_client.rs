//! The JavaScript library's calls, as it sends them: `CLIENT_KEY` and `IM-Authorization`, `API_KEY` for the back end, slashes
//! at the end, percent-encoded ids, `{}` as a body where there is nothing to say.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, ids, text};

/// A client as the library sends its calls.
fn js(world: &World, actor: &Actor) -> Actor {
    world.bearer(&actor.id, &actor.token).without("IM-CLIENT-KEY").with("CLIENT_KEY", world.client_key())
}

/// A back end as the library sends its calls.
fn admin(world: &World) -> Actor {
    world.stranger().with("API_KEY", world.api_key())
}

/// What the library makes of an answer: it resolves on 2xx with `RC` 0, and rejects anything else that has an `RC`. A 2xx
/// with another `RC` never settles.
fn settled(answer: Answer) -> Result<Value, Value> {
    match (answer.status, answer.body["RC"].as_u64()) {
        (200..300, Some(0)) => Ok(answer.body["result"].clone()),
        (200..300, _) => panic!("it never settles: {}", answer.body),
        (status, Some(code)) => {
            assert_eq!((u64::from(status), answer.body["RM"].is_string()), (code, true), "{}", answer.body);
            Err(answer.body)
        }
        (status, None) => panic!("{status} without `RC`: {}", answer.body),
    }
}

async fn resolved(call: Call) -> Value {
    settled(call.send().await).unwrap_or_else(|body| panic!("{body}"))
}

/// The library encodes every id that goes into a path.
fn encoded(id: &str) -> String {
    id.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Nothing to say is an empty object.
fn with_nothing(actor: &Actor, method: Method, path: &str) -> Call {
    actor.call(method, path).body(json!({}))
}

#[tokio::test]
async fn a_room_is_made_filled_and_left() {
    let world = World::new().await;
    let [ann, bob, cat] = world.clients(["ann@x", "bob b", "猫"]).await;
    let (ann, bob, cat) = (js(&world, &ann), js(&world, &bob), js(&world, &cat));

    let made =
        resolved(ann.post("/rooms/createAndJoin", json!({ "_id": "r@1 é", "name": "R", "invitee": "bob b" }))).await;
    assert_eq!((&made["_id"], ids(&made["members"])), (&json!("r@1 é"), vec!["ann@x".into(), "bob b".into()]));
    let room = encoded("r@1 é");

    let told = resolved(with_nothing(&cat, Method::POST, &format!("/rooms/{room}/join"))).await;
    assert_eq!(ids(&told["members"]), ["ann@x", "bob b", "猫"]);
    let path = format!("/rooms/{room}/members/{}", encoded("bob b"));
    assert_eq!(ids(&resolved(with_nothing(&ann, Method::DELETE, &path)).await["members"]), ["ann@x", "猫"]);
    let told = resolved(with_nothing(&ann, Method::POST, &path)).await;
    assert_eq!(ids(&told["members"]), ["ann@x", "猫", "bob b"]);
    // It knows no call for leaving but that of removing oneself.
    let path = format!("/rooms/{room}/members/{}", encoded("猫"));
    assert_eq!(ids(&resolved(with_nothing(&cat, Method::DELETE, &path)).await["members"]), ["ann@x", "bob b"]);
    let told = resolved(ann.post(&format!("/rooms/{room}/members/"), json!({ "invitees": ["猫", "bob b"] }))).await;
    assert_eq!(ids(&told["members"]), ["ann@x", "bob b", "猫"]);
    let property = ann.call(Method::PUT, &format!("/rooms/{room}/member/{}", encoded("bob b")));
    let told = resolved(property.body(json!({ "property": "colour", "value": "blue" }))).await;
    assert_eq!(
        told["memberProperties"][1],
        json!({ "client": "bob b", "badge": 0, "colour": "blue", "via": "added", "inviter": "ann@x" })
    );
    assert_eq!(resolved(bob.get(&format!("/rooms/{room}/"))).await["memberCount"], json!(3));
    assert!(settled(bob.get("/rooms/absent").send().await).unwrap_err()["RC"] == 404);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn several_are_invited_on_making_a_room_and_its_maker_is_its_owner() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let made =
        js(&world, &aaa).post("/rooms/createAndJoin/", json!({ "invitee": ["bbb", "ccc"], "roomType": "group" }));
    let made = resolved(made).await;
    assert_eq!(ids(&made["members"]), ["aaa", "bbb", "ccc"]);
    assert_eq!(made["memberProperties"][0]["role"], json!("owner"));
    // Alone, and of two: the id is that of the two ids.
    let alone = resolved(js(&world, &aaa).post("/rooms/createAndJoin", json!({ "name": "Alone" }))).await;
    assert_eq!(ids(&alone["members"]), ["aaa"]);
    let two = json!({ "roomType": "direct", "invitee": "bbb" });
    let made = resolved(js(&world, &aaa).post("/rooms/createAndJoin", two.clone())).await;
    assert_eq!(resolved(js(&world, &aaa).post("/rooms/createAndJoin", two)).await["_id"], made["_id"]);
    world.holds_together(&text(&made["_id"])).await;
}

#[tokio::test]
async fn rooms_are_listed_page_by_page() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for at in 0..3 {
        let room =
            world.room(json!({ "_id": format!("r{at}"), "members": ["aaa"], "roomTags": [format!("t{}", at % 2)] }));
        aaa.says(&room.await, "x").send().await.good();
    }
    world.group(&[&bbb]).await;
    let aaa = js(&world, &aaa);
    let listed = resolved(aaa.get("/rooms?limit=2&skip=0&sort=-lastMessage")).await;
    assert_eq!((ids(&listed["data"]), &listed["totalCount"]), (vec!["r2".into(), "r1".into()], &json!(3)));
    let listed = resolved(aaa.get("/rooms/?limit=2&skip=2&sort=-lastMessage")).await;
    assert_eq!((ids(&listed["data"]), &listed["totalCount"]), (vec!["r0".into()], &json!(3)));
    let query = encoded(r#"{"roomTags":"t0"}"#);
    let listed = resolved(aaa.get(&format!("/rooms?limit=20&skip=0&q={query}&sort=lastMessage"))).await;
    assert_eq!(ids(&listed["data"]), ["r0", "r2"]);
}

#[tokio::test]
async fn messages_are_sent_listed_and_read() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let (aaa, bbb) = (js(&world, &aaa), js(&world, &bbb));
    let body = json!({ "room": room, "messageType": "text", "message": "hello", "extra": "{\"a\":1}" });
    let told = resolved(aaa.post(&format!("/rooms/{room}/message"), body)).await;
    assert_eq!((&told["extra"], &told["sender"]["_id"]), (&json!("{\"a\":1}"), &json!("aaa")));
    assert_eq!(resolved(bbb.get("/me/badge")).await["badge"], json!(1));
    let listed = resolved(bbb.get(&format!("/rooms/{room}/messages/v3?limit=20"))).await;
    assert_eq!(listed["data"], json!([told]));
    let listed =
        resolved(bbb.get(&format!("/rooms/{room}/messages?limit=20&beforeMessage={}", text(&told["_id"])))).await;
    assert_eq!(listed["data"], json!([told]));
    let mark = bbb.call(Method::PUT, &format!("/rooms/{room}/lastRead/")).body(json!({ "message": told["_id"] }));
    assert_eq!(resolved(mark).await, json!({ "client": "bbb", "lastRead": told["_id"], "badge": 0 }));
    assert_eq!(resolved(bbb.get("/me/badge/?roomTags=a")).await["badge"], json!(0));
    // Two ids of messages are compared as strings.
    let later = resolved(aaa.says(&room, "later")).await;
    assert!(text(&later["_id"]) > text(&told["_id"]));
    let taken = resolved(aaa.recalls(&room, &later)).await;
    assert_eq!((&taken["_id"], &taken["messageType"]), (&later["_id"], &json!("recall")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_empty_body_has_any_type() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let bbb = js(&world, &bbb);
    for content_type in
        ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8", "text/plain"]
    {
        let room = world.group(&[&aaa]).await;
        for (method, path) in [
            (Method::POST, format!("/rooms/{room}/join/")),
            (Method::DELETE, format!("/rooms/{room}/members/bbb/")),
            (Method::POST, format!("/rooms/{room}/join")),
            (Method::DELETE, format!("/rooms/{room}/invitations")),
        ] {
            resolved(bbb.call(method, &path).raw("").header("Content-Type", content_type)).await;
        }
        world.holds_together(&room).await;
    }
}

#[tokio::test]
async fn the_back_end_calls_with_its_old_header() {
    let world = World::new().await;
    let _aaa = world.client("aaa").await;
    let admin = admin(&world);
    let made =
        resolved(admin.post("/admin/clients", json!({ "_id": "zoe", "nickname": "Zoe", "issueAccessToken": true })))
            .await;
    let zoe = js(&world, &world.bearer("zoe", &text(&made["token"])));
    let room = text(&resolved(admin.post("/rooms/", json!({ "name": "R", "members": ["zoe"] }))).await["_id"]);
    let body = json!({ "room": room, "sender": "aaa", "messageType": "text", "message": "hello" });
    assert_eq!(resolved(admin.post("/messages/", body)).await["sender"]["_id"], json!("aaa"));
    assert_eq!(resolved(zoe.get("/me/badge")).await["badge"], json!(1));
    assert_eq!(
        resolved(with_nothing(&admin, Method::DELETE, &format!("/rooms/{room}/"))).await,
        json!({ "n": 1, "ok": 1 })
    );
}

#[tokio::test]
async fn every_refusal_settles() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let (aaa, bbb) = (js(&world, &aaa), js(&world, &bbb));
    let stale = aaa.clone().with("IM-Authorization", "SampleApp.aaa.stale");
    for (call, status) in [
        (stale.says(&room, "x"), 401),
        (stale.get("/rooms"), 401),
        (aaa.clone().without("CLIENT_KEY").get("/rooms"), 401),
        (bbb.says(&room, "x"), 403),
        (bbb.get(&format!("/rooms/{room}/messages/v3")), 403),
        (aaa.get("/rooms/absent"), 404),
        (aaa.marks_read(&room, &json!({ "_id": "0123456789abcdef01234567" })), 404),
        (aaa.get("/no/such/route"), 404),
        (aaa.post(&format!("/rooms/{room}/members/"), json!({ "invitees": ["nobody"] })), 404),
        (aaa.get("/rooms?q=x"), 400),
        (aaa.post("/messages", json!({ "room": room, "sender": "aaa", "message": "x" })), 401),
    ] {
        let told = settled(call.send().await).unwrap_err();
        assert_eq!(told["RC"], json!(status), "{told}");
    }
}

#[tokio::test]
async fn a_client_signs_in_and_says_who_it_is() {
    let world = World::new().await;
    let signed =
        admin(&world).post("/auths/sign/v2", json!({ "id": "z@x", "nickname": "Zoe", "avatarUrl": "http://x/z.png" }));
    let signed = resolved(signed).await;
    assert_eq!((&signed["id"], &signed["nickname"]), (&json!("z@x"), &json!("Zoe")));
    let zoe = js(&world, &world.bearer("z@x", &text(&signed["token"])));
    let told = resolved(zoe.get("/me/")).await;
    assert_eq!(
        (&told["_id"], &told["id"], &told["avatarUrl"]),
        (&json!("z@x"), &json!("z@x"), &json!("http://x/z.png"))
    );
    let told = resolved(zoe.post("/me", json!({ "nickname": "Zoë", "mood": { "colour": "blue" } }))).await;
    assert_eq!((&told["nickname"], &told["mood"]), (&json!("Zoë"), &json!({ "colour": "blue" })));
    assert_eq!(resolved(zoe.get("/me")).await["nickname"], json!("Zoë"));
    assert_eq!(settled(zoe.post("/auths/sign/v2", json!({ "id": "z@x" })).send().await).unwrap_err()["RC"], json!(401));
}
