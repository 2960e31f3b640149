//! `GET /admin/webhooks/:webhook/deliveries`.

use serde_json::{Value, json};

use crate::actors::{World, ids, text};
use crate::receiver::{Does, Receiver};
use crate::send_webhooks::listening;

#[tokio::test]
async fn deliveries_are_listed_the_newest_first_as_they_are() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    for number in 0..4 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    world.stack.settled().await.unwrap();
    let listed = world.deliveries(&webhook, "").await;
    let seqs: Vec<u64> = listed.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
    let last = world.events(&room).await.len() as u64;
    assert_eq!(seqs, [last, last - 1, last - 2, last - 3]);
    let sent: Vec<String> = receiver.letters().iter().rev().map(|letter| letter.id().to_owned()).collect();
    let mut known = listed.iter().map(|one| text(&one["id"])).collect::<Vec<_>>();
    known.sort();
    let mut arrived = sent.clone();
    arrived.sort();
    assert_eq!(known, arrived, "the id is the header `webhook-id`");
    for one in &listed {
        assert_eq!((&one["_id"], &one["room"]), (&one["id"], &json!(room)));
        assert_eq!((&one["event"], &one["style"]), (&json!("message.created"), &json!("rollcall")));
        assert_eq!((&one["state"], &one["attempts"], &one["status"]), (&json!("delivered"), &json!(1), &json!(204)));
        assert!(one.get("error").is_none() && one.get("nextAttemptAt").is_none(), "{one}");
    }
}

#[tokio::test]
async fn a_list_is_paged() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    for number in 0..5 {
        aaa.says(&room, &number.to_string()).send().await.good();
    }
    world.stack.settled().await.unwrap();
    let whole: Vec<Value> = world.deliveries(&webhook, "").await;
    for state in ["", "&state=delivered"] {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/admin/webhooks/{webhook}/deliveries?limit=2{state}&cursor={cursor}");
            let page = world.platform().get(&path).send().await.good();
            pages.push(page["data"].as_array().unwrap().clone());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(pages.concat(), whole);
    }
    let exact = world.platform().get(&format!("/admin/webhooks/{webhook}/deliveries?limit=5")).send().await.good();
    assert_eq!((ids(&exact["data"]).len(), exact.get("nextCursor")), (5, None));
}

#[tokio::test]
async fn a_page_reads_no_more_than_it_shows() {
    let receiver = Receiver::new().await;
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    let long = "x".repeat(256);
    for _ in 0..20 {
        aaa.says(&room, &long).send().await.good();
    }
    world.stack.settled().await.unwrap();
    let cost = async |limit: u32| {
        let path = format!("/admin/webhooks/{webhook}/deliveries?limit={limit}");
        let id = world.platform().get(&path).send().await.request_id();
        let own = world.stack.invocations().into_iter().find(|own| own.request_id == id).unwrap();
        own.requests.iter().filter(|call| call.action == "Query").map(|call| call.read_units).sum::<f64>()
    };
    assert!(cost(2).await < cost(20).await);
}

#[tokio::test]
async fn a_state_lets_through_its_own() {
    let receiver = Receiver::new().await;
    receiver.next(Does::Answers(410));
    let (world, aaa, room, webhook) = listening(&receiver, json!({})).await;
    aaa.says(&room, "one").send().await.good();
    world.stack.settled().await.unwrap();
    world.revises(&webhook, json!({ "status": "enabled" })).send().await.good();
    aaa.says(&room, "two").send().await.good();
    world.stack.settled().await.unwrap();
    receiver.always(Does::Says(429, "retry-after", "3600".to_owned()));
    aaa.says(&room, "three").send().await.good();
    world.stack.settled().await.unwrap();
    let [failed] = &world.deliveries(&webhook, "?state=failed").await[..] else { panic!() };
    assert_eq!((&failed["status"], text(&failed["error"]).contains("410")), (&json!(410), true), "{failed}");
    let [delivered] = &world.deliveries(&webhook, "?state=delivered").await[..] else { panic!() };
    assert_eq!(delivered["status"], 204);
    let [pending] = &world.deliveries(&webhook, "?state=pending").await[..] else { panic!() };
    assert_eq!((&pending["status"], &pending["attempts"]), (&json!(429), &json!(1)));
    assert!(text(&pending["nextAttemptAt"]) > text(&pending["updatedAt"]), "{pending}");
}

#[tokio::test]
async fn deliveries_to_the_rooms_own_urls_and_to_people_are_listed_too() {
    let receiver = Receiver::new().await;
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.room(json!({ "members": ["aaa"], "webhook": receiver.url() })).await;
    aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    world.stack.settled().await.unwrap();
    let own = world.deliveries("room", "").await;
    assert_eq!((own.len(), &own[0]["event"], &own[0]["style"]), (1, &json!("ADD_MEMBERS"), &json!("imkit")));
    for target in ["mail", "mobile"] {
        let sent = world.deliveries(target, "").await;
        assert_eq!((sent.len(), &sent[0]["event"]), (1, &json!("invitation.created")), "{target}");
        assert!(!json!(sent).to_string().contains("x.io") && !json!(sent).to_string().contains("1310"), "{sent:?}");
    }
}

#[tokio::test]
async fn one_app_does_not_see_anothers() {
    let (world, receiver) = (World::new().await, Receiver::new().await);
    let other = world.other_app("Other").await;
    let client = other.client("aaa").await;
    let body = json!({ "members": [client.id], "webhook": receiver.url() });
    other.platform().post("/rooms", body).send().await.good();
    world.stack.settled().await.unwrap();
    assert!(world.deliveries("room", "").await.is_empty());
    let theirs = other.platform().get("/admin/webhooks/room/deliveries").send().await.good();
    assert_eq!(ids(&theirs["data"]).len(), 1);
}

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let world = World::new().await;
    let bad = ["state=lost", "limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=msg_1"];
    for query in bad {
        let call = world.platform().get(&format!("/admin/webhooks/room/deliveries?{query}"));
        let message = world.refuses_and_keeps(call, 400, "INVALID_PARAMETER").await;
        let name = query.split('=').next().unwrap();
        assert!(message.contains(&format!("`{name}`")), "{query}: {message}");
    }
    let nowhere = world.platform().get(&format!("/admin/webhooks/{}/deliveries", "0".repeat(24)));
    world.refuses_and_keeps(nowhere, 404, "WEBHOOK_NOT_FOUND").await;
}
