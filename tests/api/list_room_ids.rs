//! `GET /rooms/ids`. What it refuses, and how it asks who calls, `list_rooms` tests beside its own.

use serde_json::json;

use crate::actors::World;

#[tokio::test]
async fn the_ids_are_those_of_the_rooms_that_the_list_shows() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for (room, name, members) in [("one", "b", ["aaa"]), ("two", "a", ["aaa"]), ("three", "c", ["bbb"])] {
        world.room(json!({ "_id": room, "name": name, "members": members })).await;
    }
    bbb.invites("three", &["aaa"]).send().await.good();
    let table = [
        ("", json!(["two", "one"]), 2),
        ("?sort=name", json!(["two", "one"]), 2),
        ("?sort=-name", json!(["one", "two"]), 2),
        ("?sort=name&skip=1&limit=1", json!(["one"]), 2),
        ("?limit=0&sort=createdTime", json!(["one", "two"]), 2),
        ("?q={\"members\":\"aaa\",\"name\":\"b\"}", json!(["one"]), 1),
        ("?updatedAfter=4102444800000", json!([]), 0),
        ("/", json!(["two", "one"]), 2),
    ];
    for (query, expected, total) in table {
        let list = aaa.get(&format!("/rooms/ids{query}")).send().await.good();
        assert_eq!(list, json!({ "totalCount": total, "data": expected }), "{query}");
    }
    world.platform().call(reqwest::Method::PUT, "/rooms/one").body(json!({ "status": 0 })).send().await.good();
    assert_eq!(aaa.get("/rooms/ids").send().await.good(), json!({ "totalCount": 1, "data": ["two"] }));
}

#[tokio::test]
async fn another_apps_rooms_have_no_ids_here() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.group(&[&aaa]).await;
    let namesake = world.other_app("OtherApp").await.client("aaa").await;
    assert_eq!(namesake.get("/rooms/ids").send().await.good(), json!({ "totalCount": 0, "data": [] }));
}
