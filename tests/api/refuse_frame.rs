//! `$default`: frames that no route takes.

use serde_json::json;

use crate::actors::World;

#[tokio::test]
async fn a_frame_that_asks_for_nothing_is_told_what_there_is() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let mut watcher = world.opens(&aaa).await;
    let before = world.items().await;
    for (frame, code, named) in [
        ("hello", "INVALID_BODY", "JSON"),
        ("[]", "INVALID_BODY", "JSON"),
        ("\"subscribe\"", "INVALID_BODY", "JSON"),
        ("{}", "MISSING_PARAMETER", "`action`"),
        (r#"{"action":null}"#, "MISSING_PARAMETER", "`action`"),
        (r#"{"action":7}"#, "INVALID_PARAMETER", "`action`"),
        (r#"{"action":"$connect"}"#, "INVALID_PARAMETER", "`$connect`"),
        (r#"{"action":"Subscribe","room":"r"}"#, "INVALID_PARAMETER", "`Subscribe`"),
    ] {
        let message = watcher.is_refused(frame, code).await;
        assert!(message.contains(named), "{frame}: {message}");
    }
    let answer = watcher.asks(r#"{"action":"shout","room":"r"}"#).await;
    assert_eq!((&answer["action"], &answer["room"]), (&json!("shout"), &json!("r")), "it says what it answers");
    assert_eq!(world.items().await, before, "a refusal changes nothing");
}

#[tokio::test]
async fn after_a_refusal_the_socket_is_as_good_as_before() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.opens(&aaa).await;
    watcher.asks("nonsense").await;
    watcher.subscribes(json!({ "room": room })).await;
    aaa.says(&room, "hello").send().await.good();
    assert_eq!(watcher.event().await["type"], "message.created");
}
