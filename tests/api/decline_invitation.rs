//! `DELETE /rooms/:id/invitations`; and what becomes of an invitation that is accepted by the wrong one or at the wrong time.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Answer, World, all_at_once, ids, text};

/// The types of the entries of a room that concern a client, in order.
async fn life(world: &World, room: &str, client: &str) -> Vec<String> {
    let concerns = |event: &&Value| event["clients"].as_array().unwrap().contains(&json!(client));
    world.events(room).await.iter().filter(concerns).map(|event| text(&event["type"])).collect()
}

#[tokio::test]
async fn declining_ends_the_invitation_and_answers_those_that_are_left() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for room in ["one", "two", "three"] {
        world
            .room(json!({ "_id": room, "members": ["aaa"], "invitationRequired": true, "isPrivate": room == "two" }))
            .await;
        aaa.invites(room, &["bbb"]).send().await.good();
    }
    let left = bbb.declines("two").send().await.good();
    assert_eq!(left, bbb.lists_invitations().send().await.good());
    let rooms: Vec<String> = left["data"].as_array().unwrap().iter().map(|one| text(&one["room"]["_id"])).collect();
    assert_eq!((rooms, &left["totalCount"]), (vec!["one".into(), "three".into()], &json!(2)));

    let entry = world.events("two").await.pop().unwrap();
    assert_eq!(
        (&entry["type"], &entry["actor"], &entry["clients"]),
        (&json!("member.declined"), &json!("bbb"), &json!(["bbb"]))
    );
    assert_eq!((entry.get("message"), &entry["memberCount"]), (None, &json!(1)), "it is told nobody");
    assert!(aaa.reads("two").send().await.good().get("lastMessage").is_none());
    // There is nothing to accept any more, and nothing to know.
    bbb.joins("two").send().await.refused(404, "ROOM_NOT_FOUND");
    bbb.declines("one").send().await.good();
    bbb.joins("one").send().await.refused(403, "INVITATION_REQUIRED");
    assert_eq!(aaa.lists_invitations_of("two").send().await.good()["totalCount"], json!(0));
    // He may be asked again, and come.
    aaa.invites("two", &["bbb"]).send().await.good();
    bbb.joins("two").send().await.good();
    assert_eq!(
        life(&world, "two", "bbb").await,
        ["member.invited", "member.declined", "member.invited", "member.joined"]
    );
    world.holds_together("one").await;
    world.holds_together("two").await;
}

#[tokio::test]
async fn declining_nothing_is_declining_too() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let elsewhere = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    aaa.invites(&elsewhere, &["bbb"]).send().await.good();
    aaa.invites(&room, &["ccc"]).send().await.good();
    world.lapses(&room, "ccc").await;
    world.platform().call(Method::POST, &format!("/blockStatus/room/{elsewhere}/ccc")).send().await.good();
    let before = (world.sight(&room).await, world.sight(&elsewhere).await);

    let own = bbb.lists_invitations().send().await.good();
    assert_eq!(own["totalCount"], json!(1));
    for nothing in [room.as_str(), "no-such-room"] {
        assert_eq!(bbb.declines(nothing).send().await.good(), own, "a stranger to it, or nobody's room");
    }
    let none = json!({ "totalCount": 0, "data": [] });
    assert_eq!(aaa.declines(&room).send().await.good(), none, "a member stays one");
    assert_eq!(ccc.declines(&room).send().await.good(), none, "a lapsed one has none");
    assert_eq!(ccc.declines(&elsewhere).send().await.good(), none, "who is banned has none");
    let other = world.other_app("OtherApp").await;
    assert_eq!(other.client("bbb").await.declines(&elsewhere).send().await.good(), none, "it is another app's");
    assert_eq!((world.sight(&room).await, world.sight(&elsewhere).await), before);
    bbb.joins(&elsewhere).send().await.good();
}

#[tokio::test]
async fn declining_twice_is_declining_once() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    bbb.declines(&room).send().await.good();
    let before = world.sight(&room).await;
    bbb.call(Method::DELETE, &format!("/rooms/{room}/invitations/")).raw("{}").send().await.good();
    assert_eq!(world.sight(&room).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_platform_says_who_declines() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let before = world.sight(&room).await;
    assert!(world.platform().declines(&room).send().await.refused(400, "MISSING_PARAMETER").contains("`sender`"));
    let nobody = world.platform().declines(&room).body(json!({ "sender": "nobody" }));
    nobody.send().await.refused(404, "CLIENT_NOT_FOUND");
    world.platform().declines(&room).raw("[]").send().await.refused(400, "INVALID_BODY");
    world.stranger().declines(&room).send().await.refused(401, "INVALID_CLIENT_KEY");
    world.bearer("bbb", "SampleApp.bbb.wrong").declines(&room).send().await.refused(401, "INVALID_TOKEN");
    assert!(aaa.declines("a%23b").send().await.refused(400, "INVALID_PARAMETER").starts_with("`id` "));
    assert_eq!(world.sight(&room).await, before);

    let left = world.platform().declines(&room).body(json!({ "sender": "bbb" })).send().await.good();
    assert_eq!(left, json!({ "totalCount": 0, "data": [] }));
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["type"], &entry["actor"]), (&json!("member.declined"), &json!("bbb")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_token_that_does_not_say_whose_it_is_declines_its_clients_invitation() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    world.platform().post("/admin/clients", json!({ "_id": "bbb", "token": "opaque-token" })).send().await.good();
    world.bearer("bbb", "opaque-token").declines(&room).send().await.good();
    assert_eq!(life(&world, &room, "bbb").await, ["member.invited", "member.declined"]);
}

// Accepting what is not there to be accepted.

#[tokio::test]
async fn anothers_invitation_lets_nobody_in() {
    let world = World::new().await;
    let [aaa, _bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let before = world.sight(&room).await;
    ccc.joins(&room).send().await.refused(403, "INVITATION_REQUIRED");
    ccc.declines(&room).send().await.good();
    assert_eq!(world.sight(&room).await, before);
    assert_eq!(aaa.lists_invitations_of(&room).send().await.good()["totalCount"], json!(1));
}

#[tokio::test]
async fn an_invitation_is_accepted_once_and_not_after_its_end_or_a_ban() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for room in ["once", "late", "banned"] {
        world.room(json!({ "_id": room, "members": ["aaa"], "invitationRequired": true })).await;
        aaa.invites(room, &["bbb"]).send().await.good();
    }
    bbb.joins("once").send().await.good();
    let before = world.sight("once").await;
    bbb.joins("once").send().await.good();
    bbb.declines("once").send().await.good();
    assert_eq!(world.sight("once").await, before, "who has accepted cannot accept again, nor decline");
    bbb.call(Method::DELETE, "/rooms/once/members/bbb").send().await.good();
    bbb.joins("once").send().await.refused(403, "INVITATION_REQUIRED");

    world.lapses("late", "bbb").await;
    bbb.joins("late").send().await.refused(403, "INVITATION_REQUIRED");
    let path = "/blockStatus/room/banned/bbb";
    world.platform().call(Method::POST, path).send().await.good();
    bbb.joins("banned").send().await.refused(403, "BANNED");
    assert_eq!(bbb.lists_invitations().send().await.good()["totalCount"], json!(0));
    // The ban has closed the invitation: lifting it does not bring it back.
    world.platform().call(Method::DELETE, path).send().await.good();
    bbb.joins("banned").send().await.refused(403, "INVITATION_REQUIRED");
    for room in ["once", "late", "banned"] {
        world.holds_together(room).await;
    }
}

// At once.

#[tokio::test]
async fn of_accepting_declining_and_cancelling_at_once_exactly_one_happens() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let mut won = std::collections::BTreeMap::new();
    for number in 0..12 {
        let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
        aaa.invites(&room, &["bbb"]).send().await.good();
        let mut calls = vec![bbb.joins(&room), bbb.declines(&room), aaa.cancels(&room, &["bbb"])];
        calls.rotate_left(number % 3);
        let mut answers = all_at_once(3, calls).await;
        answers.rotate_right(number % 3);
        let [joined, declined, cancelled]: [Answer; 3] = answers.try_into().unwrap();

        let life = life(&world, &room, "bbb").await;
        assert!(life.len() == 2 && life[0] == "member.invited", "{life:?}");
        declined.good(); // whatever has become of it
        let is_member = ids(&aaa.reads(&room).send().await.good()["members"]) == ["aaa", "bbb"];
        match life[1].as_str() {
            "member.joined" => {
                joined.good();
                cancelled.refused(404, "INVITATION_NOT_FOUND");
                assert!(is_member);
            }
            "member.declined" => {
                joined.refused(403, "INVITATION_REQUIRED");
                cancelled.refused(404, "INVITATION_NOT_FOUND");
                assert!(!is_member);
            }
            "invitation.cancelled" => {
                joined.refused(403, "INVITATION_REQUIRED");
                cancelled.good();
                assert!(!is_member);
            }
            other => panic!("{other}"),
        }
        *won.entry(life[1].clone()).or_insert(0) += 1;
        world.holds_together(&room).await;
    }
    assert!(won.values().sum::<i32>() == 12, "{won:?}");
}

#[tokio::test]
async fn an_invitation_declined_by_many_hands_is_declined_once() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    for answer in all_at_once(8, (0..8).map(|_| bbb.declines(&room))).await {
        assert_eq!(answer.good(), json!({ "totalCount": 0, "data": [] }));
    }
    assert_eq!(life(&world, &room, "bbb").await, ["member.invited", "member.declined"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn whoever_declines_and_blocks_is_asked_by_that_inviter_no_more() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let by_body = |room: &str| bbb.declines(room).body(json!({ "block": true }));
    let by_query = |room: &str| bbb.call(Method::DELETE, &format!("/rooms/{room}/invitations?block=true"));
    for (room, inviter, declines) in [("one", &aaa, by_body("one")), ("two", &ccc, by_query("two"))] {
        world.room(json!({ "_id": room, "members": ["aaa", "ccc"] })).await;
        inviter.invites(room, &["bbb"]).send().await.good();
        assert_eq!(declines.send().await.good()["totalCount"], json!(0));
        assert_eq!(life(&world, room, "bbb").await, ["member.invited", "member.declined"]);
        inviter.invites(room, &["bbb"]).send().await.refused(403, "BLOCKED");
        world.holds_together(room).await;
    }
    let blocked = bbb.lists_blocks().send().await.good();
    let blocked: Vec<&Value> =
        blocked["data"].as_array().unwrap().iter().map(|block| &block["blockee"]["_id"]).collect();
    assert_eq!(blocked, ["aaa", "ccc"]);
}

#[tokio::test]
async fn declining_alone_and_what_nobody_has_sent_blocks_nobody() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    bbb.declines(&room).body(json!({ "block": false })).send().await.good();
    bbb.declines(&room).body(json!({ "block": true })).send().await.good(); // there is nothing pending
    world.platform().invites(&room, &["bbb"]).send().await.good();
    bbb.declines(&room).body(json!({ "block": true })).send().await.good();
    assert_eq!(bbb.lists_invitations().send().await.good()["totalCount"], json!(0));
    assert_eq!(bbb.lists_blocks().send().await.good(), json!({ "data": [] }));
    aaa.invites(&room, &["bbb"]).send().await.good();
    for odd in [
        bbb.declines(&room).body(json!({ "block": 1 })),
        bbb.call(Method::DELETE, &format!("/rooms/{room}/invitations?block=yes")),
    ] {
        let told = world.refuses_and_keeps(odd, 400, "INVALID_PARAMETER").await;
        assert!(told.contains("`block`"), "{told}");
    }
}

/// One transaction: where the block cannot be, the invitation stays.
#[tokio::test]
async fn declining_and_blocking_is_done_together_or_not_at_all() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let moment = json!({ "N": "1" });
    let block = |number: usize| json!({ "M": { "client": { "S": format!("c{number}") }, "createdAt": moment, "updatedAt": moment } });
    let full: Vec<Value> = (0..1_000).map(block).collect();
    world.amends("SampleApp#CLIENT#bbb", "CLIENT", "SET blocks = :full", json!({ ":full": { "L": full } })).await;
    let declines = || bbb.declines(&room).body(json!({ "block": true }));
    world.refuses_and_keeps(declines(), 409, "TOO_MANY_BLOCKS").await;
    assert_eq!(bbb.lists_invitations().send().await.good()["totalCount"], json!(1));
    bbb.unblocks("c3").send().await.good();
    // His record changes meanwhile: both are decided anew, and both are done.
    let answers = all_at_once(6, (0..5).map(|at| bbb.post("/me", json!({ "seat": at }))).chain([declines()])).await;
    answers.into_iter().for_each(|answer| drop(answer.good()));
    assert_eq!(bbb.lists_invitations().send().await.good()["totalCount"], json!(0));
    aaa.invites(&room, &["bbb"]).send().await.refused(403, "BLOCKED");
    world.holds_together(&room).await;
}
