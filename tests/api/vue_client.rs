//! The Vue library's calls, as it sends them from a page: `IM-Client-Key`, `IM-Authorization`, `x-timezone` and
//! `accept-language`, after a preflight; and what it takes for granted in the answers.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};

fn vue(world: &World, actor: &Actor) -> Actor {
    let caller = world.bearer(&actor.id, &actor.token).with("IM-Client-Key", world.client_key());
    caller.with("x-timezone", "Asia/Taipei").with("accept-language", "zh-TW").with("Origin", "http://chat.example")
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The members that the library counts.
fn counted(room: &Value) -> usize {
    let members = room["members"].as_array().unwrap_or_else(|| panic!("it throws without `members`: {room}"));
    members.iter().filter(|member| member["clientType"] == "user").count()
}

#[tokio::test]
async fn its_own_rooms_are_those_of_which_it_is_a_member() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["a@a", "bbb"]).await;
    for at in 0..4 {
        let tags = json!([if at < 2 { "x" } else { "y" }]);
        let room = world.room(json!({ "_id": format!("r{at}"), "members": ["a@a", "bbb"], "roomTags": tags })).await;
        bbb.says(&room, &format!("m{at}")).send().await.good();
    }
    world.group(&[&bbb]).await;
    for read in ["r3", "r1"] {
        let last = aaa.reads(read).send().await.good()["lastMessage"].clone();
        aaa.marks_read(read, &last).send().await.good();
    }
    let aaa = vue(&world, &aaa);
    let list = |q: &str, more: &str| aaa.get(&format!("/rooms?q={}&skip=0&limit=30{more}", encoded(q))).send();
    let mine = r#"{"members":"a@a"}"#;
    let listed = list(mine, "&sort=-lastMessage&sortUnreadFirst=1").await.good();
    assert_eq!(
        (ids(&listed["data"]), &listed["totalCount"]),
        (["r2", "r0", "r3", "r1"].map(String::from).to_vec(), &json!(4))
    );
    let listed = list(mine, "&sort=-lastMessage&sortUnreadFirst=0").await.good();
    assert_eq!(ids(&listed["data"]), ["r3", "r2", "r1", "r0"]);
    for room in listed["data"].as_array().unwrap() {
        assert_eq!(room["memberCount"], json!(2));
        assert!(counted(room) >= 1 && room["lastMessage"]["sender"].is_object(), "{room}");
    }
    let listed = list(r#"{"members":"a@a","roomTags":"x"}"#, "&sort=-lastMessage").await.good();
    assert_eq!(ids(&listed["data"]), ["r1", "r0"]);
    let others = list(r#"{"members":"bbb"}"#, "").await;
    others.refused(400, "INVALID_PARAMETER");
}

#[tokio::test]
async fn a_room_is_whole_and_every_member_counts() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.adds(&room, &["ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    let told = vue(&world, &aaa).reads(&room).send().await.good();
    assert_eq!(counted(&told), 3);
    assert!(told["members"].as_array().unwrap().iter().all(|member| member["id"] == member["_id"]), "{told}");
    assert!(told["lastMessage"]["sender"].is_object(), "it ignores a message without a sender: {told}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_history_is_paged_until_its_total_without_losing_a_message() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let mut said = Vec::new();
    for at in 0..11 {
        said.push(text(&bbb.says(&room, &format!("m{at}")).send().await.good()["_id"]));
        if at % 3 == 0 {
            aaa.invites(&room, &["ccc"]).send().await.good(); // in silence
        }
    }
    let aaa = vue(&world, &aaa);
    // Backwards from the newest: it drops the first of each further page, which is the bound itself.
    let mut all: Vec<String> = Vec::new();
    loop {
        let bound = all.last().map(|last| format!("&beforeMessage={last}&sortOrder=desc")).unwrap_or_default();
        let page = aaa.get(&format!("/rooms/{room}/messages/v3?limit=4{bound}")).send().await.good();
        assert_eq!((&page["totalCount"], &page["userDeletedIDs"]), (&json!(11), &json!([])));
        let messages = ids(&page["data"]);
        all.extend(messages.into_iter().skip(usize::from(!all.is_empty())));
        if all.len() >= 11 {
            break;
        }
    }
    assert_eq!(all, said.iter().rev().cloned().collect::<Vec<_>>());
    // Forwards from the one it knows.
    let page = aaa.get(&format!("/rooms/{room}/messages/v3?limit=4&afterMessage={}&sortOrder=asc", said[6]));
    assert_eq!(ids(&page.send().await.good()["data"]), said[6..10]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn removing_and_leaving_are_told_as_it_reads_them() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb, &ccc]).await;
    let removes = |actor: &Actor, members: Value| {
        let body = json!({ "systemMessage": true, "members": members });
        vue(&world, actor).post(&format!("/rooms/{room}/delete/members"), body)
    };
    let told = removes(&aaa, json!(["bbb"])).send().await.good();
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], counted(&told)), (&json!("deleteMember"), 2));
    assert_eq!(ids(&last["extra"]["members"]), ["bbb"], "it throws without");
    let told = removes(&ccc, json!(["ccc"])).send().await.good();
    assert_eq!(
        (&told["lastMessage"]["messageType"], &told["lastMessage"]["sender"]["_id"]),
        (&json!("leaveRoom"), &json!("ccc"))
    );
    // What was added tells its invitees as objects.
    let added = aaa.adds(&room, &["bbb", "ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(ids(&added["lastMessage"]["extra"]["invitees"]), ["bbb", "ccc"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_owner_bans_looks_up_and_lifts() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "owner": "aaa", "members": ["aaa", "bbb"] })).await;
    let aaa = vue(&world, &aaa);
    let path = format!("/blockStatus/room/{room}");
    let ban = aaa.call(Method::POST, &format!("{path}/bbb")).send().await.good();
    assert_eq!((&ban["blockee"]["_id"], &ban["blocker"], &ban["room"]), (&json!("bbb"), &json!("aaa"), &json!(room)));
    let listed = aaa.get(&path).send().await.good();
    let one = &listed["data"][0];
    assert_eq!(
        (&one["blockee"]["_id"], &one["blocker"]["_id"], &one["room"]["_id"]),
        (&json!("bbb"), &json!("aaa"), &json!(room))
    );
    assert!(one.get("unblockAt").is_none(), "it skips those that have it: {one}");
    aaa.call(Method::DELETE, &format!("{path}/bbb")).send().await.good();
    assert_eq!(aaa.get(&path).send().await.good()["data"], json!([]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_message_is_sent_and_read_from_a_page_on_another_site() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    for (method, path) in [("POST", "message"), ("PUT", "lastRead"), ("GET", "messages/v3"), ("DELETE", "members/aaa")]
    {
        let preflight = world.stranger().call(Method::OPTIONS, &format!("/rooms/{room}/{path}"));
        let preflight =
            preflight.header("Origin", "http://chat.example").header("Access-Control-Request-Method", method);
        let asked = "content-type,im-authorization,im-client-key,x-timezone,accept-language";
        let answer = preflight.header("Access-Control-Request-Headers", asked).send().await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_lowercase();
        assert_eq!(header("access-control-allow-origin"), "*");
        assert!(header("access-control-allow-methods").contains(&method.to_lowercase()), "{method}");
        let allowed = header("access-control-allow-headers");
        assert!(asked.split(',').all(|name| allowed.split(',').any(|own| own.trim() == name)), "{allowed}");
    }
    let answer = vue(&world, &aaa).says(&room, "hello").send().await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let said = answer.good();
    assert!(said["sender"].is_object());
    assert_eq!(vue(&world, &bbb).marks_read(&room, &said).send().await.good()["badge"], json!(0));
    // A refusal can be read there too.
    let stale = vue(&world, &aaa).with("IM-Authorization", "SampleApp.aaa.stale").says(&room, "x").send().await;
    assert_eq!(stale.headers["access-control-allow-origin"], "*");
    stale.refused(401, "INVALID_TOKEN");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_page_knows_whose_it_is() {
    let world = World::new().await;
    let aaa = vue(&world, &world.client("aaa").await);
    let told = aaa.get("/me").send().await.good();
    assert_eq!((&told["id"], &told["_id"], &told["clientType"]), (&json!("aaa"), &json!("aaa"), &json!("user")));
    aaa.post("/me", json!({ "nickname": "Anna" })).send().await.good();
    assert_eq!(aaa.get("/me").send().await.good()["nickname"], json!("Anna"));
    aaa.with("IM-Authorization", "SampleApp.aaa.stale").get("/me").send().await.refused(401, "INVALID_TOKEN");
}
