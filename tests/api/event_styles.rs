//! What a webhook is told, style by style: with every field that the documents have.

use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};
use crate::description;
use crate::receiver::Receiver;
use crate::talkers::{INVITATION, ROOM, USER, is_as_documented};

/// A world in which a webhook hears in this style, and a room of `aaa`.
async fn telling(style: &str) -> (World, Receiver, Actor, String) {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = text(&aaa.post("/rooms", json!({ "members": ["aaa"], "name": "ops" })).send().await.good()["_id"]);
    world.stack.settled().await.unwrap();
    world.listens(&receiver, json!({ "style": style })).await;
    (world, receiver, aaa, room)
}

/// What came, which must be as openapi.yaml says.
async fn told(world: &World, receiver: &Receiver) -> Vec<Value> {
    world.stack.settled().await.unwrap();
    let events: Vec<Value> = receiver.letters().iter().map(crate::receiver::Letter::json).collect();
    for event in &events {
        let style = ["a", "appID"].map(|name| event.get(name).is_some());
        let style = if style[0] {
            "talk"
        } else if style[1] {
            "imkit"
        } else {
            "rollcall"
        };
        let flaws = description::webhook(style).flaws(event);
        assert!(flaws.is_empty(), "{flaws:#?} in {event}");
    }
    events
}

/// Seed 003, Events: when the user exists.
#[tokio::test]
async fn talks_room_join_has_every_documented_field() {
    let (world, receiver, aaa, room) = telling("talk").await;
    world.client_with(json!({ "_id": "u1", "nickname": "路人甲", "email": "lurenjia@teambition.com" })).await;
    let reply = aaa.talk_invites(&room, json!({ "email": "lurenjia@teambition.com" })).send().await.bare();
    let events = told(&world, &receiver).await;
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["a"], &events[0]["v"]), (&json!("room:join"), &json!(2)));
    is_as_documented(&events[0]["d"], USER);
    is_as_documented(&events[0]["d"]["room"], ROOM);
    assert_eq!(events[0]["d"], reply, "it is what the call replied");
}

/// Seed 003, Events: when the user does not exist.
#[tokio::test]
async fn talks_invitation_create_has_every_documented_field() {
    let (world, receiver, aaa, room) = telling("talk").await;
    let reply = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let events = told(&world, &receiver).await;
    assert_eq!((events.len(), &events[0]["a"]), (1, &json!("invitation:create")));
    is_as_documented(&events[0]["d"], INVITATION);
    is_as_documented(&events[0]["d"]["room"], ROOM);
    assert_eq!(events[0]["d"], reply, "it is what the call replied");
}

#[tokio::test]
async fn talk_hears_who_leaves_and_which_invitation_is_closed() {
    let (world, receiver, aaa, room) = telling("talk").await;
    aaa.adds(&room, &["bbb"]).send().await.good();
    aaa.removes(&room, &["bbb"]).send().await.good();
    let invited = aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    world.stack.settled().await.unwrap();
    world.platform().talk_cancels(&invited["_id"]).send().await.bare();
    let events = told(&world, &receiver).await;
    let names: Vec<&str> = events.iter().map(|event| event["a"].as_str().unwrap()).collect();
    assert_eq!(names, ["room:join", "room:leave", "invitation:create", "invitation:remove"]);
    let team = invited["_teamId"].clone();
    assert_eq!(events[1]["d"], json!({ "_userId": "bbb", "_roomId": room, "_teamId": team }));
    let removed = &events[3]["d"];
    assert_eq!((&removed["_id"], &removed["room"], &removed["_roomId"]), (&invited["_id"], &json!(room), &json!(room)));
    assert!(!removed.to_string().contains("x.io"), "{removed}");
}

#[tokio::test]
async fn talk_is_told_of_everybody_who_was_added_at_once() {
    let (world, receiver, aaa, room) = telling("talk").await;
    world.clients(["ccc", "ddd"]).await;
    aaa.adds(&room, &["bbb", "ccc", "ddd"]).send().await.good();
    let events = told(&world, &receiver).await;
    let joined: Vec<String> = events.iter().map(|event| text(&event["d"]["_id"])).collect();
    assert_eq!(joined, ["bbb", "ccc", "ddd"]);
    assert!(events.iter().all(|event| event["d"]["room"]["memberCount"] == 4), "{events:#?}");
    let letters = receiver.letters();
    let ids: std::collections::BTreeSet<&str> = letters.iter().map(crate::receiver::Letter::id).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn imkit_hears_who_joins_who_is_added_who_goes_and_what_is_said() {
    let (world, receiver, aaa, room) = telling("imkit").await;
    let [ccc, _ddd] = world.clients(["ccc", "ddd"]).await;
    aaa.adds(&room, &["bbb"]).send().await.good();
    aaa.invites(&room, &["ccc"]).send().await.good();
    ccc.joins(&room).send().await.good();
    let said = ccc.says(&room, "hello").send().await.good();
    ccc.removes_one(&room, "ccc").send().await.good();
    world.bans(&room, "ddd").await; // who is no member
    world.bans(&room, "bbb").await;
    let events = told(&world, &receiver).await;
    let shown: Vec<(&str, Value, Vec<String>)> = events
        .iter()
        .map(|event| {
            let members = event["data"].get("members").map(ids).unwrap_or_default();
            (event["event"].as_str().unwrap(), event["clientID"].clone(), members)
        })
        .collect();
    let of = |id: &str| vec![id.to_owned()];
    assert_eq!(
        shown,
        [
            ("ADD_MEMBERS", json!("aaa"), of("bbb")),
            ("JOIN_ROOM", json!("ccc"), of("ccc")),
            ("MESSAGE", json!("ccc"), vec![]),
            ("DELETE_MEMBERS", json!("ccc"), of("ccc")),
            ("DELETE_MEMBERS", Value::Null, of("bbb")),
        ]
    );
    assert_eq!(events[2]["data"]["_id"], said["_id"]);
    assert_eq!((&events[2]["data"]["message"], &events[2]["data"]["messageType"]), (&json!("hello"), &json!("text")));
    for event in &events {
        let fields: Vec<&String> = event.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["appID", "botState", "clientID", "data", "event", "roomID"]);
    }
}

#[tokio::test]
async fn signing_up_is_joining_to_imkit_and_closes_the_invitation_to_talk() {
    for (style, expected) in [("imkit", vec!["JOIN_ROOM"]), ("talk", vec!["room:join", "invitation:remove"])] {
        let (world, receiver, aaa, room) = telling(style).await;
        aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
        world.stack.settled().await.unwrap();
        let before = receiver.letters().len();
        world.client_with(json!({ "_id": "new", "email": "new@x.io" })).await;
        let events = told(&world, &receiver).await;
        let names: Vec<&str> =
            events[before..].iter().filter_map(|event| event["event"].as_str().or(event["a"].as_str())).collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn a_message_that_was_taken_back_is_told_without_its_words() {
    let (world, receiver, aaa, room) = telling("rollcall").await;
    let said = aaa.says(&room, "a slip").send().await.good();
    world.stack.settled().await.unwrap();
    aaa.recalls(&room, &said).send().await.good();
    let events = told(&world, &receiver).await;
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["data"]["message"]["messageType"]), (&json!("message.updated"), &json!("recall")));
    assert!(!last.to_string().contains("a slip"), "{last}");
}
