//! `GET /v2/rooms/:_id`.

use local::Stack;
use serde_json::json;

use crate::actors::{World, ids};
use crate::talkers::only;

#[tokio::test]
async fn a_public_room_is_read_by_any_client_of_the_app() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({ "color": "grass" })).await;
    let inside = aaa.talk_reads(&room).send().await.bare();
    assert_eq!(
        only(&inside, &["isQuit", "color", "isArchived"]),
        json!({ "isQuit": false, "color": "grass", "isArchived": false })
    );
    let outside = bbb.talk_reads(&room).send().await.bare();
    assert_eq!(ids(&outside["members"]), ["aaa"]);
    let told = json!({ "isQuit": true, "unread": 0, "_latestReadMessageId": null, "prefs": {}, "latestMessages": [] });
    assert_eq!(only(&outside, &["isQuit", "unread", "_latestReadMessageId", "prefs", "latestMessages"]), told);
    assert_eq!(world.platform().talk_reads(&room).send().await.bare()["_id"], json!(room));
}

#[tokio::test]
async fn what_came_since_the_last_message_read_is_unread() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.talkers(["aaa", "bbb", "ccc"]).await;
    let room = world.topic(&aaa, json!({})).await;
    bbb.talk_joins(&room).send().await.bare();
    ccc.talk_joins(&room).send().await.bare();
    let unread = |seen: serde_json::Value| (seen["unread"].clone(), seen["_latestReadMessageId"].is_null());
    assert_eq!(unread(aaa.talk_reads(&room).send().await.bare()), (json!(2), true));
    assert_eq!(unread(bbb.talk_reads(&room).send().await.bare()), (json!(1), false));
    assert_eq!(unread(ccc.talk_reads(&room).send().await.bare()), (json!(0), false));
}

#[tokio::test]
async fn nobody_sees_a_members_address_not_even_the_member() {
    let world = World::new().await;
    let aaa = world.client_with(json!({ "_id": "aaa", "email": "ann@x.io", "mobile": "13100000000" })).await;
    let aaa = world.talker(&aaa);
    let room = world.topic(&aaa, json!({})).await;
    aaa.talk_leaves(&room).send().await.bare();
    for seen in [aaa.talk_joins(&room).send().await.bare(), aaa.talk_reads(&room).send().await.bare()] {
        assert!(!seen.to_string().contains("x.io") && !seen.to_string().contains("3100000000"), "{seen}");
    }
}

#[tokio::test]
async fn what_is_not_public_is_read_by_its_members_alone() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.talkers(["aaa", "bbb", "ccc"]).await;
    let rooms = [
        world.topic(&aaa, json!({ "isPrivate": true })).await,
        world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await,
        world.room(json!({ "members": ["aaa"], "opening": 0 })).await,
        world.room(json!({ "roomType": "direct", "members": ["aaa", "ccc"] })).await,
    ];
    for room in &rooms {
        let message = world.refuses(room, bbb.talk_reads(room), 403, 204).await;
        assert_eq!(message, format!("room {room} member does not exist"));
        assert_eq!(aaa.talk_reads(room).send().await.bare()["isQuit"], false);
    }
    // An invitation lets nobody read before it is accepted (D15).
    world.platform().invites(&rooms[0], &["ccc"]).send().await.good();
    world.refuses(&rooms[0], ccc.talk_reads(&rooms[0]), 403, 204).await;
    world.bans(&rooms[0], "ccc").await;
    world.refuses(&rooms[0], ccc.talk_reads(&rooms[0]), 403, 219).await;
}

#[tokio::test]
async fn what_is_not_there_is_named_and_who_does_not_log_in_is_told_so() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    assert_eq!(aaa.talk_reads("nowhere").send().await.talk_refused(400, 401), "Object not found : room nowhere");
    let chinese = aaa.talk_reads("nowhere").header("X-Language", "zh");
    assert_eq!(chinese.send().await.talk_refused(400, 401), "未找到对象： room nowhere");
    let room = world.topic(&aaa, json!({})).await;
    world.stranger().talk_reads(&room).send().await.talk_refused(403, 201);
    world.stranger().with("Authorization", "aid no").talk_reads(&room).send().await.talk_refused(403, 220);
    let by_parameter = world.stranger().get(&format!("/v2/rooms/{room}?aid={}", world.client("bbb").await.token));
    assert_eq!(by_parameter.send().await.bare()["_id"], json!(room));
}

#[tokio::test]
async fn a_room_is_read_in_one_round_and_joined_and_left_in_two() {
    let world = World::on(Stack::builder().count_rounds(true)).await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({})).await;
    for (call, rounds) in [
        (bbb.talk_joins(&room), 2),
        (bbb.talk_joins(&room), 1),
        (bbb.talk_reads(&room), 1),
        (bbb.talk_leaves(&room), 2),
        (bbb.talk_joins(&room), 2),
        (aaa.talk_removes(&room, "bbb"), 2),
    ] {
        let answer = call.send().await;
        let behind = world.stack.invocation(&answer.request_id()).unwrap();
        assert_eq!((answer.status, behind.rounds), (200, Some(rounds)), "{behind:?}");
    }
}
