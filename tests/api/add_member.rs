//! `POST /rooms/:id/members/:invitee`.

use reqwest::Method;
use serde_json::{Value, json};
use shared::time::Time;

use crate::actors::{World, ids, pairs, text};

#[tokio::test]
async fn a_member_adds_one_client() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.adds_one(&room, "bbb").send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb"]);
    world.holds_together(&room).await;
}

// How it is asked (D9, D20).

#[tokio::test]
async fn no_body_is_needed_whatever_its_content_type() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    for content_type in ["application/x-www-form-urlencoded", "application/json", "text/plain", "*/*"] {
        let room = world.group(&[&aaa]).await;
        let answer = aaa.adds_one(&room, "bbb").header("Content-Type", content_type).send().await;
        assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]), "{content_type}");
        world.holds_together(&room).await;
    }
    for body in ["", "{}", " \n"] {
        let room = world.group(&[&aaa]).await;
        let answer = aaa.adds_one(&room, "bbb").raw(body).send().await;
        assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]), "{body:?}");
    }
}

#[tokio::test]
async fn a_trailing_slash_is_the_same_route() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.call(Method::POST, &format!("/rooms/{room}/members/bbb/")).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_id_in_the_path_is_percent_encoded() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    for (id, encoded) in [("張三", "%E5%BC%B5%E4%B8%89"), ("b b", "b%20b"), ("50%", "50%25"), ("b+b", "b+b")] {
        world.client(id).await;
        let room = world.group(&[&aaa]).await;
        let answer = aaa.adds_one(&room, encoded).send().await;
        assert_eq!(answer.outcomes(), pairs(&[(id, "added")]));
        world.holds_together(&room).await;
    }
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let refusal = aaa.adds_one(&room, "b%2Fb").send().await.refused(400, "INVALID_PARAMETER");
    assert!(refusal.contains("`invitee`"), "{refusal}");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn the_body_may_ask_for_an_invitation_and_for_a_message() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let body = json!({ "invitationRequired": true, "systemMessage": true, "expiresInSeconds": 60, "odd": 1 });
    let answer = aaa.adds_one(&room, "bbb").body(body).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "invited")]));
    let told = answer.good();
    assert_eq!(ids(&told["members"]), ["aaa"]);
    assert_eq!(told["lastMessage"]["messageType"], json!("addMember"));
    bbb.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    assert_eq!(
        aaa.adds_one(&room, "bbb").body(json!({ "invitationRequired": true })).send().await.outcomes(),
        pairs(&[("bbb", "already_invited")])
    );
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_call_that_does_not_say_goes_as_the_room_was_set_up() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;

    assert_eq!(aaa.adds_one(&room, "bbb").send().await.outcomes(), pairs(&[("bbb", "invited")]));
    let at_once = aaa.adds_one(&room, "bbb").body(json!({ "invitationRequired": false }));
    assert_eq!(at_once.send().await.outcomes(), pairs(&[("bbb", "added")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_field_of_a_wrong_type_is_refused_by_name() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    for name in ["systemMessage", "invitationRequired", "expiresInSeconds", "partial"] {
        let answer = aaa.adds_one(&room, "bbb").body(json!({ name: "1" })).send().await;
        assert!(answer.refused(400, "INVALID_PARAMETER").contains(&format!("`{name}`")), "{name}");
    }
    aaa.adds_one(&room, "bbb").raw("invitationRequired=true").send().await.refused(400, "INVALID_BODY");
    aaa.adds_one(&room, "bbb").raw("[]").send().await.refused(400, "INVALID_BODY");
    assert_eq!(world.sight(&room).await, before);
}

// What refuses it (D10, D11, D13, D18, D31).

#[tokio::test]
async fn only_a_present_member_may_add_a_client() {
    let world = World::new().await;
    let [aaa, invited, stranger] = world.clients(["aaa", "invited", "stranger"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["invited"]).send().await.good();
    let before = world.sight(&room).await;

    invited.adds_one(&room, "stranger").send().await.refused(403, "NOT_ROOM_MEMBER");
    invited.adds_one(&room, "invited").send().await.refused(403, "NOT_ROOM_MEMBER");
    stranger.adds_one(&room, "stranger").send().await.refused(403, "NOT_ROOM_MEMBER");
    stranger.adds_one("absent", "stranger").send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(world.sight(&room).await, before);

    assert_eq!(world.platform().adds_one(&room, "stranger").send().await.outcomes(), pairs(&[("stranger", "added")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_closed_room_refuses_its_members_and_not_the_platform() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "opening": 0 })).await;
    let before = world.sight(&room).await;

    aaa.adds_one(&room, "bbb").send().await.refused(403, "ROOM_CLOSED");
    assert_eq!(world.sight(&room).await, before);
    assert_eq!(world.platform().adds_one(&room, "bbb").send().await.outcomes(), pairs(&[("bbb", "added")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_that_cannot_come_in_is_refused_and_nothing_changes() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "maxMembers": 1 })).await;
    world.bans(&room, "bbb").await;
    let before = world.sight(&room).await;

    let answer = aaa.adds_one(&room, "nobody").send().await;
    assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody"] }));
    answer.refused(404, "CLIENT_NOT_FOUND");
    aaa.adds_one(&room, "bbb").send().await.refused(403, "BANNED");
    aaa.adds_one(&room, "ccc").send().await.refused(409, "ROOM_FULL");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn an_outcome_takes_the_place_of_a_refusal_when_the_call_may_be_partial() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "maxMembers": 1 })).await;
    world.bans(&room, "bbb").await;
    let before = world.sight(&room).await;

    for (invitee, outcome) in [("nobody", "not_found"), ("bbb", "banned"), ("ccc", "room_full")] {
        let answer = aaa.adds_one(&room, invitee).body(json!({ "partial": true })).send().await;
        assert_eq!(answer.outcomes(), pairs(&[(invitee, outcome)]));
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_third_client_is_refused_by_a_direct_room() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    let before = world.sight(&room).await;

    aaa.adds_one(&room, "ccc").send().await.refused(409, "DIRECT_ROOM");
    aaa.adds_one(&room, "ccc").body(json!({ "invitationRequired": true })).send().await.refused(409, "DIRECT_ROOM");
    assert_eq!(aaa.adds_one(&room, "bbb").send().await.outcomes(), pairs(&[("bbb", "already_member")]));
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn adding_a_client_again_changes_nothing() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let aloud = json!({ "systemMessage": true });
    let first = aaa.adds_one(&room, "bbb").body(aloud.clone()).send().await.good();
    let before = world.sight(&room).await;

    let answer = aaa.adds_one(&room, "bbb").body(aloud).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "already_member")]));
    assert_eq!(answer.good(), first);
    assert_eq!(world.sight(&room).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_expired_invitation_is_as_if_absent_when_inviting_again() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    aaa.adds_one(&room, "bbb").send().await.good();
    world.lapses(&room, "bbb").await;

    assert_eq!(aaa.adds_one(&room, "bbb").send().await.outcomes(), pairs(&[("bbb", "invited")]));
    world.holds_together(&room).await;
}

// The first generation's shape (D21, D24).

#[tokio::test]
async fn the_reply_is_the_modern_room_and_the_first_generations_fields() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "data": { "color": "red" } })).await;
    aaa.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();

    let modern = aaa.adds(&room, &["bbb"]).send().await.good();
    let mut legacy = aaa.adds_one(&room, "bbb").send().await.good();

    let data = legacy.as_object_mut().unwrap().remove("data");
    assert_eq!(data, Some(json!({ "color": "red" })));
    let read = legacy.as_object_mut().unwrap().remove("lastRead");
    assert_eq!(read, Some(json!([{ "message": modern["lastMessage"]["_id"], "client": "aaa" }])));
    let time = legacy["lastMessage"].as_object_mut().unwrap().remove("messageTime").unwrap();
    assert_eq!(millis(&time), legacy["lastMessage"]["messageTimeMS"]);
    for member in legacy["members"].as_array_mut().unwrap() {
        let time = member.as_object_mut().unwrap().remove("lastLoginTime").unwrap();
        assert_eq!(millis(&time), member["lastLoginTimeMS"]);
    }
    assert_eq!(legacy, modern);
}

/// One known client takes a reply's `data` for the room itself (D21).
#[tokio::test]
async fn a_room_without_custom_data_has_no_data_field() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    for room in [json!({ "members": ["aaa"] }), json!({ "members": ["aaa"], "data": {} })] {
        let room = world.room(room).await;
        let told = aaa.adds_one(&room, "bbb").send().await.good();
        assert!(told.get("data").is_none(), "{told}");
        assert_eq!(told["lastRead"], json!([]));
    }
}

#[tokio::test]
async fn a_client_that_wants_it_short_gets_the_room_without_its_lists() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "data": { "color": "red" } })).await;

    let told = aaa.adds_one(&room, "bbb").header("Prefer", "return=minimal").send().await.good();
    assert_eq!((&told["memberCount"], &told["data"]), (&json!(2), &json!({ "color": "red" })));
    for list in ["members", "memberProperties", "lastRead"] {
        assert!(told.get(list).is_none(), "{told}");
    }
    world.holds_together(&room).await;
}

fn millis(iso: &Value) -> Value {
    json!(Time::parse("time", &text(iso)).unwrap())
}

#[tokio::test]
async fn who_does_not_agree_is_not_added() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    bbb.blocks("aaa").send().await.good();
    world.refuses_and_keeps(aaa.adds_one(&room, "bbb"), 403, "BLOCKED").await;
    let partial = aaa.adds_one(&room, "bbb").body(json!({ "partial": true })).send().await;
    assert_eq!(partial.outcomes(), pairs(&[("bbb", "blocked")]));
}
