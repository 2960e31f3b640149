//! `GET /admin/clients`.

use serde_json::{Value, json};

use crate::actors::{Call, World, ids};

impl World {
    /// Lists clients that a query finds.
    fn finds_clients(&self, query: &Value) -> Call {
        self.lists(&format!("q={}", encoded(&query.to_string())))
    }

    /// Lists clients by a query string.
    fn lists(&self, query: &str) -> Call {
        self.platform().get(&format!("/admin/clients?{query}"))
    }

    /// The ids of those that a query finds.
    async fn found(&self, query: Value) -> Vec<String> {
        let list = self.finds_clients(&query).send().await.good();
        let found = ids(&list["data"]);
        assert_eq!(list["totalCount"], json!(found.len()), "{query}");
        found
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Four clients of different kinds.
async fn people() -> World {
    let world = World::new().await;
    for body in [
        json!({ "_id": "ann", "nickname": "Ann", "email": "ann@x.io", "age": 30, "tags": ["x", "y"], "plan": { "tier": 2 } }),
        json!({ "_id": "bob", "nickname": "Bob", "age": 40, "tags": ["y"] }),
        json!({ "_id": "cid", "age": 50, "isRobot": true }),
        json!({ "_id": "張三", "nickname": "Zhang" }),
    ] {
        world.platform().post("/admin/clients", body).send().await.good();
    }
    world
}

#[tokio::test]
async fn clients_are_listed_by_id_as_their_operator_sees_them() {
    let world = people().await;
    let list = world.platform().get("/admin/clients").send().await.good();
    assert_eq!(
        (ids(&list["data"]), &list["totalCount"]),
        (["ann", "bob", "cid", "張三"].map(String::from).into(), &json!(4))
    );
    for client in list["data"].as_array().unwrap() {
        let own = world.platform().get("/me").body(json!({ "sender": client["_id"] })).send().await.good();
        assert_eq!(client, &own, "without a token and claims");
    }
}

#[tokio::test]
async fn a_list_is_paged_and_the_count_is_that_of_all() {
    let world = World::new().await;
    let crowd = world.crowd(45).await;
    let page = async |query: &str| {
        let list = world.lists(query).send().await.good();
        assert_eq!(list["totalCount"], 45);
        ids(&list["data"])
    };
    assert_eq!(page("").await, crowd[..20], "20 unless told otherwise");
    assert_eq!(page("limit=1000").await, crowd);
    assert_eq!(page("limit=10&skip=40").await, crowd[40..]);
    assert_eq!(page("limit=1&skip=7").await, crowd[7..8]);
    assert!(page("skip=45").await.is_empty() && page("skip=4000000000").await.is_empty());
}

#[tokio::test]
async fn a_query_finds_what_it_describes() {
    let world = people().await;
    for (query, expected) in [
        (json!({}), &["ann", "bob", "cid", "張三"][..]),
        (json!({ "nickname": "Ann" }), &["ann"]),
        (json!({ "email": "ann@x.io" }), &["ann"]),
        (json!({ "tags": "y" }), &["ann", "bob"]),
        (json!({ "tags": { "$all": ["x", "y"] } }), &["ann"]),
        (json!({ "age": { "$gte": 40 } }), &["bob", "cid"]),
        (json!({ "age": { "$gt": 30, "$lt": 50 } }), &["bob"]),
        (json!({ "plan.tier": 2 }), &["ann"]),
        (json!({ "isRobot": true }), &["cid"]),
        (json!({ "nickname": { "$exists": false } }), &["cid"]),
        (json!({ "nickname": { "$nin": ["Ann", "Bob"] } }), &["cid", "張三"]),
        (json!({ "nickname": { "$ne": "Ann" }, "age": { "$exists": true } }), &["bob", "cid"]),
        (json!({ "$or": [{ "nickname": "Zhang" }, { "age": 50 }] }), &["cid", "張三"]),
        (json!({ "appID": "Other" }), &[]),
        (json!({ "token": { "$exists": true } }), &[]),
    ] {
        assert_eq!(world.found(query.clone()).await, expected, "{query}");
    }
    let list = world.lists(&format!("q={}&limit=1&skip=1", encoded(r#"{"age":{"$gte":30}}"#))).send().await.good();
    assert_eq!((ids(&list["data"]), &list["totalCount"]), (vec!["bob".to_owned()], &json!(3)));
}

#[tokio::test]
async fn a_query_by_id_reads_the_clients_themselves() {
    let world = people().await;
    // The index does not know of this one yet.
    world.amends("SampleApp#CLIENT#bob", "CLIENT", "REMOVE GSI1PK, GSI1SK", json!({})).await;
    assert_eq!(world.found(json!({})).await, ["ann", "cid", "張三"]);
    for (query, expected) in [
        (json!({ "_id": "bob" }), &["bob"][..]),
        (json!({ "id": "張三" }), &["張三"]),
        (json!({ "_id": { "$in": ["bob", "nobody", "ann", "bob", "a/b", 7] } }), &["ann", "bob"]),
        (json!({ "_id": { "$in": ["bob", "ann"] }, "age": { "$gt": 30 } }), &["bob"]),
        (json!({ "_id": "nobody" }), &[]),
        (json!({ "_id": 7 }), &[]),
    ] {
        assert_eq!(world.found(query.clone()).await, expected, "{query}");
    }
    let query = encoded(r#"{"_id":{"$in":["ann","bob","cid"]}}"#);
    let list = world.lists(&format!("q={query}&limit=1&skip=1")).send().await.good();
    assert_eq!((ids(&list["data"]), &list["totalCount"]), (vec!["bob".to_owned()], &json!(3)));
}

#[tokio::test]
async fn what_the_query_cannot_say_is_refused_by_name() {
    let world = people().await;
    for (query, named) in [
        (json!({ "nickname": { "$regex": "A" } }), "`$regex`"),
        (json!({ "$where": "1" }), "`$where`"),
        (json!({ "age": { "$in": 1 } }), "`$in`"),
        (json!([]), "object"),
    ] {
        let message = world.finds_clients(&query).send().await.refused(400, "INVALID_PARAMETER");
        assert!(message.starts_with("`q` ") && message.contains(named), "{message}");
    }
    for (query, name) in
        [("q=nickname", "q"), ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("skip=-1", "skip")]
    {
        let message = world.lists(query).send().await.refused(400, "INVALID_PARAMETER");
        assert!(message.starts_with(&format!("`{name}` ")), "{message}");
    }
}

#[tokio::test]
async fn each_app_lists_its_own() {
    let world = people().await;
    let other = world.other_app("Other").await;
    other.client("theirs").await;
    let list = other.platform().get("/admin/clients").send().await.good();
    assert_eq!((ids(&list["data"]), &list["totalCount"]), (vec!["theirs".to_owned()], &json!(1)));
    assert!(!world.found(json!({})).await.contains(&"theirs".to_owned()));
    assert!(world.found(json!({ "_id": "theirs" })).await.is_empty());
}

#[tokio::test]
async fn only_the_platform_lists() {
    let world = people().await;
    let aaa = world.client("aaa").await;
    for caller in [aaa, world.stranger(), world.stranger().with("IM-API-KEY", "SampleApp.wrong")] {
        for path in ["/admin/clients", "/admin/clients?q=%7B%22_id%22%3A%22ann%22%7D"] {
            caller.get(path).send().await.refused(401, "INVALID_API_KEY");
        }
    }
}

#[tokio::test]
async fn a_list_longer_than_one_page_of_the_index_is_whole() {
    let world = World::new().await;
    let long = "x".repeat(15_000);
    let calls = (0..100).map(|number| {
        let body = json!({ "_id": format!("c{number:03}"), "long": long, "odd": number % 2 == 1 });
        world.platform().post("/admin/clients", body)
    });
    for answer in crate::actors::all_at_once(8, calls.collect::<Vec<_>>()).await {
        answer.good();
    }
    let query = encoded(r#"{"odd":true}"#);
    let list = world.lists(&format!("q={query}&skip=48&limit=10")).send().await.good();
    assert_eq!((ids(&list["data"]), &list["totalCount"]), (vec!["c097".to_owned(), "c099".to_owned()], &json!(50)));
    assert_eq!(world.lists("limit=100").send().await.good()["data"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_page_that_no_reply_can_hold_is_refused() {
    let world = World::new().await;
    let long = "x".repeat(16_000);
    let calls = (0..230)
        .map(|number| world.platform().post("/admin/clients", json!({ "_id": format!("c{number:03}"), "long": long })));
    for answer in crate::actors::all_at_once(8, calls.collect::<Vec<_>>()).await {
        answer.good();
    }
    let message = world.lists("limit=230").send().await.refused(400, "INVALID_PARAMETER");
    assert!(message.starts_with("`limit` "), "{message}");
    assert_eq!(world.lists("limit=100&skip=130").send().await.good()["totalCount"], 230);
}
