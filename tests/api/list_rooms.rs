//! `GET /rooms`.

use reqwest::Method;
use serde_json::{Value, json};
use shared::time::Time;

use crate::actors::{Actor, World, ids, text};

/// `POST /rooms/:id/message`: the message.
async fn says(actor: &Actor, room: &str, words: &str) -> Value {
    actor.post(&format!("/rooms/{room}/message"), json!({ "message": words })).send().await.good()
}

/// `GET /rooms` with this query: the ids of its rooms, in order.
async fn listed(actor: &Actor, query: &str) -> Vec<String> {
    ids(&actor.lists_rooms(query).send().await.good()["data"])
}

/// Rooms of `aaa` in which the platform spoke in the order `one`, `three`, `two`, and not in `quiet`; made as they are named.
async fn four_rooms(world: &World) {
    for (room, name) in [("one", "b"), ("two", "c"), ("three", "a"), ("quiet", "d")] {
        world.room(json!({ "_id": room, "name": name, "members": ["aaa"], "roomTags": [name, "all"] })).await;
    }
    for room in ["one", "three", "two"] {
        says(&world.platform(), room, "hello").await;
    }
}

#[tokio::test]
async fn the_callers_rooms_are_shown_whole_but_for_the_other_members() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let club =
        world.room(json!({ "name": "Club", "owner": "bbb", "members": ["ccc", "aaa"], "isPrivate": true })).await;
    let message = says(&world.platform(), &club, "hello").await;
    let list = aaa.lists_rooms("").send().await.good();
    assert_eq!((&list["totalCount"], list["data"].as_array().unwrap().len()), (&json!(1), 1));

    let (shown, whole) = (&list["data"][0], aaa.reads(&club).send().await.good());
    let own = whole["members"].as_array().unwrap().iter().find(|one| one["_id"] == "aaa").unwrap();
    assert_eq!(
        (&shown["members"], &shown["memberProperties"]),
        (&json!([own]), &json!([{ "client": "aaa", "badge": 1, "via": "added" }]))
    );
    assert_eq!(shown["owner"], json!({ "_id": "bbb", "id": "bbb" }));
    assert_eq!((&shown["memberCount"], &shown["unread"]), (&json!(3), &json!(1)));
    assert_eq!([&shown["lastMessage"]["_id"], &shown["lastMessage"]["message"]], [&message["_id"], &json!("hello")]);
    assert_eq!((&shown["isSuperuser"], &shown["isMentioned"]), (&json!(false), &json!(false)));
    let others = ["members", "memberProperties", "owner"];
    for (name, value) in whole.as_object().unwrap().iter().filter(|(name, _)| !others.contains(&name.as_str())) {
        assert_eq!(shown[name], *value, "`{name}`");
    }
    assert_eq!(shown.as_object().unwrap().len(), whole.as_object().unwrap().len());
}

#[tokio::test]
async fn a_direct_room_shows_both_as_long_as_both_are_in() {
    let world = World::new().await;
    let [bbb, aaa] = world.clients(["bbb", "aaa"]).await;
    let room = text(&bbb.founds(json!({ "roomType": "direct", "invitee": "aaa" })).send().await.good()["_id"]);
    for actor in [&aaa, &bbb] {
        let shown = &actor.lists_rooms("").send().await.good()["data"][0];
        let whole = actor.reads(&room).send().await.good();
        assert_eq!((&shown["members"], &shown["memberProperties"]), (&whole["members"], &whole["memberProperties"]));
        assert_eq!(ids(&shown["members"]), ["bbb", "aaa"]);
    }
    bbb.call(Method::DELETE, &format!("/rooms/{room}/members/bbb")).send().await.good();
    let list = aaa.lists_rooms("").send().await.good();
    assert_eq!(
        (ids(&list["data"][0]["members"]), &list["data"][0]["memberCount"]),
        (vec!["aaa".to_owned()], &json!(1))
    );
    assert_eq!(bbb.lists_rooms("").send().await.good(), json!({ "totalCount": 0, "data": [] }));
}

#[tokio::test]
async fn what_is_unread_and_meant_for_the_caller_is_said() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "owner": "aaa", "members": ["bbb"] })).await;
    let seen = async |actor: &Actor| {
        let shown = actor.lists_rooms("").send().await.good()["data"][0].clone();
        (shown["unread"].clone(), shown["isMentioned"].clone(), shown["isSuperuser"].clone())
    };
    assert_eq!(seen(&bbb).await, (json!(0), json!(false), json!(false)));
    says(&aaa, &room, "one").await;
    let body = json!({ "message": "two", "mentions": ["bbb"] });
    let last = aaa.post(&format!("/rooms/{room}/message"), body).send().await.good();
    assert_eq!(seen(&bbb).await, (json!(2), json!(true), json!(false)));
    assert_eq!(seen(&aaa).await, (json!(0), json!(false), json!(true)));
    let read = bbb.call(Method::PUT, &format!("/rooms/{room}/lastRead")).body(json!({ "message": last["_id"] }));
    read.send().await.good();
    assert_eq!(seen(&bbb).await, (json!(0), json!(false), json!(false)));
}

#[tokio::test]
async fn only_rooms_in_which_the_caller_is_are_listed() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let names = ["stays", "invited", "left", "removed", "banned", "frozen", "deleted", "of-others"];
    for room in names {
        let members = if ["invited", "of-others"].contains(&room) { json!(["bbb"]) } else { json!(["aaa", "bbb"]) };
        world.room(json!({ "_id": room, "members": members })).await;
    }
    let platform = world.platform();
    bbb.invites("invited", &["aaa"]).send().await.good();
    aaa.call(Method::DELETE, "/rooms/left/members/aaa").send().await.good();
    platform.call(Method::DELETE, "/rooms/removed/members/aaa").send().await.good();
    platform.call(Method::POST, "/blockStatus/room/banned/aaa").send().await.good();
    platform.call(Method::PUT, "/rooms/frozen").body(json!({ "status": 0 })).send().await.good();
    platform.call(Method::DELETE, "/rooms/deleted").send().await.good();

    let list = aaa.lists_rooms("").send().await.good();
    assert_eq!((ids(&list["data"]), &list["totalCount"]), (vec!["stays".to_owned()], &json!(1)));
    platform.call(Method::PUT, "/rooms/frozen").body(json!({ "status": 1 })).send().await.good();
    aaa.joins("invited").send().await.good();
    let mut now = listed(&aaa, "").await;
    now.sort();
    assert_eq!(now, ["frozen", "invited", "stays"]);
    for room in ["stays", "invited", "left", "removed", "banned", "frozen", "of-others"] {
        world.holds_together(room).await;
    }
}

#[tokio::test]
async fn pages_are_cut_and_all_are_counted() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    for number in 0..5 {
        world.room(json!({ "_id": format!("r{number}"), "members": ["aaa"] })).await;
    }
    let table = [
        ("sort=createdTime&skip=0&limit=2", vec!["r0", "r1"]),
        ("sort=createdTime&skip=2&limit=2", vec!["r2", "r3"]),
        ("sort=createdTime&skip=4&limit=2", vec!["r4"]),
        ("sort=createdTime&skip=5&limit=2", vec![]),
        ("sort=createdTime&skip=1", vec!["r1", "r2", "r3", "r4"]),
        ("sort=createdTime&limit=0", vec!["r0", "r1", "r2", "r3", "r4"]),
        ("sort=createdTime&limit=5000", vec!["r0", "r1", "r2", "r3", "r4"]),
        ("sort=createdTime&skip=&limit=", vec!["r0", "r1", "r2", "r3", "r4"]),
    ];
    for (query, expected) in table {
        let list = aaa.lists_rooms(query).send().await.good();
        assert_eq!(
            (ids(&list["data"]), &list["totalCount"]),
            (expected.iter().map(ToString::to_string).collect(), &json!(5)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn rooms_come_in_the_order_asked_for() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    four_rooms(&world).await;
    let table = [
        // The newest message first, those without one behind, the newest first.
        ("", ["two", "three", "one", "quiet"]),
        ("sort=-lastMessage%20-createdTime", ["two", "three", "one", "quiet"]),
        ("sort=-lastMessage+-createdTime", ["two", "three", "one", "quiet"]),
        ("sort=lastMessage", ["quiet", "one", "three", "two"]), // as Flutter sends it
        ("sort=createdTime", ["one", "two", "three", "quiet"]),
        ("sort=-createdTimeMS", ["quiet", "three", "two", "one"]),
        ("sort=-updatedAt", ["two", "three", "one", "quiet"]),
        ("sort=name", ["three", "one", "two", "quiet"]),
        ("sort=-name", ["quiet", "two", "one", "three"]),
    ];
    for (query, expected) in table {
        assert_eq!(listed(&aaa, query).await, expected, "{query}");
    }
    // Where the first column says nothing, the next one decides; where all are silent, the id.
    for room in ["same-2", "same-1"] {
        world.room(json!({ "_id": room, "name": "d", "members": ["aaa"] })).await;
    }
    assert_eq!(listed(&aaa, "sort=-name%20-createdTime&limit=3").await, ["same-1", "same-2", "quiet"]);
    assert_eq!(listed(&aaa, "sort=-name&limit=3").await, ["quiet", "same-1", "same-2"]);
}

#[tokio::test]
async fn unread_rooms_come_first_when_asked_to() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    four_rooms(&world).await;
    for room in ["two", "three"] {
        let last = aaa.reads(room).send().await.good()["lastMessage"]["_id"].clone();
        let read = aaa.call(Method::PUT, &format!("/rooms/{room}/lastRead")).body(json!({ "message": last }));
        read.send().await.good();
    }
    for query in ["sortUnreadFirst=1", "sortUnreadFirst=2"] {
        assert_eq!(listed(&aaa, query).await, ["one", "two", "three", "quiet"], "{query}");
    }
    for query in ["sortUnreadFirst=0", "sortUnreadFirst="] {
        assert_eq!(listed(&aaa, query).await, ["two", "three", "one", "quiet"], "{query}");
    }
}

#[tokio::test]
async fn only_news_is_listed_when_asked_for() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    four_rooms(&world).await;
    let message = aaa.reads("three").send().await.good()["lastMessage"].clone();
    let moment = message["messageTimeMS"].as_i64().unwrap();
    let iso = |at: i64| Time::from_millis(at).iso();
    for after in [moment.to_string(), iso(moment)] {
        let list = aaa.lists_rooms(&format!("updatedAfter={after}")).send().await.good();
        // `two` spoke later; that `three` spoke then is not later.
        assert_eq!((ids(&list["data"]), &list["totalCount"]), (vec!["two".to_owned()], &json!(1)), "{after}");
    }
    for after in [(moment - 1).to_string(), iso(moment - 1)] {
        assert_eq!(listed(&aaa, &format!("updatedAfter={after}")).await, ["two", "three"], "{after}");
    }
    // A room made later is news though nobody has said anything.
    world.room(json!({ "_id": "new", "members": ["aaa"] })).await;
    assert_eq!(listed(&aaa, &format!("updatedAfter={moment}")).await, ["two", "new"]);
    let future = moment + 3_600_000;
    assert_eq!(listed(&aaa, &format!("updatedAfter={future}")).await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_query_finds_rooms_by_what_they_show() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    four_rooms(&world).await;
    let all = ["two", "three", "one", "quiet"];
    let table = [
        (json!({}), all.to_vec()),
        (json!({ "members": "aaa" }), all.to_vec()), // as Vue sends it
        (json!({ "members": { "$in": ["aaa"] } }), all.to_vec()),
        (json!({ "members": { "$all": ["aaa"] } }), all.to_vec()),
        (json!({ "members": { "$eq": "aaa" } }), all.to_vec()),
        (json!({ "members": "aaa", "roomTags": "a" }), vec!["three"]),
        (json!({ "members": "aaa", "roomTags": { "$in": ["a", "c"] } }), vec!["two", "three"]),
        (json!({ "roomTags": { "$all": ["all", "b"] } }), vec!["one"]),
        (json!({ "roomTags": "none" }), vec![]),
        (json!({ "$or": [{ "name": "b" }, { "_id": "quiet" }] }), vec!["one", "quiet"]),
        (
            json!({ "$and": [{ "members": "aaa" }, { "roomTags": "all" }], "name": { "$gte": "c" } }),
            vec!["two", "quiet"],
        ),
        (json!({ "$or": [{ "members": "aaa" }, { "name": "b" }] }), all.to_vec()),
        (json!({ "roomType": "direct" }), vec![]),
        (json!({ "lastMessage": { "$exists": false } }), vec!["quiet"]),
    ];
    for (query, expected) in table {
        let list = aaa.lists_rooms(&format!("q={query}")).send().await.good();
        assert_eq!(
            (ids(&list["data"]), &list["totalCount"]),
            (expected.iter().map(ToString::to_string).collect(), &json!(expected.len())),
            "{query}"
        );
    }
    assert_eq!(listed(&aaa, "q={\"roomTags\":\"all\"}&limit=1&skip=1").await, ["three"], "counted before, cut behind");
    assert_eq!(listed(&aaa, "pref={\"tags\":\"x\"}").await, all, "preferences are not kept, nor asked for");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.group(&[&aaa]).await;
    let table = [
        ("skip=-1", "skip", ""),
        ("skip=x", "skip", ""),
        ("limit=1.5", "limit", ""),
        ("limit=-1", "limit", ""),
        ("sort=-size", "sort", "`lastMessage`"),
        ("sort=name%20--name", "sort", ""),
        ("updatedAfter=yesterday", "updatedAfter", ""),
        ("updatedAfter=2026-01-01", "updatedAfter", ""),
        ("sortUnreadFirst=yes", "sortUnreadFirst", ""),
        ("q={", "q", "JSON"),
        ("q=[]", "q", "object"),
        ("q=name", "q", "JSON"),
        ("q={\"members\":\"bbb\"}", "q", "`members`"),
        ("q={\"members\":{\"$in\":[\"aaa\",\"bbb\"]}}", "q", "`members`"),
        ("q={\"$and\":[{\"members\":\"bbb\"}]}", "q", "`members`"),
        ("q={\"$or\":[{\"name\":\"x\"},{\"members\":\"bbb\"}]}", "q", "`members`"),
        ("q={\"members\":{\"$ne\":\"aaa\"}}", "q", "`members`"),
        ("q={\"members\":{\"$in\":[]}}", "q", "`members`"),
        ("q={\"members\":1}", "q", "`members`"),
        ("q={\"members\":[\"aaa\"]}", "q", "`members`"),
        ("q={\"name\":{\"$regex\":\"x\"}}", "q", "`$regex`"),
        ("q={\"$where\":\"1\"}", "q", "`$where`"),
    ];
    for (query, name, also) in table {
        for path in ["/rooms", "/rooms/ids"] {
            let told = aaa.get(&format!("{path}?{query}")).send().await.refused(400, "INVALID_PARAMETER");
            assert!(told.starts_with(&format!("`{name}` ")) && told.contains(also), "{query}: {told}");
        }
    }
}

#[tokio::test]
async fn the_platform_says_whose_rooms_it_lists() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    for path in ["/rooms", "/rooms/ids", "/rooms/quitted", "/rooms/invitations"] {
        let told = world.platform().get(path).send().await.refused(400, "MISSING_PARAMETER");
        assert!(told.contains("IM-CLIENT-ID"), "{told}");
        let nobody = world.platform().with("IM-CLIENT-ID", "nobody").get(path).send().await;
        nobody.refused(404, "CLIENT_NOT_FOUND");
        world.stranger().get(path).send().await.refused(401, "INVALID_CLIENT_KEY");
        aaa.clone()
            .with("IM-Authorization", "SampleApp.aaa.wrong")
            .get(path)
            .send()
            .await
            .refused(401, "INVALID_TOKEN");
    }
    let own = aaa.lists_rooms("").send().await.good();
    assert_eq!(world.platform().with("IM-CLIENT-ID", "aaa").lists_rooms("").send().await.good(), own);
    assert_eq!(ids(&own["data"]), [room]);
}

#[tokio::test]
async fn a_token_that_does_not_say_whose_it_is_lists_its_clients_rooms() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    world.platform().post("/admin/clients", json!({ "_id": "aaa", "token": "opaque-token" })).send().await.good();
    assert_eq!(listed(&world.bearer("aaa", "opaque-token"), "").await, [room]);
}

#[tokio::test]
async fn rooms_of_another_app_are_not_listed() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let other = world.other_app("OtherApp").await;
    let namesake = other.client("aaa").await;
    assert_eq!(namesake.lists_rooms("").send().await.good(), json!({ "totalCount": 0, "data": [] }));
    let theirs = text(&namesake.founds(json!({})).send().await.good()["_id"]);
    assert_eq!(listed(&namesake, "").await, [theirs]);
    assert_eq!(listed(&aaa, "").await, [room]);
}
