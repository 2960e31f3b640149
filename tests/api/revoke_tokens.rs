//! `DELETE /admin/clients/:client/token`.

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use shared::auth::Hash;

use crate::actors::{Actor, Call, World};

/// A moment an hour before and one an hour after any that a test sees.
const HOUR: i64 = 60 * 60 * 1000;

impl World {
    /// Revokes tokens of a client.
    fn revokes(&self, client: &str, body: Value) -> Call {
        self.platform().call(Method::DELETE, &format!("/admin/clients/{client}/token")).body(body)
    }

    /// Revokes; what was revoked.
    async fn revoked(&self, client: &str, body: Value) -> Vec<Value> {
        let result = self.revokes(client, body).send().await.good();
        assert_eq!(result.as_object().unwrap().len(), 1, "{result}");
        result["data"].as_array().unwrap().clone()
    }

    /// The tokens that the table still holds of a client.
    async fn stored_tokens(&self, client: &str) -> usize {
        let items = self.items().await;
        items.iter().filter(|item| item["SK"]["S"] == "TOKEN" && item["client"]["S"] == client).count()
    }

    async fn amends_token(&self, token: &str, expression: &str, values: Value) {
        self.amends(&format!("SampleApp#TOKEN#{}", Hash::of(token).as_str()), "TOKEN", expression, values).await;
    }
}

/// Whether a token still proves its client, on every kind of route.
async fn works(actor: &Actor, room: &str) -> bool {
    let me = actor.get("/me").send().await;
    let talk = actor.talk_invites(room, json!({ "_userId": "nobody-there" })).send().await;
    let minimal = actor.reads(room).header("Prefer", "return=minimal").send().await;
    for answer in [me, minimal, actor.reads(room).send().await] {
        if answer.status == 200 {
            assert_eq!(talk.status, 400, "Talk finds no such user: {}", talk.body);
            continue;
        }
        let message = answer.refused(401, "INVALID_TOKEN");
        assert!(message.contains("is not a token of this app"), "as if there were none: {message}");
        assert_eq!((talk.status, &talk.body["code"]), (403, &json!(220)), "{}", talk.body);
        return false;
    }
    true
}

#[tokio::test]
async fn one_token_is_revoked_and_the_others_stay() {
    let world = World::new().await;
    let [first, second] = [world.client("aaa").await, world.client("aaa").await];
    let room = world.group(&[&first]).await;
    let body = json!({ "token": first.token });
    let revoked = world.revoked("aaa", body.clone()).await;
    let [one] = &revoked[..] else { panic!("{revoked:?}") };
    let fields: Vec<_> = one.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["createdAt", "expirationDate", "expirationDateMS", "token", "updatedAt"]);
    assert_eq!(one["token"], json!(first.token));
    assert!(!works(&first, &room).await);
    assert!(works(&second, &room).await);
    assert_eq!(world.stored_tokens("aaa").await, 1);
    assert!(world.revoked("aaa", body).await.is_empty(), "it is revoked already");
}

#[tokio::test]
async fn a_token_that_is_not_this_clients_is_left_alone() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let before = world.items().await;
    for token in [bbb.token.as_str(), "SampleApp.aaa.unknown", "opaque", ""] {
        assert!(world.revoked("aaa", json!({ "token": token })).await.is_empty(), "{token}");
    }
    assert_eq!(world.items().await, before);
    assert!(works(&bbb, &room).await && works(&aaa, &room).await);
}

#[tokio::test]
async fn all_tokens_of_a_client_are_revoked_at_once() {
    let world = World::new().await;
    let [first, second] = [world.client("aaa").await, world.client("aaa").await];
    let bound = world.client_with(json!({ "_id": "bbb" })).await;
    let body = json!({ "_id": "aaa", "token": "opaque-token" });
    world.platform().post("/admin/clients", body).send().await.good();
    let opaque = world.bearer("aaa", "opaque-token");
    let room = world.group(&[&first, &bound]).await;

    let revoked = world.revoked("aaa", json!({})).await;
    assert_eq!(revoked.len(), 3);
    for one in &revoked {
        let fields: Vec<_> = one.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["createdAt", "expirationDate", "expirationDateMS", "updatedAt"], "no token is known");
    }
    for actor in [&first, &second, &opaque] {
        assert!(!works(actor, &room).await);
    }
    assert!(works(&bound, &room).await, "others keep theirs");
    assert_eq!(world.stored_tokens("aaa").await, 0, "nothing is left of them");
    assert!(world.revoked("aaa", json!({})).await.is_empty());
}

#[tokio::test]
async fn a_token_made_afterwards_works() {
    let world = World::new().await;
    let old = world.client("aaa").await;
    let room = world.group(&[&old]).await;
    for _ in 0..3 {
        world.revoked("aaa", json!({})).await;
        let new = world.client("aaa").await;
        assert!(works(&new, &room).await && !works(&old, &room).await);
        // The operator may state one again that was revoked.
        let body = json!({ "_id": "aaa", "token": old.token });
        world.platform().post("/admin/clients", body).send().await.good();
        assert!(works(&old, &room).await);
    }
}

#[tokio::test]
async fn what_the_index_does_not_show_yet_is_revoked_all_the_same() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    world.amends_token(&aaa.token, "REMOVE GSI1PK, GSI1SK", json!({})).await;
    assert!(world.revoked("aaa", json!({})).await.is_empty());
    assert_eq!(world.stored_tokens("aaa").await, 1, "nobody found it");
    assert!(!works(&aaa, &room).await);
}

#[tokio::test]
async fn what_the_index_still_shows_and_is_another_clients_by_now_is_left_alone() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&bbb]).await;
    let values = json!({ ":pk": { "S": "SampleApp#CLIENT#aaa" } });
    world.amends_token(&bbb.token, "SET GSI1PK = :pk", values).await;
    assert_eq!(world.revoked("aaa", json!({})).await.len(), 1, "its own alone");
    assert!(works(&bbb, &room).await);
    drop(aaa);
}

#[tokio::test]
async fn a_token_stored_without_its_moment_works_until_all_are_revoked() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    world.amends_token(&aaa.token, "REMOVE createdAt, GSI1PK, GSI1SK", json!({})).await;
    assert!(works(&aaa, &room).await);
    world.revoked("aaa", json!({})).await;
    assert!(!works(&aaa, &room).await);
}

#[tokio::test]
async fn clocks_that_disagree_neither_save_a_token_nor_spoil_one() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    // A function whose clock is ahead has revoked: the next one's tokens must be later still.
    let now = aaa.get("/me").send().await.good()["lastLoginTimeMS"].as_i64().unwrap();
    let ahead = json!({ ":ahead": { "N": (now + HOUR).to_string() } });
    world.amends("SampleApp#CLIENT#aaa", "CLIENT", "SET revokedAt = :ahead", ahead).await;
    assert!(!works(&aaa, &room).await);
    let new = world.client("aaa").await;
    assert!(works(&new, &room).await);
    // A function whose clock is ahead has made that token: a revocation now must reach it.
    assert_eq!(world.revoked("aaa", json!({})).await.len(), 1);
    assert!(!works(&new, &room).await);
}

#[tokio::test]
async fn an_expired_token_is_not_told_of() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.expires(&format!("SampleApp#TOKEN#{}", Hash::of(&aaa.token).as_str()), "TOKEN").await;
    assert!(world.revoked("aaa", json!({ "token": aaa.token })).await.is_empty());
    assert!(world.revoked("aaa", json!({})).await.is_empty());
}

#[tokio::test]
async fn many_tokens_are_revoked_and_told_of() {
    let world = World::new().await;
    let mut actors = Vec::new();
    for _ in 0..60 {
        actors.push(world.client("aaa").await);
    }
    assert_eq!(world.revoked("aaa", json!({})).await.len(), 60);
    assert_eq!(world.stored_tokens("aaa").await, 0);
    let room = world.group(&[]).await;
    assert!(!works(&actors[0], &room).await && !works(&actors[59], &room).await);
}

#[tokio::test]
async fn a_client_who_does_not_exist_is_not_found() {
    let world = World::new().await;
    let other = world.other_app("Other").await;
    let theirs = other.client("theirs").await;
    for body in [json!({}), json!({ "token": theirs.token })] {
        for nobody in ["nobody", "theirs"] {
            let message = world.refuses_and_keeps(world.revokes(nobody, body.clone()), 404, "CLIENT_NOT_FOUND").await;
            assert!(message.contains(&format!("`{nobody}`")), "{message}");
        }
    }
    let call = world.revokes("nobody", json!({ "token": 7 }));
    assert!(world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await.contains("`token`"));
}

#[tokio::test]
async fn only_the_platform_revokes() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    for caller in [aaa, world.stranger(), world.stranger().with("IM-API-KEY", "SampleApp.wrong")] {
        let call = caller.call(Method::DELETE, "/admin/clients/aaa/token");
        world.refuses_and_keeps(call, 401, "INVALID_API_KEY").await;
    }
}

#[tokio::test]
async fn a_body_comes_with_delete_behind_a_slash_too() {
    let world = World::new().await;
    let [first, second] = [world.client("aaa").await, world.client("aaa").await];
    let room = world.group(&[&first]).await;
    let call = world.platform().call(Method::DELETE, "/admin/clients/aaa/token/").body(json!({ "token": first.token }));
    assert_eq!(call.send().await.good()["data"].as_array().unwrap().len(), 1);
    assert!(!works(&first, &room).await && works(&second, &room).await);
}

#[tokio::test]
async fn an_answer_lost_on_the_way_changes_no_answer() {
    for named in [true, false] {
        for (action, fault) in [
            ("TransactWriteItems", Fault::LoseResponse),
            ("TransactWriteItems", Fault::TransactionConflict),
            ("BatchGetItem", Fault::LoseResponse),
            ("Query", Fault::LoseResponse),
        ] {
            let world = World::new().await;
            let aaa = world.client("aaa").await;
            let room = world.group(&[&aaa]).await;
            let body = if named { json!({ "token": aaa.token }) } else { json!({}) };
            world.stack.faults().next(action, fault);
            assert_eq!(world.revoked("aaa", body).await.len(), 1, "{action}, {fault:?}, {named}");
            world.stack.faults().clear();
            assert!(!works(&aaa, &room).await);
        }
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_deleted_are_refused_all_the_same() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    world.stack.faults().always("DeleteItem", Fault::Throttle);
    assert_eq!(world.revoked("aaa", json!({})).await.len(), 1);
    world.stack.faults().clear();
    assert_eq!(world.stored_tokens("aaa").await, 1);
    assert!(!works(&aaa, &room).await);
    assert!(world.revoked("aaa", json!({})).await.is_empty(), "it was revoked the first time");
    assert_eq!(world.stored_tokens("aaa").await, 0, "what is left is swept by the next one");
}

#[tokio::test]
async fn a_token_issued_while_all_are_revoked_is_before_it_or_behind_it() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    for _ in 0..8 {
        let (new, revoked) = tokio::join!(world.client("aaa"), world.revoked("aaa", json!({})));
        let record = world.items().await.into_iter().find(|item| item["SK"]["S"] == "CLIENT").unwrap();
        let moment = |value: &Value| value["N"].as_str().unwrap().parse::<i64>().unwrap();
        let behind = moment(&record["profile"]["M"]["lastLogin"]) > moment(&record["revokedAt"]);
        assert_eq!(works(&new, &room).await, behind, "{revoked:?}");
    }
}

#[tokio::test]
async fn a_write_whose_end_nobody_knows_is_told_as_it_was() {
    for named in [true, false] {
        let world = World::new().await;
        let aaa = world.client("aaa").await;
        let room = world.group(&[&aaa]).await;
        let body = if named { json!({ "token": aaa.token }) } else { json!({}) };
        for _ in 0..3 {
            world.stack.faults().next("TransactWriteItems", Fault::LoseResponse); // as often as the SDK tries
        }
        assert_eq!(world.revoked("aaa", body).await.len(), 1, "{named}");
        assert!(!works(&aaa, &room).await);
    }
}
