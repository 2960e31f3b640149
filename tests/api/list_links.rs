//! `GET /rooms/:id/links`.

use serde_json::json;

use crate::actors::{World, ids, text};

#[tokio::test]
async fn members_see_the_live_links_the_oldest_first_and_no_token() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "owner": "bbb", "members": ["aaa"] })).await;
    assert_eq!(aaa.lists_links(&room).send().await.good(), json!({ "totalCount": 0, "data": [] }));

    let mut made = Vec::new();
    for actor in [&aaa, &bbb, &world.platform(), &aaa] {
        made.push(actor.links(&room, json!({ "maxUses": 1 })).send().await.good());
        tokio::time::sleep(std::time::Duration::from_millis(2)).await; // ids of one moment are in any order
    }
    ccc.redeems(&made[1]).send().await.good();
    world.expires(&format!("SampleApp#ROOM#{room}"), &format!("#LINK#{}", text(&made[0]["_id"]))).await;
    bbb.deletes_link(&room, &made[2]).send().await.good();

    for sees in [&aaa, &bbb, &ccc, &world.platform()] {
        let seen = sees.lists_links(&room).send().await.good();
        assert_eq!(seen["totalCount"], json!(2));
        assert_eq!(ids(&seen["data"]), [text(&made[1]["_id"]), text(&made[3]["_id"])]);
        assert_eq!([&seen["data"][0]["uses"], &seen["data"][1]["uses"]], [&json!(1), &json!(0)], "the used-up one too");
        assert!(!seen.to_string().contains("token"), "{seen}");
    }
}

#[tokio::test]
async fn others_do_not_see_them() {
    let world = World::new().await;
    let [aaa, out, guest, banned] = world.clients(["aaa", "out", "guest", "banned"]).await;
    let room = world.group(&[&aaa]).await;
    let hidden = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    aaa.invites(&room, &["guest"]).send().await.good();
    world.bans(&room, "banned").await;
    for actor in [&out, &guest, &banned] {
        actor.lists_links(&room).send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    out.lists_links(&hidden).send().await.refused(404, "ROOM_NOT_FOUND");
    out.lists_links("absent").send().await.refused(404, "ROOM_NOT_FOUND");
    aaa.lists_links(&"x".repeat(129)).send().await.refused(400, "INVALID_PARAMETER");
    let other = world.other_app("Other").await;
    other.platform().lists_links(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    world.stranger().lists_links(&room).send().await.refused(401, "INVALID_CLIENT_KEY");
}
