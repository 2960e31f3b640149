//! `$disconnect`: what a socket watched goes with it.

use local::Fault;
use serde_json::json;

use crate::actors::World;

#[tokio::test]
async fn nothing_is_left_of_a_socket_that_was_closed_or_cut() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let (room, other) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    for actor in [&aaa, &world.platform(), &world.platform().with("IM-CLIENT-ID", "bbb")] {
        for is_cut in [false, true] {
            let mut watcher = world.watches(actor, &room).await;
            watcher.subscribes(json!({ "room": other, "style": "talk" })).await;
            if actor.headers().iter().any(|(name, _)| name != "IM-API-KEY") {
                watcher.subscribes(json!({})).await;
            }
            assert!(world.socket_items().await.len() >= 3);
            if is_cut {
                world.stack.drop_sockets()
            } else {
                watcher.closes().await
            }
            assert!(world.socket_items().await.is_empty(), "cut: {is_cut}");
        }
    }
    let mut stays = world.opens(&bbb).await;
    stays.subscribes(json!({})).await;
    world.opens(&bbb).await.closes().await; // one that watched nothing
    aaa.invites(&room, &["bbb"]).send().await.good();
    assert_eq!(world.heard(&mut stays).await.len(), 1, "another socket of the client's stays");
}

#[tokio::test]
async fn what_was_not_forgotten_in_time_is_forgotten_at_the_next_event() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&aaa, &room).await;
    watcher.subscribes(json!({})).await;
    world.stack.faults().always("BatchGetItem", Fault::Throttle);
    watcher.closes().await;
    world.stack.settled().await.unwrap();
    world.stack.faults().clear();
    assert_eq!(world.socket_items().await.len(), 3, "the function could not do it");
    aaa.says(&room, "hello").send().await.good();
    assert!(world.socket_items().await.is_empty());
}
