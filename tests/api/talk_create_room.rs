//! `POST /v2/rooms`.

use local::{Fault, Stack};
use serde_json::json;

use crate::actors::{World, ids, text};
use crate::talkers::{ROOM, Type, is_as_documented, is_generated, only, talk_room};

#[tokio::test]
async fn a_new_room_is_the_creators_own_and_empty_but_for_him() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let team = world.team().await;
    let made = aaa.talk_makes(json!({ "_teamId": team, "topic": "重庆 Team" })).send().await.bare();
    let beside = [
        ("members", Type::List),
        ("_memberIds", Type::Texts),
        ("latestMessages", Type::List),
        ("unread", Type::Number),
        ("prefs", Type::Object),
        ("isQuit", Type::Flag),
    ];
    let mut shown = made.clone();
    assert_eq!(shown.as_object_mut().unwrap().remove("_latestReadMessageId"), Some(json!(null)));
    is_as_documented(&shown, &[ROOM, &beside].concat());
    let told = json!({
        "id": made["_id"], "topic": "重庆 Team", "pinyins": ["zhongqing team", "chongqing team"], "team": team,
        "_teamId": team, "creator": "aaa", "_creatorId": "aaa", "color": "blue", "isPrivate": false, "memberCount": 1,
        "_memberIds": ["aaa"], "latestMessages": [], "unread": 0, "isQuit": false,
    });
    assert_eq!(only(&made, &told.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>()), told);
    assert_eq!(made["members"][0]["role"], "owner");
    assert!(is_generated(&made["_id"]) && text(&made["email"]).starts_with("zhongqingteam.r"), "{made}");
    let room = text(&made["_id"]);
    assert_eq!(
        only(&aaa.talk_reads(&room).send().await.bare(), &["topic", "_memberIds"]),
        only(&made, &["topic", "_memberIds"])
    );
    let stored = world.sight(&room).await.room;
    assert_eq!((&stored["roomType"], &stored["owner"]["_id"]), (&json!("group"), &json!("aaa")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn colour_purpose_and_privacy_are_kept_and_an_unknown_colour_is_blue() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let asked = json!({ "color": "purple", "purpose": "to talk", "isPrivate": true });
    let room = world.topic(&aaa, asked.clone()).await;
    assert_eq!(only(&aaa.talk_reads(&room).send().await.bare(), &["color", "purpose", "isPrivate"]), asked);
    world.refuses(&room, bbb.talk_reads(&room), 403, 204).await;
    for color in ["red", "", "BLUE"] {
        let room = world.topic(&aaa, json!({ "color": color })).await;
        assert_eq!(aaa.talk_reads(&room).send().await.bare()["color"], "blue");
    }
}

#[tokio::test]
async fn what_is_missing_is_named_all_of_it() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let team = world.team().await;
    for (asked, missing) in
        [(json!({}), "_teamId, topic"), (json!({ "topic": "room1" }), "_teamId"), (json!({ "_teamId": team }), "topic")]
    {
        assert_eq!(aaa.talk_makes(asked).send().await.talk_refused(400, 400), format!("Parameter missing : {missing}"));
    }
    let asked = json!({ "_teamId": team, "topic": "room1" });
    assert_eq!(world.platform().talk_makes(asked).send().await.talk_refused(400, 400), "Parameter missing : sender");
}

#[tokio::test]
async fn what_cannot_be_makes_no_room() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let team = world.team().await;
    let before = world.items().await;
    let long = |bytes| "x".repeat(bytes);
    let crowd: Vec<String> = (0..91).map(|number| format!("c{number}")).collect();
    for (asked, code, message) in [
        (json!({ "_teamId": "0123456789abcdef01234567" }), 204, "team member does not exist"),
        (json!({ "_memberIds": ["nobody", "aaa", "noone"] }), 401, "Object not found : user nobody, user noone"),
        (json!({ "_memberIds": "aaa" }), 405, "Invalid parameter : _memberIds"),
        (json!({ "_memberIds": crowd }), 238, "The Number of parameter beyond the limits allowed"),
        (json!({ "topic": "" }), 405, "Invalid parameter : topic"),
        (json!({ "topic": null }), 405, "Invalid parameter : topic"),
        (json!({ "topic": long(257) }), 405, "Invalid parameter : topic"),
        (json!({ "purpose": long(4_097) }), 405, "Invalid parameter : purpose"),
        (json!({ "color": [] }), 405, "Invalid parameter : color"),
        (json!({ "isPrivate": "yes" }), 405, "Invalid parameter : isPrivate"),
    ] {
        let call = aaa.talk_makes(json!({ "_teamId": team, "topic": "room1" })).and(asked);
        let status = if code == 204 { 403 } else { 400 };
        assert_eq!(call.send().await.talk_refused(status, code), message);
    }
    let asked = json!({ "_teamId": team, "topic": "room1" });
    world.stranger().talk_makes(asked.clone()).send().await.talk_refused(403, 201);
    world
        .stranger()
        .with("Authorization", "aid SampleApp.aaa.no")
        .talk_makes(asked)
        .send()
        .await
        .talk_refused(403, 220);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn ninety_members_are_there_from_the_first_in_one_write() {
    let world = World::on(Stack::builder().count_rounds(true)).await;
    let [aaa] = world.talkers(["aaa"]).await;
    let crowd = world.crowd(90).await;
    let asked = json!({ "_teamId": world.team().await, "topic": "room1", "_memberIds": crowd });
    let answer = aaa.talk_makes(asked).send().await;
    let behind = world.stack.invocation(&answer.request_id()).unwrap();
    assert_eq!(
        behind.rounds,
        Some(3),
        "read; count whom a client names, for which the write has no place; write: {behind:?}"
    );
    let made = answer.bare();
    let members = ids(&made["members"]);
    assert_eq!((members[0].as_str(), &members[1..], &made["memberCount"]), ("aaa", crowd.as_slice(), &json!(91)));
    world.holds_together(&text(&made["_id"])).await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_makes_one_room() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let team = world.team().await;
    let rooms = |items: &[serde_json::Value]| items.iter().filter(|item| item["SK"]["S"] == "#ROOM").count();
    let before = rooms(&world.items().await);
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    let made = aaa.talk_makes(json!({ "_teamId": team, "topic": "room1" })).send().await.bare();
    assert_eq!((ids(&made["members"]), rooms(&world.items().await)), (vec!["aaa".to_owned()], before + 1));
}

#[tokio::test]
async fn no_room_is_made_with_who_does_not_agree() {
    let (world, aaa, room) = talk_room(json!({ "topic": "room1" })).await;
    let bbb = world.client("bbb").await;
    bbb.blocks("aaa").send().await.good();
    let team = text(&aaa.talk_reads(&room).send().await.bare()["_teamId"]);
    let before = world.items().await;
    let body = json!({ "_teamId": team, "topic": "plans", "_memberIds": ["bbb"] });
    aaa.post("/v2/rooms", body).send().await.talk_refused(403, 219);
    assert_eq!(world.items().await, before, "a refusal changes nothing");
}
