//! What Talk's own suite asserts of rooms, members and invitations (talk.md 15), each by its number there; and what its
//! code does and no test of it asserts (talk.md 16). What it says of pushed events is looked for in the room's log.
//! 2, 3, 4, 8 and 13 to 15 are of calls that are not served (changing, removing, archiving a room in Talk's way, guests), 19 to
//! 29 of teams: an app is the one team of all its clients (D1), and has no general room.

use serde_json::{Value, json};

use crate::actors::{World, ids, text};
use crate::talkers::{only, talk_room};

/// The last entry of a room's log, of some fields.
async fn last(world: &World, room: &str, names: &[&str]) -> Value {
    only(world.events(room).await.last().unwrap(), names)
}

// talk.md 15.

#[tokio::test]
async fn behaviour_1_a_new_room_holds_its_creator_and_the_members_named() {
    let world = World::new().await;
    let [u1, _u2] = world.talkers(["u1", "u2"]).await;
    let team = world.team().await;
    let asked = json!({ "_teamId": team, "topic": "话题", "purpose": "to talk", "_memberIds": ["u2", "u1"] });
    let made = u1.talk_makes(asked).send().await.bare();
    assert_eq!(ids(&made["members"]), ["u1", "u2"]);
    assert_eq!(made["_memberIds"], json!(["u1", "u2"]));
    let told = json!({
        "memberCount": 2, "purpose": "to talk", "topic": "话题", "_teamId": team,
        "pinyin": "huati", "pinyins": ["huati"], "py": "ht", "pys": ["ht"],
    });
    let names = ["memberCount", "purpose", "topic", "_teamId", "pinyin", "pinyins", "py", "pys"];
    assert_eq!(only(&made, &names), told);
    let room = text(&made["_id"]);
    let kinds: Vec<_> =
        world.events(&room).await.iter().map(|event| (event["type"].clone(), event["clients"].clone())).collect();
    let expected = [("room.created", json!([])), ("member.joined", json!(["u1"])), ("member.joined", json!(["u2"]))];
    assert_eq!(kinds, expected.map(|(kind, clients)| (json!(kind), clients)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn behaviour_5_joining_again_after_having_quit_shows_the_whole_room() {
    let world = World::new().await;
    let [u1, u2] = world.talkers(["u1", "u2"]).await;
    let room = world.topic(&u1, json!({ "_memberIds": ["u2"] })).await;
    u2.talk_leaves(&room).send().await.bare();
    let joined = u2.talk_joins(&room).send().await.bare();
    assert_eq!((&joined["topic"], &joined["_teamId"]), (&json!("room1"), &json!(world.team().await)));
    assert_eq!(ids(&joined["members"]), ["u1", "u2"]);
    let said: Vec<_> =
        joined["latestMessages"].as_array().unwrap().iter().map(|one| only(one, &["body", "_creatorId"])).collect();
    let left = json!({ "body": "{{__info-leave-room}}", "_creatorId": "u2" });
    assert_eq!(said, [left, json!({ "body": "{{__info-join-room}}", "_creatorId": "u2" })], "the oldest first");
    assert_eq!(joined["unread"], 0);
    let told = json!({ "type": "member.joined", "clients": ["u2"], "actor": "u2", "via": "join", "memberCount": 2 });
    assert_eq!(last(&world, &room, &["type", "clients", "actor", "via", "memberCount"]).await, told);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn behaviour_6_nobody_joins_a_room_of_a_team_that_he_is_not_in() {
    let world = World::new().await;
    let neighbour = world.other_app("Other").await;
    let stranger = world.talker(&neighbour.client("u2").await);
    let [u1] = world.talkers(["u1"]).await;
    let open = world.topic(&u1, json!({})).await;
    // Whoever is of another team does not learn that the room exists (D1); who is not in a private one does.
    world.refuses(&open, stranger.talk_joins(&open), 400, 401).await;
    let private = world.topic(&u1, json!({ "isPrivate": true })).await;
    let [u2] = world.talkers(["u2"]).await;
    let message = world.refuses(&private, u2.talk_joins(&private), 403, 204).await;
    assert_eq!(message, format!("room {private} member does not exist"));
}

#[tokio::test]
async fn behaviour_7_joining_a_left_room_again_lists_both_users() {
    let world = World::new().await;
    let [u1, u2] = world.talkers(["u1", "u2"]).await;
    let room = world.topic(&u1, json!({ "_memberIds": ["u2"] })).await;
    u1.talk_leaves(&room).send().await.bare();
    assert_eq!(ids(&u2.talk_reads(&room).send().await.bare()["members"]), ["u2"]);
    u1.talk_joins(&room).send().await.bare();
    let seen = u2.talk_reads(&room).send().await.bare();
    let roles: Vec<_> = seen["members"].as_array().unwrap().iter().map(|one| only(one, &["_id", "role"])).collect();
    // The room passed to u2 when its owner left.
    assert_eq!(roles, [json!({ "_id": "u2", "role": "owner" }), json!({ "_id": "u1", "role": "member" })]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn behaviour_9_leaving_is_told_of_the_very_user_and_room() {
    let world = World::new().await;
    let [u1, u2] = world.talkers(["u1", "u2"]).await;
    let room = world.topic(&u1, json!({ "_memberIds": ["u2"] })).await;
    let left = u2.talk_leaves(&room).send().await.bare();
    assert_eq!(only(&left, &["_id", "memberCount", "popRate"]), json!({ "_id": room, "memberCount": 1, "popRate": 3 }));
    let told = json!({ "type": "member.left", "clients": ["u2"], "actor": "u2", "memberCount": 1 });
    assert_eq!(last(&world, &room, &["type", "clients", "actor", "memberCount"]).await, told);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn behaviour_10_an_existing_user_is_invited_by_email() {
    let world = World::new().await;
    let [u1] = world.talkers(["u1"]).await;
    let room = world.topic(&u1, json!({})).await;
    world.client_with(json!({ "_id": "u2", "nickname": "Ann", "email": "Ann@x.io" })).await;
    let user = u1.talk_invites(&room, json!({ "email": "ann@x.io" })).send().await.bare();
    let told = json!({
        "role": "member", "emailForLogin": "ann@x.io", "name": "Ann", "_roomId": room, "_teamId": world.team().await,
    });
    assert_eq!(only(&user, &["role", "emailForLogin", "name", "_roomId", "_teamId"]), told);
    let told = json!({ "type": "member.joined", "clients": ["u2"], "actor": "u1" });
    assert_eq!(last(&world, &room, &["type", "clients", "actor"]).await, told);
}

#[tokio::test]
async fn behaviour_11_an_unknown_mobile_is_invited() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let invitation = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let told = json!({ "role": "member", "_roomId": room, "_teamId": world.team().await });
    assert_eq!(only(&invitation, &["role", "_roomId", "_teamId"]), told);
    let told = json!({ "type": "member.invited", "invitation": invitation["_id"] });
    assert_eq!(last(&world, &room, &["type", "invitation"]).await, told);
}

#[tokio::test]
async fn behaviour_12_an_unknown_email_and_an_unknown_mobile_are_two_invitations_of_one_batch() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let before = world.events(&room).await.len();
    let whom = json!({ "emails": ["new@x.io"], "mobiles": ["13100000000"] });
    let told = aaa.talk_invites_all(&room, whom).send().await.bare();
    let [first, second] = told.as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!((&first["email"], &second["mobile"]), (&json!("new@x.io"), &json!("13100000000")));
    for one in [first, second] {
        assert_eq!((&one["room"]["_id"], &one["team"]), (&json!(room), &json!(world.team().await)));
    }
    let logged: Vec<_> = world.events(&room).await[before..].iter().map(|event| event["invitation"].clone()).collect();
    assert_eq!(logged, [first["_id"].clone(), second["_id"].clone()]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn behaviour_16_the_creator_removes_a_member_from_a_private_room() {
    let world = World::new().await;
    let [u1, _u2] = world.talkers(["u1", "u2"]).await;
    let room = world.topic(&u1, json!({ "isPrivate": true, "_memberIds": ["u2"] })).await;
    let removed = u1.talk_removes(&room, "u2").send().await.bare();
    assert_eq!(only(&removed, &["_id", "memberCount"]), json!({ "_id": room, "memberCount": 1 }));
    let told = json!({ "type": "member.removed", "clients": ["u2"], "actor": "u1", "memberCount": 1 });
    assert_eq!(last(&world, &room, &["type", "clients", "actor", "memberCount"]).await, told);
    let seen = u1.talk_reads(&room).send().await.bare();
    let message = seen["latestMessages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(only(&message, &["body", "_creatorId"]), json!({ "body": "{{__info-leave-room}}", "_creatorId": "u2" }));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn behaviour_17_an_invited_mobile_is_the_only_one_of_the_teams_list() {
    let (world, aaa, room) = talk_room(json!({})).await;
    aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let listed = aaa.talk_lists(&world.team().await).send().await.bare();
    let [invitation] = listed.as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(invitation["key"], "mobile_13100000000");
}

#[tokio::test]
async fn behaviour_18_the_owner_deletes_an_invitation() {
    let world = World::new().await;
    let [u1, u2] = world.talkers(["u1", "u2"]).await;
    let room = world.topic(&u1, json!({})).await;
    let invitation = u2.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let gone = u1.talk_cancels(&invitation["_id"]).send().await.bare();
    let team = json!(world.team().await);
    assert_eq!((&gone["_id"], &gone["_teamId"], &gone["team"]), (&invitation["_id"], &team, &team));
    let told = json!({ "type": "invitation.cancelled", "actor": "u1", "invitation": invitation["_id"] });
    assert_eq!(last(&world, &room, &["type", "actor", "invitation"]).await, told);
}

// talk.md 16. A request without an identifier or with two, `_userId` and an unknown one, 239, 237, the refusal of a private
// room, and the number of members after an invitation have their tests in talk_invite.rs.

#[tokio::test]
async fn gap_a_member_who_quit_is_invited_back_as_a_plain_member() {
    let world = World::new().await;
    let [u1, u2] = world.talkers(["u1", "u2"]).await;
    let room = world.topic(&u1, json!({ "_memberIds": ["u2"] })).await;
    u1.talk_leaves(&room).send().await.bare();
    let back = u2.talk_invites(&room, json!({ "_userId": "u1" })).send().await.bare();
    assert_eq!((&back["role"], &back["room"]["memberCount"]), (&json!("member"), &json!(2)));
    let seen = u1.talk_reads(&room).send().await.bare();
    let roles: Vec<_> = seen["members"].as_array().unwrap().iter().map(|one| only(one, &["_id", "role"])).collect();
    assert_eq!(roles, [json!({ "_id": "u2", "role": "owner" }), json!({ "_id": "u1", "role": "member" })]);
    assert_eq!(seen["isQuit"], false);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn gap_a_room_level_invitation_is_claimed_by_signing_up() {
    let world = World::new().await;
    let [u1] = world.talkers(["u1"]).await;
    let room = world.topic(&u1, json!({ "isPrivate": true })).await;
    u1.talk_invites(&room, json!({ "email": "New@x.io" })).send().await.bare();
    let new = world.client_with(json!({ "_id": "new", "email": "new@X.io" })).await;
    let seen = world.talker(&new).talk_reads(&room).send().await.bare();
    assert_eq!(ids(&seen["members"]), ["u1", "new"]);
    let message = seen["latestMessages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(only(&message, &["body", "_creatorId"]), json!({ "body": "{{__info-join-room}}", "_creatorId": "new" }));
    assert_eq!(u1.talk_lists(&world.team().await).send().await.bare(), json!([]), "it is used up");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn gap_what_fails_in_a_batch_fails_alone_and_in_its_place() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client("bbb").await;
    aaa.talk_invites(&room, json!({ "email": "old@x.io" })).send().await.bare();
    let whom = json!({
        "mobiles": ["13100000000"], "emails": ["old@x.io", "new@x.io"], "_userIds": ["aaa", "nobody", "bbb"],
    });
    let told = aaa.talk_invites_all(&room, whom).send().await.bare();
    let error = |code: u16, message: &str, name: &str, sent: &str| json!({ "error": { "code": code, "message": message }, name: sent });
    assert_eq!(told[0], error(239, "Member already exist", "_userId", "aaa"));
    assert_eq!(told[1], error(401, "Object not found : user nobody", "_userId", "nobody"));
    assert_eq!((&told[2]["_id"], &told[2]["role"]), (&json!("bbb"), &json!("member")));
    assert_eq!(told[3], error(237, "Invitation record already exists", "email", "old@x.io"));
    assert_eq!((&told[4]["email"], &told[4]["isInvite"]), (&json!("new@x.io"), &json!(true)));
    assert_eq!((&told[5]["mobile"], &told[5]["isInvite"]), (&json!("13100000000"), &json!(true)));
    assert_eq!(told.as_array().unwrap().len(), 6);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn gap_a_malformed_parameter_is_named_and_nothing_is_done() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client("bbb").await;
    let odd = [
        ("emails", json!({ "emails": ["good@x.io", "nobody"], "_userIds": ["bbb"] })),
        ("emails", json!({ "emails": "good@x.io" })),
        ("emails", json!({ "emails": null })),
        ("emails", json!({ "emails": [null] })),
        ("mobiles", json!({ "mobiles": "13100000000" })),
        ("mobiles", json!({ "mobiles": ["13100000000", "12"] })),
        ("mobiles", json!({ "mobiles": {} })),
        ("_userIds", json!({ "_userIds": "bbb" })),
        ("_userIds", json!({ "_userIds": ["bbb", "a/b"] })),
        ("_userIds", json!({ "_userIds": ["bbb", ""] })),
    ];
    for (name, whom) in odd {
        let message = world.refuses(&room, aaa.talk_invites_all(&room, whom), 400, 405).await;
        assert_eq!(message, format!("Invalid parameter : {name}"));
    }
    for call in [aaa.talk_removes(&room, "a/b"), aaa.talk_removes(&room, "")] {
        assert_eq!(world.refuses(&room, call, 400, 405).await, "Invalid parameter : _userId");
    }
    assert_eq!(aaa.talk_cancels(&json!("short")).send().await.talk_refused(400, 405), "Invalid parameter : _id");
}

#[tokio::test]
async fn gap_a_plain_member_deletes_no_invitation_of_anothers() {
    let world = World::new().await;
    let [u1, u2, u3] = world.talkers(["u1", "u2", "u3"]).await;
    let room = world.topic(&u1, json!({ "_memberIds": ["u2"] })).await;
    let invitation = u1.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    for other in [&u2, &u3] {
        let message = world.refuses(&room, other.talk_cancels(&invitation["_id"]), 403, 219).await;
        assert_eq!(message, "You are not authorized to access");
    }
    assert_eq!(u1.talk_lists(&world.team().await).send().await.bare().as_array().unwrap().len(), 1);
}
