//! `GET /me/badge`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World};

async fn badge(actor: &Actor, query: &str) -> Value {
    let told = actor.get(&format!("/me/badge{query}")).send().await.good();
    assert_eq!(told.as_object().unwrap().len(), 1, "{told}");
    told["badge"].clone()
}

/// `bbb` has this much to read in rooms of these tags: 1, 2, 4, 8.
async fn rooms(world: &World) -> (Actor, Actor, Vec<String>) {
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let tags = [json!(["a"]), json!(["b", "c"]), json!(["d e", "ü&="]), json!([])];
    let mut rooms = Vec::new();
    for (at, tags) in tags.into_iter().enumerate() {
        let room = world.room(json!({ "members": ["aaa", "bbb"], "roomTags": tags })).await;
        for number in 0..1 << at {
            aaa.says(&room, &format!("m{number}")).send().await.good();
        }
        rooms.push(room);
    }
    (aaa, bbb, rooms)
}

#[tokio::test]
async fn the_badge_is_the_sum_over_all_rooms() {
    let world = World::new().await;
    let (aaa, bbb, rooms) = rooms(&world).await;
    assert_eq!(badge(&bbb, "").await, json!(15));
    assert_eq!(badge(&aaa, "").await, json!(0), "who has said it has read it");
    let last = bbb.reads(&rooms[3]).send().await.good()["lastMessage"].clone();
    bbb.marks_read(&rooms[3], &last).send().await.good();
    assert_eq!(badge(&bbb, "").await, json!(7));
    // What the system says counts.
    let _ccc = world.client("ccc").await;
    aaa.adds(&rooms[0], &["ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(badge(&bbb, "").await, json!(8));
    assert_eq!(badge(&bbb, "/").await, json!(8), "D9: a slash at the end");
    for room in &rooms {
        world.holds_together(room).await;
    }
}

#[tokio::test]
async fn tags_choose_the_rooms() {
    let world = World::new().await;
    let (_aaa, bbb, _) = rooms(&world).await;
    for (query, expected) in [
        ("?roomTags=a", 1),
        ("?roomTags=b", 2),
        ("?roomTags=a&roomTags=c", 3),
        ("?roomTags=b&roomTags=c", 2), // a room of both tags counts once
        ("?roomTags=d%20e", 4),
        ("?roomTags=d+e", 4),
        ("?roomTags=%C3%BC%26%3D", 4),
        ("?roomTags=a&roomTags=%C3%BC%26%3D&other=b", 5),
        ("?roomTags=nothing", 0),
        ("?roomTags=A", 0),
        ("?roomTags=%FF", 0), // no text, and so no room's tag
        ("?roomTags=a,b", 0), // one tag with a comma
        ("?roomTags=", 15),   // none is asked for
        ("?roomTags=&roomTags=a", 1),
    ] {
        assert_eq!(badge(&bbb, query).await, json!(expected), "{query}");
    }
}

#[tokio::test]
async fn rooms_that_are_frozen_gone_or_left_are_not_counted() {
    let world = World::new().await;
    let (_aaa, bbb, rooms) = rooms(&world).await;
    let platform = world.platform();
    let freeze = platform.call(Method::PUT, &format!("/rooms/{}", rooms[3])).body(json!({ "status": 0 }));
    freeze.send().await.good();
    assert_eq!(badge(&bbb, "").await, json!(7));
    platform.call(Method::DELETE, &format!("/rooms/{}/members/bbb", rooms[2])).send().await.good();
    assert_eq!(badge(&bbb, "").await, json!(3));
    platform.call(Method::DELETE, &format!("/rooms/{}", rooms[1])).send().await.good();
    assert_eq!(badge(&bbb, "").await, json!(1));
    let thaw = platform.call(Method::PUT, &format!("/rooms/{}", rooms[3])).body(json!({ "status": 1 }));
    thaw.send().await.good();
    assert_eq!(badge(&bbb, "").await, json!(9));
    world.holds_together(&rooms[2]).await;
}

#[tokio::test]
async fn who_is_only_invited_has_nothing_to_read() {
    let world = World::new().await;
    let (aaa, _bbb, rooms) = rooms(&world).await;
    let ccc = world.client("ccc").await;
    aaa.invites(&rooms[3], &["ccc"]).send().await.good();
    assert_eq!(badge(&ccc, "").await, json!(0));
    aaa.says(&rooms[3], "more").send().await.good();
    assert_eq!(badge(&ccc, "").await, json!(0));
    world.holds_together(&rooms[3]).await;
}

#[tokio::test]
async fn the_platform_asks_for_whom_it_names() {
    let world = World::new().await;
    let (_aaa, _bbb, _) = rooms(&world).await;
    let platform = world.platform();
    platform.get("/me/badge").send().await.refused(400, "MISSING_PARAMETER");
    platform.get("/me/badge").header("IM-CLIENT-ID", "nobody").send().await.refused(404, "CLIENT_NOT_FOUND");
    platform.get("/me/badge").header("IM-CLIENT-ID", "a/b").send().await.refused(400, "INVALID_PARAMETER");
    assert_eq!(badge(&platform.with("IM-CLIENT-ID", "bbb"), "").await, json!(15));
}

#[tokio::test]
async fn another_apps_client_of_the_same_id_has_rooms_of_its_own() {
    let world = World::new().await;
    let (_aaa, _bbb, _) = rooms(&world).await;
    let neighbour = world.other_app("OtherApp").await;
    assert_eq!(badge(&neighbour.client("bbb").await, "").await, json!(0));
}

#[tokio::test]
async fn who_is_not_proven_is_told_nothing() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    let ask = |actor: Actor| actor.get("/me/badge").send();
    ask(bbb.clone().without("IM-CLIENT-KEY")).await.refused(401, "INVALID_CLIENT_KEY");
    ask(bbb.clone().without("IM-Authorization")).await.refused(401, "INVALID_TOKEN");
    ask(bbb.clone().with("IM-Authorization", "SampleApp.bbb.0")).await.refused(401, "INVALID_TOKEN");
    ask(world.platform().with("IM-API-KEY", "SampleApp.0")).await.refused(401, "INVALID_API_KEY");
}

#[tokio::test]
async fn a_token_of_the_operators_own_finds_its_client() {
    let world = World::new().await;
    let (_aaa, _bbb, _) = rooms(&world).await;
    let bound = json!({ "_id": "bbb", "token": "a-token-of-our-own" });
    world.platform().post("/admin/clients", bound).send().await.good();
    assert_eq!(badge(&world.bearer("bbb", "a-token-of-our-own"), "").await, json!(15));
}
