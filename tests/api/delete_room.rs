//! `DELETE /rooms/:id`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{World, all_at_once, ids, text};

/// Every item of the table that has to do with a room, but for what a client keeps of rooms that it has left.
async fn traces(world: &World, room: &str) -> Vec<(String, String)> {
    let items = world.items().await;
    let keys = items.iter().map(|item| (text(&item["PK"]["S"]), text(&item["SK"]["S"])));
    let about = |(pk, sk): &(String, String)| {
        *pk == format!("SampleApp#ROOM#{room}") || sk.starts_with(&format!("INVITED#{room}#"))
    };
    keys.filter(about).collect()
}

/// What deleting answers.
fn deleted() -> Value {
    json!({ "n": 1, "ok": 1 })
}

#[tokio::test]
async fn a_deleted_room_is_gone_with_everything_in_it() {
    let world = World::new().await;
    let [own, bbb, guest, banned] = world.clients(["own", "bbb", "guest", "banned"]).await;
    let crowd = world.crowd(230).await;
    let other = world.room(json!({ "owner": "own" })).await;
    own.talk_invites(&other, json!({ "email": "new@x.io" })).send().await.bare();
    let before = (lasting(&world).await, world.sight(&other).await);
    let room = world.room(json!({ "owner": "own", "members": ["bbb"] })).await;
    for part in crowd.chunks(80) {
        own.adds(&room, &part.iter().map(String::as_str).collect::<Vec<_>>()).send().await.good();
    }
    own.invites(&room, &["guest"]).send().await.good();
    own.bans(&room, "banned").send().await.good();
    own.talk_invites(&room, json!({ "email": "new@x.io", "mobile": "13100000001" })).send().await.bare();
    own.post(&format!("/rooms/{room}/message"), json!({ "message": "hello" })).send().await.good();

    let answer = own.deletes(&room).send().await;
    assert!(answer.body.get("outcomes").is_none(), "{}", answer.body);
    assert_eq!(answer.good(), deleted());
    assert_eq!(traces(&world, &room).await, []);
    assert_eq!((lasting(&world).await, world.sight(&other).await), before, "and nothing else is");

    for who in [&own, &bbb, &guest, &banned, &world.platform()] {
        who.reads(&room).send().await.refused(404, "ROOM_NOT_FOUND");
        who.get(&format!("/rooms/{room}/events")).send().await.refused(404, "ROOM_NOT_FOUND");
        who.get(&format!("/rooms/{room}/members")).send().await.refused(404, "ROOM_NOT_FOUND");
        who.adds(&room, &["bbb"]).send().await.refused(404, "ROOM_NOT_FOUND");
        who.updates(&room, json!({ "name": "x" })).send().await.refused(404, "ROOM_NOT_FOUND");
        who.deletes(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    }
    guest.joins(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(ids(&own.get("/rooms").send().await.good()["data"]), [other.as_str()]);
    assert_eq!(bbb.get("/rooms").send().await.good()["totalCount"], json!(0));
    assert_eq!(bbb.get(&format!("/rooms/{room}/exists")).send().await.good(), json!({ "exists": false }));
    assert_eq!(guest.get("/rooms/invitations").send().await.good()["totalCount"], json!(0));
    let upsert =
        world.platform().post("/admin/clients", json!({ "_id": "new", "email": "new@x.io", "mobile": "13100000001" }));
    assert_eq!(upsert.send().await.good()["claims"], json!([{ "room": other, "outcome": "joined" }]));
}

#[tokio::test]
async fn its_id_can_be_used_again_and_nothing_comes_back_with_it() {
    let world = World::new().await;
    let [own, bbb, left, banned, guest] = world.clients(["own", "bbb", "left", "banned", "guest"]).await;
    let body = json!({ "_id": "lobby", "owner": "own", "members": ["bbb", "left"], "isPrivate": true });
    world.room(body.clone()).await;
    own.bans("lobby", "banned").send().await.good();
    own.invites("lobby", &["guest"]).send().await.good();
    left.removes("lobby", &["left"]).send().await.good();
    assert_eq!(left.get("/rooms/quitted").send().await.good()["data"][0]["_id"], json!("lobby"));
    own.deletes("lobby").send().await.good();
    assert_eq!(left.get("/rooms/quitted").send().await.good()["data"], json!([]));

    world.room(json!({ "_id": "lobby", "owner": "bbb" })).await;
    let seen = world.sight("lobby").await;
    assert_eq!((ids(&seen.room["members"]), seen.events.len()), (vec!["bbb".to_owned()], 2));
    assert_eq!(seen.room["isPrivate"], json!(false));
    own.reads("lobby").send().await.refused(403, "NOT_ROOM_MEMBER");
    assert_eq!(bbb.lists_bans("lobby").send().await.good()["data"], json!([]));
    assert_eq!(left.get("/rooms/quitted").send().await.good()["data"], json!([]), "he has never left this one");
    assert_eq!(guest.get("/rooms/invitations").send().await.good()["totalCount"], json!(0));
    banned.joins("lobby").send().await.good();
    world.holds_together("lobby").await;
}

#[tokio::test]
async fn only_its_owner_and_the_platform_delete_a_room() {
    let world = World::new().await;
    let [own, adm, mem, out, guest] = world.clients(["own", "adm", "mem", "out", "guest"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem"] })).await;
    let hidden = world.room(json!({ "owner": "own", "isPrivate": true })).await;
    let free = world.room(json!({ "members": ["mem", "adm"] })).await;
    let direct = world.room(json!({ "roomType": "direct", "members": ["mem", "adm"] })).await;
    own.sets(&room, "adm", "role", json!("admin")).send().await.good();
    own.invites(&room, &["guest"]).send().await.good();
    world.platform().sets(&free, "adm", "role", json!("admin")).send().await.good();
    let all = [room.as_str(), &hidden, &free, &direct];
    let mut before = Vec::new();
    for room in all {
        before.push(world.sight(room).await);
    }

    for who in [&adm, &mem] {
        for room in [&room, &free, &direct] {
            who.deletes(room).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
        }
    }
    guest.deletes(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    out.deletes(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    out.deletes(&hidden).send().await.refused(404, "ROOM_NOT_FOUND");
    out.deletes(&direct).send().await.refused(404, "ROOM_NOT_FOUND");
    out.deletes("absent").send().await.refused(404, "ROOM_NOT_FOUND");
    world.platform().deletes("absent").send().await.refused(404, "ROOM_NOT_FOUND");
    let long = own.deletes(&"x".repeat(129)).send().await.refused(400, "INVALID_PARAMETER");
    assert!(long.contains("`id`"), "{long}");
    let other = world.other_app("Other").await;
    other.platform().deletes(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    other.client("own").await.deletes(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().deletes(&room).send().await.refused(401, "INVALID_CLIENT_KEY");
    for (room, before) in all.iter().zip(before) {
        assert_eq!(world.sight(room).await, before);
    }

    assert_eq!(own.deletes(&room).send().await.good(), deleted());
    for room in [&hidden, &free, &direct] {
        assert_eq!(world.platform().deletes(room).send().await.good(), deleted());
        assert_eq!(traces(&world, room).await, []);
    }
}

#[tokio::test]
async fn a_frozen_room_and_a_closed_one_can_be_deleted() {
    let world = World::new().await;
    let own = world.client("own").await;
    for body in [json!({ "status": 0 }), json!({ "opening": 0 })] {
        let room = world.room(json!({ "owner": "own" })).await;
        own.updates(&room, body).send().await.good();
        assert_eq!(own.deletes(&room).send().await.good(), deleted());
        assert_eq!(traces(&world, &room).await, []);
    }
}

// Many at once, and bad days.

#[tokio::test]
async fn a_room_that_its_owner_deletes_by_many_hands_is_deleted_once() {
    let world = World::new().await;
    let own = world.client("own").await;
    let room = world.room(json!({ "owner": "own" })).await;
    let (done, late): (Vec<_>, Vec<_>) =
        all_at_once(8, (0..8).map(|_| own.deletes(&room))).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1);
    for answer in late {
        answer.refused(404, "ROOM_NOT_FOUND");
    }
    assert_eq!(traces(&world, &room).await, []);
}

#[tokio::test]
async fn who_comes_in_while_the_room_is_deleted_leaves_nothing_behind() {
    let world = World::new().await;
    let own = world.client("own").await;
    let crowd = world.crowd(24).await;
    for at in [0, 8, 16] {
        let room = world.room(json!({ "owner": "own" })).await;
        let mut calls: Vec<_> = crowd
            .iter()
            .enumerate()
            .map(|(number, client)| match number % 3 {
                0 => own.adds(&room, &[client]),
                1 => own.invites(&room, &[client]),
                _ => own.talk_invites(&room, json!({ "email": format!("{client}@x.io") })),
            })
            .collect();
        calls.insert(at, own.deletes(&room));
        for (number, answer) in all_at_once(16, calls).await.into_iter().enumerate() {
            let gone = [json!("ROOM_NOT_FOUND"), Value::Null].contains(&answer.body["error"]["code"]);
            assert!(answer.status == 200 || gone || answer.body["code"] == json!(401), "{}", answer.body);
            assert!(number != at || answer.status == 200, "{}", answer.body);
            assert!(answer.status != 200 || !answer.body.is_null() && answer.body.get("result") != Some(&Value::Null));
        }
        // Whoever relays the log meanwhile may note behind the room's back how far he came; to a room of a later birth the
        // note means nothing.
        let mut left = traces(&world, &room).await;
        left.retain(|(_, sk)| sk != "HEARD");
        assert_eq!(left, []);
    }
}

#[tokio::test]
async fn an_answer_lost_on_the_way_deletes_once() {
    let world = World::new().await;
    let own = world.client("own").await;
    for fault in [Fault::LoseResponse, Fault::CutBeforeSending, Fault::TransactionConflict, Fault::Throttle] {
        let room = world.room(json!({ "owner": "own" })).await;
        world.stack.faults().next("TransactWriteItems", fault);
        assert_eq!(own.deletes(&room).send().await.good(), deleted(), "{fault:?}");
        assert_eq!(traces(&world, &room).await, []);
    }
}

#[tokio::test]
async fn items_that_could_not_be_swept_are_swept_when_the_platform_deletes_again() {
    let world = World::new().await;
    let [own, bbb] = world.clients(["own", "bbb"]).await;
    let body = json!({ "_id": "lobby", "owner": "own", "members": ["bbb"] });
    world.room(body.clone()).await;
    for fault in [Fault::LoseResponse, Fault::Throttle] {
        world.stack.faults().next("Query", fault);
        assert_eq!(own.deletes("lobby").send().await.good(), deleted(), "{fault:?}");
        assert_eq!(traces(&world, "lobby").await, []);
        world.room(body.clone()).await;
    }

    world.stack.faults().always("Query", Fault::Throttle);
    assert_eq!(own.deletes("lobby").send().await.good(), deleted(), "for everybody it is gone");
    world.stack.faults().clear();
    assert!(!traces(&world, "lobby").await.is_empty());
    bbb.reads("lobby").send().await.refused(404, "ROOM_NOT_FOUND");
    own.deletes("lobby").send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(bbb.get("/rooms").send().await.good()["totalCount"], json!(0));
    world.platform().post("/rooms", body.clone()).send().await.refused(503, "BUSY");
    assert_eq!(world.platform().deletes("lobby").send().await.good(), deleted());
    assert_eq!(traces(&world, "lobby").await, []);
    world.room(body).await;
    world.holds_together("lobby").await;
}

/// The keys of all items, but for the counters of budgets, which are nobody's and soon forgotten, and for deliveries: whoever was
/// quick enough was told.
async fn lasting(world: &World) -> Vec<String> {
    let keys =
        world.items().await.into_iter().map(|item| format!("{} {}", text(&item["PK"]["S"]), text(&item["SK"]["S"])));
    keys.filter(|key| !key.contains("#BUDGET#") && !key.contains("#WEBHOOK#")).collect()
}
