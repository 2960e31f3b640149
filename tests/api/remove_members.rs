//! `POST /rooms/:id/delete/members`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{World, all_at_once, ids, text};

/// A face as a message's `extra` shows it.
fn bare(id: &str) -> Value {
    json!({ "_id": id, "nickname": id.to_uppercase() })
}

// Removing.

#[tokio::test]
async fn any_member_removes_others_from_a_room_that_nobody_owns() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb, &ccc]).await;

    let answer = aaa.removes(&room, &["bbb", "ccc"]).send().await;
    assert!(answer.body.get("outcomes").is_none(), "{}", answer.body);
    let told = answer.good();
    assert_eq!((ids(&told["members"]), &told["memberCount"]), (vec!["aaa".to_owned()], &json!(1)));
    assert_eq!(told["memberProperties"], json!([{ "client": "aaa", "badge": 0, "via": "added" }]));
    assert!(told.get("lastMessage").is_none() && told.get("appID").is_none(), "{told}");

    let entry = world.last_event(&room).await;
    assert_eq!((&entry["type"], &entry["actor"]), (&json!("member.removed"), &json!("aaa")));
    assert_eq!((&entry["clients"], &entry["memberCount"]), (&json!(["bbb", "ccc"]), &json!(1)));
    assert_eq!(world.events(&room).await.len(), 3, "one entry for the whole call");
    bbb.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    bbb.adds(&room, &["ccc"]).send().await.refused(403, "NOT_ROOM_MEMBER");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn several_removed_at_once_are_told_in_one_message() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb, &ccc]).await;

    let told = aaa.removes(&room, &["ccc", "bbb", "ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("deleteMember"), &json!("CCC, BBB")));
    assert_eq!(last["extra"], json!({ "members": [bare("ccc"), bare("bbb")] }));
    assert_eq!((&last["member"]["_id"], &last["member"]["nickname"]), (&json!("ccc"), &json!("CCC")));
    assert_eq!(last["sender"]["_id"], json!("aaa"));
    // D23: who sends it has read it.
    assert_eq!(
        told["memberProperties"],
        json!([{ "client": "aaa", "badge": 0, "lastRead": last["_id"], "via": "added" }])
    );
    let entry = world.last_event(&room).await;
    assert_eq!((&entry["message"], &entry["clients"]), (last, &json!(["ccc", "bbb"])));
    assert_eq!(world.sight(&room).await.room["memberProperties"], told["memberProperties"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_platform_removes_anybody_and_speaks_for_whom_it_names() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "owner": "aaa", "members": ["bbb", "ccc"] })).await;
    let platform = world.platform();

    let told = platform.removes(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(told["lastMessage"]["sender"], Value::Null);
    let body = json!({ "systemMessage": true, "sender": "aaa" });
    let told = platform.removes(&room, &["ccc"]).and(body).send().await.good();
    assert_eq!(told["lastMessage"]["sender"]["_id"], json!("aaa"));
    assert_eq!(told["memberProperties"][0]["badge"], json!(0), "aaa has read what was said in his name");
    platform.removes(&room, &["aaa"]).send().await.good();
    for gone in [aaa, bbb, ccc] {
        gone.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    platform.removes(&room, &["aaa"]).and(json!({ "sender": "nobody" })).send().await.refused(404, "CLIENT_NOT_FOUND");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn in_a_room_with_an_owner_only_he_and_admins_and_the_platform_remove() {
    let world = World::new().await;
    let [own, adm, mem, _m1, _m2, _m3] = world.clients(["own", "adm", "mem", "m1", "m2", "m3"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem", "m1", "m2", "m3"] })).await;
    own.sets(&room, "adm", "role", json!("admin")).send().await.good();
    let before = world.sight(&room).await;

    for whom in [&["m1"][..], &["adm"], &["own"], &["mem", "m1"], &["nobody"]] {
        let said = mem.removes(&room, whom).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
        assert!(said.contains(&format!("`{room}`")), "{said}");
    }
    assert_eq!(world.sight(&room).await, before);
    adm.removes(&room, &["m1"]).send().await.good();
    own.removes(&room, &["m2"]).send().await.good();
    let told = world.platform().removes(&room, &["m3"]).send().await.good();
    assert_eq!(ids(&told["members"]), ["adm", "mem", "own"]);
    // An admin removes another admin.
    own.sets(&room, "mem", "role", json!("admin")).send().await.good();
    mem.removes(&room, &["adm"]).send().await.good();
    assert_eq!(world.sight(&room).await.room["managers"], json!(["mem"]), "who goes has no office any more");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn nobody_but_the_platform_removes_the_owner() {
    let world = World::new().await;
    let [own, adm, _mem] = world.clients(["own", "adm", "mem"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem"] })).await;
    own.sets(&room, "adm", "role", json!("admin")).send().await.good();
    let before = world.sight(&room).await;

    for whom in [&["own"][..], &["mem", "own"], &["adm", "own"]] {
        adm.removes(&room, whom).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(world.sight(&room).await, before);
    world.platform().removes(&room, &["own"]).send().await.good();
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["owner"]["_id"], &seen.room["managers"]), (&json!("adm"), &json!([])));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn one_who_is_not_in_the_room_fails_the_call_and_nothing_changes() {
    let world = World::new().await;
    let [aaa, _bbb, _invited, _banned, _other] = world.clients(["aaa", "bbb", "invited", "banned", "other"]).await;
    let room = world.room(json!({ "members": ["aaa", "bbb"] })).await;
    aaa.invites(&room, &["invited"]).send().await.good();
    world.bans(&room, "banned").await;
    let before = world.sight(&room).await;

    let all = ["bbb", "other", "invited", "nobody", "banned", "aaa"];
    let answer = aaa.removes(&room, &all).send().await;
    let missing = ["other", "invited", "nobody", "banned"];
    assert_eq!(answer.body["error"]["details"]["missing"], json!(missing));
    let said = answer.refused(404, "CLIENT_NOT_FOUND");
    assert!(missing.iter().all(|id| said.contains(&format!("`{id}`"))) && !said.contains("`bbb`"), "{said}");
    for alone in missing {
        let answer = aaa.removes(&room, &[alone]).send().await;
        assert_eq!(answer.body["error"]["details"]["missing"], json!([alone]));
        answer.refused(404, "CLIENT_NOT_FOUND");
    }
    // The platform's client too, who would leave a room that he is not in.
    let body = json!({ "sender": "other" });
    world.platform().removes(&room, &["other"]).and(body).send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.sight(&room).await, before);
}

// Leaving.

#[tokio::test]
async fn the_callers_own_id_leaves_in_his_own_name() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;

    let told = bbb.removes(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(ids(&told["members"]), ["aaa"], "the leaver sees the room without him");
    let last = &told["lastMessage"];
    let face = json!({ "_id": "bbb", "id": "bbb", "nickname": "BBB", "lastLoginTimeMS": 0 });
    assert_eq!((&last["messageType"], &last["message"]), (&json!("leaveRoom"), &json!("BBB")));
    assert_eq!((&last["sender"], &last["member"]), (&face, &face));
    let entry = world.last_event(&room).await;
    assert_eq!(
        (&entry["type"], &entry["actor"], &entry["clients"]),
        (&json!("member.left"), &json!("bbb"), &json!(["bbb"]))
    );
    assert_eq!((&entry["message"], &entry["memberCount"]), (last, &json!(1)));
    assert_eq!(
        world.sight(&room).await.room["memberProperties"],
        json!([{ "client": "aaa", "badge": 1, "via": "added" }])
    );
    bbb.removes(&room, &["bbb"]).send().await.refused(403, "NOT_ROOM_MEMBER");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_names_himself_among_others_removes_them_and_leaves() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb, &ccc]).await;

    let told = bbb.removes(&room, &["aaa", "bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(ids(&told["members"]), ["ccc"]);
    assert_eq!(told["memberProperties"], json!([{ "client": "ccc", "badge": 2, "via": "added" }]));
    let log = world.events(&room).await;
    let [.., removed, left] = &log[..] else { panic!("{log:?}") };
    assert_eq!((&removed["type"], &removed["clients"]), (&json!("member.removed"), &json!(["aaa"])));
    assert_eq!(removed["message"]["messageType"], json!("deleteMember"));
    assert_eq!((&left["type"], &left["clients"]), (&json!("member.left"), &json!(["bbb"])));
    assert_eq!(left["message"]["messageType"], json!("leaveRoom"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn anybody_leaves_a_room_with_an_owner_a_frozen_one_and_a_closed_one() {
    let world = World::new().await;
    let [_own, bbb, ccc] = world.clients(["own", "bbb", "ccc"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["bbb", "ccc"], "opening": 0 })).await;
    bbb.removes(&room, &["bbb"]).send().await.good();
    world.platform().updates(&room, json!({ "status": 0 })).send().await.good();
    ccc.removes(&room, &["ccc"]).send().await.good();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_member_leaves_a_direct_room_but_removes_nobody_from_it() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    let before = world.sight(&room).await;
    for whom in [&["bbb"][..], &["aaa", "bbb"], &["nobody"]] {
        aaa.removes(&room, whom).send().await.refused(409, "DIRECT_ROOM");
    }
    assert_eq!(world.sight(&room).await, before);

    assert_eq!(ids(&aaa.removes(&room, &["aaa"]).send().await.good()["members"]), ["bbb"]);
    assert_eq!(world.platform().removes(&room, &["bbb"]).send().await.good()["memberCount"], json!(0));
    world.holds_together(&room).await;
}

// Who owns the room then.

#[tokio::test]
async fn the_owner_leaves_his_room_to_the_longest_standing_admin() {
    let world = World::new().await;
    let [own, _old, _adm, _late] = world.clients(["own", "old", "adm", "a-late"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["old"] })).await;
    own.adds(&room, &["adm"]).send().await.good();
    own.adds(&room, &["a-late"]).send().await.good();
    own.sets(&room, "a-late", "role", json!("admin")).send().await.good();
    own.sets(&room, "adm", "role", json!("admin")).send().await.good();

    let told = own.removes(&room, &["own"]).send().await.good();
    let roles: Vec<_> = told["memberProperties"].as_array().unwrap().iter().map(|own| own["role"].clone()).collect();
    assert_eq!(roles, [Value::Null, json!("owner"), json!("admin")], "old, adm, a-late: {told}");
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["owner"]["_id"], &seen.room["managers"]), (&json!("adm"), &json!(["a-late"])));
    let [.., left, given] = &seen.events[..] else { panic!("{seen:?}") };
    assert_eq!((&left["type"], &left["clients"]), (&json!("member.left"), &json!(["own"])));
    assert_eq!((&given["type"], &given["clients"]), (&json!("member.updated"), &json!(["adm"])));
    // The heir is the owner indeed, and who was it comes back as anybody.
    own.joins(&room).send().await.good();
    own.removes(&room, &["adm"]).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn without_admins_the_longest_standing_member_who_stays_inherits() {
    let world = World::new().await;
    let [own, _zoe, _ann, _bob] = world.clients(["own", "zoe", "ann", "bob"]).await;
    let room = world.room(json!({ "owner": "own" })).await;
    for client in ["zoe", "bob"] {
        own.adds(&room, &[client]).send().await.good();
    }
    own.invites(&room, &["ann"]).send().await.good(); // invited is not in it

    own.removes(&room, &["zoe", "own"]).send().await.good();
    assert_eq!(world.sight(&room).await.room["owner"]["_id"], json!("bob"), "zoe went with him");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_last_one_leaves_an_empty_room_that_only_the_platform_can_delete() {
    let world = World::new().await;
    let [own, bbb] = world.clients(["own", "bbb"]).await;
    let room = world.room(json!({ "owner": "own" })).await;
    own.invites(&room, &["bbb"]).send().await.good();

    let told = own.removes(&room, &["own"]).send().await.good();
    assert_eq!((&told["members"], &told["memberCount"]), (&json!([]), &json!(0)));
    let seen = world.sight(&room).await;
    assert_eq!(
        (&seen.room["owner"], seen.events.last().unwrap()["type"].clone()),
        (&Value::Null, json!("member.left"))
    );
    own.deletes(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    // An invitation outlives him; who accepts it is in a room that nobody owns.
    bbb.joins(&room).send().await.good();
    bbb.deletes(&room).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    world.holds_together(&room).await;
    bbb.removes(&room, &["bbb"]).send().await.good();
    world.platform().deletes(&room).send().await.good();
    world.platform().reads(&room).send().await.refused(404, "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn an_heir_is_found_in_a_room_of_more_than_a_thousand_members() {
    let world = World::new().await;
    let own = world.client("own").await;
    let _zzz = world.client("zzz").await;
    let crowd = world.crowd(1_100).await;
    let room = world.room(json!({ "owner": "own" })).await;
    own.adds(&room, &["zzz"]).send().await.good();
    for part in crowd.chunks(550) {
        let body = json!({ "invitees": part, "partial": true });
        world.platform().post(&format!("/rooms/{room}/members"), body).send().await.good();
    }

    let told = own.removes(&room, &["own"]).send().await.good();
    assert_eq!((&told["memberCount"], told["nextMembers"].is_string()), (&json!(1_101), true));
    let seen = world.platform().reads(&room).send().await.good();
    assert_eq!(seen["owner"]["_id"], json!("zzz"), "behind the thousand that the reply shows");
    assert_eq!(world.last_event(&room).await["clients"], json!(["zzz"]));
}

// What is refused.

#[tokio::test]
async fn members_must_be_one_to_forty_five_client_ids() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(45).await;
    let room = world.room(json!({ "members": ["aaa"] })).await;
    world.platform().adds(&room, &crowd.iter().map(String::as_str).collect::<Vec<_>>()).send().await.good();
    let before = world.sight(&room).await;

    let mut too_many: Vec<&str> = crowd.iter().map(String::as_str).collect();
    too_many.push("aaa");
    for (members, code) in [
        (json!(too_many), "INVALID_PARAMETER"),
        (json!([]), "INVALID_PARAMETER"),
        (json!("aaa"), "INVALID_PARAMETER"),
        (json!(["aaa", 1]), "INVALID_PARAMETER"),
        (json!(["a/b"]), "INVALID_PARAMETER"),
        (json!(null), "MISSING_PARAMETER"),
    ] {
        let said = aaa.removes(&room, &[]).and(json!({ "members": members })).send().await.refused(400, code);
        assert!(said.contains("`members`"), "{said}");
    }
    aaa.post(&format!("/rooms/{room}/delete/members"), json!({})).send().await.refused(400, "MISSING_PARAMETER");
    let loud = aaa.removes(&room, &["aaa"]).and(json!({ "systemMessage": "yes" }));
    assert!(loud.send().await.refused(400, "INVALID_PARAMETER").contains("`systemMessage`"));
    aaa.removes(&room, &["aaa"]).raw("{").send().await.refused(400, "INVALID_BODY");
    assert_eq!(world.sight(&room).await, before);

    // The whole 45 with the owner among them, a message and an heir are one transaction.
    world.platform().sets(&room, "c0000", "role", json!("member")).send().await.good();
    world.platform().updates(&room, json!({ "owner": "c0000" })).send().await.good();
    let all = world.platform().removes(&room, &too_many[..45]).and(json!({ "systemMessage": true, "sender": "c0000" }));
    assert_eq!(ids(&all.send().await.good()["members"]), ["aaa"]);
    assert_eq!(world.sight(&room).await.room["owner"]["_id"], json!("aaa"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn only_members_remove_and_who_may_not_know_of_the_room_is_told_that_there_is_none() {
    let world = World::new().await;
    let [_aaa, bbb, banned] = world.clients(["aaa", "bbb", "banned"]).await;
    let open = world.room(json!({ "members": ["aaa"] })).await;
    let hidden = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    world.bans(&open, "banned").await;
    let before = (world.sight(&open).await, world.sight(&hidden).await);

    for whom in ["aaa", "bbb"] {
        bbb.removes(&open, &[whom]).send().await.refused(403, "NOT_ROOM_MEMBER");
        banned.removes(&open, &[whom]).send().await.refused(403, "NOT_ROOM_MEMBER");
        bbb.removes(&hidden, &[whom]).send().await.refused(404, "ROOM_NOT_FOUND");
        bbb.removes("absent", &[whom]).send().await.refused(404, "ROOM_NOT_FOUND");
        world.platform().removes("absent", &[whom]).send().await.refused(404, "ROOM_NOT_FOUND");
    }
    let other = world.other_app("Other").await;
    other.client("aaa").await.removes(&open, &["aaa"]).send().await.refused(404, "ROOM_NOT_FOUND");
    other.platform().removes(&open, &["aaa"]).send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().removes(&open, &["aaa"]).send().await.refused(401, "INVALID_CLIENT_KEY");
    bbb.clone()
        .with("IM-Authorization", "SampleApp.bbb.wrong")
        .removes(&open, &["aaa"])
        .send()
        .await
        .refused(401, "INVALID_TOKEN");
    assert_eq!((world.sight(&open).await, world.sight(&hidden).await), before);
}

// What it costs, many at once, and bad days.

#[tokio::test]
async fn only_the_owners_going_looks_at_everybody() {
    let world = World::on(local::Stack::builder().count_rounds(true)).await;
    let [own, _bbb, _ccc] = world.clients(["own", "bbb", "ccc"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["bbb", "ccc"] })).await;
    let [removing, leaving] = [own.removes(&room, &["bbb"]), own.removes(&room, &["own"])];
    for (call, rounds) in [(removing, 2), (leaving, 3)] {
        let answer = call.send().await;
        let behind = world.stack.invocation(&answer.request_id()).unwrap();
        answer.good();
        assert_eq!(behind.rounds, Some(rounds), "{behind:?}");
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_member_whom_many_remove_at_once_leaves_once() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb, &ccc]).await;
    let by = |number: usize| if number.is_multiple_of(2) { &aaa } else { &bbb };
    let calls = (0..16).map(|number| by(number).removes(&room, &["ccc"]).and(json!({ "systemMessage": true })));
    let (done, late): (Vec<_>, Vec<_>) =
        all_at_once(16, calls).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((done.len(), late.len()), (1, 15));
    for answer in late {
        answer.refused(404, "CLIENT_NOT_FOUND");
    }
    assert_eq!(world.events(&room).await.len(), 3);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn owner_and_heirs_who_all_leave_at_once_leave_nobody_behind_as_owner() {
    let world = World::new().await;
    let mut members = Vec::new();
    for number in 0..12 {
        members.push(world.client(&format!("m{number:02}")).await);
    }
    let names: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
    let room = world.room(json!({ "owner": "m00", "members": names })).await;
    for answer in all_at_once(12, members[..11].iter().map(|own| own.removes(&room, &[&own.id]))).await {
        answer.good();
    }
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["owner"]["_id"], &seen.room["memberCount"]), (&json!("m11"), &json!(1)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_removes_once() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb, &ccc]).await;
    aaa.reads(&room).send().await.good();
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    let told = aaa.removes(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(
        (ids(&told["members"]), text(&told["lastMessage"]["message"])),
        (vec!["aaa".into(), "ccc".into()], "BBB".into())
    );
    assert_eq!(world.events(&room).await.len(), 3);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_that_wants_it_short_gets_the_room_without_its_lists() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let told = aaa.removes(&room, &["bbb"]).header("Prefer", "return=minimal").send().await.good();
    assert_eq!(told["memberCount"], json!(1));
    assert!(told.get("members").is_none() && told.get("memberProperties").is_none(), "{told}");
    world.holds_together(&room).await;
}
