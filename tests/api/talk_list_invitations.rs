//! `GET /v2/invitations?_teamId=`.

use local::Stack;
use serde_json::{Value, json};

use crate::actors::{World, ids, text};
use crate::talkers::{INVITATION, Type, hiding_addresses, is_as_documented, only};

fn keys(listed: &Value) -> Vec<String> {
    listed.as_array().unwrap().iter().map(|one| text(&one["key"])).collect()
}

#[tokio::test]
async fn the_teams_invitations_are_listed_in_the_order_of_their_making() {
    let world = World::new().await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let rooms = [world.topic(&aaa, json!({})).await, world.topic(&bbb, json!({})).await];
    let team = world.team().await;
    assert_eq!(aaa.talk_lists(&team).send().await.bare(), json!([]));
    let mut made = Vec::new();
    for (turn, address) in ["z@x.io", "A@x.io", "m@x.io"].iter().enumerate() {
        made.push(aaa.talk_invites(&rooms[turn % 2], json!({ "email": address })).send().await.bare());
    }
    let listed = bbb.talk_lists(&team).send().await.bare();
    assert_eq!(keys(&listed), ["email_z@x.io", "email_A@x.io", "email_m@x.io"]);
    assert_eq!(ids(&listed), made.iter().map(|one| text(&one["_id"])).collect::<Vec<_>>());
    let by_id = |(name, kind)| match (name, kind) {
        ("mobile", kind) => ("email", kind),
        ("room", _) => ("room", Type::Text),
        other => other,
    };
    let fields: Vec<_> = INVITATION.iter().copied().map(by_id).collect();
    for (turn, one) in listed.as_array().unwrap().iter().enumerate() {
        is_as_documented(one, &fields);
        assert_eq!((&one["room"], &one["_roomId"]), (&json!(rooms[turn % 2]), &json!(rooms[turn % 2])));
        assert_eq!((&one["team"], &one["_teamId"]), (&json!(team), &json!(team)));
    }
    assert_eq!(world.platform().talk_lists(&team).send().await.bare(), listed);
}

#[tokio::test]
async fn what_has_lapsed_or_is_used_up_is_not_listed() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let room = world.topic(&aaa, json!({})).await;
    let team = world.team().await;
    for email in ["old@x.io", "new@x.io", "kept@x.io"] {
        aaa.talk_invites(&room, json!({ "email": email })).send().await.bare();
    }
    world.invitation_expires(&room, "old@x.io").await;
    world.client_with(json!({ "_id": "new", "email": "new@x.io" })).await;
    assert_eq!(keys(&aaa.talk_lists(&team).send().await.bare()), ["email_kept@x.io"]);
}

#[tokio::test]
async fn an_invitation_to_a_room_that_is_none_of_the_callers_business_is_not_listed() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.talkers(["aaa", "bbb", "ccc"]).await;
    let team = world.team().await;
    let private = world.topic(&aaa, json!({ "isPrivate": true, "_memberIds": ["bbb"] })).await;
    bbb.talk_invites(&private, json!({ "email": "new@x.io" })).send().await.bare();
    for (who, listed) in [(&aaa, 1), (&bbb, 1), (&ccc, 0), (&world.platform(), 1)] {
        assert_eq!(who.talk_lists(&team).send().await.bare().as_array().unwrap().len(), listed);
    }
    // Who has left still sees what he has sent, and no more.
    aaa.talk_invites(&private, json!({ "email": "other@x.io" })).send().await.bare();
    bbb.talk_leaves(&private).send().await.bare();
    assert_eq!(keys(&bbb.talk_lists(&team).send().await.bare()), ["email_new@x.io"]);
    // Being invited is not being in.
    world.platform().invites(&private, &["ccc"]).send().await.good();
    assert_eq!(ccc.talk_lists(&team).send().await.bare(), json!([]));
}

#[tokio::test]
async fn where_addresses_are_kept_the_inviter_and_the_platform_alone_see_them() {
    let world = World::on(Stack::builder().template(hiding_addresses().path())).await;
    let [aaa, bbb] = world.talkers(["aaa", "bbb"]).await;
    let room = world.topic(&aaa, json!({ "_memberIds": ["bbb"] })).await;
    let team = world.team().await;
    let whom = json!({ "email": "new@x.io", "mobile": "13100000000" });
    let made = bbb.talk_invites(&room, whom).send().await.bare();
    for knows in [&bbb, &world.platform()] {
        let listed = knows.talk_lists(&team).send().await.bare();
        let told =
            json!({ "key": "mobile_13100000000", "name": "13100000000", "email": "new@x.io", "mobile": "13100000000" });
        assert_eq!(only(&listed[0], &["key", "name", "email", "mobile"]), told);
    }
    let listed = aaa.talk_lists(&team).send().await.bare();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["_id"]), (1, &made["_id"]));
    assert!(!listed.to_string().contains("x.io") && !listed.to_string().contains("3100000000"), "{listed}");
    assert!(listed[0].get("key").is_none() && listed[0].get("name").is_none(), "{listed}");
    let gone = aaa.talk_cancels(&made["_id"]).send().await.bare();
    assert!(!gone.to_string().contains("x.io") && !gone.to_string().contains("3100000000"), "{gone}");
}

#[tokio::test]
async fn the_team_must_be_named_and_be_the_callers_own() {
    let world = World::new().await;
    let [aaa] = world.talkers(["aaa"]).await;
    let team = world.team().await;
    assert_eq!(aaa.get("/v2/invitations").send().await.talk_refused(400, 400), "Parameter missing : _teamId");
    let neighbour = world.other_app("Other").await;
    let stranger = world.talker(&neighbour.client("aaa").await);
    for (who, of) in [(&stranger, team.as_str()), (&aaa, "0123456789abcdef01234567"), (&aaa, "")] {
        assert_eq!(who.talk_lists(of).send().await.talk_refused(403, 204), "team member does not exist");
    }
    world.stranger().talk_lists(&team).send().await.talk_refused(403, 201);
    world
        .stranger()
        .with("Authorization", "aid SampleApp.aaa.no")
        .talk_lists(&team)
        .send()
        .await
        .talk_refused(403, 220);
}

#[tokio::test]
async fn listing_takes_two_rounds_whatever_the_number() {
    let world = World::on(Stack::builder().count_rounds(true)).await;
    let [aaa] = world.talkers(["aaa"]).await;
    let team = world.team().await;
    for turn in 0..5 {
        let room = world.topic(&aaa, json!({ "isPrivate": true })).await;
        aaa.talk_invites(&room, json!({ "email": format!("new{turn}@x.io") })).send().await.bare();
    }
    let answer = aaa.talk_lists(&team).send().await;
    let behind = world.stack.invocation(&answer.request_id()).unwrap();
    assert_eq!((answer.bare().as_array().unwrap().len(), behind.rounds), (5, Some(2)), "{behind:?}");
}

#[tokio::test]
async fn the_platform_lists_for_nobody_whom_there_is_not() {
    let world = World::new().await;
    let platform = world.platform().with("IM-CLIENT-ID", "nobody");
    let message = platform.talk_lists(&world.team().await).send().await.talk_refused(400, 401);
    assert_eq!(message, "Object not found : user nobody");
}
