//! `POST /rooms/:id/join`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{World, ids, text};

#[tokio::test]
async fn an_invited_client_joins_only_on_accepting() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    bbb.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");

    let answer = bbb.joins(&room).send().await;
    assert!(answer.body.get("outcomes").is_none(), "nobody was named: {}", answer.body);
    let told = answer.good();
    assert_eq!((ids(&told["members"]), &told["memberCount"]), (vec!["aaa".into(), "bbb".into()], &json!(2)));
    bbb.reads(&room).send().await.good();
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["type"], &entry["clients"]), (&json!("member.joined"), &json!(["bbb"])));
    assert_eq!((&entry["actor"], &entry["memberCount"]), (&json!("bbb"), &json!(2)));
    assert_eq!((&entry["via"], &entry["inviter"]), (&json!("invitation"), &json!("aaa")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_by_the_platform_names_no_inviter() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    let room = world.room(json!({ "invitationRequired": true, "isPrivate": true })).await;
    world.platform().adds(&room, &["bbb"]).send().await.good();

    assert_eq!(ids(&bbb.joins(&room).send().await.good()["members"]), ["bbb"]);
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["via"], &entry["inviter"]), (&json!("invitation"), &Value::Null));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_open_group_room_may_be_joined_by_any_client_of_the_app() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    assert_eq!(ids(&bbb.joins(&room).send().await.good()["members"]), ["aaa", "bbb"]);
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["via"], &entry["inviter"]), (&json!("join"), &Value::Null));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn no_body_is_needed_and_a_trailing_slash_is_the_same_route() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    for content_type in ["application/x-www-form-urlencoded", "application/json"] {
        let room = world.room(json!({})).await;
        let call = bbb.call(Method::POST, &format!("/rooms/{room}/join/")).header("Content-Type", content_type);
        assert_eq!(ids(&call.send().await.good()["members"]), ["bbb"]);
        world.holds_together(&room).await;
    }
}

// What refuses it.

#[tokio::test]
async fn a_room_that_requires_an_invitation_refuses_who_has_none() {
    let world = World::new().await;
    let [_aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    let before = world.sight(&room).await;

    bbb.joins(&room).send().await.refused(403, "INVITATION_REQUIRED");
    let on_behalf = world.platform().joins(&room).body(json!({ "sender": "bbb" }));
    on_behalf.send().await.refused(403, "INVITATION_REQUIRED");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn an_expired_invitation_is_as_if_absent() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let careful = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let open = world.group(&[&aaa]).await;
    for room in [&careful, &private, &open] {
        aaa.invites(room, &["bbb"]).send().await.good();
        world.lapses(room, "bbb").await;
    }
    let before = (world.sight(&careful).await, world.sight(&private).await);

    bbb.joins(&careful).send().await.refused(403, "INVITATION_REQUIRED");
    bbb.joins(&private).send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!((world.sight(&careful).await, world.sight(&private).await), before);

    bbb.joins(&open).send().await.good();
    let entry = world.events(&open).await.pop().unwrap();
    assert_eq!((&entry["via"], &entry["inviter"]), (&json!("join"), &Value::Null));
    world.holds_together(&open).await;
}

#[tokio::test]
async fn an_invitation_renewed_after_it_expired_is_accepted() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    world.lapses(&room, "bbb").await;
    aaa.invites(&room, &["bbb"]).send().await.good();

    assert_eq!(ids(&bbb.joins(&room).send().await.good()["members"]), ["aaa", "bbb"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_private_room_is_joined_on_invitation_and_does_not_exist_without() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let before = world.sight(&room).await;

    let hidden = ccc.joins(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    let absent = ccc.joins("absent").send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(hidden.replace(&room, "absent"), absent);
    assert_eq!(world.sight(&room).await, before);

    bbb.joins(&room).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_direct_room_is_joined_by_nobody_else() {
    let world = World::new().await;
    let [aaa, _bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    let before = world.sight(&room).await;

    ccc.joins(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    world.platform().joins(&room).body(json!({ "sender": "ccc" })).send().await.refused(409, "DIRECT_ROOM");
    aaa.joins(&room).send().await.good();
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_banned_client_cannot_join() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    world.bans(&room, "bbb").await;
    let before = world.sight(&room).await;

    assert!(bbb.joins(&room).send().await.refused(403, "BANNED").contains("`bbb`"));
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_closed_room_lets_nobody_in_but_through_the_platform() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "opening": 0 })).await;
    world.platform().invites(&room, &["bbb"]).send().await.good();
    let before = world.sight(&room).await;

    bbb.joins(&room).send().await.refused(403, "ROOM_CLOSED");
    ccc.joins(&room).send().await.refused(403, "ROOM_CLOSED");
    aaa.joins(&room).send().await.good(); // is in it already
    assert_eq!(world.sight(&room).await, before);

    let told = world.platform().joins(&room).body(json!({ "sender": "bbb" })).send().await.good();
    assert_eq!(ids(&told["members"]), ["aaa", "bbb"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_full_room_refuses_and_the_invitation_stays() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "maxMembers": 2, "invitationRequired": true })).await;
    aaa.invites(&room, &["bbb", "ccc"]).send().await.good(); // a pending invitation holds no seat
    bbb.joins(&room).send().await.good();
    let before = world.sight(&room).await;

    ccc.joins(&room).send().await.refused(409, "ROOM_FULL");
    ccc.joins(&room).send().await.refused(409, "ROOM_FULL"); // not `INVITATION_REQUIRED`
    assert_eq!(world.sight(&room).await, before);
    assert_eq!(text(&aaa.invites(&room, &["ccc"]).send().await.body["outcomes"][0]["outcome"]), "already_invited");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_platform_must_say_who_joins() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    let room = world.room(json!({})).await;
    let before = world.sight(&room).await;

    assert!(world.platform().joins(&room).send().await.refused(400, "MISSING_PARAMETER").contains("`sender`"));
    let nobody = world.platform().joins(&room).body(json!({ "sender": "nobody" }));
    nobody.send().await.refused(404, "CLIENT_NOT_FOUND");
    bbb.joins(&room).body(json!({ "systemMessage": "yes" })).send().await.refused(400, "INVALID_PARAMETER");
    assert_eq!(world.sight(&room).await, before);

    let told = world.platform().joins(&room).header("IM-CLIENT-ID", "bbb").send().await.good();
    assert_eq!(ids(&told["members"]), ["bbb"]);
    world.holds_together(&room).await;
}

// What is told.

#[tokio::test]
async fn joining_is_told_in_the_joiners_name_when_asked_for() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let told = bbb.joins(&room).body(json!({ "systemMessage": true })).send().await.good();
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("joinRoom"), &json!("BBB")));
    let face = json!({ "_id": "bbb", "id": "bbb", "nickname": "BBB", "lastLoginTimeMS": 0 });
    assert_eq!((&last["sender"], &last["member"]), (&face, &face));
    // D23: the joiner has read his own message; it is news to the others.
    let badges = json!([
        { "client": "aaa", "badge": 1, "via": "added" },
        { "client": "bbb", "badge": 0, "lastRead": last["_id"], "via": "join" },
    ]);
    assert_eq!(told["memberProperties"], badges);
    let seen = world.sight(&room).await;
    assert_eq!(seen.room["memberProperties"], badges);
    assert_eq!(&seen.events.last().unwrap()["message"], last);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn joining_is_not_told_unless_asked_for() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let told = bbb.joins(&room).body(json!({ "systemMessage": false })).send().await.good();
    assert!(told.get("lastMessage").is_none(), "{told}");
    assert!(world.events(&room).await.pop().unwrap().get("message").is_none());
    world.holds_together(&room).await;
}

#[tokio::test]
async fn joining_twice_is_one_entry_and_one_message() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let aloud = json!({ "systemMessage": true });
    let first = bbb.joins(&room).body(aloud.clone()).send().await.good();
    let before = world.sight(&room).await;

    assert_eq!(bbb.joins(&room).body(aloud).send().await.good(), first);
    assert_eq!(world.sight(&room).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_that_wants_it_short_gets_the_room_without_its_lists() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    let room = world.room(json!({})).await;

    let told = bbb.joins(&room).header("Prefer", "return=minimal").send().await.good();
    assert_eq!(told["memberCount"], json!(1));
    assert!(told.get("members").is_none() && told.get("memberProperties").is_none(), "{told}");
    world.holds_together(&room).await;
}
