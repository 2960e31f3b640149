//! `POST /rooms/:id/members`.

use serde_json::json;

use crate::actors::{World, ids, pairs};

#[tokio::test]
async fn a_member_adds_several_clients_at_once() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.adds(&room, &["ccc", "bbb"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ccc", "added"), ("bbb", "added")]));
    assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb", "ccc"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_unknown_invitee_fails_the_call_and_nothing_changes() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    let answer = aaa.adds(&room, &["bbb", "nobody", "noone"]).send().await;
    assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody", "noone"] }));
    assert!(answer.refused(404, "CLIENT_NOT_FOUND").contains("`nobody`, `noone`"));
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn two_rounds_suffice_whatever_the_number_of_invitees() {
    let world = World::on(local::Stack::builder().count_rounds(true)).await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let answer = aaa.adds(&room, &["aaa"]).send().await;
    let invocation = world.stack.invocation(&answer.request_id()).unwrap();
    assert_eq!(invocation.rounds, Some(1), "{invocation:?}");
}
