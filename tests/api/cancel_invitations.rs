//! `POST /rooms/:id/delete/invitations`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Answer, Call, World, all_at_once, text};

/// The invitees of a list of a room's invitations, in order.
fn invitees(list: &Value) -> Vec<String> {
    let invitees: Vec<String> =
        list["data"].as_array().unwrap().iter().map(|one| text(&one["invitee"]["_id"])).collect();
    assert_eq!(list["totalCount"], json!(invitees.len()));
    invitees
}

fn aloud(call: Call) -> Call {
    call.and(json!({ "systemMessage": true }))
}

#[tokio::test]
async fn cancelled_invitations_are_gone_and_the_others_are_answered() {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.room(json!({ "members": ["aaa", "bbb"], "invitationRequired": true })).await;
    aaa.invites(&room, &["ddd", "ccc"]).send().await.good();
    aaa.talk_invites(&room, json!({ "email": "somebody@example.com" })).send().await.bare();
    // Any member may: it need not be the inviter.
    let left = bbb.cancels(&room, &["ccc", "ccc"]).send().await.good();
    assert_eq!((invitees(&left), left), (vec!["ddd".to_owned()], aaa.lists_invitations_of(&room).send().await.good()));

    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["type"], &entry["actor"]), (&json!("invitation.cancelled"), &json!("bbb")));
    assert_eq!((&entry["clients"], entry.get("message"), &entry["memberCount"]), (&json!(["ccc"]), None, &json!(2)));
    ccc.joins(&room).send().await.refused(403, "INVITATION_REQUIRED");
    assert_eq!(ccc.lists_invitations().send().await.good()["totalCount"], json!(0));
    ddd.joins(&room).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_room_is_told_when_asked_to() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb", "ccc", "ddd"]).send().await.good();
    assert_eq!(invitees(&aloud(aaa.cancels(&room, &["ccc", "bbb"])).send().await.good()), ["ddd"]);
    let seen = aaa.reads(&room).send().await.good();
    let last = &seen["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("cancelInvitations"), &json!("CCC, BBB")));
    assert_eq!((&last["sender"]["_id"], last.get("member")), (&json!("aaa"), None));
    let faces = json!([{ "_id": "ccc", "nickname": "CCC" }, { "_id": "bbb", "nickname": "BBB" }]);
    assert_eq!(last["extra"], json!({ "invitees": faces }));
    assert_eq!((&seen["unread"], &seen["memberProperties"][0]["lastRead"]), (&json!(0), &last["_id"]));
    assert_eq!(&world.events(&room).await.last().unwrap()["message"], last);

    // The platform speaks for nobody; nor does it need to be told.
    aloud(world.platform().cancels(&room, &["ddd"])).send().await.good();
    let seen = aaa.reads(&room).send().await.good();
    assert_eq!((&seen["lastMessage"]["sender"], &seen["unread"]), (&Value::Null, &json!(1)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn one_who_was_never_invited_fails_the_call_for_all() {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa, &ddd]).await;
    aaa.invites(&room, &["bbb", "ccc"]).send().await.good();
    world.lapses(&room, "ccc").await;
    let before = world.sight(&room).await;
    // A stranger to the app, one whose invitation has lapsed, a member; beside a real one.
    let answer = aloud(aaa.cancels(&room, &["nobody", "bbb", "ccc", "ddd"])).send().await;
    assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody", "ccc", "ddd"] }));
    let told = answer.refused(404, "INVITATION_NOT_FOUND");
    assert!(["`nobody`", "`ccc`", "`ddd`"].iter().all(|id| told.contains(id)) && !told.contains("`bbb`"), "{told}");
    assert_eq!(world.sight(&room).await, before);
    assert_eq!(invitees(&aaa.lists_invitations_of(&room).send().await.good()), ["bbb"]);
    bbb.joins(&room).send().await.good();
    aaa.cancels(&room, &["bbb"]).send().await.refused(404, "INVITATION_NOT_FOUND");
    ccc.joins(&room).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn neither_strangers_nor_the_invited_cancel() {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let open = world.group(&[&aaa]).await;
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    for room in [&open, &private] {
        aaa.invites(room, &["bbb"]).send().await.good();
        world.platform().call(Method::POST, &format!("/blockStatus/room/{room}/ddd")).send().await.good();
    }
    let before = (world.sight(&open).await, world.sight(&private).await);
    for (outsider, room) in [(&bbb, &open), (&ccc, &open), (&ddd, &open), (&bbb, &private), (&ddd, &private)] {
        outsider.cancels(room, &["bbb"]).send().await.refused(403, "NOT_ROOM_MEMBER");
        outsider.cancels_one(room, "bbb").send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    for hidden in [private.as_str(), "no-such-room"] {
        ccc.cancels(hidden, &["bbb"]).send().await.refused(404, "ROOM_NOT_FOUND");
        ccc.cancels_one(hidden, "bbb").send().await.refused(404, "ROOM_NOT_FOUND");
    }
    let other = world.other_app("OtherApp").await;
    other.platform().cancels(&open, &["bbb"]).send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().cancels(&open, &["bbb"]).send().await.refused(401, "INVALID_CLIENT_KEY");
    world.bearer("aaa", "SampleApp.aaa.wrong").cancels(&open, &["bbb"]).send().await.refused(401, "INVALID_TOKEN");
    world
        .stranger()
        .with("IM-API-KEY", "SampleApp.wrong")
        .cancels(&open, &["bbb"])
        .send()
        .await
        .refused(401, "INVALID_API_KEY");
    let nobody = world.platform().cancels(&open, &["bbb"]).and(json!({ "sender": "nobody" }));
    nobody.send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!((world.sight(&open).await, world.sight(&private).await), before);
}

#[tokio::test]
async fn a_closed_room_and_a_frozen_one_let_invitations_be_taken_back() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb", "ccc"]).send().await.good();
    for (settings, invitee) in [(json!({ "opening": 0 }), "bbb"), (json!({ "status": 0 }), "ccc")] {
        world.platform().call(Method::PUT, &format!("/rooms/{room}")).body(settings).send().await.good();
        aaa.cancels(&room, &[invitee]).send().await.good();
    }
    assert_eq!(invitees(&aaa.lists_invitations_of(&room).send().await.good()), [] as [&str; 0]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_malformed_wish_is_refused_by_name() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let before = world.sight(&room).await;
    let path = format!("/rooms/{room}/delete/invitations/");
    for body in [json!({}), json!({ "invitees": null })] {
        let told = aaa.post(&path, body).send().await.refused(400, "MISSING_PARAMETER");
        assert!(told.contains("`invitees`"), "{told}");
    }
    let many: Vec<String> = (0..91).map(|number| format!("c{number}")).collect();
    let table = [
        (json!({ "invitees": [] }), "invitees"),
        (json!({ "invitees": "bbb" }), "invitees"),
        (json!({ "invitees": [1] }), "invitees"),
        (json!({ "invitees": ["a/b"] }), "invitees"),
        (json!({ "invitees": many }), "invitees"),
        (json!({ "invitees": ["bbb"], "systemMessage": 1 }), "systemMessage"),
        (json!({ "invitees": ["bbb"], "sender": 1 }), "sender"),
    ];
    for (body, name) in table {
        let told = aaa.post(&path, body).send().await.refused(400, "INVALID_PARAMETER");
        assert!(told.starts_with(&format!("`{name}` ")), "{told}");
    }
    aaa.post(&path, json!({})).raw("[").send().await.refused(400, "INVALID_BODY");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn ninety_invitations_are_cancelled_in_one_act() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(90).await;
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &crowd).send().await.good();
    let before = world.events(&room).await.len();
    assert_eq!(invitees(&aloud(aaa.cancels(&room, &crowd)).send().await.good()), [] as [&str; 0]);
    assert_eq!(world.events(&room).await.len(), before + 1);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_that_many_cancel_at_once_is_cancelled_once() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.invites(&room, &["ccc"]).send().await.good();
    let calls =
        (0..8).map(|at| if at % 2 == 0 { aloud(aaa.cancels(&room, &["ccc"])) } else { bbb.cancels_one(&room, "ccc") });
    let (won, lost): (Vec<Answer>, Vec<Answer>) =
        all_at_once(8, calls).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    lost.into_iter().for_each(|answer| drop(answer.refused(404, "INVITATION_NOT_FOUND")));
    let ends = world.events(&room).await.into_iter().filter(|event| event["type"] == "invitation.cancelled");
    assert_eq!(ends.count(), 1);
    world.holds_together(&room).await;
}
