//! `DELETE /rooms/:id/members/:member`: the rules themselves are tested in `remove_members.rs`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{World, ids};

#[tokio::test]
async fn a_member_is_removed_without_a_body_or_a_word() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb, &ccc]).await;

    let told = aaa.removes_one(&room, "bbb").send().await.good();
    assert_eq!((ids(&told["members"]), &told["memberCount"]), (vec!["aaa".into(), "ccc".into()], &json!(2)));
    assert!(told.get("lastMessage").is_none() && told.get("lastRead").is_none(), "{told}");
    let entry = world.last_event(&room).await;
    assert_eq!((&entry["type"], &entry["clients"]), (&json!("member.removed"), &json!(["bbb"])));
    assert_eq!((&entry["actor"], entry.get("message")), (&json!("aaa"), None));
    // Some clients send an empty object, and a slash at the end.
    let call = aaa.call(Method::DELETE, &format!("/rooms/{room}/members/ccc/")).body(json!({}));
    assert_eq!(ids(&call.send().await.good()["members"]), ["aaa"]);
    bbb.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn it_is_told_when_the_body_asks_for_it() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa", "bbb"] })).await;
    let told = aaa.removes_one(&room, "bbb").body(json!({ "systemMessage": true })).send().await.good();
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("deleteMember"), &json!("BBB")));
    assert_eq!(last["extra"], json!({ "members": [{ "_id": "bbb", "nickname": "BBB" }] }));
    assert_eq!((&last["member"]["_id"], &last["sender"]["_id"]), (&json!("bbb"), &json!("aaa")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_callers_own_id_leaves_and_the_room_passes_on() {
    let world = World::new().await;
    let [own, bbb] = world.clients(["own", "bbb"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["bbb"] })).await;
    let told = own.removes_one(&room, "own").body(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(told["memberProperties"], json!([{ "client": "bbb", "badge": 1, "role": "owner", "via": "added" }]));
    assert_eq!(
        (&told["lastMessage"]["messageType"], &told["lastMessage"]["sender"]["_id"]),
        (&json!("leaveRoom"), &json!("own"))
    );
    assert_eq!(world.sight(&room).await.room["owner"]["_id"], json!("bbb"));

    bbb.removes_one(&room, "bbb").send().await.good();
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["owner"], &seen.room["memberCount"]), (&Value::Null, &json!(0)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_may_not_and_who_is_not_there_are_refused_and_nothing_changes() {
    let world = World::new().await;
    let [own, bbb, ccc] = world.clients(["own", "bbb", "ccc"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["bbb"] })).await;
    let hidden = world.room(json!({ "owner": "own", "isPrivate": true })).await;
    let direct = world.room(json!({ "roomType": "direct", "members": ["own", "bbb"] })).await;
    let before = (world.sight(&room).await, world.sight(&hidden).await, world.sight(&direct).await);

    for absent in ["ccc", "nobody"] {
        let answer = own.removes_one(&room, absent).send().await;
        assert_eq!(answer.body["error"]["details"]["missing"], json!([absent]));
        assert!(answer.refused(404, "CLIENT_NOT_FOUND").contains(&format!("`{absent}`")));
    }
    bbb.removes_one(&room, "own").send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    ccc.removes_one(&room, "bbb").send().await.refused(403, "NOT_ROOM_MEMBER");
    ccc.removes_one(&hidden, "own").send().await.refused(404, "ROOM_NOT_FOUND");
    bbb.removes_one(&direct, "own").send().await.refused(409, "DIRECT_ROOM");
    let other = world.other_app("Other").await;
    other.platform().removes_one(&room, "bbb").send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().removes_one(&room, "bbb").send().await.refused(401, "INVALID_CLIENT_KEY");
    let odd = own.removes_one(&room, "bbb").body(json!({ "systemMessage": 1 }));
    assert!(odd.send().await.refused(400, "INVALID_PARAMETER").contains("`systemMessage`"));
    let long = own.removes_one(&room, &"x".repeat(129)).send().await.refused(400, "INVALID_PARAMETER");
    assert!(long.contains("`member`"), "{long}");
    assert_eq!((world.sight(&room).await, world.sight(&hidden).await, world.sight(&direct).await), before);
}

#[tokio::test]
async fn a_removed_client_finds_the_room_among_those_that_it_has_quitted() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.removes_one(&room, "bbb").send().await.good();
    let quitted = bbb.get("/rooms/quitted").send().await.good();
    assert_eq!(ids(&quitted["data"]), [room.as_str()]);
    assert_eq!(aaa.get("/rooms/quitted").send().await.good()["data"], json!([]));
    world.holds_together(&room).await;
}
