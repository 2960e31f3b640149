//! `POST /v2/rooms/:_id/leave`.

use serde_json::json;

use crate::actors::World;
use crate::talkers::{ROOM, is_as_documented, only};

#[tokio::test]
async fn who_leaves_gets_the_room_without_him() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({ "_memberIds": ["bbb"] })).await;
    let left = bbb.talk_leaves(&room).send().await.bare();
    is_as_documented(&left, ROOM);
    assert_eq!(left["memberCount"], 1);
    let message = &world.sight(&room).await.room["lastMessage"];
    assert_eq!(only(message, &["messageType", "message"]), json!({ "messageType": "leaveRoom", "message": "BBB" }));
    assert_eq!(message["sender"]["_id"], "bbb");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_is_in_no_public_room_gets_it_and_nothing_happens() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let before = world.sight(&room).await;
    assert_eq!(bbb.talk_leaves(&room).send().await.bare()["_id"], json!(room));
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn an_invitation_is_not_used_up_by_leaving() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({})).await;
    world.platform().invites(&room, &["bbb"]).send().await.good();
    let before = world.sight(&room).await;
    bbb.talk_leaves(&room).send().await.bare();
    assert_eq!(world.sight(&room).await, before);
    bbb.talk_joins(&room).send().await.bare();
    assert_eq!(world.events(&room).await.last().unwrap()["via"], "invitation");
}

#[tokio::test]
async fn a_room_passes_on_when_its_owner_leaves_and_the_last_one_leaves_it_empty() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    world.platform().post("/admin/clients", json!({ "_id": "aaa", "token": "opaque-token" })).send().await.good();
    let opaque = world.bearer("aaa", "opaque-token"); // it does not say whose it is before it is read
    let mut room = String::new();
    for owner in [&opaque, &aaa] {
        room = world.topic(&aaa, json!({ "isPrivate": true, "_memberIds": ["bbb"] })).await;
        owner.talk_leaves(&room).send().await.bare();
        assert_eq!(bbb.talk_reads(&room).send().await.bare()["members"][0]["role"], "owner");
        world.holds_together(&room).await;
    }
    assert_eq!(bbb.talk_leaves(&room).send().await.bare()["memberCount"], 0);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn nobody_leaves_what_is_none_of_his_business() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let private = world.topic(&aaa, json!({ "isPrivate": true })).await;
    let message = world.refuses(&private, bbb.talk_leaves(&private), 403, 204).await;
    assert_eq!(message, format!("room {private} member does not exist"));
    world.refuses(&private, world.stranger().talk_leaves(&private), 403, 201).await;
    assert_eq!(bbb.talk_leaves("nowhere").send().await.talk_refused(400, 401), "Object not found : room nowhere");
    let room = world.topic(&aaa, json!({})).await;
    world.bans(&room, "bbb").await;
    world.refuses(&room, bbb.talk_leaves(&room), 403, 219).await;
}
