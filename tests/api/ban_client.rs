//! `POST /blockStatus/room/:id/:blockee`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Actor, World, all_at_once, ids, text};

/// A room of `own`, in which `adm` is an admin and `mem` a member; `out` is a client and not in it.
async fn governed() -> (World, [Actor; 4], String) {
    let world = World::new().await;
    let actors = world.clients(["own", "adm", "mem", "out"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem"] })).await;
    actors[0].sets(&room, "adm", "role", json!("admin")).send().await.good();
    (world, actors, room)
}

fn face(id: &str) -> Value {
    json!({ "_id": id, "id": id, "nickname": id.to_uppercase(), "lastLoginTimeMS": 0 })
}

/// Everything in the table that tells of the invitation of an address to a room.
async fn pointers(world: &World, room: &str) -> Vec<String> {
    let items = world.items().await;
    let keys = items.iter().map(|item| (text(&item["PK"]["S"]), text(&item["SK"]["S"])));
    let about = keys.filter(|(pk, sk)| {
        sk.starts_with(&format!("INVITED#{room}#"))
            || (pk.ends_with(&format!("#{room}")) && sk.starts_with("#INVITATION#"))
    });
    about.map(|(_, sk)| sk).collect()
}

// What a ban does.

#[tokio::test]
async fn a_banned_member_is_out_and_comes_in_by_no_way() {
    let (world, [own, adm, mem, _out], room) = governed().await;
    let answer = adm.bans(&room, "mem").send().await;
    assert!(answer.body.get("outcomes").is_none(), "{}", answer.body);
    let block = answer.good();
    assert_eq!(
        (&block["appID"], &block["room"], &block["blocker"]),
        (&json!("SampleApp"), &json!(room), &json!("adm"))
    );
    assert_eq!((&block["blockee"], &block["createdAt"]), (&face("mem"), &block["updatedAt"]));
    assert!(text(&block["createdAt"]).ends_with('Z') && block.as_object().unwrap().len() == 6, "{block}");

    let seen = world.sight(&room).await;
    assert_eq!((ids(&seen.room["members"]), &seen.room["memberCount"]), (vec!["adm".into(), "own".into()], &json!(2)));
    let entry = seen.events.last().unwrap();
    assert_eq!(
        (&entry["type"], &entry["actor"], &entry["clients"]),
        (&json!("member.banned"), &json!("adm"), &json!(["mem"]))
    );
    assert_eq!((entry.get("message"), &entry["memberCount"]), (None, &json!(2)));

    mem.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    mem.joins(&room).send().await.refused(403, "BANNED");
    mem.post("/rooms/createAndJoin", json!({ "_id": room })).send().await.refused(403, "BANNED");
    own.adds(&room, &["mem"]).send().await.refused(403, "BANNED");
    own.invites(&room, &["mem"]).send().await.refused(403, "BANNED");
    own.adds_one(&room, "mem").send().await.refused(403, "BANNED");
    world.platform().adds(&room, &["mem"]).send().await.refused(403, "BANNED");
    world.platform().joins(&room).body(json!({ "sender": "mem" })).send().await.refused(403, "BANNED");
    own.talk_invites(&room, json!({ "_userId": "mem" })).send().await.talk_refused(403, 219);
    mem.talk_invites(&room, json!({ "email": "friend@x.io" })).send().await.talk_refused(403, 219);
    let some = own.adds(&room, &["mem", "out"]).and(json!({ "partial": true })).send().await;
    assert_eq!(some.outcomes(), crate::actors::pairs(&[("mem", "banned"), ("out", "added")]));
    assert_eq!(mem.get("/rooms").send().await.good()["totalCount"], json!(0));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_banned_client_claims_nothing() {
    let (world, [own, ..], room) = governed().await;
    own.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    own.bans(&room, "out").send().await.good();
    let before = world.sight(&room).await;
    let upsert = || world.platform().post("/admin/clients", json!({ "_id": "out", "email": "new@x.io" }));
    let banned = json!([{ "room": room, "outcome": "banned" }]);
    assert_eq!(upsert().send().await.good()["claims"], banned);
    assert_eq!(upsert().send().await.good()["claims"], banned, "and the invitation stays");
    assert_eq!(world.sight(&room).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_strangers_ban_and_an_invited_ones_close_the_room_to_them() {
    let (world, [own, _adm, _mem, out], room) = governed().await;
    let guest = world.client("guest").await;
    own.invites(&room, &["guest"]).send().await.good();
    assert_eq!(guest.get("/rooms/invitations").send().await.good()["totalCount"], json!(1));

    own.bans(&room, "guest").send().await.good();
    own.bans(&room, "out").send().await.good();
    assert_eq!(guest.get("/rooms/invitations").send().await.good()["totalCount"], json!(0));
    for banned in [&guest, &out] {
        banned.joins(&room).send().await.refused(403, "BANNED");
        own.invites(&room, &[&banned.id]).send().await.refused(403, "BANNED");
    }
    let log = world.events(&room).await;
    let [.., first, second] = &log[..] else { panic!("{log:?}") };
    assert_eq!((&first["type"], &first["clients"]), (&json!("member.banned"), &json!(["guest"])));
    assert_eq!((&second["type"], &second["memberCount"]), (&json!("member.banned"), &json!(3)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn every_pending_invitation_that_he_issued_is_closed_in_the_same_act() {
    let (world, [own, _adm, mem, out], room) = governed().await;
    let [guest, renewed, _late] = world.clients(["guest", "renewed", "late"]).await;
    mem.invites(&room, &["out", "late"]).send().await.good();
    own.invites(&room, &["guest", "renewed"]).send().await.good();
    mem.invites(&room, &["renewed"]).send().await.good(); // stays the owner's
    mem.talk_invites(&room, json!({ "email": "one@x.io" })).send().await.bare();
    mem.talk_invites(&room, json!({ "mobile": "13100000001" })).send().await.bare();
    own.talk_invites(&room, json!({ "email": "two@x.io" })).send().await.bare();
    world.lapses(&room, "late").await;
    let before = world.events(&room).await.len();

    own.bans(&room, "mem").send().await.good();
    let log = world.events(&room).await;
    let [.., closed, banned] = &log[..] else { panic!("{log:?}") };
    assert_eq!(log.len(), before + 2);
    assert_eq!((&closed["type"], &closed["clients"]), (&json!("invitation.cancelled"), &json!(["out"])));
    assert_eq!((closed["invitations"].as_array().unwrap().len(), closed.get("message")), (2, None));
    assert_eq!((&banned["type"], &banned["clients"]), (&json!("member.banned"), &json!(["mem"])));
    assert_eq!(out.get("/rooms/invitations").send().await.good()["totalCount"], json!(0));
    for stays in [&guest, &renewed] {
        assert_eq!(stays.get("/rooms/invitations").send().await.good()["totalCount"], json!(1));
    }
    assert_eq!(pointers(&world, &room).await, [format!("INVITED#{room}#two@x.io"), "#INVITATION#two@x.io".into()]);
    for (client, address) in [("new1", json!({ "email": "one@x.io" })), ("new2", json!({ "mobile": "13100000001" }))] {
        let mut body = address;
        body["_id"] = json!(client);
        assert_eq!(world.platform().post("/admin/clients", body).send().await.good()["claims"], json!([]));
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn more_invitations_than_one_transaction_holds_are_closed_before_the_ban() {
    let (world, [own, _adm, mem, _out], room) = governed().await;
    let crowd = world.crowd(165).await;
    for part in crowd.chunks(83) {
        mem.invites(&room, &part.iter().map(String::as_str).collect::<Vec<_>>()).send().await.good();
    }
    for number in 0..3 {
        let whom = json!({ "email": format!("{number}@x.io"), "mobile": format!("1310000000{number}") });
        mem.talk_invites(&room, whom).send().await.bare();
    }
    let before = world.events(&room).await.len();

    own.bans(&room, "mem").send().await.good();
    let log = world.events(&room).await;
    let kinds: Vec<String> = log[before..].iter().map(|entry| text(&entry["type"])).collect();
    assert_eq!(kinds, ["invitation.cancelled", "invitation.cancelled", "invitation.cancelled", "member.banned"]);
    let closed: usize = log[before..before + 3].iter().map(|entry| entry["clients"].as_array().unwrap().len()).sum();
    assert_eq!(closed, 165);
    let pending = own.get(&format!("/rooms/{room}/invitations")).send().await.good();
    assert_eq!((&pending["totalCount"], pointers(&world, &room).await), (&json!(0), Vec::new()));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_banned_admin_has_no_office_any_more_and_a_banned_owner_is_followed() {
    let (world, [own, adm, mem, _out], room) = governed().await;
    own.sets(&room, "mem", "role", json!("admin")).send().await.good();
    let before = world.sight(&room).await;
    for whom in ["own"] {
        adm.bans(&room, whom).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(world.sight(&room).await, before);
    mem.bans(&room, "adm").send().await.good();
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["managers"], &seen.room["owner"]["_id"]), (&json!(["mem"]), &json!("own")));

    let block = world.platform().bans(&room, "own").send().await.good();
    assert_eq!(block["blocker"], Value::Null);
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["managers"], &seen.room["owner"]["_id"]), (&json!([]), &json!("mem")));
    own.joins(&room).send().await.refused(403, "BANNED");
    world.holds_together(&room).await;
}

// Who is refused.

#[tokio::test]
async fn only_owner_admins_and_platform_ban() {
    let (world, [_own, _adm, mem, out], room) = governed().await;
    let free = world.room(json!({ "members": ["mem", "own"] })).await;
    let hidden = world.room(json!({ "owner": "own", "isPrivate": true })).await;
    let before = (world.sight(&room).await, world.sight(&free).await, world.sight(&hidden).await);
    for whom in ["adm", "out", "own", "mem", "nobody"] {
        mem.bans(&room, whom).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
        mem.bans(&free, whom).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
        out.bans(&room, whom).send().await.refused(403, "NOT_ROOM_MEMBER");
        out.bans(&hidden, whom).send().await.refused(404, "ROOM_NOT_FOUND");
        out.bans("absent", whom).send().await.refused(404, "ROOM_NOT_FOUND");
    }
    let other = world.other_app("Other").await;
    other.platform().bans(&room, "mem").send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().bans(&room, "mem").send().await.refused(401, "INVALID_CLIENT_KEY");
    mem.clone()
        .with("IM-Authorization", "SampleApp.own.x")
        .bans(&room, "adm")
        .send()
        .await
        .refused(401, "INVALID_TOKEN");
    assert_eq!((world.sight(&room).await, world.sight(&free).await, world.sight(&hidden).await), before);
}

#[tokio::test]
async fn nobody_bans_himself_or_nobody_or_twice() {
    let (world, [own, adm, _mem, _out], room) = governed().await;
    own.bans(&room, "out").send().await.good();
    let before = world.sight(&room).await;
    for himself in [&own, &adm] {
        let said = himself.bans(&room, &himself.id).send().await.refused(400, "INVALID_PARAMETER");
        assert!(said.contains("`blockee`"), "{said}");
    }
    let as_own = world.platform().bans(&room, "own").body(json!({ "sender": "own" }));
    as_own.send().await.refused(400, "INVALID_PARAMETER");
    let answer = own.bans(&room, "nobody").send().await;
    assert_eq!(answer.body["error"]["details"]["missing"], json!(["nobody"]));
    answer.refused(404, "CLIENT_NOT_FOUND");
    for again in [&own, &adm, &world.platform()] {
        let said = again.bans(&room, "out").send().await.refused(409, "ALREADY_BANNED");
        assert!(said.contains("`out`") && said.contains(&room), "{said}");
    }
    let long = own.bans(&room, &"x".repeat(129)).send().await.refused(400, "INVALID_PARAMETER");
    assert!(long.contains("`blockee`"), "{long}");
    own.bans(&room, "mem").raw("[]").send().await.refused(400, "INVALID_BODY");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn nobody_is_banned_from_a_direct_room() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    let before = world.sight(&room).await;
    for whom in ["aaa", "bbb", "ccc"] {
        aaa.bans(&room, whom).send().await.refused(409, "DIRECT_ROOM");
        world.platform().bans(&room, whom).send().await.refused(409, "DIRECT_ROOM");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn the_platform_bans_in_the_name_of_whom_it_says() {
    let (world, [own, ..], room) = governed().await;
    let block = world.platform().bans(&room, "mem").body(json!({ "sender": "out" })).send().await.good();
    assert_eq!(block["blocker"], json!("out"));
    assert_eq!(world.last_event(&room).await["actor"], json!("out"));
    let block = world.platform().bans(&room, "adm").header("IM-CLIENT-ID", "own").send().await.good();
    assert_eq!(block["blocker"], json!(own.id));
    world
        .platform()
        .bans(&room, "out")
        .body(json!({ "sender": "nobody" }))
        .send()
        .await
        .refused(404, "CLIENT_NOT_FOUND");
    world.holds_together(&room).await;
}

// Many at once, and bad days.

#[tokio::test]
async fn whatever_races_a_banned_client_is_no_member() {
    let (world, [own, adm, mem, out], room) = governed().await;
    for round in 0..6 {
        let mut calls = vec![own.bans(&room, "out")];
        for number in 0..16 {
            calls.push(match number % 4 {
                0 => out.joins(&room),
                1 => adm.adds(&room, &["out"]).and(json!({ "systemMessage": true })),
                2 => mem.adds_one(&room, "out"),
                _ => mem.invites(&room, &["out"]),
            });
        }
        calls.swap(0, [0, 3, 6, 9, 12, 16][round]);
        let answers = all_at_once(17, calls).await;
        assert!(
            answers.iter().all(|answer| answer.status == 200 || answer.body["error"]["code"] == "BANNED"),
            "{answers:?}"
        );

        let seen = world.sight(&room).await;
        assert!(!ids(&seen.room["members"]).contains(&"out".to_owned()));
        let last = seen.events.iter().rev().find(|entry| entry["clients"] == json!(["out"])).unwrap();
        assert_eq!(last["type"], json!("member.banned"), "nothing befell him afterwards");
        assert_eq!(out.get("/rooms/invitations").send().await.good()["totalCount"], json!(0));
        out.joins(&room).send().await.refused(403, "BANNED");
        world.holds_together(&room).await;
        own.unbans(&room, "out").send().await.good();
    }
}

#[tokio::test]
async fn a_client_whom_many_ban_at_once_is_banned_once() {
    let (world, [own, adm, ..], room) = governed().await;
    let before = world.events(&room).await.len();
    let calls = (0..12).map(|number| [&own, &adm][number % 2].bans(&room, "mem"));
    let (done, late): (Vec<_>, Vec<_>) =
        all_at_once(12, calls).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1);
    for answer in late {
        answer.refused(409, "ALREADY_BANNED");
    }
    assert_eq!(world.events(&room).await.len(), before + 1);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_invites_while_he_is_banned_leaves_no_invitation_behind() {
    let (world, [own, _adm, mem, _out], room) = governed().await;
    let crowd = world.crowd(16).await;
    let mut calls: Vec<_> = crowd.iter().map(|guest| mem.invites(&room, &[guest])).collect();
    calls.insert(8, own.bans(&room, "mem"));
    for answer in all_at_once(17, calls).await {
        assert!(answer.status == 200 || answer.body["error"]["code"] == "NOT_ROOM_MEMBER", "{}", answer.body);
    }
    let pending = own.get(&format!("/rooms/{room}/invitations")).send().await.good();
    assert_eq!(pending["totalCount"], json!(0));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_bans_once() {
    let (world, [own, _adm, mem, _out], room) = governed().await;
    mem.invites(&room, &["out"]).send().await.good();
    let before = world.events(&room).await.len();
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    let block = own.bans(&room, "mem").send().await.good();
    assert_eq!((&block["blockee"]["_id"], &block["blocker"]), (&json!("mem"), &json!("own")));
    assert_eq!(world.events(&room).await.len(), before + 2);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn whom_the_back_end_invited_in_his_own_name_is_banned_like_any_other() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let himself = world.platform().with("IM-CLIENT-ID", "bbb");
    himself.invites(&room, &["bbb"]).send().await.good();
    world.platform().bans(&room, "bbb").send().await.good();
    let sorts = world.events(&room).await.last().map(|event| event["type"].clone());
    assert_eq!(sorts, Some(json!("member.banned")));
    world.holds_together(&room).await;
}
