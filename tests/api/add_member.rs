//! `POST /rooms/:id/members/:invitee`.

use crate::actors::{World, ids, pairs};

#[tokio::test]
async fn a_member_adds_one_client() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.adds_one(&room, "bbb").send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb"]);
    world.holds_together(&room).await;
}
