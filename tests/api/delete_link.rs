//! `DELETE /rooms/:id/links/:link`.

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{World, text};

#[tokio::test]
async fn a_deleted_link_lets_nobody_in_and_who_came_by_it_stays() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let mut link = aaa.links(&room, json!({})).send().await.good();
    bbb.redeems(&link).send().await.good();
    let before = world.sight(&room).await;

    let deleted = aaa.deletes_link(&room, &link).send().await.good();
    let token = link.as_object_mut().unwrap().remove("token").unwrap();
    link["uses"] = json!(1);
    assert_eq!(deleted, link);
    link["token"] = token;
    ccc.redeems(&link).send().await.refused(404, "LINK_NOT_FOUND");
    aaa.deletes_link(&room, &link).send().await.refused(404, "LINK_NOT_FOUND");
    assert_eq!(aaa.lists_links(&room).send().await.good()["totalCount"], json!(0));
    assert_eq!(world.sight(&room).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_deletion_that_comes_twice_under_a_key_is_answered_twice() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let link = aaa.links(&room, json!({})).send().await.good();
    let deletes = || aaa.deletes_link(&room, &link).header("Idempotency-Key", "k");
    let deleted = deletes().send().await.good();
    assert_eq!(deletes().send().await.good(), deleted);
}

#[tokio::test]
async fn its_maker_and_whoever_governs_the_room_delete_it() {
    let world = World::new().await;
    let [own, adm, mem, other] = world.clients(["own", "adm", "mem", "other"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem", "other"] })).await;
    own.sets(&room, "adm", "role", json!("admin")).send().await.good();
    let unowned = world.group(&[&mem, &other]).await;
    for may in [&own, &adm, &mem, &world.platform()] {
        let link = mem.links(&room, json!({})).send().await.good();
        world.refuses_and_keeps(other.deletes_link(&room, &link), 403, "INSUFFICIENT_PERMISSIONS").await;
        may.deletes_link(&room, &link).send().await.good();
    }
    let link = mem.links(&unowned, json!({})).send().await.good();
    other.deletes_link(&unowned, &link).send().await.good();
}

#[tokio::test]
async fn a_link_outlives_its_makers_leaving_and_he_may_still_delete_it() {
    let world = World::new().await;
    let [own, mem, out] = world.clients(["own", "mem", "out"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["mem"], "isPrivate": true })).await;
    let link = mem.links(&room, json!({})).send().await.good();
    mem.removes_one(&room, "mem").send().await.good();
    out.redeems(&link).send().await.good();
    mem.deletes_link(&room, &link).send().await.good();
    let of_others = own.links(&room, json!({})).send().await.good();
    world.refuses_and_keeps(mem.deletes_link(&room, &of_others), 404, "ROOM_NOT_FOUND").await;
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_no_link_of_the_room_is_refused() {
    let world = World::new().await;
    let [aaa, out] = world.clients(["aaa", "out"]).await;
    let room = world.group(&[&aaa]).await;
    let other_room = world.group(&[&aaa]).await;
    let link = aaa.links(&room, json!({})).send().await.good();
    let over = aaa.links(&room, json!({})).send().await.good();
    world.expires(&format!("SampleApp#ROOM#{room}"), &format!("#LINK#{}", text(&over["_id"]))).await;
    let unknown = json!({ "_id": "6b00dcb8032430e8ff3b7924" });
    let neighbour = world.other_app("Other").await;
    let named = |id: &str| aaa.call(reqwest::Method::DELETE, &format!("/rooms/{room}/links/{id}"));
    let refusals = [
        (aaa.deletes_link(&other_room, &link), 404, "LINK_NOT_FOUND"),
        (aaa.deletes_link(&room, &over), 404, "LINK_NOT_FOUND"),
        (aaa.deletes_link(&room, &unknown), 404, "LINK_NOT_FOUND"),
        (aaa.deletes_link("absent", &link), 404, "ROOM_NOT_FOUND"),
        (named("x"), 400, "INVALID_PARAMETER"),
        (named(&text(&link["token"])), 400, "INVALID_PARAMETER"),
        (out.deletes_link(&room, &link), 403, "NOT_ROOM_MEMBER"),
        (out.deletes_link(&room, &unknown), 403, "NOT_ROOM_MEMBER"),
        (neighbour.platform().deletes_link(&room, &link), 404, "ROOM_NOT_FOUND"),
        (world.stranger().deletes_link(&room, &link), 401, "INVALID_CLIENT_KEY"),
    ];
    for (call, status, code) in refusals {
        let message = world.refuses_and_keeps(call, status, code).await;
        assert!(code != "LINK_NOT_FOUND" || message.contains('`'), "it names the link: {message}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_refusal() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let link = aaa.links(&room, json!({})).send().await.good();
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    assert_eq!(aaa.deletes_link(&room, &link).send().await.good()["_id"], link["_id"]);
    assert_eq!(aaa.lists_links(&room).send().await.good()["data"], Value::Array(Vec::new()));
}
