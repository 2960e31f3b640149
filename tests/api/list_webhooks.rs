//! `GET /admin/webhooks`.

use serde_json::json;

use crate::actors::{World, ids, text};

#[tokio::test]
async fn webhooks_are_listed_in_the_order_of_their_making_and_the_rooms_own_last() {
    let world = World::new().await;
    let empty = world.platform().get("/admin/webhooks").send().await.good();
    assert_eq!((&empty["totalCount"], ids(&empty["data"])), (&json!(1), vec!["room".to_owned()]));

    let mut made = Vec::new();
    for style in ["rollcall", "imkit", "talk"] {
        let body = json!({ "url": format!("https://example.com/{style}"), "style": style });
        let mut webhook = world.platform().post("/admin/webhooks", body).send().await.good();
        webhook.as_object_mut().unwrap().remove("secret");
        made.push(webhook);
    }
    let list = world.platform().get("/admin/webhooks").send().await.good();
    let data = list["data"].as_array().unwrap();
    assert_eq!((&list["totalCount"], &data[..3]), (&json!(4), &made[..]), "as they were answered, without secrets");
    assert_eq!(text(&data[3]["_id"]), "room");
    let room = world.platform().get("/admin/webhooks/room").send().await.good();
    assert_eq!(data[3], room);
}

#[tokio::test]
async fn a_changed_room_webhook_is_listed_once() {
    let world = World::new().await;
    let body = json!({ "description": "Bots" });
    world.platform().call(reqwest::Method::PUT, "/admin/webhooks/room").body(body).send().await.good();
    let list = world.platform().get("/admin/webhooks").send().await.good();
    assert_eq!((&list["totalCount"], &list["data"][0]["description"]), (&json!(1), &json!("Bots")));
}

#[tokio::test]
async fn one_app_does_not_see_anothers() {
    let world = World::new().await;
    let other = world.other_app("SampleApp2").await;
    other.platform().post("/admin/webhooks", json!({ "url": "https://example.com" })).send().await.good();
    let list = world.platform().get("/admin/webhooks").send().await.good();
    assert_eq!(list["totalCount"], json!(1));
    let theirs = other.platform().get("/admin/webhooks").send().await.good();
    assert_eq!(theirs["totalCount"], json!(2));
}

#[tokio::test]
async fn looking_changes_nothing() {
    let world = World::new().await;
    let before = world.items().await;
    world.platform().get("/admin/webhooks").send().await.good();
    world.platform().get("/admin/webhooks/room").send().await.good();
    assert_eq!(world.items().await, before);
    let nobody = world.platform().with("IM-CLIENT-ID", "a#b").get("/admin/webhooks");
    world.refuses_and_keeps(nobody, 400, "INVALID_PARAMETER").await;
}
