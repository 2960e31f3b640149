//! `POST /blockStatus/my/:blockee`; and that no way in is left to an inviter who is blocked.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, all_at_once, ids, pairs, text};

#[tokio::test]
async fn blocking_answers_the_block_and_blocking_again_moves_its_last_moment_only() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let direct = text(&bbb.founds(json!({ "roomType": "direct", "invitee": "aaa" })).send().await.good()["_id"]);
    let once = bbb.blocks("aaa").send().await.good();
    let expected = json!({
        "appID": "SampleApp", "blocker": "bbb", "room": direct,
        "blockee": { "_id": "aaa", "id": "aaa", "nickname": "AAA", "lastLoginTimeMS": 0 },
        "createdAt": once["createdAt"], "updatedAt": once["createdAt"],
    });
    assert_eq!(once, expected);
    let twice = bbb.blocks("aaa").send().await.good();
    assert_eq!(twice["createdAt"], once["createdAt"]);
    assert!(text(&twice["updatedAt"]) > text(&once["updatedAt"]), "{twice}");
    assert_eq!(bbb.lists_blocks().send().await.good()["data"].as_array().unwrap().len(), 1);
    // He who is blocked learns nothing of it, and blocks nobody by it.
    assert_eq!(aaa.lists_blocks().send().await.good(), json!({ "data": [] }));
    let mine = aaa.get("/me").send().await.good();
    assert!(!mine.to_string().contains("bbb"), "{mine}");
    bbb.founds(json!({ "_id": "new", "invitee": ["aaa"] })).send().await.good();
}

/// Every call by which `aaa` adds or invites `bbb`, to `club` or to a room that it makes.
fn ways_in(aaa: &Actor) -> Vec<Call> {
    vec![
        aaa.adds("club", &["bbb"]),
        aaa.invites("club", &["bbb"]),
        aaa.adds_one("club", "bbb"),
        aaa.adds_one("club", "bbb").body(json!({ "invitationRequired": true })),
        aaa.founds(json!({ "_id": "new", "invitee": ["bbb"] })),
        aaa.founds(json!({ "_id": "new", "invitee": ["bbb"], "invitationRequired": true })),
        aaa.founds(json!({ "roomType": "direct", "invitee": "bbb" })),
        aaa.post("/rooms", json!({ "_id": "new", "members": ["aaa", "bbb"] })),
        aaa.post("/rooms", json!({ "roomType": "direct", "members": ["aaa", "bbb"] })),
    ]
}

async fn club() -> (World, [Actor; 3]) {
    let world = World::new().await;
    let [aaa, ccc] = world.clients(["aaa", "ccc"]).await;
    let bbb = world.client_with(json!({ "_id": "bbb", "nickname": "BBB", "email": "bob@x.io" })).await;
    world.room(json!({ "_id": "club", "members": ["aaa"] })).await;
    (world, [aaa, bbb, ccc])
}

/// Nobody named goes in by any way, and every item of the table is as it was.
async fn is_kept_out(world: &World, aaa: &Actor) {
    for call in ways_in(aaa) {
        let told = world.refuses_and_keeps(call, 403, "BLOCKED").await;
        assert!(told.contains("`bbb`"), "{told}");
    }
    for whom in [json!({ "_userId": "bbb" }), json!({ "email": "Bob@X.io" })] {
        let before = world.items().await;
        aaa.talk_invites("club", whom).send().await.talk_refused(403, 219);
        assert_eq!(world.items().await, before, "a refusal changes nothing");
    }
    let whom = json!({ "_userIds": ["bbb"], "emails": ["bob@x.io"] });
    let told = aaa.talk_invites_all("club", whom).send().await.bare();
    let codes: Vec<&Value> = told.as_array().unwrap().iter().map(|one| &one["error"]["code"]).collect();
    assert_eq!(codes, [219, 219]);
    let team = text(&aaa.talk_reads("club").send().await.bare()["_teamId"]);
    let room = json!({ "_teamId": team, "topic": "room", "_memberIds": ["bbb"] });
    aaa.post("/v2/rooms", room).send().await.talk_refused(403, 219);
    assert!(!ids(&world.sight("club").await.room["members"]).contains(&"bbb".into()));
}

#[tokio::test]
async fn whoever_is_blocked_adds_and_invites_by_no_way() {
    let (world, [aaa, bbb, _]) = club().await;
    bbb.blocks("aaa").send().await.good();
    is_kept_out(&world, &aaa).await;
}

#[tokio::test]
async fn whoever_wants_nobody_is_added_by_nobody_until_it_says_otherwise() {
    let (world, [aaa, bbb, _]) = club().await;
    bbb.admits("nobody").send().await.good();
    is_kept_out(&world, &aaa).await;
    bbb.admits("everyone").send().await.good();
    assert_eq!(aaa.adds("club", &["bbb"]).send().await.outcomes(), pairs(&[("bbb", "added")]));
}

#[tokio::test]
async fn whoever_wants_acquaintances_only_is_added_by_those_who_share_another_room() {
    let (world, [aaa, bbb, ccc]) = club().await;
    bbb.admits("shared_room").send().await.good();
    world.room(json!({ "_id": "others", "members": ["bbb", "ccc"] })).await;
    is_kept_out(&world, &aaa).await;
    // An invitation to another room is not yet one that they share.
    world.room(json!({ "_id": "meeting", "members": ["bbb"] })).await;
    world.platform().invites("meeting", &["aaa"]).send().await.good();
    aaa.adds("club", &["bbb"]).send().await.refused(403, "BLOCKED");
    aaa.joins("meeting").send().await.good();
    for (at, call) in ways_in(&aaa).into_iter().enumerate() {
        let told = call.send().await;
        assert_eq!(told.status, 200, "{at}: {}", told.body);
        for room in ["new", "club"] {
            let made = world.platform().reads(room).send().await;
            if made.status == 200 && ids(&made.body["result"]["members"]).contains(&"bbb".into()) {
                world.platform().removes(room, &["bbb"]).send().await.good();
            }
        }
    }
    aaa.talk_invites("club", json!({ "email": "bob@x.io" })).send().await.bare();
    bbb.removes("club", &["bbb"]).send().await.good();
    // A block goes before what they share.
    bbb.blocks("aaa").send().await.good();
    aaa.adds("club", &["bbb"]).send().await.refused(403, "BLOCKED");
    world.platform().adds("club", &["ccc"]).send().await.good();
    ccc.adds("club", &["bbb"]).send().await.good();
    world.holds_together("club").await;
}

#[tokio::test]
async fn where_the_others_go_through_the_block_is_an_outcome() {
    let (world, [aaa, bbb, ccc]) = club().await;
    bbb.blocks("aaa").send().await.good();
    world.client("out").await;
    world.bans("club", "out").await;
    bbb.blocks("out").send().await.good();
    let all = ["nobody", "out", "bbb", "ccc"];
    for (call, what) in [(aaa.invites("club", &all), "invited"), (aaa.adds("club", &all), "added")] {
        let answer = call.and(json!({ "partial": true })).send().await;
        let expected = [("nobody", "not_found"), ("out", "banned"), ("bbb", "blocked"), ("ccc", what)];
        assert_eq!(answer.outcomes(), pairs(&expected));
        answer.good();
    }
    let many: Vec<String> = world.crowd(95).await;
    let named: Vec<&str> = many.iter().map(String::as_str).chain(["bbb"]).collect();
    let answer = aaa.adds("club", &named).and(json!({ "partial": true })).send().await;
    assert_eq!(answer.outcomes().last(), Some(&("bbb".into(), "blocked".into())), "in a later part, too");
    assert_eq!(answer.outcomes().iter().filter(|(_, outcome)| outcome == "added").count(), 95);
    // All or nothing: the obstacles in their order, each naming everybody whom it stops.
    ccc.removes("club", &["ccc"]).send().await.good();
    ccc.admits("nobody").send().await.good();
    let told = world.refuses_and_keeps(aaa.adds("club", &["ccc", "bbb"]), 403, "BLOCKED").await;
    assert!(told.contains("`ccc`, `bbb`"), "{told}");
    world.refuses_and_keeps(aaa.adds("club", &["bbb", "out"]), 403, "BANNED").await;
    world.refuses_and_keeps(aaa.adds("club", &["bbb", "out", "nobody"]), 404, "CLIENT_NOT_FOUND").await;
    let seats = world.sight("club").await.room["memberCount"].clone();
    world.platform().updates("club", json!({ "maxMembers": seats })).send().await.good();
    world.client("zoe").await;
    world.refuses_and_keeps(aaa.adds("club", &["zoe", "bbb"]), 403, "BLOCKED").await;
    world.refuses_and_keeps(aaa.adds("club", &["zoe"]), 409, "ROOM_FULL").await;
    world.holds_together("club").await;
}

#[tokio::test]
async fn the_platform_asks_nobody_for_whomever_it_acts() {
    let (world, [_, bbb, _]) = club().await;
    bbb.blocks("aaa").send().await.good();
    bbb.admits("nobody").send().await.good();
    for platform in [world.platform(), world.platform().with("IM-CLIENT-ID", "aaa")] {
        platform.adds("club", &["bbb"]).send().await.good();
        bbb.removes("club", &["bbb"]).send().await.good();
        platform.talk_invites("club", json!({ "_userId": "bbb" })).send().await.bare();
        bbb.removes("club", &["bbb"]).send().await.good();
    }
    world
        .platform()
        .with("IM-CLIENT-ID", "aaa")
        .founds(json!({ "_id": "new", "invitee": ["bbb"] }))
        .send()
        .await
        .good();
}

#[tokio::test]
async fn who_is_in_stays_in_and_whose_invitation_waits_keeps_it() {
    let (world, [aaa, bbb, ccc]) = club().await;
    aaa.invites("club", &["bbb", "ccc"]).send().await.good();
    ccc.joins("club").send().await.good();
    for client in [&bbb, &ccc] {
        client.blocks("aaa").send().await.good();
        client.admits("nobody").send().await.good();
    }
    assert_eq!(aaa.adds("club", &["ccc"]).send().await.outcomes(), pairs(&[("ccc", "already_member")]));
    world.refuses_and_keeps(aaa.invites("club", &["bbb"]), 403, "BLOCKED").await;
    world.refuses_and_keeps(aaa.adds("club", &["bbb"]), 403, "BLOCKED").await;
    let renewed = aaa.invites("club", &["bbb"]).and(json!({ "partial": true })).send().await;
    assert_eq!(renewed.outcomes(), pairs(&[("bbb", "blocked")]));
    assert_eq!(bbb.lists_invitations().send().await.good()["totalCount"], 1);
    bbb.joins("club").send().await.good();
    world.holds_together("club").await;
}

#[tokio::test]
async fn a_direct_room_is_not_opened_over_a_block_and_nobody_brought_back_into_it() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let opens = || aaa.founds(json!({ "roomType": "direct", "invitee": "bbb" }));
    let room = text(&opens().send().await.good()["_id"]);
    bbb.blocks("aaa").send().await.good();
    opens().send().await.good(); // both are in it: nobody is added
    bbb.removes(&room, &["bbb"]).send().await.good();
    world.refuses_and_keeps(opens(), 403, "BLOCKED").await;
    world.refuses_and_keeps(aaa.adds(&room, &["bbb"]), 403, "BLOCKED").await;
    // He who blocks may come to the other one.
    bbb.founds(json!({ "roomType": "direct", "invitee": "aaa" })).send().await.good();
    assert_eq!(world.sight(&room).await.room["memberCount"], 2);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_address_that_was_invited_before_is_claimed_all_the_same() {
    let (world, [aaa, ..]) = club().await;
    aaa.talk_invites("club", json!({ "email": "new@x.io" })).send().await.bare();
    let said = json!({ "_id": "new", "email": "new@x.io", "invitePolicy": "nobody" });
    let made = world.platform().post("/admin/clients", said).send().await.good();
    assert_eq!(made["claims"], json!([{ "room": "club", "outcome": "joined" }]));
}

#[tokio::test]
async fn whom_nobody_can_block_is_refused_by_name() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let told = world.refuses_and_keeps(aaa.blocks("aaa"), 400, "INVALID_PARAMETER").await;
    assert!(told.contains("`blockee`"), "{told}");
    let told = world.refuses_and_keeps(aaa.blocks("nobody"), 404, "CLIENT_NOT_FOUND").await;
    assert!(told.contains("`nobody`"), "{told}");
    world.other_app("Other").await.client("theirs").await;
    world.refuses_and_keeps(aaa.blocks("theirs"), 404, "CLIENT_NOT_FOUND").await;
    world.refuses_and_keeps(aaa.blocks(&"x".repeat(129)), 400, "INVALID_PARAMETER").await;
    let told = world.refuses_and_keeps(world.platform().blocks("aaa"), 400, "MISSING_PARAMETER").await;
    assert!(told.contains("`IM-CLIENT-ID`"), "{told}");
}

#[tokio::test]
async fn blocks_of_one_client_at_once_are_all_kept() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(12).await;
    for answer in all_at_once(6, crowd.iter().map(|client| aaa.blocks(client))).await {
        answer.good();
    }
    let seen = aaa.lists_blocks().send().await.good();
    let mut blocked: Vec<String> =
        seen["data"].as_array().unwrap().iter().map(|block| text(&block["blockee"]["_id"])).collect();
    blocked.sort();
    assert_eq!(blocked, crowd);
}

#[tokio::test]
async fn a_block_whose_answer_is_lost_is_made_once() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    aaa.blocks("bbb").send().await.good();
    assert_eq!(aaa.lists_blocks().send().await.good()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_list_takes_nobody_more() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    aaa.blocks("bbb").send().await.good();
    let block = |number: usize| {
        let moment = json!({ "N": "1" });
        json!({ "M": { "client": { "S": format!("c{number}") }, "createdAt": moment, "updatedAt": moment } })
    };
    let more: Vec<Value> = (0..999).map(block).collect();
    world
        .amends(
            "SampleApp#CLIENT#aaa",
            "CLIENT",
            "SET blocks = list_append(blocks, :more)",
            json!({ ":more": { "L": more } }),
        )
        .await;
    let told = world.refuses_and_keeps(aaa.blocks("ccc"), 409, "TOO_MANY_BLOCKS").await;
    assert!(told.contains("1000"), "{told}");
    aaa.blocks("bbb").send().await.good();
    aaa.unblocks("c5").send().await.good();
    aaa.blocks("ccc").send().await.good();
}

/// Whatever races, a block that was answered before an add was sent counts.
#[tokio::test]
async fn a_block_holds_from_its_answer_on() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    for round in 0..5 {
        let room = world.group(&[&aaa]).await;
        let calls = [bbb.blocks("aaa"), aaa.adds(&room, &["bbb"])];
        let answers: Vec<Answer> = all_at_once(2, calls).await;
        assert_eq!(answers[0].status, 200);
        let is_in = ids(&world.sight(&room).await.room["members"]).contains(&"bbb".into());
        assert_eq!(answers[1].status == 200, is_in, "round {round}: {}", answers[1].body);
        let next = world.group(&[&aaa]).await;
        aaa.adds(&next, &["bbb"]).send().await.refused(403, "BLOCKED");
        bbb.unblocks("aaa").send().await.good();
    }
}
