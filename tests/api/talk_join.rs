//! `POST /v2/rooms/:_id/join`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{World, ids, text};
use crate::talkers::{ROOM, Type, is_as_documented, only};

/// What a room's own reply holds beside the room (talk.md 9.1).
const BESIDE: &[(&str, Type)] = &[
    ("members", Type::List),
    ("_memberIds", Type::Texts),
    ("latestMessages", Type::List),
    ("unread", Type::Number),
    ("prefs", Type::Object),
    ("isQuit", Type::Flag),
];

#[tokio::test]
async fn who_joins_sees_the_room_its_members_and_what_was_said() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let mut joined = bbb.talk_joins(&room).send().await.bare();
    let [message] = joined["latestMessages"].as_array().unwrap().clone().try_into().unwrap();
    assert_eq!(joined["_latestReadMessageId"], message["_id"], "his own message he has read");
    joined.as_object_mut().unwrap().remove("_latestReadMessageId");
    is_as_documented(&joined, &[ROOM, BESIDE].concat());
    assert_eq!(
        only(&joined, &["memberCount", "popRate", "isQuit", "unread"]),
        json!({ "memberCount": 2, "popRate": 6, "isQuit": false, "unread": 0 })
    );

    let member = json!({
        "_id": "bbb", "id": "bbb", "__v": 0, "name": "BBB", "avatarUrl": "", "from": "register", "isGuest": false,
        "isRobot": false, "role": "member", "pinyin": "bbb", "pinyins": ["bbb"], "py": "bbb", "pys": ["bbb"],
    });
    assert_eq!(joined["members"][1], member);
    assert_eq!(only(&joined["members"][0], &["_id", "role"]), json!({ "_id": "aaa", "role": "owner" }));
    let team = json!(world.team().await);
    let told = json!({
        "_id": message["id"], "__v": 0, "_creatorId": "bbb", "team": team, "_teamId": team, "room": room, "_roomId": room,
        "_targetId": room, "type": "room", "body": "{{__info-join-room}}", "isSystem": true, "icon": "join-room",
        "displayType": "text", "attachments": [], "createdAt": message["updatedAt"],
    });
    assert_eq!(only(&message, &told.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>()), told);
    assert_eq!(only(&message["creator"], &["_id", "name"]), json!({ "_id": "bbb", "name": "BBB" }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_is_in_already_just_gets_the_room() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let first = bbb.talk_joins(&room).send().await.bare();
    let before = world.sight(&room).await;
    assert_eq!(bbb.talk_joins(&room).send().await.bare(), first);
    assert_eq!(world.sight(&room).await, before, "nothing is posted twice");
}

#[tokio::test]
async fn an_invitation_of_the_other_dialect_is_accepted_by_joining() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let private = world.topic(&aaa, json!({ "isPrivate": true })).await;
    let asking = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    let message = world.refuses(&asking, bbb.talk_joins(&asking), 403, 243).await;
    assert_eq!(message, "Operation not permitted：Join without invitation");
    for room in [&private, &asking] {
        world.platform().invites(room, &["bbb"]).send().await.good();
        assert_eq!(ids(&bbb.talk_joins(room).send().await.bare()["members"]), ["aaa", "bbb"]);
        let via = world.events(room).await.last().unwrap()["via"].clone();
        assert_eq!(via, "invitation");
        world.holds_together(room).await;
    }
}

#[tokio::test]
async fn a_room_refuses_whom_it_may_not_hold() {
    let world = World::new().await;
    let [_aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let direct = world.room(json!({ "roomType": "direct", "members": ["aaa", "zzz"] }));
    world.client("zzz").await;
    let direct = direct.await;
    let rooms = [
        (direct, 204),
        (world.room(json!({ "members": ["aaa"], "maxMembers": 1 })).await, 243),
        (world.room(json!({ "members": ["aaa"], "opening": 0 })).await, 243),
    ];
    for (room, code) in rooms {
        world.refuses(&room, bbb.talk_joins(&room), 403, code).await;
    }
    assert_eq!(bbb.talk_joins("nowhere").send().await.talk_refused(400, 401), "Object not found : room nowhere");
    let room = world.group(&[]).await;
    world.bans(&room, "bbb").await;
    world.refuses(&room, bbb.talk_joins(&room), 403, 219).await;
    world.refuses(&room, world.stranger().talk_joins(&room), 403, 201).await;
    assert_eq!(world.platform().talk_joins(&room).send().await.talk_refused(400, 400), "Parameter missing : sender");
}

#[tokio::test]
async fn the_last_thirty_messages_are_found_behind_any_number_of_silent_entries() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.talkers(["aaa", "bbb", "ccc"]).await;
    let room = world.topic(&aaa, json!({})).await;
    for _ in 0..17 {
        bbb.talk_joins(&room).send().await.bare();
        bbb.talk_leaves(&room).send().await.bare();
    }
    for turn in 0..70 {
        aaa.talk_invites(&room, json!({ "email": format!("new{turn}@x.io") })).send().await.bare();
    }
    let joined = ccc.talk_joins(&room).send().await.bare();
    let messages = joined["latestMessages"].as_array().unwrap();
    assert_eq!(messages.len(), 30);
    assert_eq!(
        only(&messages[29], &["body", "_creatorId"]),
        json!({ "body": "{{__info-join-room}}", "_creatorId": "ccc" })
    );
    assert_eq!(
        only(&messages[28], &["body", "_creatorId"]),
        json!({ "body": "{{__info-leave-room}}", "_creatorId": "bbb" })
    );
    let posted = |event: &Value| event["message"]["_id"].as_str().map(str::to_owned);
    let logged: Vec<_> = world.events(&room).await.iter().filter_map(posted).collect();
    assert_eq!(messages.iter().map(|one| text(&one["_id"])).collect::<Vec<_>>(), logged[logged.len() - 30..]);
}

#[tokio::test]
async fn an_answer_lost_on_the_way_lets_in_once() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({})).await;
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    let joined = bbb.talk_joins(&room).send().await.bare();
    assert_eq!((ids(&joined["members"]).len(), joined["latestMessages"].as_array().unwrap().len()), (2, 1));
    world.holds_together(&room).await;
}
