//! `POST /links/:token/redeem`.

use local::{Fault, Stack};
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, all_at_once, ids, pairs, text};

/// A room of `own` and `aaa` that is hidden and entered on invitation, and a link to it, made by `aaa`.
async fn linked(terms: Value) -> (World, [Actor; 3], String, Value) {
    let world = World::new().await;
    let actors = world.clients(["own", "aaa", "bbb"]).await;
    let body = json!({ "owner": "own", "members": ["aaa"], "isPrivate": true, "invitationRequired": true });
    let room = world.room(body).await;
    let link = actors[1].links(&room, terms).send().await.good();
    (world, actors, room, link)
}

/// How often the room's only link was used.
async fn uses(world: &World, room: &str) -> Value {
    world.platform().lists_links(room).send().await.good()["data"][0]["uses"].clone()
}

#[tokio::test]
async fn whoever_has_a_link_comes_in_hidden_or_not_and_it_is_told_how() {
    let (world, [_own, _aaa, bbb], room, link) = linked(json!({ "maxUses": 2 })).await;
    bbb.joins(&room).send().await.refused(404, "ROOM_NOT_FOUND");

    let answer = bbb.redeems(&link).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "joined")]));
    let told = answer.good();
    assert_eq!((&told["_id"], ids(&told["members"])), (&json!(room), vec!["aaa".into(), "own".into(), "bbb".into()]));
    let place = json!({ "client": "bbb", "badge": 0, "via": "link", "inviter": "aaa", "link": link["_id"] });
    assert_eq!(told["memberProperties"][2], place);
    let listed = bbb.get(&format!("/rooms/{room}/members")).send().await.good();
    assert!(listed["memberProperties"].as_array().unwrap().contains(&place), "{listed}");
    let entry = world.last_event(&room).await;
    assert_eq!((&entry["type"], &entry["actor"]), (&json!("member.joined"), &json!("bbb")));
    assert_eq!([&entry["via"], &entry["inviter"], &entry["link"]], [&json!("link"), &json!("aaa"), &link["_id"]]);
    assert_eq!((uses(&world, &room).await, entry.get("message")), (json!(1), None));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn of_many_who_hurry_exactly_as_many_come_in_as_may() {
    let (world, _, room, link) = linked(json!({ "maxUses": 3 })).await;
    let crowd: Vec<String> = world.crowd(12).await;
    let redeem = |client: &String| world.platform().redeems(&link).body(json!({ "sender": client }));
    let answers = all_at_once(12, crowd.iter().map(redeem)).await;
    let (came, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((came.len(), uses(&world, &room).await), (3, json!(3)));
    for refused in others {
        assert!(refused.refused(409, "LINK_USED_UP").contains(&text(&link["_id"])));
    }
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["memberCount"], seen.events.len()), (&json!(5), 2 + 3));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn one_who_redeems_many_times_at_once_comes_in_once() {
    let (world, [_own, _aaa, bbb], room, link) = linked(json!({ "maxUses": 5 })).await;
    let answers = all_at_once(10, (0..10).map(|_| bbb.redeems(&link))).await;
    let outcomes: Vec<_> = answers.iter().flat_map(|answer| answer.outcomes()).collect();
    assert_eq!(outcomes.len(), 10);
    assert_eq!(outcomes.iter().filter(|(_, outcome)| outcome == "joined").count(), 1);
    assert_eq!(uses(&world, &room).await, json!(1));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_member_uses_nothing_even_of_a_link_that_is_used_up() {
    let (world, [own, aaa, bbb], room, link) = linked(json!({ "maxUses": 1 })).await;
    bbb.redeems(&link).send().await.good();
    let before = world.items().await;
    for member in [&own, &aaa, &bbb] {
        let answer = member.redeems(&link).send().await;
        assert_eq!(answer.outcomes(), pairs(&[(&member.id, "already_member")]));
        assert_eq!(answer.good()["memberCount"], json!(3));
    }
    assert_eq!(world.items().await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn nobody_comes_in_twice_by_one_link() {
    let (world, [own, aaa, bbb], room, link) = linked(json!({})).await;
    bbb.redeems(&link).send().await.good();
    bbb.removes_one(&room, "bbb").send().await.good();
    let message = world.refuses_and_keeps(bbb.redeems(&link), 409, "LINK_REDEEMED").await;
    assert!(message.contains(&text(&link["_id"])), "{message}");

    let another = aaa.links(&room, json!({})).send().await.good();
    bbb.redeems(&another).send().await.good();
    own.removes_one(&room, "bbb").send().await.good();
    for link in [&link, &another] {
        world.refuses_and_keeps(bbb.redeems(link), 409, "LINK_REDEEMED").await;
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_is_banned_stays_out_and_lets_nobody_in() {
    let (world, [own, aaa, bbb], room, link) = linked(json!({})).await;
    let ccc = world.client("ccc").await;
    let of_owner = own.links(&room, json!({})).send().await.good();
    own.bans(&room, "bbb").send().await.good();
    world.refuses_and_keeps(bbb.redeems(&link), 403, "BANNED").await;

    own.bans(&room, "aaa").send().await.good();
    let log = world.events(&room).await;
    assert_eq!((log.len(), &log[log.len() - 1]["type"]), (4, &json!("member.banned")), "in one act: {log:?}");
    world.refuses_and_keeps(ccc.redeems(&link), 404, "LINK_NOT_FOUND").await;
    own.unbans(&room, "aaa").send().await.good();
    ccc.redeems(&link).send().await.refused(404, "LINK_NOT_FOUND");
    aaa.redeems(&of_owner).send().await.good();
    assert_eq!(ids(&aaa.lists_links(&room).send().await.good()["data"]), [text(&of_owner["_id"])]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn whoever_is_banned_at_once_leaves_no_link_behind() {
    for _ in 0..4 {
        let (_world, [own, aaa, _bbb], room, _) = linked(json!({})).await;
        let calls = (0..8).map(|number| if number == 3 { own.bans(&room, "aaa") } else { aaa.links(&room, json!({})) });
        let answers = all_at_once(8, calls).await;
        assert!(answers.iter().all(|answer| [200, 403, 404].contains(&answer.status)), "{answers:?}");
        assert_eq!(answers[3].status, 200);
        assert_eq!(own.lists_links(&room).send().await.good()["totalCount"], json!(0));
    }
}

#[tokio::test]
async fn a_ban_closes_fifty_links_and_all_his_invitations() {
    let (world, [own, aaa, _bbb], room, _) = linked(json!({})).await;
    for answer in all_at_once(4, (0..49).map(|_| aaa.links(&room, json!({})))).await {
        answer.good();
    }
    let crowd = world.crowd(70).await;
    aaa.invites(&room, &crowd.iter().map(String::as_str).collect::<Vec<_>>()).send().await.good();
    own.bans(&room, "aaa").send().await.good();
    assert_eq!(own.lists_links(&room).send().await.good()["totalCount"], json!(0));
    assert_eq!(own.lists_invitations_of(&room).send().await.good()["totalCount"], json!(0));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_no_token_of_a_live_link_opens_nothing() {
    let (world, [_own, aaa, bbb], room, link) = linked(json!({})).await;
    let token = text(&link["token"]);
    let [app, place, id, secret] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let (other, expired) =
        (aaa.links(&room, json!({})).send().await.good(), aaa.links(&room, json!({})).send().await.good());
    world.expires(&format!("SampleApp#ROOM#{room}"), &format!("#LINK#{}", text(&expired["_id"]))).await;
    let neighbour = world.other_app("Other").await;
    let twin = neighbour.client("bbb").await;
    let other_id = text(&other["_id"]);
    for bad in [
        "x".to_owned(),
        format!("{app}.{place}.{id}"),
        format!("{app}.{place}.{id}."),
        format!("{app}.{place}.{id}.{}", "0".repeat(32)),
        format!("{app}.{place}.{id}.{}", secret.to_uppercase()),
        format!("{app}.{place}.{id}.{secret}.x"),
        format!("{app}.{place}.{other_id}.{secret}"),
        format!("{app}.{place}.6b00dcb8032430e8ff3b7924.{secret}"),
        format!("{app}.Li4.{id}.{secret}"),
        format!("{app}.%25.{id}.{secret}"),
        format!("Other.{place}.{id}.{secret}"),
        text(&expired["token"]),
    ] {
        world.refuses_and_keeps(bbb.redeems(&json!({ "token": bad })), 404, "LINK_NOT_FOUND").await;
    }
    twin.redeems(&link).send().await.refused(404, "LINK_NOT_FOUND");
    neighbour.platform().redeems(&link).body(json!({ "sender": "bbb" })).send().await.refused(404, "LINK_NOT_FOUND");
    world.platform().deletes(&room).send().await.good();
    bbb.redeems(&link).send().await.refused(404, "LINK_NOT_FOUND");
    assert!(!world.items().await.iter().any(|item| text(&item["SK"]["S"]).starts_with("#LINK#")), "all swept away");
}

#[tokio::test]
async fn a_room_that_lets_nobody_in_keeps_the_links_uses() {
    let (world, [own, _aaa, bbb], room, link) = linked(json!({ "maxUses": 1 })).await;
    for (settings, status, code) in [
        (json!({ "opening": 0 }), 403, "ROOM_CLOSED"),
        (json!({ "opening": 1, "status": 0 }), 403, "ROOM_CLOSED"),
        (json!({ "status": 1, "maxMembers": 2 }), 409, "ROOM_FULL"),
    ] {
        world.platform().updates(&room, settings).send().await.good();
        world.refuses_and_keeps(bbb.redeems(&link), status, code).await;
    }
    own.updates(&room, json!({ "maxMembers": 3, "opening": 0 })).send().await.good();
    let for_him = world.platform().redeems(&link).body(json!({ "sender": "bbb" }));
    assert_eq!(for_him.send().await.outcomes(), pairs(&[("bbb", "joined")]), "the platform opens closed rooms");
    assert_eq!(uses(&world, &room).await, json!(1));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_pending_invitation_ends_with_coming_in() {
    let (world, [own, _aaa, bbb], room, link) = linked(json!({})).await;
    own.invites(&room, &["bbb"]).send().await.good();
    bbb.redeems(&link).send().await.good();
    assert_eq!(bbb.lists_invitations().send().await.good()["totalCount"], json!(0));
    let entry = world.last_event(&room).await;
    assert_eq!((&entry["via"], &entry["inviter"]), (&json!("link"), &json!("aaa")));
    own.cancels(&room, &["bbb"]).send().await.refused(404, "INVITATION_NOT_FOUND");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn coming_in_is_told_in_his_own_name_when_asked_for() {
    let (world, [_own, _aaa, bbb], room, link) = linked(json!({})).await;
    let told = bbb.redeems(&link).body(json!({ "systemMessage": true })).send().await.good();
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], &last["sender"]["_id"]), (&json!("joinRoom"), &json!("bbb")));
    assert_eq!(
        (&told["memberProperties"][2]["lastRead"], &told["memberProperties"][2]["badge"]),
        (&last["_id"], &json!(0))
    );
    assert_eq!(&world.last_event(&room).await["message"], last);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_request_that_cannot_be_is_refused_before_the_link_is_looked_at() {
    let (world, [_own, _aaa, bbb], _room, link) = linked(json!({})).await;
    let refusals = [
        (bbb.redeems(&link).body(json!({ "systemMessage": "yes" })), 400, "INVALID_PARAMETER"),
        (bbb.redeems(&link).raw("[1]"), 400, "INVALID_BODY"),
        (world.platform().redeems(&link), 400, "MISSING_PARAMETER"),
        (world.platform().redeems(&link).body(json!({ "sender": "nobody" })), 404, "CLIENT_NOT_FOUND"),
        (world.stranger().redeems(&link), 401, "INVALID_CLIENT_KEY"),
        (world.stranger().redeems(&json!({ "token": "x" })), 401, "INVALID_CLIENT_KEY"),
        (world.bearer("bbb", "SampleApp.bbb.wrong").redeems(&json!({ "token": "x" })), 401, "INVALID_TOKEN"),
    ];
    for (call, status, code) in refusals {
        world.refuses_and_keeps(call, status, code).await;
    }
}

#[tokio::test]
async fn a_lost_answer_uses_the_link_once() {
    let (world, [_own, _aaa, bbb], room, link) = linked(json!({ "maxUses": 2 })).await;
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    assert_eq!(bbb.redeems(&link).send().await.outcomes(), pairs(&[("bbb", "joined")]));
    assert_eq!(uses(&world, &room).await, json!(1));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn whoever_deletes_a_link_while_many_redeem_it_knows_who_came_before() {
    let (world, [_own, aaa, _bbb], room, link) = linked(json!({})).await;
    let crowd = world.crowd(9).await;
    let redeem = |client: &String| world.platform().redeems(&link).body(json!({ "sender": client }));
    let mut calls: Vec<_> = crowd.iter().map(redeem).collect();
    calls.insert(4, aaa.deletes_link(&room, &link));
    let mut answers = all_at_once(10, calls).await;
    let deleted = answers.remove(4).good();
    let came = answers.iter().filter(|answer| answer.status == 200).count();
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(404, "LINK_NOT_FOUND");
    }
    let came_by_it = world.events(&room).await.iter().filter(|entry| entry["link"] == link["_id"]).count();
    assert_eq!((&deleted["uses"], came_by_it), (&json!(came), came));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn it_takes_one_round_of_reads_and_one_write() {
    let world = World::on(Stack::builder().count_rounds(true)).await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let link = aaa.links(&room, json!({})).send().await.good();
    let rounds = async |by: &Actor| {
        let answer = by.redeems(&link).send().await;
        world.stack.invocation(&answer.request_id()).unwrap().rounds
    };
    assert_eq!((rounds(&bbb).await, rounds(&bbb).await), (Some(2), Some(1)));
}

#[tokio::test]
async fn a_token_of_the_operators_own_making_redeems_too() {
    let (world, _, room, link) = linked(json!({})).await;
    let made = json!({ "_id": "ccc", "token": "my-own-token" });
    world.platform().post("/admin/clients", made).send().await.good();
    let ccc = world.bearer("ccc", "my-own-token");
    ccc.redeems(&link).send().await.good();
    ccc.removes_one(&room, "ccc").send().await.good();
    ccc.redeems(&link).send().await.refused(409, "LINK_REDEEMED");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_path_may_end_in_a_slash() {
    let (_world, [_own, _aaa, bbb], _room, link) = linked(json!({})).await;
    let path = format!("/links/{}/redeem/", text(&link["token"]));
    assert_eq!(bbb.call(Method::POST, &path).send().await.outcomes(), pairs(&[("bbb", "joined")]));
}
