//! `GET /rooms/:id/exists`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, text};

/// What is answered of a room: nothing but whether it is there.
async fn exists(actor: &Actor, room: &str) -> bool {
    let told = actor.get(&format!("/rooms/{room}/exists")).send().await.good();
    assert!(told.as_object().unwrap().len() == 1 && told["exists"].is_boolean(), "{told}");
    told["exists"] == Value::Bool(true)
}

#[tokio::test]
async fn a_room_exists_for_whoever_may_know_it() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let open = world.group(&[&aaa]).await;
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let direct = text(&aaa.founds(json!({ "roomType": "direct", "invitee": "bbb" })).send().await.good()["_id"]);
    aaa.invites(&private, &["bbb"]).send().await.good();
    // Whether it is there: for a member, for one who is invited, for a stranger, for the platform.
    for (room, expected) in [
        (&open, [true, true, true, true]),
        (&private, [true, true, false, true]),
        (&direct, [true, true, false, true]),
        (&"no-such-room".to_owned(), [false, false, false, false]),
    ] {
        for (actor, expected) in [&aaa, &bbb, &ccc, &world.platform()].into_iter().zip(expected) {
            assert_eq!(exists(actor, room).await, expected, "{room} for `{}`", actor.id);
        }
    }
    world.lapses(&private, "bbb").await;
    assert!(!exists(&bbb, &private).await, "a lapsed invitation is none");
    bbb.call(Method::DELETE, &format!("/rooms/{direct}/members/bbb")).send().await.good();
    assert!(exists(&bbb, &direct).await, "it is his to come back to");
    world.platform().call(Method::POST, &format!("/blockStatus/room/{private}/ccc")).send().await.good();
    assert!(exists(&ccc, &private).await, "who is banned is told so elsewhere too");
}

#[tokio::test]
async fn a_deleted_room_and_another_apps_do_not_exist() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let other = world.other_app("OtherApp").await;
    assert!(!exists(&other.client("aaa").await, &room).await);
    assert!(!exists(&other.platform(), &room).await);
    world.platform().call(Method::DELETE, &format!("/rooms/{room}")).send().await.good();
    assert!(!exists(&aaa, &room).await);
    assert!(!exists(&world.platform(), &room).await);
}

#[tokio::test]
async fn who_asks_must_be_proven_and_the_id_must_be_one() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let path = format!("/rooms/{room}/exists");
    world.stranger().get(&path).send().await.refused(401, "INVALID_CLIENT_KEY");
    aaa.clone().with("IM-Authorization", "SampleApp.aaa.wrong").get(&path).send().await.refused(401, "INVALID_TOKEN");
    world.stranger().with("IM-API-KEY", "SampleApp.wrong").get(&path).send().await.refused(401, "INVALID_API_KEY");
    let nobody = world.platform().with("IM-CLIENT-ID", "nobody").get(&path).send().await;
    nobody.refused(404, "CLIENT_NOT_FOUND");
    let told = aaa.get("/rooms/a%23b/exists").send().await.refused(400, "INVALID_PARAMETER");
    assert!(told.starts_with("`id` "), "{told}");
}
