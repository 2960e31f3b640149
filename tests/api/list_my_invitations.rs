//! `GET /rooms/invitations`. How it asks who calls, `list_rooms` tests beside its own.

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use shared::time::Time;

use crate::actors::{Actor, World, text};

/// The rooms to which somebody is invited, in order, having checked that they are counted.
async fn invited_to(actor: &Actor) -> Vec<String> {
    let list = actor.lists_invitations().send().await.good();
    let rooms: Vec<String> = list["data"].as_array().unwrap().iter().map(|one| text(&one["room"]["_id"])).collect();
    assert_eq!(list["totalCount"], json!(rooms.len()));
    rooms
}

#[tokio::test]
async fn an_invitation_shows_the_room_without_what_is_said_there_and_by_whom() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "name": "Club", "members": ["aaa"], "isPrivate": true, "roomTags": ["one"] })).await;
    let call = aaa.invites(&room, &["bbb"]).and(json!({ "systemMessage": true, "expiresInSeconds": 60 }));
    let seen = call.send().await.good();
    assert!(seen["lastMessage"].is_object());

    let entry = world.events(&room).await.pop().unwrap();
    let at = entry["atMS"].as_i64().unwrap();
    let list = bbb.lists_invitations().send().await.good();
    let mut expected = seen;
    expected.as_object_mut().unwrap().remove("lastMessage");
    expected["appID"] = json!("SampleApp");
    (expected["members"], expected["memberProperties"]) = (json!([]), json!([]));
    let iso = |at: i64| Time::from_millis(at).iso();
    let invitation = json!({
        "room": expected, "inviter": { "_id": "aaa", "id": "aaa", "nickname": "AAA", "lastLoginTimeMS": 0 },
        "createdAt": iso(at), "updatedAt": iso(at), "createdTimeMS": at, "updatedTimeMS": at, "expiresAt": entry["expiresAt"],
    });
    assert_eq!(list, json!({ "totalCount": 1, "data": [invitation] }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn only_live_invitations_are_listed_the_oldest_first() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    assert_eq!(bbb.lists_invitations().send().await.good(), json!({ "totalCount": 0, "data": [] }));
    let ways = ["stays", "lapses", "declined", "cancelled", "accepted", "banned", "added", "deleted", "later"];
    for room in ways {
        world.room(json!({ "_id": room, "members": ["aaa"] })).await;
        aaa.invites(room, &["bbb"]).send().await.good();
    }
    assert_eq!(invited_to(&bbb).await, ways);
    world.lapses("lapses", "bbb").await;
    bbb.declines("declined").send().await.good();
    aaa.cancels("cancelled", &["bbb"]).send().await.good();
    bbb.joins("accepted").send().await.good();
    world.platform().call(Method::POST, "/blockStatus/room/banned/bbb").send().await.good();
    aaa.adds("added", &["bbb"]).and(json!({ "invitationRequired": false })).send().await.good();
    world.platform().call(Method::DELETE, "/rooms/deleted").send().await.good();
    assert_eq!(invited_to(&bbb).await, ["stays", "later"]);
    assert_eq!(invited_to(&aaa).await, [] as [&str; 0]);
    // A room is not listed among one's own by an invitation to it.
    assert_eq!(bbb.lists_rooms("").send().await.good()["totalCount"], json!(2));
    for room in ["stays", "lapses", "declined", "cancelled", "accepted", "banned", "added", "later"] {
        world.holds_together(room).await;
    }
}

#[tokio::test]
async fn a_room_whose_remains_are_not_swept_away_yet_is_in_no_list() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    world.room(json!({ "_id": "club", "members": ["aaa"] })).await;
    aaa.removes_one("club", "aaa").send().await.good();
    world.platform().invites("club", &["bbb"]).send().await.good();
    world.stack.faults().always("Query", Fault::Throttle);
    world.platform().deletes("club").send().await.good();
    world.stack.faults().clear();
    assert_eq!(bbb.lists_invitations().send().await.good(), json!({ "totalCount": 0, "data": [] }));
    assert_eq!(aaa.get("/rooms/quitted").send().await.good(), json!({ "data": [] }));
    assert_eq!(world.platform().get("/rooms/club/exists").send().await.good(), json!({ "exists": false }));
    bbb.declines("club").send().await.good();
    bbb.founds(json!({ "_id": "club" })).send().await.refused(503, "BUSY");
    world.platform().deletes("club").send().await.good();
    bbb.founds(json!({ "_id": "club" })).send().await.good();
    world.holds_together("club").await;
}

#[tokio::test]
async fn the_platforms_invitation_names_no_inviter() {
    let world = World::new().await;
    let [_aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"] })).await;
    world.platform().invites(&room, &["bbb"]).send().await.good();
    let list = bbb.lists_invitations().send().await.good();
    assert_eq!(list["data"][0]["inviter"], Value::Null);
    let on_behalf = world.room(json!({ "members": ["aaa"] })).await;
    world.platform().invites(&on_behalf, &["bbb"]).and(json!({ "sender": "aaa" })).send().await.good();
    assert_eq!(bbb.lists_invitations().send().await.good()["data"][1]["inviter"]["_id"], "aaa");
}

#[tokio::test]
async fn a_renewed_invitation_keeps_its_beginning_and_its_first_inviter() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &ccc]).await;
    aaa.invites(&room, &["bbb"]).and(json!({ "expiresInSeconds": 60 })).send().await.good();
    let first = bbb.lists_invitations().send().await.good()["data"][0].clone();
    ccc.invites(&room, &["bbb"]).and(json!({ "expiresInSeconds": 120 })).send().await.good();
    let second = bbb.lists_invitations().send().await.good();
    assert_eq!(second["totalCount"], json!(1));
    let second = &second["data"][0];
    for kept in ["createdAt", "createdTimeMS", "inviter"] {
        assert_eq!(second[kept], first[kept], "`{kept}`");
    }
    assert!(second["updatedTimeMS"].as_i64() > first["updatedTimeMS"].as_i64(), "{second}");
    assert_eq!(text(&second["updatedAt"]), Time::from_millis(second["updatedTimeMS"].as_i64().unwrap()).iso());
    assert!(text(&second["expiresAt"]) > text(&first["expiresAt"]), "{second}");
    // One that has lapsed is as if absent: the next one is new, and another's.
    world.lapses(&room, "bbb").await;
    ccc.invites(&room, &["bbb"]).send().await.good();
    let third = bbb.lists_invitations().send().await.good()["data"][0].clone();
    assert_eq!((&third["inviter"]["_id"], &third["createdAt"]), (&json!("ccc"), &third["updatedAt"]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_of_another_app_is_not_listed() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let namesake = world.other_app("OtherApp").await.client("bbb").await;
    assert_eq!(namesake.lists_invitations().send().await.good(), json!({ "totalCount": 0, "data": [] }));
}

#[tokio::test]
async fn the_platform_says_whom_it_asks_for() {
    let world = World::new().await;
    world.client("aaa").await;
    let message = world.platform().get("/rooms/invitations").send().await.refused(400, "MISSING_PARAMETER");
    assert!(message.contains("`IM-CLIENT-ID`"), "{message}");
    world.platform().with("IM-CLIENT-ID", "aaa").get("/rooms/invitations").send().await.good();
}
