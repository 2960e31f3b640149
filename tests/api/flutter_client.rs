//! The Flutter library's calls, as it sends them: `IM-CLIENT-KEY`, `IM-Authorization` and `IM-CLIENT-ID`; and what it makes of
//! the answers: it takes `result.data`, where there is one, for the whole result, and casts what it finds.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Call, World, ids, text};

fn flutter(actor: &Actor) -> Actor {
    actor.clone().with("IM-CLIENT-ID", &actor.id)
}

/// What the library reads out of an answer.
async fn read(call: Call) -> Value {
    let result = call.send().await.good();
    let object = result.as_object().unwrap_or_else(|| panic!("it casts the result to a map: {result}"));
    object.get("data").filter(|data| !data.is_null()).unwrap_or(&result).clone()
}

/// A room, cast as the library casts it.
fn room(told: &Value) -> &Value {
    let own = told.as_object().unwrap_or_else(|| panic!("a room is a map: {told}"));
    assert!(!own.contains_key("data"), "it would be taken for the room: {told}");
    assert_eq!(own["_id"], own["id"]);
    assert!(own["_id"].is_string() && own["roomType"].is_string(), "{told}");
    for member in own.get("members").and_then(Value::as_array).unwrap_or(&Vec::new()) {
        assert!(member.is_object() && member["_id"].is_string() && member["id"] == member["_id"], "{member}");
        assert!(member["lastLoginTimeMS"].is_i64() && !member.as_object().unwrap().contains_key("data"), "{member}");
    }
    for own in own.get("memberProperties").and_then(Value::as_array).unwrap_or(&Vec::new()) {
        assert!(own["client"].is_string() && own["badge"].is_u64(), "{own}");
    }
    if let Some(unread) = own.get("unread") {
        assert!(unread.is_u64(), "{unread}");
    }
    if let Some(last) = own.get("lastMessage") {
        message(last);
    }
    told
}

/// A message, cast as the library casts it.
fn message(told: &Value) -> &Value {
    assert!(told.is_object() && !told.as_object().unwrap().contains_key("data"), "{told}");
    assert!(told["room"].is_string() && told["_id"].is_string() && told["id"] == told["_id"], "{told}");
    assert!(told["messageTimeMS"].is_i64() && told["messageType"].is_string(), "{told}");
    assert!(told["sender"].is_null() || told["sender"]["_id"].is_string(), "{told}");
    told
}

#[tokio::test]
async fn a_direct_room_is_made_with_its_computed_id_and_found_again() {
    let world = World::new().await;
    let [alice, bob] = world.clients(["alice", "Bob"]).await;
    let body = |peer: &str| {
        json!({
            "_id": "1d9ac4c2a4f56e22e1d939891a38d764", "roomType": "direct", "invitee": peer, "name": "", "description": "",
            "cover": "", "systemMessage": false,
        })
    };
    let made = read(flutter(&alice).post("/rooms/createAndJoin", body("Bob"))).await;
    assert_eq!(
        (room(&made)["_id"].clone(), ids(&made["members"])),
        (body("")["_id"].clone(), vec!["alice".into(), "Bob".into()])
    );
    assert!(made.get("lastMessage").is_none(), "it asked for silence: {made}");
    let found = read(flutter(&bob).post("/rooms/createAndJoin", body("alice"))).await;
    assert_eq!(
        (room(&found)["_id"].clone(), ids(&found["members"])),
        (made["_id"].clone(), vec!["alice".into(), "Bob".into()])
    );
    assert_eq!(world.events(&text(&made["_id"])).await.len(), 3, "made once, entered by each once");
    world.holds_together(&text(&made["_id"])).await;
}

#[tokio::test]
async fn a_group_room_is_made_aloud_with_everybody_in_it() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let body = json!({
        "_id": "5e5b88e91da9d53097b13840", "roomType": "group", "invitee": ["bbb", "ccc"], "name": "Group",
        "description": "d", "cover": "http://x/c.png", "systemMessage": true, "invitationRequired": false,
    });
    let made = read(flutter(&aaa).post("/rooms/createAndJoin", body)).await;
    assert_eq!(ids(&room(&made)["members"]), ["aaa", "bbb", "ccc"]);
    let last = &made["lastMessage"];
    assert_eq!(
        (&last["messageType"], ids(&last["extra"]["invitees"])),
        (&json!("addMembers"), vec!["bbb".into(), "ccc".into()])
    );
    world.holds_together("5e5b88e91da9d53097b13840").await;
}

#[tokio::test]
async fn rooms_are_fetched_fifteen_at_a_time_until_a_page_is_short() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let mut last = Value::Null;
    for at in 0..32 {
        let room =
            world.room(json!({ "_id": format!("r{at:02}"), "members": ["aaa", "bbb"], "data": { "a": 1 } })).await;
        last = bbb.says(&room, "x").send().await.good();
    }
    let aaa = flutter(&aaa);
    let mut all = Vec::new();
    loop {
        let path = format!("/rooms?skip={}&limit=15&updatedAfter=0&sort=lastMessage", all.len());
        let page = read(aaa.get(&path)).await;
        let page = page.as_array().unwrap();
        for told in page {
            assert_eq!((room(told)["unread"].clone(), text(&told["lastMessage"]["message"])), (json!(1), "x".into()));
        }
        all.extend(page.iter().map(|told| text(&told["_id"])));
        if page.len() < 15 {
            break;
        }
    }
    assert_eq!(all, (0..32).map(|at| format!("r{at:02}")).collect::<Vec<_>>(), "the oldest message first");
    // From then on it asks for what is new.
    let since = last["messageTimeMS"].as_i64().unwrap();
    let news = |since: i64| read(aaa.get(&format!("/rooms?skip=0&limit=15&updatedAfter={since}&sort=lastMessage")));
    assert_eq!(news(since).await, json!([]));
    bbb.says("r07", "more").send().await.good();
    assert_eq!(ids(&news(since).await), ["r07"]);
}

#[tokio::test]
async fn joining_leaving_and_removing_are_told() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let id = world.room(json!({ "members": ["aaa"], "data": { "a": 1 } })).await;
    for joiner in [&bbb, &ccc] {
        let told = read(flutter(joiner).joins(&id).body(json!({ "systemMessage": true }))).await;
        assert_eq!(room(&told)["lastMessage"]["messageType"], json!("joinRoom"));
    }
    let removes = |actor: &Actor, members: Value| {
        flutter(actor)
            .post(&format!("/rooms/{id}/delete/members"), json!({ "members": members, "systemMessage": true }))
    };
    let told = read(removes(&aaa, json!(["bbb"]))).await;
    let last = &room(&told)["lastMessage"];
    assert_eq!((&last["messageType"], ids(&last["extra"]["members"])), (&json!("deleteMember"), vec!["bbb".into()]));
    let told = read(removes(&ccc, json!(["ccc"]))).await;
    assert_eq!(
        (&room(&told)["lastMessage"]["messageType"], ids(&told["members"])),
        (&json!("leaveRoom"), vec!["aaa".into()])
    );
    room(&read(flutter(&aaa).get(&format!("/rooms/{id}"))).await);
    world.holds_together(&id).await;
}

#[tokio::test]
async fn messages_are_sent_paged_and_read() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let id = world.group(&[&aaa, &bbb]).await;
    let (aaa, bbb) = (flutter(&aaa), flutter(&bbb));
    let mut said = Vec::new();
    for at in 0..5 {
        let body = json!({ "message": format!("m{at}"), "messageType": "text", "mentions": [], "extra": "{}" });
        said.push(text(&message(&read(aaa.post(&format!("/rooms/{id}/message"), body)).await)["_id"]));
    }
    // The newest first; the next page goes on from the last one of this.
    let page = read(bbb.get(&format!("/rooms/{id}/messages/v3?limit=3"))).await;
    for told in page.as_array().unwrap() {
        message(told);
    }
    assert_eq!(ids(&page), [&*said[4], &said[3], &said[2]]);
    let page = read(bbb.get(&format!("/rooms/{id}/messages/v3?limit=3&beforeMessage={}", said[2]))).await;
    assert_eq!(ids(&page), [&*said[2], &said[1], &said[0]]);
    let mark = bbb.call(Method::PUT, &format!("/rooms/{id}/lastRead")).body(json!({ "message": said[4] }));
    assert_eq!(read(mark).await, json!({ "client": "bbb", "lastRead": said[4], "badge": 0 }));
    world.holds_together(&id).await;
}

#[tokio::test]
async fn no_result_is_a_bare_array_and_only_lists_have_data() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let id = world.room(json!({ "owner": "aaa", "members": ["aaa"], "data": { "a": 1 } })).await;
    let aaa = flutter(&aaa);
    let said = aaa.says(&id, "x").send().await.good();
    let put = |path: String, body: Value| aaa.call(Method::PUT, &path).body(body);
    let calls = [
        ("one", aaa.get(&format!("/rooms/{id}"))),
        ("one", aaa.says(&id, "x")),
        ("one", aaa.marks_read(&id, &said)),
        ("one", aaa.get("/me/badge")),
        ("one", aaa.adds(&id, &["bbb"])),
        ("one", put(format!("/rooms/{id}"), json!({ "name": "N" }))),
        ("one", put(format!("/rooms/{id}/member/bbb"), json!({ "property": "p", "value": 1 }))),
        ("one", aaa.get(&format!("/rooms/{id}/exists"))),
        ("one", aaa.post(&format!("/rooms/{id}/delete/members"), json!({ "members": ["bbb"], "systemMessage": true }))),
        ("many", aaa.get("/rooms?skip=0&limit=15")),
        ("many", aaa.get("/rooms/ids")),
        ("many", aaa.get("/rooms/quitted")),
        ("many", aaa.get("/rooms/invitations")),
        ("many", aaa.get(&format!("/rooms/{id}/invitations"))),
        ("many", aaa.get(&format!("/rooms/{id}/messages/v3"))),
        ("many", aaa.get(&format!("/rooms/{id}/messages"))),
        ("many", aaa.get(&format!("/blockStatus/room/{id}"))),
        ("one", aaa.post(&format!("/blockStatus/room/{id}/bbb"), json!({}))),
        ("one", aaa.call(Method::DELETE, &format!("/rooms/{id}")).body(json!({}))),
    ];
    for (at, (number, call)) in calls.into_iter().enumerate() {
        let result = call.send().await.good();
        assert!(result.is_object(), "{at}: {result}");
        assert_eq!(result.get("data").is_some_and(Value::is_array), number == "many", "{at}: {result}");
        assert!(number == "many" || result.get("data").is_none(), "{at}: {result}");
    }
}

#[tokio::test]
async fn a_refusal_has_its_true_status_and_a_stale_token_is_401() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let id = world.group(&[&aaa]).await;
    // It renews its token and tries again on 401, and on nothing else.
    let stale = flutter(&aaa).with("IM-Authorization", "SampleApp.aaa.stale");
    stale.get("/rooms?skip=0&limit=15").send().await.refused(401, "INVALID_TOKEN");
    stale.says(&id, "x").send().await.refused(401, "INVALID_TOKEN");
    let bbb = flutter(&bbb);
    bbb.says(&id, "x").send().await.refused(403, "NOT_ROOM_MEMBER");
    bbb.get(&format!("/rooms/{id}")).send().await.refused(403, "NOT_ROOM_MEMBER");
    bbb.joins("absent").body(json!({ "systemMessage": true })).send().await.refused(404, "ROOM_NOT_FOUND");
    // The header that names him gives nobody another's rights.
    bbb.with("IM-CLIENT-ID", "aaa").says(&id, "x").send().await.refused(403, "NOT_ROOM_MEMBER");
}

#[tokio::test]
async fn it_signs_in_through_its_back_end_and_reads_its_id_and_token() {
    let world = World::new().await;
    let signed = read(world.platform().post("/auths/sign/v2", json!({ "id": "zoe", "nickname": "Zoe" }))).await;
    assert!(signed["id"].is_string() && signed["token"].is_string(), "{signed}");
    let zoe = flutter(&world.bearer("zoe", &text(&signed["token"])));
    let told = read(zoe.get("/me")).await;
    assert_eq!((&told["_id"], &told["id"], &told["nickname"]), (&json!("zoe"), &json!("zoe"), &json!("Zoe")));
    assert!(told["lastLoginTimeMS"].is_i64(), "{told}");
    let told = read(zoe.post("/me", json!({ "nickname": "Zoë", "avatarUrl": "http://x/z.png" }))).await;
    assert_eq!((&told["nickname"], &told["avatarUrl"]), (&json!("Zoë"), &json!("http://x/z.png")));
}
