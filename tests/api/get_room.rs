//! `GET /rooms/:id`.

use serde_json::{Value, json};

use crate::actors::{World, ids};

#[tokio::test]
async fn a_member_sees_the_room_and_his_own_place_in_it() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "name": "A room", "members": ["aaa"] })).await;
    world.platform().adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();

    let seen = aaa.reads(&room).send().await.good();
    assert_eq!((&seen["_id"], &seen["id"], &seen["name"]), (&json!(room), &json!(room), &json!("A room")));
    let own = ["unread", "isSuperuser", "isMentioned", "muted", "pref", "appID"].map(|name| &seen[name]);
    let expected = [json!(1), json!(false), json!(false), json!(false), json!({}), json!("SampleApp")];
    assert_eq!(own, expected.each_ref());
    assert!(seen["unread"].is_i64() && seen["memberCount"] == json!(2), "{seen}");
    assert_eq!(bbb.reads(&room).send().await.good()["unread"], json!(0), "a new member has read everything (D23)");
    for member in seen["members"].as_array().unwrap() {
        assert_eq!((&member["_id"], &member["clientType"]), (&member["id"], &json!("user")));
    }
    let badges: Vec<&Value> = seen["memberProperties"].as_array().unwrap().iter().map(|own| &own["badge"]).collect();
    assert_eq!(badges, [&json!(1), &json!(0)]);
}

#[tokio::test]
async fn whoever_posts_a_message_has_read_it() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let told = aaa.adds(&room, &["ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    let seen = aaa.reads(&room).send().await.good();
    assert_eq!(seen["unread"], json!(0));
    assert_eq!(seen["memberProperties"][0]["lastRead"], told["lastMessage"]["_id"]);
    assert_eq!(bbb.reads(&room).send().await.good()["unread"], json!(1));
}

#[tokio::test]
async fn owner_and_platform_are_superusers_and_members_are_not() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "owner": "aaa", "members": ["bbb"] })).await;
    let platform = world.platform();
    for (actor, superuser) in [(&aaa, true), (&bbb, false), (&platform, true)] {
        assert_eq!(actor.reads(&room).send().await.good()["isSuperuser"], json!(superuser), "{}", actor.id);
    }
}

#[tokio::test]
async fn the_platform_sees_every_room_as_itself_or_as_a_client() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    world.client("bbb").await;
    world.platform().adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    let as_itself = world.platform().reads(&room).send().await.good();
    assert_eq!((&as_itself["unread"], &as_itself["isSuperuser"]), (&json!(0), &json!(true)));
    let as_aaa = world.platform().with("IM-CLIENT-ID", "aaa").reads(&room).send().await.good();
    assert_eq!(as_aaa["unread"], aaa.reads(&room).send().await.good()["unread"]);
    assert_eq!(as_aaa["unread"], json!(1));
}

#[tokio::test]
async fn a_room_is_closed_to_those_who_are_not_in_it() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    for outsider in [bbb, ccc] {
        let message = outsider.reads(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
        assert!(message.contains(&format!("`{room}`")), "{message}");
    }
    aaa.reads("there-is-none").send().await.refused(404, "ROOM_NOT_FOUND");
    world.platform().reads("there-is-none").send().await.refused(404, "ROOM_NOT_FOUND");
}

#[tokio::test]
async fn the_rooms_own_data_never_shows_here() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    // D21: a known client takes a reply's `data` for the reply.
    let room = world.room(json!({ "members": ["aaa"], "data": { "color": "red" } })).await;
    for actor in [&aaa, &world.platform()] {
        let seen = actor.reads(&room).send().await.good();
        assert!(seen.get("data").is_none(), "{seen}");
    }
}

#[tokio::test]
async fn members_stand_in_the_order_of_their_coming_and_then_by_id() {
    let world = World::new().await;
    let [ddd, _ccc, _bbb, _aaa, eee] = world.clients(["ddd", "ccc", "bbb", "aaa", "eee"]).await;
    let room = world.group(&[&ddd]).await;
    eee.joins(&room).send().await.good();
    ddd.adds(&room, &["ccc", "aaa"]).send().await.good();
    ddd.adds(&room, &["bbb"]).send().await.good();
    let seen = ddd.reads(&room).send().await.good();
    let order = ["ddd", "eee", "aaa", "ccc", "bbb"];
    assert_eq!(ids(&seen["members"]), order);
    let rows = seen["memberProperties"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["client"].as_str().unwrap()).collect::<Vec<_>>(), order);
}

#[tokio::test]
async fn an_invited_client_is_not_among_the_members() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let seen = aaa.reads(&room).send().await.good();
    assert_eq!((ids(&seen["members"]), &seen["memberCount"]), (vec!["aaa".to_owned()], &json!(1)));
    assert_eq!(seen["memberProperties"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_minimal_reply_is_the_room_without_its_lists() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let full = aaa.reads(&room).send().await.good();
    let minimal = aaa.with("Prefer", "respond-async, return=minimal").reads(&room).send().await.good();
    assert_eq!((minimal.get("members"), minimal.get("memberProperties")), (None, None));
    assert_eq!((&minimal["memberCount"], &minimal["_id"]), (&full["memberCount"], &full["_id"]));
}

#[tokio::test]
async fn a_banned_client_sees_nothing_of_the_room() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    world.bans(&room, "bbb").await;
    for path in ["", "/members", "/events"] {
        bbb.get(&format!("/rooms/{room}{path}")).send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    assert_eq!(ids(&aaa.reads(&room).send().await.good()["members"]), ["aaa"]);
}
