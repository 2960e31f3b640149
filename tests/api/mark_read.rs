//! `PUT /rooms/:id/lastRead`.

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, World, all_at_once, text};

fn marks(actor: &Actor, room: &str, body: Value) -> Call {
    actor.call(Method::PUT, &format!("/rooms/{room}/lastRead")).body(body)
}

/// `aaa` has said so many things; `bbb` has read none of them.
async fn talk(world: &World, number: usize) -> (Actor, Actor, String, Vec<Value>) {
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let mut said = Vec::new();
    for number in 0..number {
        said.push(aaa.says(&room, &format!("m{number}")).send().await.good());
    }
    (aaa, bbb, room, said)
}

#[tokio::test]
async fn the_badge_counts_what_came_after_the_message_read() {
    let world = World::new().await;
    let (aaa, bbb, room, said) = talk(&world, 3).await;
    let events = world.events(&room).await;
    for (at, message) in said.iter().enumerate() {
        let mut told = bbb.marks_read(&room, message).send().await.good();
        assert_eq!(told, json!({ "client": "bbb", "lastRead": message["_id"], "badge": 2 - at }));
        told["via"] = json!("added");
        let shown = aaa.reads(&room).send().await.good()["memberProperties"][1].clone();
        assert_eq!(shown, told, "the others see it");
        assert_eq!(bbb.reads(&room).send().await.good()["unread"], json!(2 - at));
    }
    assert_eq!(world.events(&room).await, events, "reading is no happening");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn reading_never_moves_back() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 3).await;
    let told = bbb.marks_read(&room, &said[1]).send().await.good();
    let before = (world.sight(&room).await, world.items().await);
    for older in [&said[0], &said[1], &said[0]] {
        assert_eq!(bbb.marks_read(&room, older).send().await.good(), told);
    }
    assert_eq!((world.sight(&room).await, world.items().await), before);
    let own = bbb.says(&room, "mine").send().await.good();
    let told = bbb.marks_read(&room, &said[2]).send().await.good();
    assert_eq!(told, json!({ "client": "bbb", "lastRead": own["_id"], "badge": 0 }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_new_member_marks_what_he_has_not_been_told_of() {
    let world = World::new().await;
    let (aaa, _bbb, room, said) = talk(&world, 2).await;
    let ccc = world.client("ccc").await;
    aaa.adds(&room, &["ccc"]).send().await.good();
    // He is at 0 and has no mark; the newest message gives him one, an older one nothing.
    assert_eq!(ccc.marks_read(&room, &said[0]).send().await.good(), json!({ "client": "ccc", "badge": 0 }));
    let told = ccc.marks_read(&room, &said[1]).send().await.good();
    assert_eq!(told, json!({ "client": "ccc", "lastRead": said[1]["_id"], "badge": 0 }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_the_system_says_counts_and_can_be_read() {
    let world = World::new().await;
    let (aaa, bbb, room, _) = talk(&world, 1).await;
    let _ccc = world.client("ccc").await;
    let aloud = aaa.adds(&room, &["ccc"]).and(json!({ "systemMessage": true }));
    let notice = aloud.send().await.good()["lastMessage"].clone();
    assert_eq!(bbb.reads(&room).send().await.good()["unread"], json!(2));
    let told = bbb.marks_read(&room, &notice).send().await.good();
    assert_eq!(told, json!({ "client": "bbb", "lastRead": notice["_id"], "badge": 0 }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_changed_message_is_read_as_itself() {
    let world = World::new().await;
    let (aaa, bbb, room, said) = talk(&world, 2).await;
    aaa.edits(&room, &said[0], "other").send().await.good();
    let told = bbb.marks_read(&room, &said[0]).send().await.good();
    assert_eq!((&told["badge"], &told["lastRead"]), (&json!(1), &said[0]["_id"]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_platform_reads_for_whom_it_names() {
    let world = World::new().await;
    let (_aaa, _bbb, room, said) = talk(&world, 1).await;
    let _ccc = world.client("ccc").await;
    let platform = world.platform();
    let refusal = platform.marks_read(&room, &said[0]).send().await.refused(400, "MISSING_PARAMETER");
    assert!(refusal.contains("`sender`"), "{refusal}");
    let body = |sender: &str| json!({ "message": said[0]["_id"], "sender": sender });
    marks(&platform, &room, body("ccc")).send().await.refused(403, "NOT_ROOM_MEMBER");
    marks(&platform, &room, body("nobody")).send().await.refused(404, "CLIENT_NOT_FOUND");
    let told = marks(&platform, &room, body("bbb")).send().await.good();
    assert_eq!((&told["client"], &told["badge"]), (&json!("bbb"), &json!(0)));
    let told = platform.marks_read(&room, &said[0]).header("IM-CLIENT-ID", "aaa").send().await.good();
    assert_eq!(told["client"], json!("aaa"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_frozen_room_can_still_be_read_to_its_end() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 1).await;
    let freeze = world.platform().call(Method::PUT, &format!("/rooms/{room}")).body(json!({ "status": 0 }));
    freeze.send().await.good();
    assert_eq!(bbb.marks_read(&room, &said[0]).send().await.good()["badge"], json!(0));
}

// What refuses it.

#[tokio::test]
async fn what_is_no_message_of_the_room_cannot_be_read() {
    let world = World::new().await;
    let (aaa, bbb, room, said) = talk(&world, 1).await;
    let other = world.group(&[&aaa, &bbb]).await;
    let elsewhere = aaa.says(&other, "elsewhere").send().await.good();
    aaa.edits(&room, &said[0], "x").send().await.good();
    let before = world.sight(&room).await;
    let silent = json!({ "_id": before.events[0]["id"] });
    let change = json!({ "_id": before.events.last().unwrap()["id"] });
    for message in [&elsewhere, &silent, &change, &json!({ "_id": "0123456789abcdef01234567" })] {
        let told = bbb.marks_read(&room, message).send().await.refused(404, "MESSAGE_NOT_FOUND");
        assert!(told.contains(&text(&message["_id"])), "{told}");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn only_members_read_and_a_hidden_room_is_unknown() {
    let world = World::new().await;
    let (aaa, bbb, room, said) = talk(&world, 1).await;
    let ccc = world.client("ccc").await;
    ccc.marks_read(&room, &said[0]).send().await.refused(403, "NOT_ROOM_MEMBER");
    ccc.marks_read("absent", &said[0]).send().await.refused(404, "ROOM_NOT_FOUND");
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let hidden = aaa.says(&private, "x").send().await.good();
    ccc.marks_read(&private, &hidden).send().await.refused(404, "ROOM_NOT_FOUND");
    let neighbour = world.other_app("OtherApp").await;
    neighbour.client("bbb").await.marks_read(&room, &said[0]).send().await.refused(404, "ROOM_NOT_FOUND");
    bbb.call(Method::DELETE, &format!("/rooms/{room}/members/bbb")).send().await.good();
    bbb.marks_read(&room, &said[0]).send().await.refused(403, "NOT_ROOM_MEMBER");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_malformed_mark_is_refused_by_name() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 1).await;
    let before = world.sight(&room).await;
    for (body, code, name) in [
        (json!({}), "MISSING_PARAMETER", "`message`"),
        (json!({ "message": null }), "MISSING_PARAMETER", "`message`"),
        (json!({ "message": 1 }), "INVALID_PARAMETER", "`message`"),
        (json!({ "message": "last" }), "INVALID_PARAMETER", "`message`"),
        (json!({ "message": said[0] }), "INVALID_PARAMETER", "`message`"),
        (json!({ "message": said[0]["_id"], "sender": 1 }), "INVALID_PARAMETER", "`sender`"),
    ] {
        let told = marks(&bbb, &room, body).send().await.refused(400, code);
        assert!(told.contains(name), "{told}");
    }
    let raw = bbb.call(Method::PUT, &format!("/rooms/{room}/lastRead")).raw("[]");
    raw.send().await.refused(400, "INVALID_BODY");
    let huge = bbb.call(Method::PUT, &format!("/rooms/{room}/lastRead")).raw(&" ".repeat(262_145));
    huge.send().await.refused(413, "BODY_TOO_LARGE");
    let stranger = bbb.clone().without("IM-Authorization");
    stranger.marks_read(&room, &said[0]).send().await.refused(401, "INVALID_TOKEN");
    let stranger = bbb.clone().without("IM-CLIENT-KEY");
    stranger.marks_read(&room, &said[0]).send().await.refused(401, "INVALID_CLIENT_KEY");
    let platform = world.platform().with("IM-API-KEY", "SampleApp.0");
    platform.marks_read(&room, &said[0]).send().await.refused(401, "INVALID_API_KEY");
    assert_eq!(world.sight(&room).await, before);
}

// Many at once, and bad days.

#[tokio::test]
async fn of_many_marks_at_once_the_furthest_stays() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 8).await;
    let marks = said.iter().rev().chain(&said).map(|message| bbb.marks_read(&room, message));
    for answer in all_at_once(16, marks).await {
        let told = answer.good();
        let at = said.iter().position(|message| message["_id"] == told["lastRead"]).unwrap();
        assert_eq!(told["badge"], json!(7 - at), "each answer fits itself");
    }
    let shown = world.sight(&room).await.room["memberProperties"][1].clone();
    assert_eq!(shown, json!({ "client": "bbb", "lastRead": said[7]["_id"], "badge": 0, "via": "added" }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn reading_disturbs_no_change_of_roles_and_none_disturbs_it() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 6).await;
    let role = |number: usize| {
        let call = world.platform().call(Method::PUT, &format!("/rooms/{room}/member/bbb"));
        call.body(json!({ "property": "role", "value": if number.is_multiple_of(2) { "admin" } else { "member" } }))
    };
    let property = |number: usize| {
        let call = world.platform().call(Method::PUT, &format!("/rooms/{room}/member/bbb"));
        call.body(json!({ "property": format!("p{number}"), "value": number }))
    };
    let calls = (0..6).flat_map(|at| [role(at), bbb.marks_read(&room, &said[at]), property(at)]);
    for answer in all_at_once(6, calls).await {
        answer.good();
    }
    world
        .platform()
        .call(Method::PUT, &format!("/rooms/{room}/member/bbb"))
        .body(json!({ "property": "role", "value": "admin" }))
        .send()
        .await
        .good();
    let shown = world.sight(&room).await.room["memberProperties"].clone();
    let own = shown.as_array().unwrap().iter().find(|own| own["client"] == "bbb").unwrap();
    assert_eq!(own["role"], json!("admin"), "{own}");
    assert!((0..6).all(|number| own[format!("p{number}")] == json!(number)), "no property is lost: {own}");
    let last = world.sight(&room).await.room["lastMessage"]["_id"].clone();
    bbb.marks_read(&room, &json!({ "_id": last })).send().await.good();
    assert_eq!(bbb.reads(&room).send().await.good()["unread"], json!(0));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_mark_whose_answer_is_lost_is_made_and_told() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 2).await;
    bbb.reads(&room).send().await.good();
    world.stack.faults().next("UpdateItem", Fault::LoseResponse);
    let mut told = bbb.marks_read(&room, &said[1]).send().await.good();
    assert_eq!(told, json!({ "client": "bbb", "lastRead": said[1]["_id"], "badge": 0 }));
    told["via"] = json!("added");
    assert_eq!(world.sight(&room).await.room["memberProperties"][1], told);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_table_without_room_for_the_mark_is_busy() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 1).await;
    let before = world.sight(&room).await;
    world.stack.faults().always("UpdateItem", Fault::Throttle);
    let answer = bbb.marks_read(&room, &said[0]).send().await;
    world.stack.faults().clear();
    answer.refused(503, "BUSY");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_mark_is_one_round_of_reads_and_one_write() {
    let world = World::new().await;
    let (_aaa, bbb, room, said) = talk(&world, 2).await;
    for (message, expected) in [(&said[1], &["BatchGetItem", "UpdateItem"][..]), (&said[0], &["BatchGetItem"])] {
        bbb.reads("absent").send().await;
        let answer = bbb.marks_read(&room, message).send().await;
        let invocation = world.stack.invocation(&answer.request_id()).unwrap();
        answer.good();
        let actions: Vec<&str> = invocation.requests.iter().map(|request| request.action.as_str()).collect();
        assert_eq!(actions, expected);
    }
}
