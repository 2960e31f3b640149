//! Prints docs/cost.md: what a typical call of each route asks of the table. See the page's own first lines for the command.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code, missing_docs)]
#[path = "../tests/api/actors.rs"]
mod actors;
#[path = "../tests/api/contract.rs"]
mod contract;
#[allow(dead_code, missing_docs)]
#[path = "../tests/description/mod.rs"]
mod description;
#[path = "../tests/api/ledger.rs"]
mod ledger;
#[allow(dead_code, missing_docs)]
#[path = "../tests/api/listeners.rs"]
mod listeners;
#[allow(dead_code, missing_docs)]
#[path = "../tests/api/receiver.rs"]
mod receiver;

use actors::{Actor, Call, World};
use local::Stack;
use reqwest::Method;
use serde_json::json;

const HEAD: &str = "\
# What a call costs

Printed by `cargo build --bins && cargo run --quiet --example cost > docs/cost.md`: every call below is made once, against
the real binaries on the local stack, and counted there.

*Requests* are calls of DynamoDB, *rounds* how many of them had to wait for one another. *Units* are those that the embedded
engine reports, by DynamoDB's rules (4 KB a strongly consistent read unit, 1 KB a write unit, twice that inside a
transaction); what a deployment pays for them is in `infra/README.md`. Names and texts longer than these tests' add to them.

| call | requests | rounds | read units | write units |
| --- | ---: | ---: | ---: | ---: |";

#[tokio::main]
async fn main() {
    let program = std::env::current_exe().expect("a path to this program");
    let binaries = program.ancestors().nth(2).expect("target/debug/examples is two folders deep");
    let counting = || World::on(Stack::builder().bin_dir(binaries).count_rounds(true));
    let world = counting().await;
    println!("{HEAD}");
    let calls = calls(&world).await.into_iter().chain(life_calls(&world).await).chain(people_calls(&world).await);
    for (what, call) in calls {
        let answer = call.send().await;
        let cost = world.stack.invocation(&answer.request_id()).expect("the stack counts");
        let (requests, rounds) = (cost.requests.len(), cost.rounds.unwrap_or_default());
        let refused = if answer.status == 200 { String::new() } else { format!(" → {}", answer.status) };
        println!(
            "| {what}{refused} | {requests} | {rounds} | {} | {} |",
            0.0 + cost.read_units(),
            0.0 + cost.write_units()
        );
    }
    println!("{LISTENING}");
    listening(&world, &counting().await).await;
}

const LISTENING: &str = "
## What it costs to be told

The same for an app with one webhook: adding one client to a room of 10, and what that sets going. Where nobody has ever listened none of this is asked for,
and the call itself costs what the first table says.

| function | requests | read units | write units |
| --- | ---: | ---: | ---: |";

/// One add in an app that listens, function by function.
async fn listening(world: &World, quiet: &World) {
    let receiver = receiver::Receiver::new().await;
    world.listens(&receiver, json!({ "events": ["member.joined"] })).await;
    let [zoe, _] = world.clients(["zoe", "zac"]).await;
    let crowd: Vec<String> = (0..9).map(|number| format!("c{number:04}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let room = world.group(&[&zoe]).await;
    zoe.adds(&room, &crowd).send().await.good();
    world.stack.settled().await.expect("everything is carried");
    let before = world.stack.invocations().len();
    zoe.adds(&room, &["zac"]).send().await.good();
    world.stack.settled().await.expect("everything is carried");
    let told = world.stack.invocations().split_off(before);
    quiet.stack.invoke("RetryDeliveries", json!({})).await.expect("the schedule runs");
    let idle = quiet.stack.invocations().pop().expect("the run is counted");
    for (own, when) in told.iter().map(|own| (own, "")).chain([(&idle, ", nothing waiting")]) {
        let (reads, writes) = (0.0 + own.read_units(), 0.0 + own.write_units());
        println!("| `{}`{when} | {} | {reads} | {writes} |", own.function, own.requests.len());
    }
}

/// Rooms of `first` and each of these crowds.
async fn rooms_of(world: &World, first: &Actor, crowds: [&[&str]; 4]) -> Vec<String> {
    let mut rooms = Vec::new();
    for crowd in crowds {
        let room = world.group(&[first]).await;
        let all = json!({ "invitees": crowd, "partial": true });
        world.platform().post(&format!("/rooms/{room}/members"), all).send().await.good();
        rooms.push(room);
    }
    rooms
}

/// What is asked, and the call.
async fn calls(world: &World) -> Vec<(&'static str, Call)> {
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let body = json!({ "_id": "ddd", "nickname": "DDD", "email": "ddd@example.com" });
    world.platform().post("/admin/clients", body).send().await.good();
    world
        .platform()
        .post("/admin/clients", json!({ "_id": "aaa", "token": "operators-own-token" }))
        .send()
        .await
        .good();
    let crowd = world.crowd(1_089).await;
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let (members, new) = crowd.split_at(999);
    let rooms = [9, 9, 9, 999].map(|size| &members[..size]);
    let rooms = rooms_of(world, &aaa, rooms).await;
    let [ten, forty_five, ninety, thousand] = [0, 1, 2, 3].map(|at| rooms[at].as_str());
    aaa.talk_invites(ten, json!({ "email": "eee@example.com" })).send().await.bare();
    let (minimal, bound) = (aaa.clone().with("Prefer", "return=minimal"), world.bearer("aaa", "operators-own-token"));
    let told = json!({ "systemMessage": true });
    let page = |room: &str, list: &str| aaa.get(&format!("/rooms/{room}/{list}"));
    vec![
        ("`POST /rooms/:id/members`, 1 client, room of 10", aaa.adds(ten, &new[..1])),
        ("… with a system message", aaa.adds(ten, &new[1..2]).and(told.clone())),
        ("… as an invitation", aaa.invites(ten, &new[2..3])),
        ("… a member already", aaa.adds(ten, &new[..1])),
        ("… nobody of that id", aaa.adds(ten, &["nobody"])),
        ("… by the platform", world.platform().adds(ten, &new[3..4])),
        ("… with a token that the operator bound", bound.adds(ten, &new[4..5])),
        ("… `Prefer: return=minimal`", minimal.adds(ten, &new[5..6])),
        ("… 45 clients", aaa.adds(forty_five, &new[..45])),
        ("… 90 clients", aaa.adds(ninety, &new[..90])),
        ("… 1 client, room of 1,000", aaa.adds(thousand, &new[..1])),
        ("… 1 client, room of 1,000, `Prefer: return=minimal`", minimal.adds(thousand, &new[1..2])),
        ("`POST /rooms/:id/members/:invitee`, room of 10", aaa.adds_one(ten, "ccc")),
        ("`POST /rooms/:id/join`, room of 10", bbb.joins(ten)),
        ("… with a system message", bbb.joins(ninety).and(told)),
        ("`GET /rooms/:id`, room of 10", aaa.reads(ten)),
        ("… room of 1,000", aaa.reads(thousand)),
        ("`GET /rooms/:id/members?limit=100`, room of 1,000", page(thousand, "members?limit=100")),
        ("… a later page", page(thousand, "members?limit=100&cursor=c0500")),
        ("`GET /rooms/:id/events`, 8 entries", page(ten, "events?limit=8")),
        ("`POST /rooms`, 2 members", aaa.post("/rooms", json!({ "members": ["aaa", "bbb"] }))),
        ("`POST /v2/rooms/:_id/invite`, by user id", aaa.talk_invites(forty_five, json!({ "_userId": "bbb" }))),
        ("… by the e-mail of a client", aaa.talk_invites(forty_five, json!({ "email": "ddd@example.com" }))),
        ("… by an e-mail that nobody has", aaa.talk_invites(forty_five, json!({ "email": "fff@example.com" }))),
    ]
}

/// The same of what happens to a membership after its beginning.
async fn life_calls(world: &World) -> Vec<(&'static str, Call)> {
    let [kim, lee, may] = world.clients(["kim", "lee", "may"]).await;
    let crowd: Vec<String> = (0..997).map(|number| format!("c{number:04}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    for number in 0..198 {
        world.room(json!({ "_id": format!("many-{number}"), "members": ["may"] })).await;
    }
    let rooms = rooms_of(world, &kim, [&crowd[..7], &crowd[..997], &crowd[..1], &crowd[..1]]).await;
    let [ten, thousand, asked, _] = [0, 1, 2, 3].map(|at| rooms[at].as_str());
    for room in [ten, thousand] {
        kim.adds(room, &["lee", "may"]).send().await.good();
    }
    kim.invites(asked, &["lee", "may"]).send().await.good();
    let message = kim.says(ten, "hello").send().await.good();
    let direct = json!({ "roomType": "direct", "invitee": "lee" });
    vec![
        ("`POST /rooms/createAndJoin`, a direct room", kim.founds(direct.clone())),
        ("… found again", kim.founds(direct)),
        ("`POST /rooms/:id/message`, room of 10", kim.says(ten, "hello")),
        ("… room of 1,000", kim.says(thousand, "hello")),
        ("`PUT /rooms/:id/lastRead`", lee.marks_read(ten, &message)),
        ("`GET /rooms/:id/messages/v3`", lee.lists_messages(ten, "limit=20")),
        ("`GET /rooms`, 15 of 200", may.lists_rooms("limit=15")),
        ("… all 200", may.lists_rooms("limit=0")),
        ("`GET /me/badge`, 200 rooms", may.get("/me/badge")),
        ("`GET /rooms/invitations`, 1", lee.lists_invitations()),
        ("`DELETE /rooms/:id/invitations`", lee.declines(asked)),
        ("`POST /rooms/:id/delete/invitations`, 1", kim.cancels(asked, &["may"])),
        ("`PUT /rooms/:id/member/:client`, a property", kim.sets(ten, "lee", "seat", json!(7))),
        ("`DELETE /rooms/:id/members/:member`, room of 10", kim.removes_one(ten, "lee")),
        ("`POST /blockStatus/room/:id/:blockee`, room of 9", world.platform().bans(ten, "may")),
    ]
}

/// The same of clients and their tokens.
async fn people_calls(world: &World) -> Vec<(&'static str, Call)> {
    let (platform, aaa) = (world.platform(), world.client("aaa").await);
    world.client("ccc").await;
    vec![
        ("`POST /admin/clients`", platform.post("/admin/clients", json!({ "_id": "ggg" }))),
        ("… with a token issued", platform.post("/admin/clients", json!({ "_id": "hhh", "issueAccessToken": true }))),
        (
            "… with an e-mail that is invited to a room",
            platform.post("/admin/clients", json!({ "_id": "eee", "email": "eee@example.com" })),
        ),
        (
            "`PUT /admin/clients/:client/token`",
            platform.call(Method::PUT, "/admin/clients/ddd/token").body(json!({ "token": "a-token-of-your-own" })),
        ),
        (
            "`DELETE /admin/clients/:client/token`, one token",
            platform.call(Method::DELETE, "/admin/clients/ddd/token").body(json!({ "token": "a-token-of-your-own" })),
        ),
        ("… all of two", platform.call(Method::DELETE, "/admin/clients/ccc/token")),
        ("`GET /admin/clients`, 20 of 1,096", platform.get("/admin/clients")),
        ("… by an id", platform.get("/admin/clients?q=%7B%22_id%22%3A%22aaa%22%7D")),
        ("`POST /auths/sign/v2`, a client with an e-mail", platform.post("/auths/sign/v2", json!({ "id": "ddd" }))),
        ("`GET /me`", aaa.get("/me")),
        ("`POST /me`", aaa.post("/me", json!({ "nickname": "Ann" }))),
        ("no such route", aaa.get("/nowhere")),
        ("no credentials", world.stranger().get("/me")),
    ]
}
