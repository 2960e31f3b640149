//! `GET /blockStatus/my`.

use serde_json::{Value, json};

use crate::actors::{World, text};

#[tokio::test]
async fn whom_one_blocks_is_listed_in_the_order_of_the_first_time() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let direct = aaa.founds(json!({ "roomType": "direct", "invitee": "bbb" })).send().await.good();
    let ccc = aaa.blocks("ccc").send().await.good();
    let bbb = aaa.blocks("bbb").send().await.good();
    let ccc_again = aaa.blocks("ccc").send().await.good();
    world.room(json!({ "_id": "club", "owner": "aaa", "members": ["ddd"] })).await;
    aaa.bans("club", "ddd").send().await.good();
    let shown = |made: &Value, last: &Value, created: Option<&Value>| {
        let mut room = json!({ "_id": made["room"], "id": made["room"], "roomType": "direct" });
        if let Some(created) = created {
            room["createdTimeMS"] = created.clone();
        }
        json!({
            "blockee": made["blockee"], "blocker": "aaa", "room": room,
            "createdAt": made["createdAt"], "updatedAt": last["updatedAt"],
        })
    };
    let all = json!({ "data": [shown(&ccc, &ccc_again, None), shown(&bbb, &bbb, Some(&direct["createdTimeMS"]))] });
    assert_eq!(aaa.lists_blocks().send().await.good(), all);
    world.platform().lists_blocks().send().await.refused(400, "MISSING_PARAMETER");
    assert_eq!(world.platform().with("IM-CLIENT-ID", "aaa").lists_blocks().send().await.good(), all);
    assert_eq!(ddd.lists_blocks().send().await.good(), json!({ "data": [] }));
}

#[tokio::test]
async fn a_long_list_is_listed_whole_and_with_names_as_they_are_now() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(60).await;
    for client in &crowd {
        aaa.blocks(client).send().await.good();
    }
    world.platform().post("/admin/clients", json!({ "_id": crowd[7], "nickname": "Seven" })).send().await.good();
    let seen = aaa.lists_blocks().send().await.good();
    let seen = seen["data"].as_array().unwrap();
    assert_eq!(seen.iter().map(|block| text(&block["blockee"]["_id"])).collect::<Vec<_>>(), crowd);
    assert_eq!(seen[7]["blockee"]["nickname"], "Seven");
}

#[tokio::test]
async fn who_is_erased_is_named_by_his_pseudonym_and_can_be_let_go() {
    let world = World::new().await;
    let [aaa, _bob] = world.clients(["aaa", "bob"]).await;
    aaa.blocks("bob").send().await.good();
    let exported = world.stack.invoke("export_client", json!({ "app": "SampleApp", "client": "bob" })).await.unwrap();
    let of_others: Vec<&Value> =
        exported["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "block by another").collect();
    assert_eq!(of_others, [&json!({ "kind": "block by another", "named": { "/blocks/0/client": "bob" } })]);
    let erased = world.stack.invoke("delete_client", json!({ "app": "SampleApp", "client": "bob" })).await.unwrap();
    let pseudonym = text(&erased["pseudonym"]);
    let seen = aaa.lists_blocks().send().await.good();
    assert_eq!(seen["data"][0]["blockee"], json!({ "_id": pseudonym, "id": pseudonym, "lastLoginTimeMS": 0 }));
    aaa.unblocks(&pseudonym).send().await.good();
    assert_eq!(aaa.lists_blocks().send().await.good(), json!({ "data": [] }));
}
