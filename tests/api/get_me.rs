//! `GET /me`.

use serde_json::json;

use crate::actors::{Actor, World, text};

#[tokio::test]
async fn a_client_sees_itself_as_its_operator_does() {
    let world = World::new().await;
    let said = json!({
        "_id": "aaa", "nickname": "Ann", "avatarUrl": "https://x.io/a.png", "description": "Tester", "isRobot": true,
        "userAgent": "curl", "email": " Ann@X.io", "mobile": "131 0000 0000", "plan": { "tier": 3 },
        "issueAccessToken": true,
    });
    let mut made = world.platform().post("/admin/clients", said).send().await.good();
    let aaa = world.bearer("aaa", &text(&made["token"]));
    for issued in ["token", "expirationDate", "expirationDateMS", "claims"] {
        assert!(made.as_object_mut().unwrap().remove(issued).is_some());
    }
    assert_eq!(aaa.get("/me").send().await.good(), made);
    assert_eq!(aaa.get("/me/").send().await.good(), made, "behind a slash too");
}

#[tokio::test]
async fn nothing_is_written() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let before = world.items().await;
    aaa.get("/me").send().await.good();
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn each_token_shows_its_own_client() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let body = json!({ "_id": "ccc", "token": "SampleApp.aaa.0123456789" });
    world.platform().post("/admin/clients", body).send().await.good();
    let ccc = world.bearer("ccc", "SampleApp.aaa.0123456789"); // it names another client, and is this one's
    let other = world.other_app("Other").await;
    let theirs = other.client("aaa").await;
    for (actor, app) in [(&aaa, "SampleApp"), (&bbb, "SampleApp"), (&ccc, "SampleApp"), (&theirs, "Other")] {
        let me = actor.get("/me").send().await.good();
        assert_eq!((text(&me["_id"]), text(&me["appID"])), (actor.id.clone(), app.to_owned()));
    }
}

#[tokio::test]
async fn the_platform_names_whom_it_asks_about() {
    let world = World::new().await;
    world.client("aaa").await;
    let platform = world.platform();
    assert_eq!(platform.get("/me").header("IM-CLIENT-ID", "aaa").send().await.good()["_id"], "aaa");
    assert_eq!(platform.get("/me").body(json!({ "sender": "aaa" })).send().await.good()["_id"], "aaa");
    let message = platform.get("/me").send().await.refused(400, "MISSING_PARAMETER");
    assert!(message.contains("`IM-CLIENT-ID`"), "{message}");
    let answer = platform.get("/me").header("IM-CLIENT-ID", "nobody").send().await;
    assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody"] }));
    answer.refused(404, "CLIENT_NOT_FOUND");
}

#[tokio::test]
async fn whoever_proves_nobody_sees_nobody() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let theirs = world.other_app("Other").await.client("aaa").await;
    let refused = async |actor: Actor, code: &str| actor.get("/me").send().await.refused(401, code);
    refused(aaa.clone().without("IM-Authorization"), "INVALID_TOKEN").await;
    refused(aaa.clone().with("IM-Authorization", "SampleApp.aaa.wrong"), "INVALID_TOKEN").await;
    refused(aaa.clone().with("IM-Authorization", "SampleApp.nobody.wrong"), "INVALID_TOKEN").await;
    refused(aaa.clone().with("IM-Authorization", &theirs.token), "INVALID_TOKEN").await;
    refused(aaa.clone().without("IM-CLIENT-KEY"), "INVALID_CLIENT_KEY").await;
    refused(aaa.clone().with("IM-CLIENT-KEY", world.api_key()), "INVALID_CLIENT_KEY").await;
    refused(aaa.with("IM-API-KEY", "SampleApp.wrong"), "INVALID_API_KEY").await;
    refused(world.stranger(), "INVALID_CLIENT_KEY").await;
}
