//! `POST /admin/clients`.

use std::time::Duration;

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, ids, pairs, text};

const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

impl World {
    /// Upserts a client.
    fn upserts(&self, body: Value) -> Call {
        self.platform().post("/admin/clients", body)
    }

    /// Upserts a client; what it is now.
    async fn upserted(&self, body: Value) -> Value {
        self.upserts(body).send().await.good()
    }

    /// An upsert that is refused and leaves every item of the table as it was; the message.
    async fn refuses_upsert(&self, call: Call, status: u16, code: &str) -> String {
        let before = self.items().await;
        let message = call.send().await.refused(status, code);
        assert_eq!(self.items().await, before, "a refusal changes nothing");
        message
    }

    /// Invites by Talk's route, on the platform's behalf.
    async fn invites_address(&self, room: &str, whom: Value) -> Value {
        self.platform().talk_invites(room, whom).send().await.bare()
    }

    /// Whom an address leads to: the id of a client, or nobody's.
    async fn finds(&self, whom: Value) -> Option<String> {
        let room = self.group(&[]).await;
        let found = self.invites_address(&room, whom).await;
        (found["isInvite"] != true).then(|| text(&found["_id"]))
    }

    /// What is in the table of pending invitations of addresses.
    async fn pending(&self) -> Vec<String> {
        let keys = self.items().await.into_iter().map(|item| (text(&item["PK"]["S"]), text(&item["SK"]["S"])));
        let keys = keys.filter(|(_, sk)| sk.starts_with("INVITED#") || sk.starts_with("#INVITATION#"));
        keys.map(|(pk, sk)| format!("{pk} {sk}")).collect()
    }
}

/// What became of the invitations, by room.
fn claims(client: &Value) -> Vec<(String, String)> {
    let claims = client["claims"].as_array().unwrap_or_else(|| panic!("{client}"));
    let mut claims: Vec<_> = claims.iter().map(|claim| (text(&claim["room"]), text(&claim["outcome"]))).collect();
    for claim in client["claims"].as_array().unwrap() {
        assert_eq!(claim.as_object().unwrap().len(), 2, "{claim}");
    }
    claims.sort();
    claims
}

/// Pairs as [`claims`] gives them.
fn claimed(expected: &[(&String, &str)]) -> Vec<(String, String)> {
    let mut expected: Vec<_> =
        expected.iter().map(|(room, outcome)| ((*room).clone(), (*outcome).to_owned())).collect();
    expected.sort();
    expected
}

fn code(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.body["error"]["code"].clone())
}

// The client itself.

#[tokio::test]
async fn a_client_is_answered_as_it_was_described() {
    let world = World::new().await;
    let said = json!({
        "_id": "aaa", "nickname": "Ann", "avatarUrl": "https://x.io/a.png", "description": "Tester", "isRobot": true,
        "userAgent": "curl", "email": " Ann@X.io", "mobile": "131 0000 0000", "plan": { "tier": 3 }, "tags": ["a"],
    });
    let made = world.upserted(said.clone()).await;
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(&made[name], value, "`{name}`");
    }
    let given = json!({ "id": "aaa", "appID": "SampleApp", "claims": [], "clientType": "user", "__v": 0 });
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&made[name], value, "`{name}`");
    }
    assert!(made["createdAt"].is_string() && made["updatedAt"].is_string() && made["lastLoginTimeMS"].is_i64());
    for absent in ["token", "expirationDate", "expirationDateMS", "addresses", "version"] {
        assert!(made.get(absent).is_none(), "`{absent}` in {made}");
    }
}

#[tokio::test]
async fn what_an_upsert_omits_stays_and_null_removes() {
    let world = World::new().await;
    let first = world
        .upserted(json!({
            "_id": "aaa", "nickname": "Ann", "avatarUrl": "u", "description": "d", "userAgent": "a", "isRobot": true,
            "email": "ann@x.io", "mobile": "13100000000", "plan": "free", "seat": 7,
        }))
        .await;
    let second = world.upserted(json!({ "_id": "aaa", "nickname": "Anna" })).await;
    for name in ["avatarUrl", "description", "userAgent", "isRobot", "email", "mobile", "plan", "seat", "createdAt"] {
        assert_eq!(second[name], first[name], "`{name}`");
    }
    assert_eq!(second["nickname"], "Anna");
    let gone = ["nickname", "avatarUrl", "description", "userAgent", "email", "mobile", "plan"];
    let mut nulls = json!({ "_id": "aaa" });
    for name in gone {
        nulls[name] = Value::Null;
    }
    let third = world.upserted(nulls).await;
    for name in gone {
        assert!(third.get(name).is_none(), "`{name}` in {third}");
    }
    assert_eq!(third["seat"], 7);
}

#[tokio::test]
async fn fields_of_the_operators_own_are_kept_and_merged() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa", "plan": { "tier": 1, "since": 2020 }, "locale": "zh" })).await;
    let now = world.upserted(json!({ "_id": "aaa", "plan": { "tier": 2 }, "size": 1.5 })).await;
    assert_eq!(now["plan"], json!({ "tier": 2 }), "a field is replaced, not its inside");
    assert_eq!((&now["locale"], &now["size"]), (&json!("zh"), &json!(1.5)));
}

#[tokio::test]
async fn a_reply_sent_back_changes_nothing_of_the_client() {
    let world = World::new().await;
    let body =
        json!({ "_id": "aaa", "nickname": "Ann", "email": "ann@x.io", "plan": "free", "issueAccessToken": true });
    let mut made = world.upserted(body).await;
    for issued in ["token", "expirationDate"] {
        made.as_object_mut().unwrap().remove(issued);
    }
    let mut again = world.upserted(made.clone()).await;
    assert!(again.get("expirationDateMS").is_none(), "no token was issued: {again}");
    for moved in ["updatedAt", "expirationDateMS"] {
        made.as_object_mut().unwrap().remove(moved);
        again.as_object_mut().unwrap().remove(moved);
    }
    assert_eq!(again, made);
    let custom = world.items().await.into_iter().find(|item| item["SK"]["S"] == "CLIENT").unwrap()["custom"].clone();
    assert_eq!(custom, json!({ "S": r#"{"plan":"free"}"# }), "nothing of ours is taken for the operator's own");
}

#[tokio::test]
async fn an_upsert_needs_the_api_key() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let body = json!({ "_id": "bbb" });
    for caller in [
        aaa.clone(),
        world.stranger(),
        world.stranger().with("IM-CLIENT-KEY", world.client_key()),
        world.stranger().with("IM-API-KEY", world.client_key()),
        world.stranger().with("IM-API-KEY", "SampleApp.wrong"),
        world.stranger().with("IM-API-KEY", "nodot"),
        world.stranger().with("IM-API-KEY", &aaa.token),
        aaa.with("IM-API-KEY", "SampleApp.wrong"),
    ] {
        world.refuses_upsert(caller.post("/admin/clients", body.clone()), 401, "INVALID_API_KEY").await;
    }
    for name in ["IM-API-KEY", "API_KEY", "api-key"] {
        let platform = world.stranger().with(name, world.api_key());
        platform.post("/admin/clients", body.clone()).send().await.good();
    }
}

#[tokio::test]
async fn a_client_belongs_to_the_app_of_the_key() {
    let world = World::new().await;
    let other = world.other_app("Other").await;
    world.upserted(json!({ "_id": "aaa", "nickname": "Ours", "email": "ann@x.io" })).await;
    let body = json!({ "_id": "aaa", "email": "ann@x.io" });
    let theirs = other.platform().post("/admin/clients", body).send().await.good();
    assert_eq!((&theirs["appID"], theirs.get("nickname")), (&json!("Other"), None));
    assert_eq!(world.upserted(json!({ "_id": "aaa" })).await["email"], "ann@x.io", "no app takes another's address");
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_changes() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa", "nickname": "Ann", "email": "ann@x.io" })).await;
    let bad = [
        ("_id", json!("")),
        ("_id", json!("a/b")),
        ("_id", json!("a#b")),
        ("_id", json!("a\nb")),
        ("_id", json!("x".repeat(129))),
        ("_id", json!(7)),
        ("email", json!("")),
        ("email", json!("nobody")),
        ("email", json!("a b@x.io")),
        ("email", json!(7)),
        ("mobile", json!("")),
        ("mobile", json!("12")),
        ("mobile", json!("call me")),
        ("mobile", json!(13_100_000_000_u64)),
        ("nickname", json!(7)),
        ("nickname", json!("x".repeat(257))),
        ("avatarUrl", json!({})),
        ("description", json!(true)),
        ("isRobot", json!("yes")),
        ("issueAccessToken", json!("true")),
        ("token", json!(7)),
    ];
    for (name, value) in bad {
        let mut body = json!({ "_id": "aaa", "plan": "new", "issueAccessToken": true });
        body[name] = value.clone();
        let message = world.refuses_upsert(world.upserts(body), 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with(&format!("`{name}` ")), "{value}: {message}");
    }
    let huge = json!({ "_id": "aaa", "plan": "x".repeat(20_000) });
    world.refuses_upsert(world.upserts(huge), 400, "INVALID_PARAMETER").await;
}

#[tokio::test]
async fn a_client_without_an_id_is_refused() {
    let world = World::new().await;
    for body in [json!({}), json!({ "_id": null }), json!({ "id": "aaa" })] {
        let message = world.refuses_upsert(world.upserts(body), 400, "MISSING_PARAMETER").await;
        assert!(message.contains("`_id`"), "{message}");
    }
}

// Tokens (D5).

#[tokio::test]
async fn an_issued_token_works_for_seven_days() {
    let world = World::new().await;
    let made = world.upserted(json!({ "_id": "aaa", "issueAccessToken": true })).await;
    let token = text(&made["token"]);
    assert!(token.starts_with("SampleApp.aaa."), "{token}");
    let life = made["expirationDateMS"].as_i64().unwrap() - made["lastLoginTimeMS"].as_i64().unwrap();
    assert!((WEEK - 10_000..=WEEK).contains(&life), "{life}");
    let room = world.group(&[]).await;
    world.bearer("aaa", &token).joins(&room).send().await.good();
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_second_token_leaves_the_first_in_force() {
    let world = World::new().await;
    let [first, second] = [world.client("aaa").await, world.client("aaa").await];
    assert_ne!(first.token, second.token);
    let room = world.group(&[&first]).await;
    first.reads(&room).send().await.good();
    second.reads(&room).send().await.good();
}

#[tokio::test]
async fn an_issued_token_lives_as_long_as_it_is_told() {
    let world = World::new().await;
    let until = "2090-02-14T10:31:56.006Z";
    let made = world.upserted(json!({ "_id": "aaa", "issueAccessToken": true, "expirationDate": until })).await;
    assert_eq!((&made["expirationDate"], &made["expirationDateMS"]), (&json!(until), &json!(3_790_751_516_006_i64)));
}

#[tokio::test]
async fn a_token_that_the_operator_brings_works_with_the_client_key() {
    let world = World::new().await;
    let until = "2090-02-14T10:31:56.006Z";
    let made = world.upserted(json!({ "_id": "aaa", "token": "opaque~token/1", "expirationDate": until })).await;
    assert_eq!((&made["token"], &made["expirationDate"]), (&json!("opaque~token/1"), &json!(until)));
    let room = world.group(&[]).await;
    let aaa = world.bearer("aaa", "opaque~token/1");
    aaa.joins(&room).send().await.good();
    assert_eq!(world.events(&room).await.last().unwrap()["actor"], "aaa");
    aaa.without("IM-CLIENT-KEY").reads(&room).send().await.refused(401, "INVALID_CLIENT_KEY");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_token_may_look_like_one_of_ours_and_still_be_the_one_whom_it_is_bound_to() {
    let world = World::new().await;
    world.client("bbb").await;
    world.upserted(json!({ "_id": "aaa", "token": "SampleApp.bbb.0123456789" })).await;
    let room = world.group(&[]).await;
    world.bearer("aaa", "SampleApp.bbb.0123456789").joins(&room).send().await.good();
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_may_bring_its_token_again() {
    let world = World::new().await;
    let bound = json!({ "_id": "aaa", "token": "opaque-token" });
    world.upserted(bound.clone()).await;
    world.upserted(bound).await;
    let room = world.group(&[&world.bearer("aaa", "opaque-token")]).await;
    world.bearer("aaa", "opaque-token").reads(&room).send().await.good();
}

#[tokio::test]
async fn a_token_of_another_living_client_is_refused() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.upserted(json!({ "_id": "bbb", "token": "opaque-token" })).await;
    for token in [aaa.token.as_str(), "opaque-token"] {
        let call = world.upserts(json!({ "_id": "ccc", "token": token }));
        let message = world.refuses_upsert(call, 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with("`token` ") && !message.contains(token), "{message}");
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_and_may_be_bound_to_another_client() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa", "token": "opaque-token" })).await;
    let aaa = world.bearer("aaa", "opaque-token");
    let room = world.group(&[&aaa]).await;
    aaa.reads(&room).send().await.good();
    let items = world.items().await;
    let token = items.iter().find(|item| item["SK"]["S"] == "TOKEN").unwrap();
    world.expires(&text(&token["PK"]["S"]), "TOKEN").await;
    let message = aaa.reads(&room).send().await.refused(401, "INVALID_TOKEN");
    assert!(message.contains("expired"), "{message}");

    world.upserted(json!({ "_id": "bbb", "token": "opaque-token" })).await;
    world.bearer("bbb", "opaque-token").joins(&room).send().await.good();
    assert_eq!(world.events(&room).await.last().unwrap()["clients"], json!(["bbb"]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_token_that_cannot_be_one_is_refused() {
    let world = World::new().await;
    let cases = [
        (json!({ "token": "short" }), "token"),
        (json!({ "token": "" }), "token"),
        (json!({ "token": "with a space" }), "token"),
        (json!({ "token": "zeichenä-token" }), "token"),
        (json!({ "token": "line\nbreak-token" }), "token"),
        (json!({ "token": "opaque-token", "issueAccessToken": true }), "token"),
        (json!({ "token": "opaque-token", "expirationDate": "2020-01-01T00:00:00.000Z" }), "expirationDate"),
        (json!({ "issueAccessToken": true, "expirationDate": "2020-01-01T00:00:00.000Z" }), "expirationDate"),
        (json!({ "token": "opaque-token", "expirationDate": "2200-01-01T00:00:00.000Z" }), "expirationDate"),
        (json!({ "token": "opaque-token", "expirationDate": "tomorrow" }), "expirationDate"),
        (json!({ "token": "opaque-token", "expirationDate": 4_000_000_000_000_u64 }), "expirationDate"),
    ];
    for (mut body, name) in cases {
        body["_id"] = json!("aaa");
        let message = world.refuses_upsert(world.upserts(body.clone()), 400, "INVALID_PARAMETER").await;
        assert!(message.starts_with(&format!("`{name}` ")), "{body}: {message}");
    }
}

#[tokio::test]
async fn nothing_secret_is_stored_or_logged() {
    let world = World::new().await;
    let issued = world.client_with(json!({ "_id": "aaa", "email": "ann@x.io", "mobile": "13100000000" })).await.token;
    world.upserted(json!({ "_id": "bbb", "token": "opaque-token" })).await;
    let room = world.group(&[&world.bearer("bbb", "opaque-token")]).await;
    world.bearer("bbb", "opaque-token").reads(&room).send().await.good();
    world.invites_address(&room, json!({ "email": "new@y.io" })).await;
    world.upserted(json!({ "_id": "ccc", "email": "new@y.io", "token": "another-token" })).await;
    world.upserts(json!({ "_id": "ddd", "token": "another-token" })).send().await.refused(400, "INVALID_PARAMETER");
    world.upserts(json!({ "_id": "ddd", "email": "bad@@z.io" })).send().await.refused(400, "INVALID_PARAMETER");

    let secrets = [&issued, "opaque-token", "another-token", world.client_key(), world.api_key()];
    let items = format!("{:?}", world.items().await);
    for secret in secrets {
        assert!(!items.contains(secret), "`{secret}` is stored");
    }
    let logs = world.stack.logs();
    assert!(logs.iter().filter(|line| line.contains("create_client")).count() >= 5, "{logs:?}");
    for secret in secrets.into_iter().chain(["x.io", "y.io", "z.io", "3100000000"]) {
        assert!(!logs.iter().any(|line| line.contains(secret)), "`{secret}` is logged: {logs:?}");
    }
}

// Addresses (D33).

#[tokio::test]
async fn an_address_follows_the_operators_latest_statement() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa", "email": "Shared@X.io", "mobile": "13100000000" })).await;
    world.upserted(json!({ "_id": "bbb", "email": "shared@x.io" })).await;
    assert_eq!(world.finds(json!({ "email": "shared@x.io" })).await.as_deref(), Some("bbb"));
    let aaa = world.upserted(json!({ "_id": "aaa" })).await;
    assert!(aaa.get("email").is_none(), "an address is one client's: {aaa}");
    assert_eq!(aaa["mobile"], "13100000000", "the other address stays");
    assert_eq!(world.finds(json!({ "mobile": "13100000000" })).await.as_deref(), Some("aaa"));

    world.upserted(json!({ "_id": "aaa", "email": "shared@x.io" })).await;
    assert_eq!(world.finds(json!({ "email": "shared@x.io" })).await.as_deref(), Some("aaa"));
}

#[tokio::test]
async fn both_addresses_move_to_another_client_at_once() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa", "nickname": "Ann", "email": "ann@x.io", "mobile": "13100000000" })).await;
    let bbb = world.upserted(json!({ "_id": "bbb", "email": "ann@x.io", "mobile": "+86 13100000000" })).await;
    assert_eq!((&bbb["email"], &bbb["mobile"]), (&json!("ann@x.io"), &json!("+86 13100000000")));
    for whom in [json!({ "email": "ann@x.io" }), json!({ "mobile": "13100000000" })] {
        assert_eq!(world.finds(whom).await.as_deref(), Some("bbb"));
    }
    let aaa = world.upserted(json!({ "_id": "aaa" })).await;
    assert_eq!((aaa.get("email"), aaa.get("mobile"), &aaa["nickname"]), (None, None, &json!("Ann")));
}

#[tokio::test]
async fn an_address_given_up_is_nobodys() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa", "email": "old@x.io", "mobile": "13100000000" })).await;
    world.upserted(json!({ "_id": "aaa", "email": "new@x.io", "mobile": null })).await;
    assert_eq!(world.finds(json!({ "email": "old@x.io" })).await, None);
    assert_eq!(world.finds(json!({ "mobile": "13100000000" })).await, None);
    assert_eq!(world.finds(json!({ "email": "new@x.io" })).await.as_deref(), Some("aaa"));
}

#[tokio::test]
async fn an_address_in_another_spelling_stays_its_clients() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa", "email": "ann@x.io", "mobile": "13100000000" })).await;
    let aaa = world.upserted(json!({ "_id": "aaa", "email": "ANN@X.io", "mobile": "+86 131 0000 0000" })).await;
    assert_eq!((&aaa["email"], &aaa["mobile"]), (&json!("ANN@X.io"), &json!("+86 131 0000 0000")));
    assert_eq!(world.finds(json!({ "email": "ann@x.io" })).await.as_deref(), Some("aaa"));
}

// Claims (D36).

/// A world in which `aaa` has invited somebody unknown to two rooms, once by each address.
async fn two_invitations() -> (World, Actor, [String; 2]) {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let rooms = [world.group(&[&aaa]).await, world.group(&[]).await];
    let talker = world.stranger().with("Authorization", &format!("aid {}", aaa.token));
    let whom = json!({ "email": "New.Person@Example.COM" });
    assert_eq!(talker.talk_invites(&rooms[0], whom).send().await.bare()["isInvite"], true);
    let whom = json!({ "mobile": "+86 131 0000 0000" });
    assert_eq!(talker.talk_invites(&rooms[1], whom).send().await.bare()["isInvite"], true);
    (world, aaa, rooms)
}

#[tokio::test]
async fn an_invited_person_who_signs_up_is_a_member_of_every_room() {
    let (world, _aaa, [first, second]) = two_invitations().await;
    let logs = [world.events(&first).await, world.events(&second).await];
    let body = json!({ "_id": "new", "nickname": "New", "email": "new.person@example.com", "mobile": "13100000000" });
    let new = world.upserted(body.clone()).await;
    assert_eq!(claims(&new), claimed(&[(&first, "joined"), (&second, "joined")]));

    for (room, log) in [&first, &second].into_iter().zip(logs) {
        let now = world.sight(room).await;
        assert!(ids(&now.room["members"]).contains(&"new".to_owned()));
        let [event] = &now.events[log.len()..] else { panic!("one entry: {now:?}") };
        let invited = log.last().unwrap();
        assert_eq!(
            [&event["type"], &event["via"], &event["inviter"], &event["actor"], &event["invitation"]],
            [&json!("member.joined"), &json!("claim"), &json!("aaa"), &Value::Null, &invited["invitation"]],
        );
        let message = &now.room["lastMessage"];
        assert_eq!(
            [&message["messageType"], &message["sender"]["_id"], &message["member"]["nickname"]],
            ["joinRoom", "new", "New"]
        );
        world.holds_together(room).await;
    }
    assert_eq!(world.pending().await, Vec::<String>::new(), "what was redeemed is gone");

    assert_eq!(claims(&world.upserted(body).await), [], "and is not redeemed twice");
    for whom in [json!({ "email": "New.Person@Example.COM" }), json!({ "mobile": "131-0000-0000" })] {
        for room in [&first, &second] {
            world.platform().talk_invites(room, whom.clone()).send().await.talk_refused(400, 239);
        }
    }
}

#[tokio::test]
async fn addresses_stated_one_after_the_other_are_claimed_one_after_the_other() {
    let (world, _aaa, [first, second]) = two_invitations().await;
    let new = world.upserted(json!({ "_id": "new", "email": "new.person@example.com" })).await;
    assert_eq!(claims(&new), claimed(&[(&first, "joined")]));
    let new = world.upserted(json!({ "_id": "new", "mobile": "13100000000" })).await;
    assert_eq!(claims(&new), claimed(&[(&second, "joined")]));
    world.holds_together(&first).await;
    world.holds_together(&second).await;
}

#[tokio::test]
async fn an_upsert_without_addresses_claims_nothing() {
    let (world, _aaa, rooms) = two_invitations().await;
    let before = [world.sight(&rooms[0]).await, world.sight(&rooms[1]).await];
    let pending = world.pending().await;
    assert_eq!(claims(&world.upserted(json!({ "_id": "new.person@example.com" })).await), []);
    assert_eq!(claims(&world.upserted(json!({ "_id": "new", "email": "other@example.com" })).await), []);
    assert_eq!([world.sight(&rooms[0]).await, world.sight(&rooms[1]).await], before);
    assert_eq!(world.pending().await, pending);
}

#[tokio::test]
async fn an_invitation_to_one_app_is_not_claimed_in_another() {
    let (world, _aaa, rooms) = two_invitations().await;
    let other = world.other_app("Other").await;
    let body = json!({ "_id": "new", "email": "new.person@example.com", "mobile": "13100000000" });
    assert_eq!(claims(&other.platform().post("/admin/clients", body).send().await.good()), []);
    assert_eq!(world.sight(&rooms[0]).await.room["memberCount"], 1);
}

#[tokio::test]
async fn a_claim_that_a_room_cannot_take_is_kept_and_says_so() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = |more: Value| {
        let mut body = json!({ "members": ["aaa"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.room(body)
    };
    let rooms = [
        (room(json!({ "maxMembers": 1 })).await, "room_full"),
        (room(json!({ "opening": 0 })).await, "room_closed"),
        (room(json!({})).await, "banned"),
        (room(json!({ "isPrivate": true })).await, "joined"),
    ];
    for (room, _) in &rooms {
        world.invites_address(room, json!({ "email": "new@x.io" })).await;
    }
    world.upserted(json!({ "_id": "new" })).await; // only clients are banned
    world.bans(&rooms[2].0, "new").await;
    let before = [world.sight(&rooms[0].0).await, world.sight(&rooms[1].0).await, world.sight(&rooms[2].0).await];

    let all: Vec<_> = rooms.iter().map(|(room, outcome)| (room, *outcome)).collect();
    assert_eq!(claims(&world.upserted(json!({ "_id": "new", "email": "new@x.io" })).await), claimed(&all));
    let kept = &all[..3];
    // Whatever the later upserts say, the rooms still owe an answer.
    for body in [json!({ "_id": "new", "email": "NEW@x.io" }), json!({ "_id": "new", "nickname": "New" })] {
        assert_eq!(claims(&world.upserted(body).await), claimed(kept));
    }
    let after = [world.sight(&rooms[0].0).await, world.sight(&rooms[1].0).await, world.sight(&rooms[2].0).await];
    assert_eq!(after, before, "what is kept leaves no trace");

    // Unbanned, he comes in.
    world.platform().unbans(&rooms[2].0, "new").send().await.good();
    let now = claims(&world.upserted(json!({ "_id": "new" })).await);
    assert_eq!(now, claimed(&[(kept[0].0, "room_full"), (kept[1].0, "room_closed"), (kept[2].0, "joined")]));
    for (room, _) in &rooms {
        world.holds_together(room).await;
    }
    drop(aaa);
}

#[tokio::test]
async fn a_claim_fills_the_last_seat_and_no_more() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.room(json!({ "members": [aaa.id], "maxMembers": 2 })).await;
    world.invites_address(&room, json!({ "email": "one@x.io" })).await;
    world.invites_address(&room, json!({ "email": "two@x.io" })).await;
    let one = world.upserted(json!({ "_id": "one", "email": "one@x.io" })).await;
    assert_eq!(claims(&one), claimed(&[(&room, "joined")]));
    let two = world.upserted(json!({ "_id": "two", "email": "two@x.io" })).await;
    assert_eq!(claims(&two), claimed(&[(&room, "room_full")]));
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa", "one"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_claim_of_a_member_closes_the_invitation() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    let room = world.group(&[]).await;
    let invited = world.invites_address(&room, json!({ "email": "bob@x.io" })).await;
    world.platform().adds(&room, &["bbb"]).send().await.good();
    let before = world.sight(&room).await;

    let now = world.upserted(json!({ "_id": "bbb", "email": "bob@x.io" })).await;
    assert_eq!(claims(&now), claimed(&[(&room, "already_member")]));
    assert_eq!(world.pending().await, Vec::<String>::new());
    let after = world.sight(&room).await;
    assert_eq!(after.room["members"], before.room["members"]);
    let [event] = &after.events[before.events.len()..] else { panic!("one entry: {after:?}") };
    assert_eq!([&event["type"], &event["invitation"]], [&json!("invitation.cancelled"), &invited["_id"]]);
    assert_eq!(claims(&world.upserted(json!({ "_id": "bbb" })).await), []);
    world.platform().talk_invites(&room, json!({ "email": "bob@x.io" })).send().await.talk_refused(400, 239);
    world.holds_together(&room).await;
    drop(bbb);
}

#[tokio::test]
async fn an_expired_invitation_is_not_claimed() {
    let (world, _aaa, [first, second]) = two_invitations().await;
    let sk = "#INVITATION#new.person@example.com";
    world.expires(&format!("SampleApp#ROOM#{first}"), sk).await;
    let before = world.sight(&first).await;
    let body = json!({ "_id": "new", "email": "new.person@example.com", "mobile": "13100000000" });
    assert_eq!(claims(&world.upserted(body).await), claimed(&[(&second, "joined")]));
    assert_eq!(world.sight(&first).await, before);
    // As if absent, it does not stand in the way of a new start either.
    let whom = json!({ "email": "new.person@example.com" });
    assert_eq!(world.invites_address(&first, whom).await["_id"], "new");
    world.holds_together(&first).await;
    world.holds_together(&second).await;
}

#[tokio::test]
async fn a_person_invited_to_one_room_under_both_addresses_joins_once() {
    let world = World::new().await;
    let room = world.group(&[]).await;
    world.invites_address(&room, json!({ "email": "new@x.io" })).await;
    world.invites_address(&room, json!({ "mobile": "13100000000" })).await;
    let new = world.upserted(json!({ "_id": "new", "email": "new@x.io", "mobile": "13100000000" })).await;
    assert_eq!(claims(&new), claimed(&[(&room, "already_member"), (&room, "joined")]));
    assert_eq!(world.pending().await, Vec::<String>::new());
    let joined = world.events(&room).await.iter().filter(|event| event["type"] == "member.joined").count();
    assert_eq!(joined, 1);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn one_invitation_of_both_addresses_is_one_claim() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let full = world.room(json!({ "members": [aaa.id], "maxMembers": 1 })).await;
    let open = world.group(&[]).await;
    for room in [&full, &open] {
        world.invites_address(room, json!({ "email": "new@x.io", "mobile": "13100000000" })).await;
    }
    let new = world.upserted(json!({ "_id": "new", "email": "new@x.io", "mobile": "13100000000" })).await;
    assert_eq!(claims(&new), claimed(&[(&full, "room_full"), (&open, "joined")]));
    assert_eq!(world.pending().await.len(), 3, "the full room's, with its two pointers: {:?}", world.pending().await);
    world.holds_together(&full).await;
    world.holds_together(&open).await;
}

#[tokio::test]
async fn one_invitation_of_both_addresses_is_claimed_by_either() {
    for own in [json!({ "email": "new@x.io" }), json!({ "mobile": "131 0000 0000" })] {
        let world = World::new().await;
        let room = world.group(&[]).await;
        world.invites_address(&room, json!({ "email": "new@x.io", "mobile": "13100000000" })).await;
        let mut body = own.clone();
        body["_id"] = json!("new");
        assert_eq!(claims(&world.upserted(body).await), claimed(&[(&room, "joined")]), "{own}");
        assert_eq!(world.pending().await, Vec::<String>::new(), "{own}");
        world.holds_together(&room).await;
    }
}

#[tokio::test]
async fn a_claim_closes_the_clients_own_invitation_too() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    let room = world.room(json!({ "invitationRequired": true })).await;
    world.platform().invites(&room, &["bbb"]).send().await.good();
    world.invites_address(&room, json!({ "email": "bob@x.io" })).await;
    let now = world.upserted(json!({ "_id": "bbb", "email": "bob@x.io" })).await;
    assert_eq!(claims(&now), claimed(&[(&room, "joined")]));
    let again = bbb.adds(&room, &["bbb"]).send().await;
    assert_eq!(again.outcomes(), pairs(&[("bbb", "already_member")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_moved_address_brings_its_invitations_to_the_new_owner_alone() {
    let world = World::new().await;
    let room = world.room(json!({ "maxMembers": 1 })).await;
    world.client("aaa").await;
    world.invites_address(&room, json!({ "email": "shared@x.io" })).await;
    world.platform().adds(&room, &["aaa"]).send().await.good();
    let bbb = world.upserted(json!({ "_id": "bbb", "email": "shared@x.io" })).await;
    assert_eq!(claims(&bbb), claimed(&[(&room, "room_full")]));
    let ccc = world.upserted(json!({ "_id": "ccc", "email": "shared@x.io" })).await;
    assert_eq!(claims(&ccc), claimed(&[(&room, "room_full")]));
    assert_eq!(claims(&world.upserted(json!({ "_id": "bbb" })).await), []);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn whoever_cannot_prove_himself_learns_nothing_of_a_client() {
    let world = World::new().await;
    world.client("aaa").await;
    let stranger = world.stranger().with("IM-API-KEY", "SampleApp.wrong");
    let answers = [
        stranger.post("/admin/clients", json!({ "_id": "aaa" })).send().await,
        stranger.post("/admin/clients", json!({ "_id": "nobody" })).send().await,
    ];
    assert_eq!(code(&answers[0]), code(&answers[1]));
    assert_eq!(answers[0].body["error"]["message"], answers[1].body["error"]["message"]);
}

#[tokio::test]
async fn two_clients_cannot_bind_one_token_at_once() {
    let world = World::new().await;
    world.upserted(json!({ "_id": "aaa" })).await;
    world.stack.faults().always("TransactWriteItems", Fault::Delay(Duration::from_millis(100)));
    let bind = |id: &str| world.upserts(json!({ "_id": id, "token": "opaque-token" })).send();
    let (one, two) = tokio::join!(bind("aaa"), bind("bbb"));
    let mut outcomes = [one.status, two.status];
    outcomes.sort();
    assert_eq!(outcomes, [200, 400], "{one:?} {two:?}");
    let winner = if one.status == 200 { "aaa" } else { "bbb" };
    let room = world.group(&[]).await;
    world.bearer(winner, "opaque-token").joins(&room).send().await.good();
    assert_eq!(ids(&world.sight(&room).await.room["members"]), [winner]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_unknown_sender_is_refused_before_anything_is_stored() {
    let (world, _aaa, rooms) = two_invitations().await;
    let body = json!({ "_id": "new", "email": "new.person@example.com" });
    let call = world.upserts(body.clone()).header("IM-CLIENT-ID", "nobody");
    assert!(world.refuses_upsert(call, 404, "CLIENT_NOT_FOUND").await.contains("`nobody`"));
    let call = world.upserts(body).header("IM-CLIENT-ID", "aaa");
    assert_eq!(claims(&call.send().await.good()), claimed(&[(&rooms[0], "joined")]));
    assert_eq!(world.events(&rooms[0]).await.last().unwrap()["actor"], "aaa");
    world.holds_together(&rooms[0]).await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_costs_no_claim() {
    for action in ["BatchGetItem", "TransactWriteItems", "Query"] {
        let (world, _aaa, [first, second]) = two_invitations().await;
        world.stack.faults().next(action, Fault::LoseResponse);
        let body = json!({ "_id": "new", "email": "new.person@example.com", "mobile": "13100000000" });
        let new = world.upserted(body).await;
        assert_eq!(claims(&new), claimed(&[(&first, "joined"), (&second, "joined")]), "{action}");
        world.holds_together(&first).await;
        world.holds_together(&second).await;
    }
}
