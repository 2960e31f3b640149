//! What no route may be moved by (D2, D8, D9): the documented refusal, nothing changed, and never our own fault.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, ids};

/// The longest body (D9).
const LONGEST_BODY: usize = 256 * 1024;

/// The wire's two ways to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Imkit,
    Talk,
}

/// A route that takes a body, and a body that it takes.
#[derive(Clone)]
struct Route {
    dialect: Dialect,
    path: String,
    body: Value,
}

/// Every route that takes a body. Each body is good: whatever is put in its place is what is refused.
fn routes(room: &str) -> [Route; 6] {
    let imkit = |path: String, body: Value| Route { dialect: Dialect::Imkit, path, body };
    [
        imkit(format!("/rooms/{room}/members"), json!({ "invitees": ["bbb"] })),
        imkit(format!("/rooms/{room}/members/bbb"), json!({ "systemMessage": true })),
        imkit(format!("/rooms/{room}/join"), json!({ "sender": "bbb" })),
        imkit("/rooms".to_owned(), json!({ "_id": "new-room" })),
        imkit("/admin/clients".to_owned(), json!({ "_id": "new-client" })),
        Route { dialect: Dialect::Talk, path: format!("/v2/rooms/{room}/invite"), body: json!({ "_userId": "bbb" }) },
    ]
}

/// A world with a room of `aaa`, in which `bbb` is not yet.
async fn world() -> (World, Actor, String) {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    (world, aaa, room)
}

/// Nothing that was refused may have left a trace: in the room, or as a new room or client.
async fn nothing_changed(world: &World, room: &str, before: &crate::actors::Sight) {
    assert_eq!(world.sight(room).await, *before);
    world.platform().reads("new-room").send().await.refused(404, "ROOM_NOT_FOUND");
    let platform = world.platform().with("IM-CLIENT-ID", "new-client");
    platform.reads(room).send().await.refused(404, "CLIENT_NOT_FOUND");
}

/// Sends bytes as they are.
async fn bytes(call: &Actor, world: &World, path: &str, content_type: Option<&str>, body: Vec<u8>) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}{path}", world.stack.url()));
    let request = request.header("IM-API-KEY", world.api_key()).header("IM-CLIENT-ID", &call.id).body(body);
    let request = match content_type {
        Some(kind) => request.header("content-type", kind),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The refusal of a body that is no JSON object.
fn is_no_body(dialect: Dialect, (status, answer): &(u16, Value)) {
    match dialect {
        Dialect::Imkit => assert_eq!((*status, &answer["error"]["code"]), (400, &json!("INVALID_BODY")), "{answer}"),
        Dialect::Talk => assert_eq!((*status, &answer["code"]), (400, &json!(405)), "{answer}"),
    }
}

/// The refusal of a parameter, by name.
fn is_refused_by_name(dialect: Dialect, answer: Answer, name: &str) {
    let shown = format!("{:?}", answer.body);
    match dialect {
        Dialect::Imkit => {
            let message = answer.refused(400, "INVALID_PARAMETER");
            assert!(message.contains(&format!("`{name}`")), "`{name}` is named: {shown}");
        }
        Dialect::Talk => assert_eq!(answer.talk_refused(400, 405), format!("Invalid parameter : {name}"), "{shown}"),
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let (world, aaa, room) = world().await;
    let before = world.sight(&room).await;
    let deep = [&b"["[..], b"{\"a\":", b"{\"invitees\":["].map(|part| part.repeat(100_000));
    let mut bodies: Vec<Vec<u8>> = deep.into_iter().filter(|body| body.len() <= LONGEST_BODY).collect();
    assert_eq!(bodies.len(), 1, "longer ones are refused for their length");
    bodies.push(format!("{{\"a\":{}", "[".repeat(100_000)).into_bytes());
    bodies.push(format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes());
    bodies.push(b"{\"_id\":\"\xff\xfe\"}".to_vec());
    bodies.push(b"\xef\xbb\xbf{}".to_vec());
    bodies.push(b"{\"_id\":\"\\ud800\"}".to_vec());
    for text in ["[]", "[{}]", "1", "\"x\"", "null", "true", "{", "{}x", "{} {}", "a=b", "{'a':1}", "{\"a\":NaN}"] {
        bodies.push(text.into());
    }
    for Route { dialect, path, .. } in routes(&room) {
        for body in &bodies {
            for kind in [None, Some("application/json"), Some("application/x-www-form-urlencoded")] {
                is_no_body(dialect, &bytes(&aaa, &world, &path, kind, body.clone()).await);
            }
        }
    }
    nothing_changed(&world, &room, &before).await;
}

#[tokio::test]
async fn a_body_longer_than_256_kib_is_refused() {
    let (world, aaa, room) = world().await;
    let before = world.sight(&room).await;
    for Route { dialect, path, body } in routes(&room) {
        let mut longest = body.to_string().into_bytes();
        longest.resize(LONGEST_BODY, b' ');
        for more in [1, 2, 3, 100_000] {
            for kind in [None, Some("application/json")] {
                let mut longer = longest.clone();
                longer.resize(LONGEST_BODY + more, b' ');
                let (status, answer) = bytes(&aaa, &world, &path, kind, longer).await;
                match dialect {
                    Dialect::Imkit => {
                        let told = (status, &answer["RC"], &answer["error"]["code"]);
                        assert_eq!(
                            told,
                            (413, &json!(413), &json!("BODY_TOO_LARGE")),
                            "{path}: {more} bytes, {kind:?}"
                        );
                    }
                    Dialect::Talk => {
                        assert_eq!((status, &answer["code"]), (400, &json!(405)), "{more} bytes, {kind:?}")
                    }
                }
            }
        }
    }
    nothing_changed(&world, &room, &before).await;
}

#[tokio::test]
async fn a_body_of_256_kib_is_taken() {
    let (world, aaa, room) = world().await;
    for Route { path, body, .. } in routes(&room).into_iter().take(5) {
        let mut longest = body.to_string().into_bytes();
        longest.resize(LONGEST_BODY, b' ');
        for kind in [None, Some("application/json")] {
            let (status, answer) = bytes(&aaa, &world, &path, kind, longest.clone()).await;
            assert_eq!(status, 200, "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_body_is_read_as_json_whatever_its_content_type() {
    let (world, aaa, room) = world().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "nonsense"] {
        let path = format!("/rooms/{room}/members");
        let (status, answer) = bytes(&aaa, &world, &path, Some(kind), b"{\"invitees\":[\"bbb\"]}".to_vec()).await;
        assert_eq!(status, 200, "{kind}: {answer}");
    }
    let joined = world.client("ccc").await;
    for kind in ["application/json", "application/x-www-form-urlencoded"] {
        joined.joins(&room).header("content-type", kind).send().await.good();
    }
    assert_eq!(ids(&aaa.reads(&room).send().await.good()["members"]), ["aaa", "bbb", "ccc"]);
}

#[tokio::test]
async fn fields_that_no_route_knows_are_ignored() {
    let (world, aaa, room) = world().await;
    let odd = json!({ "unheardOf": [1, { "a": null }], "__proto__": {}, "": 0, "invitee": 7 });
    aaa.adds(&room, &["bbb"]).and(odd.clone()).send().await.good();
    aaa.adds_one(&room, "bbb").and(odd.clone()).send().await.good();
    world.client("ccc").await.joins(&room).and(odd).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_null_counts_as_absent() {
    let (_world, aaa, room) = world().await;
    let nulls = json!({ "invitationRequired": null, "systemMessage": null, "partial": null, "expiresInSeconds": null });
    let answer = aaa.adds(&room, &["bbb"]).and(nulls).send().await;
    assert_eq!(answer.outcomes(), crate::actors::pairs(&[("bbb", "added")]));
    let message = aaa.adds(&room, &[]).and(json!({ "invitees": null })).send().await.refused(400, "MISSING_PARAMETER");
    assert!(message.contains("`invitees`"), "{message}");
}

/// Wrong values for a field: none of them is of its type.
fn wrong(kind: &str) -> Vec<Value> {
    let too_long = |bytes: usize| json!("x".repeat(bytes + 1));
    let list = |items: Vec<Value>| json!(items);
    match kind {
        "flag" => vec![json!("true"), json!(1), json!([]), json!({})],
        "lifetime" => vec![json!("60"), json!(59), json!(-1), json!(60.5), json!(7_776_001), json!(1e30), json!(true)],
        "id" => vec![
            json!(1),
            json!(""),
            json!("a/b"),
            json!("a#b"),
            json!("a\u{0}"),
            json!("a\n"),
            too_long(128),
            json!({}),
        ],
        "ids" => vec![
            json!("bbb"),
            json!({}),
            json!([1]),
            json!([["bbb"]]),
            json!(["bbb", null]),
            json!([""]),
            json!(["a/b"]),
            list(vec![too_long(128)]),
        ],
        "name" => vec![json!(1), json!(true), json!([]), json!({}), too_long(256)],
        "url" => vec![json!(1), json!([]), too_long(2_048)],
        "text" => vec![json!(1), json!([]), too_long(4_096)],
        "tags" => vec![json!("a"), json!([1]), json!({}), json!(vec!["x"; 51]), list(vec![too_long(256)])],
        "object" => vec![json!("{}"), json!([]), json!(1), json!({ "x": "x".repeat(16_384) })],
        "open" => vec![json!(2), json!(-1), json!(true), json!("1"), json!(0.5)],
        "seats" => vec![json!(0), json!(-1), json!("10"), json!(100_001), json!(1.5), json!(1e300)],
        "roomType" => vec![json!("channel"), json!(""), json!("Group"), json!(1), json!("x".repeat(1_000))],
        "date" => vec![
            json!(1),
            json!("tomorrow"),
            json!("2017-01-01T00:00:00Z"),
            json!("9999-01-01T00:00:00Z"),
            too_long(64),
        ],
        "token" => vec![
            json!(1),
            json!("short"),
            json!("with a space"),
            json!("newline\nnewline"),
            json!("字字字字"),
            too_long(4_096),
        ],
        "email" => vec![json!(1), json!("no-at-sign"), json!("@x.io"), json!("a@"), too_long(256)],
        "mobile" => vec![json!(13_800_000_000_i64), json!("letters"), too_long(256)],
        other => unreachable!("`{other}`"),
    }
}

/// What the bodies of both adding routes hold, and of which kind it is.
const OF_ADDING: [(&str, &str); 4] =
    [("invitationRequired", "flag"), ("systemMessage", "flag"), ("partial", "flag"), ("expiresInSeconds", "lifetime")];

/// What the body of a new room holds.
const OF_A_ROOM: [(&str, &str); 21] = [
    ("_id", "id"),
    ("name", "name"),
    ("cover", "url"),
    ("roomType", "roomType"),
    ("members", "ids"),
    ("description", "text"),
    ("roomTags", "tags"),
    ("webhook", "url"),
    ("botMode", "flag"),
    ("botState", "name"),
    ("extParams", "text"),
    ("systemMessage", "flag"),
    ("owner", "id"),
    ("encrypted", "flag"),
    ("data", "object"),
    ("maxMembers", "seats"),
    ("isPrivate", "flag"),
    ("topic", "name"),
    ("invitationRequired", "flag"),
    ("opening", "open"),
    ("sender", "id"),
];

/// What the body of a client holds.
const OF_A_CLIENT: [(&str, &str); 10] = [
    ("_id", "id"),
    ("nickname", "name"),
    ("avatarUrl", "url"),
    ("description", "text"),
    ("userAgent", "name"),
    ("isRobot", "flag"),
    ("email", "email"),
    ("mobile", "mobile"),
    ("issueAccessToken", "flag"),
    ("token", "token"),
];

#[tokio::test]
async fn a_field_of_the_wrong_type_or_size_is_refused_by_name() {
    let (world, aaa, room) = world().await;
    let before = world.sight(&room).await;
    let [add_members, add_member, join, create_room, create_client, _] = routes(&room);
    let mut rows: Vec<(&Route, &str, &str)> = Vec::new();
    rows.extend(OF_ADDING.map(|(name, kind)| (&add_members, name, kind)));
    rows.extend(OF_ADDING.map(|(name, kind)| (&add_member, name, kind)));
    rows.extend([(&add_members, "invitees", "ids"), (&add_members, "sender", "id"), (&add_member, "sender", "id")]);
    rows.extend([(&join, "systemMessage", "flag"), (&join, "sender", "id")]);
    rows.extend(OF_A_ROOM.map(|(name, kind)| (&create_room, name, kind)));
    rows.extend(OF_A_CLIENT.map(|(name, kind)| (&create_client, name, kind)));
    for (route, name, kind) in rows {
        for value in wrong(kind) {
            let call = world.platform().with("IM-CLIENT-ID", &aaa.id).post(&route.path, route.body.clone());
            let answer = call.and(json!({ name: value })).send().await;
            is_refused_by_name(route.dialect, answer, name);
        }
    }
    for date in wrong("date") {
        let body = json!({ "_id": "new-client", "issueAccessToken": true, "expirationDate": date });
        let answer = world.platform().post("/admin/clients", body).send().await;
        is_refused_by_name(Dialect::Imkit, answer, "expirationDate");
    }
    nothing_changed(&world, &room, &before).await;
}

#[tokio::test]
async fn a_talk_parameter_of_the_wrong_kind_is_refused_by_name() {
    let (world, aaa, room) = world().await;
    let before = world.sight(&room).await;
    let odd = [json!({}), json!(["x"]), json!(true), json!(null), json!("")];
    let rows = [
        ("_userId", json!("a/b")),
        ("_userId", json!("x".repeat(129))),
        ("email", json!("no-at-sign")),
        ("email", json!("x".repeat(1_000))),
        ("mobile", json!("letters")),
        ("_id", json!("a/b")),
        ("_id", json!("x".repeat(1_000))),
    ];
    let odd = ["_userId", "email", "mobile", "_id"]
        .into_iter()
        .flat_map(|name| odd.iter().map(move |value| (name, value.clone())));
    for (name, value) in odd.chain(rows) {
        let mut body = json!({ "_id": room });
        if name == "_id" {
            body["_userId"] = json!("bbb");
        }
        body[name] = value;
        let answer = aaa.talk_invites(&room, body).send().await;
        is_refused_by_name(Dialect::Talk, answer, name);
    }
    assert_eq!(world.sight(&room).await, before);
}

/// Every route with an id in its path, that id being this.
fn with_room(actor: &Actor, id: &str) -> Vec<Call> {
    vec![
        actor.post(&format!("/rooms/{id}/members"), json!({ "invitees": ["bbb"] })),
        actor.call(Method::POST, &format!("/rooms/{id}/members/bbb")),
        actor.call(Method::POST, &format!("/rooms/{id}/join")),
        actor.get(&format!("/rooms/{id}")),
        actor.get(&format!("/rooms/{id}/members")),
        actor.get(&format!("/rooms/{id}/events")),
    ]
}

/// No client and no room can have these ids; percent-encoded as they stand in a path.
const NO_IDS: [&str; 8] = ["a%2Fb", "%2F", "a%23b", "a%00b", "%0A", "%7F", "%C2%85", "a%0D%0AX-Header:%201"];

#[tokio::test]
async fn a_path_with_what_is_no_id_is_refused_by_name() {
    let (world, aaa, room) = world().await;
    let before = world.sight(&room).await;
    let long = "x".repeat(1_000);
    for id in NO_IDS.into_iter().chain([long.as_str(), &"x".repeat(129), &"%E5%BC%B5".repeat(43)]) {
        for call in with_room(&aaa, id) {
            is_refused_by_name(Dialect::Imkit, call.send().await, "id");
        }
        is_refused_by_name(Dialect::Imkit, aaa.adds_one(&room, id).send().await, "invitee");
        is_refused_by_name(Dialect::Talk, aaa.talk_invites(id, json!({ "_userId": "bbb" })).send().await, "_id");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_path_that_may_be_an_id_is_looked_up() {
    let (world, aaa, room) = world().await;
    let before = world.sight(&room).await;
    for id in [
        "%25",
        "50%25",
        "a%20b",
        "%20",
        "%E5%BC%B5%20%E4%B8%89",
        "%FF",
        "%zz",
        "a%3Fb",
        "..%20",
        "@me",
        &"x".repeat(128),
    ] {
        for call in with_room(&aaa, id) {
            call.send().await.refused(404, "ROOM_NOT_FOUND");
        }
        aaa.adds_one(&room, id).send().await.refused(404, "CLIENT_NOT_FOUND");
        aaa.talk_invites(id, json!({ "_userId": "bbb" })).send().await.talk_refused(400, 401);
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn an_id_may_hold_spaces_percent_signs_and_any_script() {
    let world = World::new().await;
    let [aaa, zhang, odd] = world.clients(["aaa", "張 三", "50%.a;b@c"]).await;
    let room = world.room(json!({ "_id": "a b%c", "members": ["aaa"] })).await;
    assert_eq!(room, "a b%c");
    let path = "a%20b%25c";
    aaa.adds_one(path, "%E5%BC%B5%20%E4%B8%89").send().await.good();
    odd.joins(path).send().await.good();
    zhang.adds(path, &["50%.a;b@c"]).send().await.good();
    let members = ["aaa", "張 三", "50%.a;b@c"];
    assert_eq!(ids(&zhang.reads(path).send().await.good()["members"]), members);
    assert_eq!(ids(&odd.get(&format!("/rooms/{path}/members")).send().await.good()["data"]), {
        let mut sorted = members;
        sorted.sort();
        sorted
    });
    world.holds_together(path).await;
}

#[tokio::test]
async fn a_number_in_a_query_out_of_its_range_is_refused_by_name() {
    let (_world, aaa, room) = world().await;
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=abc", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit=%00", "limit"),
        ("limit=1&limit=2", "limit"),
    ] {
        for list in ["members", "events"] {
            is_refused_by_name(Dialect::Imkit, aaa.get(&format!("/rooms/{room}/{list}?{query}")).send().await, name);
        }
    }
    for after in ["-1", "abc", "1.5", "18446744073709551616"] {
        let call = aaa.get(&format!("/rooms/{room}/events?after={after}"));
        is_refused_by_name(Dialect::Imkit, call.send().await, "after");
    }
    for cursor in ["a%2Fb", "a%23b", "%00", &"x".repeat(129)] {
        let call = aaa.get(&format!("/rooms/{room}/members?cursor={cursor}"));
        is_refused_by_name(Dialect::Imkit, call.send().await, "cursor");
    }
}

#[tokio::test]
async fn a_header_that_names_no_possible_client_is_refused_by_name() {
    let (world, _aaa, room) = world().await;
    for bad in ["a/b", "a#b", &"x".repeat(1_000)] {
        let answer = world.platform().with("IM-CLIENT-ID", bad).reads(&room).send().await;
        is_refused_by_name(Dialect::Imkit, answer, "IM-CLIENT-ID");
    }
}

#[tokio::test]
async fn what_no_route_takes_is_not_found_in_the_callers_dialect() {
    let (world, aaa, room) = world().await;
    let before = world.sight(&room).await;
    let calls = [
        (Method::GET, "/".to_owned()),
        (Method::GET, "/nowhere".to_owned()),
        (Method::POST, "/nowhere/at/all".to_owned()),
        (Method::PATCH, "/rooms".to_owned()),
        (Method::PATCH, format!("/rooms/{room}")),
        (Method::PATCH, format!("/rooms/{room}/members")),
        (Method::PATCH, format!("/rooms/{room}/members/aaa")),
        (Method::PATCH, format!("/rooms/{room}/join")),
        (Method::PATCH, "/admin/clients".to_owned()),
        (Method::GET, format!("/rooms/{room}/members/aaa/bbb")),
        (Method::POST, format!("/rooms/{room}/events")),
        (Method::POST, "/rooms//members".to_owned()),
        (Method::POST, format!("//rooms/{room}/join")),
        (Method::POST, format!("/ROOMS/{room}/join")),
    ];
    for (method, path) in calls {
        for actor in [&aaa, &world.stranger()] {
            let message = actor.call(method.clone(), &path).raw("{]").send().await.refused(404, "ROUTE_NOT_FOUND");
            assert_eq!(message, "there is no such route", "{method} {path}");
        }
    }
    for (method, path) in [(Method::GET, format!("/v2/rooms/{room}/invite")), (Method::POST, "/v2/nowhere".to_owned())]
    {
        assert_eq!(aaa.call(method, &path).send().await.talk_refused(404, 404), "Not Found");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_trailing_slash_is_the_same_route() {
    let (world, aaa, room) = world().await;
    for Route { path, body, .. } in routes(&room) {
        let of = |path: &str| world.platform().with("IM-CLIENT-ID", "aaa").post(path, body.clone());
        assert_ne!(of(&path).send().await.status, 404, "{path}");
        let (plain, slashed) = (of(&path).send().await, of(&format!("{path}/")).send().await);
        assert_eq!((slashed.status, without_times(slashed.body)), (plain.status, without_times(plain.body)), "{path}/");
    }
    for list in ["", "/members", "/members?limit=1", "/events", "/events?after=1&limit=1"] {
        let path = format!("/rooms/{room}{list}");
        let slashed = match path.split_once('?') {
            Some((path, query)) => format!("{path}/?{query}"),
            None => format!("{path}/"),
        };
        let (plain, slashed) = (aaa.get(&path).send().await, aaa.get(&slashed).send().await);
        assert_eq!((slashed.status, slashed.body), (200, plain.body), "{path}/");
    }
    let calls = [format!("/rooms/{room}/members/"), format!("/rooms/{room}/members/bbb/")];
    for path in calls {
        world.stranger().post(&path, json!({ "invitees": ["bbb"] })).send().await.refused(401, "INVALID_CLIENT_KEY");
    }
    // API Gateway decodes the path before anybody sees it: an encoded slash is a slash by then.
    aaa.call(Method::POST, "/rooms/a%2Fb/join/").send().await.refused(404, "ROUTE_NOT_FOUND");
    aaa.call(Method::PATCH, &format!("/rooms/{room}/")).send().await.refused(404, "ROUTE_NOT_FOUND");
    world.holds_together(&room).await;
}

/// A repeated upsert moves these; everything else must be the same.
fn without_times(mut body: Value) -> Value {
    if let Some(result) = body["result"].as_object_mut() {
        result.remove("updatedAt");
    }
    body
}

#[tokio::test]
async fn an_object_of_the_operators_own_may_be_as_deep_as_json_goes() {
    let (world, aaa, _room) = world().await;
    let deep: Value = serde_json::from_str(&format!("{}7{}", "{\"a\":".repeat(100), "}".repeat(100))).unwrap();
    let room = world.room(json!({ "members": ["aaa"], "data": deep })).await;
    assert_eq!(aaa.adds_one(&room, "bbb").send().await.good()["data"], deep);
}
