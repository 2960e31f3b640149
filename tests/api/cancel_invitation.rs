//! `DELETE /rooms/:id/invitations/:invitee`. Who may, `cancel_invitations` tests beside its own.

use serde_json::{Value, json};

use crate::actors::{World, text};

#[tokio::test]
async fn one_invitation_is_cancelled_and_the_others_are_answered() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "c c"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb", "c c"]).send().await.good();
    let left = aaa.cancels_one(&room, "c%20c").send().await.good();
    assert_eq!(left, aaa.lists_invitations_of(&room).send().await.good());
    assert_eq!((&left["totalCount"], &left["data"][0]["invitee"]["_id"]), (&json!(1), &json!("bbb")));
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["type"], &entry["actor"]), (&json!("invitation.cancelled"), &json!("aaa")));
    assert_eq!((&entry["clients"], entry.get("message")), (&json!(["c c"]), None));
    assert_eq!(ccc.lists_invitations().send().await.good()["totalCount"], json!(0));

    // A slash at the end, and an empty object, as old clients send them; the platform may as well.
    let call = world.platform().cancels_one(&room, "bbb/").raw("{}");
    assert_eq!(call.send().await.good(), json!({ "totalCount": 0, "data": [] }));
    assert_eq!(world.events(&room).await.pop().unwrap()["actor"], Value::Null);
    bbb.joins(&room).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_room_is_told_when_the_body_asks_for_it() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    aaa.cancels_one(&room, "bbb").body(json!({ "systemMessage": true })).send().await.good();
    let last = aaa.reads(&room).send().await.good()["lastMessage"].clone();
    assert_eq!((text(&last["messageType"]), text(&last["message"])), ("cancelInvitations".into(), "BBB".into()));
    assert_eq!(last["extra"], json!({ "invitees": [{ "_id": "bbb", "nickname": "BBB" }] }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_has_no_invitation_is_named_and_nothing_changes() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb", "ccc"]).send().await.good();
    world.lapses(&room, "ccc").await;
    let before = world.sight(&room).await;
    for invitee in ["nobody", "aaa", "ccc"] {
        let answer = aaa.cancels_one(&room, invitee).send().await;
        assert_eq!(answer.body["error"]["details"], json!({ "missing": [invitee] }));
        assert!(answer.refused(404, "INVITATION_NOT_FOUND").contains(&format!("`{invitee}`")));
    }
    assert!(aaa.cancels_one(&room, "b%23b").send().await.refused(400, "INVALID_PARAMETER").starts_with("`invitee` "));
    let call = aaa.cancels_one(&room, "bbb").body(json!({ "systemMessage": "no" }));
    assert!(call.send().await.refused(400, "INVALID_PARAMETER").starts_with("`systemMessage` "));
    aaa.cancels_one(&room, "bbb").raw("[]").send().await.refused(400, "INVALID_BODY");
    world.stranger().cancels_one(&room, "bbb").send().await.refused(401, "INVALID_CLIENT_KEY");
    world.bearer("aaa", "SampleApp.aaa.wrong").cancels_one(&room, "bbb").send().await.refused(401, "INVALID_TOKEN");
    let nobody = world.platform().cancels_one(&room, "bbb").body(json!({ "sender": "nobody" }));
    nobody.send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.sight(&room).await, before);
}
