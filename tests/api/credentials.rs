//! Who a request comes from (D3–D6, D10), on every route, and what the log says of it.

use reqwest::Method;
use serde_json::{Value, json};
use shared::auth::Hash;

use crate::actors::{Actor, Answer, Call, World, ids, text};

/// The spellings of D3, the most preferred first.
const CLIENT_KEY: [&str; 3] = ["IM-CLIENT-KEY", "CLIENT_KEY", "CLIENT-KEY"];
const TOKEN: [&str; 2] = ["IM-Authorization", "Authorization"];
const API_KEY: [&str; 3] = ["IM-API-KEY", "API_KEY", "API-KEY"];

/// The name as it is, in lower case and in capitals.
fn cases(name: &str) -> [String; 3] {
    [name.to_owned(), name.to_lowercase(), name.to_uppercase()]
}

/// One call of every route that a client of IMKit may make, all of them harmless in a room where `aaa` and `bbb` are.
fn client_calls(actor: &Actor, room: &str) -> Vec<Call> {
    vec![
        actor.adds(room, &["bbb"]),
        actor.adds_one(room, "bbb"),
        actor.joins(room),
        actor.reads(room),
        actor.get(&format!("/rooms/{room}/members")),
        actor.get(&format!("/rooms/{room}/events")),
        actor.post("/rooms", json!({ "_id": room })),
        actor.get("/me"),
        actor.post("/me", json!({})),
    ]
}

/// Every client route must refuse the actor like this, and the room stays as it is.
async fn all_refuse(world: &World, actor: &Actor, room: &str, status: u16, code: &str) {
    let before = world.sight(room).await;
    for call in client_calls(actor, room) {
        call.send().await.refused(status, code);
    }
    assert_eq!(world.sight(room).await, before);
}

/// Moves a token's end into the past: no route gives out a token that has ended.
async fn lapse(world: &World, token: &str) {
    let key = json!({ "PK": { "S": format!("SampleApp#TOKEN#{}", Hash::of(token).as_str()) }, "SK": { "S": "TOKEN" } });
    let update = json!({
        "TableName": world.stack.table(), "Key": key, "UpdateExpression": "SET expiresAt = :past",
        "ConditionExpression": "attribute_exists(PK)", "ExpressionAttributeValues": { ":past": { "N": "1" } },
    });
    world.write("UpdateItem", update).await;
}

#[tokio::test]
async fn every_spelling_of_the_client_headers_means_the_same() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    for key in CLIENT_KEY.iter().flat_map(|name| cases(name)) {
        for header in TOKEN.iter().flat_map(|name| cases(name)) {
            for token in [aaa.token.clone(), format!("Bearer {}", aaa.token), format!("bearer {}", aaa.token)] {
                let actor = world.stranger().with(&key, world.client_key()).with(&header, &token);
                assert_eq!(actor.reads(&room).send().await.good()["isSuperuser"], json!(false), "{key}, {header}");
            }
        }
    }
}

#[tokio::test]
async fn every_spelling_of_the_api_key_header_means_the_same() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    for header in API_KEY.iter().flat_map(|name| cases(name)) {
        let platform = world.stranger().with(&header, world.api_key());
        assert_eq!(platform.reads(&room).send().await.good()["isSuperuser"], json!(true), "{header}");
    }
}

#[tokio::test]
async fn the_modern_spelling_wins_over_the_older_ones() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    for (better, worse) in [(0, 1), (0, 2), (1, 2)] {
        let actor = world.stranger().with("IM-Authorization", &aaa.token);
        let right = actor.clone().with(CLIENT_KEY[better], world.client_key()).with(CLIENT_KEY[worse], "SampleApp.x");
        right.reads(&room).send().await.good();
        let wrong = actor.with(CLIENT_KEY[better], "SampleApp.x").with(CLIENT_KEY[worse], world.client_key());
        wrong.reads(&room).send().await.refused(401, "INVALID_CLIENT_KEY");

        let right = world.stranger().with(API_KEY[better], world.api_key()).with(API_KEY[worse], "SampleApp.x");
        right.reads(&room).send().await.good();
        let wrong = world.stranger().with(API_KEY[better], "SampleApp.x").with(API_KEY[worse], world.api_key());
        wrong.reads(&room).send().await.refused(401, "INVALID_API_KEY");
    }
    let actor = world.stranger().with("IM-CLIENT-KEY", world.client_key());
    actor.clone().with(TOKEN[0], &aaa.token).with(TOKEN[1], "SampleApp.aaa.x").reads(&room).send().await.good();
    let wrong = actor.with(TOKEN[0], "SampleApp.aaa.x").with(TOKEN[1], &aaa.token);
    wrong.reads(&room).send().await.refused(401, "INVALID_TOKEN");
}

#[tokio::test]
async fn an_empty_header_counts_as_absent() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let actor = world.stranger().with("IM-CLIENT-KEY", "").with("IM-Authorization", " ").with("IM-API-KEY", "");
    actor.with("CLIENT-KEY", world.client_key()).with("Authorization", &aaa.token).reads(&room).send().await.good();
}

#[tokio::test]
async fn the_api_key_alone_calls_every_route() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let platform = world.platform();

    let answer = platform.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await;
    assert_eq!(answer.good()["lastMessage"]["sender"], Value::Null);
    platform.adds_one(&room, "bbb").send().await.good();
    platform.reads(&room).send().await.good();
    platform.get(&format!("/rooms/{room}/members")).send().await.good();
    platform.get(&format!("/rooms/{room}/events")).send().await.good();
    platform.post("/rooms", json!({ "name": "another" })).send().await.good();
    platform.post("/admin/clients", json!({ "_id": "ddd" })).send().await.good();
    platform.talk_invites(&room, json!({ "_userId": "ccc" })).send().await.bare();
    assert_eq!(world.events(&room).await.last().unwrap()["actor"], Value::Null);
    // It has no place of its own to take: it must say for whom it joins.
    let message = platform.joins(&room).send().await.refused(400, "MISSING_PARAMETER");
    assert!(message.contains("`sender`"), "{message}");
}

#[tokio::test]
async fn the_platform_acts_for_the_sender_that_the_header_names() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    let platform = world.platform().with("IM-CLIENT-ID", "aaa");

    let result = platform.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(result["lastMessage"]["sender"]["_id"], "aaa");
    platform.adds_one(&room, "ccc").send().await.good();
    platform.talk_invites(&room, json!({ "_userId": "ddd" })).send().await.bare();
    let actors: Vec<_> = world.events(&room).await.into_iter().map(|event| event["actor"].clone()).collect();
    assert_eq!(actors, [Value::Null, Value::Null, json!("aaa"), json!("aaa"), json!("aaa")]);
}

#[tokio::test]
async fn the_platform_acts_for_the_sender_that_the_body_names_before_the_headers() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    let sender = json!({ "sender": "ddd" });
    let platform = world.platform().with("IM-CLIENT-ID", "aaa");

    platform.adds(&room, &["bbb"]).and(sender.clone()).send().await.good();
    platform.adds_one(&room, "ccc").and(sender.clone()).send().await.good();
    platform.joins(&room).and(sender.clone()).send().await.good();
    let made = text(&platform.post("/rooms", sender).send().await.good()["_id"]);
    for (room, seq) in [(&room, 2), (&room, 3), (&room, 4), (&made, 0)] {
        assert_eq!(world.events(room).await[seq]["actor"], "ddd", "entry {}", seq + 1);
    }
}

#[tokio::test]
async fn the_platform_names_a_sender_in_talk_too() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let body = json!({ "_userId": "bbb", "sender": "aaa" });
    world.platform().talk_invites(&room, body).send().await.bare();
    assert_eq!(world.events(&room).await.last().unwrap()["actor"], "aaa");
}

#[tokio::test]
async fn a_sender_who_is_no_client_is_not_found() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let before = world.sight(&room).await;
    for call in client_calls(&world.platform().with("IM-CLIENT-ID", "nobody"), &room) {
        let answer = call.send().await;
        assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody"] }));
        answer.refused(404, "CLIENT_NOT_FOUND");
    }
    world.platform().joins(&room).and(json!({ "sender": "nobody" })).send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_sender_named_beside_a_client_token_is_ignored() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let aaa = aaa.with("IM-CLIENT-ID", "bbb");
    aaa.adds(&room, &["ccc"]).and(json!({ "sender": "bbb" })).send().await.good();
    assert_eq!(world.events(&room).await.last().unwrap()["actor"], "aaa");
    aaa.with("IM-CLIENT-ID", "nobody").reads(&room).send().await.good();
}

#[tokio::test]
async fn a_client_key_that_is_none_is_refused_on_every_route() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    all_refuse(&world, &aaa.clone().without("IM-CLIENT-KEY"), &room, 401, "INVALID_CLIENT_KEY").await;
    let api_key = world.api_key();
    for bad in ["SampleApp.0123456789abcdef", "nodot", "bad#app.key", ".key", "Nowhere.key", "SampleApp.", api_key] {
        all_refuse(&world, &aaa.clone().with("IM-CLIENT-KEY", bad), &room, 401, "INVALID_CLIENT_KEY").await;
    }
}

#[tokio::test]
async fn an_api_key_that_is_none_is_refused_on_every_route() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    for bad in ["SampleApp.0123456789abcdef", "nodot", "Nowhere.key", world.client_key()] {
        // The good token beside it does not help: who shows an API key is judged by it.
        all_refuse(&world, &aaa.clone().with("IM-API-KEY", bad), &room, 401, "INVALID_API_KEY").await;
        let actor = world.stranger().with("IM-API-KEY", bad);
        actor.post("/admin/clients", json!({ "_id": "zzz" })).send().await.refused(401, "INVALID_API_KEY");
    }
    world.platform().adds(&room, &["zzz"]).send().await.refused(404, "CLIENT_NOT_FOUND");
}

#[tokio::test]
async fn only_the_platform_makes_clients() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    for actor in [aaa, world.stranger()] {
        let call = actor.post("/admin/clients", json!({ "_id": "zzz", "issueAccessToken": true }));
        call.send().await.refused(401, "INVALID_API_KEY");
    }
    let room = world.group(&[]).await;
    world.platform().adds(&room, &["zzz"]).send().await.refused(404, "CLIENT_NOT_FOUND");
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_on_every_route() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    all_refuse(&world, &aaa.clone().without("IM-Authorization"), &room, 401, "INVALID_TOKEN").await;
    for bad in ["SampleApp.aaa.0123456789abcdef", "SampleApp.nobody.x", "opaque", "Bearer", world.client_key()] {
        all_refuse(&world, &aaa.clone().with("IM-Authorization", bad), &room, 401, "INVALID_TOKEN").await;
    }
}

#[tokio::test]
async fn a_token_ends_at_its_expiry_though_the_table_still_holds_it() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.reads(&room).send().await.good();
    lapse(&world, &aaa.token).await;
    all_refuse(&world, &aaa, &room, 401, "INVALID_TOKEN").await;
    aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.talk_refused(403, 220);
}

#[tokio::test]
async fn a_token_that_the_operator_binds_is_found_under_the_client_keys_app() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let body = json!({ "_id": "aaa", "token": "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6ImFhYSJ9.c2lnbmF0dXJl" });
    world.platform().post("/admin/clients", body.clone()).send().await.good();
    let bound = world.bearer("aaa", &text(&body["token"]));

    bound.adds(&room, &["bbb"]).send().await.good();
    assert_eq!(world.events(&room).await.last().unwrap()["actor"], "aaa");
    bound.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.talk_refused(400, 239);

    let other = world.app("Other").await;
    let elsewhere = bound.with("IM-CLIENT-KEY", &text(&other["clientKey"]));
    elsewhere.reads(&room).send().await.refused(401, "INVALID_TOKEN");
}

#[tokio::test]
async fn a_bound_token_that_names_another_client_acts_for_its_own() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let body = json!({ "_id": "bbb", "token": "SampleApp.aaa.0123456789abcdef" });
    world.platform().post("/admin/clients", body.clone()).send().await.good();
    let bbb = world.bearer("bbb", &text(&body["token"]));

    all_refuse_but_joining(&world, &bbb, &room).await;
    bbb.joins(&room).send().await.good();
    bbb.adds(&room, &["ccc"]).send().await.good();
    let events = world.events(&room).await;
    assert_eq!((&events[2]["clients"], &events[2]["actor"]), (&json!(["bbb"]), &json!("bbb")));
    assert_eq!(events[3]["actor"], "bbb");
    world.holds_together(&room).await;
}

/// A stranger to the room may read nothing in it and add nobody.
async fn all_refuse_but_joining(world: &World, actor: &Actor, room: &str) {
    let before = world.sight(room).await;
    let calls = [
        actor.adds(room, &["ccc"]),
        actor.adds_one(room, "ccc"),
        actor.reads(room),
        actor.get(&format!("/rooms/{room}/members")),
        actor.get(&format!("/rooms/{room}/events")),
    ];
    for call in calls {
        call.send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    assert_eq!(world.sight(room).await, before);
}

#[tokio::test]
async fn a_key_and_a_token_of_two_apps_do_not_go_together() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let other = world.other_app("Other").await;
    let theirs = other.client("aaa").await;
    // D6: refused exactly like a token that nobody knows.
    all_refuse(&world, &aaa.clone().with("IM-Authorization", &theirs.token), &room, 401, "INVALID_TOKEN").await;
    all_refuse(&world, &theirs.with("IM-Authorization", &aaa.token), &room, 401, "INVALID_TOKEN").await;
}

#[tokio::test]
async fn a_room_of_another_app_does_not_exist() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let other = world.other_app("Other").await;
    let theirs = other.client("aaa").await;
    other.client("bbb").await;
    let before = world.sight(&room).await;

    for actor in [theirs, other.platform(), other.platform().with("IM-CLIENT-ID", "aaa")] {
        let calls = [
            actor.adds(&room, &["bbb"]),
            actor.adds_one(&room, "bbb"),
            actor.reads(&room),
            actor.get(&format!("/rooms/{room}/members")),
            actor.get(&format!("/rooms/{room}/events")),
        ];
        for call in calls {
            call.send().await.refused(404, "ROOM_NOT_FOUND");
        }
        let body = json!({ "_userId": "bbb" });
        actor.talk_invites(&room, body).send().await.talk_refused(400, 401);
        if actor.id == "aaa" {
            actor.joins(&room).send().await.refused(404, "ROOM_NOT_FOUND");
        }
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn rooms_of_the_same_id_in_two_apps_are_two() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let other = world.other_app("Other").await;
    let theirs = other.client("aaa").await;
    world.room(json!({ "_id": "lobby", "name": "ours", "members": ["aaa"] })).await;
    let before = world.sight("lobby").await;
    let made = other.platform().post("/rooms", json!({ "_id": "lobby", "name": "theirs", "members": ["aaa"] }));
    made.send().await.good();
    assert_eq!(world.sight("lobby").await, before);
    assert_eq!(aaa.reads("lobby").send().await.good()["name"], "ours");
    assert_eq!(theirs.reads("lobby").send().await.good()["name"], "theirs");
}

#[tokio::test]
async fn a_stranger_may_not_know_of_a_private_or_a_direct_room() {
    let world = World::new().await;
    let [_aaa, _bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let private = world.room(json!({ "isPrivate": true, "members": ["aaa"] })).await;
    let direct = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    for room in [private, direct] {
        let before = world.sight(&room).await;
        let calls = [
            ccc.adds(&room, &["ccc"]),
            ccc.adds_one(&room, "ccc"),
            ccc.joins(&room),
            ccc.reads(&room),
            ccc.get(&format!("/rooms/{room}/members")),
            ccc.get(&format!("/rooms/{room}/events")),
        ];
        let never = ccc.reads("there-is-none").send().await.refused(404, "ROOM_NOT_FOUND");
        for call in calls {
            let message = call.send().await.refused(404, "ROOM_NOT_FOUND");
            assert_eq!(message.replace(&room, "there-is-none"), never, "it reads as if there were none");
        }
        assert_eq!(world.sight(&room).await, before);
    }
}

#[tokio::test]
async fn an_invited_client_knows_of_a_private_room_and_is_not_in_it() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "isPrivate": true, "members": ["aaa"] })).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    all_refuse_but_joining(&world, &bbb, &room).await;
    assert_eq!(ids(&bbb.joins(&room).send().await.good()["members"]), ["aaa", "bbb"]);
}

/// One answer of every kind: a success and a refusal of each route, and no route at all.
async fn one_of_each(world: &World, room: &str, aaa: &Actor) -> Vec<Answer> {
    let mut answers = Vec::new();
    let nobody = aaa.clone().with("IM-Authorization", "SampleApp.aaa.wrong-token");
    for actor in [aaa, &nobody] {
        for call in client_calls(actor, room) {
            answers.push(call.send().await);
        }
        answers.push(actor.talk_invites(room, json!({ "email": "Someone@Example.com" })).send().await);
        answers.push(actor.call(Method::PATCH, "/nowhere").send().await);
    }
    let platform = world.platform();
    let client = json!({ "_id": "ddd", "nickname": "Nickname", "email": "ddd@example.com", "issueAccessToken": true });
    answers.push(platform.post("/admin/clients", client).send().await);
    answers.push(platform.post("/admin/clients", json!({ "_id": 1 })).send().await);
    answers.push(platform.with("IM-API-KEY", "SampleApp.wrong-api-key").reads(room).send().await);
    answers
}

#[tokio::test]
async fn every_reply_and_its_log_line_carry_the_request_id() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let answers = one_of_each(&world, &room, &aaa).await;
    let mut seen = std::collections::BTreeSet::new();
    for answer in answers {
        let id = answer.request_id();
        let line = log_line(&world, &id).await;
        assert_eq!(line["status"], json!(answer.status), "{line}");
        for field in ["function", "route", "outcome", "millis", "requests", "capacity"] {
            assert!(!line[field].is_null(), "`{field}` is logged: {line}");
        }
        assert!(seen.insert(id), "no two requests share an id");
    }
}

/// The log line of a request. A line may come a little after its reply: asking again gives it time.
async fn log_line(world: &World, id: &str) -> Value {
    loop {
        let lines = world.stack.logs();
        let own: Vec<_> = lines.iter().filter(|line| line.contains(id)).collect();
        if let [line] = own[..] {
            let (_, line) = line.split_once(" | ").unwrap();
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["request"], id);
            return line;
        }
        assert!(own.is_empty(), "one line a request: {own:?}");
        world.stranger().get("/nowhere").send().await;
    }
}

#[tokio::test]
async fn no_log_line_holds_a_key_a_token_an_address_or_a_body() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let answers = one_of_each(&world, &room, &aaa).await;
    // What fails inside is logged with its cause: that one too.
    world.stack.faults().always("BatchGetItem", local::Fault::CutBeforeSending);
    let failed = aaa.adds(&room, &["bbb"]).send().await;
    world.stack.faults().clear();
    let message = failed.body["error"]["message"].clone();
    assert_eq!((failed.status, message), (500, json!("something went wrong on our side")));
    log_line(&world, &failed.request_id()).await;
    for answer in &answers {
        log_line(&world, &answer.request_id()).await;
    }
    let (key, api_key) = (world.client_key(), world.api_key());
    let tokens = [aaa.token.as_str(), bbb.token.as_str(), "wrong-token", "wrong-api-key"];
    let said = ["someone@example.com", "ddd@example.com", "nickname"];
    let hashes: Vec<String> = [key, api_key, &aaa.token].map(|it| Hash::of(it).as_str().to_owned()).into();
    for line in world.stack.logs() {
        let line = line.to_lowercase();
        for secret in
            [key, api_key].iter().chain(&tokens).chain(&said).copied().chain(hashes.iter().map(String::as_str))
        {
            assert!(!line.contains(&secret.to_lowercase()), "`{secret}` in {line}");
        }
    }
}
