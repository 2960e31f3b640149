//! The table's stream: a changed client record brings its profile to the client's standings.

use std::time::Duration;

use local::{BatchFault, Fault};
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, all_at_once, ids, text};

/// Upserts a client under another nickname.
async fn renames(world: &World, client: &str, nickname: &str) {
    let body = json!({ "_id": client, "nickname": nickname, "avatarUrl": format!("https://x.io/{nickname}") });
    world.platform().post("/admin/clients", body).send().await.good();
}

/// A list of members' ids and nicknames.
fn names(members: &Value) -> Vec<(String, String)> {
    let name = |member: &Value| text(&member["nickname"]);
    ids(members).into_iter().zip(members.as_array().unwrap().iter().map(name)).collect()
}

/// The standing of a client as it is stored.
async fn standing(world: &World, room: &str, client: &str) -> Option<Value> {
    let items = world.items_now().await;
    let (pk, sk) = (format!("SampleApp#ROOM#{room}"), format!("#STANDING#{client}"));
    items.into_iter().find(|item| item["PK"]["S"] == *pk && item["SK"]["S"] == *sk)
}

async fn nickname(world: &World, room: &str, client: &str) -> String {
    text(&standing(world, room, client).await.unwrap()["profile"]["M"]["nickname"]["S"])
}

/// What the stream says when the client's record is changed.
fn wake(client: &str) -> Value {
    let keys = json!({ "PK": { "S": format!("SampleApp#CLIENT#{client}") }, "SK": { "S": "CLIENT" } });
    let old = json!({ "profile": { "M": { "nickname": { "S": "older" } } }, "version": { "N": "1" } });
    let change = json!({ "Keys": keys, "NewImage": old, "SequenceNumber": "1" });
    json!({ "Records": [{ "eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change }] })
}

/// What the invocations of the function have asked of the table, each.
fn asked(world: &World) -> Vec<Vec<String>> {
    let own = world.stack.invocations().into_iter().filter(|own| own.function == "RefreshProfiles");
    own.map(|own| own.requests.into_iter().map(|call| call.action).collect()).collect()
}

/// `aaa` and `bbb` in a room.
async fn two() -> (World, Actor, String) {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    world.stack.settled().await.unwrap();
    (world, aaa, room)
}

#[tokio::test]
async fn a_changed_nickname_reaches_all_rooms_of_the_client() {
    let (world, aaa, room) = two().await;
    let other = world.room(json!({ "members": ["bbb"] })).await;
    let unrelated = world.group(&[&aaa]).await;
    renames(&world, "bbb", "Bea").await;
    world.stack.settled().await.unwrap();

    let shown = aaa.reads(&room).send().await.good();
    assert_eq!(names(&shown["members"])[1], ("bbb".to_owned(), "Bea".to_owned()));
    assert_eq!(shown["members"][1]["avatarUrl"], "https://x.io/Bea");
    assert_eq!(names(&shown["members"])[0].1, "AAA", "nobody else's");
    let listed = aaa.get(&format!("/rooms/{room}/members")).send().await.good();
    assert_eq!(names(&listed["data"])[1].1, "Bea");
    let there = world.platform().get(&format!("/rooms/{other}")).send().await.good();
    assert_eq!(names(&there["members"])[0].1, "Bea");
    assert_eq!(nickname(&world, &unrelated, "aaa").await, "AAA");
    for room in [&room, &other] {
        world.holds_together(room).await;
    }
}

#[tokio::test]
async fn it_is_no_happening() {
    let (world, _, room) = two().await;
    let (before, events) = (standing(&world, &room, "bbb").await.unwrap(), world.events(&room).await);
    renames(&world, "bbb", "Bea").await;
    world.stack.settled().await.unwrap();
    let mut after = standing(&world, &room, "bbb").await.unwrap();
    assert_ne!(after["profile"], before["profile"]);
    for copy in ["profile", "profileVersion"] {
        after[copy] = before[copy].clone();
    }
    assert_eq!((after, world.events(&room).await), (before, events), "the copy and nothing else");
}

#[tokio::test]
async fn an_invited_and_a_banned_client_are_known_by_their_new_nicknames_too() {
    let (world, aaa, room) = two().await;
    world.clients(["ccc", "ddd"]).await;
    aaa.invites(&room, &["ccc"]).send().await.good();
    world.platform().call(Method::POST, &format!("/blockStatus/room/{room}/ddd")).send().await.good();
    for (client, nickname) in [("ccc", "Cia"), ("ddd", "Deb")] {
        renames(&world, client, nickname).await;
    }
    world.stack.settled().await.unwrap();
    let invitations = aaa.get(&format!("/rooms/{room}/invitations")).send().await.good();
    assert_eq!(invitations["data"][0]["invitee"]["nickname"], "Cia");
    let bans = aaa.get(&format!("/blockStatus/room/{room}")).send().await.good();
    assert_eq!(bans["data"][0]["blockee"]["nickname"], "Deb");
}

#[tokio::test]
async fn what_is_removed_from_a_profile_goes() {
    let (world, aaa, room) = two().await;
    let bare = json!({ "_id": "bbb", "nickname": null });
    world.platform().post("/admin/clients", bare).send().await.good();
    world.stack.settled().await.unwrap();
    let members = &aaa.reads(&room).send().await.good()["members"];
    assert_eq!(members[1]["nickname"], Value::Null);
}

#[tokio::test]
async fn records_that_come_again_or_late_change_nothing() {
    let (world, _, room) = two().await;
    world.stack.faults().all_batches(BatchFault::Repeat);
    for nickname in ["Bea", "Bee", "Bet"] {
        renames(&world, "bbb", nickname).await;
    }
    world.stack.settled().await.unwrap();
    world.stack.faults().all_batches(BatchFault::Shuffle);
    renames(&world, "aaa", "Ann").await;
    renames(&world, "bbb", "Bob").await;
    renames(&world, "aaa", "Amy").await;
    world.stack.settled().await.unwrap();
    assert_eq!(
        (nickname(&world, &room, "aaa").await, nickname(&world, &room, "bbb").await),
        ("Amy".into(), "Bob".into())
    );

    let before = world.items().await;
    let reply = world.stack.invoke("refresh_profiles", wake("bbb")).await.unwrap();
    assert_eq!(reply, json!({ "batchItemFailures": [] }));
    world.stack.invoke("refresh_profiles", wake("nobody")).await.unwrap();
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_profile_that_stays_costs_a_look_and_one_client_several_times_no_more() {
    let (world, _, _) = two().await;
    let so_far = asked(&world).len();
    let body = |seat: u32| json!({ "_id": "bbb", "nickname": "BBB", "seat": seat });
    for seat in 1..=3 {
        world.platform().post("/admin/clients", body(seat)).send().await.good();
    }
    world.stack.settled().await.unwrap();
    assert!(asked(&world).len() > so_far);
    for asked in &asked(&world)[so_far..] {
        assert_eq!(*asked, ["BatchGetItem", "Query"]);
    }
    let three = json!([wake("bbb")["Records"][0], wake("bbb")["Records"][0], wake("bbb")["Records"][0]]);
    world.stack.invoke("refresh_profiles", json!({ "Records": three })).await.unwrap();
    assert_eq!(*asked(&world).last().unwrap(), ["BatchGetItem", "Query"]);
}

#[tokio::test]
async fn a_nickname_and_back_is_two_changes() {
    let (world, _, room) = two().await;
    renames(&world, "bbb", "Bea").await;
    world.stack.settled().await.unwrap();
    let version = |standing: Value| text(&standing["profileVersion"]["N"]).parse::<u64>().unwrap();
    let before = version(standing(&world, &room, "bbb").await.unwrap());
    for nickname in ["Bob", "Bea"] {
        renames(&world, "bbb", nickname).await;
    }
    world.stack.settled().await.unwrap();
    let after = standing(&world, &room, "bbb").await.unwrap();
    assert_eq!((nickname(&world, &room, "bbb").await, version(after)), ("Bea".to_owned(), before + 2));
}

#[tokio::test]
async fn three_hundred_rooms_are_all_reached() {
    let world = World::new().await;
    world.client("aaa").await;
    let rooms: Vec<String> = (0..300).map(|number| format!("room-{number}")).collect();
    let make = |room: &String| world.platform().post("/rooms", json!({ "_id": room, "members": ["aaa"] }));
    for answer in all_at_once(8, rooms.iter().map(make)).await {
        answer.good();
    }
    renames(&world, "aaa", "Ann").await;
    world.stack.settled().await.unwrap();
    let read = |room: &String| world.platform().get(&format!("/rooms/{room}"));
    for answer in all_at_once(8, rooms.iter().map(read)).await {
        assert_eq!(names(&answer.good()["members"])[0].1, "Ann");
    }
}

#[tokio::test]
async fn a_table_that_does_not_answer_well_is_asked_again() {
    let faults = [
        Fault::Throttle,
        Fault::TransactionConflict,
        Fault::LoseResponse,
        Fault::CutBeforeSending,
        Fault::Delay(Duration::from_millis(100)),
    ];
    for fault in faults {
        let (world, _, room) = two().await;
        for _ in 0..2 {
            world.stack.faults().next("UpdateItem", fault);
        }
        renames(&world, "bbb", "Bea").await;
        world.stack.settled().await.unwrap();
        assert_eq!(nickname(&world, &room, "bbb").await, "Bea", "{fault:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_now_is_reported_and_done_later() {
    let (world, _, room) = two().await;
    world.stack.faults().always("UpdateItem", Fault::CutBeforeSending);
    renames(&world, "bbb", "Bea").await;
    let stuck = world.stack.settled_within(Duration::from_secs(3)).await.unwrap_err().to_string();
    assert!(
        stuck.starts_with("`RefreshProfiles` has not handled") && stuck.contains("which it reports as failed"),
        "{stuck}"
    );
    assert_eq!(nickname(&world, &room, "bbb").await, "BBB");
    world.stack.faults().clear();
    world.stack.settled().await.unwrap();
    assert_eq!(nickname(&world, &room, "bbb").await, "Bea");
}

#[tokio::test]
async fn a_standing_that_ends_meanwhile_stays_ended() {
    let (world, _, room) = two().await;
    world.stack.faults().next("UpdateItem", Fault::Delay(Duration::from_millis(800)));
    renames(&world, "bbb", "Bea").await;
    let settled = world.stack.settled();
    let ended = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        world.platform().removes_one(&room, "bbb").send().await.good();
    };
    let (settled, ()) = tokio::join!(settled, ended);
    settled.unwrap();
    assert_eq!(asked(&world).last().unwrap(), &["BatchGetItem", "Query", "UpdateItem"], "it was about to be written");
    assert_eq!(standing(&world, &room, "bbb").await, None);
}

#[tokio::test]
async fn a_copy_that_comes_late_does_not_replace_a_newer_one() {
    let (world, _, room) = two().await;
    renames(&world, "bbb", "Bea").await;
    world.stack.settled().await.unwrap();
    // As if the first change had never arrived.
    let old = json!({
        "TableName": world.stack.table(),
        "Key": { "PK": { "S": format!("SampleApp#ROOM#{room}") }, "SK": { "S": "#STANDING#bbb" } },
        "UpdateExpression": "SET #profile = :old REMOVE profileVersion", "ExpressionAttributeNames": { "#profile": "profile" },
        "ExpressionAttributeValues": { ":old": { "M": { "nickname": { "S": "BBB" } } } },
    });
    world.write("UpdateItem", old).await;
    world.stack.faults().next("UpdateItem", Fault::Delay(Duration::from_millis(1_500)));
    let late = world.stack.invoke("refresh_profiles", wake("bbb"));
    let newer = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        renames(&world, "bbb", "Bet").await;
        world.stack.settled().await.unwrap();
        assert_eq!(nickname(&world, &room, "bbb").await, "Bet");
    };
    let (late, ()) = tokio::join!(late, newer);
    late.unwrap();
    assert_eq!(nickname(&world, &room, "bbb").await, "Bet");
}

#[tokio::test]
async fn a_write_that_read_the_older_profile_does_not_bring_it_back() {
    let (world, aaa, room) = two().await;
    world.client("ccc").await;
    aaa.invites(&room, &["ccc"]).send().await.good();
    // The renewal has read the client, and writes when it has another nickname.
    world.stack.faults().next("TransactWriteItems", Fault::Delay(Duration::from_millis(1_500)));
    let renewal = aaa.invites(&room, &["ccc"]).send();
    let newer = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        renames(&world, "ccc", "Cia").await;
        world.stack.settled().await.unwrap();
        assert_eq!(nickname(&world, &room, "ccc").await, "Cia");
    };
    let (renewed, ()) = tokio::join!(renewal, newer);
    assert_eq!(renewed.outcomes(), [("ccc".to_owned(), "already_invited".to_owned())]);
    assert_eq!(nickname(&world, &room, "ccc").await, "Cia");
}

#[tokio::test]
async fn an_event_that_is_none_of_the_stream_fails() {
    let world = World::new().await;
    for event in [json!({}), json!({ "Records": [{ "dynamodb": {} }] })] {
        assert!(world.stack.invoke("refresh_profiles", event).await.is_err());
    }
    let mut strange = wake("bbb");
    strange["Records"][0]["dynamodb"]["Keys"]["PK"]["S"] = json!("SampleApp#ROOM#bbb");
    let reply = world.stack.invoke("refresh_profiles", strange).await.unwrap();
    assert_eq!(reply, json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] }));
}
