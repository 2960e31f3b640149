//! `$default`: paths that end in a slash, and paths that are no route.

use reqwest::Method;
use serde_json::json;

use crate::actors::{World, pairs};

#[tokio::test]
async fn a_slash_at_the_end_makes_no_other_route() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let body = json!({ "invitees": ["bbb"] });
    for (slashes, outcome) in [("/", "added"), ("///", "already_member")] {
        let answer = aaa.post(&format!("/rooms/{room}/members{slashes}"), body.clone()).send().await;
        assert_eq!(answer.outcomes(), pairs(&[("bbb", outcome)]));
    }
    let page = aaa.get(&format!("/rooms/{room}/members/?limit=1")).send().await.good();
    assert_eq!((&page["totalCount"], &page["nextMembers"]), (&json!(2), &json!("aaa")), "the query goes along");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_reply_carries_the_id_of_the_request_that_did_the_work() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let answer = aaa.get(&format!("/rooms/{room}/")).send().await;
    assert_eq!(world.stack.invocation(&answer.request_id()).unwrap().function, "GetRoom");
}

#[tokio::test]
async fn a_request_goes_on_to_this_api_alone_whatever_host_it_names() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let call = aaa.get(&format!("/rooms/{room}/")).header("Host", "127.0.0.1:1").header("X-Forwarded-Proto", "https");
    call.send().await.good();
}

#[tokio::test]
async fn ids_that_need_encoding_survive_the_way() {
    let world = World::new().await;
    let odd = world.client("張 三 50%?").await;
    let room = world.room(json!({ "_id": "a b%c?d", "members": [odd.id] })).await;
    assert_eq!(room, "a b%c?d");
    assert_eq!(odd.get("/rooms/a%20b%25c%3Fd/").send().await.good()["_id"], "a b%c?d");
}

#[tokio::test]
async fn a_path_that_is_no_route_is_refused_in_its_own_dialect() {
    let world = World::new().await;
    let nobody = world.stranger();
    for path in ["/", "/rooms/r/nothing", "/rooms/r/nothing/", "//"] {
        nobody.get(path).send().await.refused(404, "ROUTE_NOT_FOUND");
    }
    nobody.call(Method::DELETE, "/rooms").send().await.refused(404, "ROUTE_NOT_FOUND");
    for path in ["/v2/nothing", "/v2/nothing/"] {
        assert_eq!(nobody.get(path).send().await.talk_refused(404, 404), "Not Found");
    }
}
