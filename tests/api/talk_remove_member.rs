//! `POST /v2/rooms/:_id/removemember`.

use serde_json::json;

use crate::actors::World;
use crate::talkers::{ROOM, is_as_documented, only};

#[tokio::test]
async fn the_creator_removes_a_member() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({ "_memberIds": ["bbb"] })).await;
    let reply = aaa.talk_removes(&room, "bbb").send().await.bare();
    is_as_documented(&reply, ROOM);
    assert_eq!((&reply["memberCount"], &reply["popRate"]), (&json!(1), &json!(3)));
    let message = &world.sight(&room).await.room["lastMessage"];
    assert_eq!(only(message, &["messageType", "message"]), json!({ "messageType": "leaveRoom", "message": "BBB" }));
    assert_eq!(message["sender"]["_id"], "bbb", "in the name of who was removed");
    assert_eq!(bbb.talk_reads(&room).send().await.bare()["isQuit"], true);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_is_not_in_the_room_is_gone_already() {
    let world = World::new().await;
    let [aaa, _bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let before = world.sight(&room).await;
    assert_eq!(aaa.talk_removes(&room, "bbb").send().await.bare()["memberCount"], 1);
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn only_who_holds_an_office_removes_and_nobody_the_owner() {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.talkers(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.topic(&aaa, json!({ "_memberIds": ["bbb", "ccc"] })).await;
    for (by, whom) in [(&bbb, "ccc"), (&bbb, "bbb"), (&ddd, "bbb"), (&bbb, "aaa")] {
        let message = world.refuses(&room, by.talk_removes(&room, whom), 403, 219).await;
        assert_eq!(message, "You are not authorized to access");
    }
    // The creator left and is a plain member now: he may still remove, but not the new owner.
    aaa.talk_leaves(&room).send().await.bare();
    aaa.talk_joins(&room).send().await.bare();
    world.refuses(&room, aaa.talk_removes(&room, "bbb"), 403, 219).await;
    aaa.talk_removes(&room, "ccc").send().await.bare();
    world.platform().talk_removes(&room, "bbb").send().await.bare();
    let members = &ccc.talk_reads(&room).send().await.bare()["members"];
    assert_eq!(only(&members[0], &["_id", "role"]), json!({ "_id": "aaa", "role": "owner" }), "{members}");
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_named() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({ "isPrivate": true })).await;
    let nobody = aaa.post(&format!("/v2/rooms/{room}/removemember"), json!({}));
    assert_eq!(world.refuses(&room, nobody, 400, 400).await, "Parameter missing : _userId");
    let unknown = world.refuses(&room, aaa.talk_removes(&room, "nobody"), 400, 401).await;
    assert_eq!(unknown, "Object not found : user nobody");
    assert_eq!(
        aaa.talk_removes("nowhere", "bbb").send().await.talk_refused(400, 401),
        "Object not found : room nowhere"
    );
    world.refuses(&room, bbb.talk_removes(&room, "aaa"), 403, 219).await;
    world.refuses(&room, world.stranger().talk_removes(&room, "aaa"), 403, 201).await;
}
