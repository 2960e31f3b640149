//! `GET /rooms/:id/events`.

use serde_json::{Value, json};

use crate::actors::{Actor, World, text};

/// A room with a history of five entries: made, `aaa` in, `bbb` added, `ccc` invited, `ccc` in.
async fn history() -> (World, [Actor; 4], String) {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    bbb.invites(&room, &["ccc"]).send().await.good();
    ccc.joins(&room).send().await.good();
    (world, [aaa, bbb, ccc, ddd], room)
}

fn column<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().map(|event| &event[name]).collect()
}

#[tokio::test]
async fn the_log_tells_all_that_happened_in_order() {
    let (world, [_, _, ccc, _], room) = history().await;
    let page = ccc.get(&format!("/rooms/{room}/events")).send().await.good();
    assert_eq!((&page["totalCount"], page.get("nextAfter")), (&json!(5), None));
    let events = page["data"].as_array().unwrap();
    assert_eq!(column(events, "seq"), [1, 2, 3, 4, 5].map(|seq| json!(seq)).each_ref());
    let types = ["room.created", "member.joined", "member.joined", "member.invited", "member.joined"];
    assert_eq!(column(events, "type"), types.map(|kind| json!(kind)).each_ref());
    let actors = [json!(null), json!(null), json!("aaa"), json!("bbb"), json!("ccc")];
    assert_eq!(column(events, "actor"), actors.each_ref());
    let clients = [json!([]), json!(["aaa"]), json!(["bbb"]), json!(["ccc"]), json!(["ccc"])];
    assert_eq!(column(events, "clients"), clients.each_ref());
    assert_eq!(column(events, "memberCount"), [0, 1, 2, 2, 3].map(|count| json!(count)).each_ref());
    let via = [json!(null), json!("added"), json!("added"), json!(null), json!("invitation")];
    assert_eq!(column(events, "via"), via.each_ref());
    let inviters = [json!(null), json!(null), json!("aaa"), json!(null), json!("bbb")];
    assert_eq!(column(events, "inviter"), inviters.each_ref());
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_entry_tells_when_and_what_was_said() {
    let (_world, [aaa, ..], room) = history().await;
    let page = aaa.get(&format!("/rooms/{room}/events")).send().await.good();
    let events = page["data"].as_array().unwrap();
    let moments: Vec<i64> = events.iter().map(|event| event["atMS"].as_i64().unwrap()).collect();
    assert!(moments.is_sorted_by(|early, late| early < late), "later than the entry before: {moments:?}");
    let entry_ids: Vec<String> = events.iter().map(|event| text(&event["id"])).collect();
    assert!(entry_ids.is_sorted_by(|early, late| early < late), "{entry_ids:?}");
    for event in events {
        let at = text(&event["at"]);
        assert!(at.len() == 24 && at.ends_with('Z'), "ISO 8601 with milliseconds: {at}");
    }
    let message = &events[2]["message"];
    assert_eq!((&message["_id"], &message["messageType"]), (&events[2]["id"], &json!("addMember")));
    assert_eq!((&message["message"], &message["room"]), (&json!("BBB"), &json!(room)));
    assert_eq!(aaa.reads(&room).send().await.good()["lastMessage"], *message);
    assert_eq!(events.iter().filter(|event| event.get("message").is_some()).count(), 1);
    assert!(text(&events[3]["expiresAt"]) > text(&events[3]["at"]), "{}", events[3]);
}

#[tokio::test]
async fn after_and_limit_cut_the_log_anywhere() {
    let (world, [aaa, ..], room) = history().await;
    let all = world.events(&room).await;
    for after in 0..7 {
        for limit in 1..7 {
            let page = aaa.get(&format!("/rooms/{room}/events?after={after}&limit={limit}")).send().await.good();
            let (from, to) = (after.min(5), (after + limit).min(5));
            assert_eq!(page["data"], json!(all[from..to]), "after {after}, {limit} at most");
            let next = (to < 5).then(|| json!(to));
            assert_eq!(page.get("nextAfter"), next.as_ref(), "after {after}, {limit} at most");
            assert_eq!(page["totalCount"], json!(5));
        }
    }
    let page = aaa.get(&format!("/rooms/{room}/events?after={}", u64::MAX)).send().await.good();
    assert_eq!((&page["data"], page.get("nextAfter")), (&json!([]), None));
}

#[tokio::test]
async fn a_page_holds_a_hundred_entries_unless_told_otherwise() {
    let world = World::new().await;
    let crowd = world.crowd(101).await;
    let room = world.group(&[]).await;
    for client in &crowd {
        world.platform().adds_one(&room, client).send().await.good();
    }
    let page = world.platform().get(&format!("/rooms/{room}/events")).send().await.good();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["nextAfter"]), (100, &json!(100)));
    let page = world.platform().get(&format!("/rooms/{room}/events?limit=1000")).send().await.good();
    assert_eq!((page["data"].as_array().unwrap().len(), page.get("nextAfter")), (102, None));
}

#[tokio::test]
async fn a_limit_or_place_that_is_none_is_refused_by_name() {
    let (_world, [aaa, ..], room) = history().await;
    for query in ["limit=0", "limit=1001", "limit=x", "after=-1", "after=x"] {
        let (name, _) = query.split_once('=').unwrap();
        let answer = aaa.get(&format!("/rooms/{room}/events?{query}")).send().await;
        let message = answer.refused(400, "INVALID_PARAMETER");
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
}

#[tokio::test]
async fn only_members_and_the_platform_read_the_log() {
    let (world, [aaa, _, _, ddd], room) = history().await;
    let path = format!("/rooms/{room}/events");
    ddd.get(&path).send().await.refused(403, "NOT_ROOM_MEMBER");
    aaa.invites(&room, &["ddd"]).send().await.good();
    ddd.get(&path).send().await.refused(403, "NOT_ROOM_MEMBER");
    let all = world.platform().get(&path).send().await.good();
    assert_eq!(aaa.get(&path).send().await.good(), all);
    aaa.get("/rooms/there-is-none/events").send().await.refused(404, "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn what_was_refused_leaves_no_entry() {
    let (world, [aaa, _, _, ddd], room) = history().await;
    let before = world.sight(&room).await;
    aaa.adds(&room, &["nobody"]).send().await.refused(404, "CLIENT_NOT_FOUND");
    ddd.adds(&room, &["aaa"]).send().await.refused(403, "NOT_ROOM_MEMBER");
    aaa.adds(&room, &["bbb", "ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(world.sight(&room).await, before, "neither has what was so already");
}

#[tokio::test]
async fn the_log_shows_no_invited_address() {
    let (world, [aaa, ..], room) = history().await;
    aaa.talk_invites(&room, json!({ "email": "someone@example.com" })).send().await.bare();
    let events = world.events(&room).await;
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["clients"]), (&json!("member.invited"), &json!([])));
    assert!(last["invitation"].is_string(), "{last}");
    assert!(!json!(events).to_string().contains("example.com"), "{last}");
}
