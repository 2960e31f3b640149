//! `POST /rooms/:id/members`.

use serde_json::{Value, json};
use shared::time::Time;

use crate::actors::{World, ids, pairs, text};

#[tokio::test]
async fn a_member_adds_several_clients_at_once() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.adds(&room, &["ccc", "bbb"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ccc", "added"), ("bbb", "added")]));
    assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb", "ccc"]);
    world.holds_together(&room).await;
}

// How it is asked (D9, D12).

#[tokio::test]
async fn a_trailing_slash_is_the_same_route() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.post(&format!("/rooms/{room}/members/"), json!({ "invitees": ["bbb"] })).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_body_is_read_as_json_whatever_its_content_type() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"] {
        let room = world.group(&[&aaa]).await;
        let call = aaa.call(reqwest::Method::POST, &format!("/rooms/{room}/members"));
        let answer = call.raw(r#"{"invitees":["bbb"]}"#).header("Content-Type", content_type).send().await;
        assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]), "{content_type}");
        world.holds_together(&room).await;
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_are_ignored() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let odd = json!({ "roomID": 7, "members": null, "extra": { "invitees": ["nobody"] } });
    let answer = aaa.adds(&room, &["bbb"]).and(odd).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_field_of_a_wrong_type_is_refused_by_name() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    let odd = [
        ("invitees", json!("bbb")),
        ("invitees", json!(["bbb", 1])),
        ("invitees", json!(["bbb", "a/b"])),
        ("systemMessage", json!("true")),
        ("invitationRequired", json!(1)),
        ("partial", json!("yes")),
        ("expiresInSeconds", json!("60")),
        ("expiresInSeconds", json!(60.5)),
    ];
    for (name, value) in odd {
        let answer = aaa.adds(&room, &["bbb"]).and(json!({ name: value })).send().await;
        assert!(answer.refused(400, "INVALID_PARAMETER").contains(&format!("`{name}`")), "{name}: {value}");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn naming_nobody_is_refused() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    let path = format!("/rooms/{room}/members");
    aaa.adds(&room, &[]).send().await.refused(400, "INVALID_PARAMETER");
    aaa.post(&path, json!({})).send().await.refused(400, "MISSING_PARAMETER");
    aaa.post(&path, json!({ "invitees": null })).send().await.refused(400, "MISSING_PARAMETER");
    aaa.call(reqwest::Method::POST, &path).send().await.refused(400, "MISSING_PARAMETER");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn an_invitee_named_twice_counts_once_and_the_first_place_wins() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.adds(&room, &["ccc", "bbb", "ccc", "bbb"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ccc", "added"), ("bbb", "added")]));
    assert_eq!(answer.good()["memberCount"], json!(3));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn ninety_clients_come_in_by_one_entry_and_ninety_one_only_part_by_part() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let many: Vec<String> = (0..91).map(|n| format!("c{n:02}")).collect();
    for id in &many {
        world.client(id).await;
    }
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    let refusal = aaa.adds(&room, &many).send().await.refused(400, "INVALID_PARAMETER");
    assert!(refusal.contains("`invitees`") && refusal.contains("`\"partial\": true`"), "{refusal}");
    assert_eq!(world.sight(&room).await, before);

    let other = world.group(&[&aaa]).await;
    let doubled = [&many[..90], &many[..90]].concat(); // 180 names, 90 clients
    assert_eq!(aaa.adds(&other, &doubled).send().await.good()["memberCount"], json!(91));
    assert_eq!(world.events(&other).await.last().unwrap()["clients"], json!(many[..90]));
    world.holds_together(&other).await;

    let answer = aaa.adds(&room, &many).and(json!({ "partial": true })).send().await;
    assert_eq!(answer.outcomes(), pairs(&many.iter().map(|id| (*id, "added")).collect::<Vec<_>>()));
    let told = answer.good();
    assert_eq!((&told["memberCount"], ids(&told["members"]).len()), (&json!(92), 92));
    let parts: Vec<Value> = world.events(&room).await.into_iter().skip(before.events.len()).collect();
    assert_eq!(
        parts.iter().map(|part| part["clients"].clone()).collect::<Vec<_>>(),
        [json!(many[..90]), json!(many[90..])]
    );
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_thousand_clients_can_be_named_part_by_part_and_not_one_more() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;
    let nobodies: Vec<String> = (0..1_000).map(|n| format!("nobody{n}")).collect();
    let mut named: Vec<&str> = nobodies.iter().map(String::as_str).collect();

    let partial = json!({ "partial": true });
    let answer = aaa.adds(&room, &named).and(partial.clone()).send().await;
    assert_eq!(answer.outcomes(), pairs(&named.iter().map(|id| (*id, "not_found")).collect::<Vec<_>>()));

    named.push("bbb");
    let refusal = aaa.adds(&room, &named).and(partial).send().await.refused(400, "INVALID_PARAMETER");
    assert!(refusal.contains("1000"), "{refusal}");
    assert_eq!(world.sight(&room).await, before);
}

// Who may (D10, D11).

#[tokio::test]
async fn only_a_present_member_may_add_or_invite() {
    let world = World::new().await;
    let [aaa, invited, banned, stranger, _bbb] = world.clients(["aaa", "invited", "banned", "stranger", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["invited"]).send().await.good();
    world.bans(&room, "banned").await;
    let before = world.sight(&room).await;

    for outsider in [invited, banned, stranger] {
        outsider.adds(&room, &["bbb"]).send().await.refused(403, "NOT_ROOM_MEMBER");
        outsider.invites(&room, &["bbb"]).send().await.refused(403, "NOT_ROOM_MEMBER");
        outsider.adds(&room, &[&outsider.id]).send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_private_room_does_not_exist_for_a_stranger() {
    let world = World::new().await;
    let [_aaa, stranger] = world.clients(["aaa", "stranger"]).await;
    let room = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    let before = world.sight(&room).await;

    let hidden = stranger.adds(&room, &["stranger"]).send().await.refused(404, "ROOM_NOT_FOUND");
    let absent = stranger.adds("absent", &["stranger"]).send().await.refused(404, "ROOM_NOT_FOUND");
    assert_eq!(hidden.replace(&room, "absent"), absent);
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn the_platform_may_add_to_any_room() {
    let world = World::new().await;
    let [_aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;

    let answer = world.platform().adds(&room, &["bbb"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["actor"], &entry["inviter"]), (&Value::Null, &Value::Null));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_closed_room_refuses_its_members_and_not_the_platform() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "opening": 0 })).await;
    let before = world.sight(&room).await;

    aaa.adds(&room, &["bbb"]).send().await.refused(403, "ROOM_CLOSED");
    aaa.invites(&room, &["bbb"]).send().await.refused(403, "ROOM_CLOSED");
    aaa.adds(&room, &["bbb"]).and(json!({ "partial": true })).send().await.refused(403, "ROOM_CLOSED");
    assert_eq!(world.sight(&room).await, before);

    let answer = world.platform().adds(&room, &["bbb"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "added")]));
    let answer = world.platform().invites(&room, &["ccc"]).and(json!({ "sender": "aaa" })).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ccc", "invited")]));
    world.holds_together(&room).await;
}

// All or nothing, or each by itself (D13, D14).

#[tokio::test]
async fn an_unknown_invitee_fails_the_call_and_nothing_changes() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    let answer = aaa.adds(&room, &["bbb", "nobody", "noone"]).send().await;
    assert_eq!(answer.body["error"]["details"], json!({ "missing": ["nobody", "noone"] }));
    assert!(answer.refused(404, "CLIENT_NOT_FOUND").contains("`nobody`, `noone`"));
    aaa.invites(&room, &["bbb", "nobody"]).send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_client_of_another_app_is_unknown() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.other_app("OtherApp").await.client("bbb").await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    aaa.adds(&room, &["bbb"]).send().await.refused(404, "CLIENT_NOT_FOUND");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_banned_invitee_fails_the_call_and_nothing_changes() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    world.bans(&room, "ccc").await;
    let before = world.sight(&room).await;

    let refusal = aaa.adds(&room, &["bbb", "ccc"]).send().await.refused(403, "BANNED");
    assert!(refusal.contains("`ccc`") && !refusal.contains("`bbb`"), "{refusal}");
    aaa.invites(&room, &["bbb", "ccc"]).send().await.refused(403, "BANNED");
    world.platform().adds(&room, &["ccc"]).send().await.refused(403, "BANNED");
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn more_than_the_room_can_hold_fails_the_call_and_nothing_changes() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.room(json!({ "members": ["aaa"], "maxMembers": 3 })).await;
    let before = world.sight(&room).await;

    let refusal = aaa.adds(&room, &["bbb", "ccc", "ddd"]).send().await.refused(409, "ROOM_FULL");
    assert!(refusal.contains(&format!("`{room}`")), "{refusal}");
    world.platform().adds(&room, &["bbb", "ccc", "ddd"]).send().await.refused(409, "ROOM_FULL");
    assert_eq!(world.sight(&room).await, before);

    // D31: who is in the room already needs no further seat.
    let answer = aaa.adds(&room, &["aaa", "bbb", "ccc"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("aaa", "already_member"), ("bbb", "added"), ("ccc", "added")]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn each_invitee_has_an_outcome_of_its_own_when_the_call_may_be_partial() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc, _ddd, _eee, _fff] = world.clients(["aaa", "bbb", "ccc", "ddd", "eee", "fff"]).await;
    let room = world.room(json!({ "members": ["aaa", "bbb"], "maxMembers": 3 })).await;
    world.bans(&room, "ddd").await;
    aaa.invites(&room, &["fff"]).send().await.good();

    let invitees = ["nobody", "ddd", "bbb", "ccc", "eee", "fff"];
    let answer = aaa.adds(&room, &invitees).and(json!({ "partial": true, "systemMessage": true })).send().await;
    let expected = [
        ("nobody", "not_found"),
        ("ddd", "banned"),
        ("bbb", "already_member"),
        ("ccc", "added"),
        ("eee", "room_full"),
        ("fff", "room_full"),
    ];
    assert_eq!(answer.outcomes(), pairs(&expected));
    let told = answer.good();
    assert_eq!(ids(&told["members"]), ["aaa", "bbb", "ccc"]);
    assert_eq!(ids(&told["lastMessage"]["extra"]["invitees"]), ["ccc"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn each_invitation_has_an_outcome_of_its_own_when_the_call_may_be_partial() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.room(json!({ "members": ["aaa"], "maxMembers": 1 })).await;
    world.bans(&room, "ddd").await;
    aaa.invites(&room, &["ccc"]).send().await.good();

    let invitees = ["ddd", "ccc", "bbb", "nobody", "aaa"];
    let answer = aaa.invites(&room, &invitees).and(json!({ "partial": true })).send().await;
    // D31: a pending invitation holds no seat, so a full room can be invited to.
    let expected = [
        ("ddd", "banned"),
        ("ccc", "already_invited"),
        ("bbb", "invited"),
        ("nobody", "not_found"),
        ("aaa", "already_member"),
    ];
    assert_eq!(answer.outcomes(), pairs(&expected));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_partial_call_that_reaches_nobody_succeeds_and_changes_nothing() {
    let world = World::new().await;
    let [aaa, _ddd] = world.clients(["aaa", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    world.bans(&room, "ddd").await;
    let before = world.sight(&room).await;

    let call = aaa.adds(&room, &["ddd", "nobody"]).and(json!({ "partial": true, "systemMessage": true }));
    let answer = call.send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ddd", "banned"), ("nobody", "not_found")]));
    answer.good();
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn being_a_member_already_is_an_outcome_and_changes_nothing() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let before = world.sight(&room).await;

    for call in [aaa.adds(&room, &["bbb", "aaa"]), aaa.invites(&room, &["bbb", "aaa"])] {
        let answer = call.and(json!({ "systemMessage": true })).send().await;
        assert_eq!(answer.outcomes(), pairs(&[("bbb", "already_member"), ("aaa", "already_member")]));
        assert_eq!(ids(&answer.good()["members"]), ["aaa", "bbb"]);
    }
    assert_eq!(world.sight(&room).await, before);
}

// Invitations (D15–D17).

#[tokio::test]
async fn an_invited_client_is_not_a_member() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;

    let answer = aaa.invites(&room, &["bbb"]).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "invited")]));
    let told = answer.good();
    assert_eq!((ids(&told["members"]), &told["memberCount"]), (vec!["aaa".to_owned()], &json!(1)));
    assert_eq!(told["memberProperties"], json!([{ "client": "aaa", "badge": 0, "via": "added" }]));
    for part in ["", "/members", "/events"] {
        bbb.get(&format!("/rooms/{room}{part}")).send().await.refused(403, "NOT_ROOM_MEMBER");
    }
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["type"], &entry["clients"]), (&json!("member.invited"), &json!(["bbb"])));
    assert_eq!((&entry["actor"], &entry["memberCount"]), (&json!("aaa"), &json!(1)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_call_that_does_not_say_goes_as_the_room_was_set_up() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let careful = world.room(json!({ "members": ["aaa"], "invitationRequired": true })).await;
    let open = world.room(json!({ "members": ["aaa"] })).await;

    assert_eq!(aaa.adds(&open, &["bbb"]).send().await.outcomes(), pairs(&[("bbb", "added")]));
    assert_eq!(aaa.adds(&careful, &["bbb"]).send().await.outcomes(), pairs(&[("bbb", "invited")]));
    let at_once = aaa.adds(&careful, &["ccc"]).and(json!({ "invitationRequired": false }));
    assert_eq!(at_once.send().await.outcomes(), pairs(&[("ccc", "added")]));
    world.holds_together(&careful).await;
}

#[tokio::test]
async fn inviting_again_renews_the_invitation_and_the_first_inviter_stays() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.invites(&room, &["ccc"]).and(json!({ "expiresInSeconds": 60 })).send().await.good();
    let first = world.events(&room).await.pop().unwrap();

    let again = bbb.invites(&room, &["ccc"]).and(json!({ "expiresInSeconds": 120, "systemMessage": true }));
    let answer = again.send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ccc", "already_invited")]));
    let renewal = world.events(&room).await.pop().unwrap();
    assert_eq!((&renewal["type"], &renewal["clients"]), (&json!("member.updated"), &json!(["ccc"])));
    assert!(text(&renewal["expiresAt"]) > text(&first["expiresAt"]), "{first} {renewal}");
    // D19: nobody was affected who was not before.
    assert_eq!(answer.good()["lastMessage"], Value::Null);

    ccc.joins(&room).send().await.good();
    let events = world.events(&room).await;
    assert_eq!(events.iter().filter(|event| event["type"] == "member.invited").count(), 1);
    assert_eq!(events.last().unwrap()["inviter"], json!("aaa"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn adding_an_invited_client_makes_it_a_member_and_closes_the_invitation() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.invites(&room, &["ccc"]).send().await.good();

    assert_eq!(bbb.adds(&room, &["ccc"]).send().await.outcomes(), pairs(&[("ccc", "added")]));
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["via"], &entry["inviter"]), (&json!("added"), &json!("bbb")));

    let before = world.sight(&room).await;
    assert_eq!(aaa.invites(&room, &["ccc"]).send().await.outcomes(), pairs(&[("ccc", "already_member")]));
    ccc.joins(&room).send().await.good();
    assert_eq!(world.sight(&room).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_lives_as_long_as_the_call_says_else_two_weeks() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let day = 24 * 60 * 60;
    for (asked, seconds) in [
        (json!({}), 14 * day),
        (json!({ "expiresInSeconds": null }), 14 * day),
        (json!({ "expiresInSeconds": 60 }), 60),
        (json!({ "expiresInSeconds": 90 * day }), 90 * day),
    ] {
        let room = world.group(&[&aaa]).await;
        aaa.invites(&room, &["bbb"]).and(asked).send().await.good();
        let entry = world.events(&room).await.pop().unwrap();
        let expires_at = Time::parse("expiresAt", &text(&entry["expiresAt"])).unwrap();
        let life = expires_at.millis() - entry["atMS"].as_i64().unwrap();
        // The entry's own moment may be some milliseconds later than that of the decision: the log's times ascend.
        assert_eq!((life + 500) / 1000, seconds, "{entry}");
    }
}

#[tokio::test]
async fn a_life_out_of_range_is_refused() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    for seconds in [json!(59), json!(0), json!(-60), json!(90 * 24 * 60 * 60 + 1)] {
        let answer = aaa.invites(&room, &["bbb"]).and(json!({ "expiresInSeconds": seconds })).send().await;
        assert!(answer.refused(400, "INVALID_PARAMETER").contains("`expiresInSeconds`"), "{seconds}");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn an_expired_invitation_is_as_if_absent_when_inviting_again() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    aaa.invites(&room, &["ccc"]).send().await.good();
    world.lapses(&room, "ccc").await;

    let answer = bbb.invites(&room, &["ccc"]).and(json!({ "systemMessage": true })).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ccc", "invited")]));
    assert_eq!(answer.good()["lastMessage"]["member"]["_id"], json!("ccc"));
    assert_eq!(world.events(&room).await.pop().unwrap()["type"], json!("member.invited"));

    ccc.joins(&room).send().await.good();
    assert_eq!(world.events(&room).await.pop().unwrap()["inviter"], json!("bbb"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_expired_invitation_does_not_open_a_private_room() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": ["aaa"], "isPrivate": true })).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    bbb.adds(&room, &["ccc"]).send().await.refused(403, "NOT_ROOM_MEMBER");

    world.lapses(&room, "bbb").await;
    bbb.adds(&room, &["ccc"]).send().await.refused(404, "ROOM_NOT_FOUND");
    world.holds_together(&room).await;
}

// Direct rooms (D15, D18).

#[tokio::test]
async fn a_third_client_is_refused_by_a_direct_room() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    let before = world.sight(&room).await;

    aaa.adds(&room, &["ccc"]).send().await.refused(409, "DIRECT_ROOM");
    aaa.invites(&room, &["ccc"]).send().await.refused(409, "DIRECT_ROOM");
    aaa.adds(&room, &["bbb", "ccc"]).and(json!({ "partial": true })).send().await.refused(409, "DIRECT_ROOM");
    world.platform().adds(&room, &["ccc"]).send().await.refused(409, "DIRECT_ROOM");
    assert_eq!(aaa.adds(&room, &["bbb"]).send().await.outcomes(), pairs(&[("bbb", "already_member")]));
    assert_eq!(world.sight(&room).await, before);
}

// System messages (D19).

#[tokio::test]
async fn one_affected_client_is_told_of_by_add_member() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    world.client_with(json!({ "_id": "ccc", "nickname": "CCC", "avatarUrl": "https://example.com/ccc.jpg" })).await;
    let room = world.group(&[&aaa, &bbb]).await;

    let told = aaa.adds(&room, &["ccc", "bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("addMember"), &json!("CCC")));
    assert_eq!((&last["member"]["_id"], &last["sender"]["_id"]), (&json!("ccc"), &json!("aaa")));
    let face = json!({ "_id": "ccc", "nickname": "CCC", "avatarUrl": "https://example.com/ccc.jpg" });
    assert_eq!(last["extra"], json!({ "invitees": [face] }));
    // D39: the change and its message are one entry.
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["type"], &entry["message"]), (&json!("member.joined"), last));
    assert_eq!(entry["id"], last["_id"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn several_affected_clients_are_told_of_by_one_add_members() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.client_with(json!({ "_id": "bbb", "nickname": "Ben" })).await;
    world.client_with(json!({ "_id": "ccc" })).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    let told = aaa.adds(&room, &["ccc", "bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    let last = &told["lastMessage"];
    // Nicknames, else ids.
    assert_eq!((&last["messageType"], &last["message"]), (&json!("addMembers"), &json!("ccc, Ben")));
    assert_eq!(last["extra"], json!({ "invitees": [{ "_id": "ccc" }, { "_id": "bbb", "nickname": "Ben" }] }));
    assert!(last.get("member").is_none(), "{last}");
    assert_eq!(world.events(&room).await.len(), before.events.len() + 1);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_message_is_posted_at_invite_time_too() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;

    let told = aaa.invites(&room, &["ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    assert_eq!(told["lastMessage"]["messageType"], json!("addMember"));
    assert_eq!(told["lastMessage"]["member"]["_id"], json!("ccc"));
    assert_eq!(told["memberProperties"][1], json!({ "client": "bbb", "badge": 1, "via": "added" }));
    let entry = world.events(&room).await.pop().unwrap();
    assert_eq!((&entry["type"], &entry["message"]), (&json!("member.invited"), &told["lastMessage"]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn nothing_is_posted_unless_asked_for() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;

    for more in [json!({}), json!({ "systemMessage": false }), json!({ "systemMessage": null })] {
        let told = aaa.adds(&room, &["bbb"]).and(more).send().await.good();
        assert!(told.get("lastMessage").is_none(), "{told}");
    }
    aaa.invites(&room, &["ccc"]).send().await.good();
    assert!(world.events(&room).await.iter().all(|entry| entry.get("message").is_none()));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_platform_speaks_for_nobody_or_for_the_client_it_names() {
    let world = World::new().await;
    let [_aaa, _bbb, _ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.room(json!({ "members": ["aaa"] })).await;
    let platform = world.platform();
    let aloud = json!({ "systemMessage": true });

    let told = platform.adds(&room, &["bbb"]).and(aloud.clone()).send().await.good();
    assert_eq!(told["lastMessage"].get("sender"), Some(&Value::Null));

    let call = platform.adds(&room, &["ccc"]).and(aloud.clone()).and(json!({ "sender": "aaa" }));
    let told = call.send().await.good();
    assert_eq!(told["lastMessage"]["sender"]["nickname"], json!("AAA"));
    assert_eq!(world.events(&room).await.pop().unwrap()["actor"], json!("aaa"));

    let call = platform.adds(&room, &["ddd"]).and(aloud).header("IM-CLIENT-ID", "bbb");
    let told = call.send().await.good();
    assert_eq!(told["lastMessage"]["sender"]["nickname"], json!("BBB"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_platform_cannot_speak_for_a_client_that_there_is_not() {
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    let call = || world.platform().adds(&room, &["bbb"]);
    let answer = call().and(json!({ "sender": "nobody" })).send().await;
    assert!(answer.refused(404, "CLIENT_NOT_FOUND").contains("`nobody`"));
    call().header("IM-CLIENT-ID", "nobody").send().await.refused(404, "CLIENT_NOT_FOUND");
    call().and(json!({ "sender": 7 })).send().await.refused(400, "INVALID_PARAMETER");
    assert_eq!(world.sight(&room).await, before);
}

/// D4: only the platform acts for others.
#[tokio::test]
async fn a_client_speaks_for_itself_whomever_it_names() {
    let world = World::new().await;
    let [aaa, bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa, &bbb]).await;

    let call = aaa.adds(&room, &["ccc"]).and(json!({ "systemMessage": true, "sender": "bbb" }));
    let told = call.header("IM-CLIENT-ID", "bbb").send().await.good();
    assert_eq!(told["lastMessage"]["sender"]["_id"], json!("aaa"));
    assert_eq!(world.events(&room).await.pop().unwrap()["actor"], json!("aaa"));
    world.holds_together(&room).await;
}

// What the reply shows (D22–D24).

#[tokio::test]
async fn members_stand_in_the_order_of_joining_then_by_id() {
    let world = World::new().await;
    let [zoe, _bbb, _aaa, _ccc] = world.clients(["zoe", "bbb", "aaa", "ccc"]).await;
    let room = world.room(json!({ "members": ["zoe"], "owner": "zoe" })).await;
    zoe.adds(&room, &["ccc", "bbb"]).send().await.good();

    let told = zoe.adds(&room, &["aaa"]).send().await.good();
    assert_eq!(ids(&told["members"]), ["zoe", "bbb", "ccc", "aaa"]);
    let order = [
        json!({ "client": "zoe", "badge": 0, "role": "owner", "via": "added" }),
        json!({ "client": "bbb", "badge": 0, "via": "added", "inviter": "zoe" }),
        json!({ "client": "ccc", "badge": 0, "via": "added", "inviter": "zoe" }),
        json!({ "client": "aaa", "badge": 0, "via": "added", "inviter": "zoe" }),
    ];
    assert_eq!(told["memberProperties"], json!(order));
    assert!(told["members"].as_array().unwrap().iter().all(|member| member["clientType"] == "user"), "{told}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn badges_count_what_came_since_and_not_the_senders_own() {
    let world = World::new().await;
    let [aaa, bbb, _ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa, &bbb]).await;
    let aloud = json!({ "systemMessage": true });

    let told = aaa.adds(&room, &["ccc"]).and(aloud.clone()).send().await.good();
    let first = &told["lastMessage"]["_id"];
    let badges = json!([
        { "client": "aaa", "badge": 0, "lastRead": first, "via": "added" },
        { "client": "bbb", "badge": 1, "via": "added" },
        { "client": "ccc", "badge": 0, "via": "added", "inviter": "aaa" },
    ]);
    assert_eq!(told["memberProperties"], badges);

    let told = bbb.adds(&room, &["ddd"]).and(aloud).send().await.good();
    let badges = json!([
        { "client": "aaa", "badge": 1, "lastRead": first, "via": "added" },
        { "client": "bbb", "badge": 0, "lastRead": told["lastMessage"]["_id"], "via": "added" },
        { "client": "ccc", "badge": 1, "via": "added", "inviter": "aaa" },
        { "client": "ddd", "badge": 0, "via": "added", "inviter": "bbb" },
    ]);
    assert_eq!(told["memberProperties"], badges);
    // What was said is what is stored.
    assert_eq!(world.sight(&room).await.room["memberProperties"], badges);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_client_that_wants_it_short_gets_the_room_without_its_lists() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;

    let whole = aaa.adds(&room, &["bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    let answer = aaa.adds(&room, &["bbb"]).header("Prefer", "respond-async, return=minimal").send().await;
    assert_eq!(answer.outcomes(), pairs(&[("bbb", "already_member")]));
    let mut expected = whole;
    expected.as_object_mut().unwrap().retain(|name, _| !["members", "memberProperties"].contains(&name.as_str()));
    assert_eq!(answer.good(), expected);
    let short = aaa.adds(&room, &["ccc"]).header("Prefer", "return=minimal").send().await.good();
    assert_eq!(short["memberCount"], json!(3));
    world.holds_together(&room).await;
}

// The log (D39, D40).

#[tokio::test]
async fn an_addition_is_one_entry_of_the_log() {
    let world = World::new().await;
    let [aaa, _bbb, _ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    let before = world.sight(&room).await;

    aaa.adds(&room, &["ccc", "bbb"]).and(json!({ "systemMessage": true })).send().await.good();
    let mut events = world.events(&room).await;
    let entry = events.pop().unwrap();
    assert_eq!(events, before.events);
    assert_eq!((&entry["type"], &entry["clients"]), (&json!("member.joined"), &json!(["ccc", "bbb"])));
    assert_eq!((&entry["actor"], &entry["memberCount"]), (&json!("aaa"), &json!(3)));
    assert_eq!((&entry["via"], &entry["inviter"]), (&json!("added"), &json!("aaa")));
    assert_eq!(entry["message"]["messageType"], json!("addMembers"));
    assert!(text(&entry["at"]) > text(&events.last().unwrap()["at"]), "{entry}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn two_rounds_suffice_whatever_the_number_of_invitees() {
    let world = World::on(local::Stack::builder().count_rounds(true)).await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let answer = aaa.adds(&room, &["aaa"]).send().await;
    let invocation = world.stack.invocation(&answer.request_id()).unwrap();
    assert_eq!(invocation.rounds, Some(1), "{invocation:?}");
}

#[tokio::test]
async fn a_call_that_fails_after_its_first_part_does_not_say_that_nothing_was_done() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let crowd = world.crowd(91).await;
    let invitees: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let room = world.group(&[&aaa]).await;
    world.stack.faults().always("Query", local::Fault::Throttle); // only the last part reads the members
    aaa.adds(&room, &invitees).and(json!({ "partial": true })).send().await.refused(500, "INTERNAL");
    world.stack.faults().clear();
    assert_eq!(world.sight(&room).await.room["memberCount"], json!(91));
    let again = aaa.adds(&room, &invitees).and(json!({ "partial": true })).send().await;
    assert_eq!(again.good()["memberCount"], json!(92));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_does_not_agree_is_named_or_left_out() {
    let world = World::new().await;
    let [aaa, bbb, ccc, _ddd] = world.clients(["aaa", "bbb", "ccc", "ddd"]).await;
    let room = world.group(&[&aaa]).await;
    bbb.blocks("aaa").send().await.good();
    ccc.admits("nobody").send().await.good();
    let told = world.refuses_and_keeps(aaa.adds(&room, &["ddd", "ccc", "bbb"]), 403, "BLOCKED").await;
    assert!(told.contains("`ccc`, `bbb`"), "{told}");
    let answer = aaa.adds(&room, &["ddd", "ccc", "bbb"]).and(json!({ "partial": true })).send().await;
    assert_eq!(answer.outcomes(), pairs(&[("ddd", "added"), ("ccc", "blocked"), ("bbb", "blocked")]));
    world.holds_together(&room).await;
}
