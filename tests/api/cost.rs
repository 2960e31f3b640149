//! What a call costs: how many requests, and how many of them one after the other. `examples/cost.rs` prints the figures.

use local::{Invocation, Stack};
use reqwest::Method;
use serde_json::json;

use crate::actors::{Actor, Answer, World, all_at_once, text};

async fn counting() -> World {
    World::on(Stack::builder().count_rounds(true)).await
}

/// The invocation behind a success.
fn behind(world: &World, answer: &Answer) -> Invocation {
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.stack.invocation(&answer.request_id()).unwrap()
}

/// The requests of an invocation, by name, sorted.
fn actions(invocation: &Invocation) -> Vec<&str> {
    let mut actions: Vec<&str> = invocation.requests.iter().map(|request| request.action.as_str()).collect();
    actions.sort_unstable();
    actions
}

/// All of these as members of a new room.
async fn room_of(world: &World, first: &Actor, crowd: &[String]) -> String {
    let room = world.group(&[first]).await;
    for part in crowd.chunks(1_000) {
        let body = json!({ "invitees": part, "partial": true });
        let call = world.platform().post(&format!("/rooms/{room}/members"), body);
        call.header("Prefer", "return=minimal").send().await.good();
    }
    room
}

#[tokio::test]
async fn adding_takes_one_round_of_reads_and_one_write_whatever_the_number() {
    let world = counting().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(90).await;
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    for number in [1, 45, 90] {
        for notify in [false, true] {
            let room = world.group(&[&aaa]).await;
            let add = || aaa.adds(&room, &crowd[..number]).and(json!({ "systemMessage": notify }));
            let wrote = behind(&world, &add().send().await);
            // The counters of ninety people do not fit the transaction: a client's call of so many has them go ahead.
            let writes: usize = if number > 45 { 2 } else { 1 };
            assert_eq!(wrote.rounds, Some(1 + writes), "{number} invitees: {wrote:?}");
            let written = wrote.requests.iter().filter(|request| request.write_units > 0.0);
            assert_eq!(written.count(), writes, "{wrote:?}");
            let again = behind(&world, &add().send().await);
            assert_eq!((again.rounds, again.write_units()), (Some(1), 0.0), "nothing to write: {again:?}");
        }
    }
    let room = world.group(&[&aaa]).await;
    let invited = behind(&world, &aaa.invites(&room, &crowd[..45]).send().await);
    assert_eq!(invited.rounds, Some(2), "{invited:?}");
    let invited = behind(&world, &world.platform().invites(&room, &crowd).send().await);
    assert_eq!(invited.rounds, Some(2), "a room's own budgets are counted in the room: {invited:?}");
}

#[tokio::test]
async fn every_membership_call_takes_two_rounds_with_an_issued_token() {
    let world = counting().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let calls =
        [bbb.joins(&room), aaa.adds_one(&room, "ccc"), aaa.post("/rooms", json!({ "members": ["aaa", "bbb"] }))];
    for call in calls {
        let wrote = behind(&world, &call.send().await);
        assert_eq!(wrote.rounds, Some(2), "{wrote:?}");
    }
    for call in
        [bbb.joins(&room), aaa.adds_one(&room, "ccc"), aaa.reads(&room), aaa.get(&format!("/rooms/{room}/members"))]
    {
        let read = behind(&world, &call.send().await);
        assert_eq!((read.rounds, read.write_units()), (Some(1), 0.0), "{read:?}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_say_whose_it_is_costs_one_round_more() {
    let world = counting().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    world.platform().post("/admin/clients", json!({ "_id": "aaa", "token": "opaque-token" })).send().await.good();
    let bound = world.bearer("aaa", "opaque-token");
    let wrote = behind(&world, &bound.adds(&room, &["bbb"]).send().await);
    assert_eq!(wrote.rounds, Some(3), "{wrote:?}");
}

#[tokio::test]
async fn the_platform_and_a_refusal_cost_no_more_than_a_client_and_a_success() {
    let world = counting().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let wrote = behind(&world, &world.platform().adds(&room, &["bbb"]).send().await);
    assert_eq!(wrote.rounds, Some(2), "{wrote:?}");
    let refusals = [
        aaa.adds(&room, &["nobody"]),
        aaa.clone().with("IM-Authorization", "SampleApp.aaa.x").adds(&room, &["bbb"]),
        aaa.adds("there-is-none", &["bbb"]),
    ];
    for refusal in refusals {
        let answer = refusal.send().await;
        let refused = world.stack.invocation(&answer.request_id()).unwrap();
        assert_eq!((refused.rounds, refused.write_units()), (Some(1), 0.0), "{refused:?}");
    }
    let unasked = world.stranger().adds(&room, &["bbb"]).send().await;
    let unasked = world.stack.invocation(&unasked.request_id()).unwrap();
    assert_eq!(unasked.requests, [], "who shows nothing costs nothing");
}

#[tokio::test]
async fn a_talk_invitation_takes_three_rounds_at_most() {
    let world = counting().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    world.client_with(json!({ "_id": "ccc", "email": "ccc@example.com", "mobile": "13800000000" })).await;
    world.client_with(json!({ "_id": "ddd", "mobile": "13800000001" })).await;
    let room = world.group(&[&aaa]).await;
    let whom = [
        (json!({ "_userId": "bbb" }), 2),
        (json!({ "email": "ccc@example.com" }), 3),
        (json!({ "mobile": "13800000001" }), 3),
        (json!({ "email": "stranger@example.com" }), 2),
    ];
    for (whom, rounds) in whom {
        let wrote = behind(&world, &aaa.talk_invites(&room, whom.clone()).send().await);
        assert_eq!(wrote.rounds, Some(rounds), "{whom}: {wrote:?}");
    }
}

#[tokio::test]
async fn a_large_room_takes_as_many_requests_as_a_small_one() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let crowd = world.crowd(1_000).await;
    let (small, large) = (room_of(&world, &aaa, &crowd[..9]).await, room_of(&world, &aaa, &crowd[..999]).await);
    let calls = |room: &str| {
        [
            aaa.adds(room, &["bbb"]),
            aaa.reads(room),
            aaa.get(&format!("/rooms/{room}/members")),
            aaa.joins(room),
            aaa.adds_one(room, "bbb"),
        ]
    };
    for (of_ten, of_a_thousand) in calls(&small).into_iter().zip(calls(&large)) {
        let (few, many) = (behind(&world, &of_ten.send().await), behind(&world, &of_a_thousand.send().await));
        assert_eq!(actions(&few), actions(&many));
        assert_eq!(few.write_units(), many.write_units());
    }
}

#[tokio::test]
async fn a_minimal_reply_needs_one_batch_and_one_write_however_large_the_room() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let crowd = world.crowd(1_000).await;
    let mut reads = Vec::new();
    for size in [9, 999] {
        let room = room_of(&world, &aaa, &crowd[..size]).await;
        let answer = aaa.adds(&room, &["bbb"]).header("Prefer", "return=minimal").send().await;
        let wrote = behind(&world, &answer);
        assert_eq!(actions(&wrote), ["BatchGetItem", "TransactWriteItems"]);
        let result = answer.good();
        assert_eq!((result.get("members"), result.get("memberProperties")), (None, None));
        assert_eq!((text(&result["_id"]), &result["memberCount"]), (room, &json!(size + 2)));
        reads.push(wrote.read_units());
    }
    assert_eq!(reads[0], reads[1], "reading does not grow with the room");
}

#[tokio::test]
async fn one_call_writes_the_room_its_log_and_each_standing_once() {
    let budgets = ["InviterBudget", "ReceiverBudget"];
    let none = budgets.iter().fold(Stack::builder(), |builder, budget| builder.parameter(*budget, "0"));
    let world = World::on(none).await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(90).await;
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    for number in [1, 45, 90] {
        let room = world.group(&[&aaa]).await;
        let answer = aaa.adds(&room, &crowd[..number]).and(json!({ "systemMessage": true })).send().await;
        let wrote = behind(&world, &answer);
        let write = wrote.requests.iter().find(|request| request.action == "TransactWriteItems").unwrap();
        assert_eq!(write.items, number + 3, "the room, one entry, the caller's own standing, and {number}");
    }
}

#[tokio::test]
async fn an_app_of_another_region_costs_one_round_more_only_where_it_is_new() {
    let world = counting().await;
    let event =
        json!({ "app": "Far", "defaultRegion": "US", "clientKey": "Far.a-client-key", "apiKey": "Far.an-api-key-too" });
    world.stack.invoke("create_app", event).await.unwrap();
    let platform = world.stranger().with("IM-API-KEY", "Far.an-api-key-too");
    for (id, mobile) in [("ann", "(415) 555-2671"), ("bob", "(415) 555-2672")] {
        platform.post("/admin/clients", json!({ "_id": id, "mobile": mobile })).send().await.good();
    }
    platform.post("/rooms", json!({ "_id": "r" })).send().await.good();
    for (mobile, rounds) in [("4155552671", 4), ("4155552672", 3)] {
        let answer = platform.talk_invites("r", json!({ "mobile": mobile })).send().await;
        let wrote = behind(&world, &answer);
        assert_eq!((answer.status, wrote.rounds), (200, Some(rounds)), "{mobile}: {wrote:?}");
    }
}

#[tokio::test]
async fn pending_invitations_of_addresses_make_no_read_longer() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let units = async || behind(&world, &aaa.reads(&room).send().await).read_units();
    let before = units().await;
    for number in 0..40 {
        aaa.talk_invites(&room, json!({ "email": format!("person{number}@example.com") })).send().await.bare();
    }
    assert_eq!(units().await, before);
}

#[tokio::test]
async fn the_log_is_read_in_one_round() {
    let world = counting().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let read = behind(&world, &aaa.get(&format!("/rooms/{room}/events")).send().await);
    assert_eq!(read.rounds, Some(1), "{read:?}");
}

#[tokio::test]
async fn whoever_asks_about_himself_waits_once_and_whoever_changes_something_twice() {
    let world = counting().await;
    let aaa = world.client("aaa").await;
    let tokens = "/admin/clients/aaa/token";
    world.platform().call(Method::PUT, tokens).body(json!({ "token": "opaque-token" })).send().await.good();
    let (bound, platform) = (world.bearer("aaa", "opaque-token"), world.platform());
    for (call, rounds) in [
        (aaa.get("/me"), 1),
        (bound.get("/me"), 2),
        (aaa.post("/me", json!({ "nickname": "Ann" })), 2),
        (platform.call(Method::PUT, tokens).body(json!({ "token": "another-token" })), 2),
        (platform.call(Method::DELETE, tokens).body(json!({ "token": "another-token" })), 2),
        (platform.call(Method::DELETE, tokens), 4), // the record, then what the index shows, then the items
        (platform.post("/auths/sign/v2", json!({ "id": "aaa" })), 3),
        (platform.get("/admin/clients"), 2),
        (platform.get("/admin/clients?q=%7B%22_id%22%3A%22aaa%22%7D"), 1),
    ] {
        let took = behind(&world, &call.send().await);
        assert_eq!(took.rounds, Some(rounds), "{took:?}");
    }
}

#[tokio::test]
async fn listing_two_hundred_rooms_takes_one_query_and_two_rounds() {
    let world = counting().await;
    let aaa = world.client("aaa").await;
    let names = (0..200).map(|number| json!({ "_id": format!("r{number}"), "members": ["aaa"] }));
    let calls = names.map(|body| world.platform().post("/rooms", body));
    all_at_once(16, calls).await.into_iter().for_each(|answer| drop(answer.good()));
    for path in ["/rooms?limit=0", "/rooms?skip=0&limit=15&sort=lastMessage", "/rooms/ids?limit=0"] {
        let answer = aaa.get(path).send().await;
        let read = behind(&world, &answer);
        // Who asks and which rooms are his go out together; then the rooms, a hundred in a batch.
        assert_eq!(actions(&read), ["BatchGetItem", "BatchGetItem", "BatchGetItem", "Query"], "{path}");
        assert_eq!((read.rounds, read.write_units()), (Some(2), 0.0), "{read:?}");
        assert_eq!(answer.good()["totalCount"], json!(200));
    }
    // Who is the other one of a direct room, its room tells: one round more, for all of them.
    for number in 0..3 {
        let peer = world.client(&format!("peer{number}")).await;
        aaa.founds(json!({ "roomType": "direct", "invitee": peer.id })).send().await.good();
    }
    let read = behind(&world, &aaa.get("/rooms?limit=0").send().await);
    assert_eq!(actions(&read).iter().filter(|action| **action == "Query").count(), 1);
    assert_eq!(read.rounds, Some(3), "{read:?}");
}

#[tokio::test]
async fn founding_a_room_takes_one_round_of_reads_and_one_write() {
    let world = counting().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let direct = |peer: &Actor| json!({ "roomType": "direct", "invitee": peer.id });
    let group = json!({ "_id": "club", "invitee": ["bbb"], "systemMessage": true });
    for call in [aaa.founds(group.clone()), aaa.founds(direct(&bbb))] {
        let wrote = behind(&world, &call.send().await);
        assert_eq!(wrote.rounds, Some(2), "{wrote:?}");
    }
    for call in [aaa.founds(group), aaa.founds(direct(&bbb)), bbb.founds(direct(&aaa))] {
        let read = behind(&world, &call.send().await);
        assert_eq!((read.rounds, read.write_units()), (Some(1), 0.0), "{read:?}");
    }
    world.platform().post("/admin/clients", json!({ "_id": "aaa", "token": "opaque-token" })).send().await.good();
    let read = behind(&world, &world.bearer("aaa", "opaque-token").founds(direct(&bbb)).send().await);
    assert_eq!((read.rounds, read.write_units()), (Some(3), 0.0), "whose, with whom, and how he stands: {read:?}");
}

#[tokio::test]
async fn answering_an_invitation_takes_one_round_of_reads_and_one_write() {
    let world = counting().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let invite = async || drop(aaa.invites(&room, &["bbb"]).send().await.good());
    for call in [aaa.cancels(&room, &["bbb"]), aaa.cancels_one(&room, "bbb")] {
        invite().await;
        let wrote = behind(&world, &call.send().await);
        assert_eq!(wrote.rounds, Some(2), "{wrote:?}");
    }
    invite().await;
    let wrote = behind(&world, &bbb.declines(&room).send().await);
    assert_eq!(wrote.rounds, Some(3), "what is left is read behind the write: {wrote:?}");
    let read = behind(&world, &aaa.lists_invitations_of(&room).send().await);
    assert_eq!((read.rounds, read.write_units()), (Some(1), 0.0), "{read:?}");
    invite().await;
    let read = behind(&world, &bbb.lists_invitations().send().await);
    assert_eq!((read.rounds, read.write_units()), (Some(2), 0.0), "{read:?}");
    let read = behind(&world, &bbb.get(&format!("/rooms/{room}/exists")).send().await);
    assert_eq!((read.rounds, actions(&read)), (Some(1), vec!["BatchGetItem"]), "{read:?}");
}

#[tokio::test]
async fn reading_takes_one_round_and_one_write_and_none_to_the_room() {
    let world = counting().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let said = aaa.post(&format!("/rooms/{room}/message"), json!({ "message": "hello" })).send().await.good();
    let read = || bbb.call(Method::PUT, &format!("/rooms/{room}/lastRead")).body(json!({ "message": said["_id"] }));
    let wrote = behind(&world, &read().send().await);
    assert_eq!((wrote.rounds, actions(&wrote)), (Some(2), vec!["BatchGetItem", "UpdateItem"]), "{wrote:?}");
}

#[tokio::test]
async fn a_message_is_one_round_and_one_write_of_the_same_size_in_a_room_of_ten_and_of_three_hundred() {
    let world = counting().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(299).await;
    let mut written = Vec::new();
    for size in [9, 299] {
        let room = room_of(&world, &aaa, &crowd[..size]).await;
        let call = aaa.post(&format!("/rooms/{room}/message"), json!({ "message": "hello" }));
        let wrote = behind(&world, &call.send().await);
        assert_eq!((wrote.rounds, actions(&wrote)), (Some(2), vec!["BatchGetItem", "TransactWriteItems"]), "{wrote:?}");
        let write = wrote.requests.iter().find(|request| request.action == "TransactWriteItems").unwrap();
        assert_eq!(write.items, 3, "the room, one entry, the sender's own standing");
        written.push((write.items, wrote.write_units(), wrote.read_units()));
    }
    assert_eq!(written[0], written[1]);
}

/// Each counter is one element more, written and not read: the inviter's, and one for each whom he adds.
#[tokio::test]
async fn a_budget_costs_one_element_of_the_write() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(3).await;
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let room = world.group(&[&aaa]).await;
    let calls = [(aaa.adds(&room, &crowd[..2]), 3 + 2 + 3), (world.platform().adds(&room, &crowd[2..]), 2 + 1)];
    for (call, elements) in calls {
        let wrote = behind(&world, &call.send().await);
        let write = wrote.requests.iter().find(|request| request.action == "TransactWriteItems").unwrap();
        assert_eq!(write.items, elements, "{wrote:?}");
    }
}
