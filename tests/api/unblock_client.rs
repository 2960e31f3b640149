//! `DELETE /blockStatus/my/:blockee`.

use local::Fault;
use serde_json::json;

use crate::actors::{World, pairs};

#[tokio::test]
async fn whom_nobody_blocks_any_more_may_add_again() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &ccc]).await;
    let made = bbb.blocks("aaa").send().await.good();
    bbb.blocks("ccc").send().await.good();
    aaa.adds(&room, &["bbb"]).send().await.refused(403, "BLOCKED");
    assert_eq!(bbb.unblocks("aaa").send().await.good(), made, "the block that was");
    assert_eq!(aaa.adds(&room, &["bbb"]).send().await.outcomes(), pairs(&[("bbb", "added")]));
    bbb.removes(&room, &["bbb"]).send().await.good();
    ccc.adds(&room, &["bbb"]).send().await.refused(403, "BLOCKED");
}

#[tokio::test]
async fn a_block_that_is_none_is_not_lifted() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    bbb.blocks("aaa").send().await.good();
    let told = world.refuses_and_keeps(aaa.unblocks("bbb"), 404, "BLOCK_NOT_FOUND").await;
    assert!(told.contains("`bbb`"), "{told}");
    world.refuses_and_keeps(aaa.unblocks("nobody"), 404, "BLOCK_NOT_FOUND").await;
    world.refuses_and_keeps(aaa.unblocks(&"x".repeat(129)), 400, "INVALID_PARAMETER").await;
    bbb.unblocks("aaa").send().await.good();
    world.refuses_and_keeps(bbb.unblocks("aaa"), 404, "BLOCK_NOT_FOUND").await;
}

#[tokio::test]
async fn the_platform_lifts_it_for_the_client_that_it_names() {
    let world = World::new().await;
    let [_aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let platform = world.platform();
    platform.blocks("aaa").body(json!({ "sender": "bbb" })).send().await.good();
    assert_eq!(bbb.lists_blocks().send().await.good()["data"][0]["blockee"]["_id"], "aaa");
    platform.unblocks("aaa").send().await.refused(400, "MISSING_PARAMETER");
    platform.unblocks("aaa").body(json!({ "sender": "bbb" })).send().await.good();
    assert_eq!(bbb.lists_blocks().send().await.good(), json!({ "data": [] }));
}

#[tokio::test]
async fn a_lifting_whose_answer_is_lost_answers_the_block_all_the_same() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let made = aaa.blocks("bbb").send().await.good();
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    assert_eq!(aaa.unblocks("bbb").send().await.good(), made);
    assert_eq!(aaa.lists_blocks().send().await.good(), json!({ "data": [] }));
}
