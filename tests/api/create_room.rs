//! `POST /rooms`.

use serde_json::{Value, json};

use crate::actors::{World, ids, text};

/// The log without what differs from run to run.
async fn types(world: &World, room: &str) -> Vec<String> {
    world.events(room).await.iter().map(|event| text(&event["type"])).collect()
}

#[tokio::test]
async fn a_room_shows_every_documented_field_as_it_was_given() {
    let world = World::new().await;
    world.clients(["aaa", "bbb"]).await;
    let given = json!({
        "_id": "room-1", "name": "A room", "cover": "https://x.io/cover.png", "roomType": "group",
        "description": "Talk of this and that", "roomTags": ["one", "two"], "webhook": "bot-key", "botMode": true,
        "botState": "asking", "extParams": "a=1&b=2", "encrypted": true, "maxMembers": 12, "isPrivate": true,
        "topic": "This and that", "invitationRequired": true, "opening": 0,
    });
    let mut body = given.clone();
    body["members"] = json!(["bbb"]);
    body["owner"] = json!("aaa");
    body["data"] = json!({ "color": "red", "size": 1.5 });
    body["systemMessage"] = json!(false);
    let made = world.platform().post("/rooms", body).send().await.good();

    for (name, value) in given.as_object().unwrap() {
        assert_eq!(made[name], *value, "`{name}`");
    }
    assert_eq!(made["id"], "room-1");
    assert_eq!(made["members"], json!(["aaa", "bbb"]), "bare ids");
    assert_eq!((&made["owner"]["_id"], &made["owner"]["id"]), (&json!("aaa"), &json!("aaa")));
    assert_eq!((&made["appID"], &made["status"], &made["serviceStatus"]), (&json!("SampleApp"), &json!(1), &json!(0)));
    assert_eq!((&made["memberCount"], &made["managers"], &made["__v"]), (&json!(2), &json!([]), &json!(0)));
    assert!(made["createdTimeMS"].is_i64() && made["createdTime"].is_string(), "{made}");
    assert!(made.get("lastMessage").is_none() && made.get("data").is_none(), "{made}");
    // `data` shows on the first generation's path alone: it is kept nevertheless.
    let shown = world.platform().adds_one("room-1", "bbb").send().await.good();
    assert_eq!(shown["data"], json!({ "color": "red", "size": 1.5 }));
}

#[tokio::test]
async fn a_room_of_which_nothing_is_said_has_the_documented_defaults() {
    let world = World::new().await;
    let made = world.platform().post("/rooms", json!({})).send().await.good();
    let id = text(&made["_id"]);
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let defaults = json!({
        "roomType": "group", "roomTags": [], "botMode": false, "botState": "", "encrypted": false, "opening": 1,
        "isPrivate": false, "invitationRequired": false, "maxMembers": 10_000, "members": [], "memberCount": 0,
        "status": 1, "serviceStatus": 0,
    });
    for (name, value) in defaults.as_object().unwrap() {
        assert_eq!(made[name], *value, "`{name}`");
    }
    for name in ["name", "cover", "description", "webhook", "extParams", "topic", "owner", "lastMessage"] {
        assert!(made.get(name).is_none(), "`{name}` is absent: {made}");
    }
    let another = world.platform().call(reqwest::Method::POST, "/rooms").send().await.good();
    assert!(text(&another["_id"]) > id, "generated ids sort by time");
}

#[tokio::test]
async fn whoever_makes_a_room_is_not_in_it() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let made = aaa.post("/rooms", json!({ "members": ["bbb"] })).send().await.good();
    assert_eq!(made["members"], json!(["bbb"]));
    aaa.reads(&text(&made["_id"])).send().await.refused(403, "NOT_ROOM_MEMBER");
    world.holds_together(&text(&made["_id"])).await;
}

#[tokio::test]
async fn the_owner_is_a_member_with_that_role() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    for members in [json!(["bbb"]), json!(["bbb", "aaa"])] {
        let room = world.room(json!({ "owner": "aaa", "members": members })).await;
        let shown = aaa.reads(&room).send().await.good();
        assert_eq!(ids(&shown["members"]), ["aaa", "bbb"]);
        assert_eq!(
            shown["memberProperties"][0],
            json!({ "client": "aaa", "badge": 0, "role": "owner", "via": "added" })
        );
        assert_eq!(shown["memberProperties"][1], json!({ "client": "bbb", "badge": 0, "via": "added" }));
        assert_eq!(shown["owner"]["nickname"], "AAA");
        world.holds_together(&room).await;
    }
}

#[tokio::test]
async fn a_system_message_tells_of_the_first_members_once() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let body = json!({ "members": ["bbb", "aaa"], "systemMessage": true });
    let made = aaa.post("/rooms", body).send().await.good();
    let message = &made["lastMessage"];
    assert_eq!((&message["messageType"], &message["message"]), (&json!("addMembers"), &json!("BBB, AAA")));
    assert_eq!((&message["sender"]["_id"], &message["room"]), (&json!("aaa"), &made["_id"]));
    assert_eq!(ids(&message["extra"]["invitees"]), ["bbb", "aaa"]);
    let room = text(&made["_id"]);
    let told = world.events(&room).await.iter().filter(|event| event.get("message").is_some()).count();
    assert_eq!(told, 1);
    // D23: a new member has read everything.
    assert_eq!(aaa.reads(&room).send().await.good()["unread"], json!(0));

    let quiet = aaa.post("/rooms", json!({ "systemMessage": true })).send().await.good();
    assert!(quiet.get("lastMessage").is_none(), "nobody came in, nothing is told");
}

#[tokio::test]
async fn making_a_room_again_answers_it_as_it_is() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let makers = [aaa, world.platform(), world.platform().with("IM-CLIENT-ID", "ccc")];
    for (room, actor) in ["one", "two", "three"].into_iter().zip(makers) {
        let body = json!({ "_id": room, "name": "first", "members": ["bbb"] });
        let first = actor.post("/rooms", body.clone()).send().await.good();
        let before = world.sight(room).await;
        assert_eq!(actor.post("/rooms", body).send().await.good(), first);
        let other = json!({ "_id": room, "name": "second", "members": ["ccc"], "owner": "ccc", "systemMessage": true });
        assert_eq!(actor.post("/rooms", other).send().await.good(), first);
        assert_eq!(world.sight(room).await, before);
        assert_eq!(types(&world, room).await.iter().filter(|kind| *kind == "room.created").count(), 1);
    }
}

#[tokio::test]
async fn the_id_of_somebody_elses_room_is_refused() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    aaa.post("/rooms", json!({ "_id": "mine", "members": ["bbb"] })).send().await.good();
    let before = world.sight("mine").await;
    let others = [bbb, world.platform(), world.platform().with("IM-CLIENT-ID", "bbb")];
    for other in others {
        let message = other.post("/rooms", json!({ "_id": "mine" })).send().await.refused(400, "INVALID_PARAMETER");
        assert!(message.contains("`_id`"), "{message}");
    }
    assert_eq!(world.sight("mine").await, before);
}

#[tokio::test]
async fn an_unknown_first_member_fails_the_call_and_no_room_is_made() {
    let world = World::new().await;
    world.client("aaa").await;
    let body = json!({ "_id": "room-1", "members": ["aaa", "nobody", "noone"], "owner": "none" });
    let answer = world.platform().post("/rooms", body).send().await;
    assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody", "noone", "none"] }));
    assert!(answer.refused(404, "CLIENT_NOT_FOUND").contains("`nobody`, `noone`, `none`"));
    world.platform().reads("room-1").send().await.refused(404, "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn more_first_members_than_seats_fail_the_call_and_no_room_is_made() {
    let world = World::new().await;
    world.clients(["aaa", "bbb", "ccc"]).await;
    let over = [json!({ "members": ["aaa", "bbb", "ccc"] }), json!({ "members": ["aaa", "bbb"], "owner": "ccc" })];
    for mut body in over {
        body["_id"] = json!("room-1");
        body["maxMembers"] = json!(2);
        let message = world.platform().post("/rooms", body).send().await.refused(409, "ROOM_FULL");
        assert!(message.contains("`room-1`") && message.contains('2'), "{message}");
    }
    world.platform().reads("room-1").send().await.refused(404, "ROOM_NOT_FOUND");
    let full = json!({ "_id": "room-1", "members": ["aaa", "bbb", "aaa"], "maxMembers": 2 });
    world.platform().post("/rooms", full).send().await.good();
    world.platform().adds("room-1", &["ccc"]).send().await.refused(409, "ROOM_FULL");
}

#[tokio::test]
async fn a_room_is_made_with_90_members_and_not_with_91() {
    let world = World::new().await;
    let crowd = world.crowd(91).await;
    let more = [json!({ "members": crowd }), json!({ "members": crowd[..90], "owner": crowd[90] })];
    for body in more {
        let message = world.platform().post("/rooms", body).send().await.refused(400, "INVALID_PARAMETER");
        assert!(message.contains("`members`") && message.contains("90"), "{message}");
    }
    let room = world.room(json!({ "members": crowd[..90], "owner": crowd[0], "systemMessage": true })).await;
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(90));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_id_of_a_direct_room_follows_from_its_two_clients() {
    let world = World::new().await;
    let [bob, alice] = world.clients(["Bob", "alice"]).await;
    let body = json!({ "roomType": "direct", "members": ["Bob", "alice"] });
    let made = bob.post("/rooms", body).send().await.good();
    assert_eq!(made["_id"], "1d9ac4c2a4f56e22e1d939891a38d764");
    assert_eq!((&made["roomType"], &made["maxMembers"]), (&json!("direct"), &json!(2)));
    assert_eq!(ids(&alice.reads("1d9ac4c2a4f56e22e1d939891a38d764").send().await.good()["members"]), ["Bob", "alice"]);
}

#[tokio::test]
async fn a_direct_room_is_found_again_by_either_of_its_two() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let body = |members: [&str; 2]| json!({ "roomType": "direct", "members": members, "name": "again" });
    let made = aaa.post("/rooms", body(["aaa", "bbb"])).send().await.good();
    let before = world.sight(&text(&made["_id"])).await;
    for (actor, members) in [(&aaa, ["aaa", "bbb"]), (&bbb, ["bbb", "aaa"]), (&world.platform(), ["bbb", "aaa"])] {
        assert_eq!(actor.post("/rooms", body(members)).send().await.good(), made);
    }
    assert_eq!(world.sight(&text(&made["_id"])).await, before);
    assert_eq!(types(&world, &text(&made["_id"])).await, ["room.created", "member.joined"]);
}

#[tokio::test]
async fn the_direct_room_of_two_others_is_not_shown() {
    let world = World::new().await;
    let [aaa, _bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let body = json!({ "roomType": "direct", "members": ["aaa", "bbb"] });
    let room = text(&aaa.post("/rooms", body.clone()).send().await.good()["_id"]);
    let before = world.sight(&room).await;
    ccc.post("/rooms", body).send().await.refused(400, "INVALID_PARAMETER");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn two_pairs_whose_ids_differ_in_case_alone_never_share_a_room() {
    let world = World::new().await;
    let [alice, _big, _small] = world.clients(["alice", "Bob", "bob"]).await;
    let room = text(
        &alice.post("/rooms", json!({ "roomType": "direct", "members": ["Bob", "alice"] })).send().await.good()["_id"],
    );
    let before = world.sight(&room).await;
    let other = json!({ "roomType": "direct", "members": ["bob", "alice"] });
    for actor in [&alice, &world.platform()] {
        actor.post("/rooms", other.clone()).send().await.refused(400, "INVALID_PARAMETER");
    }
    assert_eq!(world.sight(&room).await, before);
    // An id of their own is all they need.
    let own = json!({ "_id": "alice-and-bob", "roomType": "direct", "members": ["bob", "alice"] });
    assert_eq!(alice.post("/rooms", own).send().await.good()["members"], json!(["alice", "bob"]));
}

#[tokio::test]
async fn a_direct_room_may_have_an_id_of_its_own() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let body = json!({ "_id": "ours", "roomType": "direct", "members": ["aaa", "bbb"] });
    let made = aaa.post("/rooms", body.clone()).send().await.good();
    assert_eq!(made["_id"], "ours");
    assert_eq!(bbb.post("/rooms", body).send().await.good(), made);
}

#[tokio::test]
async fn a_direct_room_has_exactly_two_clients() {
    let world = World::new().await;
    world.clients(["aaa", "bbb", "ccc"]).await;
    let bodies = [
        json!({}),
        json!({ "members": [] }),
        json!({ "members": ["aaa"] }),
        json!({ "members": ["aaa", "aaa"] }),
        json!({ "members": ["aaa", "bbb", "ccc"] }),
        json!({ "members": ["aaa", "bbb"], "owner": "ccc" }),
    ];
    for mut body in bodies {
        body["roomType"] = json!("direct");
        body["_id"] = json!("room-1");
        let message = world.platform().post("/rooms", body).send().await.refused(400, "INVALID_PARAMETER");
        assert!(message.contains("`members`") && message.contains("two"), "{message}");
    }
    world.platform().reads("room-1").send().await.refused(404, "ROOM_NOT_FOUND");
    let body = json!({ "roomType": "direct", "members": ["aaa"], "owner": "bbb" });
    assert_eq!(world.platform().post("/rooms", body).send().await.good()["members"], json!(["aaa", "bbb"]));
}

#[tokio::test]
async fn a_direct_room_needs_no_invitation_whatever_is_asked() {
    let world = World::new().await;
    world.clients(["aaa", "bbb"]).await;
    let body = json!({ "roomType": "direct", "members": ["aaa", "bbb"], "invitationRequired": true, "maxMembers": 9 });
    let made = world.platform().post("/rooms", body).send().await.good();
    assert_eq!((&made["invitationRequired"], &made["maxMembers"]), (&json!(false), &json!(2)));
}

#[tokio::test]
async fn a_room_type_that_is_none_is_refused() {
    let world = World::new().await;
    for kind in [json!("channel"), json!(""), json!("Direct"), json!(7)] {
        let answer = world.platform().post("/rooms", json!({ "roomType": kind })).send().await;
        let message = answer.refused(400, "INVALID_PARAMETER");
        assert!(message.contains("`roomType`"), "{message}");
    }
    let custom = world.platform().post("/rooms", json!({ "roomType": "custom" })).send().await.good();
    assert_eq!(custom["roomType"], "custom");
}

#[tokio::test]
async fn a_field_may_be_as_long_as_its_limit_and_no_longer() {
    let world = World::new().await;
    let limits = [
        ("name", 256),
        ("topic", 256),
        ("cover", 2_048),
        ("description", 4_096),
        ("webhook", 2_048),
        ("extParams", 4_096),
        ("botState", 256),
        ("_id", 128),
    ];
    for (name, limit) in limits {
        let fits = world.platform().post("/rooms", json!({ name: "x".repeat(limit) })).send().await.good();
        assert_eq!(text(&fits[name]).len(), limit, "`{name}`");
        let over = world.platform().post("/rooms", json!({ name: "x".repeat(limit + 1) })).send().await;
        let message = over.refused(400, "INVALID_PARAMETER");
        assert!(message.contains(&format!("`{name}`")) && message.contains(&limit.to_string()), "{message}");
    }
    let tags = |count: usize| json!({ "roomTags": vec!["x".repeat(256); count] });
    assert_eq!(world.platform().post("/rooms", tags(50)).send().await.good()["roomTags"].as_array().unwrap().len(), 50);
    let message = world.platform().post("/rooms", tags(51)).send().await.refused(400, "INVALID_PARAMETER");
    assert!(message.contains("`roomTags`") && message.contains("50"), "{message}");
}

#[tokio::test]
async fn an_invited_room_invites_where_the_call_does_not_say() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    let answer = aaa.adds(&room, &["bbb"]).send().await;
    assert_eq!(answer.outcomes(), crate::actors::pairs(&[("bbb", "invited")]));
    ccc.joins(&room).send().await.refused(403, "INVITATION_REQUIRED");
    bbb.joins(&room).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_minimal_reply_names_no_members() {
    let world = World::new().await;
    world.client("aaa").await;
    let call = world.platform().with("Prefer", "return=minimal").post("/rooms", json!({ "members": ["aaa"] }));
    let made = call.send().await.good();
    assert_eq!(made["memberCount"], json!(1));
    assert_eq!((made.get("members"), made.get("memberProperties")), (None, None));
    assert_ne!(made["_id"], Value::Null);
}

#[tokio::test]
async fn nobody_makes_the_direct_room_of_two_others() {
    let world = World::new().await;
    let [aaa, _bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let body = json!({ "roomType": "direct", "members": ["aaa", "bbb"], "systemMessage": true });
    ccc.post("/rooms", body.clone()).send().await.refused(409, "DIRECT_ROOM");
    assert_eq!(aaa.post("/rooms", body).send().await.good()["lastMessage"]["sender"]["_id"], "aaa");
}

#[tokio::test]
async fn a_creator_outside_may_repeat_the_call_but_sees_nothing_of_what_came_after() {
    let world = World::new().await;
    let [aaa, _bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let body = json!({ "_id": "secret", "isPrivate": true, "members": ["aaa"] });
    for _ in 0..2 {
        assert_eq!(ccc.post("/rooms", body.clone()).send().await.good()["members"], json!(["aaa"]));
    }
    aaa.adds("secret", &["bbb"]).send().await.good();
    let message = ccc.post("/rooms", body).send().await.refused(400, "INVALID_PARAMETER");
    assert!(message.contains("`_id`"), "{message}");
    world.holds_together("secret").await;
}

#[tokio::test]
async fn the_words_of_routes_are_no_rooms() {
    let world = World::new().await;
    for word in ["createAndJoin", "ids", "invitations", "quitted"] {
        let message =
            world.platform().post("/rooms", json!({ "_id": word })).send().await.refused(400, "INVALID_PARAMETER");
        assert!(message.contains("`_id`"), "{message}");
    }
}

#[tokio::test]
async fn a_client_makes_no_room_with_members_who_do_not_agree() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for own in [&aaa, &bbb] {
        own.admits("nobody").send().await.good();
    }
    let makes = |members: &[&str]| aaa.post("/rooms", json!({ "_id": "new", "members": members }));
    let told = world.refuses_and_keeps(makes(&["aaa", "bbb"]), 403, "BLOCKED").await;
    assert!(told.contains("`bbb`") && !told.contains("`aaa`"), "{told}");
    makes(&["aaa"]).send().await.good(); // nobody needs his own consent
}
