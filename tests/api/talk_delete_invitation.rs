//! `DELETE /v2/invitations/:_id`.

use local::{Fault, Stack};
use serde_json::json;

use crate::actors::World;
use crate::talkers::only;

#[tokio::test]
async fn its_inviter_an_office_holder_and_the_platform_take_an_invitation_back() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let platform = world.platform();
    let room = world.topic(&aaa, json!({})).await;
    for by in [&aaa, &bbb, &platform] {
        let made = bbb.talk_invites(&room, json!({ "email": "New@x.io" })).send().await.bare();
        let gone = by.talk_cancels(&made["_id"]).send().await.bare();
        let told = json!({
            "_id": made["_id"], "email": "New@x.io", "key": "email_New@x.io", "name": "New", "isInvite": true,
            "role": "member", "room": room, "_roomId": room, "team": made["_teamId"], "_teamId": made["_teamId"],
            "createdAt": made["createdAt"],
        });
        assert_eq!(only(&gone, &told.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>()), told);
        let event = world.events(&room).await.last().unwrap().clone();
        let told =
            json!({ "type": "invitation.cancelled", "clients": [], "invitation": made["_id"], "memberCount": 1 });
        assert_eq!(only(&event, &["type", "clients", "invitation", "memberCount"]), told);
        assert!(event.get("message").is_none_or(serde_json::Value::is_null), "nobody is told: {event}");
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_that_was_taken_back_lets_nobody_in_and_may_be_sent_again() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let whom = json!({ "email": "new@x.io", "mobile": "13100000000" });
    let made = aaa.talk_invites(&room, whom.clone()).send().await.bare();
    aaa.talk_cancels(&made["_id"]).send().await.bare();
    let new = json!({ "_id": "new", "email": "new@x.io" });
    assert_eq!(world.platform().post("/admin/clients", new).send().await.good()["claims"], json!([]));
    aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_gone_lapsed_or_never_was_is_not_found() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let made = aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    aaa.talk_cancels(&made["_id"]).send().await.bare();
    let lapsed = aaa.talk_invites(&room, json!({ "email": "old@x.io" })).send().await.bare();
    world.invitation_expires(&room, "old@x.io").await;
    for id in [&made["_id"], &lapsed["_id"], &json!("0123456789abcdef01234567")] {
        let message = world.refuses(&room, aaa.talk_cancels(id), 400, 401).await;
        assert_eq!(message, format!("Object not found : invitation {}", id.as_str().unwrap()));
    }
}

#[tokio::test]
async fn an_invitation_to_a_private_room_is_unknown_to_who_is_not_in_it() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({ "isPrivate": true })).await;
    let made = aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    world.refuses(&room, bbb.talk_cancels(&made["_id"]), 400, 401).await;
    let neighbour = world.other_app("Other").await;
    let stranger = world.talker(&neighbour.client("aaa").await);
    world.refuses(&room, stranger.talk_cancels(&made["_id"]), 400, 401).await;
}

#[tokio::test]
async fn who_does_not_log_in_learns_nothing_of_what_there_is() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let made = aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    let liar = world.stranger().with("Authorization", "aid SampleApp.aaa.no");
    for id in [&made["_id"], &json!("0123456789abcdef01234567")] {
        world.refuses(&room, world.stranger().talk_cancels(id), 403, 201).await;
        world.refuses(&room, liar.talk_cancels(id), 403, 220).await;
    }
}

#[tokio::test]
async fn an_answer_lost_on_the_way_takes_back_once_and_in_three_rounds() {
    let world = World::on(Stack::builder().count_rounds(true)).await;
    let [aaa] = world.talkers(["aaa"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let made = aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    let answer = aaa.talk_cancels(&made["_id"]).send().await;
    let behind = world.stack.invocation(&answer.request_id()).unwrap();
    assert_eq!((answer.status, behind.rounds), (200, Some(3)), "{behind:?}");

    let made = aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    let before = world.events(&room).await.len();
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    aaa.talk_cancels(&made["_id"]).send().await.bare();
    assert_eq!(world.events(&room).await.len(), before + 1);
    world.holds_together(&room).await;
}
