//! `POST /rooms/createAndJoin`.

use serde_json::{Value, json};
use shared::time::Time;

use crate::actors::{Actor, Answer, World, all_at_once, ids, pairs, text};

/// The types of a room's entries.
async fn types(world: &World, room: &str) -> Vec<String> {
    world.events(room).await.iter().map(|event| text(&event["type"])).collect()
}

/// `(messageType, message)` of each message of a room, in order.
async fn told(world: &World, room: &str) -> Vec<(String, String)> {
    let events = world.events(room).await;
    let messages = events.iter().filter_map(|event| event.get("message"));
    messages.map(|own| (text(&own["messageType"]), text(&own["message"]))).collect()
}

/// `DELETE /rooms/:id/members/:member`, by oneself.
async fn leaves(actor: &Actor, room: &str) {
    actor.removes_one(room, &actor.id).send().await.good();
}

fn direct(peer: &str) -> Value {
    json!({ "roomType": "direct", "invitee": peer })
}

// A group room.

#[tokio::test]
async fn the_caller_owns_the_room_and_comes_first_in_it() {
    let world = World::new().await;
    let [zoe, aaa, _bbb] = world.clients(["zoe", "aaa", "bbb"]).await;
    let answer = zoe.founds(json!({ "name": "Club", "invitee": ["bbb", "aaa"] })).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added"), ("aaa", "added")]));
    let made = answer.good();
    assert_eq!(
        (ids(&made["members"]), &made["memberCount"]),
        (vec!["zoe".into(), "aaa".into(), "bbb".into()], &json!(3))
    );
    assert_eq!((&made["members"][0]["nickname"], &made["name"]), (&json!("ZOE"), &json!("Club")));
    let properties = json!([
        { "client": "zoe", "badge": 0, "role": "owner", "via": "join" },
        { "client": "aaa", "badge": 0, "via": "added", "inviter": "zoe" },
        { "client": "bbb", "badge": 0, "via": "added", "inviter": "zoe" },
    ]);
    assert_eq!(made["memberProperties"], properties);
    assert!(made.get("lastMessage").is_none(), "nobody asked for a message: {made}");

    let room = text(&made["_id"]);
    let shown = zoe.reads(&room).send().await.good();
    assert_eq!((&shown["owner"]["_id"], &shown["isSuperuser"]), (&json!("zoe"), &json!(true)));
    assert_eq!(aaa.reads(&room).send().await.good()["isSuperuser"], json!(false));
    let events = world.events(&room).await;
    assert_eq!(types(&world, &room).await, ["room.created", "member.joined", "member.joined"]);
    assert_eq!((&events[1]["clients"], &events[1]["via"]), (&json!(["zoe"]), &json!("join")));
    assert_eq!((&events[2]["clients"], &events[2]["via"]), (&json!(["bbb", "aaa"]), &json!("added")));
    assert!(events.iter().all(|event| event["actor"] == "zoe") && events[2]["inviter"] == "zoe", "{events:?}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_invitee_is_one_id_or_several_or_nobody() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let table = [
        (json!({}), vec![]),
        (json!({ "invitee": null }), vec![]),
        (json!({ "invitee": [] }), vec![]),
        (json!({ "invitee": "bbb" }), vec!["bbb"]),
        (json!({ "invitee": ["ccc", "bbb", "ccc"] }), vec!["ccc", "bbb"]),
        // The caller is in anyhow.
        (json!({ "invitee": "aaa" }), vec![]),
        (json!({ "invitee": ["bbb", "aaa"] }), vec!["bbb"]),
    ];
    for (body, added) in table {
        let answer = aaa.founds(body.clone()).send().await;
        let expected: Vec<(&str, &str)> = added.iter().map(|client| (*client, "added")).collect();
        assert_eq!(answer.outcomes(), pairs(&expected), "{body}");
        let made = answer.good();
        let mut members = ids(&made["members"]);
        assert_eq!(members.remove(0), "aaa");
        members.sort();
        let mut expected = added.clone();
        expected.sort();
        assert_eq!(members, expected, "{body}");
        world.holds_together(&text(&made["_id"])).await;
    }
    aaa.call(reqwest::Method::POST, "/rooms/createAndJoin/").send().await.good(); // no body, a slash at the end
}

#[tokio::test]
async fn a_room_shows_what_was_said_of_it() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let said = json!({
        "_id": "room-1", "name": "A room", "cover": "https://x.io/cover.png", "roomType": "custom", "extParams": "a=1",
        "description": "Talk of this", "roomTags": ["one"], "webhook": "bot", "botMode": true, "encrypted": true,
        "maxMembers": 12, "isPrivate": true, "opening": 0,
    });
    aaa.founds(said.clone()).send().await.good();
    let shown = aaa.reads("room-1").send().await.good();
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(shown[name], *value, "`{name}`");
    }
    assert_eq!(shown["owner"]["_id"], "aaa");
    world.holds_together("room-1").await;
}

#[tokio::test]
async fn whoever_must_be_invited_is_no_member_yet() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let answer = aaa.founds(json!({ "invitee": ["bbb"], "invitationRequired": true })).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "invited")]));
    let made = answer.good();
    assert_eq!((ids(&made["members"]), &made["memberCount"]), (vec!["aaa".to_owned()], &json!(1)));
    let room = text(&made["_id"]);
    assert_eq!(types(&world, &room).await, ["room.created", "member.joined", "member.invited"]);
    // The room asks for invitations from then on.
    assert_eq!(aaa.reads(&room).send().await.good()["invitationRequired"], json!(true));
    ccc.joins(&room).send().await.refused(403, "INVITATION_REQUIRED");
    bbb.joins(&room).send().await.good();
    assert_eq!(world.events(&room).await.last().unwrap()["inviter"], "aaa");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_lives_as_long_as_asked() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let body = json!({ "invitee": "bbb", "invitationRequired": true, "expiresInSeconds": 60 });
    let room = text(&aaa.founds(body).send().await.good()["_id"]);
    let invitation = aaa.lists_invitations_of(&room).send().await.good()["data"][0].clone();
    let moment = |name: &str| Time::parse(name, &text(&invitation[name])).unwrap().millis();
    let lives = moment("expiresAt") - moment("createdAt");
    assert!((50_000..=60_000).contains(&lives), "{invitation}");
}

#[tokio::test]
async fn one_message_tells_of_a_call() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let table = [
        (json!({}), "joinRoom", "AAA"),
        (json!({ "invitee": "bbb" }), "addMember", "BBB"),
        (json!({ "invitee": ["ccc", "bbb"] }), "addMembers", "CCC, BBB"),
        (json!({ "invitee": ["ccc", "bbb"], "invitationRequired": true }), "addMembers", "CCC, BBB"),
        (json!({ "invitee": "bbb", "roomType": "direct" }), "addMember", "BBB"),
    ];
    for (body, kind, words) in table {
        let made = aaa.founds(body.clone()).and(json!({ "systemMessage": true })).send().await.good();
        let room = text(&made["_id"]);
        assert_eq!(told(&world, &room).await, [(kind.to_owned(), words.to_owned())], "{body}");
        let last = &made["lastMessage"];
        assert_eq!((&last["messageType"], &last["sender"]["_id"]), (&json!(kind), &json!("aaa")), "{body}");
        // D23: who speaks has read it, and who comes in starts at 0.
        assert_eq!(made["memberProperties"][0]["badge"], json!(0), "{made}");
        assert_eq!(made["memberProperties"][0]["lastRead"], last["_id"], "{made}");
        assert_eq!(aaa.reads(&room).send().await.good()["unread"], json!(0));
        world.holds_together(&room).await;
    }
    let room = text(&aaa.founds(json!({ "invitee": ["bbb"], "systemMessage": false })).send().await.good()["_id"]);
    assert!(told(&world, &room).await.is_empty());
    assert_eq!(bbb.reads(&room).send().await.good()["unread"], json!(0));
}

#[tokio::test]
async fn the_reply_is_short_for_who_wants_it_short() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let made = aaa.founds(json!({ "invitee": "bbb" })).header("Prefer", "return=minimal").send().await.good();
    assert_eq!((made.get("members"), made.get("memberProperties"), &made["memberCount"]), (None, None, &json!(2)));
}

// A room that exists.

#[tokio::test]
async fn the_creator_finds_his_room_again_as_it_is() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let body = json!({ "_id": "club", "name": "first", "invitee": ["bbb"], "systemMessage": true });
    let first = aaa.founds(body.clone()).send().await.good();
    let before = world.sight("club").await;
    assert_eq!(aaa.founds(body).send().await.good(), first);
    let other = json!({ "_id": "club", "name": "second", "invitee": ["ccc"], "maxMembers": 1, "systemMessage": true });
    let answer = aaa.founds(other).send().await;
    assert_eq!(answer.outcomes(), [], "nobody is added to a room that was there");
    assert_eq!(answer.good(), first);
    assert_eq!(world.sight("club").await, before);
    world.holds_together("club").await;
}

#[tokio::test]
async fn somebody_else_joins_the_room_that_is_there() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    aaa.founds(json!({ "_id": "club", "name": "first" })).send().await.good();
    let body = json!({ "_id": "club", "name": "second", "invitee": ["ccc"], "systemMessage": true });
    let joined = bbb.founds(body.clone()).send().await.good();
    assert_eq!((ids(&joined["members"]), &joined["name"]), (vec!["aaa".into(), "bbb".into()], &json!("first")));
    assert_eq!(told(&world, "club").await, [("joinRoom".to_owned(), "BBB".to_owned())]);
    let entry = world.events("club").await.pop().unwrap();
    assert_eq!(
        (&entry["type"], &entry["via"], &entry["clients"]),
        (&json!("member.joined"), &json!("join"), &json!(["bbb"]))
    );
    assert_eq!(aaa.reads("club").send().await.good()["owner"]["_id"], "aaa");
    assert_eq!(bbb.founds(body).send().await.good(), joined, "joining twice is joining once");
    world.holds_together("club").await;
}

#[tokio::test]
async fn whoever_may_not_join_does_not_by_making_the_room_again() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let table = [
        (json!({ "isPrivate": true }), 400, "INVALID_PARAMETER"),
        (json!({ "invitationRequired": true }), 403, "INVITATION_REQUIRED"),
        (json!({ "opening": 0 }), 403, "ROOM_CLOSED"),
        (json!({ "maxMembers": 1 }), 409, "ROOM_FULL"),
    ];
    for (number, (body, status, code)) in table.into_iter().enumerate() {
        let room = format!("room-{number}");
        aaa.founds(body).and(json!({ "_id": room })).send().await.good();
        let before = world.sight(&room).await;
        let told = bbb.founds(json!({ "_id": room })).send().await.refused(status, code);
        assert!(code != "INVALID_PARAMETER" || told.starts_with("`_id` "), "{told}");
        assert_eq!(world.sight(&room).await, before);
    }
    let open = text(&aaa.founds(json!({})).send().await.good()["_id"]);
    world.bans(&open, "bbb").await;
    assert!(bbb.founds(json!({ "_id": open })).send().await.refused(403, "BANNED").contains("`bbb`"));
    // Two others' direct room is hidden too.
    let ccc = world.client("ccc").await;
    let pair = text(&aaa.founds(direct("bbb")).send().await.good()["_id"]);
    for body in [json!({ "_id": pair }), json!({ "_id": pair, "roomType": "direct", "invitee": "aaa" })] {
        assert!(ccc.founds(body).send().await.refused(400, "INVALID_PARAMETER").starts_with("`_id` "));
    }
    world.holds_together(&open).await;
}

#[tokio::test]
async fn an_invitation_is_accepted_by_making_the_room_again() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    aaa.founds(json!({ "_id": "club", "isPrivate": true, "invitationRequired": true, "invitee": "bbb" }))
        .send()
        .await
        .good();
    assert_eq!(ids(&bbb.founds(json!({ "_id": "club" })).send().await.good()["members"]), ["aaa", "bbb"]);
    assert_eq!(world.events("club").await.pop().unwrap()["via"], "invitation");
    world.holds_together("club").await;
}

#[tokio::test]
async fn a_deleted_rooms_id_is_free_again() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    aaa.founds(json!({ "_id": "club", "isPrivate": true })).send().await.good();
    aaa.call(reqwest::Method::DELETE, "/rooms/club").send().await.good();
    let made = bbb.founds(json!({ "_id": "club", "name": "another" })).send().await.good();
    assert_eq!((ids(&made["members"]), &made["name"]), (vec!["bbb".to_owned()], &json!("another")));
    world.holds_together("club").await;
}

// A direct room.

#[tokio::test]
async fn a_direct_room_is_the_same_for_both() {
    let world = World::new().await;
    let [bob, alice] = world.clients(["Bob", "alice"]).await;
    let made = bob.founds(direct("alice")).and(json!({ "invitationRequired": true })).send().await.good();
    assert_eq!(made["_id"], "1d9ac4c2a4f56e22e1d939891a38d764");
    assert_eq!((ids(&made["members"]), &made["roomType"]), (vec!["Bob".into(), "alice".into()], &json!("direct")));
    let room = text(&made["_id"]);
    let shown = alice.reads(&room).send().await.good();
    assert_eq!(
        (shown.get("owner"), &shown["invitationRequired"]),
        (None, &json!(false)),
        "nobody owns it, nobody asks"
    );
    let properties = json!([
        { "client": "Bob", "badge": 0, "via": "join" },
        { "client": "alice", "badge": 0, "via": "added", "inviter": "Bob" },
    ]);
    assert_eq!(shown["memberProperties"], properties);
    let before = world.sight(&room).await;
    let again = alice.founds(json!({ "roomType": "direct", "invitee": ["Bob"], "systemMessage": true })).send().await;
    assert_eq!(again.outcomes(), pairs(&[("Bob", "already_member")]));
    assert_eq!(again.good(), made);
    for actor in [&bob, &alice] {
        let peer = if actor.id == "Bob" { "alice" } else { "Bob" };
        let given = json!({ "_id": room, "roomType": "direct", "invitee": peer });
        assert_eq!(actor.founds(given).send().await.good(), made);
        // As Flutter repeats it, without saying what kind of room it is.
        assert_eq!(actor.founds(json!({ "_id": room })).send().await.good(), made);
    }
    assert_eq!(world.sight(&room).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_direct_room_takes_the_id_that_is_given() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let body = |peer: &str| json!({ "_id": "we-two", "roomType": "direct", "invitee": peer });
    let made = aaa.founds(body("bbb")).send().await.good();
    assert_eq!((&made["_id"], ids(&made["members"])), (&json!("we-two"), vec!["aaa".into(), "bbb".into()]));
    assert_eq!(bbb.founds(body("aaa")).send().await.good(), made);
    world.holds_together("we-two").await;
}

#[tokio::test]
async fn a_direct_room_needs_exactly_one_other() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let before = world.items().await;
    for invitee in [json!("aaa"), json!(["aaa"]), json!(["bbb", "ccc"]), json!([]), Value::Null] {
        let call = aaa.founds(json!({ "roomType": "direct", "invitee": invitee }));
        assert!(call.send().await.refused(400, "INVALID_PARAMETER").starts_with("`invitee` "), "{invitee}");
    }
    aaa.founds(direct("nobody")).send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_pair_whose_ids_differ_in_case_alone_is_another_pair() {
    let world = World::new().await;
    let [aaa, bbb, upper] = world.clients(["aaa", "bbb", "BBB"]).await;
    let room = text(&aaa.founds(direct("bbb")).send().await.good()["_id"]);
    let before = world.sight(&room).await;
    assert!(aaa.founds(direct("BBB")).send().await.refused(400, "INVALID_PARAMETER").starts_with("`_id` "));
    assert!(upper.founds(direct("aaa")).send().await.refused(400, "INVALID_PARAMETER").starts_with("`_id` "));
    assert_eq!(world.sight(&room).await, before);
    bbb.founds(direct("aaa")).send().await.good();
}

#[tokio::test]
async fn who_has_left_a_direct_room_is_brought_back_by_either() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = text(&aaa.founds(direct("bbb")).send().await.good()["_id"]);
    let both = vec!["aaa".to_owned(), "bbb".to_owned()];
    let sorted = |answer: Answer| {
        let mut members = ids(&answer.good()["members"]);
        members.sort();
        members
    };
    let aloud = || {
        direct("bbb")
            .as_object()
            .cloned()
            .map(|mut body| {
                body.insert("systemMessage".to_owned(), json!(true));
                Value::Object(body)
            })
            .unwrap()
    };

    leaves(&bbb, &room).await; // the other one fetches him
    let answer = aaa.founds(aloud()).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    assert_eq!(sorted(answer), both);
    assert_eq!(told(&world, &room).await.last().unwrap(), &("addMember".to_owned(), "BBB".to_owned()));

    leaves(&aaa, &room).await; // he comes back by himself
    let answer = aaa.founds(aloud()).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "already_member")]));
    assert_eq!(sorted(answer), both);
    assert_eq!(told(&world, &room).await.last().unwrap(), &("joinRoom".to_owned(), "AAA".to_owned()));
    assert_eq!(aaa.reads(&room).send().await.good()["unread"], json!(0));

    leaves(&aaa, &room).await;
    leaves(&bbb, &room).await; // both come back, and it is told once
    let before = told(&world, &room).await.len();
    assert_eq!(sorted(aaa.founds(aloud()).send().await), both);
    assert_eq!(told(&world, &room).await.len(), before + 1);

    leaves(&bbb, &room).await; // whoever names the room alone joins alone
    assert_eq!(ids(&aaa.founds(json!({ "_id": room })).send().await.good()["members"]), ["aaa"]);
    assert_eq!(sorted(bbb.founds(json!({ "_id": room })).send().await), both);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn nobody_is_brought_back_into_a_closed_room() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = text(&aaa.founds(direct("bbb")).send().await.good()["_id"]);
    leaves(&bbb, &room).await;
    for (field, value) in [("opening", 0), ("status", 0)] {
        let set = |value: i32| {
            let call = world.platform().call(reqwest::Method::PUT, &format!("/rooms/{room}"));
            call.body(json!({ field: value }))
        };
        set(value).send().await.good();
        let before = world.sight(&room).await;
        aaa.founds(direct("bbb")).send().await.refused(403, "ROOM_CLOSED");
        bbb.founds(direct("aaa")).send().await.refused(403, "ROOM_CLOSED");
        assert_eq!(world.sight(&room).await, before);
        set(1).send().await.good();
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_token_that_does_not_say_whose_it_is_makes_direct_rooms_too() {
    let world = World::new().await;
    world.clients(["Bob", "alice"]).await;
    world.platform().post("/admin/clients", json!({ "_id": "Bob", "token": "opaque-token" })).send().await.good();
    let bound = world.bearer("Bob", "opaque-token");
    let made = bound.founds(direct("alice")).send().await.good();
    assert_eq!(made["_id"], "1d9ac4c2a4f56e22e1d939891a38d764");
    let alone = bound.founds(direct("Bob")).send().await.refused(400, "INVALID_PARAMETER");
    assert!(alone.starts_with("`invitee` "), "{alone}");
    world.bearer("Bob", "another-token").founds(direct("alice")).send().await.refused(401, "INVALID_TOKEN");
    world.holds_together("1d9ac4c2a4f56e22e1d939891a38d764").await;
}

// The platform.

#[tokio::test]
async fn the_platform_says_who_makes_the_room() {
    let world = World::new().await;
    world.clients(["aaa", "bbb"]).await;
    let before = world.items().await;
    for body in [json!({ "invitee": "bbb" }), direct("bbb")] {
        let told = world.platform().founds(body).send().await.refused(400, "MISSING_PARAMETER");
        assert!(told.contains("`sender`"), "{told}");
    }
    world.platform().founds(json!({ "sender": "nobody" })).send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.items().await, before);

    let calls = [
        world.platform().founds(json!({ "invitee": "bbb", "sender": "aaa" })),
        world.platform().founds(json!({ "invitee": "bbb" })).header("IM-CLIENT-ID", "aaa"),
        world.platform().founds(direct("bbb")).header("IM-CLIENT-ID", "aaa"),
    ];
    for call in calls {
        let made = call.send().await.good();
        assert_eq!(ids(&made["members"]), ["aaa", "bbb"]);
        let room = text(&made["_id"]);
        assert_eq!(world.events(&room).await[0]["actor"], "aaa");
        world.holds_together(&room).await;
    }
}

// What refuses it.

#[tokio::test]
async fn an_unknown_invitee_is_named_and_nothing_is_made() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let before = world.items().await;
    let body = json!({ "_id": "club", "invitee": ["nobody", "bbb", "noone"], "invitationRequired": true });
    let answer = aaa.founds(body).send().await;
    assert_eq!(answer.body["error"]["details"]["missing"], json!(["nobody", "noone"]));
    let told = answer.refused(404, "CLIENT_NOT_FOUND");
    assert!(told.contains("`nobody`") && told.contains("`noone`"), "{told}");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_room_holds_no_more_than_its_seats_from_the_start() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let before = world.items().await;
    let body = |seats: u32| json!({ "invitee": ["bbb", "ccc"], "maxMembers": seats });
    aaa.founds(body(2)).send().await.refused(409, "ROOM_FULL");
    assert_eq!(world.items().await, before);
    assert_eq!(aaa.founds(body(3)).send().await.good()["memberCount"], json!(3));
    // D31: invitations hold no seat.
    let invited = aaa.founds(body(1)).and(json!({ "invitationRequired": true })).send().await;
    assert_eq!(invited.outcomes(), pairs(&[("bbb", "invited"), ("ccc", "invited")]));
    world.holds_together(&text(&invited.good()["_id"])).await;
}

#[tokio::test]
async fn eighty_nine_invitees_fit_and_no_more() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(90).await;
    let before = world.items().await;
    let told = aaa.founds(json!({ "invitee": crowd })).send().await.refused(400, "INVALID_PARAMETER");
    assert!(told.starts_with("`invitee` ") && told.contains("89"), "{told}");
    assert_eq!(world.items().await, before);
    let most = json!({ "invitee": crowd[..89], "systemMessage": true });
    let made = aaa.founds(most).send().await.good();
    assert_eq!((ids(&made["members"]).len(), &made["memberCount"]), (90, &json!(90)));
    world.holds_together(&text(&made["_id"])).await;
}

#[tokio::test]
async fn a_malformed_wish_is_refused_by_name() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let before = world.items().await;
    let table = [
        (json!({ "invitee": 1 }), "invitee"),
        (json!({ "invitee": [1] }), "invitee"),
        (json!({ "invitee": "" }), "invitee"),
        (json!({ "invitee": "a/b" }), "invitee"),
        (json!({ "invitee": { "_id": "aaa" } }), "invitee"),
        (json!({ "roomType": "party" }), "roomType"),
        (json!({ "systemMessage": "yes" }), "systemMessage"),
        (json!({ "invitationRequired": 1 }), "invitationRequired"),
        (json!({ "roomType": "direct", "invitee": "bbb", "invitationRequired": "no" }), "invitationRequired"),
        (json!({ "maxMembers": 0 }), "maxMembers"),
        (json!({ "opening": 2 }), "opening"),
        (json!({ "name": 1 }), "name"),
        (json!({ "_id": "a#b" }), "_id"),
        (json!({ "_id": "ids" }), "_id"),
        (json!({ "_id": "quitted" }), "_id"),
        (json!({ "_id": "invitations" }), "_id"),
        (json!({ "_id": "createAndJoin" }), "_id"),
        (json!({ "expiresInSeconds": 59 }), "expiresInSeconds"),
    ];
    for (body, name) in table {
        let told = aaa.founds(body.clone()).send().await.refused(400, "INVALID_PARAMETER");
        assert!(told.starts_with(&format!("`{name}` ")), "{body}: {told}");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn another_apps_room_of_the_same_id_is_another_room() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    aaa.founds(json!({ "_id": "club", "name": "ours" })).send().await.good();
    let before = world.sight("club").await;
    let other = world.other_app("OtherApp").await;
    let stranger = other.client("aaa").await;
    let made = stranger.founds(json!({ "_id": "club", "name": "theirs" })).send().await.good();
    assert_eq!((&made["name"], &made["memberCount"]), (&json!("theirs"), &json!(1)));
    let ours_alone = world.client("bbb").await;
    let told = stranger.founds(json!({ "invitee": ours_alone.id })).send().await;
    told.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.sight("club").await, before);
}

// At once.

#[tokio::test]
async fn two_who_make_their_direct_room_at_once_make_one() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let loud = |peer: &str| json!({ "roomType": "direct", "invitee": peer, "systemMessage": true });
    let calls = (0..12).map(|at| if at % 2 == 0 { aaa.founds(loud("bbb")) } else { bbb.founds(loud("aaa")) });
    let mut rooms = Vec::new();
    for answer in all_at_once(12, calls).await {
        let made = answer.good();
        let mut members = ids(&made["members"]);
        members.sort();
        assert_eq!((members, &made["memberCount"]), (vec!["aaa".to_owned(), "bbb".to_owned()], &json!(2)));
        rooms.push(text(&made["_id"]));
    }
    rooms.dedup();
    assert_eq!(rooms.len(), 1);
    assert_eq!(world.events(&rooms[0]).await.len(), 3);
    assert_eq!(told(&world, &rooms[0]).await.len(), 1);
    world.holds_together(&rooms[0]).await;
}

#[tokio::test]
async fn of_many_who_make_a_room_at_once_one_owns_it_and_all_are_in() {
    let world = World::new().await;
    let mut actors = Vec::new();
    for number in 0..8 {
        actors.push(world.client(&format!("c{number}")).await);
    }
    let answers = all_at_once(8, actors.iter().map(|actor| actor.founds(json!({ "_id": "lobby" })))).await;
    answers.into_iter().for_each(|answer| drop(answer.good()));
    let room = world.sight("lobby").await.room;
    let owners = room["memberProperties"].as_array().unwrap().iter().filter(|own| own["role"] == "owner");
    assert_eq!((owners.count(), &room["memberCount"]), (1, &json!(8)));
    assert_eq!(room["owner"]["_id"], room["members"][0]["_id"]);
    world.holds_together("lobby").await;
}

#[tokio::test]
async fn nobody_brings_a_third_into_the_direct_room_of_two() {
    let world = World::new().await;
    let [aaa, _bbb, zoe] = world.clients(["aaa", "bbb", "zoe"]).await;
    let made = aaa.founds(json!({ "roomType": "direct", "invitee": "bbb" })).send().await.good();
    let room = text(&made["_id"]);
    let before = world.sight(&room).await;
    let third = world.platform().with("IM-CLIENT-ID", "zoe").founds(json!({ "_id": room }));
    third.send().await.refused(409, "DIRECT_ROOM");
    let message = zoe.founds(json!({ "_id": room })).send().await.refused(400, "INVALID_PARAMETER");
    assert!(message.contains("`_id`"), "{message}");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn no_room_is_made_around_who_does_not_agree() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    bbb.blocks("aaa").send().await.good();
    for body in [json!({ "_id": "new", "invitee": ["ccc", "bbb"] }), json!({ "roomType": "direct", "invitee": "bbb" })]
    {
        let told = world.refuses_and_keeps(aaa.founds(body), 403, "BLOCKED").await;
        assert!(told.contains("`bbb`") && !told.contains("`ccc`"), "{told}");
    }
}
