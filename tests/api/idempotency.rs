//! A request that comes twice under one `Idempotency-Key`: one effect, one message, the first answer (D42).

use std::cell::RefCell;
use std::collections::BTreeSet;

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, Answer, Call, World, all_at_once, ids, pairs, text};
use crate::description::{Operation, operations};

const KEY: &str = "Idempotency-Key";

fn once(call: Call, key: &str) -> Call {
    call.header(KEY, key)
}

/// An answer that was given before.
fn is_replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
}

fn delete(actor: &Actor, path: &str) -> Call {
    actor.call(Method::DELETE, path)
}

/// Sends a call twice under one key: the same answer, the second time as a repetition, and no second effect anywhere.
async fn comes_twice(world: &World, call: impl Fn() -> Call) -> Value {
    let first = once(call(), "twice").send().await;
    assert!(first.status == 200 && !is_replayed(&first), "{}", first.body);
    let before = world.items().await;
    let second = once(call(), "twice").send().await;
    assert!(is_replayed(&second), "{}", second.body);
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_eq!(world.items().await, before, "a repetition writes nothing");
    first.body
}

#[tokio::test]
async fn an_adding_that_comes_twice_is_one_and_is_answered_the_same() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let add = || aaa.adds(&room, &["bbb"]).and(json!({ "systemMessage": true }));
    let answer = comes_twice(&world, add).await;
    assert_eq!(answer["outcomes"], json!([{ "client": "bbb", "outcome": "added" }]));
    assert_eq!(world.events(&room).await.len(), 3);
}

/// Every operation that takes the key.
#[tokio::test]
async fn every_changing_route_keeps_its_answer() {
    let world = World::new().await;
    let people = world.clients(["aaa", "bbb", "ccc"]).await;
    let twice = Twice { world: &world, asked: RefCell::default() };
    in_rooms(&twice, &people).await;
    in_talk(&twice, &people).await;
    of_clients(&twice, &people[0]).await;
    of_webhooks(&twice, &people[0]).await;
    twice.calls(|| world.platform().deletes("hall")).await;
    let takes_a_key = |operation: &&Operation| {
        operation.parameters.iter().any(|parameter| parameter.text("name") == Some("Idempotency-Key"))
    };
    let described: BTreeSet<&str> = operations().iter().filter(takes_a_key).map(|own| own.id.as_str()).collect();
    assert_eq!(twice.asked.into_inner(), described);
}

/// Asks everything twice, and knows what it has asked.
struct Twice<'a> {
    world: &'a World,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl Twice<'_> {
    async fn calls(&self, call: impl Fn() -> Call) -> Value {
        self.asked.borrow_mut().extend(call().operation());
        comes_twice(self.world, call).await
    }
}

/// In an order in which each call has something to do.
async fn in_rooms(twice: &Twice<'_>, [aaa, bbb, ccc]: &[Actor; 3]) {
    let platform = twice.world.platform();
    twice.calls(|| aaa.founds(json!({ "_id": "club", "invitee": "bbb", "invitationRequired": true }))).await;
    twice.calls(|| platform.post("/rooms", json!({ "_id": "hall", "members": ["aaa"] }))).await;
    twice.calls(|| aaa.adds_one("hall", "bbb")).await;
    let said = twice.calls(|| aaa.says("hall", "good morning")).await;
    twice.calls(|| bbb.marks_read("hall", &said["result"])).await;
    twice.calls(|| platform.post("/messages", json!({ "room": "hall", "sender": "aaa", "message": "hi" }))).await;
    let link = twice.calls(|| aaa.post("/rooms/hall/links", json!({ "maxUses": 1 }))).await;
    let redeem = format!("/links/{}/redeem", text(&link["result"]["token"]));
    twice.calls(|| ccc.post(&redeem, json!({}))).await;
    twice.calls(|| delete(aaa, &format!("/rooms/hall/links/{}", text(&link["result"]["_id"])))).await;
    twice.calls(|| aaa.updates("hall", json!({ "name": "Hall" }))).await;
    twice.calls(|| platform.sets("hall", "bbb", "role", json!("admin"))).await;
    twice.calls(|| aaa.removes("hall", &["bbb"])).await;
    twice.calls(|| aaa.invites("hall", &["bbb"])).await;
    twice.calls(|| bbb.declines("hall")).await;
    twice.calls(|| bbb.blocks("ccc")).await;
    twice.calls(|| bbb.unblocks("ccc")).await;
    twice.calls(|| aaa.cancels_one("club", "bbb")).await;
    aaa.invites("hall", &["bbb"]).send().await.good();
    twice.calls(|| aaa.cancels("hall", &["bbb"])).await;
    twice.calls(|| bbb.joins("hall")).await;
    twice.calls(|| bbb.removes_one("hall", "bbb")).await;
    twice.calls(|| platform.bans("hall", "bbb")).await;
    twice.calls(|| platform.unbans("hall", "bbb")).await;
}

async fn in_talk(twice: &Twice<'_>, [aaa, bbb, _ccc]: &[Actor; 3]) {
    let (platform, team) = (twice.world.platform(), twice.world.team().await);
    twice.calls(|| aaa.post("/v2/rooms", json!({ "_teamId": team, "topic": "plans", "_memberIds": ["bbb"] }))).await;
    twice.calls(|| aaa.talk_invites("hall", json!({ "_userId": "bbb" }))).await;
    twice.calls(|| bbb.post("/v2/rooms/hall/leave", json!({}))).await;
    twice.calls(|| bbb.post("/v2/rooms/hall/join", json!({}))).await;
    twice.calls(|| platform.post("/v2/rooms/hall/removemember", json!({ "_userId": "bbb" }))).await;
    twice.calls(|| aaa.post("/v2/rooms/hall/batchinvite", json!({ "_userIds": ["bbb"], "emails": ["d@x.io"] }))).await;
    let invited = aaa.talk_invites("hall", json!({ "email": "e@x.io" })).send().await.bare();
    twice.calls(|| delete(aaa, &format!("/v2/invitations/{}", text(&invited["_id"])))).await;
}

async fn of_clients(twice: &Twice<'_>, aaa: &Actor) {
    let platform = twice.world.platform();
    twice.calls(|| aaa.post("/me", json!({ "nickname": "Anna" }))).await;
    twice.calls(|| platform.post("/admin/clients", json!({ "_id": "ddd", "issueAccessToken": true }))).await;
    twice.calls(|| platform.post("/auths/sign/v2", json!({ "id": "ddd" }))).await;
    let token = json!({ "token": "brought-along" });
    twice.calls(|| platform.call(Method::PUT, "/admin/clients/ddd/token").body(token.clone())).await;
    twice.calls(|| delete(&platform, "/admin/clients/ddd/token")).await;
}

async fn of_webhooks(twice: &Twice<'_>, aaa: &Actor) {
    let (platform, url) = (twice.world.platform(), format!("{}/local/inbox/hook", twice.world.stack.url()));
    let made = twice.calls(|| platform.post("/admin/webhooks", json!({ "url": url }))).await;
    let path = format!("/admin/webhooks/{}", text(&made["result"]["_id"]));
    twice.calls(|| platform.call(Method::PUT, &path).body(json!({ "url": url, "isEnabled": true }))).await;
    twice.calls(|| platform.post(&format!("{path}/secret"), json!({}))).await;
    twice.calls(|| platform.post(&format!("{path}/ping"), json!({}))).await;
    aaa.says("hall", "to be told").send().await.good();
    twice.world.stack.settled().await.unwrap();
    let told = platform.call(Method::GET, &format!("{path}/deliveries")).send().await.good();
    let delivery = format!("{path}/deliveries/{}", text(&told["data"][0]["id"]));
    twice.calls(|| platform.post(&format!("{delivery}/replay"), json!({}))).await;
    twice.calls(|| platform.post(&format!("{path}/replay"), json!({ "room": "hall", "from": 1 }))).await;
    twice.calls(|| platform.call(Method::DELETE, &path)).await;
}

#[tokio::test]
async fn a_key_is_a_callers_own_for_one_call_and_one_body() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    once(aaa.adds(&room, &["ccc"]), "k").send().await.good();
    let refusal = world.refuses_and_keeps(once(aaa.adds(&room, &["bbb"]), "k"), 422, "IDEMPOTENCY_MISMATCH").await;
    assert!(refusal.contains("`k`"), "{refusal}");
    once(aaa.call(Method::POST, &format!("/rooms/{room}/members?lang=zh")).body(json!({ "invitees": ["ccc"] })), "k")
        .send()
        .await
        .refused(422, "IDEMPOTENCY_MISMATCH");
    let others = [once(bbb.adds(&room, &["ccc"]), "k"), once(aaa.adds_one(&room, "ccc"), "k")];
    for other in others {
        let answer = other.send().await;
        assert!(!is_replayed(&answer));
        assert_eq!(answer.outcomes(), pairs(&[("ccc", "already_member")]));
    }
    let same =
        once(aaa.call(Method::POST, &format!("/rooms/{room}/members/")).body(json!({ "invitees": ["ccc"] })), "k");
    assert!(is_replayed(&same.send().await), "a slash at the end makes no other route (D9)");
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_by_name() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    for key in ["two words", &"k".repeat(256)] {
        let refusal = world.refuses_and_keeps(once(aaa.adds(&room, &["bbb"]), key), 400, "INVALID_PARAMETER").await;
        assert!(refusal.contains("`Idempotency-Key`"), "{refusal}");
    }
    once(aaa.reads(&room), "two words").send().await.good(); // what changes nothing needs no key
}

#[tokio::test]
async fn a_refusal_is_not_kept_for_nothing_was_done() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let add = || once(aaa.adds(&room, &["bbb"]), "k");
    world.refuses_and_keeps(add(), 404, "CLIENT_NOT_FOUND").await;
    world.client("bbb").await;
    assert_eq!(add().send().await.outcomes(), pairs(&[("bbb", "added")]));
}

/// An answer without an effect is an answer: what has become of the room since does not change it.
#[tokio::test]
async fn an_answer_that_nothing_had_to_be_done_for_is_kept_too() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let add = || once(aaa.adds(&room, &["bbb"]), "k");
    assert_eq!(add().send().await.outcomes(), pairs(&[("bbb", "already_member")]));
    bbb.removes_one(&room, "bbb").send().await.good();
    let again = add().send().await;
    assert!(is_replayed(&again));
    assert_eq!(again.outcomes(), pairs(&[("bbb", "already_member")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn rivals_under_one_key_make_one_effect_and_hear_the_same() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let answers = all_at_once(12, (0..12).map(|_| once(aaa.says(&room, "once"), "k"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert_eq!(world.events(&room).await.len(), 3, "made, `aaa` in, one message");
}

/// Whatever is lost on the way, the second try ends as the first one would have.
#[tokio::test]
async fn a_lost_answer_a_cut_line_and_a_killed_function_leave_one_effect() {
    let faults = [Fault::LoseResponse, Fault::CutBeforeSending, Fault::Throttle, Fault::TransactionConflict];
    let killers = [Fault::Kill, Fault::KillBeforeSending];
    for fault in faults.into_iter().chain(killers) {
        let world = World::new().await;
        let aaa = world.client("aaa").await;
        let room = world.group(&[&aaa]).await;
        world.stack.faults().next("TransactWriteItems", fault);
        let say = || once(aaa.says(&room, "once"), "k");
        let first = say().send().await;
        assert_eq!(first.status == 200, !killers.contains(&fault), "{fault:?}: {}", first.body);
        let second = say().send().await;
        assert_eq!(is_replayed(&second), fault != Fault::KillBeforeSending, "{fault:?}: {}", second.body);
        assert!(first.status != 200 || first.body == second.body, "{fault:?}");
        second.good();
        assert_eq!(world.events(&room).await.len(), 3, "{fault:?}: one message");
    }
}

#[tokio::test]
async fn a_kept_answer_holds_no_secret_in_clear() {
    let world = World::new().await;
    let bbb = world.client("bbb").await;
    let room = world.group(&[&bbb]).await;
    let link = once(bbb.post(&format!("/rooms/{room}/links"), json!({})), "a-random-one").send().await.good();
    let items = json!(world.items().await).to_string();
    assert!(!items.contains(&text(&link["token"])) && !items.contains("a-random-one"));
    let make = || once(world.platform().post("/admin/clients", json!({ "_id": "aaa", "issueAccessToken": true })), "k");
    let made = make().send().await.good();
    let secret = text(&made["token"]);
    assert!(!json!(world.items().await).to_string().contains(&secret));
    assert_eq!(make().send().await.good()["token"], made["token"], "and is given again");
}

#[tokio::test]
async fn after_a_day_a_key_is_free() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    once(aaa.says(&room, "again"), "k").send().await.good();
    let items = world.items().await;
    let kept = items.iter().find(|item| item["SK"]["S"] == "ONCE").expect("a record");
    let (now, expires_at) = (kept["ttl"]["N"].as_str().unwrap(), kept["expiresAt"]["N"].as_str().unwrap());
    assert_eq!(now, &expires_at[..10], "the table forgets it at the same time");
    world.expires(&text(&kept["PK"]["S"]), "ONCE").await;
    assert!(!is_replayed(&once(aaa.says(&room, "again"), "k").send().await));
    assert_eq!(world.events(&room).await.len(), 4);
}

/// A call of several transactions that died half-way is finished by its retry, not repeated (D12).
#[tokio::test]
async fn a_call_of_many_parts_goes_on_where_it_ended() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(200).await;
    let room = world.group(&[&aaa]).await;
    let add = || {
        let body = json!({ "invitees": crowd, "partial": true, "systemMessage": true });
        once(aaa.post(&format!("/rooms/{room}/members"), body), "k")
    };
    let faults = world.stack.faults();
    // Each part is charged ahead: ninety people and their counters are more than one transaction holds.
    for _ in 0..3 {
        faults.next("TransactWriteItems", Fault::Delay(std::time::Duration::ZERO));
    }
    faults.next("TransactWriteItems", Fault::Kill);
    assert!(add().send().await.status >= 500);
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(181), "two of three parts are done");
    // The first try may still be alive: nobody goes on in its place before its time is over.
    let busy = add().send().await;
    assert_eq!(busy.headers["retry-after"], "1");
    busy.refused(409, "IDEMPOTENCY_IN_PROGRESS");
    lets_go_on(&world).await;
    let done = add().send().await;
    assert!(!is_replayed(&done) && done.outcomes().iter().all(|(_, outcome)| outcome == "added"), "{}", done.body);
    assert_eq!(done.outcomes().len(), 200);
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(201));
    assert_eq!(world.events(&room).await.len(), 2 + 3);
    let again = add().send().await;
    assert!(is_replayed(&again) && again.body == done.body);
    world.holds_together(&room).await;
}

/// A part that had nothing to do is done, too: who has left since is not brought back by the retry.
#[tokio::test]
async fn a_part_that_wrote_nothing_is_not_decided_anew() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let crowd = world.crowd(189).await;
    let (first, others) = crowd.split_at(89);
    let room = world.group(&[&aaa, &bbb]).await;
    world.platform().adds(&room, &first.iter().map(String::as_str).collect::<Vec<_>>()).send().await.good();
    let invitees: Vec<&str> = ["bbb"].into_iter().chain(first.iter().chain(others).map(String::as_str)).collect();
    let add = || {
        let body = json!({ "invitees": invitees, "partial": true, "sender": "aaa" });
        once(world.platform().post(&format!("/rooms/{room}/members"), body), "k")
    };
    world.stack.faults().next("TransactWriteItems", Fault::Kill); // the second of three parts
    assert!(add().send().await.status >= 500);
    bbb.removes_one(&room, "bbb").send().await.good();
    lets_go_on(&world).await;
    let outcomes = add().send().await.outcomes();
    assert_eq!(outcomes[..2], pairs(&[("bbb", "already_member"), (first[0].as_str(), "already_member")]));
    assert!(!ids(&world.platform().reads(&room).send().await.good()["members"]).contains(&"bbb".to_owned()));
    world.holds_together(&room).await;
}

/// Lets the time of the first try be over.
pub async fn lets_go_on(world: &World) {
    let items = world.items().await;
    let kept = items.iter().find(|item| item["SK"]["S"] == "ONCE").expect("a record");
    world.amends(&text(&kept["PK"]["S"]), "ONCE", "SET turnEnds = :past", json!({ ":past": { "N": "1" } })).await;
}

/// What is done is done, but an answer that is not kept is none: a repetition could be told another.
#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_not_given() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let decline = || once(bbb.declines(&room), "k");
    world.stack.faults().next("TransactWriteItems", Fault::Delay(std::time::Duration::ZERO)); // the declining
    world.stack.faults().always("TransactWriteItems", Fault::Throttle);
    decline().send().await.refused(500, "INTERNAL");
    world.stack.faults().clear();
    lets_go_on(&world).await;
    let told = decline().send().await;
    assert!(told.status == 200 && !is_replayed(&told), "{}", told.body);
    aaa.invites(&world.group(&[&aaa]).await, &["bbb"]).send().await.good();
    let again = decline().send().await;
    assert!(is_replayed(&again) && again.body == told.body, "{}", again.body);
    assert_eq!(world.events(&room).await.len(), 4, "made, `aaa` in, invited, declined");
}

/// The same for a sign-up that redeems invitations of several rooms.
#[tokio::test]
async fn a_sign_up_that_died_half_way_tells_all_its_claims() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    for room in ["one", "two"] {
        world.room(json!({ "_id": room, "members": ["aaa"] })).await;
        aaa.talk_invites(room, json!({ "email": "b@x.io" })).send().await.bare();
    }
    let body = json!({ "_id": "bbb", "email": "b@x.io", "issueAccessToken": true });
    let sign_up = || once(world.platform().post("/admin/clients", body.clone()), "k");
    let faults = world.stack.faults();
    faults.next("TransactWriteItems", Fault::Delay(std::time::Duration::ZERO));
    faults.next("TransactWriteItems", Fault::Kill);
    assert!(sign_up().send().await.status >= 500);
    lets_go_on(&world).await;
    let done = sign_up().send().await.good();
    let claims = json!([{ "room": "one", "outcome": "joined" }, { "room": "two", "outcome": "joined" }]);
    assert_eq!(done["claims"], claims);
    let bbb = world.bearer("bbb", &text(&done["token"]));
    bbb.reads("two").send().await.good();
}

/// Whoever finds that a rival under the same key has done it already says what that one says, not what he found.
#[tokio::test]
async fn rivals_hear_the_same_of_an_adding_whoever_did_it() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(8).await;
    let room = world.group(&[&aaa]).await;
    for invitee in &crowd {
        let adding = || once(aaa.adds(&room, &[invitee]), invitee);
        let answers = all_at_once(6, (0..6).map(|_| adding())).await;
        assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{answers:?}");
        assert_eq!(answers[0].outcomes(), pairs(&[(invitee, "added")]));
    }
}
