//! `POST /v2/rooms/:_id/batchinvite`.

use std::time::Duration;

use local::{Fault, Stack};
use serde_json::{Value, json};

use crate::actors::{World, ids, text};
use crate::talkers::{INVITATION, ROOM, USER, is_as_documented, only, talk_room};

#[tokio::test]
async fn users_go_before_emails_and_emails_before_mobiles_each_as_invite_answers() {
    let (world, aaa, room) = talk_room(json!({ "topic": "room1" })).await;
    world.client_with(json!({ "_id": "bbb", "nickname": "BBB", "email": "bob@x.io" })).await;
    world.client_with(json!({ "_id": "ccc", "nickname": "CCC", "mobile": "13100000009", "email": "cat@x.io" })).await;
    let whom = json!({ "mobiles": ["13100000009", "13100000001"], "emails": ["new@x.io"], "_userIds": ["bbb"] });
    let told = aaa.talk_invites_all(&room, whom).send().await.bare();
    let [bbb, new, ccc, mobile] = told.as_array().unwrap().as_slice() else { panic!("{told}") };
    for user in [bbb, ccc] {
        is_as_documented(user, USER);
        assert_eq!((&user["_roomId"], &user["role"]), (&json!(room), &json!("member")));
    }
    let by_email: Vec<_> =
        INVITATION.iter().map(|(name, kind)| (if *name == "mobile" { "email" } else { name }, *kind)).collect();
    is_as_documented(new, &by_email);
    is_as_documented(mobile, INVITATION);
    for (one, members) in [(bbb, 2), (new, 2), (ccc, 3), (mobile, 3)] {
        is_as_documented(&one["room"], ROOM);
        assert_eq!(one["room"]["memberCount"], members, "as it was after this one");
    }
    assert_eq!((&bbb["_id"], &ccc["_id"]), (&json!("bbb"), &json!("ccc")));
    assert_eq!((&new["key"], &mobile["key"]), (&json!("email_new@x.io"), &json!("mobile_13100000001")));
    let kinds: Vec<_> = world.events(&room).await.iter().map(|event| text(&event["type"])).collect();
    assert_eq!(kinds[kinds.len() - 4..], ["member.joined", "member.invited", "member.joined", "member.invited"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_is_repeated_counts_once_and_what_is_written_otherwise_is_told_so() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client_with(json!({ "_id": "bbb", "email": "bob@x.io" })).await;
    let whom = json!({ "_userIds": ["bbb", "bbb"], "emails": ["new@x.io", "new@x.io", " New@X.io", "bob@x.io"] });
    let told = aaa.talk_invites_all(&room, whom).send().await.bare();
    let codes: Vec<_> = told.as_array().unwrap().iter().map(|one| one["error"]["code"].clone()).collect();
    assert_eq!(codes, [json!(null), json!(null), json!(237), json!(239)], "{told}");
    assert_eq!(told[2]["email"], " New@X.io");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn nobody_named_is_nobody_invited() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let before = world.sight(&room).await;
    for whom in [json!({}), json!({ "emails": [], "mobiles": [], "_userIds": [] })] {
        assert_eq!(aaa.talk_invites_all(&room, whom).send().await.bare(), json!([]));
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_hundred_are_invited_and_one_more_is_refused_with_all() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let emails: Vec<String> = (0..60).map(|number| format!("new{number}@x.io")).collect();
    let mobiles: Vec<String> = (0..41).map(|number| format!("131000000{number:02}")).collect();
    let whom = json!({ "emails": emails, "mobiles": mobiles });
    let message = world.refuses(&room, aaa.talk_invites_all(&room, whom), 400, 238).await;
    assert_eq!(message, "The Number of parameter beyond the limits allowed");
    let whom = json!({ "emails": emails, "mobiles": mobiles[1..] });
    let told = aaa.talk_invites_all(&room, whom).send().await.bare();
    let invited = told.as_array().unwrap().iter().filter(|one| one["isInvite"] == true).count();
    assert_eq!(invited, 100, "{told}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn what_refuses_everybody_is_told_of_the_whole_call() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let whom = || json!({ "emails": ["new@x.io"], "_userIds": ["bbb"] });
    let private = world.topic(&aaa, json!({ "isPrivate": true })).await;
    let message = world.refuses(&private, bbb.talk_invites_all(&private, whom()), 403, 204).await;
    assert_eq!(message, format!("room {private} member does not exist"));
    world.refuses(&private, bbb.talk_invites_all(&private, json!({})), 403, 204).await;
    assert_eq!(
        aaa.talk_invites_all("nowhere", whom()).send().await.talk_refused(400, 401),
        "Object not found : room nowhere"
    );
    let room = world.topic(&aaa, json!({})).await;
    world.bans(&room, "bbb").await;
    world.refuses(&room, bbb.talk_invites_all(&room, whom()), 403, 219).await;
    world.refuses(&room, world.stranger().talk_invites_all(&room, whom()), 403, 201).await;
    let closed = world.room(json!({ "members": ["aaa"], "opening": 0 })).await;
    world.refuses(&closed, aaa.talk_invites_all(&closed, whom()), 403, 243).await;
    // A banned person among those named stops nobody else.
    let told = aaa.talk_invites_all(&room, whom()).send().await.bare();
    assert_eq!((&told[0]["error"]["code"], &told[1]["isInvite"]), (&json!(219), &json!(true)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_room_that_fills_up_refuses_the_rest_in_their_places() {
    let (world, aaa, room) = talk_room(json!({ "maxMembers": 2 })).await;
    world.clients(["bbb", "ccc"]).await;
    let whom = json!({ "_userIds": ["bbb", "ccc"], "emails": ["new@x.io"] });
    let told = aaa.talk_invites_all(&room, whom).send().await.bare();
    let full =
        json!({ "error": { "code": 243, "message": "Operation not permitted：Enter full room" }, "_userId": "ccc" });
    assert_eq!((&told[0]["_id"], &told[1], &told[2]["isInvite"]), (&json!("bbb"), &full, &json!(true)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_error_in_its_place_speaks_the_language_asked_for() {
    let (_world, aaa, room) = talk_room(json!({})).await;
    let call = aaa.talk_invites_all(&room, json!({ "_userIds": ["aaa"] })).header("X-Language", "zh");
    let told = call.send().await.bare();
    assert_eq!(told, json!([{ "error": { "code": 239, "message": "成员已存在" }, "_userId": "aaa" }]));
}

#[tokio::test]
async fn after_a_failure_in_the_middle_the_rest_is_not_tried_and_nothing_done_is_forgotten() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.clients(["bbb", "ccc", "ddd"]).await;
    // The room is read and the first person gets in; what is needed for the second cannot be read, tried three times.
    let fine = Fault::Delay(Duration::ZERO);
    for fault in [fine, fine, Fault::CutBeforeSending, Fault::CutBeforeSending, Fault::CutBeforeSending] {
        world.stack.faults().next("BatchGetItem", fault);
    }
    let told = aaa.talk_invites_all(&room, json!({ "_userIds": ["bbb", "ccc", "ddd"] })).send().await.bare();
    let places: Vec<Value> = told.as_array().unwrap().iter().map(|one| only(one, &["_id", "_userId"])).collect();
    let place = |id: Value, sent: Value| json!({ "_id": id, "_userId": sent });
    let expected =
        [place(json!("bbb"), json!(null)), place(json!(null), json!("ccc")), place(json!(null), json!("ddd"))];
    assert_eq!(places, expected);
    assert_eq!((&told[1]["error"]["code"], &told[2]["error"]["code"]), (&json!(100), &json!(100)));
    assert_ne!(
        told[1]["error"]["message"], told[2]["error"]["message"],
        "of the last it is known that nothing was done"
    );
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa", "bbb"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_comes_when_patience_has_ended_is_told_to_come_again() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.clients(["bbb", "ccc"]).await;
    world.stack.faults().next("TransactWriteItems", Fault::Delay(Duration::ZERO));
    world.stack.faults().always("TransactWriteItems", Fault::Throttle);
    let told = aaa.talk_invites_all(&room, json!({ "_userIds": ["bbb", "ccc"] })).send().await.bare();
    assert_eq!((&told[0]["_id"], &told[1]["error"]["code"]), (&json!("bbb"), &json!(100)));
    assert!(text(&told[1]["error"]["message"]).contains("nothing was done"), "{told}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_failure_before_anything_is_done_is_one_of_the_whole_call() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client("bbb").await;
    let before = world.sight(&room).await;
    world.stack.faults().always("TransactWriteItems", Fault::Throttle);
    let answer = aaa.talk_invites_all(&room, json!({ "_userIds": ["aaa", "bbb"] })).send().await;
    assert_eq!(answer.headers["retry-after"], "1");
    answer.talk_refused(503, 100);
    world.stack.faults().clear();
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_batch_takes_one_round_and_then_as_many_as_its_invitations() {
    let world = World::on(Stack::builder().count_rounds(true)).await;
    let [aaa, _bbb, _ccc] = world.talkers(["aaa", "bbb", "ccc"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let whom = json!({ "_userIds": ["bbb", "ccc"], "emails": ["new@x.io"] });
    let answer = aaa.talk_invites_all(&room, whom).send().await;
    let behind = world.stack.invocation(&answer.request_id()).unwrap();
    assert_eq!((answer.status, behind.rounds), (200, Some(1 + 3 * 2)), "{behind:?}");
}
