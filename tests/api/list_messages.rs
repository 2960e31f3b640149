//! `GET /rooms/:id/messages/v3`.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};

/// A room where `aaa` has said so many things, `m0` first.
async fn talk(world: &World, number: usize) -> (Actor, String, Vec<Value>) {
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let mut said = Vec::new();
    for number in 0..number {
        said.push(aaa.says(&room, &format!("m{number}")).send().await.good());
    }
    (aaa, room, said)
}

/// The texts of a list.
async fn texts(actor: &Actor, room: &str, query: &str) -> Vec<String> {
    let listed = actor.lists_messages(room, query).send().await.good();
    listed["data"].as_array().unwrap().iter().map(|message| text(&message["message"])).collect()
}

#[tokio::test]
async fn the_newest_come_first_twenty_of_them() {
    let world = World::new().await;
    let (aaa, room, mut said) = talk(&world, 23).await;
    said.reverse();
    let listed = aaa.lists_messages(&room, "").send().await.good();
    let names: Vec<&str> = listed.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["data", "totalCount", "userDeletedIDs"]);
    assert_eq!((&listed["totalCount"], &listed["userDeletedIDs"]), (&json!(23), &json!([])));
    assert_eq!(listed["data"], json!(said[..20]), "each as it was told");
    let listed = aaa.lists_messages(&room, "limit=200&sortOrder=desc").send().await.good();
    assert_eq!(listed["data"], json!(said));
    let told = aaa.get(&format!("/rooms/{room}/messages/v3/?limit=1")).send().await.good();
    assert_eq!(told["data"], json!(said[..1]), "D9: a slash at the end");
}

#[tokio::test]
async fn both_bounds_are_in_the_page() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 6).await;
    let id = |at: usize| text(&said[at]["_id"]);
    for (query, expected) in [
        (format!("beforeMessage={}", id(3)), &["m3", "m2", "m1", "m0"][..]),
        (format!("beforeMessage={}&limit=2", id(3)), &["m3", "m2"]),
        (format!("afterMessage={}", id(3)), &["m5", "m4", "m3"]),
        (format!("afterMessage={}&sortOrder=asc", id(3)), &["m3", "m4", "m5"]),
        (format!("afterMessage={}&sortOrder=asc&limit=2", id(2)), &["m2", "m3"]),
        (format!("afterMessage={}&beforeMessage={}", id(2), id(4)), &["m4", "m3", "m2"]),
        (format!("afterMessage={}&beforeMessage={}", id(4), id(2)), &[]),
        (format!("beforeMessage={}", id(0)), &["m0"]),
        ("sortOrder=asc&limit=2".into(), &["m0", "m1"]),
        ("limit=1".into(), &["m5"]),
    ] {
        assert_eq!(texts(&aaa, &room, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn moments_are_read_in_either_form() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 5).await;
    let moment = said[3]["messageTimeMS"].as_i64().unwrap();
    let iso = text(&world.events(&room).await[5]["at"]);
    assert_eq!(texts(&aaa, &room, &format!("afterTime={moment}")).await, ["m4", "m3"]);
    assert_eq!(texts(&aaa, &room, &format!("afterTime={iso}")).await, ["m4", "m3"]);
    assert_eq!(texts(&aaa, &room, &format!("afterTime={}", moment + 1)).await, ["m4"]);
    assert_eq!(texts(&aaa, &room, &format!("afterTime={moment}&sortOrder=asc&limit=1")).await, ["m3"]);
    assert_eq!(
        texts(&aaa, &room, &format!("afterTime={moment}&beforeMessage={}", text(&said[3]["_id"]))).await,
        ["m3"]
    );
    assert_eq!(texts(&aaa, &room, &format!("afterTime={moment}&afterMessage={}", text(&said[4]["_id"]))).await, ["m4"]);
    assert_eq!(texts(&aaa, &room, "afterTime=0&limit=2").await, ["m4", "m3"]);
    let future = aaa.lists_messages(&room, "afterTime=2999-01-01T00:00:00Z").send().await.good();
    assert_eq!((&future["data"], &future["totalCount"]), (&json!([]), &json!(5)));
}

#[tokio::test]
async fn every_moment_of_a_long_log_is_found() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 60).await;
    for at in [0, 1, 15, 16, 17, 31, 58, 59] {
        let found = texts(&aaa, &room, &format!("sortOrder=asc&limit=1&afterTime={}", said[at]["messageTimeMS"])).await;
        assert_eq!(found, [format!("m{at}")]);
    }
}

#[tokio::test]
async fn every_field_that_a_range_may_be_of_is_taken() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 3).await;
    for field in ["updatedAt", "createdAt", "messageTime"] {
        let query = format!("timeRangeField={field}&afterMessage={}", text(&said[1]["_id"]));
        assert_eq!(texts(&aaa, &room, &query).await, ["m2", "m1"], "{field}");
    }
}

#[tokio::test]
async fn what_the_system_says_is_listed_and_what_it_does_in_silence_is_not() {
    let world = World::new().await;
    let (aaa, room, _) = talk(&world, 1).await;
    let [bbb, _ccc] = world.clients(["bbb", "ccc"]).await;
    aaa.adds(&room, &["ccc"]).send().await.good();
    bbb.joins(&room).body(json!({ "systemMessage": true })).send().await.good();
    let listed = aaa.lists_messages(&room, "").send().await.good();
    let types: Vec<String> = listed["data"].as_array().unwrap().iter().map(|one| text(&one["messageType"])).collect();
    assert_eq!((types, &listed["totalCount"]), (vec!["joinRoom".into(), "text".into()], &json!(2)));
    assert_eq!(listed["data"][0]["member"]["_id"], json!("bbb"));
    assert_eq!(listed["data"][0]["reactions"], json!([]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_changed_message_keeps_its_place() {
    let world = World::new().await;
    let (aaa, room, said) = talk(&world, 3).await;
    aaa.edits(&room, &said[0], "changed").send().await.good();
    aaa.recalls(&room, &said[1]).send().await.good();
    assert_eq!(texts(&aaa, &room, "").await, ["m2", "", "changed"]);
    assert_eq!(texts(&aaa, &room, "limit=1").await, ["m2"]);
    assert_eq!(aaa.lists_messages(&room, "").send().await.good()["totalCount"], json!(3));
    world.holds_together(&room).await;
}

/// As the published libraries page: each page begins with the message that the last one ended with.
async fn paged(actor: &Actor, room: &str, limit: usize, order: &str) -> Vec<String> {
    let (bound, mut all): (&str, Vec<String>) =
        (if order == "asc" { "afterMessage" } else { "beforeMessage" }, Vec::new());
    loop {
        let from = all.last().map(|last| format!("&{bound}={last}")).unwrap_or_default();
        let page = actor.lists_messages(room, &format!("limit={limit}&sortOrder={order}{from}")).send().await.good();
        let page = ids(&page["data"]);
        let is_last = page.len() < limit;
        let overlap = usize::from(!all.is_empty());
        assert!(all.last() == page.first() || overlap == 0, "the bound itself comes first");
        all.extend(page.into_iter().skip(overlap));
        if is_last {
            return all;
        }
    }
}

#[tokio::test]
async fn pages_hold_every_message_once_whatever_silence_lies_between() {
    let world = World::new().await;
    let (aaa, room, mut said) = talk(&world, 3).await;
    let silence = |number: usize| {
        let call = world.platform().call(Method::PUT, &format!("/rooms/{room}"));
        call.body(json!({ "description": format!("d{number}") }))
    };
    for part in 0..4 {
        for number in 0..100 {
            silence(part * 100 + number).send().await.good();
        }
        said.push(aaa.says(&room, &format!("after {part}")).send().await.good());
    }
    let mut expected: Vec<String> = said.iter().map(|message| text(&message["_id"])).collect();
    for limit in [2, 3, 200] {
        assert_eq!(paged(&aaa, &room, limit, "asc").await, expected, "{limit} a page");
    }
    expected.reverse();
    for limit in [2, 3, 200] {
        assert_eq!(paged(&aaa, &room, limit, "desc").await, expected, "{limit} a page");
    }
    assert_eq!(expected.iter().collect::<BTreeSet<_>>().len(), 7);
    // The silence costs a few queries, not one for each entry or two.
    let answer = aaa.lists_messages(&room, "limit=7").send().await;
    let queries = world.stack.invocation(&answer.request_id()).unwrap();
    let queries = queries.requests.iter().filter(|request| request.action == "Query").count();
    assert_eq!(answer.good()["data"].as_array().unwrap().len(), 7);
    assert!(queries <= 6, "{queries} queries over 400 silent entries");
    world.holds_together(&room).await;
}

// What refuses it.

#[tokio::test]
async fn only_members_and_the_platform_read() {
    let world = World::new().await;
    let (aaa, room, _) = talk(&world, 1).await;
    let [bbb, ccc] = world.clients(["bbb", "ccc"]).await;
    aaa.adds(&room, &["ccc"]).send().await.good();
    aaa.invites(&room, &["bbb"]).send().await.good();
    assert_eq!(texts(&ccc, &room, "").await, ["m0"], "what was before him too");
    assert_eq!(texts(&world.platform(), &room, "").await, ["m0"]);
    bbb.lists_messages(&room, "").send().await.refused(403, "NOT_ROOM_MEMBER");
    // Who is removed reads no more.
    let removal = aaa.call(Method::DELETE, &format!("/rooms/{room}/members/ccc"));
    removal.send().await.good();
    ccc.lists_messages(&room, "").send().await.refused(403, "NOT_ROOM_MEMBER");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_hidden_room_is_an_unknown_room_and_so_is_another_apps() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let private = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    aaa.says(&private, "x").send().await.good();
    let neighbour = world.other_app("OtherApp").await;
    for (actor, room) in [
        (&bbb, private.as_str()),
        (&bbb, "absent"),
        (&world.platform(), "absent"),
        (&neighbour.client("aaa").await, &private),
        (&neighbour.platform(), &private),
    ] {
        actor.lists_messages(room, "").send().await.refused(404, "ROOM_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_malformed_question_is_refused_by_name() {
    let world = World::new().await;
    let (aaa, room, _) = talk(&world, 1).await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "beforeMessage=x",
        "afterMessage=5E5B88E91DA9D53097B13840",
        "afterTime=yesterday",
        "timeRangeField=sender",
        "sortOrder=up",
    ] {
        let told = aaa.lists_messages(&room, query).send().await.refused(400, "INVALID_PARAMETER");
        assert!(told.contains(&format!("`{}`", query.split('=').next().unwrap())), "{told}");
    }
    let empty = "limit=&beforeMessage=&afterMessage=&afterTime=&timeRangeField=&sortOrder=";
    assert_eq!(texts(&aaa, &room, empty).await, ["m0"], "an empty parameter is none");
    let unknown = world.platform().lists_messages(&room, "").header("IM-CLIENT-ID", "nobody");
    unknown.send().await.refused(404, "CLIENT_NOT_FOUND");
    let ask = |actor: Actor| actor.lists_messages(&room, "").send();
    ask(aaa.clone().without("IM-CLIENT-KEY")).await.refused(401, "INVALID_CLIENT_KEY");
    ask(aaa.clone().without("IM-Authorization")).await.refused(401, "INVALID_TOKEN");
    ask(world.platform().with("IM-API-KEY", "SampleApp.0")).await.refused(401, "INVALID_API_KEY");
}
