//! `?dryRun=true`: the reply that the call would have, and nothing is done.

use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, ids, pairs};

fn dry(actor: &Actor, method: Method, path: &str, body: Value) -> Call {
    actor.call(method, &format!("{path}?dryRun=true")).body(body)
}

/// Sends a call that writes nothing, and says so.
async fn rehearsed(world: &World, call: Call) -> Answer {
    let before = world.items().await;
    let answer = call.send().await;
    assert_eq!(answer.headers.get("dry-run").map(|value| value.to_str().unwrap()), Some("true"), "{}", answer.body);
    assert_eq!(world.items().await, before, "a dry run writes nothing");
    answer
}

#[tokio::test]
async fn adding_shows_what_would_become_of_everybody() {
    let world = World::new().await;
    let [aaa, _b, _c, ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.room(json!({ "members": ["aaa"], "maxMembers": 2 })).await;
    world.bans(&room, "ddd").await;
    let body = json!({ "invitees": ["bbb", "ccc", "ddd", "aaa", "eee"], "partial": true, "systemMessage": true });
    let answer = rehearsed(&world, dry(&aaa, Method::POST, &format!("/rooms/{room}/members"), body.clone())).await;
    let expected =
        [("bbb", "added"), ("ccc", "room_full"), ("ddd", "banned"), ("aaa", "already_member"), ("eee", "not_found")];
    assert_eq!(answer.outcomes(), pairs(&expected));
    assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb"], "the room as it would be");
    let path = format!("/rooms/{room}/members/ddd");
    rehearsed(&world, dry(&aaa, Method::POST, &path, json!({}))).await.refused(403, "BANNED");
    rehearsed(&world, dry(&ddd, Method::POST, &format!("/rooms/{room}/members"), body))
        .await
        .refused(403, "NOT_ROOM_MEMBER");
}

#[tokio::test]
async fn a_thousand_are_rehearsed_as_one() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(200).await;
    let room = world.room(json!({ "members": ["aaa"], "maxMembers": 151 })).await;
    let body = json!({ "invitees": crowd, "partial": true });
    let answer = rehearsed(&world, dry(&aaa, Method::POST, &format!("/rooms/{room}/members"), body)).await;
    let outcomes = answer.outcomes();
    let count = |outcome: &str| outcomes.iter().filter(|(_, own)| own == outcome).count();
    assert_eq!((count("added"), count("room_full")), (150, 50));
}

#[tokio::test]
async fn removing_banning_and_talks_inviting_are_rehearsed_too() {
    let world = World::new().await;
    let [aaa, _b, _c] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa", "bbb"] })).await;
    let removing = dry(&aaa, Method::POST, &format!("/rooms/{room}/delete/members"), json!({ "members": ["bbb"] }));
    assert_eq!(ids(&rehearsed(&world, removing).await.good()["members"]), ["aaa"]);
    let removing = dry(&aaa, Method::DELETE, &format!("/rooms/{room}/members/ccc"), json!({}));
    rehearsed(&world, removing).await.refused(404, "CLIENT_NOT_FOUND");
    let banning = dry(&world.platform(), Method::POST, &format!("/blockStatus/room/{room}/bbb"), json!({}));
    assert_eq!(rehearsed(&world, banning).await.good()["blockee"]["_id"], json!("bbb"));
    let invite = format!("/v2/rooms/{room}/invite");
    let invited = rehearsed(&world, dry(&aaa, Method::POST, &invite, json!({ "email": "d@x.io" }))).await.bare();
    assert_eq!(invited["isInvite"], json!(true));
    rehearsed(&world, dry(&aaa, Method::POST, &invite, json!({ "_userId": "bbb" }))).await.talk_refused(400, 239);
    let batch = json!({ "_userIds": ["bbb", "ccc"] });
    let batch =
        rehearsed(&world, dry(&aaa, Method::POST, &format!("/v2/rooms/{room}/batchinvite"), batch)).await.bare();
    assert_eq!((&batch[0]["error"]["code"], &batch[1]["_id"]), (&json!(239), &json!("ccc")));
}

#[tokio::test]
async fn whatever_cannot_be_rehearsed_is_refused_instead_of_done() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let calls = [
        dry(&world.platform(), Method::POST, "/admin/clients", json!({ "_id": "bbb" })),
        dry(&aaa, Method::POST, "/me", json!({ "nickname": "Anna" })),
        dry(&world.platform(), Method::DELETE, &format!("/rooms/{room}"), json!({})),
        dry(&world.platform(), Method::DELETE, "/admin/clients/aaa/token", json!({})),
    ];
    for call in calls {
        let refusal = rehearsed(&world, call).await.refused(400, "INVALID_PARAMETER");
        assert!(refusal.contains("`dryRun`"), "{refusal}");
    }
    let message = aaa.says(&room, "hi").send().await.good();
    let read = dry(&aaa, Method::PUT, &format!("/rooms/{room}/lastRead"), json!({ "message": message["_id"] }));
    rehearsed(&world, read).await.refused(400, "INVALID_PARAMETER");
    let unclear = aaa.post(&format!("/rooms/{room}/members?dryRun=maybe"), json!({ "invitees": ["bbb"] }));
    let refusal = world.refuses_and_keeps(unclear, 400, "INVALID_PARAMETER").await;
    assert!(refusal.contains("`dryRun`"), "{refusal}");
}

/// Nothing is kept of what was not done: the key is free for the act itself.
#[tokio::test]
async fn a_rehearsal_uses_up_no_key() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let path = format!("/rooms/{room}/members/bbb");
    rehearsed(&world, dry(&aaa, Method::POST, &path, json!({})).header("Idempotency-Key", "k")).await.good();
    let done = aaa.adds_one(&room, "bbb").header("Idempotency-Key", "k").send().await;
    assert_eq!(done.outcomes(), pairs(&[("bbb", "added")]));
}
