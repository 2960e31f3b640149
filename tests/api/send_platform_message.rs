//! `POST /messages`.

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, World};

fn posts(actor: &Actor, body: Value) -> Call {
    actor.post("/messages", body)
}

#[tokio::test]
async fn the_platform_says_something_in_a_clients_name() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let body = json!({
        "room": room, "sender": "aaa", "message": "hello", "messageType": "text", "push": false, "skipTotalBadge": true,
        "mentions": ["bbb"],
    });
    let told = posts(&world.platform(), body).send().await.good();
    assert_eq!((&told["sender"]["_id"], &told["message"]), (&json!("aaa"), &json!("hello")));
    assert_eq!((&told["room"], &told["mentions"]), (&json!(room), &json!(["bbb"])));
    assert_eq!((&told["reactions"], &told["reactionCount"]), (&json!([]), &json!(0)));
    assert!(told.get("push").is_none() && told.get("skipTotalBadge").is_none(), "{told}");
    assert_eq!(bbb.lists_messages(&room, "").send().await.good()["data"], json!([told]));
    let seen = world.sight(&room).await;
    let entry = seen.events.last().unwrap();
    assert_eq!((&entry["type"], &entry["actor"]), (&json!("message.created"), &json!("aaa")));
    let read = json!([
        { "client": "aaa", "badge": 0, "lastRead": told["_id"], "via": "added" },
        { "client": "bbb", "badge": 1, "via": "added" },
    ]);
    assert_eq!(seen.room["memberProperties"], read);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_sender_need_not_be_a_member_nor_the_room_be_thawed() {
    let world = World::new().await;
    let [aaa, _bot] = world.clients(["aaa", "bot"]).await;
    let room = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let freeze = world.platform().call(Method::PUT, &format!("/rooms/{room}")).body(json!({ "status": 0 }));
    freeze.send().await.good();
    let body = json!({ "room": room, "sender": "bot", "message": "closed for tonight" });
    let told = posts(&world.platform(), body).send().await.good();
    assert_eq!((&told["sender"]["_id"], &told["messageType"]), (&json!("bot"), &json!("text")));
    assert_eq!(aaa.reads(&room).send().await.good()["unread"], json!(1));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn it_answers_changes_and_takes_back_as_the_client_would() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let asked = bbb.says(&room, "who?").send().await.good();
    let platform = world.platform();
    let body = |more: Value| {
        let call = posts(&platform, json!({ "room": room, "sender": "aaa", "message": "me" }));
        call.and(more)
    };
    let said = body(json!({ "reply": asked["_id"] })).send().await.good();
    assert_eq!(said["reply"]["message"], json!("who?"));
    let changed = body(json!({ "_id": said["_id"], "message": "I" })).send().await.good();
    assert_eq!((&changed["_id"], &changed["message"]), (&said["_id"], &json!("I")));
    body(json!({ "_id": asked["_id"] })).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    body(json!({ "_id": "0123456789abcdef01234567" })).send().await.refused(404, "MESSAGE_NOT_FOUND");
    let taken = body(json!({ "_id": said["_id"], "messageType": "recall" })).send().await.good();
    assert_eq!((&taken["messageType"], &taken["message"]), (&json!("recall"), &json!("")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn only_an_api_key_opens_it() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let body = json!({ "room": room, "sender": "aaa", "message": "x" });
    posts(&aaa, body.clone()).send().await.refused(401, "INVALID_API_KEY");
    posts(&world.stranger(), body.clone()).send().await.refused(401, "INVALID_API_KEY");
    let client_key = world.platform().with("IM-API-KEY", world.client_key());
    posts(&client_key, body.clone()).send().await.refused(401, "INVALID_API_KEY");
    posts(&world.platform().with("IM-API-KEY", "SampleApp.0"), body.clone())
        .send()
        .await
        .refused(401, "INVALID_API_KEY");
    let neighbour = world.other_app("OtherApp").await;
    let _their_aaa = neighbour.client("aaa").await;
    posts(&neighbour.platform(), body).send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_malformed_message_is_refused_by_the_name_of_its_field() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let whole = json!({ "room": room, "sender": "aaa", "message": "x", "messageType": "text" });
    for (field, value, code) in [
        ("room", Value::Null, "MISSING_PARAMETER"),
        ("room", json!(1), "INVALID_PARAMETER"),
        ("room", json!("a/b"), "INVALID_PARAMETER"),
        ("sender", Value::Null, "MISSING_PARAMETER"),
        ("sender", json!(1), "INVALID_PARAMETER"),
        ("sender", json!(""), "INVALID_PARAMETER"),
        ("message", Value::Null, "MISSING_PARAMETER"),
        ("message", json!(1), "INVALID_PARAMETER"),
        ("messageType", json!("joinRoom"), "INVALID_PARAMETER"),
        ("push", json!("no"), "INVALID_PARAMETER"),
        ("skipTotalBadge", json!(1), "INVALID_PARAMETER"),
        ("mentions", json!({}), "INVALID_PARAMETER"),
    ] {
        let mut body = json!({});
        body[field] = value;
        let told = posts(&world.platform(), whole.clone()).and(body).send().await.refused(400, code);
        assert!(told.contains(&format!("`{field}`")), "{field}: {told}");
    }
    world.platform().post("/messages", json!([])).send().await.refused(400, "INVALID_BODY");
    let huge = world.platform().call(Method::POST, "/messages").raw(&" ".repeat(262_145));
    huge.send().await.refused(413, "BODY_TOO_LARGE");
    let unknown = |more: Value| posts(&world.platform(), whole.clone()).and(more).send();
    assert!(unknown(json!({ "room": "absent" })).await.refused(404, "ROOM_NOT_FOUND").contains("`absent`"));
    assert!(unknown(json!({ "sender": "nobody" })).await.refused(404, "CLIENT_NOT_FOUND").contains("`nobody`"));
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_said_once() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    (0..3).for_each(|_| world.stack.faults().next("TransactWriteItems", Fault::LoseResponse));
    let told = posts(&world.platform(), json!({ "room": room, "sender": "aaa", "message": "x" })).send().await.good();
    let listed = aaa.lists_messages(&room, "").send().await.good();
    assert_eq!((&listed["totalCount"], &listed["data"]), (&json!(1), &json!([told])));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_lost_race_is_told_as_busy_and_nothing_is_said() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    world.stack.faults().always("TransactWriteItems", Fault::TransactionConflict);
    let answer = posts(&world.platform(), json!({ "room": room, "sender": "aaa", "message": "x" })).send().await;
    world.stack.faults().clear();
    answer.refused(503, "BUSY");
    assert_eq!(world.sight(&room).await, before);
}
