//! `POST /rooms/:id/message`.

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, all_at_once, text};

/// The fields that every message has.
const ALWAYS: [&str; 12] = [
    "_id",
    "appID",
    "createdAtMS",
    "id",
    "message",
    "messageTimeMS",
    "messageType",
    "reactionCount",
    "reactions",
    "room",
    "sender",
    "updatedAtMS",
];

fn says(actor: &Actor, room: &str, body: Value) -> Call {
    actor.post(&format!("/rooms/{room}/message"), body)
}

/// `{client: [badge, lastRead]}` of every member.
async fn reading(world: &World, room: &str) -> Value {
    let shown = world.sight(room).await.room["memberProperties"].clone();
    let shown =
        shown.as_array().unwrap().iter().map(|own| (text(&own["client"]), json!([own["badge"], own["lastRead"]])));
    Value::Object(shown.collect())
}

async fn freezes(world: &World, room: &str) {
    let call = world.platform().call(Method::PUT, &format!("/rooms/{room}"));
    call.body(json!({ "status": 0 })).send().await.good();
}

#[tokio::test]
async fn a_message_is_told_with_every_documented_field() {
    let world = World::new().await;
    let aaa = world.client_with(json!({ "_id": "aaa", "nickname": "AAA", "avatarUrl": "http://x/a.png" })).await;
    let room = world.group(&[&aaa]).await;

    let told = aaa.says(&room, "hello").send().await.good();
    let names: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ALWAYS, "and no other");
    assert_eq!((&told["id"], &told["room"], &told["appID"]), (&told["_id"], &json!(room), &json!("SampleApp")));
    assert_eq!((&told["messageType"], &told["message"]), (&json!("text"), &json!("hello")));
    let face =
        json!({ "_id": "aaa", "id": "aaa", "nickname": "AAA", "avatarUrl": "http://x/a.png", "lastLoginTimeMS": 0 });
    assert_eq!(told["sender"], face);
    assert_eq!((&told["reactions"], &told["reactionCount"]), (&json!([]), &json!(0)));
    for moment in ["createdAtMS", "updatedAtMS"] {
        assert_eq!(told[moment], told["messageTimeMS"], "{moment}");
    }
    assert!(told["messageTimeMS"].as_i64().unwrap() > 1_500_000_000_000);
    assert_eq!(text(&told["_id"]).len(), 24);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_message_is_one_entry_of_the_log_and_the_rooms_last_message() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;

    let told = aaa.says(&room, "hello").send().await.good();
    let seen = world.sight(&room).await;
    let entry = seen.events.last().unwrap();
    assert_eq!((&entry["type"], &entry["id"]), (&json!("message.created"), &told["_id"]));
    assert_eq!((&entry["actor"], &entry["clients"]), (&json!("aaa"), &json!([])));
    assert_eq!((&entry["atMS"], &entry["memberCount"]), (&told["messageTimeMS"], &json!(1)));
    for last in [&entry["message"], &seen.room["lastMessage"]] {
        for (name, value) in last.as_object().unwrap() {
            assert_eq!(value, &told[name], "{name}");
        }
        assert_eq!(last["message"], json!("hello"));
    }
    assert_eq!(seen.events.len(), 3);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_others_have_one_more_to_read_and_the_sender_has_read_his_own() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;

    let first = aaa.says(&room, "one").send().await.good();
    assert_eq!(reading(&world, &room).await, json!({ "aaa": [0, first["_id"]], "bbb": [1, null] }));
    assert_eq!(bbb.reads(&room).send().await.good()["unread"], json!(1));
    let second = aaa.says(&room, "two").send().await.good();
    assert_eq!(reading(&world, &room).await, json!({ "aaa": [0, second["_id"]], "bbb": [2, null] }));
    // Who answers has read what came before.
    let third = bbb.says(&room, "three").send().await.good();
    assert_eq!(reading(&world, &room).await, json!({ "aaa": [1, second["_id"]], "bbb": [0, third["_id"]] }));
    // D23: a new member starts at 0, whatever was said before.
    let _ccc = world.client("ccc").await;
    aaa.adds(&room, &["ccc"]).send().await.good();
    assert_eq!(reading(&world, &room).await["ccc"], json!([0, null]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn fields_of_every_type_are_told_as_they_were_sent() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let bodies = [
        json!({
            "messageType": "image", "message": "a.png", "originalUrl": "http://x/o.png", "thumbnailUrl": "http://x/t.png",
            "width": 640, "height": 480.5, "images": [{ "originalUrl": "http://x/1.png" }],
        }),
        json!({ "messageType": "audio", "originalUrl": "http://x/a.m4a", "duration": 2500 }),
        json!({ "messageType": "location", "message": "here", "latitude": 25.03, "longitude": 121.5 }),
        json!({ "messageType": "sticker", "sticker": "smile-1" }),
        json!({ "messageType": "template", "template": { "columns": [] }, "message": { "a": [1, null, "x"] } }),
        json!({ "messageType": "flex", "contents": [{ "type": "box" }], "message": [1, 2] }),
        json!({ "messageType": "url", "url": "http://x/", "message": 7 }),
        json!({ "messageType": "x-my-own", "message": false }),
        json!({ "messageType": "text", "message": "", "extra": { "order": { "id": 9 } } }),
        json!({ "messageType": "text", "message": "as text", "extra": "{\"order\":9}" }),
        json!({ "messageType": "text", "message": "hey @bbb", "mentions": ["bbb", "nobody"] }),
    ];
    for body in bodies {
        let told = says(&aaa, &room, body.clone()).send().await.good();
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&told[name], value, "{name} of {body}");
        }
        let more: Vec<&String> =
            told.as_object().unwrap().keys().filter(|name| body.get(name.as_str()).is_none()).collect();
        assert!(more.iter().all(|name| ALWAYS.contains(&name.as_str())), "{body}: {more:?}");
        let listed = aaa.lists_messages(&room, "limit=1").send().await.good();
        assert_eq!(listed["data"], json!([told]), "and listed as it was told");
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_a_message_does_not_have_is_not_kept() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let odd = json!({
        "message": "hello", "appID": "Other", "sender": "bbb", "messageTimeMS": 1, "reactions": ["x"], "room": "elsewhere",
        "isPined": true, "data": { "a": 1 }, "extra": null,
    });
    let told = says(&aaa, &room, odd).send().await.good();
    let names: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ALWAYS);
    assert_eq!((&told["room"], &told["appID"]), (&json!(room), &json!("SampleApp")));
    assert_eq!((&told["sender"]["_id"], &told["reactions"]), (&json!("aaa"), &json!([])));
    assert_eq!(told["messageType"], json!("text"), "unless it says otherwise");
    assert!(told["messageTimeMS"].as_i64().unwrap() > 1);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_answer_quotes_what_it_answers() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let long = "ü".repeat(300);
    let asked = aaa.says(&room, &long).send().await.good();

    let told = bbb.says(&room, "yes").and(json!({ "reply": asked["_id"] })).send().await.good();
    let quote = json!({
        "_id": asked["_id"], "id": asked["_id"], "messageType": "text", "message": "ü".repeat(200),
        "sender": asked["sender"], "messageTimeMS": asked["messageTimeMS"],
    });
    assert_eq!(told["reply"], quote);
    // What the system says and what the platform says for nobody can be answered too.
    let by_nobody = world.platform().says(&room, "notice").send().await.good();
    let told = bbb.says(&room, "ok").and(json!({ "reply": by_nobody["_id"] })).send().await.good();
    assert_eq!((&told["reply"]["sender"], &told["reply"]["message"]), (&Value::Null, &json!("notice")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_platform_speaks_for_nobody_or_for_whom_it_names() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let platform = world.platform();

    let told = platform.says(&room, "notice").send().await.good();
    assert_eq!(told["sender"], Value::Null);
    assert_eq!(world.events(&room).await.pop().unwrap()["actor"], Value::Null);
    let told = platform.says(&room, "hi").and(json!({ "sender": "aaa" })).send().await.good();
    assert_eq!(told["sender"]["nickname"], json!("AAA"));
    assert_eq!(reading(&world, &room).await, json!({ "aaa": [0, told["_id"]] }));
    // D4: it is not held to membership.
    let told = platform.says(&room, "ho").header("IM-CLIENT-ID", "bbb").send().await.good();
    assert_eq!(told["sender"]["_id"], json!("bbb"));
    assert_eq!(reading(&world, &room).await["aaa"][0], json!(1));
    let nobody = platform.says(&room, "hm").and(json!({ "sender": "nobody" }));
    nobody.send().await.refused(404, "CLIENT_NOT_FOUND");
    world.holds_together(&room).await;
}

// What refuses it.

#[tokio::test]
async fn who_is_no_member_says_nothing() {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa, &ddd]).await;
    aaa.invites(&room, &["ccc"]).send().await.good();
    world.platform().call(Method::DELETE, &format!("/rooms/{room}/members/ddd")).send().await.good();
    let before = world.sight(&room).await;

    for stranger in [&bbb, &ccc, &ddd] {
        stranger.says(&room, "hello").send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_hidden_room_is_an_unknown_room_and_so_is_another_apps() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let neighbour = world.other_app("OtherApp").await;
    let theirs = neighbour.client("aaa").await;
    let before = world.sight(&private).await;

    let hidden = bbb.says(&private, "hello").send().await.refused(404, "ROOM_NOT_FOUND");
    let absent = bbb.says("absent", "hello").send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(hidden.replace(&private, "absent"), absent);
    theirs.says(&private, "hello").send().await.refused(404, "ROOM_NOT_FOUND");
    neighbour.platform().says(&private, "hello").send().await.refused(404, "ROOM_NOT_FOUND");
    world.platform().says("absent", "hello").send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(world.sight(&private).await, before);
    aaa.says(&private, "hello").send().await.good();
    world.holds_together(&private).await;
}

#[tokio::test]
async fn in_a_frozen_room_only_the_platform_speaks() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let said = aaa.says(&room, "hello").send().await.good();
    freezes(&world, &room).await;
    let before = world.sight(&room).await;

    assert!(aaa.says(&room, "more").send().await.refused(403, "ROOM_CLOSED").contains(&room));
    aaa.edits(&room, &said, "other").send().await.refused(403, "ROOM_CLOSED");
    aaa.recalls(&room, &said).send().await.refused(403, "ROOM_CLOSED");
    assert_eq!(world.sight(&room).await, before);
    world.platform().says(&room, "frozen").send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_room_closed_for_joining_is_open_for_words() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.room(json!({ "members": ["aaa"], "opening": 0 })).await;
    aaa.says(&room, "hello").send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_the_system_says_nobody_else_says() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let system =
        ["addMember", "addMembers", "joinRoom", "leaveRoom", "deleteMember", "cancelInvitations", "assignAdmin"];
    for own in system {
        for actor in [&aaa, &world.platform()] {
            let refusal = says(actor, &room, json!({ "message": "x", "messageType": own })).send().await;
            let told = refusal.refused(400, "INVALID_PARAMETER");
            assert!(told.contains("`messageType`") && told.contains(&format!("`{own}`")), "{told}");
        }
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_malformed_message_is_refused_by_the_name_of_its_field() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let long = "x".repeat(16_400);
    let bad = [
        (json!({}), "MISSING_PARAMETER", "`message`"),
        (json!({ "message": null, "messageType": "text" }), "MISSING_PARAMETER", "`message`"),
        (json!({ "messageType": "recall" }), "MISSING_PARAMETER", "`_id`"),
        (json!({ "message": 1 }), "INVALID_PARAMETER", "`message`"),
        (json!({ "message": { "a": 1 }, "messageType": "text" }), "INVALID_PARAMETER", "`message`"),
        (json!({ "message": "x", "messageType": "" }), "INVALID_PARAMETER", "`messageType`"),
        (json!({ "message": "x", "messageType": 1 }), "INVALID_PARAMETER", "`messageType`"),
        (json!({ "message": "x", "messageType": "t".repeat(65) }), "INVALID_PARAMETER", "`messageType`"),
        (json!({ "message": "x", "mentions": "bbb" }), "INVALID_PARAMETER", "`mentions`"),
        (json!({ "message": "x", "mentions": ["bbb", 1] }), "INVALID_PARAMETER", "`mentions`"),
        (json!({ "message": "x", "reply": "hello" }), "INVALID_PARAMETER", "`reply`"),
        (json!({ "message": "x", "reply": { "_id": "5e5b88e91da9d53097b13840" } }), "INVALID_PARAMETER", "`reply`"),
        (json!({ "message": "x", "_id": "x" }), "INVALID_PARAMETER", "`_id`"),
        (json!({ "message": "x", "_id": 1 }), "INVALID_PARAMETER", "`_id`"),
        (json!({ "message": "x", "sender": 1 }), "INVALID_PARAMETER", "`sender`"),
        (json!({ "message": long }), "INVALID_PARAMETER", "`message`"),
        (json!({ "message": "x", "extra": { "a": long } }), "INVALID_PARAMETER", "`extra`"),
        (json!({ "message": "x", "extra": [1], "images": [long], "url": "http://x" }), "INVALID_PARAMETER", "`images`"),
    ];
    for (body, code, name) in bad {
        let told = says(&aaa, &room, body.clone()).send().await.refused(400, code);
        assert!(told.contains(name), "{body:.60}: {told}");
    }
    for raw in ["[]", "{", "hello"] {
        aaa.call(Method::POST, &format!("/rooms/{room}/message")).raw(raw).send().await.refused(400, "INVALID_BODY");
    }
    let huge = format!("{{\"message\":\"{}\"}}", "x".repeat(262_144));
    let huge = aaa.call(Method::POST, &format!("/rooms/{room}/message")).raw(&huge);
    huge.send().await.refused(413, "BODY_TOO_LARGE");
    let odd = aaa.says("a%23b", "hello").send().await.refused(400, "INVALID_PARAMETER");
    assert!(odd.contains("`id`"), "{odd}");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_message_of_just_the_longest_size_is_sent() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let longest = 16_384 - r#"{"message":""}"#.len();
    aaa.says(&room, &"x".repeat(longest)).send().await.good();
    aaa.says(&room, &"x".repeat(longest + 1)).send().await.refused(400, "INVALID_PARAMETER");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_is_not_proven_says_nothing() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    aaa.clone().without("IM-CLIENT-KEY").says(&room, "x").send().await.refused(401, "INVALID_CLIENT_KEY");
    aaa.clone().without("IM-Authorization").says(&room, "x").send().await.refused(401, "INVALID_TOKEN");
    aaa.clone().with("IM-Authorization", "SampleApp.aaa.0").says(&room, "x").send().await.refused(401, "INVALID_TOKEN");
    let platform = world.platform().with("IM-API-KEY", "SampleApp.0");
    platform.says(&room, "x").send().await.refused(401, "INVALID_API_KEY");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn only_a_message_of_this_room_can_be_answered_changed_or_taken_back() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let (room, other) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    let elsewhere = aaa.says(&other, "elsewhere").send().await.good();
    let said = aaa.says(&room, "here").send().await.good();
    aaa.edits(&room, &said, "changed").send().await.good();
    let before = world.sight(&room).await;

    let joined = json!({ "_id": before.events[1]["id"] }); // an entry without a message
    assert_eq!(before.events[1]["type"], json!("member.joined"));
    let change = json!({ "_id": before.events.last().unwrap()["id"] }); // one that tells of a changed message
    assert_eq!(before.events.last().unwrap()["type"], json!("message.updated"));
    let rival = json!({ "_id": format!("{}fffff", &text(&said["_id"])[..19]) }); // of the right number
    let unknown = json!({ "_id": "0123456789abcdef01234567" });
    for message in [&elsewhere, &joined, &change, &rival, &unknown] {
        let named = format!("`{}`", text(&message["_id"]));
        let answer = aaa.says(&room, "re").and(json!({ "reply": message["_id"] }));
        for call in [answer, aaa.edits(&room, message, "x"), aaa.recalls(&room, message)] {
            let told = call.send().await.refused(404, "MESSAGE_NOT_FOUND");
            assert!(told.contains(&named), "{told}");
        }
    }
    assert_eq!(world.sight(&room).await, before);
    // A message has an id of its own in each room: nobody reaches it through another one.
    aaa.edits(&other, &elsewhere, "x").send().await.good();
}

// Changing and taking back.

#[tokio::test]
async fn a_changed_message_is_the_same_message_with_other_words() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let first = bbb.says(&room, "first").send().await.good();
    let body = json!({ "message": "hello", "extra": { "a": 1 }, "reply": first["_id"] });
    let said = says(&aaa, &room, body).send().await.good();
    let read = reading(&world, &room).await;

    let told = aaa.edits(&room, &said, "good day").send().await.good();
    for kept in ["_id", "id", "sender", "messageTimeMS", "createdAtMS", "room", "messageType", "reply"] {
        assert_eq!(told[kept], said[kept], "{kept}");
    }
    assert_eq!((&told["message"], told.get("extra")), (&json!("good day"), None), "it says what the body says");
    assert!(told["updatedAtMS"].as_i64() > said["updatedAtMS"].as_i64());
    let edited_at = text(&told["editedAt"]);
    assert!(edited_at.len() == 24 && edited_at.ends_with('Z') && said.get("editedAt").is_none(), "{edited_at}");

    let seen = world.sight(&room).await;
    let entry = seen.events.last().unwrap();
    assert_eq!((&entry["type"], &entry["actor"]), (&json!("message.updated"), &json!("aaa")));
    assert_ne!(entry["id"], told["_id"], "an entry of its own");
    assert_eq!((&entry["message"]["_id"], &entry["message"]["message"]), (&told["_id"], &json!("good day")));
    assert_eq!(entry["atMS"], told["updatedAtMS"]);
    assert_eq!(seen.room["lastMessage"]["message"], json!("good day"));
    // It is news to nobody, and not a second message.
    assert_eq!(reading(&world, &room).await, read);
    let listed = bbb.lists_messages(&room, "").send().await.good();
    assert_eq!((&listed["totalCount"], &listed["data"]), (&json!(2), &json!([told, first])));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn changing_an_older_message_leaves_the_last_one_and_what_was_read() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let old = aaa.says(&room, "old").send().await.good();
    let last = bbb.says(&room, "last").send().await.good();
    let read = reading(&world, &room).await;
    assert_eq!(read, json!({ "aaa": [1, old["_id"]], "bbb": [0, last["_id"]] }));

    aaa.edits(&room, &old, "older").send().await.good();
    assert_eq!(world.sight(&room).await.room["lastMessage"]["_id"], last["_id"]);
    assert_eq!(reading(&world, &room).await, read);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn of_a_message_taken_back_nothing_is_left() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let first = bbb.says(&room, "first").send().await.good();
    let body = json!({
        "messageType": "image", "message": "secret-1", "originalUrl": "http://x/secret-2.png", "width": 3,
        "reply": first["_id"], "mentions": ["bbb"],
    });
    let said = says(&aaa, &room, body).send().await.good();
    let change = json!({ "_id": said["_id"], "messageType": "image", "message": "secret-3", "extra": "secret-4" });
    says(&aaa, &room, change).send().await.good();
    let read = reading(&world, &room).await;

    let told = aaa.recalls(&room, &said).and(json!({ "message": "secret-5", "extra": "secret-6" })).send().await.good();
    assert_eq!((&told["messageType"], &told["message"]), (&json!("recall"), &json!("")));
    let more: Vec<&String> = told.as_object().unwrap().keys().filter(|name| !ALWAYS.contains(&name.as_str())).collect();
    assert_eq!(more, ["editedAt"], "no picture, no answer, nobody meant");
    for kept in ["_id", "id", "sender", "messageTimeMS", "createdAtMS", "room"] {
        assert_eq!(told[kept], said[kept], "{kept}");
    }
    assert!(told["updatedAtMS"].as_i64() > said["updatedAtMS"].as_i64());
    let seen = world.sight(&room).await;
    assert_eq!(seen.room["lastMessage"]["messageType"], json!("recall"));
    assert_eq!(seen.events.last().unwrap()["type"], json!("message.updated"));
    assert_eq!(bbb.lists_messages(&room, "").send().await.good()["data"], json!([told, first]));
    assert_eq!(reading(&world, &room).await, read);
    for item in world.items().await {
        assert!(!item.to_string().contains("secret"), "{item}");
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn nobody_changes_what_another_or_the_system_said() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "owner": "bbb", "members": ["aaa", "bbb"] })).await;
    let joined = ccc.joins(&room).body(json!({ "systemMessage": true })).send().await.good()["lastMessage"].clone();
    let by_platform = world.platform().says(&room, "notice").send().await.good();
    let said = aaa.says(&room, "hello").send().await.good();
    let before = world.sight(&room).await;

    for (actor, message) in [(&bbb, &said), (&ccc, &joined), (&aaa, &by_platform), (&world.platform(), &said)] {
        actor.edits(&room, message, "x").send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
        actor.recalls(&room, message).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    world.platform().edits(&room, &joined, "x").send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(world.sight(&room).await, before);
    // The platform changes its own words, and those of whom it acts for.
    world.platform().edits(&room, &by_platform, "x").send().await.good();
    let for_aaa = world.platform().edits(&room, &said, "x").and(json!({ "sender": "aaa" }));
    assert_eq!(for_aaa.send().await.good()["message"], json!("x"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_has_left_cannot_change_what_he_said() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let said = aaa.says(&room, "hello").send().await.good();
    aaa.call(Method::DELETE, &format!("/rooms/{room}/members/aaa")).send().await.good();
    aaa.recalls(&room, &said).send().await.refused(403, "NOT_ROOM_MEMBER");
    assert_eq!(world.sight(&room).await.room["lastMessage"]["message"], json!("hello"));
    world.holds_together(&room).await;
}

// Many at once, and bad days.

/// The texts of a room's log, in its order.
async fn texts(world: &World, room: &str) -> Vec<String> {
    let said = world.events(room).await.into_iter().filter(|entry| entry["type"] == "message.created");
    said.map(|entry| text(&entry["message"]["message"])).collect()
}

#[tokio::test]
async fn fifty_who_speak_at_once_are_all_heard_once() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let texts_sent: Vec<String> = (0..50).map(|number| format!("m{number:02}")).collect();
    let answers = all_at_once(50, texts_sent.iter().map(|text| world.platform().says(&room, text))).await;
    let ids: std::collections::BTreeSet<String> = answers.into_iter().map(|told| text(&told.good()["_id"])).collect();
    assert_eq!(ids.len(), 50);
    let mut heard = texts(&world, &room).await;
    heard.sort();
    assert_eq!(heard, texts_sent);
    assert_eq!(reading(&world, &room).await["aaa"][0], json!(50));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn one_who_speaks_on_many_devices_at_once_has_read_it_all() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    for answer in all_at_once(12, (0..12).map(|number| aaa.says(&room, &format!("m{number}")))).await {
        answer.good();
    }
    let last = world.sight(&room).await.room["lastMessage"]["_id"].clone();
    assert_eq!(reading(&world, &room).await, json!({ "aaa": [0, last], "bbb": [12, null] }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_said_once() {
    for lost in [1, 3] {
        let world = World::new().await;
        let aaa = world.client("aaa").await;
        let room = world.group(&[&aaa]).await;
        let lose = || (0..lost).for_each(|_| world.stack.faults().next("TransactWriteItems", Fault::LoseResponse));
        lose();
        let told = aaa.says(&room, "hello").send().await.good();
        assert_eq!(texts(&world, &room).await, ["hello"]);
        assert_eq!(world.sight(&room).await.room["lastMessage"]["_id"], told["_id"]);
        lose();
        let changed = aaa.edits(&room, &told, "bye").send().await.good();
        assert_eq!((&changed["_id"], &changed["message"]), (&told["_id"], &json!("bye")));
        assert_eq!(world.events(&room).await.len(), 4, "made, joined, said, changed");
        world.holds_together(&room).await;
    }
}

#[tokio::test]
async fn changes_of_one_message_at_once_leave_it_one_message() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let said = aaa.says(&room, "m").send().await.good();
    let answers: Vec<Answer> =
        all_at_once(8, (0..8).map(|number| aaa.edits(&room, &said, &format!("m{number}")))).await;
    answers.into_iter().for_each(|answer| assert_eq!(answer.good()["_id"], said["_id"]));
    let seen = world.sight(&room).await;
    assert_eq!(seen.events.len(), 3 + 8);
    let listed = aaa.lists_messages(&room, "").send().await.good();
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["totalCount"]), (1, &json!(1)));
    assert_eq!(listed["data"][0]["message"], seen.room["lastMessage"]["message"], "the list and the room agree");
    assert_eq!(listed["data"][0]["updatedAtMS"], seen.events.last().unwrap()["atMS"], "and it is the last wording");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_message_costs_the_same_however_many_read_it() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(60).await;
    let (small, large) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    world.platform().adds(&large, &crowd.iter().map(String::as_str).collect::<Vec<_>>()).send().await.good();
    let mut spent = Vec::new();
    for room in [&small, &large] {
        aaa.says(room, "warm").send().await.good();
        let answer = aaa.says(room, "hello").send().await;
        let invocation = world.stack.invocation(&answer.request_id()).unwrap();
        answer.good();
        spent.push(invocation.requests.iter().map(|request| request.action.clone()).collect::<Vec<_>>());
    }
    assert_eq!(spent[0], ["BatchGetItem", "TransactWriteItems"], "one round of reads, one transaction");
    assert_eq!(spent[0], spent[1]);
    world.holds_together(&large).await;
}
