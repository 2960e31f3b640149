//! `unsubscribe`: watching no longer.

use serde_json::json;

use crate::actors::World;

#[tokio::test]
async fn who_unsubscribes_from_a_room_hears_nothing_more_of_it() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let (room, other) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    let mut watcher = world.watches(&aaa, &room).await;
    watcher.subscribes(json!({ "room": other })).await;
    let answer = watcher.unsubscribes(json!({ "room": room })).await;
    assert_eq!(answer, json!({ "type": "unsubscribed", "room": room }));
    aaa.says(&room, "unheard").send().await.good();
    aaa.says(&other, "heard").send().await.good();
    let heard = world.heard(&mut watcher).await;
    assert_eq!((heard.len(), &heard[0]["data"]["room"]), (1, &json!(other)));
}

#[tokio::test]
async fn who_unsubscribes_from_himself_hears_no_invitation() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let (mut watcher, mut other) = (world.opens(&bbb).await, world.opens(&bbb).await);
    watcher.subscribes(json!({})).await;
    other.subscribes(json!({})).await;
    let answer = watcher.unsubscribes(json!({})).await;
    assert_eq!(answer, json!({ "type": "unsubscribed", "client": "bbb" }));
    aaa.invites(&room, &["bbb"]).send().await.good();
    assert!(world.heard(&mut watcher).await.is_empty());
    assert_eq!(world.heard(&mut other).await.len(), 1, "his other socket still does");
}

#[tokio::test]
async fn who_does_not_watch_may_say_so() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let mut watcher = world.opens(&aaa).await;
    let before = world.items().await;
    for frame in [json!({ "room": "no-such-room" }), json!({})] {
        watcher.unsubscribes(frame).await;
    }
    assert_eq!(world.items().await, before, "nothing is left of it");
    let refusal = watcher.is_refused(r#"{"action":"unsubscribe","room":"a/b"}"#, "INVALID_PARAMETER").await;
    assert!(refusal.contains("`room`"), "{refusal}");
}

#[tokio::test]
async fn where_nobody_watches_any_more_nobody_is_woken() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&aaa, &room).await;
    watcher.subscribes(json!({})).await;
    watcher.unsubscribes(json!({ "room": room })).await;
    watcher.unsubscribes(json!({})).await;
    aaa.sets(&room, "aaa", "mood", json!("fine")).send().await.good();
    world.stack.settled().await.unwrap();
    assert!(!world.stack.invocations().iter().any(|own| own.function == "PushEvents"));
}
