//! Many at once, and what DynamoDB does on bad days: one effect, one log entry, the right answer (D13, D14, D31, D36, D39).

use std::time::Duration;

use local::Fault;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, all_at_once, ids, pairs, text};

/// How often a route was taken by outcome.
fn count(outcomes: &[(String, String)], outcome: &str) -> usize {
    outcomes.iter().filter(|(_, own)| own == outcome).count()
}

/// Entries of the log that are of this type.
async fn entries(world: &World, room: &str, kind: &str) -> Vec<Value> {
    world.events(room).await.into_iter().filter(|event| event["type"] == kind).collect()
}

#[tokio::test]
async fn sixteen_callers_add_forty_clients_each_in_one_call() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(640).await;
    let room = world.group(&[&aaa]).await;
    let calls = crowd.chunks(40).map(|part| aaa.adds(&room, &part.iter().map(String::as_str).collect::<Vec<_>>()));
    for answer in all_at_once(16, calls).await {
        assert_eq!(count(&answer.outcomes(), "added"), 40);
        let members = ids(&answer.good()["members"]);
        assert!(members.is_sorted() || members.len() % 40 == 1, "whole calls of 40 and `aaa`: {}", members.len());
    }
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(641));
    assert_eq!(entries(&world, &room, "member.joined").await.len(), 1 + 16);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn sixteen_callers_add_forty_clients_each_one_by_one() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(640).await;
    let room = world.group(&[&aaa]).await;
    let callers = crowd.chunks(40).map(|part| one_by_one(aaa.clone(), room.clone(), part.to_vec()));
    let callers: Vec<_> = callers.map(tokio::spawn).collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(641));
    assert_eq!(entries(&world, &room, "member.joined").await.len(), 641);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn sixteen_callers_who_add_one_by_one_see_each_what_he_did() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(80).await;
    let room = world.group(&[&aaa]).await;
    for (client, answer) in
        crowd.iter().zip(all_at_once(16, crowd.iter().map(|client| aaa.adds_one(&room, client))).await)
    {
        assert_eq!((answer.status, answer.outcomes()), (200, pairs(&[(client, "added")])), "{}", answer.body);
        let seen = answer.good();
        let members = ids(&seen["members"]);
        assert!(members.contains(client) && seen["memberCount"] == json!(members.len()), "{seen}");
    }
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(81));
    world.holds_together(&room).await;
}

/// Adds each in a call of its own, and waits for every answer.
async fn one_by_one(actor: Actor, room: String, clients: Vec<String>) {
    for client in clients {
        let answer = actor.adds_one(&room, &client).send().await;
        assert_eq!((answer.status, answer.outcomes()), (200, pairs(&[(&client, "added")])), "{}", answer.body);
    }
}

#[tokio::test]
async fn ten_seats_hold_ten_of_thirty_who_join_at_once() {
    let world = World::new().await;
    let room = world.room(json!({ "maxMembers": 10 })).await;
    let mut joiners = Vec::new();
    for number in 0..30 {
        joiners.push(world.client(&format!("c{number}")).await);
    }
    let answers = all_at_once(30, joiners.iter().map(|joiner| joiner.joins(&room))).await;
    let (inside, outside): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((inside.len(), outside.len()), (10, 20));
    for answer in inside {
        let joined = answer.good();
        assert_eq!(joined["memberCount"], json!(ids(&joined["members"]).len()));
    }
    for answer in outside {
        answer.refused(409, "ROOM_FULL");
    }
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(10));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn ten_seats_hold_ten_of_sixty_who_are_added_at_once() {
    let world = World::new().await;
    let crowd = world.crowd(60).await;
    let room = world.room(json!({ "maxMembers": 10 })).await;
    let platform = world.platform();
    let add = |part: &[String]| {
        platform.post(&format!("/rooms/{room}/members"), json!({ "invitees": part, "partial": true }))
    };
    let answers = all_at_once(20, crowd.chunks(3).map(add)).await;
    let outcomes: Vec<_> = answers.iter().flat_map(Answer::outcomes).collect();
    assert_eq!((count(&outcomes, "added"), count(&outcomes, "room_full")), (10, 50));
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(10));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_whom_many_add_at_once_is_added_once() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let add = |number: usize| match number % 2 {
        0 => aaa.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })),
        _ => aaa.adds_one(&room, "bbb").and(json!({ "systemMessage": true })),
    };
    let answers = all_at_once(24, (0..24).map(add)).await;
    let outcomes: Vec<_> = answers.iter().flat_map(Answer::outcomes).collect();
    assert_eq!((count(&outcomes, "added"), count(&outcomes, "already_member")), (1, 23));
    for answer in answers {
        assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb"]);
    }
    assert_eq!(world.events(&room).await.len(), 3, "made, `aaa` in, `bbb` in: told once");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_whom_many_invite_at_once_has_one_invitation() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let answers = all_at_once(12, (0..12).map(|_| aaa.invites(&room, &["bbb"]))).await;
    let outcomes: Vec<_> = answers.iter().flat_map(Answer::outcomes).collect();
    assert_eq!((count(&outcomes, "invited"), count(&outcomes, "already_invited")), (1, 11));
    assert_eq!(entries(&world, &room, "member.invited").await.len(), 1);
    // Accepting by many hands is one joining.
    for answer in all_at_once(12, (0..12).map(|_| bbb.joins(&room))).await {
        assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb"]);
    }
    assert_eq!(entries(&world, &room, "member.joined").await.len(), 2);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_room_that_many_make_at_once_is_made_once() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let body = json!({ "_id": "lobby", "members": ["aaa", "bbb"], "systemMessage": true });
    let answers = all_at_once(12, (0..12).map(|_| aaa.post("/rooms", body.clone()))).await;
    let rooms: Vec<Value> = answers.into_iter().map(Answer::good).collect();
    assert!(rooms.iter().all(|room| *room == rooms[0]), "{rooms:?}");
    assert_eq!(world.events("lobby").await.len(), 2);
    world.holds_together("lobby").await;
}

#[tokio::test]
async fn a_direct_room_that_its_two_make_at_once_is_one() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let body = json!({ "roomType": "direct", "members": ["aaa", "bbb"] });
    let makers = [&aaa, &bbb].into_iter().cycle().take(10);
    let answers = all_at_once(10, makers.map(|maker| maker.post("/rooms", body.clone()))).await;
    let rooms: Vec<String> = answers.into_iter().map(|answer| text(&answer.good()["_id"])).collect();
    assert!(rooms.iter().all(|room| *room == rooms[0]), "{rooms:?}");
    assert_eq!(world.events(&rooms[0]).await.len(), 2);
}

#[tokio::test]
async fn rivals_for_a_rooms_id_have_one_winner() {
    let world = World::new().await;
    let mut rivals = Vec::new();
    for number in 0..8 {
        rivals.push(world.client(&format!("c{number}")).await);
    }
    let make = |rival: &Actor| rival.post("/rooms", json!({ "_id": "lobby", "name": rival.id, "members": [rival.id] }));
    let answers = all_at_once(8, rivals.iter().map(make)).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    lost.into_iter().for_each(|answer| drop(answer.refused(400, "INVALID_PARAMETER")));
    let room = world.sight("lobby").await.room;
    assert_eq!(room["name"], won.into_iter().next().unwrap().good()["name"]);
    world.holds_together("lobby").await;
}

#[tokio::test]
async fn an_invitation_is_redeemed_once_however_often_its_owner_signs_up() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    aaa.talk_invites(&room, json!({ "email": "bbb@example.com" })).send().await.bare();
    let body = json!({ "_id": "bbb", "email": "BBB@example.com" });
    let platform = world.platform();
    let answers = all_at_once(8, (0..8).map(|_| platform.post("/admin/clients", body.clone()))).await;
    let claims: Vec<Value> =
        answers.into_iter().flat_map(|answer| answer.good()["claims"].as_array().unwrap().clone()).collect();
    assert_eq!(claims, [json!({ "room": room, "outcome": "joined" })]);
    let joined = entries(&world, &room, "member.joined").await;
    assert_eq!((joined.len(), &joined[1]["via"], &joined[1]["clients"]), (2, &json!("claim"), &json!(["bbb"])));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_is_never_lost_to_a_sign_up_at_the_same_time() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let platform = world.platform();
    let mut met = [0, 0];
    for number in 0..20 {
        let (id, email) = (format!("c{number}"), format!("c{number}@example.com"));
        let calls: [Call; 2] = [
            aaa.talk_invites(&room, json!({ "email": email })),
            platform.post("/admin/clients", json!({ "_id": id, "email": email })),
        ];
        let answers = all_at_once(2, calls).await;
        for answer in &answers {
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        met[usize::from(answers[0].body["isInvite"] == json!(true))] += 1;
        let members = ids(&aaa.reads(&room).send().await.good()["members"]);
        assert!(members.contains(&id), "`{id}` is in, whoever was first: {met:?}");
    }
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(21));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_sign_up_between_the_reading_and_the_writing_of_an_invitation_joins() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    // The invitation is decided while nobody has the address, and its write is on its way for a while.
    world.stack.faults().next("TransactWriteItems", Fault::Delay(Duration::from_secs(2)));
    let invite = tokio::spawn(aaa.talk_invites(&room, json!({ "email": "bbb@example.com" })).send());
    let writes = |world: &World| {
        let invitations = world.stack.invocations().into_iter().filter(|own| own.function == "TalkInvite");
        invitations.flat_map(|own| own.requests).any(|request| request.action == "TransactWriteItems")
    };
    while !writes(&world) {
        world.stranger().get("/nowhere").send().await;
    }
    world.platform().post("/admin/clients", json!({ "_id": "bbb", "email": "bbb@example.com" })).send().await.good();

    let told = invite.await.unwrap().bare();
    assert_eq!((&told["_id"], told.get("isInvite")), (&json!("bbb"), None), "whoever is invited is known by now");
    assert_eq!(ids(&aaa.reads(&room).send().await.good()["members"]), ["aaa", "bbb"]);
    assert_eq!(entries(&world, &room, "member.invited").await, [] as [Value; 0]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn adding_inviting_and_joining_at_once_leave_one_state_each() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let mut others = Vec::new();
    for number in 0..8 {
        others.push(world.client(&format!("c{number}")).await);
    }
    let room = world.group(&[&aaa]).await;
    let ways = others.iter().flat_map(|other| {
        [aaa.invites(&room, &[&other.id]), aaa.adds_one(&room, &other.id), other.joins(&room), other.joins(&room)]
    });
    for answer in all_at_once(16, ways).await {
        answer.good();
    }
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(9));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_unlucky_caller_is_told_to_try_again_and_nothing_has_changed() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let faults = world.stack.faults();
    faults.always("TransactWriteItems", Fault::TransactionConflict);
    let answer = aaa.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await;
    faults.clear();
    assert_eq!(answer.headers["retry-after"], "1");
    answer.refused(503, "BUSY");
    assert_eq!(world.sight(&room).await, before);
    aaa.adds(&room, &["bbb"]).send().await.good();
    world.holds_together(&room).await;
}

/// `aaa` adds `bbb` while these faults come, each once: what is answered, and how many requests of the action it took.
async fn add_despite(action: &str, faults: &[Fault]) -> usize {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.reads(&room).send().await.good();
    faults.iter().for_each(|fault| world.stack.faults().next(action, *fault));
    let answer = aaa.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await;
    world.stack.faults().clear();

    assert_eq!(answer.status, 200, "{faults:?}: {}", answer.body);
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]), "{faults:?}");
    let invocation = world.stack.invocation(&answer.request_id()).unwrap();
    let result = answer.good();
    assert_eq!(
        (ids(&result["members"]), &result["lastMessage"]["message"]),
        (vec!["aaa".into(), "bbb".into()], &json!("BBB"))
    );
    let seen = world.sight(&room).await;
    assert_eq!((seen.events.len(), &seen.room["memberCount"]), (3, &json!(2)), "{faults:?}: one effect, one entry");
    assert_eq!(
        (&seen.room["lastMessage"], &seen.events[2]["id"]),
        (&result["lastMessage"], &result["lastMessage"]["_id"])
    );
    world.holds_together(&room).await;
    invocation.requests.iter().filter(|request| request.action == action).count()
}

#[tokio::test]
async fn a_race_lost_twice_is_won_the_third_time() {
    let conflicts = [Fault::TransactionConflict; 2];
    assert_eq!(add_despite("TransactWriteItems", &conflicts).await, 3);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_done_once_and_answered() {
    assert_eq!(add_despite("TransactWriteItems", &[Fault::LoseResponse]).await, 1, "the log tells whose entry it is");
}

/// Were the write sent again unseen, a refusal of the second try would hide that the first one was done.
#[tokio::test]
async fn a_write_whose_answer_is_lost_on_a_busy_day_is_done_once() {
    for then in [Fault::Throttle, Fault::TransactionConflict, Fault::CutBeforeSending] {
        assert_eq!(add_despite("TransactWriteItems", &[Fault::LoseResponse, then]).await, 1, "{then:?}");
    }
}

#[tokio::test]
async fn a_write_that_never_arrived_is_sent_again() {
    assert_eq!(add_despite("TransactWriteItems", &[Fault::CutBeforeSending]).await, 2);
    assert_eq!(add_despite("TransactWriteItems", &[Fault::CutBeforeSending; 3]).await, 4);
}

#[tokio::test]
async fn a_write_that_takes_longer_than_one_waits_is_done_once() {
    add_despite("TransactWriteItems", &[Fault::Delay(Duration::from_millis(3_500))]).await;
}

#[tokio::test]
async fn a_throttled_write_is_sent_again() {
    assert_eq!(add_despite("TransactWriteItems", &[Fault::Throttle]).await, 2);
    assert_eq!(add_despite("TransactWriteItems", &[Fault::Throttle; 4]).await, 5);
}

#[tokio::test]
async fn a_read_that_fails_once_is_read_again() {
    let once = [Fault::Throttle, Fault::CutBeforeSending, Fault::LoseResponse, Fault::Delay(Duration::from_millis(50))];
    for fault in once {
        for action in ["BatchGetItem", "Query"] {
            let expected = if matches!(fault, Fault::Delay(_)) { 1 } else { 2 };
            assert_eq!(add_despite(action, &[fault]).await, expected, "{action}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn keys_that_the_table_had_no_time_for_are_asked_again() {
    assert_eq!(add_despite("BatchGetItem", &[Fault::Unprocessed]).await, 2);
    assert_eq!(add_despite("BatchGetItem", &[Fault::Unprocessed; 5]).await, 6);
}

#[tokio::test]
async fn a_table_without_room_for_reads_is_busy() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let faults = world.stack.faults();
    for (action, fault) in
        [("BatchGetItem", Fault::Throttle), ("Query", Fault::Throttle), ("BatchGetItem", Fault::Unprocessed)]
    {
        faults.always(action, fault);
        let answers = [aaa.adds(&room, &["bbb"]).send().await, aaa.reads(&room).send().await];
        let talk = aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await;
        faults.clear();
        for answer in answers {
            assert_eq!(answer.headers["retry-after"], "1");
            answer.refused(503, "BUSY");
        }
        if action == "BatchGetItem" {
            assert_eq!((talk.status, &talk.headers["retry-after"]), (503, &"1".parse().unwrap()));
        } else {
            talk.bare(); // Talk's route has no list to read
            world.stack.faults().clear();
        }
    }
    assert_eq!(before.events.len() + 1, world.events(&room).await.len(), "Talk's one success");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_is_made_once_though_the_answer_is_lost() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    aaa.talk_invites(&room, json!({ "email": "bbb@example.com" })).send().await.bare();
    for _ in 0..3 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    let bbb = world.client_with(json!({ "_id": "bbb", "email": "bbb@example.com" })).await;
    assert_eq!(ids(&bbb.reads(&room).send().await.good()["members"]), ["aaa", "bbb"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_room_is_made_once_though_the_answer_is_lost() {
    for lost in [1, 3] {
        let world = World::new().await;
        let aaa = world.client("aaa").await;
        for _ in 0..lost {
            world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
        }
        let made = aaa.post("/rooms", json!({ "members": ["aaa"], "systemMessage": true })).send().await.good();
        let room = text(&made["_id"]);
        assert_eq!((world.events(&room).await.len(), &made["members"]), (2, &json!(["aaa"])));
        world.holds_together(&room).await;
    }
}

#[tokio::test]
async fn an_answer_lost_amid_rivals_is_still_the_right_one() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(24).await;
    let room = world.group(&[&aaa]).await;
    for _ in 0..24 {
        world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    }
    let calls = crowd.iter().map(|client| aaa.adds_one(&room, client));
    for (client, answer) in crowd.iter().zip(all_at_once(8, calls).await) {
        assert_eq!((answer.status, answer.outcomes()), (200, pairs(&[(client, "added")])), "{}", answer.body);
    }
    assert_eq!(entries(&world, &room, "member.joined").await.len(), 25);
    world.holds_together(&room).await;
}

/// The reads of one round are no snapshot: a caller's standing may be read before he is removed, and the room afterwards. The
/// same here: while the write is on its way his standing goes, and the room says nothing of it.
#[tokio::test]
async fn whoever_is_in_the_room_no_longer_when_it_is_written_has_done_nothing() {
    let world = World::new().await;
    let [own, _bbb] = world.clients(["own", "bbb"]).await;
    for turn in 0..5 {
        let room = world.room(json!({ "owner": "own" })).await;
        let made = world.platform().links(&room, json!({})).send().await.good();
        let call = match turn {
            0 => own.adds(&room, &["bbb"]),
            1 => own.updates(&room, json!({ "name": "mine" })),
            2 => own.links(&room, json!({})),
            3 => own.deletes_link(&room, &made),
            _ => own.deletes(&room),
        };
        world.stack.faults().next("TransactWriteItems", Fault::Delay(Duration::from_millis(300)));
        let late = tokio::spawn(call.send());
        tokio::time::sleep(Duration::from_millis(120)).await;
        let key = json!({ "PK": { "S": format!("SampleApp#ROOM#{room}") }, "SK": { "S": "#STANDING#own" } });
        let table = world.stack.table();
        let gone = json!({ "TableName": table, "Key": key, "ReturnValues": "ALL_OLD" });
        let own_standing = world.write("DeleteItem", gone).await["Attributes"].clone();
        let (before, answer) = (world.items_now().await, late.await.unwrap());
        assert!([403, 404].contains(&answer.status), "{turn}: {}", answer.body);
        assert_eq!(world.items_now().await, before, "{turn}");
        world.write("PutItem", json!({ "TableName": table, "Item": own_standing })).await; // the table is whole again
    }
}
