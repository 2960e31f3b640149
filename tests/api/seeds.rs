//! The documents' own requests, sent as they stand, and the replies held against the documented ones field by field.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, pairs};

#[tokio::test]
async fn a_client_is_added_as_seed_000_documents() {
    let world = World::new().await;
    let body = json!({ "_id": "1485248560558", "nickname": "Test AB", "avatarUrl": "http://example.com/avatarUrl" });
    let test_ab = world.client_with(body).await;
    world.client_with(json!({ "_id": "1485248566481", "nickname": "Test2" })).await;
    world.client_with(json!({ "_id": "1485250743313", "nickname": "Test 3" })).await;
    let room =
        json!({ "_id": "58871b877390be11d5f1ab30", "members": [test_ab.id], "data": { "customProperty": "hello" } });
    let room = world.room(room).await;
    test_ab.adds(&room, &["1485248566481"]).and(json!({ "systemMessage": true })).send().await.good();

    let caller = world.stranger().with("CLIENT_KEY", world.client_key()).with("Authorization", &test_ab.token);
    let answer = caller
        .adds_one("58871b877390be11d5f1ab30", "1485250743313")
        .header("Connection", "close")
        .header("User-Agent", "Paw/3.0.15 (Macintosh; OS X/10.11.6) GCDHTTPRequest")
        .header("Content-Length", "0")
        .send()
        .await;

    assert_eq!(answer.outcomes(), pairs(&[("1485250743313", "added")]));
    let result = answer.good();
    assert_eq!(ids(&result["members"]), ["1485248560558", "1485248566481", "1485250743313"]);
    assert_eq!(result["data"], json!({ "customProperty": "hello" }));
    assert_eq!(result["lastRead"], json!([{ "message": result["lastMessage"]["_id"], "client": "1485248560558" }]));
    holds_what_is_documented(&result, &seed_000(), BESIDE_000);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn clients_are_invited_as_seed_001_documents() {
    let world = World::new().await;
    let aaa = crowded_demo_room(&world).await;

    let answer = modern(&world, &aaa)
        .post("/rooms/demo-room/members", Value::Null)
        .raw(
            r#"{
  "invitees": [
    "ccc",
    "bbb"
  ],
  "invitationRequired": true,
  "systemMessage": false
}"#,
        )
        .header("Content-Type", "application/json; charset=utf-8")
        .send()
        .await;

    assert_eq!(answer.outcomes(), pairs(&[("ccc", "invited"), ("bbb", "invited")]));
    let result = answer.good();
    assert_eq!(
        ids(&result["members"]),
        ["aaa", "12345", "STARBUCKS", "robot001", "samsung-358436073080420", "test-user"]
    );
    holds_what_is_documented(&result, &seed_001(), BESIDE_001);
    world.holds_together("demo-room").await;
}

#[tokio::test]
async fn clients_are_added_as_the_script_of_seed_001_does() {
    let world = World::new().await;
    let aaa = crowded_demo_room(&world).await;

    let body = json!({ "invitees": ["ccc", "bbb"] });
    let answer = modern(&world, &aaa).post("/rooms/demo-room/members", body).send().await;

    assert_eq!(answer.outcomes(), pairs(&[("ccc", "added"), ("bbb", "added")]));
    let result = answer.good();
    assert_eq!(
        ids(&result["members"]),
        ["aaa", "12345", "STARBUCKS", "robot001", "samsung-358436073080420", "test-user", "bbb", "ccc"]
    );
    holds_what_is_documented(&result, &seed_001(), BESIDE_001);
    world.holds_together("demo-room").await;
}

#[tokio::test]
async fn clients_are_invited_as_the_first_example_of_seed_002_documents() {
    let world = World::new().await;
    let aaa = demo_room(&world).await;

    let body = json!({ "invitees": ["ccc", "bbb"], "invitationRequired": true, "systemMessage": true });
    let answer = modern(&world, &aaa).post("/rooms/demo-room/members", body).send().await;

    assert_eq!(answer.outcomes(), pairs(&[("ccc", "invited"), ("bbb", "invited")]));
    let last = answer.good()["lastMessage"].clone();
    // D19: several clients make `addMembers`, posted at invite time.
    assert_eq!((&last["messageType"], &last["message"]), (&json!("addMembers"), &json!("CCC, bbb")));
    world.holds_together("demo-room").await;
}

/// With `bbb` in the room before, one client is affected, and the reply is the documented one.
#[tokio::test]
async fn clients_are_added_as_the_second_example_of_seed_002_documents() {
    let world = World::new().await;
    let aaa = demo_room(&world).await;
    aaa.adds("demo-room", &["bbb"]).send().await.good();

    let body = json!({ "invitees": ["ccc", "bbb"], "invitationRequired": false, "systemMessage": true });
    let answer = modern(&world, &aaa).post("/rooms/demo-room/members", body).send().await;

    assert_eq!(answer.outcomes(), pairs(&[("ccc", "added"), ("bbb", "already_member")]));
    let result = answer.good();
    let last = &result["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("addMember"), &json!("CCC")));
    assert_eq!((&last["sender"], &last["member"]), (&face("aaa", "AAA", AAA), &face("ccc", "CCC", CCC)));
    for field in ["name", "cover", "description", "roomType", "webhook", "botState", "roomTags", "status", "id"] {
        assert_eq!(result[field], seed_002()[field], "{field}");
    }
    holds_what_is_documented(&result, &seed_002(), BESIDE_002);
    world.holds_together("demo-room").await;
}

#[tokio::test]
async fn the_error_scenarios_of_seed_002_are_told_apart() {
    let world = World::new().await;
    let aaa = demo_room(&world).await;
    let before = world.sight("demo-room").await;
    let body = json!({ "invitees": ["ccc", "bbb"], "invitationRequired": true, "systemMessage": true });
    let call = |actor: &Actor, room: &str, invitees: Value| {
        actor.post(&format!("/rooms/{room}/members"), body.clone()).and(json!({ "invitees": invitees }))
    };
    let all = json!(["ccc", "bbb"]);

    let caller = modern(&world, &aaa);
    let odd_key = caller.clone().with("IM-CLIENT-KEY", "SampleApp.0000");
    call(&odd_key, "demo-room", all.clone()).send().await.refused(401, "INVALID_CLIENT_KEY");
    let odd_token = caller.clone().with("IM-Authorization", "SampleApp.aaa.0000");
    call(&odd_token, "demo-room", all.clone()).send().await.refused(401, "INVALID_TOKEN");
    call(&caller, "other-room", all).send().await.refused(404, "ROOM_NOT_FOUND");
    call(&caller, "demo-room", json!(["ccc", "nobody"])).send().await.refused(404, "CLIENT_NOT_FOUND");

    assert_eq!(world.sight("demo-room").await, before);
}

/// Seed 002, Notes: `invitationRequired` has no effect on direct rooms.
#[tokio::test]
async fn a_direct_room_needs_no_invitation_as_seed_002_notes() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"], "invitationRequired": true })).await;

    let answer = aaa.invites(&room, &["bbb"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "already_member")]));
    assert_eq!(aaa.reads(&room).send().await.good()["invitationRequired"], json!(false));
    world.holds_together(&room).await;
}

/// The room of seeds 001 and 002 with `aaa` in it, who is the answer; `bbb` and `ccc` are outside.
async fn demo_room(world: &World) -> Actor {
    let aaa = world.client_with(json!({ "_id": "aaa", "nickname": "AAA", "avatarUrl": AAA })).await;
    world.client_with(json!({ "_id": "bbb", "nickname": "bbb", "avatarUrl": "" })).await;
    world.client_with(json!({ "_id": "ccc", "nickname": "CCC", "avatarUrl": CCC })).await;
    let mut room = seed_001();
    room["members"] = json!(["aaa"]);
    world.room(room).await;
    aaa
}

/// The same with a member of each kind that seed 001 shows, the last of them told of by a message.
async fn crowded_demo_room(world: &World) -> Actor {
    let aaa = demo_room(world).await;
    let crowd = seed_001()["members"].clone();
    for client in crowd.as_array().unwrap() {
        world.client_with(client.clone()).await;
    }
    let (last, others) = (&["test-user"], ["12345", "STARBUCKS", "robot001", "samsung-358436073080420"]);
    aaa.adds("demo-room", &others).send().await.good();
    aaa.adds("demo-room", last).and(json!({ "systemMessage": true })).send().await.good();
    aaa
}

fn modern(world: &World, actor: &Actor) -> Actor {
    world.stranger().with("IM-CLIENT-KEY", world.client_key()).with("IM-Authorization", &actor.token)
}

fn face(id: &str, nickname: &str, avatar_url: &str) -> Value {
    json!({ "_id": id, "id": id, "nickname": nickname, "avatarUrl": avatar_url, "lastLoginTimeMS": 0 })
}

/// Every documented field is there with its type, in every object where the document always has it, and beside them only
/// what a decision adds.
fn holds_what_is_documented(result: &Value, document: &Value, beside: &[(&str, &str, &str)]) {
    let (mut told, documented) = (fields(result), fields(document));
    for (path, field) in &documented {
        let own = told.remove(path).unwrap_or_else(|| panic!("`{path}` is documented and missing: {result}"));
        assert_eq!(own.kind, field.kind, "`{path}` has its documented type");
        assert!(own.is_everywhere || !field.is_everywhere, "`{path}` is documented everywhere: {result}");
    }
    let told: BTreeMap<&str, &str> = told.iter().map(|(path, field)| (path.as_str(), field.kind)).collect();
    let beside: BTreeMap<&str, &str> = beside.iter().map(|(path, kind, _)| (*path, *kind)).collect();
    assert_eq!(told, beside, "what stands beside the documented fields is what the decisions name");
}

/// A field in all objects at one place: its type, and whether each of them has it.
#[derive(Debug)]
struct Field {
    kind: &'static str,
    is_everywhere: bool,
}

/// All fields by their path, `members[].nickname`.
fn fields(value: &Value) -> BTreeMap<String, Field> {
    let mut all = BTreeMap::new();
    let mut places = vec![(String::new(), vec![value])];
    while let Some((place, objects)) = places.pop() {
        let mut values: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for (name, value) in objects.iter().filter_map(|object| object.as_object()).flatten() {
            values.entry(name).or_default().push(value);
        }
        for (name, values) in values {
            let path = format!("{place}{name}");
            let kind = kind(values[0]);
            assert!(values.iter().all(|value| self::kind(value) == kind), "`{path}` has one type: {values:?}");
            let is_everywhere = values.len() == objects.len();
            let items: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
            all.insert(path.clone(), Field { kind, is_everywhere });
            places.push((format!("{path}."), values));
            if items.iter().any(|item| item.is_object()) {
                places.push((format!("{path}[]."), items));
            }
        }
    }
    all
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn a_field_that_is_missing_invented_or_of_another_type_is_noticed() {
    let holds = |told: Value| {
        let document = json!({ "_id": "r", "members": [{ "_id": "a", "nickname": "A" }, { "_id": "b" }] });
        let beside = [("memberCount", "number", "D24")];
        std::panic::catch_unwind(|| holds_what_is_documented(&told, &document, &beside)).is_ok()
    };
    assert!(holds(
        json!({ "_id": "r", "members": [{ "_id": "a" }, { "_id": "b", "nickname": "B" }], "memberCount": 2 })
    ));
    assert!(!holds(json!({ "_id": "r", "members": [{ "_id": "a" }, { "_id": "b" }], "memberCount": 2 })));
    assert!(!holds(json!({ "_id": "r", "members": [{ "_id": "a" }, { "nickname": "B" }], "memberCount": 2 })));
    assert!(!holds(json!({ "_id": 7, "members": [{ "_id": "a", "nickname": "A" }], "memberCount": 2 })));
    assert!(!holds(json!({ "_id": "r", "members": [{ "_id": "a", "nickname": "A", "x": 1 }], "memberCount": 2 })));
    assert!(!holds(json!({ "_id": "r", "members": [{ "_id": "a", "nickname": "A" }] })));
}

const AAA: &str = "http://loremflickr.com/240/240/style?1569804629";
const CCC: &str = "https://globalassets.starbucks.com/assets/c1f4cd02de24483eb86c696401ad4213.jpg";

/// `result` of seed 000.
fn seed_000() -> Value {
    json!({
        "_id": "58871b877390be11d5f1ab30",
        "data": { "customProperty": "hello" },
        "lastMessage": {
            "_id": "58a2dc9c965d09221ea7bedb",
            "message": "sadf dsfdf",
            "messageType": "text",
            "sender": {
                "_id": "1485248560558",
                "nickname": "Test AB",
                "avatarUrl": "http://example.com/avatarUrl",
                "lastLoginTimeMS": 0,
                "id": "1485248560558",
            },
            "messageTime": "2017-02-14T10:31:56.006Z",
            "messageTimeMS": 1487068316006_i64,
            "id": "58a2dc9c965d09221ea7bedb",
        },
        "lastRead": [{ "message": "58885c9e4d0c89571b777a81", "client": "1485248560558" }],
        "members": [
            {
                "_id": "1485248560558",
                "nickname": "Test AB",
                "avatarUrl": "http://example.com/avatarUrl",
                "lastLoginTime": "2017-02-14T10:31:46.745Z",
                "lastLoginTimeMS": 1487068306745_i64,
                "id": "1485248560558",
            },
            {
                "_id": "1485248566481",
                "nickname": "Test2",
                "lastLoginTime": "2017-02-10T10:03:13.257Z",
                "lastLoginTimeMS": 1486720993257_i64,
                "id": "1485248566481",
            },
            {
                "_id": "1485250743313",
                "nickname": "Test 3",
                "lastLoginTime": "2017-02-15T03:08:11.658Z",
                "lastLoginTimeMS": 1487128091658_i64,
                "id": "1485250743313",
            },
        ],
        "id": "58871b877390be11d5f1ab30",
    })
}

/// `result` of seed 001, with one of each kind of member and member property.
#[allow(clippy::too_many_lines, reason = "a document, whole")]
fn seed_001() -> Value {
    json!({
        "_id": "demo-room",
        "name": "Demo",
        "cover": "http://loremflickr.com/240/240/style?demo",
        "description": "public demo room",
        "lastMessage": {
            "_id": "5e5b88e91da9d53097b13840",
            "room": "demo-room",
            "messageType": "deleteMember",
            "sender": {
                "_id": "aaa",
                "avatarUrl": "http://loremflickr.com/240/240/style?1569804629",
                "nickname": "AAA",
                "id": "aaa",
                "lastLoginTimeMS": 0,
            },
            "member": {
                "_id": "ccc",
                "avatarUrl": "https://globalassets.starbucks.com/assets/c1f4cd02de24483eb86c696401ad4213.jpg",
                "nickname": "CCC",
                "id": "ccc",
                "lastLoginTimeMS": 0,
            },
            "message": "CCC",
            "appID": "SampleApp",
            "id": "5e5b88e91da9d53097b13840",
            "messageTimeMS": 1583057129059_i64,
            "updatedAtMS": 1583057129059_i64,
            "createdAtMS": 1583057129059_i64,
        },
        "roomType": "group",
        "webhook": "meet-taipei-intro",
        "botState": "CONTACT",
        "botMode": false,
        "encrypted": false,
        "serviceStatus": 0,
        "roomTags": ["demo", "foo", "bar"],
        "status": 1,
        "memberProperties": [
            {
                "badge": 180,
                "lastRead": "5b87e48e3f5be1360a37e7b4",
                "client": "STARBUCKS",
            },
            { "badge": 222, "client": "12345" },
        ],
        "members": [
            {
                "_id": "STARBUCKS",
                "nickname": "Madeline",
                "avatarUrl": "https://globalassets.starbucks.com/assets/c1f4cd02de24483eb86c696401ad4213.jpg",
                "description": "Store Description lal alll",
                "isRobot": false,
                "id": "STARBUCKS",
                "lastLoginTimeMS": 1583057133276_i64,
            },
            {
                "_id": "test-user",
                "avatarUrl": "https://globalassets.starbucks.com/assets/c1f4cd02de24483eb86c696401ad4213.jpg",
                "nickname": "Maisie",
                "isRobot": false,
                "id": "test-user",
                "lastLoginTimeMS": 1583057133276_i64,
            },
            { "_id": "12345", "isRobot": false, "id": "12345", "lastLoginTimeMS": 1583057133276_i64 },
            {
                "_id": "samsung-358436073080420",
                "description": "description la la #1531924629059",
                "nickname": "samsung-herolte",
                "avatarUrl": "",
                "userAgent": "Dalvik/2.1.0 (Linux; U; Android 8.0.0; SM-G930F Build/R16NW)",
                "isRobot": false,
                "id": "samsung-358436073080420",
                "lastLoginTimeMS": 1531924629461_i64,
            },
            {
                "_id": "robot001",
                "nickname": "Quinn Robot",
                "isRobot": true,
                "id": "robot001",
                "lastLoginTimeMS": 1583057133276_i64,
            },
        ],
        "id": "demo-room",
        "createdTimeMS": 1525001412492_i64,
    })
}

/// `result` of seed 002.
#[allow(clippy::too_many_lines, reason = "a document, whole")]
fn seed_002() -> Value {
    json!({
        "_id": "demo-room",
        "name": "Demo",
        "cover": "http://loremflickr.com/240/240/style?demo",
        "description": "public demo room",
        "roomType": "group",
        "webhook": "meet-taipei-intro",
        "botState": "CONTACT",
        "botMode": false,
        "encrypted": false,
        "serviceStatus": 0,
        "roomTags": ["demo", "foo", "bar"],
        "status": 1,
        "lastMessage": {
            "_id": "5e5b88e91da9d53097b13840",
            "room": "demo-room",
            "messageType": "addMember",
            "sender": {
                "_id": "aaa",
                "nickname": "AAA",
                "avatarUrl": "http://loremflickr.com/240/240/style?1569804629",
                "id": "aaa",
                "lastLoginTimeMS": 0,
            },
            "member": {
                "_id": "ccc",
                "nickname": "CCC",
                "avatarUrl": "https://example.com/avatar.jpg",
                "id": "ccc",
                "lastLoginTimeMS": 0,
            },
            "message": "CCC",
            "appID": "SampleApp",
            "id": "5e5b88e91da9d53097b13840",
            "messageTimeMS": 1583057129059_i64,
            "updatedAtMS": 1583057129059_i64,
            "createdAtMS": 1583057129059_i64,
        },
        "members": [
            {
                "_id": "aaa",
                "nickname": "AAA",
                "avatarUrl": "http://loremflickr.com/240/240/style?1569804629",
                "isRobot": false,
                "id": "aaa",
                "lastLoginTimeMS": 1541926310026_i64,
            },
            {
                "_id": "bbb",
                "nickname": "bbb",
                "avatarUrl": "",
                "isRobot": false,
                "id": "bbb",
                "lastLoginTimeMS": 1541824600261_i64,
            },
            {
                "_id": "ccc",
                "nickname": "CCC",
                "avatarUrl": "https://example.com/avatar.jpg",
                "isRobot": false,
                "id": "ccc",
                "lastLoginTimeMS": 0,
            },
        ],
        "id": "demo-room",
        "createdTimeMS": 1525001412492_i64,
    })
}

/// What the first generation's reply holds beside its document: path, type, decision.
const BESIDE_000: &[(&str, &str, &str)] = &[
    ("botMode", "boolean", "D21"),
    ("botState", "string", "D21"),
    ("createdTimeMS", "number", "D21"),
    ("encrypted", "boolean", "D21"),
    ("lastMessage.appID", "string", "D21"),
    ("lastMessage.createdAtMS", "number", "D21"),
    ("lastMessage.extra", "object", "D19"),
    ("lastMessage.extra.invitees", "array", "D19"),
    ("lastMessage.extra.invitees[]._id", "string", "D19"),
    ("lastMessage.extra.invitees[].nickname", "string", "D19"),
    ("lastMessage.member", "object", "D19"),
    ("lastMessage.member._id", "string", "D19"),
    ("lastMessage.member.id", "string", "D19"),
    ("lastMessage.member.lastLoginTimeMS", "number", "D19"),
    ("lastMessage.member.nickname", "string", "D19"),
    ("lastMessage.room", "string", "D21"),
    ("lastMessage.updatedAtMS", "number", "D21"),
    ("memberCount", "number", "D24"),
    ("memberProperties", "array", "D21"),
    ("memberProperties[].badge", "number", "D21"),
    ("memberProperties[].client", "string", "D21"),
    ("memberProperties[].lastRead", "string", "D21"),
    ("memberProperties[].inviter", "string", "D43"),
    ("memberProperties[].via", "string", "D43"),
    ("members[].clientType", "string", "D22"),
    ("members[].isRobot", "boolean", "D21"),
    ("roomTags", "array", "D21"),
    ("roomType", "string", "D21"),
    ("serviceStatus", "number", "D21"),
    ("status", "number", "D21"),
];

/// What the reply holds beside seed 001.
const BESIDE_001: &[(&str, &str, &str)] = &[
    ("lastMessage.extra", "object", "D19"),
    ("lastMessage.extra.invitees", "array", "D19"),
    ("lastMessage.extra.invitees[]._id", "string", "D19"),
    ("lastMessage.extra.invitees[].avatarUrl", "string", "D19"),
    ("lastMessage.extra.invitees[].nickname", "string", "D19"),
    ("memberCount", "number", "D24"),
    ("memberProperties[].inviter", "string", "D43"),
    ("memberProperties[].via", "string", "D43"),
    ("members[].clientType", "string", "D22"),
];

/// What the reply holds beside seed 002; the member properties are documented by seed 001.
const BESIDE_002: &[(&str, &str, &str)] = &[
    ("lastMessage.extra", "object", "D19"),
    ("lastMessage.extra.invitees", "array", "D19"),
    ("lastMessage.extra.invitees[]._id", "string", "D19"),
    ("lastMessage.extra.invitees[].avatarUrl", "string", "D19"),
    ("lastMessage.extra.invitees[].nickname", "string", "D19"),
    ("memberCount", "number", "D24"),
    ("memberProperties", "array", "D21"),
    ("memberProperties[].badge", "number", "D21"),
    ("memberProperties[].client", "string", "D21"),
    ("memberProperties[].lastRead", "string", "D21"),
    ("memberProperties[].inviter", "string", "D43"),
    ("memberProperties[].via", "string", "D43"),
    ("members[].clientType", "string", "D22"),
];
