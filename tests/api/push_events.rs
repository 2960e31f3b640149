//! Showing what happens to open sockets: to whom, in which order, and what becomes of sockets that cannot be told.

use local::{BatchFault, CallFault};
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{World, text};
use crate::watchers::seqs;

/// What AWS calls sending a frame.
const PUSH: &str = "execute-api:ManageConnections";

#[tokio::test]
async fn who_is_a_member_no_longer_hears_nothing_and_loses_his_subscription() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for way in ["removed", "left", "banned"] {
        let room = world.group(&[&aaa, &bbb]).await;
        let (mut watcher, mut stays) = (world.watches(&bbb, &room).await, world.watches(&aaa, &room).await);
        let goes = match way {
            "removed" => aaa.removes_one(&room, "bbb"),
            "left" => bbb.removes_one(&room, "bbb"),
            _ => world.platform().bans(&room, "bbb"),
        };
        goes.send().await.good();
        aaa.says(&room, "about him").send().await.good();
        assert_eq!(world.heard(&mut watcher).await, Vec::<Value>::new(), "{way}");
        assert_eq!(world.heard(&mut stays).await.len(), 2, "{way}");
        let left = world.socket_items().await;
        let of_bbb = left.iter().filter(|item| item["SK"]["S"].as_str().unwrap().starts_with("bbb#"));
        assert_eq!(of_bbb.count(), 0, "{way}: the subscription is gone");
        if way != "banned" {
            aaa.adds(&room, &["bbb"]).send().await.good();
            assert!(world.heard(&mut watcher).await.is_empty(), "{way}: back again, he has to subscribe again");
            watcher.subscribes(json!({ "room": room })).await;
            aaa.says(&room, "welcome back").send().await.good();
            assert_eq!(world.heard(&mut watcher).await.len(), 1, "{way}");
        }
        watcher.closes().await;
        stays.closes().await;
    }
}

#[tokio::test]
async fn clients_of_any_id_hear() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    for id in ["張三", "~~~", " ", "!x", "😀"] {
        let client = world.client(id).await;
        let room = world.group(&[&aaa, &client]).await;
        let mut watcher = world.watches(&client, &room).await;
        aaa.says(&room, "hello").send().await.good();
        assert_eq!(world.heard(&mut watcher).await.len(), 1, "{id:?}");
        watcher.closes().await;
        assert!(world.socket_items().await.is_empty(), "{id:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_or_a_key_that_is_replaced_hears_nothing_more() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let mut watcher = world.watches(&bbb, &room).await;
    watcher.subscribes(json!({})).await;
    let mut platform = world.watches(&world.platform(), &room).await;
    aaa.says(&room, "for all").send().await.good();
    assert_eq!((world.heard(&mut watcher).await.len(), world.heard(&mut platform).await.len()), (1, 1));
    world.platform().call(Method::DELETE, "/admin/clients/bbb/token").send().await.good();
    for _ in 0..2 {
        world.stack.invoke("rotate_key", json!({ "app": "SampleApp", "kind": "api" })).await.unwrap();
    }
    aaa.sets(&room, "bbb", "mood", json!("curious")).send().await.good();
    assert!(world.heard(&mut watcher).await.is_empty() && world.heard(&mut platform).await.is_empty());
    assert!(world.socket_items().await.is_empty(), "nothing is kept for them");
}

#[tokio::test]
async fn a_socket_gets_what_it_is_told_at_once_in_the_order_of_the_log() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&aaa, &room).await;
    aaa.says(&room, "heard").send().await.good();
    let first = watcher.event().await["data"]["seq"].as_u64().unwrap() + 1;
    world.stack.faults().all_batches(BatchFault::Lose);
    for number in 0..130 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    world.stack.settled().await.unwrap();
    world.stack.faults().clear();
    aaa.says(&room, "the last").send().await.good();
    assert_eq!(seqs(&world.heard(&mut watcher).await), (first..=first + 130).collect::<Vec<_>>());
}

#[tokio::test]
async fn repeated_wake_ups_tell_nothing_twice() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&aaa, &room).await;
    world.stack.faults().all_batches(BatchFault::Repeat);
    for number in 0..5 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    let mut heard = seqs(&world.heard(&mut watcher).await);
    heard.sort_unstable();
    let last = world.events(&room).await.len() as u64;
    assert_eq!(heard, (last - 4..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_lost_push_is_found_by_its_gap() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&aaa, &room).await;
    let seen = world.events(&room).await.len();
    world.stack.faults().next_call("lambda:InvokeFunction", CallFault::Lose);
    aaa.says(&room, "lost").send().await.good();
    world.stack.settled().await.unwrap();
    aaa.says(&room, "heard").send().await.good();
    assert_eq!(watcher.event().await["data"]["seq"], json!(seen + 2));
    let answer = watcher.subscribes(json!({ "room": room, "after": seen })).await;
    assert_eq!(answer["events"][0]["data"]["message"]["message"], "lost");
}

/// Gives a room a subscription by a socket that is not there, as it stays behind when nobody told of its end.
async fn leaves_behind(world: &World, connection: &str) {
    for mut item in world.socket_items().await {
        if item["SK"]["S"] == "SOCKETS" {
            let name = item.as_object().unwrap().keys().find(|name| name.starts_with('#')).unwrap().clone();
            item[format!("#{connection}")] = item[&name].clone();
        } else {
            for part in ["PK", "SK"] {
                let key = text(&item[part]["S"]);
                let (head, tail) = key.rsplit_once('#').unwrap_or(("", &key));
                let is_connection = tail.ends_with('=');
                if is_connection {
                    item[part] = json!({ "S": format!("{head}#{connection}") });
                }
            }
        }
        world.write("PutItem", json!({ "TableName": world.stack.table(), "Item": item })).await;
    }
}

#[tokio::test]
async fn a_socket_that_is_gone_is_swept_away_with_all_that_it_watched() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let (room, other) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    let mut watcher = world.watches(&aaa, &room).await;
    watcher.subscribes(json!({ "room": other })).await;
    watcher.subscribes(json!({})).await;
    let before = world.socket_items().await;
    leaves_behind(&world, "GONEGONEGONEGON=").await;
    assert_eq!(world.socket_items().await.len(), before.len() + 3);
    aaa.says(&room, "hello").send().await.good();
    assert_eq!(world.heard(&mut watcher).await.len(), 1);
    assert_eq!(world.socket_items().await, before);
}

#[tokio::test]
async fn a_socket_that_misses_a_frame_is_closed_so_that_it_comes_back() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    for fault in [CallFault::Refuse, CallFault::Cut] {
        let mut watcher = world.watches(&aaa, &room).await;
        let seen = world.events(&room).await.len();
        for _ in 0..3 {
            world.stack.faults().next_call(PUSH, fault);
        }
        bbb.says(&room, "missed").send().await.good();
        assert!(watcher.event().await.is_null(), "{fault:?}: closed");
        assert!(world.socket_items().await.is_empty(), "{fault:?}");
        let mut again = world.opens(&aaa).await;
        let answer = again.subscribes(json!({ "room": room, "after": seen })).await;
        assert_eq!(answer["events"][0]["data"]["message"]["message"], "missed", "{fault:?}");
        again.closes().await;
    }
}

#[tokio::test]
async fn one_socket_that_fails_is_no_others_loss() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watchers = Vec::new();
    for _ in 0..40 {
        watchers.push(world.watches(&aaa, &room).await);
    }
    for _ in 0..5 {
        world.stack.faults().next_call(PUSH, CallFault::Refuse);
    }
    aaa.says(&room, "hello").send().await.good();
    for watcher in &mut watchers {
        assert_eq!(watcher.event().await["type"], "message.created");
    }
}

#[tokio::test]
async fn no_more_is_read_for_a_large_room_than_for_a_small_one() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let crowd = world.crowd(89).await;
    let members: Vec<&str> = crowd.iter().map(String::as_str).chain(["aaa"]).collect();
    let small = world.group(&[&aaa]).await;
    let large = world.room(json!({ "members": members })).await;
    let mut costs = Vec::new();
    for room in [&small, &large] {
        let mut watcher = world.watches(&aaa, room).await;
        aaa.says(room, "hello").send().await.good();
        assert_eq!(world.heard(&mut watcher).await.len(), 1);
        let push = world.stack.invocations().into_iter().rfind(|own| own.function == "PushEvents").unwrap();
        costs.push(push.requests.iter().map(|call| call.action.clone()).collect::<Vec<_>>());
        watcher.closes().await;
    }
    costs.iter_mut().for_each(|actions| actions.sort());
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].len() <= 6, "{costs:?}");
}

#[tokio::test]
async fn one_app_does_not_hear_of_another() {
    let world = World::new().await;
    let other = world.other_app("Other").await;
    let (aaa, stranger) = (world.client("aaa").await, other.client("aaa").await);
    for platform in [world.platform(), other.platform()] {
        platform.post("/rooms", json!({ "_id": "lobby", "members": ["aaa"] })).send().await.good();
    }
    let mut watcher = world.watches(&stranger, "lobby").await;
    watcher.subscribes(json!({})).await;
    let mut own = world.watches(&aaa, "lobby").await;
    aaa.sets("lobby", "aaa", "mood", json!("private")).send().await.good();
    assert_eq!(world.heard(&mut own).await.len(), 1);
    assert!(world.heard(&mut watcher).await.is_empty());
}

#[tokio::test]
async fn a_deleted_room_falls_silent() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&world.platform(), &room).await;
    world.platform().deletes(&room).send().await.good();
    world.stack.settled().await.unwrap();
    assert!(world.heard(&mut watcher).await.is_empty());
    let event = json!({ "app": "SampleApp", "room": room, "first": 1, "last": 9 });
    let cried = world.stack.invoke("push_events", event).await.unwrap();
    assert_eq!(cried, json!({ "frames": 0, "gone": 0, "failed": 0 }));
}
