//! `GET /rooms/quitted`.

use reqwest::Method;
use serde_json::json;

use crate::actors::{Actor, World, ids, text};

/// The rooms that somebody has quitted, in order.
async fn quitted(actor: &Actor) -> Vec<String> {
    ids(&actor.get("/rooms/quitted").send().await.good()["data"])
}

/// `DELETE /rooms/:id/members/:member`.
async fn removes(actor: &Actor, room: &str, member: &str) {
    actor.call(Method::DELETE, &format!("/rooms/{room}/members/{member}")).send().await.good();
}

#[tokio::test]
async fn rooms_left_and_lost_are_listed_the_last_left_first() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    for room in ["left", "removed", "banned", "stays", "talk"] {
        world.room(json!({ "_id": room, "members": ["aaa", "bbb"] })).await;
    }
    assert_eq!(aaa.get("/rooms/quitted").send().await.good(), json!({ "data": [] }));
    removes(&aaa, "left", "aaa").await;
    removes(&bbb, "removed", "aaa").await;
    world.platform().call(Method::POST, "/blockStatus/room/banned/aaa").send().await.good();
    assert_eq!(quitted(&aaa).await, ["banned", "removed", "left"]);
    assert_eq!((quitted(&bbb).await.len(), quitted(&ccc).await.len()), (0, 0));
    // Unbanned he is out all the same; and who was banned before he was in has left nothing.
    world.platform().call(Method::DELETE, "/blockStatus/room/banned/aaa").send().await.good();
    world.platform().call(Method::POST, "/blockStatus/room/stays/ccc").send().await.good();
    assert_eq!(
        (quitted(&aaa).await, quitted(&ccc).await.len()),
        (vec!["banned".into(), "removed".into(), "left".into()], 0)
    );
    for room in ["left", "removed", "banned", "stays"] {
        world.holds_together(room).await;
    }
}

#[tokio::test]
async fn a_quitted_room_shows_its_face_and_the_moment() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let face = json!({
        "_id": "club", "name": "Club", "cover": "https://x.io/c.png", "description": "A club", "roomTags": ["one"],
        "encrypted": true,
    });
    let mut body = face.clone();
    body["members"] = json!(["aaa"]);
    let created = world.platform().post("/rooms", body).send().await.good()["createdTimeMS"].clone();
    removes(&aaa, "club", "aaa").await;
    let entry = world.events("club").await.pop().unwrap();
    let list = aaa.get("/rooms/quitted").send().await.good();
    let mut expected = face;
    expected["id"] = json!("club");
    expected["roomType"] = json!("group");
    expected["createdTimeMS"] = created;
    expected["pref"] = json!({ "tags": [], "quittedAt": entry["at"] });
    assert_eq!(list, json!({ "data": [expected] }));
}

#[tokio::test]
async fn a_room_joined_again_is_quitted_no_longer_until_it_is_left_again() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for room in ["one", "two"] {
        world.room(json!({ "_id": room, "members": ["aaa", "bbb"] })).await;
        removes(&aaa, room, "aaa").await;
    }
    assert_eq!(quitted(&aaa).await, ["two", "one"]);
    bbb.invites("two", &["aaa"]).send().await.good();
    assert_eq!(quitted(&aaa).await, ["two", "one"], "who is only invited is out");
    aaa.joins("two").send().await.good();
    assert_eq!(quitted(&aaa).await, ["one"]);
    aaa.joins("one").send().await.good();
    removes(&aaa, "two", "aaa").await;
    removes(&aaa, "one", "aaa").await;
    assert_eq!(quitted(&aaa).await, ["one", "two"], "by the last time");
    world.holds_together("one").await;
}

#[tokio::test]
async fn a_deleted_room_is_quitted_by_nobody_and_its_successor_neither() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.room(json!({ "_id": "club", "members": ["aaa"] })).await;
    removes(&aaa, "club", "aaa").await;
    world.platform().call(Method::DELETE, "/rooms/club").send().await.good();
    assert_eq!(quitted(&aaa).await, [] as [&str; 0]);
    world.room(json!({ "_id": "club", "name": "another" })).await;
    assert_eq!(quitted(&aaa).await, [] as [&str; 0], "he was never in this one");
    aaa.joins("club").send().await.good();
    removes(&aaa, "club", "aaa").await;
    assert_eq!(quitted(&aaa).await, ["club"]);
    world.holds_together("club").await;
}

#[tokio::test]
async fn a_room_of_another_app_is_not_among_them() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = text(&aaa.founds(json!({ "_id": "club" })).send().await.good()["_id"]);
    removes(&aaa, &room, "aaa").await;
    let namesake = world.other_app("OtherApp").await.client("aaa").await;
    namesake.founds(json!({ "_id": "club" })).send().await.good();
    assert_eq!(quitted(&namesake).await, [] as [&str; 0]);
    assert_eq!(quitted(&aaa).await, ["club"]);
}

#[tokio::test]
async fn the_platform_says_whom_it_asks_for() {
    let world = World::new().await;
    world.client("aaa").await;
    let message = world.platform().get("/rooms/quitted").send().await.refused(400, "MISSING_PARAMETER");
    assert!(message.contains("`IM-CLIENT-ID`"), "{message}");
    world.platform().with("IM-CLIENT-ID", "aaa").get("/rooms/quitted").send().await.good();
}
