//! `POST /me`.

use std::time::Duration;

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, World, text};

/// A client with everything that a client can have.
async fn ann(world: &World) -> Actor {
    let said = json!({
        "_id": "aaa", "nickname": "Ann", "avatarUrl": "u", "description": "d", "userAgent": "curl",
        "email": "ann@x.io", "mobile": "131 0000 0000", "plan": { "tier": 3 }, "seat": 7,
    });
    world.client_with(said).await
}

fn says(actor: &Actor, body: Value) -> Call {
    actor.post("/me", body)
}

#[tokio::test]
async fn a_client_changes_what_is_said_of_it() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    let before = aaa.get("/me").send().await.good();
    let said = json!({
        "nickname": "Anna", "avatarUrl": "v", "description": "e", "userAgent": "wget", "plan": { "since": 2020 },
        "locale": "zh",
    });
    let now = says(&aaa, said.clone()).send().await.good();
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(&now[name], value, "`{name}`");
    }
    for name in ["_id", "email", "mobile", "isRobot", "seat", "createdAt", "lastLoginTimeMS"] {
        assert_eq!(now[name], before[name], "`{name}`");
    }
    for absent in ["token", "expirationDate", "claims"] {
        assert!(now.get(absent).is_none(), "`{absent}` in {now}");
    }
    assert_eq!(aaa.get("/me").send().await.good(), now, "it is stored");
    let room = world.group(&[&aaa]).await;
    assert_eq!(world.sight(&room).await.room["members"][0]["nickname"], "Anna");
}

#[tokio::test]
async fn null_removes() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    let gone = ["nickname", "avatarUrl", "description", "userAgent", "plan"];
    let nulls = gone.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    let now = says(&aaa, Value::Object(nulls)).send().await.good();
    for name in gone {
        assert!(now.get(name).is_none(), "`{name}` in {now}");
    }
    assert_eq!(now["seat"], 7);
}

#[tokio::test]
async fn what_the_operator_vouches_for_is_refused_by_name() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    for (name, value) in [
        ("email", json!("other@x.io")),
        ("email", Value::Null),
        ("mobile", json!("13100000001")),
        ("mobile", Value::Null),
        ("isRobot", json!(true)),
        ("token", json!("a-token-of-my-own")),
        ("issueAccessToken", json!(true)),
        ("expirationDate", json!("2090-02-14T10:31:56.006Z")),
        ("expirationDateMS", json!(3_790_751_516_006_i64)),
        ("_id", json!("bbb")),
        ("id", json!("bbb")),
    ] {
        let mut body = json!({ "nickname": "Anna" });
        body[name] = value.clone();
        let message = world.refuses_and_keeps(says(&aaa, body), 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with(&format!("`{name}` ")), "{value}: {message}");
    }
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_changes() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    for (name, value) in [
        ("nickname", json!(7)),
        ("nickname", json!("x".repeat(257))),
        ("avatarUrl", json!({})),
        ("description", json!(true)),
        ("userAgent", json!([])),
        ("isRobot", json!("yes")),
        ("id", json!(7)),
        ("plan", json!("x".repeat(20_000))),
    ] {
        let body = json!({ name: value });
        let message = world.refuses_and_keeps(says(&aaa, body), 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with(&format!("`{name}` ")), "{message}");
    }
    world.refuses_and_keeps(aaa.post("/me", json!([])), 400, "INVALID_BODY").await;
}

#[tokio::test]
async fn a_reply_sent_back_changes_nothing() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    let mut before = aaa.get("/me").send().await.good();
    let mut after = says(&aaa, before.clone()).send().await.good();
    for reply in [&mut before, &mut after] {
        reply.as_object_mut().unwrap().remove("updatedAt");
    }
    assert_eq!(after, before);
    let items = world.items().await;
    let custom = items.iter().find(|item| item["SK"]["S"] == "CLIENT").unwrap()["custom"].clone();
    let custom: Value = serde_json::from_str(custom["S"].as_str().unwrap()).unwrap();
    assert_eq!(custom, json!({ "plan": { "tier": 3 }, "seat": 7 }), "nothing of ours is taken for a field of his own");
}

#[tokio::test]
async fn the_addresses_still_lead_to_the_client() {
    let world = World::new().await;
    let event =
        json!({ "app": "Far", "defaultRegion": "US", "clientKey": "Far.a-client-key", "apiKey": "Far.an-api-key-too" });
    world.stack.invoke("create_app", event).await.unwrap();
    let platform = world.stranger().with("IM-API-KEY", "Far.an-api-key-too");
    let body = json!({ "_id": "aaa", "mobile": "(415) 555-2671", "email": "ann@x.io", "issueAccessToken": true });
    let made = platform.post("/admin/clients", body).send().await.good();
    let aaa = world.stranger().with("IM-CLIENT-KEY", "Far.a-client-key").with("Authorization", &text(&made["token"]));
    assert_eq!(says(&aaa, json!({ "nickname": "Ann" })).send().await.good()["mobile"], "(415) 555-2671");
    platform.post("/rooms", json!({ "_id": "r" })).send().await.good();
    let found = platform.talk_invites("r", json!({ "mobile": "4155552671" })).send().await.bare();
    assert_eq!((&found["_id"], &found["name"]), (&json!("aaa"), &json!("Ann")));
    // The operator's next statement still finds everything as it was.
    let now = platform.post("/admin/clients", json!({ "_id": "aaa" })).send().await.good();
    assert_eq!((&now["nickname"], &now["email"]), (&json!("Ann"), &json!("ann@x.io")));
}

#[tokio::test]
async fn the_platform_speaks_for_whom_it_names() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    let platform = world.platform();
    platform.post("/me", json!({ "nickname": "One" })).header("IM-CLIENT-ID", "aaa").send().await.good();
    assert_eq!(aaa.get("/me").send().await.good()["nickname"], "One");
    let two = platform.post("/me", json!({ "nickname": "Two", "sender": "aaa" })).send().await.good();
    assert_eq!((&two["nickname"], two.get("sender")), (&json!("Two"), None));
    let message = world.refuses_and_keeps(platform.post("/me", json!({ "nickname": "x" })), 400, "MISSING_PARAMETER");
    assert!(message.await.contains("`IM-CLIENT-ID`"));
    let call = platform.post("/me", json!({ "nickname": "x", "sender": "nobody" }));
    assert!(world.refuses_and_keeps(call, 404, "CLIENT_NOT_FOUND").await.contains("`nobody`"));
}

#[tokio::test]
async fn whoever_proves_nobody_changes_nothing() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    let said = || json!({ "nickname": "x" });
    let wrong = aaa.clone().with("IM-Authorization", "SampleApp.aaa.wrong");
    world.refuses_and_keeps(says(&wrong, said()), 401, "INVALID_TOKEN").await;
    world.refuses_and_keeps(says(&aaa.clone().without("IM-CLIENT-KEY"), said()), 401, "INVALID_CLIENT_KEY").await;
    world.refuses_and_keeps(says(&aaa.with("IM-API-KEY", "SampleApp.wrong"), said()), 401, "INVALID_API_KEY").await;
}

#[tokio::test]
async fn two_changes_at_once_are_both_kept() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    world.stack.faults().always("TransactWriteItems", Fault::Delay(Duration::from_millis(100)));
    let calls = [json!({ "nickname": "Anna" }), json!({ "locale": "zh" }), json!({ "seat": 8 })];
    let [one, two, three] = calls.map(|body| says(&aaa, body).send());
    for answer in <[_; 3]>::from(tokio::join!(one, two, three)) {
        answer.good();
    }
    let now = aaa.get("/me").send().await.good();
    assert_eq!((&now["nickname"], &now["locale"], &now["seat"]), (&json!("Anna"), &json!("zh"), &json!(8)));
}

#[tokio::test]
async fn a_token_revoked_meanwhile_changes_nothing() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    world.stack.faults().next("TransactWriteItems", Fault::Delay(Duration::from_millis(400)));
    let late = tokio::spawn(says(&aaa, json!({ "nickname": "Late" })).send());
    tokio::time::sleep(Duration::from_millis(150)).await;
    let revoke = world.platform().call(reqwest::Method::DELETE, "/admin/clients/aaa/token").send().await.good();
    assert_eq!(revoke["data"].as_array().unwrap().len(), 1);
    late.await.unwrap().refused(401, "INVALID_TOKEN");
    let now = world.platform().get("/me").header("IM-CLIENT-ID", "aaa").send().await.good();
    assert_eq!(now["nickname"], "Ann");
}

#[tokio::test]
async fn an_answer_lost_on_the_way_costs_nothing() {
    let world = World::new().await;
    let aaa = ann(&world).await;
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    assert_eq!(says(&aaa, json!({ "nickname": "Anna" })).send().await.good()["nickname"], "Anna");
}

#[tokio::test]
async fn who_may_add_it_is_shown_to_itself_and_the_platform_and_to_nobody_else() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    assert_eq!(aaa.get("/me").send().await.good()["invitePolicy"], "everyone");
    for policy in ["nobody", "shared_room", "everyone"] {
        assert_eq!(aaa.admits(policy).send().await.good()["invitePolicy"], policy);
        says(&aaa, json!({ "nickname": policy })).send().await.good(); // what is left out stays
        assert_eq!(aaa.get("/me").send().await.good()["invitePolicy"], policy);
        let listed = world.platform().get("/admin/clients").send().await.good();
        assert_eq!(listed["data"][0]["invitePolicy"], policy);
    }
    aaa.admits("nobody").send().await.good();
    assert_eq!(says(&aaa, json!({ "invitePolicy": null })).send().await.good()["invitePolicy"], "everyone");
    let stated = json!({ "_id": "aaa", "invitePolicy": "shared_room" });
    assert_eq!(world.platform().post("/admin/clients", stated).send().await.good()["invitePolicy"], "shared_room");
    let room = world.group(&[&aaa, &bbb]).await;
    let seen = bbb.reads(&room).send().await.good();
    assert!(!seen.to_string().contains("invitePolicy"), "{seen}");
}

#[tokio::test]
async fn what_is_no_policy_is_refused_by_name() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    for odd in [json!("friends"), json!(""), json!(true), json!(["nobody"])] {
        let stated = json!({ "_id": "aaa", "invitePolicy": odd });
        for call in [says(&aaa, json!({ "invitePolicy": odd })), world.platform().post("/admin/clients", stated)] {
            let told = world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await;
            assert!(told.contains("`invitePolicy`"), "{told}");
        }
    }
}
