//! `PUT /admin/clients/:client/token`.

use std::time::Duration;

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Call, World, ids, text};

const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

impl World {
    /// Binds a token to a client.
    fn binds(&self, client: &str, body: Value) -> Call {
        self.platform().call(Method::PUT, &format!("/admin/clients/{client}/token")).body(body)
    }
}

#[tokio::test]
async fn a_bound_token_works_from_then_on() {
    let world = World::new().await;
    world.client("aaa").await;
    let until = "2090-02-14T10:31:56.006Z";
    let bound = world.binds("aaa", json!({ "token": "opaque~token/1", "expirationDate": until })).send().await.good();
    let expected = json!({
        "token": "opaque~token/1", "client": "aaa", "expirationDate": until, "expirationDateMS": 3_790_751_516_006_i64,
    });
    assert_eq!(bound, expected);
    let room = world.group(&[]).await;
    let aaa = world.bearer("aaa", "opaque~token/1");
    aaa.joins(&room).send().await.good();
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa"]);
    aaa.without("IM-CLIENT-KEY").reads(&room).send().await.refused(401, "INVALID_CLIENT_KEY");
}

#[tokio::test]
async fn a_bound_token_lives_for_seven_days_and_counts_as_a_login() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let before = aaa.get("/me").send().await.good()["lastLoginTimeMS"].as_i64().unwrap();
    let bound = world.binds("aaa", json!({ "token": "opaque-token" })).send().await.good();
    let login = aaa.get("/me").send().await.good()["lastLoginTimeMS"].as_i64().unwrap();
    let life = bound["expirationDateMS"].as_i64().unwrap() - login;
    assert!(login > before, "{login} is later than {before}");
    assert!((WEEK - 10_000..=WEEK).contains(&life), "{life}");
}

#[tokio::test]
async fn a_client_keeps_its_other_tokens_and_everything_else() {
    let world = World::new().await;
    let said = json!({ "_id": "aaa", "nickname": "Ann", "email": "ann@x.io", "plan": "free" });
    let aaa = world.client_with(said.clone()).await;
    world.binds("aaa", json!({ "token": "opaque-token" })).send().await.good();
    for actor in [aaa, world.bearer("aaa", "opaque-token")] {
        let own = actor.get("/me").send().await.good();
        for (name, value) in said.as_object().unwrap().iter().filter(|(name, _)| *name != "issueAccessToken") {
            assert_eq!(&own[name], value, "`{name}`");
        }
    }
}

#[tokio::test]
async fn a_token_bound_again_ends_as_it_says_then() {
    let world = World::new().await;
    world.client("aaa").await;
    for until in ["2090-02-14T10:31:56.006Z", "2080-02-14T10:31:56.006Z"] {
        let bound = world.binds("aaa", json!({ "token": "opaque-token", "expirationDate": until }));
        assert_eq!(bound.send().await.good()["expirationDate"], until);
        let items = world.items().await;
        let stored = items.iter().find(|item| item["client"]["S"] == "aaa" && item["expiresAt"]["N"] != Value::Null);
        assert!(stored.is_some());
    }
    world.bearer("aaa", "opaque-token").get("/me").send().await.good();
}

#[tokio::test]
async fn only_a_hash_of_the_token_is_stored() {
    let world = World::new().await;
    world.client("aaa").await;
    world.binds("aaa", json!({ "token": "opaque-token" })).send().await.good();
    assert!(!format!("{:?}", world.items().await).contains("opaque-token"));
    assert!(!world.stack.logs().join("\n").contains("opaque-token"));
}

#[tokio::test]
async fn a_client_who_does_not_exist_gets_no_token() {
    let world = World::new().await;
    let other = world.other_app("Other").await;
    other.client("theirs").await;
    for nobody in ["nobody", "theirs"] {
        let call = world.binds(nobody, json!({ "token": "opaque-token" }));
        let message = world.refuses_and_keeps(call, 404, "CLIENT_NOT_FOUND").await;
        assert!(message.contains(&format!("`{nobody}`")), "{message}");
    }
    let answer = world.binds("nobody", json!({ "token": "opaque-token" })).send().await;
    assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody"] }));
}

#[tokio::test]
async fn a_token_that_cannot_be_one_is_refused_by_name() {
    let world = World::new().await;
    world.client("aaa").await;
    for body in [json!({}), json!({ "token": null }), json!({ "expirationDate": "2090-02-14T10:31:56.006Z" })] {
        assert!(world.refuses_and_keeps(world.binds("aaa", body), 400, "MISSING_PARAMETER").await.contains("`token`"));
    }
    let until = |date: Value| json!({ "token": "opaque-token", "expirationDate": date });
    for (body, name) in [
        (json!({ "token": "short" }), "token"),
        (json!({ "token": "" }), "token"),
        (json!({ "token": "with a space" }), "token"),
        (json!({ "token": "zeichenä-token" }), "token"),
        (json!({ "token": 7 }), "token"),
        (json!({ "token": "x".repeat(4_097) }), "token"),
        (until(json!("2020-01-01T00:00:00.000Z")), "expirationDate"),
        (until(json!("2200-01-01T00:00:00.000Z")), "expirationDate"),
        (until(json!("tomorrow")), "expirationDate"),
        (until(json!(4_000_000_000_000_u64)), "expirationDate"),
    ] {
        let message = world.refuses_and_keeps(world.binds("aaa", body), 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with(&format!("`{name}` ")), "{message}");
    }
    let call = world.binds("a%23b", json!({ "token": "opaque-token" }));
    assert!(world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await.contains("`client`"));
}

#[tokio::test]
async fn a_token_of_another_living_client_is_refused() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    world.binds("bbb", json!({ "token": "opaque-token" })).send().await.good();
    for token in ["opaque-token", bbb.token.as_str()] {
        let message =
            world.refuses_and_keeps(world.binds("aaa", json!({ "token": token })), 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with("`token` ") && !message.contains(token), "{message}");
    }
    assert_eq!(world.bearer("bbb", "opaque-token").get("/me").send().await.good()["_id"], "bbb");
    drop(aaa);
}

#[tokio::test]
async fn two_clients_cannot_bind_one_token_at_once() {
    let world = World::new().await;
    world.clients(["aaa", "bbb"]).await;
    world.stack.faults().always("TransactWriteItems", Fault::Delay(Duration::from_millis(100)));
    let bind = |id: &str| world.binds(id, json!({ "token": "opaque-token" })).send();
    let (one, two) = tokio::join!(bind("aaa"), bind("bbb"));
    let mut outcomes = [one.status, two.status];
    outcomes.sort();
    assert_eq!(outcomes, [200, 400], "{one:?} {two:?}");
    let winner = if one.status == 200 { "aaa" } else { "bbb" };
    assert_eq!(world.bearer("", "opaque-token").get("/me").send().await.good()["_id"], winner);
}

#[tokio::test]
async fn only_the_platform_binds_tokens() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    for caller in [aaa, world.stranger(), world.stranger().with("IM-API-KEY", "SampleApp.wrong")] {
        let call = caller.call(Method::PUT, "/admin/clients/aaa/token").body(json!({ "token": "opaque-token" }));
        world.refuses_and_keeps(call, 401, "INVALID_API_KEY").await;
    }
    let call = world.binds("aaa", json!({ "token": "opaque-token" })).header("IM-CLIENT-ID", "nobody");
    assert!(world.refuses_and_keeps(call, 404, "CLIENT_NOT_FOUND").await.contains("`nobody`"));
}

#[tokio::test]
async fn an_answer_lost_on_the_way_or_a_busy_table_costs_nothing() {
    for fault in [Fault::LoseResponse, Fault::TransactionConflict] {
        let world = World::new().await;
        world.client("aaa").await;
        world.stack.faults().next("TransactWriteItems", fault);
        let bound = world.binds("aaa", json!({ "token": "opaque-token" })).send().await.good();
        assert_eq!(world.bearer("aaa", &text(&bound["token"])).get("/me").send().await.good()["_id"], "aaa");
    }
}
