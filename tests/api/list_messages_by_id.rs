//! `GET /rooms/:id/messages`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, World, text};

fn lists(actor: &Actor, room: &str, query: &str) -> Call {
    actor.get(&format!("/rooms/{room}/messages{query}"))
}

async fn talk(world: &World, number: usize) -> (Actor, String, Vec<Value>) {
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let mut said = Vec::new();
    for number in 0..number {
        said.push(aaa.says(&room, &format!("m{number}")).send().await.good());
    }
    said.reverse();
    (aaa, room, said)
}

#[tokio::test]
async fn the_newest_come_first_and_the_bound_is_in_the_page() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 22).await;
    let listed = lists(&aaa, &room, "").send().await.good();
    assert_eq!(listed, json!({ "totalCount": 22, "data": said[..20] }));
    let query = format!("?limit=3&beforeMessage={}", text(&said[5]["_id"]));
    let listed = lists(&aaa, &room, &query).send().await.good();
    assert_eq!(listed, json!({ "totalCount": 22, "data": said[5..8] }));
    let listed = lists(&aaa, &room, "/?limit=2").send().await.good();
    assert_eq!(listed["data"], json!(said[..2]), "D9: a slash at the end");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_changed_message_is_listed_once_as_it_is_now() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 2).await;
    let changed = aaa.edits(&room, &said[1], "changed").send().await.good();
    let listed = lists(&aaa, &room, "").send().await.good();
    assert_eq!(listed, json!({ "totalCount": 2, "data": [said[0], changed] }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn only_members_and_the_platform_read() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 1).await;
    let bbb = world.client("bbb").await;
    assert_eq!(lists(&world.platform(), &room, "").send().await.good()["data"], json!(said));
    lists(&bbb, &room, "").send().await.refused(403, "NOT_ROOM_MEMBER");
    aaa.call(Method::DELETE, &format!("/rooms/{room}/members/aaa")).send().await.good();
    lists(&aaa, &room, "").send().await.refused(403, "NOT_ROOM_MEMBER");
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let neighbour = world.other_app("OtherApp").await;
    for (actor, room) in [
        (&bbb, private.as_str()),
        (&bbb, "absent"),
        (&world.platform(), "absent"),
        (&neighbour.client("aaa").await, &room),
        (&neighbour.platform(), &room),
    ] {
        lists(actor, room, "").send().await.refused(404, "ROOM_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_malformed_question_is_refused_by_name() {
    let world = World::new().await;
    let (aaa, room, _) = talk(&world, 1).await;
    for query in ["limit=0", "limit=201", "limit=x", "beforeMessage=x", "q={}"] {
        let told = lists(&aaa, &room, &format!("?{query}")).send().await.refused(400, "INVALID_PARAMETER");
        assert!(told.contains(&format!("`{}`", query.split('=').next().unwrap())), "{told}");
    }
    let unknown = lists(&world.platform(), &room, "").header("IM-CLIENT-ID", "nobody");
    unknown.send().await.refused(404, "CLIENT_NOT_FOUND");
    lists(&aaa.clone().without("IM-CLIENT-KEY"), &room, "").send().await.refused(401, "INVALID_CLIENT_KEY");
    lists(&aaa.clone().without("IM-Authorization"), &room, "").send().await.refused(401, "INVALID_TOKEN");
    let platform = world.platform().with("IM-API-KEY", "SampleApp.0");
    lists(&platform, &room, "").send().await.refused(401, "INVALID_API_KEY");
}
