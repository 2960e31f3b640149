//! The schedule that ends unanswered invitations, so that lists and history agree (D17).

use serde_json::{Value, json};

use crate::actors::{World, text};

async fn sweeps(world: &World) -> Value {
    world.stack.invoke("expire_invitations", json!({})).await.expect("the sweep runs")
}

/// Lets the invitation of an address lapse.
async fn lapses_for(world: &World, room: &str, address: &str) {
    let over = json!({
        "TableName": world.stack.table(),
        "Key": { "PK": { "S": format!("SampleApp#ROOM#{room}") }, "SK": { "S": format!("#INVITATION#{address}") } },
        "UpdateExpression": "SET expiresAt = :past, GSI2SK = :past",
        "ConditionExpression": "attribute_exists(PK)",
        "ExpressionAttributeValues": { ":past": { "N": "1" } },
    });
    world.write("UpdateItem", over).await;
}

/// The keys of a room's items that are no log entries.
async fn standing_there(world: &World, room: &str) -> Vec<String> {
    let pk = format!("SampleApp#ROOM#{room}");
    let items = world.items().await.into_iter().filter(|item| item["PK"]["S"] == json!(pk));
    // What is about people: not the log, and how far it was told.
    items.map(|item| text(&item["SK"]["S"])).filter(|sk| sk.starts_with('#')).collect()
}

async fn kinds(world: &World, room: &str) -> Vec<String> {
    world.events(room).await.iter().map(|event| text(&event["type"])).collect()
}

#[tokio::test]
async fn an_unanswered_invitation_is_logged_and_cleared() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb", "ccc"]).send().await.good();
    world.lapses(&room, "bbb").await;
    assert_eq!(sweeps(&world).await, json!({ "invitations": 1, "rooms": 0, "left": 0 }));
    assert_eq!(standing_there(&world, &room).await, ["#ROOM", "#STANDING#aaa", "#STANDING#ccc"]);
    let events = world.events(&room).await;
    let last = events.last().unwrap();
    assert_eq!([&last["type"], &last["clients"]], [&json!("invitation.expired"), &json!(["bbb"])]);
    assert_eq!([&last["actor"], &last["memberCount"], &last["message"]], [&Value::Null, &json!(1), &Value::Null]);
    assert_eq!(bbb.get("/rooms/invitations").send().await.good()["totalCount"], json!(0));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_swept_once_is_not_swept_again() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    world.lapses(&room, "bbb").await;
    let (one, other) = tokio::join!(sweeps(&world), sweeps(&world));
    let swept = one["invitations"].as_u64().unwrap() + other["invitations"].as_u64().unwrap();
    assert_eq!(swept, 1, "{one} {other}");
    assert_eq!(sweeps(&world).await["invitations"], json!(0));
    let expired = kinds(&world, &room).await.iter().filter(|kind| *kind == "invitation.expired").count();
    assert_eq!(expired, 1);
}

#[tokio::test]
async fn what_was_answered_or_renewed_after_lapsing_is_left_alone() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb", "ccc"]).send().await.good();
    world.lapses(&room, "bbb").await;
    world.lapses(&room, "ccc").await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    ccc.joins(&room).send().await.good();
    let before = world.sight(&room).await;
    assert_eq!(sweeps(&world).await, json!({ "invitations": 0, "rooms": 0, "left": 0 }));
    assert_eq!(world.sight(&room).await, before);
    assert_eq!(bbb.get("/rooms/invitations").send().await.good()["totalCount"], json!(1));
}

#[tokio::test]
async fn an_invitation_of_an_address_goes_with_everything_that_leads_to_it() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let whom = json!({ "mobile": "13100000000", "email": "new@example.com" });
    let invited = aaa.talk_invites(&room, whom).send().await.bare();
    lapses_for(&world, &room, "+8613100000000").await;
    assert_eq!(sweeps(&world).await, json!({ "invitations": 1, "rooms": 0, "left": 0 }));
    assert_eq!(standing_there(&world, &room).await, ["#ROOM", "#STANDING#aaa"]);
    let pointers = world.items().await.into_iter().filter(|item| text(&item["PK"]["S"]).contains("#ADDRESS#")).count();
    assert_eq!(pointers, 0);
    let events = world.events(&room).await;
    let last = events.last().unwrap();
    assert_eq!([&last["type"], &last["invitation"]], [&json!("invitation.expired"), &invited["_id"]]);
    assert!(!last.to_string().contains("example.com") && !last.to_string().contains("1310000"), "{last}");
}

#[tokio::test]
async fn more_than_a_transaction_holds_is_swept_in_parts() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let crowd = world.crowd(100).await;
    for part in crowd.chunks(50) {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        aaa.invites(&room, &part).send().await.good();
    }
    for client in &crowd {
        world.lapses(&room, client).await;
    }
    assert_eq!(sweeps(&world).await["invitations"], json!(100));
    let expired = kinds(&world, &room).await.iter().filter(|kind| *kind == "invitation.expired").count();
    assert_eq!(expired, 2);
    assert_eq!(standing_there(&world, &room).await, ["#ROOM", "#STANDING#aaa"]);
}

#[tokio::test]
async fn every_app_is_swept() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let other = world.other_app("OtherApp").await;
    let (zoe, _yan) = (other.client("zoe").await, other.client("yan").await);
    let theirs = other.platform().post("/rooms", json!({ "members": ["zoe"] })).send().await.good();
    zoe.invites(&text(&theirs["_id"]), &["yan"]).send().await.good();
    world.lapses(&room, "bbb").await;
    let pk = format!("OtherApp#ROOM#{}", text(&theirs["_id"]));
    let over = json!({
        "TableName": world.stack.table(), "Key": { "PK": { "S": pk }, "SK": { "S": "#STANDING#yan" } },
        "UpdateExpression": "SET #state.invited.expiresAt = :past, GSI2SK = :past",
        "ExpressionAttributeNames": { "#state": "state" }, "ExpressionAttributeValues": { ":past": { "N": "1" } },
    });
    world.write("UpdateItem", over).await;
    assert_eq!(sweeps(&world).await["invitations"], json!(2));
}

#[tokio::test]
async fn what_is_left_of_a_deleted_room_is_swept_away() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.talk_invites(&room, json!({ "email": "new@example.com" })).send().await.bare();
    // As a deletion leaves it whose function was stopped half-way.
    let going = json!({
        "TableName": world.stack.table(),
        "Key": { "PK": { "S": format!("SampleApp#ROOM#{room}") }, "SK": { "S": "#ROOM" } },
        "UpdateExpression": "SET isDeleted = :yes, GSI2PK = :due, GSI2SK = :past",
        "ExpressionAttributeValues": { ":yes": { "BOOL": true }, ":due": { "S": "SampleApp#DUE" }, ":past": { "N": "1" } },
    });
    world.write("UpdateItem", going).await;
    aaa.reads(&room).send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(aaa.get("/rooms").send().await.good()["totalCount"], json!(0));
    world.platform().post("/rooms", json!({ "_id": room })).send().await.refused(503, "BUSY");
    assert_eq!(sweeps(&world).await, json!({ "invitations": 0, "rooms": 1, "left": 0 }));
    let left: Vec<Value> = world.items().await;
    assert!(!left.iter().any(|item| text(&item["PK"]["S"]).contains("#ROOM#")), "{left:?}");
    assert!(!left.iter().any(|item| text(&item["SK"]["S"]).starts_with("INVITED#")), "{left:?}");
    world.platform().post("/rooms", json!({ "_id": room })).send().await.good();
}
