//! `PUT /rooms/:id`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Actor, World, all_at_once, ids, text};

/// A room of `own`, in which `adm` is an admin and `mem` and `zoe` are members.
async fn governed() -> (World, [Actor; 4], String) {
    let world = World::new().await;
    let actors = world.clients(["own", "adm", "mem", "zoe"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem", "zoe"] })).await;
    actors[0].sets(&room, "adm", "role", json!("admin")).send().await.good();
    (world, actors, room)
}

// What a room looks like.

#[tokio::test]
async fn every_field_is_changed_and_shown_and_one_entry_tells_of_it() {
    let (world, [own, ..], room) = governed().await;
    let given = json!({
        "name": "Club", "cover": "https://x.io/c.png", "description": "For members", "roomTags": ["one", "two"],
        "webhook": "bot-key", "botMode": true, "extParams": "a=1", "encrypted": true, "topic": "Talk", "opening": 0,
        "invitationRequired": true, "isPrivate": true, "maxMembers": 12,
    });
    let before = world.sight(&room).await;
    let mut body = given.clone();
    body["data"] = json!({ "color": "red" });
    let told = own.updates(&room, body.clone()).send().await.good();
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(told[name], *value, "`{name}`");
    }
    assert_eq!((&told["appID"], &told["status"], &told["isSuperuser"]), (&json!("SampleApp"), &json!(1), &json!(true)));
    assert_eq!(
        (&told["owner"]["_id"], &told["managers"], &told["memberCount"]),
        (&json!("own"), &json!(["adm"]), &json!(4))
    );
    assert_eq!(told, own.reads(&room).send().await.good());
    let legacy = world.platform().adds_one(&room, "own").send().await.good();
    assert_eq!(legacy["data"], json!({ "color": "red" }), "shown on the first generation's path alone");

    let seen = world.sight(&room).await;
    assert_eq!(seen.events.len(), before.events.len() + 1);
    let entry = seen.events.last().unwrap();
    assert_eq!(
        (&entry["type"], &entry["actor"], &entry["clients"]),
        (&json!("room.updated"), &json!("own"), &json!([]))
    );
    assert_eq!((entry.get("message"), &entry["memberCount"]), (None, &json!(4)));
    // The same again changes nothing and is not logged; so does a call that says nothing.
    assert_eq!(own.updates(&room, body).send().await.good(), told);
    assert_eq!(own.updates(&room, json!({ "unknown": 1 })).send().await.good(), told);
    assert_eq!(world.sight(&room).await, seen);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_not_named_stays_and_null_removes() {
    let (world, [own, ..], room) = governed().await;
    let texts = ["name", "cover", "description", "webhook", "extParams", "topic"];
    let mut body = json!({ "data": { "a": 1 }, "roomTags": ["x"], "botMode": true, "maxMembers": 9 });
    for name in texts {
        body[name] = json!(format!("the {name}"));
    }
    let mut expected = own.updates(&room, body).send().await.good();
    for name in texts {
        let told = own.updates(&room, json!({ name: format!("new {name}") })).send().await.good();
        expected[name] = json!(format!("new {name}"));
        assert_eq!(told, expected, "`{name}` and nothing else");
    }
    for name in texts {
        let told = own.updates(&room, json!({ name: null })).send().await.good();
        expected.as_object_mut().unwrap().remove(name);
        assert_eq!(told, expected, "no `{name}`, and nothing else");
    }
    own.updates(&room, json!({ "data": null })).send().await.good();
    assert_eq!(world.platform().adds_one(&room, "own").send().await.good().get("data"), None);
    // A null elsewhere says nothing.
    let seen = world.sight(&room).await;
    for name in
        ["roomTags", "botMode", "encrypted", "opening", "status", "isPrivate", "maxMembers", "owner", "managers"]
    {
        own.updates(&room, json!({ name: null })).send().await.good();
    }
    assert_eq!(world.sight(&room).await, seen);
    own.updates(&room, json!({ "roomTags": [] })).send().await.good();
    assert_eq!(world.sight(&room).await.room["roomTags"], json!([]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_value_of_a_wrong_kind_is_refused_by_name() {
    let (world, [own, ..], room) = governed().await;
    let before = world.sight(&room).await;
    let long = |length: usize| json!("x".repeat(length));
    for (name, value) in [
        ("name", json!(1)),
        ("name", long(257)),
        ("topic", json!(["x"])),
        ("cover", long(2_049)),
        ("description", long(4_097)),
        ("webhook", json!(true)),
        ("extParams", json!({})),
        ("roomTags", json!("one")),
        ("roomTags", json!(["one", 2])),
        ("roomTags", json!(vec!["x"; 51])),
        ("botMode", json!(1)),
        ("encrypted", json!("yes")),
        ("data", json!([])),
        ("data", json!({ "a": "x".repeat(16_384) })),
        ("opening", json!(2)),
        ("opening", json!(true)),
        ("status", json!(-1)),
        ("status", json!("0")),
        ("invitationRequired", json!(1)),
        ("isPrivate", json!("no")),
        ("maxMembers", json!(0)),
        ("maxMembers", json!(100_001)),
        ("maxMembers", json!(1.5)),
        ("owner", json!(["own"])),
        ("owner", json!("a/b")),
        ("managers", json!("adm")),
        ("managers", json!([1])),
        ("managers", json!((0..41).map(|number| format!("m{number}")).collect::<Vec<_>>())),
    ] {
        let call = own.updates(&room, json!({ "name": "new", "description": "new" })).and(json!({ name: value }));
        let said = call.send().await.refused(400, "INVALID_PARAMETER");
        assert!(said.contains(&format!("`{name}`")), "{name}: {said}");
    }
    own.updates(&room, json!({})).raw("[]").send().await.refused(400, "INVALID_BODY");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn seats_are_never_fewer_than_members() {
    let (world, [own, ..], room) = governed().await;
    let before = world.sight(&room).await;
    let said =
        own.updates(&room, json!({ "maxMembers": 3, "name": "new" })).send().await.refused(400, "INVALID_PARAMETER");
    assert!(said.contains("`maxMembers`") && said.contains('4'), "{said}");
    assert_eq!(world.sight(&room).await, before);
    own.updates(&room, json!({ "maxMembers": 4 })).send().await.good();
    world.client("late").await.joins(&room).send().await.refused(409, "ROOM_FULL");
    own.updates(&room, json!({ "maxMembers": 5 })).send().await.good();
    own.adds(&room, &["late"]).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn whatever_races_a_room_holds_no_more_than_its_seats() {
    let (world, [own, adm, ..], room) = governed().await;
    let crowd = world.crowd(12).await;
    let mut calls: Vec<_> = crowd.iter().map(|client| adm.adds_one(&room, client)).collect();
    for seats in [7, 6, 5, 8] {
        calls.insert(seats, own.updates(&room, json!({ "maxMembers": seats })));
    }
    for answer in all_at_once(16, calls).await {
        assert!([200, 400, 409].contains(&answer.status), "{}", answer.body);
    }
    let seen = world.sight(&room).await.room;
    assert!(seen["memberCount"].as_u64().unwrap() <= seen["maxMembers"].as_u64().unwrap(), "{seen}");
    world.holds_together(&room).await;
}

// Who may enter it.

#[tokio::test]
async fn a_closed_room_opens_again_and_a_public_one_hides() {
    let (world, [own, ..], room) = governed().await;
    let [late, other] = world.clients(["late", "other"]).await;
    own.updates(&room, json!({ "opening": 0 })).send().await.good();
    let said = late.joins(&room).send().await.refused(403, "ROOM_CLOSED");
    assert!(said.contains("closed"), "{said}");
    own.updates(&room, json!({ "opening": 1, "invitationRequired": true })).send().await.good();
    late.joins(&room).send().await.refused(403, "INVITATION_REQUIRED");
    own.updates(&room, json!({ "isPrivate": true })).send().await.good();
    late.joins(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    own.updates(&room, json!({ "isPrivate": false, "invitationRequired": false })).send().await.good();
    late.joins(&room).send().await.good();
    other.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn in_a_frozen_room_nobody_writes_and_nobody_comes_in() {
    let (world, [own, _adm, mem, _zoe], room) = governed().await;
    let [guest, late] = world.clients(["guest", "late"]).await;
    own.invites(&room, &["guest"]).send().await.good();
    own.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    let told = own.updates(&room, json!({ "status": 0 })).send().await.good();
    assert_eq!((&told["status"], &told["opening"]), (&json!(0), &json!(1)));
    let frozen = world.sight(&room).await;

    let say = |who: &Actor| who.post(&format!("/rooms/{room}/message"), json!({ "message": "hello" }));
    for call in [
        say(&own),
        say(&mem),
        own.adds(&room, &["late"]),
        mem.adds_one(&room, "late"),
        own.invites(&room, &["late"]),
        guest.joins(&room),
        late.joins(&room),
        late.post("/rooms/createAndJoin", json!({ "_id": room })),
    ] {
        let said = call.send().await.refused(403, "ROOM_CLOSED");
        assert!(said.contains("frozen") && said.contains(&room), "{said}");
    }
    own.talk_invites(&room, json!({ "_userId": "late" })).send().await.talk_refused(403, 222);
    let upsert = world.platform().post("/admin/clients", json!({ "_id": "new", "email": "new@x.io" }));
    assert_eq!(upsert.send().await.good()["claims"], json!([{ "room": room, "outcome": "room_closed" }]));
    assert_eq!(world.sight(&room).await, frozen);
    for list in ["/rooms", "/rooms/ids"] {
        assert_eq!(own.get(list).send().await.good()["totalCount"], json!(0), "{list}");
    }
    own.reads(&room).send().await.good(); // its members still see it
    own.joins(&room).send().await.good(); // and are in it already

    world.platform().adds(&room, &["late"]).send().await.good();
    say(&world.platform()).send().await.good();
    own.updates(&room, json!({ "status": 1 })).send().await.good();
    assert_eq!(own.get("/rooms").send().await.good()["totalCount"], json!(1));
    say(&mem).send().await.good();
    guest.joins(&room).send().await.good();
    world.holds_together(&room).await;
}

// Who governs it.

#[tokio::test]
async fn in_a_room_with_an_owner_only_he_and_admins_and_the_platform_change_it() {
    let (world, [own, adm, mem, _zoe], room) = governed().await;
    let before = world.sight(&room).await;
    for body in [
        json!({ "name": "x" }),
        json!({ "status": 0 }),
        json!({ "managers": ["mem"] }),
        json!({ "owner": "mem" }),
        json!({}),
    ] {
        mem.updates(&room, body).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(world.sight(&room).await, before);
    for (who, name) in [(&adm, "by adm"), (&own, "by own"), (&world.platform(), "by the platform")] {
        assert_eq!(who.updates(&room, json!({ "name": name })).send().await.good()["name"], json!(name));
    }
    let named = world.platform().updates(&room, json!({ "name": "by zoe", "sender": "zoe" }));
    named.send().await.good();
    assert_eq!(world.last_event(&room).await["actor"], json!("zoe"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_room_that_nobody_owns_any_member_changes_but_for_its_offices() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa", "bbb"] })).await;
    let told = aaa.updates(&room, json!({ "name": "Ours" })).send().await.good();
    assert_eq!((&told["name"], &told["isSuperuser"], told.get("owner")), (&json!("Ours"), &json!(false), None));
    let before = world.sight(&room).await;
    for body in [json!({ "owner": "aaa" }), json!({ "managers": ["aaa"] }), json!({ "managers": [] })] {
        aaa.updates(&room, body).and(json!({ "name": "Mine" })).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(world.sight(&room).await, before);
    let told = world.platform().updates(&room, json!({ "owner": "bbb", "managers": ["aaa"] })).send().await.good();
    assert_eq!((&told["owner"]["_id"], &told["managers"]), (&json!("bbb"), &json!(["aaa"])));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn managers_are_replaced_as_a_whole_and_new_ones_announced_in_one_message() {
    let (world, [own, adm, ..], room) = governed().await;
    let count = world.events(&room).await.len();
    let told = own.updates(&room, json!({ "managers": ["mem", "own", "zoe", "mem"] })).send().await.good();
    assert_eq!(told["managers"], json!(["mem", "zoe"]), "the owner is none of them");
    let roles: Vec<Value> =
        told["memberProperties"].as_array().unwrap().iter().map(|own| own["role"].clone()).collect();
    assert_eq!(roles, [Value::Null, json!("admin"), json!("owner"), json!("admin")], "adm, mem, own, zoe");
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("assignAdmin"), &json!("MEM, ZOE")));
    assert_eq!(
        (&last["member"]["_id"], ids(&last["extra"]["members"])),
        (&json!("mem"), vec!["mem".into(), "zoe".into()])
    );
    let log = world.events(&room).await;
    let [.., lost, gained] = &log[..] else { panic!("{log:?}") };
    assert_eq!(log.len(), count + 2, "no `room.updated`: nothing else has changed");
    assert_eq!((&lost["clients"], lost.get("message")), (&json!(["adm"]), None));
    assert_eq!((&gained["type"], &gained["clients"]), (&json!("member.updated"), &json!(["mem", "zoe"])));
    adm.updates(&room, json!({ "name": "x" })).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");

    let seen = world.sight(&room).await;
    own.updates(&room, json!({ "managers": ["zoe", "mem"] })).send().await.good(); // the same ones
    assert_eq!(world.sight(&room).await, seen);
    own.updates(&room, json!({ "managers": [] })).send().await.good();
    assert_eq!(world.sight(&room).await.room["managers"], json!([]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_admin_replaces_the_admins_but_names_no_owner() {
    let (world, [_own, adm, ..], room) = governed().await;
    let before = world.sight(&room).await;
    for body in [json!({ "owner": "adm" }), json!({ "owner": "own" }), json!({ "owner": "mem", "managers": ["adm"] })] {
        adm.updates(&room, body).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(world.sight(&room).await, before);
    let told = adm.updates(&room, json!({ "managers": ["mem"] })).send().await.good();
    assert_eq!((&told["managers"], &told["owner"]["_id"]), (&json!(["mem"]), &json!("own")));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_hands_the_room_on_is_an_admin_unless_the_call_names_all_of_them() {
    let (world, [own, _adm, mem, _zoe], room) = governed().await;
    let told = own.updates(&room, json!({ "owner": "mem" })).send().await.good();
    assert_eq!((&told["owner"]["_id"], &told["managers"]), (&json!("mem"), &json!(["adm", "own"])));
    let told = mem.updates(&room, json!({ "owner": "adm", "managers": ["zoe"] })).send().await.good();
    assert_eq!((&told["owner"]["_id"], &told["managers"]), (&json!("adm"), &json!(["zoe"])));
    // He has read what was said in his name, though his own role changed with it.
    let last = &told["lastMessage"];
    assert_eq!((&last["message"], &last["sender"]["_id"]), (&json!("ZOE"), &json!("mem")));
    for seen in [told.clone(), world.sight(&room).await.room] {
        let own = seen["memberProperties"].as_array().unwrap().iter().find(|own| own["client"] == "mem").unwrap();
        assert_eq!(*own, json!({ "client": "mem", "badge": 0, "lastRead": last["_id"], "via": "added" }));
    }
    mem.updates(&room, json!({ "name": "x" })).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn forty_admins_and_the_owner_give_way_to_forty_others_at_once() {
    let world = World::new().await;
    let own = world.client("own").await;
    let crowd = world.crowd(82).await;
    let room = world.room(json!({ "owner": "own", "members": crowd[..81] })).await;
    own.updates(&room, json!({ "managers": crowd[..40] })).send().await.good();
    let body = json!({ "owner": crowd[80], "managers": crowd[40..80], "name": "All new" });
    let told = own.updates(&room, body).send().await.good();
    assert_eq!((&told["owner"]["_id"], &told["managers"]), (&json!(crowd[80]), &json!(crowd[40..80])));
    assert_eq!(told["name"], json!("All new"));
    let own = told["memberProperties"].as_array().unwrap().iter().find(|one| one["client"] == "own").unwrap();
    assert_eq!(own.get("role"), None);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn only_members_hold_an_office() {
    let (world, [own, ..], room) = governed().await;
    world.clients(["guest", "banned", "other"]).await;
    own.invites(&room, &["guest"]).send().await.good();
    own.bans(&room, "banned").send().await.good();
    let before = world.sight(&room).await;
    for client in ["guest", "banned", "other", "nobody"] {
        for body in [json!({ "owner": client }), json!({ "managers": ["mem", client] })] {
            let answer = own.updates(&room, body).and(json!({ "name": "new" })).send().await;
            assert_eq!(answer.body["error"]["details"]["missing"], json!([client]));
            assert!(answer.refused(404, "CLIENT_NOT_FOUND").contains(&format!("`{client}`")));
        }
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_direct_room_has_a_face_but_no_offices_and_no_other_seats() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    let before = world.sight(&room).await;
    for body in [
        json!({ "owner": "aaa" }),
        json!({ "managers": ["aaa"] }),
        json!({ "maxMembers": 3 }),
        json!({ "invitationRequired": true }),
    ] {
        aaa.updates(&room, body.clone()).send().await.refused(409, "DIRECT_ROOM");
        world.platform().updates(&room, body).send().await.refused(409, "DIRECT_ROOM");
    }
    assert_eq!(world.sight(&room).await, before);
    let told = aaa.updates(&room, json!({ "name": "Us", "invitationRequired": false })).send().await.good();
    assert_eq!(told["name"], json!("Us"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_is_not_in_the_room_changes_nothing() {
    let (world, [..], room) = governed().await;
    let out = world.client("out").await;
    let hidden = world.room(json!({ "owner": "own", "isPrivate": true })).await;
    let before = (world.sight(&room).await, world.sight(&hidden).await);
    let body = || json!({ "name": "x" });
    out.updates(&room, body()).send().await.refused(403, "NOT_ROOM_MEMBER");
    out.updates(&hidden, body()).send().await.refused(404, "ROOM_NOT_FOUND");
    out.updates("absent", body()).send().await.refused(404, "ROOM_NOT_FOUND");
    world.platform().updates("absent", body()).send().await.refused(404, "ROOM_NOT_FOUND");
    let other = world.other_app("Other").await;
    other.platform().updates(&room, body()).send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().updates(&room, body()).send().await.refused(401, "INVALID_CLIENT_KEY");
    assert_eq!((world.sight(&room).await, world.sight(&hidden).await), before);
}

#[tokio::test]
async fn an_answer_lost_on_the_way_changes_once() {
    let (world, [own, ..], room) = governed().await;
    let before = world.events(&room).await.len();
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    let told = own.updates(&room, json!({ "name": "new", "managers": ["mem"] })).send().await.good();
    assert_eq!((text(&told["name"]), &told["managers"]), ("new".to_owned(), &json!(["mem"])));
    assert_eq!(world.events(&room).await.len(), before + 3);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_that_wants_it_short_gets_the_room_without_its_lists() {
    let (world, [own, ..], room) = governed().await;
    let told = own.updates(&room, json!({ "name": "x" })).header("Prefer", "return=minimal").send().await.good();
    assert_eq!((&told["memberCount"], &told["managers"]), (&json!(4), &json!(["adm"])));
    assert!(told.get("members").is_none() && told.get("memberProperties").is_none(), "{told}");
    world.holds_together(&room).await;
}
