//! `DELETE /blockStatus/room/:id/:blockee`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{World, all_at_once, ids};

#[tokio::test]
async fn whose_ban_is_lifted_is_a_stranger_and_may_come_in_again() {
    let world = World::new().await;
    let [own, bbb] = world.clients(["own", "bbb"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["bbb"] })).await;
    own.sets(&room, "bbb", "role", json!("admin")).send().await.good();
    let made = own.bans(&room, "bbb").send().await.good();

    let answer = own.unbans(&room, "bbb").send().await;
    assert!(answer.body.get("outcomes").is_none(), "{}", answer.body);
    assert_eq!(answer.good(), made, "the block that was removed");
    let entry = world.last_event(&room).await;
    assert_eq!(
        (&entry["type"], &entry["actor"], &entry["clients"]),
        (&json!("member.unbanned"), &json!("own"), &json!(["bbb"]))
    );
    assert_eq!((entry.get("message"), &entry["memberCount"]), (None, &json!(1)));
    bbb.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    let told = bbb.joins(&room).send().await.good();
    assert_eq!(ids(&told["members"]), ["own", "bbb"]);
    assert_eq!(told["memberProperties"][1].get("role"), None, "the office is not given back");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_that_the_ban_closed_stays_closed() {
    let world = World::new().await;
    let [own, bbb] = world.clients(["own", "bbb"]).await;
    let room = world.room(json!({ "owner": "own", "invitationRequired": true })).await;
    own.invites(&room, &["bbb"]).send().await.good();
    own.bans(&room, "bbb").send().await.good();
    own.unbans(&room, "bbb").send().await.good();
    bbb.joins(&room).send().await.refused(403, "INVITATION_REQUIRED");
    own.invites(&room, &["bbb"]).send().await.good();
    bbb.joins(&room).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_is_not_banned_has_no_ban_to_lift() {
    let world = World::new().await;
    let [own, _mem, _guest, _out, _late] = world.clients(["own", "mem", "guest", "out", "late"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["mem"] })).await;
    own.invites(&room, &["guest", "late"]).send().await.good();
    world.lapses(&room, "late").await;
    let before = world.sight(&room).await;
    for client in ["own", "mem", "guest", "late", "out", "nobody"] {
        for by in [&own, &world.platform()] {
            let said = by.unbans(&room, client).send().await.refused(404, "BLOCK_NOT_FOUND");
            assert!(said.contains(&format!("`{client}`")) && said.contains(&room), "{said}");
        }
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn only_owner_admins_and_platform_lift_a_ban() {
    let world = World::new().await;
    let [own, adm, mem, out, bbb, _ccc, _ddd] = world.clients(["own", "adm", "mem", "out", "bbb", "ccc", "ddd"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem"] })).await;
    let hidden = world.room(json!({ "owner": "own", "isPrivate": true })).await;
    let free = world.room(json!({ "members": ["mem"] })).await;
    own.sets(&room, "adm", "role", json!("admin")).send().await.good();
    for client in ["bbb", "ccc", "ddd"] {
        own.bans(&room, client).send().await.good();
    }
    world.bans(&free, "bbb").await;
    own.bans(&hidden, "ccc").send().await.good();
    let before = (world.sight(&room).await, world.sight(&hidden).await, world.sight(&free).await);

    mem.unbans(&room, "bbb").send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    mem.unbans(&free, "bbb").send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    out.unbans(&room, "bbb").send().await.refused(403, "NOT_ROOM_MEMBER");
    bbb.unbans(&room, "bbb").send().await.refused(403, "NOT_ROOM_MEMBER");
    out.unbans(&hidden, "ccc").send().await.refused(404, "ROOM_NOT_FOUND");
    own.unbans("absent", "bbb").send().await.refused(404, "ROOM_NOT_FOUND");
    let other = world.other_app("Other").await;
    other.platform().unbans(&room, "bbb").send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().unbans(&room, "bbb").send().await.refused(401, "INVALID_CLIENT_KEY");
    let long = own.unbans(&room, &"x".repeat(129)).send().await.refused(400, "INVALID_PARAMETER");
    assert!(long.contains("`blockee`"), "{long}");
    assert_eq!((world.sight(&room).await, world.sight(&hidden).await, world.sight(&free).await), before);

    adm.unbans(&room, "bbb").send().await.good();
    own.unbans(&room, "ccc").send().await.good();
    let block = world.platform().unbans(&room, "ddd").body(json!({ "sender": "out" })).send().await.good();
    assert_eq!(block["blocker"], json!("own"), "who banned, not who lifts it");
    assert_eq!(world.last_event(&room).await["actor"], json!("out"));
    let nameless = world.platform().unbans(&free, "bbb").send().await.good();
    assert_eq!(nameless["blocker"], Value::Null);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_ban_that_many_lift_at_once_is_lifted_once() {
    let world = World::new().await;
    let [own, _bbb] = world.clients(["own", "bbb"]).await;
    let room = world.room(json!({ "owner": "own" })).await;
    own.bans(&room, "bbb").send().await.good();
    let before = world.events(&room).await.len();
    let answers = all_at_once(8, (0..8).map(|_| own.unbans(&room, "bbb"))).await;
    let (done, late): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1);
    for answer in late {
        answer.refused(404, "BLOCK_NOT_FOUND");
    }
    assert_eq!(world.events(&room).await.len(), before + 1);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_still_tells_the_block_that_was_removed() {
    let world = World::new().await;
    let [own, _bbb] = world.clients(["own", "bbb"]).await;
    let room = world.room(json!({ "owner": "own" })).await;
    let made = own.bans(&room, "bbb").send().await.good();
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    assert_eq!(own.unbans(&room, "bbb").send().await.good(), made);
    world.holds_together(&room).await;
}
