//! `POST /v2/rooms/:_id/invite`.

use local::{Fault, Stack};
use serde_json::{Value, json};

use crate::actors::{World, ids, pairs, text};
use crate::talkers::{INVITATION, ROOM, USER, hiding_addresses, is_as_documented, is_generated, only, talk_room};

// The document.

#[tokio::test]
async fn the_documented_request_adds_a_person_whom_the_app_knows() {
    let (world, aaa, room) = talk_room(json!({ "topic": "room1" })).await;
    world.client("bbb").await;
    world.platform().adds(&room, &["bbb"]).send().await.good();
    let avatar = "https://dn-st.qbox.me/user_default_avatars/4.png";
    let email = "lurenjia@teambition.com";
    let known = json!({ "_id": "55f13faf8be34c3d6d4de90d", "nickname": "路人甲", "avatarUrl": avatar, "email": email });
    world.client_with(known).await;

    let answer = aaa.talk_invites(&room, json!({ "email": email })).send().await;
    assert_eq!(answer.headers["content-type"], "application/json; charset=utf-8");
    let user = answer.bare();
    is_as_documented(&user, USER);
    is_as_documented(&user["room"], ROOM);
    let said = json!({
        "_id": "55f13faf8be34c3d6d4de90d", "name": "路人甲", "py": "lrj", "pinyin": "lurenjia",
        "emailForLogin": email, "emailDomain": "teambition.com", "__v": 0, "isGuest": false, "isRobot": false,
        "pys": ["lrj"], "pinyins": ["lurenjia"], "from": "register", "avatarUrl": avatar, "role": "member",
        "id": "55f13faf8be34c3d6d4de90d", "_roomId": room, "_teamId": user["_teamId"],
    });
    assert_eq!(only(&user, &said.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>()), said);
    let topic = json!({
        "_id": room, "id": room, "topic": "room1", "py": "room1", "pinyin": "room1", "pys": ["room1"],
        "pinyins": ["room1"], "__v": 0, "memberCount": 3, "popRate": 9, "isGuestVisible": false, "color": "blue",
        "isPrivate": false, "isArchived": false, "isGeneral": false, "creator": "aaa", "_creatorId": "aaa",
        "team": user["_teamId"], "_teamId": user["_teamId"],
    });
    assert_eq!(only(&user["room"], &topic.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>()), topic);
    assert!(is_generated(&user["_teamId"]), "{user}");
    let address = text(&user["room"]["email"]);
    assert!(address.starts_with("room1.r") && address.ends_with("@talk.ai"), "{address}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_documented_request_invites_a_person_whom_nobody_knows() {
    let (world, aaa, room) = talk_room(json!({ "topic": "room1" })).await;
    let invitation = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    is_as_documented(&invitation, INVITATION);
    is_as_documented(&invitation["room"], ROOM);
    let said = json!({
        "__v": 0, "mobile": "13100000000", "key": "mobile_13100000000", "name": "13100000000", "isInvite": true,
        "role": "member", "_roomId": room, "team": invitation["_teamId"], "id": invitation["_id"],
    });
    assert_eq!(only(&invitation, &said.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>()), said);
    assert!(is_generated(&invitation["_id"]) && is_generated(&invitation["_teamId"]), "{invitation}");
    let counted = only(&invitation["room"], &["_id", "memberCount", "popRate", "creator", "_teamId"]);
    let team = &invitation["_teamId"];
    assert_eq!(
        counted,
        json!({ "_id": room, "memberCount": 1, "popRate": 3, "creator": "aaa", "_teamId": team }),
        "an invitation counts nobody"
    );
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_email_invitation_is_keyed_by_the_email_and_named_after_its_local_part() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let invitation = aaa.talk_invites(&room, json!({ "email": "dajiangyou@teambition.com" })).send().await.bare();
    let fields: Vec<_> =
        INVITATION.iter().map(|(name, kind)| (if *name == "mobile" { "email" } else { name }, *kind)).collect();
    is_as_documented(&invitation, &fields);
    let named =
        json!({ "email": "dajiangyou@teambition.com", "key": "email_dajiangyou@teambition.com", "name": "dajiangyou" });
    assert_eq!(only(&invitation, &["email", "key", "name"]), named);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_body_needs_no_content_type() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let call = aaa.call(reqwest::Method::POST, &format!("/v2/rooms/{room}/invite/"));
    call.raw(r#"{"email": "dajiangyou@teambition.com"}"#).send().await.bare();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_room_of_the_platforms_has_no_creator() {
    let (world, aaa, _) = talk_room(json!({})).await;
    let room = world.group(&[]).await;
    let reply = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    assert_eq!(only(&reply["room"], &["creator", "_creatorId"]), json!({ "creator": null, "_creatorId": null }));
}

#[tokio::test]
async fn a_topic_in_chinese_is_spelled_with_every_reading() {
    let (_world, aaa, room) = talk_room(json!({ "topic": "重庆 Team" })).await;
    let reply = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let spelled = json!({
        "pinyin": "zhongqing team", "pinyins": ["zhongqing team", "chongqing team"],
        "py": "zq team", "pys": ["zq team", "cq team"],
    });
    assert_eq!(only(&reply["room"], &["pinyin", "pinyins", "py", "pys"]), spelled);
}

// D34: what happens.

#[tokio::test]
async fn a_known_person_joins_at_once() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client("bbb").await;
    let reply = aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
    let team = text(&reply["room"]["team"]);
    let placed = json!({ "_id": "bbb", "_roomId": room, "_teamId": team, "role": "member" });
    assert_eq!(only(&reply, &["_id", "_roomId", "_teamId", "role"]), placed);
    assert!(reply.get("isInvite").is_none(), "a user is no invitation");
    assert_eq!(only(&reply["room"], &["memberCount", "popRate"]), json!({ "memberCount": 2, "popRate": 6 }));
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa", "bbb"]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_joining_posts_one_message_in_the_name_of_who_joined() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client("bbb").await;
    let before = world.events(&room).await.len();
    aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();

    let after = world.sight(&room).await;
    let [event] = &after.events[before..] else { panic!("one entry: {:?}", after.events) };
    let told = json!({
        "type": "member.joined", "actor": "aaa", "clients": ["bbb"], "via": "added", "inviter": "aaa", "memberCount": 2,
    });
    assert_eq!(only(event, &["type", "actor", "clients", "via", "inviter", "memberCount"]), told);
    let message = &after.room["lastMessage"];
    assert_eq!(event["message"], *message);
    assert_eq!(only(message, &["messageType", "message"]), json!({ "messageType": "joinRoom", "message": "BBB" }));
    assert_eq!((&message["sender"]["_id"], &message["member"]["_id"]), (&json!("bbb"), &json!("bbb")));
    let badges: Vec<_> =
        after.room["memberProperties"].as_array().unwrap().iter().map(|one| only(one, &["client", "badge"])).collect();
    assert_eq!(badges, [json!({ "client": "aaa", "badge": 1 }), json!({ "client": "bbb", "badge": 0 })]);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_posts_no_message_and_the_log_holds_no_address() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let before = world.sight(&room).await;
    let whom = json!({ "mobile": "13100000000", "email": "dajiangyou@teambition.com" });
    let reply = aaa.talk_invites(&room, whom).send().await.bare();

    let after = world.sight(&room).await;
    assert_eq!(after.room["lastMessage"], before.room["lastMessage"]);
    assert_eq!(after.room["members"], before.room["members"]);
    let [event] = &after.events[before.events.len()..] else { panic!("one entry: {:?}", after.events) };
    let told = json!({
        "type": "member.invited", "actor": "aaa", "clients": [], "memberCount": 1, "invitation": reply["_id"],
    });
    assert_eq!(only(event, &["type", "actor", "clients", "memberCount", "invitation"]), told);
    let log = format!("{after:?}");
    assert!(!log.contains("3100000000") && !log.contains("dajiangyou"), "every member may read the log: {log}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_member_is_not_invited_again() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client_with(json!({ "_id": "bbb", "email": "bob@x.io", "mobile": "13100000000" })).await;
    aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
    for whom in [
        json!({ "_userId": "bbb" }),
        json!({ "email": "Bob@X.io" }),
        json!({ "mobile": "+8613100000000" }),
        json!({ "_userId": "aaa" }),
    ] {
        let message = world.refuses(&room, aaa.talk_invites(&room, whom), 400, 239).await;
        assert_eq!(message, "Member already exist");
    }
}

#[tokio::test]
async fn an_invited_address_is_not_invited_again_however_it_is_written() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let bbb = world.talker(&world.client("bbb").await);
    aaa.talk_invites(&room, json!({ "email": "New.Person@Example.COM" })).send().await.bare();
    aaa.talk_invites(&room, json!({ "mobile": "131 0000 0000" })).send().await.bare();
    for whom in [
        json!({ "email": "New.Person@Example.COM" }),
        json!({ "email": " new.person@example.com " }),
        json!({ "mobile": "131 0000 0000" }),
        json!({ "mobile": "+86 131-0000-0000" }),
        json!({ "mobile": 13_100_000_000_u64 }),
    ] {
        for inviter in [&aaa, &bbb] {
            let message = world.refuses(&room, inviter.talk_invites(&room, whom.clone()), 400, 237).await;
            assert_eq!(message, "Invitation record already exists");
        }
    }
}

#[tokio::test]
async fn an_address_is_invited_to_each_room_by_itself() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let other = world.group(&[]).await;
    let whom = json!({ "email": "new@x.io" });
    let first = aaa.talk_invites(&room, whom.clone()).send().await.bare();
    let second = aaa.talk_invites(&other, whom).send().await.bare();
    assert_ne!(first["_id"], second["_id"]);
    world.holds_together(&room).await;
    world.holds_together(&other).await;
}

#[tokio::test]
async fn an_address_is_invited_again_once_its_invitation_has_expired() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let whom = json!({ "email": "New.Person@Example.COM" });
    let first = aaa.talk_invites(&room, whom.clone()).send().await.bare();
    world.invitation_expires(&room, "new.person@example.com").await;
    let second = aaa.talk_invites(&room, whom.clone()).send().await.bare();
    assert_ne!(first["_id"], second["_id"]);
    let events = world.events(&room).await;
    let told = |event: &Value| only(event, &["actor", "invitation", "type"]);
    let [.., expired, invited] = &events[..] else { panic!("{events:?}") };
    let nobody = json!({ "actor": null, "invitation": first["_id"], "type": "invitation.expired" });
    assert_eq!(told(expired), nobody, "each invitation ends in the log, whoever is quicker than the schedule");
    assert_eq!(told(invited), json!({ "actor": "aaa", "invitation": second["_id"], "type": "member.invited" }));
    world.refuses(&room, aaa.talk_invites(&room, whom), 400, 237).await;
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_lives_a_fortnight() {
    let (world, aaa, room) = talk_room(json!({})).await;
    aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    let events = world.events(&room).await;
    let (at, until) = (text(&events.last().unwrap()["at"]), text(&events.last().unwrap()["expiresAt"]));
    let items = world.items().await;
    let stored = items.iter().find(|item| text(&item["SK"]["S"]).starts_with("#INVITATION#")).unwrap();
    let millis = |name: &str| stored[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
    let days = (millis("expiresAt") - millis("createdAt")) as f64 / 86_400_000.0;
    assert!((13.99..=14.0).contains(&days), "from {at} to {until}: {days} days");
}

#[tokio::test]
async fn both_addresses_of_a_person_whom_nobody_knows_make_one_invitation() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let before = world.events(&room).await.len();
    let whom = json!({ "email": "new@x.io", "mobile": "131 0000 0000" });
    let reply = aaa.talk_invites(&room, whom).send().await.bare();
    let named = json!({ "email": "new@x.io", "mobile": "131 0000 0000", "key": "mobile_131 0000 0000", "name": "131 0000 0000" });
    assert_eq!(only(&reply, &["email", "mobile", "key", "name"]), named);
    assert_eq!(world.events(&room).await.len(), before + 1);
    world.refuses(&room, aaa.talk_invites(&room, json!({ "mobile": "13100000000" })), 400, 237).await;
}

#[tokio::test]
async fn somebody_with_an_open_invitation_of_the_other_dialect_joins_at_once() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let bbb = world.client("bbb").await;
    world.platform().invites(&room, &["bbb"]).send().await.good();
    aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
    let again = bbb.adds(&room, &["bbb"]).send().await;
    assert_eq!(again.outcomes(), pairs(&[("bbb", "already_member")]));
    world.holds_together(&room).await;
}

// D33: whom a request names.

#[tokio::test]
async fn a_user_id_goes_before_a_mobile_and_a_mobile_before_an_email() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client("bbb").await;
    world.client_with(json!({ "_id": "ccc", "mobile": "13100000001" })).await;
    world.client_with(json!({ "_id": "ddd", "email": "ddd@x.io" })).await;

    let all = json!({ "_userId": "bbb", "mobile": "13100000001", "email": "ddd@x.io" });
    assert_eq!(aaa.talk_invites(&room, all).send().await.bare()["_id"], "bbb");
    let two = json!({ "mobile": "13100000001", "email": "ddd@x.io" });
    assert_eq!(aaa.talk_invites(&room, two).send().await.bare()["_id"], "ccc");
    // A mobile that nobody has is not made good by an e-mail that somebody has (talk.md 5.1).
    let unknown = json!({ "mobile": "13100000002", "email": "ddd@x.io" });
    assert_eq!(aaa.talk_invites(&room, unknown).send().await.bare()["isInvite"], true);
    assert_eq!(aaa.talk_invites(&room, json!({ "email": "ddd@x.io" })).send().await.bare()["_id"], "ddd");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_request_that_names_nobody_is_refused() {
    let (world, aaa, room) = talk_room(json!({})).await;
    for nobody in [json!({}), json!({ "name": "Bob" }), json!({ "userId": "aaa" })] {
        let message = world.refuses(&room, aaa.talk_invites(&room, nobody), 400, 400).await;
        assert_eq!(message, "Parameter missing : email, mobile");
    }
}

#[tokio::test]
async fn an_address_in_another_spelling_is_the_same_person() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let other = world.group(&[]).await;
    let known = json!({ "_id": "bbb", "email": "Lu.Renjia@Teambition.com", "mobile": "13100000000" });
    world.client_with(known).await;
    let reply = aaa.talk_invites(&room, json!({ "email": " lu.RENJIA@teambition.COM" })).send().await.bare();
    assert_eq!(reply["_id"], "bbb");
    assert_eq!(reply["emailForLogin"], "lu.renjia@teambition.com", "logins are lower-case (talk.md 4.1)");
    let reply = aaa.talk_invites(&other, json!({ "mobile": "+86 131 0000 0000" })).send().await.bare();
    assert_eq!(reply["_id"], "bbb");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_invitation_echoes_the_address_as_it_was_sent() {
    let (_world, aaa, room) = talk_room(json!({})).await;
    let email = aaa.talk_invites(&room, json!({ "email": "New.Person@Example.COM" })).send().await.bare();
    let named =
        json!({ "email": "New.Person@Example.COM", "key": "email_New.Person@Example.COM", "name": "New.Person" });
    assert_eq!(only(&email, &["email", "key", "name"]), named);
    let mobile = aaa.talk_invites(&room, json!({ "mobile": "+86 131 0000 0000" })).send().await.bare();
    let named = json!({
        "mobile": "+86 131 0000 0000", "key": "mobile_+86 131 0000 0000", "name": "+86 131 0000 0000",
    });
    assert_eq!(only(&mobile, &["mobile", "key", "name"]), named);
}

#[tokio::test]
async fn a_mobile_is_dialled_from_the_apps_own_region() {
    let world = World::new().await;
    let app = world.stack.invoke("create_app", json!({ "app": "Us", "defaultRegion": "US" })).await.unwrap();
    let platform = world.stranger().with("IM-API-KEY", &text(&app["apiKey"]));
    let bbb = json!({ "_id": "bbb", "mobile": "+1 202 555 0173" });
    platform.post("/admin/clients", bbb).send().await.good();
    let room = text(&platform.post("/rooms", json!({})).send().await.good()["_id"]);
    let reply = platform.talk_invites(&room, json!({ "mobile": "(202) 555-0173" })).send().await.bare();
    assert_eq!(reply["_id"], "bbb");

    let stranger = json!({ "mobile": "(202) 555-0174", "email": "new@x.io" });
    platform.talk_invites(&room, stranger).send().await.bare();
    let again = json!({ "mobile": "+12025550174" });
    platform.talk_invites(&room, again).send().await.talk_refused(400, 237);
}

#[tokio::test]
async fn a_mobile_is_dialled_from_china_where_the_app_says_nothing() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client_with(json!({ "_id": "bbb", "mobile": "+86 131 0000 0000" })).await;
    let reply = aaa.talk_invites(&room, json!({ "mobile": "131 0000 0000" })).send().await.bare();
    assert_eq!(reply["_id"], "bbb");
}

#[tokio::test]
async fn an_unknown_user_id_is_refused_by_name() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let whom = json!({ "_userId": "nobody", "email": "new@x.io" });
    let message = world.refuses(&room, aaa.talk_invites(&room, whom), 400, 401).await;
    assert_eq!(message, "Object not found : user nobody");
}

#[tokio::test]
async fn a_client_of_another_app_is_unknown_here() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let other = world.other_app("Other").await;
    let body = json!({ "_id": "eve", "email": "eve@x.io" });
    other.platform().post("/admin/clients", body).send().await.good();
    let message = world.refuses(&room, aaa.talk_invites(&room, json!({ "_userId": "eve" })), 400, 401).await;
    assert_eq!(message, "Object not found : user eve");
    let reply = aaa.talk_invites(&room, json!({ "email": "eve@x.io" })).send().await.bare();
    assert_eq!(reply["isInvite"], true);
}

// D35: who may invite.

#[tokio::test]
async fn any_client_of_the_app_invites_into_a_public_room() {
    let (world, _, room) = talk_room(json!({})).await;
    let bbb = world.talker(&world.client("bbb").await);
    world.client("ccc").await;
    bbb.talk_invites(&room, json!({ "_userId": "ccc" })).send().await.bare();
    bbb.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    assert_eq!(ids(&world.sight(&room).await.room["members"]), ["aaa", "ccc"], "who invites does not join");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn only_members_invite_into_a_private_room() {
    let (world, aaa, room) = talk_room(json!({ "isPrivate": true })).await;
    let [bbb, ccc] = world.clients(["bbb", "ccc"]).await;
    world.platform().invites(&room, &["ccc"]).send().await.good();
    for outsider in [world.talker(&bbb), world.talker(&ccc)] {
        for whom in [json!({ "_userId": "bbb" }), json!({ "email": "new@x.io" }), json!({ "_userId": "nobody" })] {
            let message = world.refuses(&room, outsider.talk_invites(&room, whom), 403, 204).await;
            assert_eq!(message, format!("room {room} member does not exist"));
        }
    }
    let reply = aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
    assert_eq!(reply["room"]["isPrivate"], true);
    let reply = world.platform().talk_invites(&room, json!({ "_userId": "ccc" })).send().await.bare();
    assert_eq!(reply["room"]["memberCount"], 3);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_banned_neither_invite_nor_are_invited() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let bbb = world.client_with(json!({ "_id": "bbb", "email": "bob@x.io" })).await;
    world.client("ccc").await;
    world.bans(&room, "bbb").await;
    let bbb = world.talker(&bbb);
    for call in [
        bbb.talk_invites(&room, json!({ "_userId": "ccc" })),
        bbb.talk_invites(&room, json!({ "email": "new@x.io" })),
        bbb.talk_invites(&room, json!({ "_userId": "bbb" })),
        aaa.talk_invites(&room, json!({ "_userId": "bbb" })),
        aaa.talk_invites(&room, json!({ "email": "bob@x.io" })),
        world.platform().talk_invites(&room, json!({ "_userId": "bbb" })),
    ] {
        let message = world.refuses(&room, call, 403, 219).await;
        assert_eq!(message, "You are not authorized to access");
    }
}

// What a room refuses.

#[tokio::test]
async fn a_full_room_takes_nobody_but_lets_strangers_be_invited() {
    let (world, aaa, room) = talk_room(json!({ "maxMembers": 1 })).await;
    world.client("bbb").await;
    let message = world.refuses(&room, aaa.talk_invites(&room, json!({ "_userId": "bbb" })), 403, 243).await;
    assert_eq!(message, "Operation not permitted：Enter full room");
    // Pending invitations hold no seat (D31).
    aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_closed_room_takes_nobody_but_from_the_platform() {
    let (world, aaa, room) = talk_room(json!({ "opening": 0 })).await;
    world.client("bbb").await;
    for whom in [json!({ "_userId": "bbb" }), json!({ "email": "new@x.io" })] {
        let message = world.refuses(&room, aaa.talk_invites(&room, whom), 403, 243).await;
        assert_eq!(message, "Operation not permitted：Enter closed room");
    }
    world.platform().talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
    world.platform().talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_direct_room_takes_no_third() {
    let world = World::new().await;
    let [aaa, _bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    for whom in [json!({ "_userId": "ccc" }), json!({ "email": "new@x.io" })] {
        let message = world.refuses(&room, world.talker(&aaa).talk_invites(&room, whom), 403, 243).await;
        assert_eq!(message, "Operation not permitted：Enter direct room");
    }
    let whom = json!({ "_userId": "ccc" });
    let message = world.refuses(&room, world.talker(&ccc).talk_invites(&room, whom), 403, 204).await;
    assert_eq!(message, format!("room {room} member does not exist"), "a direct room is private");
}

#[tokio::test]
async fn an_unknown_room_is_refused_by_name() {
    let (_world, aaa, _) = talk_room(json!({})).await;
    for whom in [json!({ "_userId": "aaa" }), json!({ "_userId": "nobody" }), json!({ "email": "new@x.io" })] {
        let message = aaa.talk_invites("539023a3822fb04c1c679469", whom).send().await.talk_refused(400, 401);
        assert_eq!(message, "Object not found : room 539023a3822fb04c1c679469");
    }
}

// Parameters (talk.md 1.3).

#[tokio::test]
async fn a_malformed_parameter_is_named_before_anybody_is_asked_who_he_is() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let bad = [
        ("email", json!("nobody")),
        ("email", json!("a b@x.io")),
        ("email", json!("")),
        ("email", json!(null)),
        ("email", json!(["a@x.io"])),
        ("email", json!(true)),
        ("mobile", json!("123")),
        ("mobile", json!("1234567890123456")),
        ("mobile", json!("call me")),
        ("mobile", json!("")),
        ("mobile", json!(null)),
        ("mobile", json!({})),
        ("_userId", json!("")),
        ("_userId", json!("a/b")),
        ("_userId", json!(null)),
        ("_id", json!("a#b")),
    ];
    for (name, value) in bad {
        for caller in [&aaa, &world.stranger()] {
            let mut whom = json!({ "email": "new@x.io" });
            whom[name] = value.clone();
            let message = world.refuses(&room, caller.talk_invites(&room, whom), 400, 405).await;
            assert_eq!(message, format!("Invalid parameter : {name}"), "{value}");
        }
    }
    let message = world.stranger().talk_invites(&room, json!({})).send().await.talk_refused(400, 400);
    assert_eq!(message, "Parameter missing : email, mobile");
}

#[tokio::test]
async fn a_good_mobile_does_not_excuse_a_bad_email() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let whom = json!({ "mobile": "13100000000", "email": "nobody" });
    assert_eq!(world.refuses(&room, aaa.talk_invites(&room, whom), 400, 405).await, "Invalid parameter : email");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let (world, aaa, room) = talk_room(json!({})).await;
    for body in ["{", "[]", "7", "{ email: 'dajiangyou@teambition.com' }"] {
        let call = aaa.call(reqwest::Method::POST, &format!("/v2/rooms/{room}/invite")).raw(body);
        assert_eq!(world.refuses(&room, call, 400, 405).await, "Invalid parameter : body");
    }
}

#[tokio::test]
async fn the_room_in_the_body_overrides_the_one_in_the_path() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let path = world.group(&[]).await;
    let before = world.sight(&path).await;
    let reply = aaa.talk_invites(&path, json!({ "_id": room, "email": "new@x.io" })).send().await.bare();
    assert_eq!((&reply["_roomId"], &reply["room"]["_id"]), (&json!(room), &json!(room)));
    assert_eq!(world.sight(&path).await, before);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn parameters_may_stand_in_the_query_and_the_body_goes_before_it() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.clients(["bbb", "ccc"]).await;
    let path = format!("/v2/rooms/{room}/invite");
    let reply = aaa.call(reqwest::Method::POST, &format!("{path}?_userId=bbb")).send().await.bare();
    assert_eq!(reply["_id"], "bbb");
    let reply = aaa.post(&format!("{path}?_userId=bbb"), json!({ "_userId": "ccc" })).send().await.bare();
    assert_eq!(reply["_id"], "ccc");
    let call = aaa.call(reqwest::Method::POST, &format!("{path}?mobile=%2B86%20131%200000%200000"));
    assert_eq!(call.send().await.bare()["mobile"], "+86 131 0000 0000");
    let call = aaa.call(reqwest::Method::POST, &format!("{path}?email="));
    assert_eq!(world.refuses(&room, call, 400, 405).await, "Invalid parameter : email", "given counts, empty or not");
    let nowhere = format!("/v2/rooms/nowhere/invite?_id={room}&email=new@x.io");
    assert_eq!(aaa.call(reqwest::Method::POST, &nowhere).send().await.bare()["_roomId"], room);
    world.holds_together(&room).await;
}

// Credentials (talk.md 2).

#[tokio::test]
async fn a_token_may_be_a_parameter() {
    let (world, _, room) = talk_room(json!({})).await;
    let bbb = world.client("bbb").await;
    let nobody = world.stranger();
    for (turn, name) in ["accountToken", "aid"].into_iter().enumerate() {
        let path = format!("/v2/rooms/{room}/invite?{name}={}", bbb.token);
        let whom = json!({ "email": format!("query{turn}@x.io") });
        nobody.post(&path, whom).send().await.bare();
        let mut whom = json!({ "email": format!("body{turn}@x.io") });
        whom[name] = json!(bbb.token);
        nobody.talk_invites(&room, whom).send().await.bare();
    }
    let actors: Vec<_> = world.events(&room).await.iter().map(|event| event["actor"].clone()).collect();
    assert_eq!(actors.iter().filter(|actor| **actor == "bbb").count(), 4);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_does_not_log_in_is_told_so() {
    let (world, _, room) = talk_room(json!({})).await;
    let call = world.stranger().talk_invites(&room, json!({ "_userId": "aaa" }));
    let message = world.refuses(&room, call, 403, 201).await;
    assert_eq!(message, "You are not login yet. Please login into your account first.");
}

#[tokio::test]
async fn a_token_that_proves_nothing_is_refused() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let eve = world.other_app("Other").await.client("eve").await;
    let bearer = |token: &str| world.stranger().with("Authorization", &format!("aid {token}"));
    let foreign = bearer(&eve.token).with("IM-CLIENT-KEY", world.client_key());
    let own = world.client("bbb").await;
    for caller in [
        bearer("opaque"),
        bearer("SampleApp.aaa.0123456789abcdef0123456789abcdef"),
        bearer("Nowhere.aaa.0123456789abcdef0123456789abcdef"),
        bearer(&format!("{}0", own.token)),
        foreign,
        world.talker(&own).with("IM-CLIENT-KEY", "SampleApp.wrong"),
    ] {
        let message = world.refuses(&room, caller.talk_invites(&room, json!({ "_userId": "bbb" })), 403, 220).await;
        assert_eq!(message, "Your login session has expired. Please relogin and try again");
    }
    aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let (world, aaa, room) = talk_room(json!({})).await;
    for item in world.items().await.iter().filter(|item| item["SK"]["S"] == "TOKEN") {
        world.expires(&text(&item["PK"]["S"]), "TOKEN").await;
    }
    world.refuses(&room, aaa.talk_invites(&room, json!({ "email": "new@x.io" })), 403, 220).await;
}

#[tokio::test]
async fn the_token_of_another_app_finds_no_room_of_this_one() {
    let (world, _, room) = talk_room(json!({})).await;
    let eve = world.talker(&world.other_app("Other").await.client("eve").await);
    let message = world.refuses(&room, eve.talk_invites(&room, json!({ "_userId": "aaa" })), 400, 401).await;
    assert_eq!(message, format!("Object not found : room {room}"));
}

#[tokio::test]
async fn a_token_that_the_operator_brought_needs_the_client_key_beside_it() {
    let (world, _, room) = talk_room(json!({})).await;
    let bound = json!({ "_id": "bbb", "token": "opaque-token" });
    world.platform().post("/admin/clients", bound).send().await.good();
    let bbb = world.stranger().with("Authorization", "aid opaque-token");
    let whom = json!({ "email": "new@x.io" });
    world.refuses(&room, bbb.talk_invites(&room, whom.clone()), 403, 220).await;
    bbb.with("IM-CLIENT-KEY", world.client_key()).talk_invites(&room, whom).send().await.bare();
    world.holds_together(&room).await;
}

// D32: languages.

#[tokio::test]
async fn a_refusal_is_english_unless_chinese_is_asked_for() {
    let (world, aaa, room) = talk_room(json!({})).await;
    let whom = json!({ "_userId": "nobody" });
    let (english, chinese) = ("Object not found : user nobody", "未找到对象： user nobody");
    let at = |query: &str| format!("/v2/rooms/{room}/invite{query}");
    let in_body = |language: &str| json!({ "_userId": "nobody", "lang": language });
    let calls = [
        (aaa.post(&at(""), whom.clone()), english),
        (aaa.post(&at(""), whom.clone()).header("X-Language", "zh"), chinese),
        (aaa.post(&at(""), whom.clone()).header("X-Language", "zh-CN"), chinese),
        (aaa.post(&at(""), whom.clone()).header("X-Language", "en"), english),
        (aaa.post(&at(""), whom.clone()).header("X-Language", "fr"), english),
        (aaa.post(&at(""), whom.clone()).header("Cookie", "lang=zh"), chinese),
        (aaa.post(&at("?lang=zh"), whom.clone()), chinese),
        (aaa.post(&at(""), in_body("zh")), chinese),
        // The first of query, body, header and cookie decides (talk.md 3.1).
        (aaa.post(&at("?lang=en"), in_body("zh")).header("X-Language", "zh"), english),
        (aaa.post(&at(""), in_body("en")).header("X-Language", "zh"), english),
        (aaa.post(&at(""), whom.clone()).header("X-Language", "zh").header("Cookie", "lang=en"), chinese),
    ];
    for (call, message) in calls {
        assert_eq!(world.refuses(&room, call, 400, 401).await, message);
    }
}

#[tokio::test]
async fn every_kind_of_refusal_is_told_in_chinese_too() {
    let (world, aaa, room) = talk_room(json!({ "maxMembers": 1 })).await;
    world.client("bbb").await;
    aaa.talk_invites(&room, json!({ "email": "new@x.io" })).send().await.bare();
    let calls = [
        (aaa.talk_invites(&room, json!({})), 400, 400, "缺少参数： email, mobile"),
        (aaa.talk_invites(&room, json!({ "email": "" })), 400, 405, "无效的参数： email"),
        (aaa.talk_invites(&room, json!({ "email": "new@x.io" })), 400, 237, "邀请记录已存在"),
        (aaa.talk_invites(&room, json!({ "_userId": "aaa" })), 400, 239, "成员已存在"),
        (aaa.talk_invites(&room, json!({ "_userId": "bbb" })), 403, 243, "操作不可执行：Enter full room"),
        (world.stranger().talk_invites(&room, json!({ "_userId": "bbb" })), 403, 201, "用户未登录"),
        (
            world.stranger().with("Authorization", "aid no").talk_invites(&room, json!({ "_userId": "bbb" })),
            403,
            220,
            "你的登录已过期，请重新登录",
        ),
    ];
    for (call, status, code, message) in calls {
        assert_eq!(world.refuses(&room, call.header("X-Language", "zh"), status, code).await, message);
    }
}

// D37: what is shown of a person's addresses.

#[tokio::test]
async fn an_app_may_keep_its_clients_addresses_to_itself() {
    let world = World::on(Stack::builder().template(hiding_addresses().path())).await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    world.client_with(json!({ "_id": "bbb", "email": "bob@x.io", "mobile": "13100000000" })).await;
    let reply = world.talker(&aaa).talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
    assert!(!reply.to_string().contains("x.io") && !reply.to_string().contains("3100000000"), "{reply}");
    assert!(reply.get("emailForLogin").is_none() && reply.get("emailDomain").is_none(), "{reply}");
}

#[tokio::test]
async fn a_persons_mobile_is_never_shown() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client_with(json!({ "_id": "bbb", "email": "bob@x.io", "mobile": "13100000000" })).await;
    let reply = aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    assert_eq!(reply["emailForLogin"], "bob@x.io");
    assert!(!reply.to_string().contains("3100000000"), "mobiles are stripped (talk.md 4.1): {reply}");
}

#[tokio::test]
async fn neither_addresses_nor_tokens_are_logged() {
    let (world, aaa, room) = talk_room(json!({})).await;
    world.client_with(json!({ "_id": "bbb", "email": "bob@x.io" })).await;
    let path = format!("/v2/rooms/{room}/invite");
    aaa.post(&format!("{path}?email=new@x.io"), json!({ "mobile": "13100000000" })).send().await.bare();
    aaa.talk_invites(&room, json!({ "email": "bob@x.io" })).send().await.bare();
    aaa.talk_invites(&room, json!({ "email": "bob@x.io" })).send().await.talk_refused(400, 239);
    aaa.talk_invites(&room, json!({ "email": "bad@@x.io" })).send().await.talk_refused(400, 405);
    let logs = world.stack.logs();
    assert!(logs.iter().filter(|line| line.contains("talk_invite")).count() >= 4, "{logs:?}");
    for secret in ["x.io", "3100000000", world.api_key(), world.client_key(), "SampleApp.aaa."] {
        assert!(!logs.iter().any(|line| line.contains(secret)), "`{secret}` is logged: {logs:?}");
    }
}

// What comes after.

#[tokio::test]
async fn an_address_that_the_new_invitation_does_not_name_is_invited_no_more() {
    let (world, aaa, room) = talk_room(json!({})).await;
    aaa.talk_invites(&room, json!({ "mobile": "13100000000", "email": "new@x.io" })).send().await.bare();
    world.invitation_expires(&room, "+8613100000000").await;
    aaa.talk_invites(&room, json!({ "mobile": "13100000000" })).send().await.bare();
    let made = json!({ "_id": "new", "email": "new@x.io" });
    let made = world.platform().post("/admin/clients", made).send().await.good();
    assert_eq!(made["claims"], json!([]));
    let made = json!({ "_id": "new", "mobile": "13100000000" });
    let made = world.platform().post("/admin/clients", made).send().await.good();
    assert_eq!(made["claims"], json!([{ "room": room, "outcome": "joined" }]));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_invites_once() {
    for (turn, whom) in [json!({ "_userId": "bbb" }), json!({ "email": "new@x.io" })].into_iter().enumerate() {
        let (world, aaa, room) = talk_room(json!({})).await;
        world.client("bbb").await;
        let before = world.events(&room).await.len();
        for _ in 0..3 {
            world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
        }
        let reply = aaa.talk_invites(&room, whom).send().await.bare();
        assert_eq!(reply["room"]["memberCount"], [2, 1][turn]);
        assert_eq!(world.events(&room).await.len(), before + 1);
        world.holds_together(&room).await;
    }
}

#[tokio::test]
async fn nobody_invites_himself_into_a_room_that_requires_an_invitation() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.room(json!({ "members": [aaa.id], "invitationRequired": true })).await;
    let before = world.sight(&room).await;
    bbb.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.talk_refused(403, 204);
    bbb.talk_invites(&room, json!({ "_userId": "ccc" })).send().await.talk_refused(403, 204);
    assert_eq!(world.sight(&room).await, before);
    aaa.talk_invites(&room, json!({ "_userId": ccc.id })).send().await.bare();
    world.holds_together(&room).await;
}

#[tokio::test]
async fn who_does_not_agree_is_not_invited_by_whatever_name() {
    let (world, aaa, room) = talk_room(json!({ "topic": "room1" })).await;
    let bbb = world.client_with(json!({ "_id": "bbb", "email": "bob@x.io" })).await;
    bbb.admits("nobody").send().await.good();
    for whom in [json!({ "_userId": "bbb" }), json!({ "email": "bob@x.io" })] {
        aaa.talk_invites(&room, whom).send().await.talk_refused(403, 219);
    }
    bbb.admits("everyone").send().await.good();
    aaa.talk_invites(&room, json!({ "_userId": "bbb" })).send().await.bare();
}
