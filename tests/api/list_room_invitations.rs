//! `GET /rooms/:id/invitations`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, text};

/// Whom a room has invited, as somebody sees it, in order; they are counted.
async fn invited_by(actor: &Actor, room: &str) -> Vec<String> {
    let list = actor.lists_invitations_of(room).send().await.good();
    let invitees: Vec<String> =
        list["data"].as_array().unwrap().iter().map(|one| text(&one["invitee"]["_id"])).collect();
    assert_eq!(list["totalCount"], json!(invitees.len()));
    invitees
}

#[tokio::test]
async fn members_and_the_platform_see_whom_the_room_has_invited() {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    assert_eq!(aaa.lists_invitations_of(&room).send().await.good(), json!({ "totalCount": 0, "data": [] }));
    aaa.invites(&room, &["ddd"]).send().await.good();
    world.platform().invites(&room, &["ccc"]).send().await.good();

    let list = bbb.lists_invitations_of(&room).send().await.good();
    assert_eq!(world.platform().lists_invitations_of(&room).send().await.good(), list);
    let [first, second] = list["data"].as_array().unwrap().as_slice() else { panic!("{list}") };
    let short = |id: &str| json!({ "_id": id, "id": id, "nickname": id.to_uppercase(), "lastLoginTimeMS": 0 });
    assert_eq!((&first["invitee"], &first["inviter"]), (&short("ddd"), &short("aaa")));
    assert_eq!((&second["invitee"], &second["inviter"]), (&short("ccc"), &Value::Null), "in the order of inviting");
    // The invitee sees the same moments in his own list.
    let own = ddd.lists_invitations().send().await.good()["data"][0].clone();
    for name in ["createdAt", "updatedAt", "createdTimeMS", "updatedTimeMS", "expiresAt"] {
        assert_eq!(first[name], own[name], "`{name}`");
    }
    assert_eq!(first.as_object().unwrap().len(), 7, "{first}");

    for outsider in [&ccc, &ddd] {
        outsider.lists_invitations_of(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    }
}

#[tokio::test]
async fn those_are_listed_who_have_not_answered_and_whose_time_is_not_over() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let names = ["lapsed", "joins", "declines", "stays", "cancelled", "added", "banned"];
    let [_lapsed, joins, declines, ..] = world.clients(names).await;
    let room = world.group(&[&aaa]).await;
    for name in names {
        aaa.invites(&room, &[name]).send().await.good();
    }
    // An address that Talk has invited is nobody's id.
    aaa.talk_invites(&room, json!({ "email": "somebody@example.com" })).send().await.bare();
    assert_eq!(invited_by(&aaa, &room).await, names);
    world.lapses(&room, "lapsed").await;
    joins.joins(&room).send().await.good();
    declines.declines(&room).send().await.good();
    aaa.cancels(&room, &["cancelled"]).send().await.good();
    aaa.adds_one(&room, "added").send().await.good();
    world.platform().call(Method::POST, &format!("/blockStatus/room/{room}/banned")).send().await.good();
    assert_eq!(invited_by(&aaa, &room).await, ["stays"]);
    // Renewing changes nobody's place.
    aaa.invites(&room, &["lapsed"]).send().await.good();
    aaa.invites(&room, &["stays"]).send().await.good();
    assert_eq!(invited_by(&aaa, &room).await, ["stays", "lapsed"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_room_that_the_caller_may_not_know_is_not_there() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    aaa.invites(&private, &["bbb"]).send().await.good();
    bbb.lists_invitations_of(&private).send().await.refused(403, "NOT_ROOM_MEMBER");
    ccc.lists_invitations_of(&private).send().await.refused(404, "ROOM_NOT_FOUND");
    ccc.lists_invitations_of("no-such-room").send().await.refused(404, "ROOM_NOT_FOUND");
    let other = world.other_app("OtherApp").await;
    other.platform().lists_invitations_of(&private).send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().lists_invitations_of(&private).send().await.refused(401, "INVALID_CLIENT_KEY");
    world
        .bearer("aaa", "SampleApp.aaa.wrong")
        .lists_invitations_of(&private)
        .send()
        .await
        .refused(401, "INVALID_TOKEN");
    let nobody = world.platform().with("IM-CLIENT-ID", "nobody");
    nobody.lists_invitations_of(&private).send().await.refused(404, "CLIENT_NOT_FOUND");
    aaa.lists_invitations_of("a%23b").send().await.refused(400, "INVALID_PARAMETER");
}
