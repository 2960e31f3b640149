//! `GET /blockStatus/room/:id`.

use serde_json::{Value, json};

use crate::actors::World;

fn face(id: &str) -> Value {
    json!({ "_id": id, "id": id, "nickname": id.to_uppercase(), "lastLoginTimeMS": 0 })
}

#[tokio::test]
async fn who_is_banned_is_listed_with_the_moment_and_by_whom() {
    let world = World::new().await;
    let [own, adm, _ccc, _bbb, _guest] = world.clients(["own", "adm", "ccc", "bbb", "guest"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "bbb"] })).await;
    own.sets(&room, "adm", "role", json!("admin")).send().await.good();
    assert_eq!(own.lists_bans(&room).send().await.good(), json!({ "data": [] }));

    own.invites(&room, &["guest"]).send().await.good();
    let ccc = world.platform().bans(&room, "ccc").send().await.good();
    let bbb = adm.bans(&room, "bbb").send().await.good();
    let created = world.sight(&room).await.room["createdTimeMS"].clone();
    let shown = json!({ "_id": room, "id": room, "roomType": "group", "createdTimeMS": created });
    let block = |id: &str, blocker: Value, made: &Value| {
        json!({
            "blockee": face(id), "blocker": blocker, "room": shown,
            "createdAt": made["createdAt"], "updatedAt": made["updatedAt"],
        })
    };
    let all = json!({ "data": [block("bbb", face("adm"), &bbb), block("ccc", Value::Null, &ccc)] });
    for sees in [&own, &adm, &world.platform()] {
        assert_eq!(sees.lists_bans(&room).send().await.good(), all);
    }
    own.unbans(&room, "bbb").send().await.good();
    assert_eq!(own.lists_bans(&room).send().await.good(), json!({ "data": [all["data"][1]] }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn where_nobody_owns_the_room_its_members_see_the_list() {
    let world = World::new().await;
    let [aaa, _bbb, out] = world.clients(["aaa", "bbb", "out"]).await;
    let room = world.room(json!({ "members": ["aaa"] })).await;
    world.bans(&room, "bbb").await;
    let seen = aaa.lists_bans(&room).send().await.good();
    assert_eq!(seen["data"][0]["blockee"], face("bbb"));
    out.lists_bans(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
}

#[tokio::test]
async fn a_long_list_is_listed_whole() {
    let world = World::new().await;
    let own = world.client("own").await;
    let crowd = world.crowd(120).await;
    let room = world.room(json!({ "owner": "own" })).await;
    for answer in crate::actors::all_at_once(4, crowd.iter().map(|client| own.bans(&room, client))).await {
        answer.good();
    }
    let seen = own.lists_bans(&room).send().await.good();
    let blockees: Vec<&str> =
        seen["data"].as_array().unwrap().iter().map(|ban| ban["blockee"]["id"].as_str().unwrap()).collect();
    assert_eq!(blockees, crowd);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn others_do_not_see_it() {
    let world = World::new().await;
    let [_own, mem, out, banned] = world.clients(["own", "mem", "out", "banned"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["mem"] })).await;
    let hidden = world.room(json!({ "owner": "own", "isPrivate": true })).await;
    world.bans(&room, "banned").await;

    mem.lists_bans(&room).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    out.lists_bans(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    banned.lists_bans(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    out.lists_bans(&hidden).send().await.refused(404, "ROOM_NOT_FOUND");
    out.lists_bans("absent").send().await.refused(404, "ROOM_NOT_FOUND");
    let long = mem.lists_bans(&"x".repeat(129)).send().await.refused(400, "INVALID_PARAMETER");
    assert!(long.contains("`id`"), "{long}");
    let other = world.other_app("Other").await;
    other.platform().lists_bans(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    other.client("own").await.lists_bans(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().lists_bans(&room).send().await.refused(401, "INVALID_CLIENT_KEY");
    world.stranger().with("IM-API-KEY", "SampleApp.x").lists_bans(&room).send().await.refused(401, "INVALID_API_KEY");
}
