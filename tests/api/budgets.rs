//! Budgets: how many people may be added and invited in a time (429, nothing changed). A test that crosses the end of an hour
//! would find a full budget again: it waits for the next one first.

use std::time::{Duration, SystemTime};

use local::{Fault, Stack};
use serde_json::{Value, json};

use crate::actors::{Answer, Call, World, all_at_once, pairs, text};
use crate::idempotency::lets_go_on;

/// A stack of these budgets, in an hour that is not about to end.
#[allow(clippy::disallowed_methods)] // the machine's clock, which the functions go by
async fn world(budgets: &[(&str, &str)]) -> World {
    let into = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() % 3600;
    if into > 3570 {
        tokio::time::sleep(Duration::from_secs(3601 - into)).await;
    }
    World::on(budgets.iter().fold(Stack::builder(), |builder, (name, limit)| builder.parameter(*name, *limit))).await
}

/// How many counters are in the table.
async fn counters(world: &World) -> usize {
    world.items().await.iter().filter(|item| text(&item["PK"]["S"]).contains("#BUDGET#")).count()
}

/// Refused, with the time that it takes, and nothing has changed; the details.
async fn is_over_budget(world: &World, call: Call, budget: &str) -> Value {
    let before = world.items().await;
    let answer = call.send().await;
    let (wait, details) = (wait(&answer), answer.body["error"]["details"].clone());
    assert_eq!((&details["budget"], &details["retryAfter"]), (&json!(budget), &json!(wait)), "{}", answer.body);
    let message = answer.refused(429, "RATE_LIMITED");
    assert!(message.contains(&format!("`{budget}`")), "{message}");
    assert_eq!(world.items().await, before, "nothing has changed");
    details
}

fn wait(answer: &Answer) -> u64 {
    let wait = answer.headers.get("retry-after").unwrap_or_else(|| panic!("{}", answer.body)).to_str().unwrap();
    let wait = wait.parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    wait
}

#[tokio::test]
async fn a_client_adds_and_invites_so_many_people_in_an_hour() {
    let world = world(&[("InviterBudget", "3")]).await;
    let [aaa, bbb, _c, _d, _e] = world.clients(["aaa", "bbb", "ccc", "ddd", "eee"]).await;
    let (one, other) = (world.group(&[&aaa, &bbb]).await, world.group(&[&aaa]).await);
    aaa.adds(&one, &["ccc", "ddd"]).send().await.good();
    let details = is_over_budget(&world, aaa.adds(&other, &["ccc", "ddd"]), "inviter").await;
    assert_eq!((&details["client"], &details["limit"]), (&json!("aaa"), &json!(3)));
    assert_eq!(aaa.invites(&other, &["eee"]).send().await.outcomes(), pairs(&[("eee", "invited")]));
    is_over_budget(&world, aaa.founds(json!({ "_id": "new", "invitee": "eee" })), "inviter").await;
    let answer = aaa.talk_invites(&other, json!({ "email": "f@x.io" })).send().await;
    wait(&answer);
    answer.talk_refused(429, 233);
    // Others have their own, and the platform has another.
    bbb.adds(&one, &["eee"]).send().await.good();
    world.platform().adds(&other, &["ccc", "ddd"]).send().await.good();
    // What changes nothing costs nothing.
    assert_eq!(aaa.adds(&one, &["ccc"]).send().await.outcomes(), pairs(&[("ccc", "already_member")]));
}

#[tokio::test]
async fn a_room_takes_so_many_from_its_members_and_so_many_from_the_platform() {
    let world = world(&[("RoomBudget", "2"), ("PlatformBudget", "3")]).await;
    let [aaa, bbb, ..] = world.clients(["aaa", "bbb", "ccc", "ddd", "eee", "fff"]).await;
    let room = world.group(&[&aaa, &bbb]).await; // two of the platform's three
    aaa.adds(&room, &["ccc"]).send().await.good();
    bbb.adds(&room, &["ddd"]).send().await.good();
    is_over_budget(&world, aaa.adds(&room, &["eee"]), "room").await;
    world.platform().adds(&room, &["eee"]).send().await.good();
    is_over_budget(&world, world.platform().adds(&room, &["fff"]), "platform").await;
    world.room(json!({ "members": ["aaa", "bbb", "fff"] })).await; // another room, another budget
}

#[tokio::test]
async fn a_client_is_added_and_invited_so_often() {
    let world = world(&[("ReceiverBudget", "2")]).await;
    let [aaa, bbb, ccc, _d] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(world.group(&[&aaa, &bbb]).await);
    }
    aaa.invites(&rooms[0], &["ccc"]).send().await.good();
    bbb.adds(&rooms[1], &["ccc"]).send().await.good();
    let details = is_over_budget(&world, aaa.adds(&rooms[2], &["ccc", "ddd"]), "receiver").await;
    assert_eq!(details["client"], json!("ccc"));
    bbb.talk_invites(&rooms[2], json!({ "_userId": "ccc" })).send().await.talk_refused(429, 233);
    // He comes, goes and says no as he likes.
    ccc.joins(&rooms[2]).send().await.good();
    ccc.declines(&rooms[0]).send().await.good();
    ccc.removes_one(&rooms[1], "ccc").send().await.good();
}

/// Ninety people fill a transaction: what they are charged goes ahead of it.
#[tokio::test]
async fn whoever_is_named_among_ninety_is_counted_as_well() {
    let world = world(&[("ReceiverBudget", "1")]).await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(90).await;
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let (one, other) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    aaa.adds(&one, &crowd).send().await.good();
    for named in [crowd[0], crowd[89]] {
        is_over_budget(&world, aaa.adds(&other, &[named]), "receiver").await;
    }
    is_over_budget(&world, aaa.adds(&other, &crowd), "receiver").await;
}

#[tokio::test]
async fn an_app_invites_so_many_addresses_in_a_day() {
    let world = world(&[("AddressBudget", "2")]).await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    aaa.talk_invites(&room, json!({ "email": "b@x.io" })).send().await.bare();
    world.platform().talk_invites(&room, json!({ "mobile": "13012345678" })).send().await.bare();
    let before = world.items().await;
    let answer = aaa.talk_invites(&room, json!({ "email": "c@x.io" })).send().await;
    wait(&answer);
    answer.talk_refused(429, 233);
    assert_eq!(world.items().await, before);
    let other = world.other_app("OtherApp").await;
    let bbb = other.client("bbb").await;
    other.platform().post("/rooms", json!({ "_id": "r", "members": ["bbb"] })).send().await.good();
    bbb.talk_invites("r", json!({ "email": "c@x.io" })).send().await.bare();
}

#[tokio::test]
async fn a_budget_is_not_overdrawn_by_many_at_once() {
    let world = world(&[("InviterBudget", "5")]).await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(12).await;
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(world.group(&[&aaa]).await);
    }
    let calls = crowd.iter().enumerate().map(|(at, who)| aaa.adds_one(&rooms[at % 3], who));
    let answers = all_at_once(12, calls).await;
    let granted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(granted, 5);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(429, "RATE_LIMITED");
    }
}

#[tokio::test]
async fn no_budget_is_no_limit() {
    let world = world(&[("InviterBudget", "0"), ("RoomBudget", "0"), ("ReceiverBudget", "0")]).await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.adds(&room, &["bbb"]).send().await.good();
    assert_eq!(counters(&world).await, 0, "and nothing is counted");
    let other = self::world(&[("ReceiverBudget", "0")]).await;
    let [aaa, _bbb] = other.clients(["aaa", "bbb"]).await;
    aaa.adds(&other.group(&[&aaa]).await, &["bbb"]).send().await.good();
    assert_eq!(counters(&other).await, 1, "the inviter's");
}

/// Whoever finds another way to add somebody asks for it here: none may go past the budget.
///     add_member: one at a time
///     add_members: several
///     create_and_join: with a room
///     create_room: the same from outside
#[tokio::test]
async fn whichever_way_it_is_used_up_the_budget_is_one() {
    let world = world(&[("InviterBudget", "2")]).await;
    let [aaa, ..] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.adds(&room, &["bbb", "ccc"]).send().await.good();
    is_over_budget(&world, aaa.adds_one(&room, "ddd"), "inviter").await;
    is_over_budget(&world, aaa.adds(&room, &["ddd"]), "inviter").await;
    is_over_budget(&world, aaa.founds(json!({ "_id": "r1", "invitee": "ddd" })), "inviter").await;
    is_over_budget(&world, aaa.post("/rooms", json!({ "_id": "r2", "members": ["aaa", "ddd"] })), "inviter").await;
    aaa.talk_invites(&room, json!({ "_userId": "ddd" })).send().await.talk_refused(429, 233);
    let batch = aaa.post(&format!("/v2/rooms/{room}/batchinvite"), json!({ "_userIds": ["ddd"] })).send().await.bare();
    assert_eq!(batch[0]["error"]["code"], json!(233));
    let plans = json!({ "_teamId": world.team().await, "topic": "plans", "_memberIds": ["ddd"] });
    aaa.post("/v2/rooms", plans).send().await.talk_refused(429, 233);
}

/// A budget that ends in a later part ends the call: nobody could be told that nothing has changed. It goes on from there.
#[tokio::test]
async fn a_call_of_many_parts_goes_on_when_there_is_budget_again() {
    let world = world(&[("InviterBudget", "100")]).await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(120).await;
    let room = world.group(&[&aaa]).await;
    let body = json!({ "invitees": crowd, "partial": true });
    let add = || aaa.post(&format!("/rooms/{room}/members"), body.clone()).header("Idempotency-Key", "k");
    add().send().await.refused(500, "INTERNAL");
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(91), "one of two parts is done");
    let items = world.items().await;
    for item in items.iter().filter(|item| text(&item["PK"]["S"]).contains("#BUDGET#")) {
        world
            .amends(
                &text(&item["PK"]["S"]),
                &text(&item["SK"]["S"]),
                "SET used = :none",
                json!({ ":none": { "N": "0" } }),
            )
            .await;
    }
    lets_go_on(&world).await;
    assert!(add().send().await.outcomes().iter().all(|(_, outcome)| outcome == "added"));
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(121));
    world.holds_together(&room).await;
}

/// So many that their counters do not all fit beside them: which element failed tells a race from a budget.
#[tokio::test]
async fn a_lost_race_is_not_taken_for_a_budget_that_is_used_up() {
    let world = world(&[]).await;
    let people = world.clients(["aaa", "bbb", "ccc"]).await;
    let crowd = world.crowd(270).await;
    let room = world.group(&people.iter().collect::<Vec<_>>()).await;
    let names: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let calls = people.iter().zip(names.chunks(90)).map(|(actor, some)| actor.adds(&room, some));
    for answer in all_at_once(3, calls).await {
        assert!(answer.status == 200, "{}", answer.body);
    }
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(273));
    world.holds_together(&room).await;
}

/// Whoever has nothing left himself uses up nobody else's, however many he names.
#[tokio::test]
async fn who_is_over_his_own_budget_spends_no_receivers() {
    let world = world(&[("InviterBudget", "100")]).await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(90).await;
    let names: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let (one, other) = (world.group(&[&aaa]).await, world.group(&[&aaa]).await);
    aaa.adds(&one, &names).send().await.good();
    is_over_budget(&world, aaa.adds(&other, &names), "inviter").await;
}

/// A race that is lost on the way does not count twice: two calls of ninety are a hundred and eighty.
#[tokio::test]
async fn what_was_counted_ahead_is_counted_once() {
    let world = world(&[("InviterBudget", "180")]).await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(181).await;
    let names: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let room = world.group(&[&aaa]).await;
    for part in names[..180].chunks(90) {
        world.stack.faults().next("TransactWriteItems", Fault::Delay(Duration::ZERO)); // the counting
        world.stack.faults().next("TransactWriteItems", Fault::TransactionConflict); // the adding
        aaa.adds(&room, part).send().await.good();
    }
    is_over_budget(&world, aaa.adds(&room, &names[180..]), "inviter").await;
}
