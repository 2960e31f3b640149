//! `POST /auths/sign/v2`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Call, World, ids, text};

const WEEK: i64 = 7 * 24 * 60 * 60;

impl World {
    /// Signs a client in.
    fn signs_in(&self, body: Value) -> Call {
        self.platform().post("/auths/sign/v2", body)
    }
}

#[tokio::test]
async fn signing_in_makes_a_client_and_issues_a_token() {
    let world = World::new().await;
    let body = json!({ "id": "aaa", "nickname": "Ann", "avatarUrl": "https://x.io/a.png", "email": "ann@x.io" });
    let signed = world.signs_in(body).send().await.good();
    let fields: Vec<_> = signed.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["authType", "avatarUrl", "exp", "expirationDate", "id", "nickname", "token"]);
    assert_eq!((&signed["authType"], &signed["id"]), (&json!("Standalone JWT"), &json!("aaa")));
    assert_eq!((&signed["nickname"], &signed["avatarUrl"]), (&json!("Ann"), &json!("https://x.io/a.png")));

    let me = world.bearer("aaa", &text(&signed["token"])).get("/me").send().await.good();
    assert_eq!((&me["_id"], &me["nickname"]), (&json!("aaa"), &json!("Ann")));
    assert!(me.get("email").is_none(), "no other field is taken: {me}");
    let life = signed["exp"].as_i64().unwrap() - me["lastLoginTimeMS"].as_i64().unwrap() / 1000;
    assert!((WEEK - 10..=WEEK).contains(&life), "{life}");
    let room = world.group(&[]).await;
    world.bearer("aaa", &text(&signed["token"])).joins(&room).send().await.good();
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa"]);
}

#[tokio::test]
async fn the_end_of_the_token_is_told_twice() {
    let world = World::new().await;
    let signed = world.signs_in(json!({ "id": "aaa" })).send().await.good();
    let until = json!({ "_id": "bbb", "issueAccessToken": true, "expirationDate": signed["expirationDate"] });
    let same = world.platform().post("/admin/clients", until).send().await.good();
    assert_eq!(same["expirationDateMS"].as_i64().unwrap() / 1000, signed["exp"].as_i64().unwrap());
}

#[tokio::test]
async fn a_known_client_stays_who_it_is_but_for_what_is_said() {
    let world = World::new().await;
    let made = json!({ "_id": "aaa", "nickname": "Ann", "avatarUrl": "u", "email": "ann@x.io", "plan": "free" });
    let first = world.client_with(made).await;
    let before = first.get("/me").send().await.good();
    let signed = world.signs_in(json!({ "id": "aaa", "nickname": "Anna" })).send().await.good();
    assert_eq!((&signed["nickname"], &signed["avatarUrl"]), (&json!("Anna"), &json!("u")));
    let after = world.bearer("aaa", &text(&signed["token"])).get("/me").send().await.good();
    for name in ["avatarUrl", "email", "plan", "createdAt"] {
        assert_eq!(after[name], before[name], "`{name}`");
    }
    assert_eq!(after["nickname"], "Anna");
    assert!(after["lastLoginTimeMS"].as_i64() > before["lastLoginTimeMS"].as_i64());
    first.get("/me").send().await.good();
    let signed = world.signs_in(json!({ "id": "aaa", "nickname": null })).send().await.good();
    assert!(signed.get("nickname").is_none(), "null removes: {signed}");
}

#[tokio::test]
async fn invitations_that_wait_are_claimed() {
    let world = World::new().await;
    let room = world.room(json!({ "maxMembers": 1, "members": [world.client("bbb").await.id] })).await;
    world.platform().talk_invites(&room, json!({ "email": "ann@x.io" })).send().await.bare();
    world.client_with(json!({ "_id": "aaa", "email": "ann@x.io" })).await; // the room is full
    let open = json!({ "TableName": world.stack.table(), "Key": { "PK": { "S": format!("SampleApp#ROOM#{room}") },
        "SK": { "S": "#ROOM" } }, "UpdateExpression": "SET maxMembers = :two",
        "ExpressionAttributeValues": { ":two": { "N": "2" } } });
    world.write("UpdateItem", open).await;
    world.signs_in(json!({ "id": "aaa" })).send().await.good();
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["bbb", "aaa"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_changes() {
    let world = World::new().await;
    world.client("aaa").await;
    for body in [json!({}), json!({ "id": null }), json!({ "_id": "aaa" })] {
        assert!(world.refuses_and_keeps(world.signs_in(body), 400, "MISSING_PARAMETER").await.contains("`id`"));
    }
    for (name, value) in [
        ("id", json!("a/b")),
        ("id", json!(7)),
        ("nickname", json!(7)),
        ("nickname", json!("x".repeat(257))),
        ("avatarUrl", json!({})),
    ] {
        let mut body = json!({ "id": "aaa" });
        body[name] = value;
        let message = world.refuses_and_keeps(world.signs_in(body), 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with(&format!("`{name}` ")), "{message}");
    }
}

#[tokio::test]
async fn only_the_platform_signs_in() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let key_alone = world.stranger().with("IM-CLIENT-KEY", world.client_key());
    for caller in [aaa, key_alone, world.stranger(), world.stranger().with("IM-API-KEY", "SampleApp.wrong")] {
        let call = caller.post("/auths/sign/v2", json!({ "id": "aaa" }));
        world.refuses_and_keeps(call, 401, "INVALID_API_KEY").await;
    }
}

#[tokio::test]
async fn an_answer_lost_on_the_way_costs_no_token() {
    let world = World::new().await;
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    let signed = world.signs_in(json!({ "id": "aaa" })).send().await.good();
    world.bearer("aaa", &text(&signed["token"])).get("/me").send().await.good();
    let stored = format!("{:?}", world.items().await);
    assert!(!stored.contains(&text(&signed["token"])), "only its hash is stored");
}
