//! `POST /rooms/:id/links`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{World, all_at_once, text};

#[tokio::test]
async fn a_member_makes_a_link_whose_token_is_shown_this_once() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let before = world.sight(&room).await;

    let mut link = aaa.links(&room, json!({ "maxUses": 3, "expiresInSeconds": 3600 })).send().await.good();
    let token = link["token"].take();
    link.as_object_mut().unwrap().remove("token");
    let face = json!({ "_id": "aaa", "id": "aaa", "nickname": "AAA", "lastLoginTimeMS": 0 });
    assert_eq!((&link["room"], &link["inviter"]), (&json!(room), &face));
    assert_eq!((&link["maxUses"], &link["uses"], &link["id"]), (&json!(3), &json!(0), &link["_id"]));
    assert_eq!(lifetime(&world, &link).await, 3600);
    assert_eq!(link.as_object().unwrap().len(), 9, "{link}");

    let token = text(&token);
    let [app, _, id, secret] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    assert_eq!((app, id, secret.len()), ("SampleApp", text(&link["_id"]).as_str(), 32));
    assert_eq!(bbb.lists_links(&room).send().await.good(), json!({ "totalCount": 1, "data": [link] }));
    let stored = json!(world.items().await).to_string();
    assert!(!stored.contains(secret), "the table does not know it");
    assert_eq!(world.sight(&room).await, before, "a link is no change of the room");
}

/// Seconds between its making and its end, as stored.
async fn lifetime(world: &World, link: &Value) -> i64 {
    let own = format!("#LINK#{}", text(&link["_id"]));
    let item = world.items().await.into_iter().find(|item| text(&item["SK"]["S"]) == own).unwrap();
    let moment = |name: &str| text(&item[name]["N"]).parse::<i64>().unwrap();
    (moment("expiresAt") - moment("createdAt")) / 1000
}

#[tokio::test]
async fn without_terms_it_lets_in_any_number_for_the_days_of_an_invitation() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let link = aaa.call(reqwest::Method::POST, &format!("/rooms/{room}/links")).send().await.good();
    assert_eq!((&link["maxUses"], lifetime(&world, &link).await), (&Value::Null, 14 * 24 * 60 * 60));
    let longest = json!({ "maxUses": 100_000, "expiresInSeconds": 90 * 24 * 60 * 60 });
    aaa.links(&room, longest).send().await.good();
    aaa.links(&room, json!({ "maxUses": 1, "expiresInSeconds": 60 })).send().await.good();
}

#[tokio::test]
async fn the_platform_makes_one_for_nobody_or_for_a_client() {
    let world = World::new().await;
    let [aaa, _out] = world.clients(["aaa", "out"]).await;
    let room = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let platform = world.platform();
    assert_eq!(platform.links(&room, json!({})).send().await.good()["inviter"], Value::Null);
    let in_his_name = platform.links(&room, json!({ "sender": "out" })).send().await.good();
    assert_eq!(in_his_name["inviter"]["_id"], json!("out"));
    platform.links(&room, json!({ "sender": "nobody" })).send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(aaa.lists_links(&room).send().await.good()["totalCount"], json!(2));
}

#[tokio::test]
async fn terms_that_cannot_be_are_refused_by_name() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    for (name, value) in [
        ("maxUses", json!(0)),
        ("maxUses", json!(100_001)),
        ("maxUses", json!("3")),
        ("maxUses", json!(1.5)),
        ("expiresInSeconds", json!(59)),
        ("expiresInSeconds", json!(7_776_001)),
        ("expiresInSeconds", json!(true)),
        ("sender", json!("a/b")),
    ] {
        let call = aaa.links(&room, json!({ name: value }));
        let message = world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await;
        assert!(message.contains(&format!("`{name}`")), "{value}: {message}");
    }
    world.refuses_and_keeps(aaa.links(&room, json!({})).raw("[]"), 400, "INVALID_BODY").await;
}

#[tokio::test]
async fn who_may_not_let_anybody_in_makes_no_link() {
    let world = World::new().await;
    let [aaa, out, guest, banned] = world.clients(["aaa", "out", "guest", "banned"]).await;
    let room = world.room(json!({ "members": ["aaa"] })).await;
    let hidden = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let closed = world.room(json!({ "members": ["aaa"], "opening": 0 })).await;
    let frozen = world.group(&[&aaa]).await;
    world.platform().updates(&frozen, json!({ "status": 0 })).send().await.good();
    let pair = world.room(json!({ "roomType": "direct", "members": ["aaa", "out"] })).await;
    aaa.invites(&room, &["guest"]).send().await.good();
    world.bans(&room, "banned").await;
    let neighbour = world.other_app("Other").await;

    let refusals = [
        (out.links(&room, json!({})), 403, "NOT_ROOM_MEMBER"),
        (guest.links(&room, json!({})), 403, "NOT_ROOM_MEMBER"),
        (banned.links(&room, json!({})), 403, "NOT_ROOM_MEMBER"),
        (out.links(&hidden, json!({})), 404, "ROOM_NOT_FOUND"),
        (aaa.links("absent", json!({})), 404, "ROOM_NOT_FOUND"),
        (aaa.links(&closed, json!({})), 403, "ROOM_CLOSED"),
        (aaa.links(&frozen, json!({})), 403, "ROOM_CLOSED"),
        (aaa.links(&pair, json!({})), 409, "DIRECT_ROOM"),
        (world.platform().links(&pair, json!({})), 409, "DIRECT_ROOM"),
        (neighbour.platform().links(&room, json!({})), 404, "ROOM_NOT_FOUND"),
        (world.stranger().links(&room, json!({})), 401, "INVALID_CLIENT_KEY"),
    ];
    for (call, status, code) in refusals {
        world.refuses_and_keeps(call, status, code).await;
    }
    for room in [&closed, &frozen] {
        world.platform().links(room, json!({})).send().await.good();
    }
}

#[tokio::test]
async fn a_room_has_at_most_a_hundred_links_and_fifty_of_one_client_whoever_hurries() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let platform = world.platform();
    let makes = |actor: &crate::actors::Actor, number: usize| {
        (0..number).map(|_| actor.links(&room, json!({}))).collect::<Vec<_>>()
    };
    for answer in all_at_once(4, makes(&aaa, 46)).await {
        answer.good();
    }
    let answers = all_at_once(8, makes(&aaa, 8)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 4);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        assert!(answer.refused(409, "TOO_MANY_LINKS").contains("at most 50 links of yours"));
    }
    for answer in all_at_once(4, makes(&platform, 49)).await {
        answer.good();
    }
    let last = bbb.links(&room, json!({})).send().await.good();
    for full in [&bbb, &platform] {
        assert!(
            world
                .refuses_and_keeps(full.links(&room, json!({})), 409, "TOO_MANY_LINKS")
                .await
                .contains("at most 100 links at")
        );
    }
    // What is over, or is deleted, makes room.
    bbb.deletes_link(&room, &last).send().await.good();
    let last = bbb.links(&room, json!({})).send().await.good();
    world.expires(&format!("SampleApp#ROOM#{room}"), &format!("#LINK#{}", text(&last["_id"]))).await;
    bbb.links(&room, json!({})).send().await.good();
    assert_eq!(bbb.lists_links(&room).send().await.good()["totalCount"], json!(100));
}

#[tokio::test]
async fn a_lost_answer_makes_one_link() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    let link = aaa.links(&room, json!({})).send().await.good();
    let listed = aaa.lists_links(&room).send().await.good();
    assert_eq!((&listed["totalCount"], &listed["data"][0]["_id"]), (&json!(1), &link["_id"]));
    world.client("bbb").await.redeems(&link).send().await.good();
}
