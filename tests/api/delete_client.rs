//! The function `delete_client`, by which the operator erases a client.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};
use crate::receiver::Receiver;

/// The client to be erased, and everything that says who he is.
const BOB: &str = "bob.7";
const TRACES: [&str; 6] =
    [BOB, "Bobby Beta", "pics.example/bobby", "bobby@example.com", "Bobby@Example.COM", "13100000007"];

impl World {
    async fn bob(&self) -> Actor {
        self.client_with(json!({
            "_id": BOB, "nickname": "Bobby Beta", "avatarUrl": "https://pics.example/bobby.png",
            "email": "Bobby@Example.COM", "mobile": "131 0000 0007",
        }))
        .await
    }

    /// One call; what the function answers.
    async fn erases(&self, client: &str) -> Value {
        self.stack.invoke("delete_client", json!({ "app": "SampleApp", "client": client })).await.expect("it is erased")
    }

    /// Makes it long ago that something of the client was last found.
    async fn waits_a_minute(&self, client: &str) {
        let pk = format!("SampleApp#CLIENT#{client}");
        self.amends(&pk, "ERASING", "SET since = :past", json!({ ":past": { "N": "1" } })).await;
    }

    /// Both calls that it takes; the pseudonym.
    async fn erases_wholly(&self, client: &str) -> String {
        let first = self.erases(client).await;
        assert_eq!((&first["done"], &first["next"]), (&json!(false), &Value::Null), "{first}");
        self.waits_a_minute(client).await;
        let second = self.erases(client).await;
        assert_eq!([&second["done"], &second["changed"]], [&json!(true), &json!(0)], "{second}");
        assert_eq!(second["pseudonym"], first["pseudonym"]);
        text(&second["pseudonym"])
    }

    async fn refuses_to_erase(&self, event: Value) -> (String, String) {
        let before = self.items().await;
        let error = self.stack.invoke("delete_client", event).await.unwrap_err();
        assert_eq!(self.items().await, before, "a refusal changes nothing");
        (error.error_type, error.message)
    }
}

/// Says something; the message's id.
async fn says(actor: &Actor, room: &str, body: Value) -> String {
    text(&actor.post(&format!("/rooms/{room}/message"), body).send().await.good()["_id"])
}

/// Makes a room and joins it; the room's id.
async fn founds(actor: &Actor, body: Value) -> String {
    text(&actor.founds(body).send().await.good()["_id"])
}

/// Every string of a JSON value, the names of its fields included.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| std::iter::once(name.clone()).chain(strings(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The items that say anything of Bob.
fn traces_in(items: &[Value]) -> Vec<String> {
    let tells = |item: &&Value| strings(item).iter().any(|text| TRACES.iter().any(|trace| text.contains(trace)));
    items.iter().filter(tells).map(Value::to_string).collect()
}

/// Every pseudonym that stands in the table.
fn pseudonyms_in(items: &[Value]) -> BTreeSet<String> {
    let words = strings(&json!(items)).into_iter().flat_map(|text| {
        text.split(|end: char| !end.is_ascii_alphanumeric() && end != '-').map(str::to_owned).collect::<Vec<_>>()
    });
    words.filter(|word| word.starts_with("erased-")).collect()
}

#[tokio::test]
async fn the_sockets_of_an_erased_client_watch_nothing_any_more() {
    let world = World::new().await;
    let bob = world.bob().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa, &bob]).await;
    let mut stays = world.watches(&aaa, &room).await;
    stays.subscribes(json!({})).await;
    let others = world.socket_items().await;
    let for_bob = world.platform().with("IM-CLIENT-ID", BOB);
    let mut watchers = [world.watches(&bob, &room).await, world.watches(&for_bob, &room).await];
    for watcher in &mut watchers {
        watcher.subscribes(json!({})).await;
    }
    world.erases_wholly(BOB).await;
    assert_eq!(traces_in(&world.items().await), [""; 0], "the table tells of him");
    assert_eq!(world.socket_items().await, others);
    for watcher in &mut watchers {
        let told = world.heard(watcher).await;
        assert!(told.is_empty(), "{told:#?}");
    }
    aaa.says(&room, "he is gone").send().await.good();
    assert!(world.heard(&mut watchers[0]).await.is_empty() && world.heard(&mut watchers[1]).await.is_empty());
    assert!(world.heard(&mut stays).await.len() >= 2, "who stays hears that he left, and what is said");
}

#[tokio::test]
async fn the_links_of_an_erased_client_stay_under_the_pseudonym_and_his_redemptions_go() {
    let world = World::new().await;
    let bob = world.bob().await;
    let [aaa, ccc, ddd] = world.clients(["aaa", "ccc", "ddd"]).await;
    let (his, other) = (world.group(&[&aaa, &bob]).await, world.group(&[&aaa]).await);
    let (link, taken) =
        (bob.links(&his, json!({})).send().await.good(), aaa.links(&other, json!({})).send().await.good());
    ccc.redeems(&link).send().await.good();
    bob.redeems(&taken).send().await.good();
    let pseudonym = world.erases_wholly(BOB).await;
    assert_eq!(traces_in(&world.items().await), [""; 0], "the table tells of him");
    ddd.redeems(&link).send().await.good();
    assert_eq!(world.events(&his).await.pop().unwrap()["inviter"], json!(pseudonym));
    assert_eq!(aaa.lists_links(&his).send().await.good()["data"][0]["uses"], json!(2));
    world.holds_together(&his).await;
    world.holds_together(&other).await;
}

#[tokio::test]
async fn nothing_tells_of_an_erased_client_any_more() {
    let world = World::new().await;
    let bob = world.bob().await;
    let [aaa, ccc, _ddd, eee] = world.clients(["aaa", "ccc", "ddd", "eee"]).await;

    // He owns a room, made it, and bans from it.
    let own = founds(&bob, json!({ "roomType": "group", "invitee": ["aaa", "ccc"], "systemMessage": true })).await;
    bob.bans(&own, "ccc").send().await.good();
    bob.sets(&own, "aaa", "role", json!("admin")).send().await.good();

    // He talks, is meant and is answered; he adds and invites, people and addresses.
    let talk = world.room(json!({ "roomType": "group", "members": ["aaa", BOB, "ccc"], "systemMessage": true })).await;
    let hello = says(&bob, &talk, json!({ "message": "hello", "mentions": ["aaa"] })).await;
    let answer = json!({ "message": "yes?", "mentions": [BOB, "ccc"], "reply": hello });
    let edited = says(&aaa, &talk, answer.clone()).await;
    says(&aaa, &talk, json!({ "_id": edited, "message": "yes!", "mentions": ["ccc", BOB] })).await;
    bob.adds(&talk, &["eee"]).and(json!({ "systemMessage": true })).send().await.good();
    let welcome = text(&world.events(&talk).await.iter().rfind(|event| !event["message"].is_null()).unwrap()["id"]);
    says(&eee, &talk, json!({ "message": "thanks", "reply": welcome })).await;
    let before = world.events(&talk).await.iter().position(|event| event["type"] == "member.joined").unwrap();
    let first = text(&world.events(&talk).await[before]["id"]);
    says(&eee, &talk, json!({ "message": "who was added here?", "reply": first })).await;
    bob.invites(&talk, &["ddd"]).send().await.good();
    bob.talk_invites(&talk, json!({ "email": "new@example.com" })).send().await.bare();
    says(&bob, &talk, json!({ "message": "the last word" })).await;

    // He is invited, by his id and by an address; he is banned; he has left; he talks with one other.
    let asked = world.group(&[&aaa]).await;
    aaa.invites(&asked, &[BOB]).and(json!({ "systemMessage": true })).send().await.good();
    let whom = json!({ "mobile": "131 0000 0009", "email": "BOBBY@example.com" });
    aaa.talk_invites(&asked, whom).send().await.bare();
    let shut = founds(&aaa, json!({ "roomType": "group", "invitee": [BOB] })).await;
    aaa.bans(&shut, BOB).send().await.good();
    let left = world.group(&[&aaa, &bob]).await;
    bob.removes_one(&left, BOB).send().await.good();
    let direct = founds(&bob, json!({ "roomType": "direct", "invitee": "aaa" })).await;
    says(&aaa, &direct, json!({ "message": "just us" })).await;
    let rooms = [&own, &talk, &asked, &shut, &left, &direct];
    for room in rooms {
        world.holds_together(room).await;
    }
    assert!(traces_in(&world.items().await).len() > 20);

    let pseudonym = world.erases_wholly(BOB).await;
    let items = world.items().await;
    assert_eq!(traces_in(&items), [""; 0], "the table tells of him");
    assert_eq!(pseudonyms_in(&items), BTreeSet::from([pseudonym.clone()]), "one pseudonym, the same everywhere");
    for room in rooms {
        world.holds_together(room).await;
        let events = world.events(room).await;
        assert!(events.iter().any(|event| strings(event).contains(&pseudonym)), "{room}: {events:?}");
        let sight = aaa.reads(room).send().await.good();
        assert!(traces_in(std::slice::from_ref(&sight)).is_empty(), "{sight}");
        assert!(!ids(&sight["members"]).contains(&pseudonym), "{sight}");
    }
    let heir = aaa.reads(&own).send().await.good();
    assert_eq!((&heir["owner"]["_id"], &heir["memberCount"]), (&json!("aaa"), &json!(1)), "{heir}");
    let invited = world.events(&asked).await;
    let ended = invited.iter().filter(|event| event["type"] == "invitation.cancelled").count();
    assert_eq!(ended, 2, "his own, and that of his address: {invited:?}");
    ccc.reads(&talk).send().await.good();
}

#[tokio::test]
async fn what_people_said_stays_under_the_pseudonym() {
    let world = World::new().await;
    let (bob, aaa) = (world.bob().await, world.client("aaa").await);
    let room = world.group(&[&aaa, &bob]).await;
    let hello = says(&bob, &room, json!({ "message": "hello", "mentions": ["aaa"] })).await;
    says(&aaa, &room, json!({ "message": "Bobby Beta, bob.7!", "mentions": [BOB, "aaa"], "reply": hello })).await;
    let pseudonym = world.erases_wholly(BOB).await;
    let page = aaa.get(&format!("/rooms/{room}/messages/v3")).send().await.good();
    let [answer, hello] = [&page["data"][0], &page["data"][1]];
    let faceless = json!({ "_id": pseudonym, "id": pseudonym });
    for (name, value) in faceless.as_object().unwrap() {
        assert_eq!([&hello["sender"][name], &answer["reply"]["sender"][name]], [value, value], "{page}");
    }
    assert!(hello["sender"]["nickname"].is_null() && answer["reply"]["sender"]["nickname"].is_null(), "{page}");
    assert_eq!([&hello["message"], &answer["message"]], [&json!("hello"), &json!("Bobby Beta, bob.7!")]);
    assert_eq!([&hello["mentions"], &answer["mentions"]], [&json!(["aaa"]), &json!([pseudonym, "aaa"])]);
    assert_eq!(text(&answer["sender"]["_id"]), "aaa");
}

#[tokio::test]
async fn his_tokens_are_refused_from_the_first_call_on() {
    let world = World::new().await;
    let (bob, aaa) = (world.bob().await, world.client("aaa").await);
    let room = world.group(&[&aaa, &bob]).await;
    let bound = json!({ "token": "a-token-of-our-own" });
    let path = format!("/admin/clients/{BOB}/token");
    world.platform().call(reqwest::Method::PUT, &path).body(bound).send().await.good();
    let opaque = world.bearer(BOB, "a-token-of-our-own");
    opaque.get("/me").send().await.good();
    world.erases(BOB).await;
    for token in [&bob, &opaque] {
        token.get("/me").send().await.refused(401, "INVALID_TOKEN");
        token.reads(&room).send().await.refused(401, "INVALID_TOKEN");
        token.adds(&room, &["aaa"]).send().await.refused(401, "INVALID_TOKEN");
    }
    aaa.adds(&room, &[BOB]).send().await.refused(404, "CLIENT_NOT_FOUND");
    world.platform().with("IM-CLIENT-ID", BOB).get("/me").send().await.refused(404, "CLIENT_NOT_FOUND");
    assert!(!world.items().await.iter().any(|item| item["client"]["S"] == BOB), "no token is left");
}

#[tokio::test]
async fn his_addresses_are_free_again() {
    let world = World::new().await;
    let (_bob, aaa) = (world.bob().await, world.client("aaa").await);
    world.erases(BOB).await;
    let room = world.group(&[&aaa]).await;
    let invited = aaa.talk_invites(&room, json!({ "email": "bobby@example.com" })).send().await.bare();
    assert_eq!(invited["isInvite"], json!(true), "nobody is known by it: {invited}");
    world.waits_a_minute(BOB).await;
    assert_eq!(world.erases(BOB).await["done"], json!(true), "what came later is somebody else's business");
    assert!(world.items().await.iter().any(|item| item["SK"]["S"] == "#INVITATION#bobby@example.com"));

    let next = json!({ "_id": "next", "email": "Bobby@Example.COM", "mobile": "131 0000 0007" });
    let upserted = world.platform().post("/admin/clients", next).send().await.good();
    assert_eq!(upserted["claims"], json!([{ "room": room, "outcome": "joined" }]), "{upserted}");
}

#[tokio::test]
async fn who_is_called_alike_is_left_alone() {
    let world = World::new().await;
    let bob = world.bob().await;
    let [aaa, longer, shorter] = world.clients(["aaa", "bob.77", "bob"]).await;
    let prefixed = world.client("x-bob.7").await;
    let namesake =
        world.room(json!({ "_id": BOB, "roomType": "group", "members": ["bob.77", "bob", "x-bob.7"] })).await;
    says(&longer, &namesake, json!({ "message": "hello", "mentions": ["x-bob.7", "bob"] })).await;
    longer.invites(&namesake, &["aaa"]).send().await.good();
    let other = world.other_app("Other").await;
    let theirs = other.client(BOB).await;
    other.client("aaa").await;
    let room = other.platform().post("/rooms", json!({ "members": [BOB, "aaa"] })).send().await.good();
    says(&theirs, &text(&room["_id"]), json!({ "message": "hello" })).await;
    let before = world.items().await;
    let shared = world.group(&[&aaa, &bob]).await;
    world.erases_wholly(BOB).await;

    let own = |item: &&Value| {
        let pk = text(&item["PK"]["S"]);
        let is_his = pk == format!("SampleApp#CLIENT#{BOB}")
            || (pk.starts_with("SampleApp#") && item["client"]["S"] == BOB)
            || pk == format!("SampleApp#ROOM#{shared}");
        !is_his
    };
    let after = world.items().await;
    assert_eq!(after.iter().filter(own).collect::<Vec<_>>(), before.iter().filter(own).collect::<Vec<_>>());
    for client in [&longer, &shorter, &prefixed, &theirs] {
        client.get("/me").send().await.good();
    }
    world.holds_together(&namesake).await;
}

#[tokio::test]
async fn who_is_nobody_cannot_be_erased() {
    let world = World::new().await;
    world.client("aaa").await;
    let (kind, message) = world.refuses_to_erase(json!({ "app": "SampleApp", "client": BOB })).await;
    assert_eq!((kind.as_str(), message.as_str()), ("ClientsNotFound", "no client has the id `bob.7`"));
    let (kind, _) = world.refuses_to_erase(json!({ "app": "Nowhere", "client": "aaa" })).await;
    assert_eq!(kind, "ClientsNotFound");

    world.erases_wholly("aaa").await;
    let (kind, _) = world.refuses_to_erase(json!({ "app": "SampleApp", "client": "aaa" })).await;
    assert_eq!(kind, "ClientsNotFound", "he is erased already");
}

#[tokio::test]
async fn an_event_that_erases_nobody_is_refused_by_name() {
    let world = World::new().await;
    world.bob().await;
    let mark = |pk: &str, sk: &str| json!({ "app": "SampleApp", "client": BOB, "next": { "pk": pk, "sk": sk } });
    for (event, kind, offender) in [
        (json!({ "app": "a.b", "client": BOB }), "InvalidParameter", "`app` "),
        (json!({ "app": "SampleApp", "client": "a/b" }), "InvalidParameter", "`client` "),
        (json!({ "app": "SampleApp", "client": "" }), "InvalidParameter", "`client` "),
        (json!({ "app": "SampleApp" }), "InvalidBody", "`client`"),
        (json!({ "client": BOB }), "InvalidBody", "`app`"),
        (json!({ "app": "SampleApp", "client": BOB, "clients": [] }), "InvalidBody", "`clients`"),
        (json!({ "app": "SampleApp", "client": BOB, "next": 7 }), "InvalidBody", ""),
        (json!({ "app": "SampleApp", "client": BOB, "next": { "pk": "x" } }), "InvalidBody", "`sk`"),
        (mark("", "x"), "InvalidParameter", "`next` "),
        (mark("x", ""), "InvalidParameter", "`next` "),
        (json!([]), "InvalidBody", ""),
    ] {
        let (error, message) = world.refuses_to_erase(event.clone()).await;
        assert_eq!(error, kind, "{event}: {message}");
        assert!(message.contains(offender), "{event}: {message}");
    }
}

#[tokio::test]
async fn it_is_not_done_before_a_minute_has_gone_by_without_a_find() {
    let world = World::new().await;
    let (bob, aaa) = (world.bob().await, world.client("aaa").await);
    world.group(&[&aaa, &bob]).await;
    let first = world.erases(BOB).await;
    assert!(first["changed"].as_u64().unwrap() > 3 && first["done"] == json!(false), "{first}");
    let second = world.erases(BOB).await;
    let expected = json!({
        "client": BOB, "pseudonym": first["pseudonym"], "changed": 0, "done": false, "next": null,
    });
    assert_eq!(second, expected, "repeated too early");
    let fields: Vec<_> = second.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["changed", "client", "done", "next", "pseudonym"]);

    // A request that had read his token before writes something of his.
    let late = json!({ "PK": { "S": format!("SampleApp#CLIENT#{BOB}") }, "SK": { "S": "QUITTED#somewhere" } });
    world.waits_a_minute(BOB).await;
    world.write("PutItem", json!({ "TableName": world.stack.table(), "Item": late })).await;
    let third = world.erases(BOB).await;
    assert_eq!([&third["changed"], &third["done"]], [&json!(1), &json!(false)], "the minute begins anew");
    world.waits_a_minute(BOB).await;
    assert_eq!(world.erases(BOB).await["done"], json!(true));
    assert!(traces_in(&world.items().await).is_empty());
}

#[tokio::test]
async fn a_mark_resumes_and_still_everything_is_read() {
    let world = World::new().await;
    let (bob, aaa) = (world.bob().await, world.client("aaa").await);
    let room = world.group(&[&aaa, &bob]).await;
    says(&bob, &room, json!({ "message": "hello" })).await;
    let last = world.items().await.pop().unwrap();
    let next = json!({ "pk": last["PK"]["S"], "sk": last["SK"]["S"] });
    let event = json!({ "app": "SampleApp", "client": BOB, "next": next });
    let first = world.stack.invoke("delete_client", event.clone()).await.unwrap();
    assert_eq!(first["done"], json!(false));
    world.waits_a_minute(BOB).await;
    assert_eq!(world.stack.invoke("delete_client", event).await.unwrap()["done"], json!(true));
    assert!(traces_in(&world.items().await).is_empty());
}

#[tokio::test]
async fn nobody_of_his_id_is_made_until_it_is_done() {
    let world = World::new().await;
    let (bob, aaa) = (world.bob().await, world.client("aaa").await);
    let room = world.group(&[&aaa, &bob]).await;
    let direct = founds(&bob, json!({ "roomType": "direct", "invitee": "aaa" })).await;
    let pseudonym = text(&world.erases(BOB).await["pseudonym"]);
    let upsert = || world.platform().post("/admin/clients", json!({ "_id": BOB, "issueAccessToken": true }));
    let signing = world.platform().post("/auths/sign/v2", json!({ "id": BOB }));
    for call in [upsert(), signing] {
        let refusal = world.refuses_and_keeps(call, 503, "BUSY");
        tokio::time::timeout(Duration::from_secs(8), refusal).await.expect("it is told at once");
    }

    world.waits_a_minute(BOB).await;
    world.erases(BOB).await;
    let made = upsert().send().await.good();
    let again = world.bearer(BOB, &text(&made["token"]));
    assert!(made["nickname"].is_null(), "{made}");
    assert_eq!(again.get("/rooms").send().await.good()["totalCount"], json!(0));
    assert_eq!(again.get("/rooms/quitted").send().await.good()["data"], json!([]));
    again.reads(&direct).send().await.refused(404, "ROOM_NOT_FOUND");
    again.get(&format!("/rooms/{room}/events")).send().await.refused(403, "NOT_ROOM_MEMBER");
    let reopening = again.post("/rooms/createAndJoin", json!({ "roomType": "direct", "invitee": "aaa" })).send().await;
    reopening.refused(400, "INVALID_PARAMETER");
    aaa.adds(&room, &[BOB]).send().await.good();
    let events = world.events(&room).await;
    assert_eq!(events.last().unwrap()["clients"], json!([BOB]), "and not {pseudonym}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_message_that_is_changed_meanwhile_is_not_lost() {
    let world = World::new().await;
    let (bob, aaa) = (world.bob().await, world.client("aaa").await);
    let room = world.group(&[&aaa, &bob]).await;
    let mut messages = Vec::new();
    for at in 0..6 {
        messages.push(says(&aaa, &room, json!({ "message": format!("draft {at}"), "mentions": [BOB] })).await);
    }
    let edits = async {
        for (at, id) in messages.iter().enumerate() {
            says(&aaa, &room, json!({ "_id": id, "message": format!("final {at}"), "mentions": [BOB, "aaa"] })).await;
        }
    };
    tokio::join!(edits, world.erases(BOB));
    // The last ones may have been written behind it: they name him whom they were written to.
    world.erases(BOB).await;
    world.waits_a_minute(BOB).await;
    let last = world.erases(BOB).await;
    assert_eq!(last["done"], json!(true), "{last}");
    let page = aaa.get(&format!("/rooms/{room}/messages/v3?limit=50")).send().await.good();
    for (at, id) in messages.iter().enumerate() {
        let message = page["data"].as_array().unwrap().iter().find(|own| own["_id"] == json!(id)).unwrap();
        assert_eq!(message["message"], json!(format!("final {at}")));
        assert_eq!(message["mentions"], json!([last["pseudonym"], "aaa"]));
    }
    assert!(traces_in(&world.items().await).is_empty());
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_left_of_him_in_a_room_being_deleted_goes_too() {
    let world = World::new().await;
    let (bob, aaa) = (world.bob().await, world.client("aaa").await);
    let room = world.group(&[&aaa, &bob]).await;
    let pk = format!("SampleApp#ROOM#{room}");
    let values = json!({ ":yes": { "BOOL": true }, ":due": { "S": "SampleApp#DUE" }, ":past": { "N": "1" } });
    world.amends(&pk, "#ROOM", "SET isDeleted = :yes, GSI2PK = :due, GSI2SK = :past", values).await;
    world.erases_wholly(BOB).await;
    assert!(traces_in(&world.items().await).is_empty());
}

#[tokio::test]
async fn what_a_webhook_is_told_of_an_erased_client_names_the_pseudonym() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    world.bob().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let (webhook, _) = world.listens(&receiver, json!({ "style": "talk", "events": ["room:join"] })).await;
    aaa.adds(&room, &[BOB]).send().await.good();
    world.stack.settled().await.unwrap();
    let delivery =
        |items: Vec<Value>| items.into_iter().find(|item| text(&item["SK"]["S"]).starts_with("msg_")).unwrap();
    assert!(!traces_in(&[delivery(world.items().await)]).is_empty());
    let exported = world.stack.invoke("export_client", json!({ "app": "SampleApp", "client": BOB })).await.unwrap();
    let told = exported["items"].as_array().unwrap().iter().find(|item| item["kind"] == "delivery").unwrap();
    assert_eq!([&told["target"], &told["room"]], [&json!(webhook), &json!(room)]);
    assert_eq!([&told["event"], &told["named"]], [&json!("room:join"), &json!({ "/about/client": BOB })]);

    let pseudonym = world.erases_wholly(BOB).await;
    assert_eq!(traces_in(&world.items().await), [""; 0], "the table tells of him");
    let joined = json!({ "room": room, "from": 1 });
    world.platform().post(&format!("/admin/webhooks/{webhook}/replay"), joined).send().await.good();
    world.stack.settled().await.unwrap();
    let letters = receiver.letters();
    let named: BTreeSet<String> = letters[1..].iter().map(|letter| text(&letter.json()["d"]["_id"])).collect();
    assert_eq!(named, BTreeSet::from(["aaa".to_owned(), pseudonym]));
}
