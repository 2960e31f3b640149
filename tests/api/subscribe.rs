//! `subscribe`: watching a room or oneself, and catching up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{World, text};
use crate::talkers::{INVITATION, ROOM, USER, is_as_documented};
use crate::watchers::seqs;

/// A frame that subscribes to a room.
fn to(room: &str) -> String {
    json!({ "action": "subscribe", "room": room }).to_string()
}

#[tokio::test]
async fn a_member_hears_what_happens_as_the_log_has_it() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.opens(&aaa).await;
    let answer = watcher.subscribes(json!({ "room": room })).await;
    let so_far = world.events(&room).await.len();
    assert_eq!(answer, json!({ "type": "subscribed", "room": room, "seq": so_far }), "without `after` no events");
    aaa.adds(&room, &["bbb"]).send().await.good();
    let said = aaa.says(&room, "hello").send().await.good();
    aaa.edits(&room, &said["_id"], "hello all").send().await.good();
    let heard = world.heard(&mut watcher).await;
    assert_eq!(heard.len(), 3, "{heard:#?}");
    for (event, mut entry) in heard.into_iter().zip(world.events(&room).await.split_off(so_far)) {
        (entry["app"], entry["room"]) = (json!("SampleApp"), json!(room));
        assert_eq!(event, json!({ "type": entry["type"], "timestamp": entry["at"], "data": entry }));
    }
}

#[tokio::test]
async fn what_was_missed_comes_by_the_hundred() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let first = world.events(&room).await.len() as u64;
    for number in 0..120 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    let mut watcher = world.opens(&aaa).await;
    let page = watcher.subscribes(json!({ "room": room, "after": first })).await;
    assert_eq!((&page["seq"], &page["more"]), (&json!(first + 100), &json!(true)));
    assert_eq!(seqs(page["events"].as_array().unwrap()), (first + 1..=first + 100).collect::<Vec<_>>());
    let rest = watcher.subscribes(json!({ "room": room, "after": page["seq"] })).await;
    assert_eq!((&rest["seq"], &rest["more"]), (&json!(first + 120), &json!(false)));
    assert_eq!(seqs(rest["events"].as_array().unwrap()), (first + 101..=first + 120).collect::<Vec<_>>());
    let exactly = watcher.subscribes(json!({ "room": room, "after": first + 20 })).await;
    assert_eq!((exactly["events"].as_array().unwrap().len(), &exactly["more"]), (100, &json!(false)));
    let nothing = watcher.subscribes(json!({ "room": room, "after": first + 120 })).await;
    assert_eq!(nothing, json!({ "type": "subscribed", "room": room, "seq": first + 120, "events": [], "more": false }));
    let beyond = watcher.subscribes(json!({ "room": room, "after": 999_999 })).await;
    assert_eq!((&beyond["seq"], &beyond["events"]), (&json!(first + 120), &json!([])), "nobody has seen that many");
    let all = watcher.subscribes(json!({ "room": room, "after": 0 })).await;
    assert_eq!(seqs(all["events"].as_array().unwrap())[0], 1);
    assert!(world.heard(&mut watcher).await.is_empty());
}

#[tokio::test]
async fn what_was_missed_comes_in_frames_that_a_socket_takes() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    for number in 0..12 {
        aaa.says(&room, &format!("{number} {}", "x".repeat(15_000))).send().await.good();
    }
    let last = world.events(&room).await.len() as u64;
    let mut watcher = world.opens(&aaa).await;
    let (mut after, mut seen, mut pages) = (0, Vec::new(), 0);
    loop {
        let page = watcher.subscribes(json!({ "room": room, "after": after })).await;
        assert!(page.to_string().len() <= 101 * 1024, "{} bytes", page.to_string().len());
        seen.extend(seqs(page["events"].as_array().unwrap()));
        after = page["seq"].as_u64().unwrap();
        pages += 1;
        if page["more"] == json!(false) {
            break;
        }
    }
    assert_eq!((seen, pages), ((1..=last).collect::<Vec<_>>(), 2));
}

/// Profiles are long: one entry that names ninety of them is longer than a socket takes.
#[tokio::test]
async fn an_entry_too_long_for_a_socket_says_where_it_is() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let crowd: Vec<String> = (0..90).map(|number| format!("c{number}")).collect();
    let avatar = format!("https://x.io/{}", "x".repeat(1_000));
    for id in &crowd {
        world
            .platform()
            .post("/admin/clients", json!({ "_id": id, "avatarUrl": avatar, "description": "x".repeat(400) }))
            .send()
            .await
            .good();
    }
    let room = world.group(&[&aaa]).await;
    let before = world.events(&room).await.len() as u64;
    let mut watcher = world.opens(&aaa).await;
    watcher.subscribes(json!({ "room": room, "style": "imkit" })).await;
    let all: Vec<&str> = crowd.iter().map(String::as_str).collect();
    aaa.adds(&room, &all).send().await.good();
    let skipped = json!({ "type": "skipped", "room": room, "seq": before + 1 });
    assert_eq!(json!(world.heard(&mut watcher).await), json!([skipped]));
    for style in ["imkit", "talk"] {
        let caught_up = watcher.subscribes(json!({ "room": room, "after": before, "style": style })).await;
        assert_eq!(caught_up["events"], json!([skipped]), "{style}");
        assert_eq!((&caught_up["seq"], &caught_up["more"]), (&json!(before + 1), &json!(false)), "{style}");
    }
    let ours = watcher.subscribes(json!({ "room": room, "after": before })).await;
    assert_eq!(ours["events"][0]["data"]["clients"].as_array().unwrap().len(), 90, "in our own style it fits");
}

#[tokio::test]
async fn nothing_is_missed_between_catching_up_and_hearing() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    world.watches(&aaa, &room).await.closes().await; // from here on the app listens
    let (enough, talking) = (Arc::new(AtomicBool::new(false)), (aaa.clone(), room.clone()));
    let talking = {
        let enough = Arc::clone(&enough);
        tokio::spawn(async move {
            while !enough.load(Ordering::Relaxed) {
                talking.0.says(&talking.1, "more").send().await.good();
            }
        })
    };
    let mut watchers = Vec::new();
    for _ in 0..10 {
        let mut watcher = world.knocks("", aaa.headers()).await.ok().unwrap();
        let mut page = watcher.subscribes(json!({ "room": room, "after": 0 })).await;
        let mut caught_up = seqs(page["events"].as_array().unwrap());
        while page["more"] == json!(true) {
            page = watcher.subscribes(json!({ "room": room, "after": page["seq"] })).await;
            caught_up.extend(seqs(page["events"].as_array().unwrap()));
        }
        watchers.push((watcher, caught_up));
    }
    aaa.says(&room, "one behind them all").send().await.good();
    enough.store(true, Ordering::Relaxed);
    talking.await.unwrap();
    let last = world.events(&room).await.len() as u64;
    for (mut watcher, caught_up) in watchers {
        let heard = world.heard(&mut watcher).await;
        assert!(!heard.is_empty(), "something happened behind it");
        let seen: BTreeSet<u64> = caught_up.iter().copied().chain(seqs(&heard)).collect();
        let missed: Vec<u64> = (1..=last).filter(|seq| !seen.contains(seq)).collect();
        assert!(missed.is_empty(), "{missed:?}: caught up to {:?} of {last}", caught_up.last());
    }
}

/// The write is held up, and something happens meanwhile that nobody is told of: the log must be read behind the write.
#[tokio::test]
async fn what_happens_while_a_subscription_is_written_is_caught_up_with() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    world.watches(&aaa, &room).await.closes().await; // from here on the app listens
    let seen = world.events(&room).await.len();
    let mut watcher = world.opens(&aaa).await;
    world.stack.faults().next_of("Subscribe", "TransactWriteItems", Fault::Delay(Duration::from_millis(1_500)));
    watcher.sends(&json!({ "action": "subscribe", "room": room, "after": seen }).to_string()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    aaa.says(&room, "meanwhile").send().await.good();
    let answer = watcher.event().await;
    assert_eq!(answer["events"][0]["data"]["message"]["message"], "meanwhile", "{answer}");
}

#[tokio::test]
async fn after_a_reconnect_nothing_is_missed() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&aaa, &room).await;
    aaa.says(&room, "heard").send().await.good();
    let seen = watcher.event().await["data"]["seq"].clone();
    world.stack.drop_sockets();
    assert!(watcher.event().await.is_null(), "the line is cut");
    aaa.says(&room, "unheard").send().await.good();
    aaa.adds(&room, &["bbb"]).send().await.good();
    let mut again = world.opens(&aaa).await;
    let answer = again.subscribes(json!({ "room": room, "after": seen })).await;
    let told: Vec<&Value> = answer["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(told, ["message.created", "member.joined"]);
    assert!(seqs(&world.heard(&mut again).await).iter().all(|seq| seq > &seen.as_u64().unwrap()));
}

#[tokio::test]
async fn only_members_and_the_platform_watch_a_room() {
    let world = World::new().await;
    let [aaa, bbb, ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    world.bans(&room, "ccc").await;
    let elsewhere = world.other_app("Other").await;
    let stranger = elsewhere.client("aaa").await;
    let before = world.items().await;
    for (actor, code) in
        [(&bbb, "NOT_ROOM_MEMBER"), (&ccc, "NOT_ROOM_MEMBER"), (&ddd, "NOT_ROOM_MEMBER"), (&stranger, "ROOM_NOT_FOUND")]
    {
        let mut watcher = world.opens(actor).await;
        assert!(watcher.is_refused(&to(&room), code).await.contains(&format!("`{room}`")));
        watcher.closes().await;
    }
    assert_eq!(world.items().await, before, "a refusal changes nothing");
    let mut platform = world.watches(&world.platform(), &room).await;
    aaa.says(&room, "hello").send().await.good();
    assert_eq!(world.heard(&mut platform).await.len(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.opens(&aaa).await;
    let before = world.items().await;
    for (field, value, code) in [
        ("room", json!(7), "INVALID_PARAMETER"),
        ("room", json!(""), "INVALID_PARAMETER"),
        ("room", json!("a/b"), "INVALID_PARAMETER"),
        ("after", json!(-1), "INVALID_PARAMETER"),
        ("after", json!("1"), "INVALID_PARAMETER"),
        ("after", json!(1.5), "INVALID_PARAMETER"),
        ("style", json!("slack"), "INVALID_PARAMETER"),
        ("style", json!(1), "INVALID_PARAMETER"),
    ] {
        let mut frame = json!({ "action": "subscribe", "room": room });
        frame[field] = value.clone();
        let answer = watcher.asks(&frame.to_string()).await;
        assert_eq!((&answer["type"], &answer["error"]["code"]), (&json!("error"), &json!(code)), "{answer}");
        assert!(text(&answer["error"]["message"]).contains(&format!("`{field}`")), "{answer}");
        assert_eq!(answer["action"], "subscribe");
    }
    let unknown = watcher.asks(&to("no-such-room")).await;
    assert_eq!((&unknown["error"]["code"], &unknown["room"]), (&json!("ROOM_NOT_FOUND"), &json!("no-such-room")));
    assert_eq!(world.items().await, before, "a refusal changes nothing");
    let mut odd = world.knocks("?style=slack", aaa.headers()).await.unwrap();
    assert!(odd.is_refused(&to(&room), "INVALID_PARAMETER").await.contains("`slack`"));
}

#[tokio::test]
async fn who_watches_himself_hears_what_befalls_him_in_any_room() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let (room, other) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    let mut watcher = world.opens(&bbb).await;
    assert_eq!(watcher.subscribes(json!({})).await, json!({ "type": "subscribed", "client": "bbb" }));
    aaa.invites(&room, &["bbb"]).send().await.good();
    aaa.adds(&room, &["ccc"]).send().await.good();
    aaa.says(&room, "not for bbb").send().await.good();
    aaa.adds(&other, &["bbb", "ccc"]).send().await.good();
    aaa.says(&other, "unwatched").send().await.good();
    aaa.removes_one(&other, "bbb").send().await.good();
    world.bans(&room, "bbb").await;
    let heard = world.heard(&mut watcher).await;
    let told: BTreeSet<(String, String)> =
        heard.iter().map(|event| (text(&event["type"]), text(&event["data"]["room"]))).collect();
    let expected =
        [("member.invited", &room), ("member.joined", &other), ("member.removed", &other), ("member.banned", &room)];
    assert_eq!(told, expected.map(|(kind, room)| (kind.to_owned(), room.clone())).into_iter().collect());
    assert_eq!(heard.len(), 4, "each once");
}

#[tokio::test]
async fn talk_tells_who_watches_himself_of_nobody_else() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.opens(&bbb).await;
    watcher.subscribes(json!({ "style": "talk" })).await;
    aaa.adds(&room, &["ccc", "bbb"]).send().await.good();
    aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let heard = world.heard(&mut watcher).await;
    assert_eq!((heard.len(), &heard[0]["a"], &heard[0]["d"]["_id"]), (1, &json!("room:join"), &json!("bbb")));
}

#[tokio::test]
async fn what_is_stored_about_a_socket_ends_with_it_at_the_latest() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.watches(&aaa, &room).await;
    watcher.subscribes(json!({})).await;
    let now = shared::time::Time::now().seconds();
    let items = world.socket_items().await;
    assert_eq!(items.len(), 3);
    for item in items {
        let left = text(&item["ttl"]["N"]).parse::<i64>().unwrap() - now;
        assert!((7_200..7_900).contains(&left), "a socket lives for two hours at most: {left}");
    }
}

#[tokio::test]
async fn who_watches_room_and_himself_hears_each_entry_once() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let mut watcher = world.watches(&bbb, &room).await;
    watcher.subscribes(json!({})).await;
    aaa.sets(&room, "bbb", "mood", json!("fine")).send().await.good();
    assert_eq!(world.heard(&mut watcher).await.len(), 1);
    watcher.subscribes(json!({ "style": "talk" })).await;
    aaa.removes_one(&room, "bbb").send().await.good();
    let heard = world.heard(&mut watcher).await;
    assert_eq!((heard.len(), &heard[0]["a"], &heard[0]["d"]["_userId"]), (1, &json!("room:leave"), &json!("bbb")));
}

#[tokio::test]
async fn the_platform_watches_the_client_that_it_acts_for() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let mut nobody = world.opens(&world.platform()).await;
    let refusal = nobody.is_refused(r#"{"action":"subscribe"}"#, "MISSING_PARAMETER").await;
    assert!(refusal.contains("`IM-CLIENT-ID`"), "{refusal}");
    let mut watcher = world.opens(&world.platform().with("IM-CLIENT-ID", "bbb")).await;
    watcher.subscribes(json!({})).await;
    aaa.adds(&room, &["bbb"]).send().await.good();
    assert_eq!(world.heard(&mut watcher).await.len(), 1);
}

#[tokio::test]
async fn talk_hears_room_join_and_invitation_create_with_every_documented_field() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let aaa = world.talker(&aaa).with("IM-CLIENT-KEY", world.client_key());
    let room = world.topic(&aaa, json!({})).await;
    let email = "lurenjia@teambition.com";
    let avatar = "https://dn-st.qbox.me/user_default_avatars/4.png";
    world.client_with(json!({ "_id": "bbb", "nickname": "路人甲", "avatarUrl": avatar, "email": email })).await;
    let mut watcher = world.opens(&aaa).await;
    watcher.subscribes(json!({ "room": room, "style": "talk" })).await;

    let user = aaa.talk_invites(&room, json!({ "email": email })).send().await.bare();
    let joined = watcher.event().await;
    assert_eq!((&joined["a"], &joined["v"], joined.as_object().unwrap().len()), (&json!("room:join"), &json!(2), 3));
    is_as_documented(&joined["d"], USER);
    is_as_documented(&joined["d"]["room"], ROOM);
    assert_eq!(joined["d"], user, "what `room.invite` replies");

    let invitation = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let created = watcher.event().await;
    assert_eq!((&created["a"], &created["v"]), (&json!("invitation:create"), &json!(2)));
    is_as_documented(&created["d"], INVITATION);
    is_as_documented(&created["d"]["room"], ROOM);
    assert_eq!(created["d"], invitation);
    assert!(world.heard(&mut watcher).await.is_empty());
}

#[tokio::test]
async fn each_subscription_has_its_style() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let mut by_query = world.knocks("?style=imkit", aaa.headers()).await.unwrap();
    by_query.subscribes(json!({ "room": room })).await;
    let mut by_frame = world.knocks("?style=imkit", aaa.headers()).await.unwrap();
    by_frame.subscribes(json!({ "room": room, "style": "rollcall" })).await;
    aaa.adds(&room, &["bbb"]).send().await.good();
    let imkit = by_query.event().await;
    assert_eq!((&imkit["event"], &imkit["clientID"]), (&json!("ADD_MEMBERS"), &json!("aaa")));
    assert_eq!((&imkit["roomID"], &imkit["data"]["members"][0]["id"]), (&json!(room), &json!("bbb")));
    assert_eq!(by_frame.event().await["type"], "member.joined");
    let mut caught_up = world.opens(&aaa).await;
    let answer = caught_up.subscribes(json!({ "room": room, "after": 0, "style": "imkit" })).await;
    let names: Vec<&Value> = answer["events"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
    assert_eq!(names, ["ADD_MEMBERS", "ADD_MEMBERS"], "with the members that it was made with");
    by_frame.subscribes(json!({ "room": room, "style": "talk" })).await;
    aaa.removes_one(&room, "bbb").send().await.good();
    let heard = world.heard(&mut by_frame).await;
    assert_eq!((heard.len(), &heard[0]["a"]), (1, &json!("room:leave")), "the later style goes");
}

#[tokio::test]
async fn a_revoked_token_subscribes_nothing() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.opens(&aaa).await;
    world.platform().call(Method::DELETE, "/admin/clients/aaa/token").send().await.good();
    let before = world.items().await;
    watcher.is_refused(&to(&room), "INVALID_TOKEN").await;
    watcher.is_refused(r#"{"action":"subscribe"}"#, "INVALID_TOKEN").await;
    assert_eq!(world.items().await, before, "a refusal changes nothing");
}

#[tokio::test]
async fn a_replaced_key_subscribes_nothing() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let (mut client, mut platform) = (world.opens(&aaa).await, world.opens(&world.platform()).await);
    let mut for_bbb = world.opens(&world.platform().with("IM-CLIENT-ID", "bbb")).await;
    world.stack.invoke("delete_client", json!({ "app": "SampleApp", "client": "bbb" })).await.unwrap();
    for_bbb.is_refused(r#"{"action":"subscribe"}"#, "CLIENT_NOT_FOUND").await;
    for_bbb.is_refused(&to(&room), "CLIENT_NOT_FOUND").await;
    for (kind, watcher, code) in
        [("client", &mut client, "INVALID_CLIENT_KEY"), ("api", &mut platform, "INVALID_API_KEY")]
    {
        for _ in 0..2 {
            world.stack.invoke("rotate_key", json!({ "app": "SampleApp", "kind": kind })).await.unwrap();
        }
        watcher.is_refused(&to(&room), code).await;
    }
    assert!(world.socket_items().await.is_empty());
}

#[tokio::test]
async fn a_token_that_is_another_clients_now_subscribes_nothing() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let path = |id: &str| format!("/admin/clients/{id}/token");
    let bind = async |id: &str| {
        let call = world.platform().call(Method::PUT, &path(id)).body(json!({ "token": "a-token-of-ours" }));
        call.send().await.good();
    };
    bind("aaa").await;
    let mut watcher = world.watches(&world.bearer("aaa", "a-token-of-ours"), &room).await;
    let one = json!({ "token": "a-token-of-ours" });
    world.platform().call(Method::DELETE, &path("aaa")).body(one).send().await.good();
    bind("bbb").await;
    watcher.is_refused(&to(&room), "INVALID_TOKEN").await;
    aaa.says(&room, "a secret").send().await.good();
    assert!(world.heard(&mut watcher).await.is_empty());
}

#[tokio::test]
async fn a_socket_watches_a_hundred_rooms_at_most() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let mut rooms = Vec::new();
    for _ in 0..101 {
        rooms.push(world.group(&[&aaa]).await);
    }
    let mut watcher = world.opens(&aaa).await;
    for room in &rooms[..100] {
        watcher.subscribes(json!({ "room": room })).await;
    }
    watcher.subscribes(json!({ "room": rooms[0], "style": "imkit" })).await; // again is no room more
    let before = world.items().await;
    let refusal = watcher.is_refused(&to(&rooms[100]), "TOO_MANY_SUBSCRIPTIONS").await;
    assert!(refusal.contains("100"), "{refusal}");
    assert_eq!(world.items().await, before, "a refusal changes nothing");
    watcher.unsubscribes(json!({ "room": rooms[0] })).await;
    watcher.subscribes(json!({ "room": rooms[100] })).await;
    watcher.closes().await;
    assert!(world.socket_items().await.is_empty(), "all of it goes with the socket");
}

#[tokio::test]
async fn several_frames_at_once_overrun_no_limit() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let mut rooms = Vec::new();
    for _ in 0..8 {
        rooms.push(world.group(&[&aaa]).await);
    }
    let mut watcher = world.opens(&aaa).await;
    for room in &rooms {
        watcher.sends(&to(room)).await;
    }
    let mut subscribed = BTreeSet::new();
    while subscribed.len() < rooms.len() {
        let answer = watcher.event().await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        subscribed.insert(text(&answer["room"]));
    }
    watcher.closes().await;
    assert!(world.socket_items().await.is_empty(), "each of them is on the list");
}

#[tokio::test]
async fn the_cost_of_watching_is_two_rounds_and_a_look_at_the_log() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.opens(&aaa).await;
    watcher.subscribes(json!({ "room": room })).await; // from here on the app listens
    watcher.subscribes(json!({ "room": room, "after": 0 })).await;
    let last = world.stack.invocations().into_iter().rfind(|own| own.function == "Subscribe").unwrap();
    let of = |action: &str| last.requests.iter().filter(|call| call.action == action).count();
    assert_eq!(of("TransactWriteItems"), 1, "{:?}", last.requests);
    assert_eq!((of("Query"), of("BatchGetItem") <= 4), (1, true), "{:?}", last.requests);
}
