//! The function `export_client`, by which the operator hands out everything that is stored about a client.

use serde_json::{Value, json};

use crate::actors::{Actor, World, text};

impl World {
    async fn exports(&self, client: &str) -> Vec<Value> {
        let event = json!({ "app": "SampleApp", "client": client });
        let export = self.stack.invoke("export_client", event).await.expect("it is handed out");
        let fields: Vec<_> = export.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["app", "client", "items", "next"]);
        assert_eq!([&export["app"], &export["client"]], [&json!("SampleApp"), &json!(client)]);
        assert!(export["next"].is_null(), "the table of a test fits one page");
        export["items"].as_array().unwrap().clone()
    }
}

async fn says(actor: &Actor, room: &str, body: Value) -> String {
    text(&actor.post(&format!("/rooms/{room}/message"), body).send().await.good()["_id"])
}

/// The items of one kind.
fn of<'a>(items: &'a [Value], kind: &str) -> Vec<&'a Value> {
    items.iter().filter(|item| item["kind"] == kind).collect()
}

#[tokio::test]
async fn open_sockets_are_told_of() {
    let world = World::new().await;
    let [aaa, bob] = world.clients(["aaa", "bob"]).await;
    let room = world.group(&[&aaa, &bob]).await;
    let mut watcher = world.watches(&bob, &room).await;
    watcher.subscribes(json!({})).await;
    let mut other = world.watches(&aaa, &room).await;
    other.subscribes(json!({})).await;
    let items = world.exports("bob").await;
    let watch = json!({ "kind": "socket that watches a room", "room": room });
    assert_eq!(of(&items, "socket that watches a room"), [&watch]);
    let count = |kind| of(&items, kind).len();
    assert_eq!((count("sockets that watch the client"), count("open socket")), (1, 1));
}

#[tokio::test]
async fn every_kind_of_thing_is_handed_out() {
    let world = World::new().await;
    let bob = json!({ "_id": "bob", "nickname": "Bobby", "email": "Bob@X.io", "mobile": "13100000007", "shoe": 44 });
    let bob = world.client_with(bob).await;
    let [aaa, _ccc] = world.clients(["aaa", "ccc"]).await;
    let room = text(&bob.founds(json!({ "roomType": "group", "invitee": ["aaa"] })).send().await.good()["_id"]);
    bob.invites(&room, &["ccc"]).send().await.good();
    bob.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    let asked = world.group(&[&aaa]).await;
    aaa.talk_invites(&asked, json!({ "mobile": "13100000009", "email": "bob@x.io" })).send().await.bare();
    let left = world.group(&[&aaa, &bob]).await;
    bob.removes_one(&left, "bob").send().await.good();

    let items = world.exports("bob").await;
    let record = &of(&items, "client")[0]["record"];
    assert_eq!([&record["id"], &record["profile"]["nickname"]], [&json!("bob"), &json!("Bobby")]);
    assert_eq!([&record["email"], &record["mobile"]], [&json!("Bob@X.io"), &json!("13100000007")]);
    assert_eq!(record["custom"], json!("{\"shoe\":44}"));
    let mut addresses: Vec<_> = of(&items, "address").iter().map(|item| text(&item["address"])).collect();
    addresses.sort();
    assert_eq!(addresses, ["+8613100000007", "bob@x.io"]);
    assert_eq!(of(&items, "token")[0]["record"]["client"], json!("bob"));
    let standing = of(&items, "standing");
    assert_eq!((standing.len(), &standing[0]["room"]), (1, &json!(room)));
    assert_eq!(standing[0]["record"]["state"]["member"]["role"], json!("owner"));
    let invited = of(&items, "invitation");
    assert_eq!(
        (invited.len(), &invited[0]["room"], &invited[0]["record"]["email"]),
        (1, &json!(asked), &json!("bob@x.io"))
    );
    assert_eq!(of(&items, "room left"), [&json!({ "kind": "room left", "room": left })]);
    let named = json!({ "/state/invited/inviter/id": "bob", "/state/invited/inviter/nickname": "Bobby" });
    assert!(of(&items, "standing of another").iter().any(|item| item["named"] == named), "{items:?}");
    assert_eq!(of(&items, "room")[0]["named"], json!({ "/creator": "bob", "/owner": "bob" }));
    let sent = of(&items, "invitation sent");
    assert_eq!((sent.len(), &sent[0]["named"]), (1, &json!({ "/inviter": "bob" })));
    let created = of(&items, "log entry").into_iter().find(|item| item["type"] == "room.created").unwrap();
    assert_eq!([&created["seq"], &created["named"]], [&json!(1), &json!({ "/actor": "bob" })]);
    assert_eq!(items.len(), 9 + of(&items, "log entry").len() + of(&items, "standing of another").len());
}

#[tokio::test]
async fn links_are_handed_out_without_what_opens_them() {
    let world = World::new().await;
    let [aaa, bob] = world.clients(["aaa", "bob"]).await;
    let (his, other) = (world.group(&[&bob]).await, world.group(&[&aaa]).await);
    let made = bob.links(&his, json!({})).send().await.good();
    let taken = aaa.links(&other, json!({})).send().await.good();
    bob.redeems(&taken).send().await.good();

    let items = world.exports("bob").await;
    let came = json!({ "kind": "link redeemed", "room": other, "link": taken["_id"] });
    assert_eq!(of(&items, "link redeemed"), [&came]);
    let [link] = of(&items, "link made")[..] else { panic!("{items:?}") };
    assert_eq!([&link["room"], &link["link"], &link["createdAt"]], [&json!(his), &made["_id"], &made["createdTimeMS"]]);
    assert_eq!(link["named"], json!({ "/inviter/id": "bob", "/inviter/nickname": "BOB" }));
    let own = &of(&items, "standing").into_iter().find(|item| item["room"] == other.as_str()).unwrap()["record"];
    assert_eq!(own["state"]["member"]["ticket"], json!({ "link": taken["_id"] }));
}

#[tokio::test]
async fn of_others_records_nothing_is_handed_out_but_where_they_name_him() {
    let world = World::new().await;
    let [aaa, bob, ccc] = world.clients(["aaa", "bob", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa", "bob", "ccc"], "systemMessage": true, "name": "Secrets" })).await;
    let question = says(&aaa, &room, json!({ "message": "whisper", "mentions": ["ccc", "bob"] })).await;
    says(&bob, &room, json!({ "message": "my own words", "extra": { "a": 1 }, "reply": question })).await;
    says(&ccc, &room, json!({ "message": "not of him at all" })).await;
    aaa.talk_invites(&room, json!({ "email": "somebody@else.io" })).send().await.bare();
    bob.talk_invites(&room, json!({ "email": "third@party.io" })).send().await.bare();
    bob.invites(&room, &["ddd"]).send().await.refused(404, "CLIENT_NOT_FOUND");

    let items = world.exports("bob").await;
    let entries = of(&items, "log entry");
    let joined = entries.iter().find(|item| item["type"] == "member.joined").unwrap();
    let named = json!({
        "/clients/1": "bob",
        "/message/content/notice/addMembers/1/id": "bob",
        "/message/content/notice/addMembers/1/nickname": "BOB",
    });
    assert_eq!([&joined["named"], &joined["said"]], [&named, &Value::Null]);
    let mentioned =
        entries.iter().find(|item| item["named"]["/message/content/post/fields/mentions/1"] == "bob").unwrap();
    assert_eq!(mentioned["said"], Value::Null);
    let own = entries.iter().find(|item| !item["said"].is_null()).unwrap();
    let fields = json!({ "message": "my own words", "extra": { "a": 1 } });
    assert_eq!(own["said"], json!({ "messageType": "text", "fields": fields }));
    let all = json!(items).to_string();
    for others in ["whisper", "not of him", "else.io", "party.io", "AAA", "CCC", "\"aaa\"", "\"ccc\"", "Secrets"] {
        assert!(!all.contains(others), "`{others}` is in {all}");
    }
}

#[tokio::test]
async fn nothing_that_opens_anything_is_handed_out() {
    let world = World::new().await;
    let bob = world.client("bob").await;
    let bound = json!({ "token": "a-token-of-our-own" });
    world.platform().call(reqwest::Method::PUT, "/admin/clients/bob/token").body(bound).send().await.good();
    let items = world.exports("bob").await;
    assert_eq!(of(&items, "token").len(), 2);
    let all = json!(items).to_string();
    assert!(!all.contains(&bob.token) && !all.contains("a-token-of-our-own"), "{all}");
    for item in world.items().await.iter().filter(|item| item["SK"]["S"] == "TOKEN" || item["SK"]["S"] == "KEY") {
        let hash = text(&item["PK"]["S"]).rsplit_once('#').unwrap().1.to_owned();
        assert!(hash.len() == 64 && !all.contains(&hash), "{all}");
    }
}

#[tokio::test]
async fn other_apps_and_those_called_alike_are_not_handed_out() {
    let world = World::new().await;
    let [_bob, bobby] = world.clients(["bob", "bobby"]).await;
    let alike = world.room(json!({ "_id": "bob", "members": ["bobby"] })).await;
    says(&bobby, &alike, json!({ "message": "hello", "mentions": ["bobby"] })).await;
    let other = world.other_app("SampleApp2").await;
    let theirs = other.client("bob").await;
    let room = other.platform().post("/rooms", json!({ "members": ["bob"] })).send().await.good();
    says(&theirs, &text(&room["_id"]), json!({ "message": "hello" })).await;
    let kinds: Vec<_> = world.exports("bob").await.iter().map(|item| text(&item["kind"])).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "client").count(), 1);
    assert_eq!(kinds.len(), 2, "his record and his token: {kinds:?}");
}

#[tokio::test]
async fn of_who_is_nobody_there_is_nothing() {
    let world = World::new().await;
    let before = world.items().await;
    assert_eq!(world.exports("nobody").await, [] as [Value; 0]);
    assert_eq!(world.items().await, before, "reading changes nothing");
}

#[tokio::test]
async fn an_export_goes_on_behind_its_mark() {
    let world = World::new().await;
    world.client("bob").await;
    let items = world.items().await;
    let last = items.last().unwrap();
    let next = json!({ "pk": last["PK"]["S"], "sk": last["SK"]["S"] });
    let event = json!({ "app": "SampleApp", "client": "bob", "next": next });
    let part = world.stack.invoke("export_client", event).await.unwrap();
    assert!(part["items"].as_array().unwrap().len() < world.exports("bob").await.len(), "{part}");
    assert_eq!(part["next"], Value::Null);
}

#[tokio::test]
async fn an_event_that_asks_for_nobody_is_refused_by_name() {
    let world = World::new().await;
    for (event, kind, offender) in [
        (json!({ "app": "a.b", "client": "bob" }), "InvalidParameter", "`app` "),
        (json!({ "app": "SampleApp", "client": "a#b" }), "InvalidParameter", "`client` "),
        (json!({ "app": "SampleApp" }), "InvalidBody", "`client`"),
        (json!({ "app": "SampleApp", "client": "bob", "all": true }), "InvalidBody", "`all`"),
        (json!({ "app": "SampleApp", "client": "bob", "next": { "pk": "", "sk": "" } }), "InvalidParameter", "`next` "),
    ] {
        let error = world.stack.invoke("export_client", event.clone()).await.unwrap_err();
        assert_eq!(error.error_type, kind, "{event}: {}", error.message);
        assert!(error.message.contains(offender), "{event}: {}", error.message);
    }
}
