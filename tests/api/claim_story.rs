//! The claim story (D36): people who are invited by their addresses before they sign up, in both dialects, to its end.

use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};

const EMAIL: &str = "New.Person@Example.COM";
const MOBILE: &str = "+86 131 0000 0000";

impl World {
    /// Signs the new person up, or says the same again; the room and the outcome of each claim, sorted.
    async fn signs_up(&self) -> Vec<(String, String)> {
        let body =
            json!({ "_id": "new", "nickname": "New", "email": " new.person@EXAMPLE.com", "mobile": "131-0000-0000" });
        let made = self.platform().post("/admin/clients", body).send().await.good();
        let claims = made["claims"].as_array().unwrap_or_else(|| panic!("{made}"));
        let mut claims: Vec<_> = claims.iter().map(|one| (text(&one["room"]), text(&one["outcome"]))).collect();
        claims.sort();
        claims
    }

    async fn team_of(&self) -> String {
        let app = self.items().await.into_iter().find(|item| item["SK"]["S"] == "APP").unwrap();
        text(&app["team"]["S"])
    }

    /// What leads to invitations of addresses: themselves, and the pointers from their addresses.
    async fn waiting(&self) -> Vec<String> {
        let keys = self.items().await.into_iter().map(|item| text(&item["SK"]["S"]));
        keys.filter(|sk| sk.starts_with("#INVITATION#") || sk.starts_with("INVITED#")).collect()
    }
}

/// The rooms to which the team has invitations of addresses, as Talk lists them.
async fn listed(actor: &Actor, team: &str) -> Vec<String> {
    let invitations = actor.get(&format!("/v2/invitations?_teamId={team}")).send().await.bare();
    invitations.as_array().unwrap().iter().map(|one| text(&one["_roomId"])).collect()
}

#[tokio::test]
async fn who_was_invited_by_two_addresses_is_a_member_of_both_rooms_on_signing_up() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let team = world.team_of().await;
    let by_email = text(&aaa.founds(json!({ "roomType": "group", "name": "By e-mail" })).send().await.good()["_id"]);
    let by_mobile = text(&aaa.founds(json!({ "roomType": "group", "name": "By mobile" })).send().await.good()["_id"]);
    let mut invited = Vec::new();
    for (room, whom) in [(&by_email, json!({ "email": EMAIL })), (&by_mobile, json!({ "mobile": MOBILE }))] {
        let invitation = aaa.talk_invites(room, whom).send().await.bare();
        assert_eq!(invitation["isInvite"], json!(true), "{invitation}");
        invited.push(invitation);
    }
    assert_eq!(listed(&aaa, &team).await, [by_email.clone(), by_mobile.clone()]);

    let joined = |room: &String| (room.clone(), "joined".to_owned());
    let mut both = vec![joined(&by_email), joined(&by_mobile)];
    both.sort();
    assert_eq!(world.signs_up().await, both);

    for (room, invitation) in [(&by_email, &invited[0]), (&by_mobile, &invited[1])] {
        let seen = aaa.reads(room).send().await.good();
        assert_eq!(
            (ids(&seen["members"]), &seen["memberCount"]),
            (vec!["aaa".to_owned(), "new".to_owned()], &json!(2))
        );
        let last = world.last_event(room).await;
        assert_eq!([&last["type"], &last["clients"]], [&json!("member.joined"), &json!(["new"])]);
        assert_eq!([&last["via"], &last["inviter"]], [&json!("claim"), &json!("aaa")]);
        assert_eq!(last["invitation"], invitation["_id"], "it tells which invitation it was: {last}");
        let message = &last["message"];
        assert_eq!([&message["messageType"], &message["message"]], [&json!("joinRoom"), &json!("New")]);
        assert_eq!([&message["sender"]["_id"], &message["member"]["_id"]], [&json!("new"), &json!("new")]);
        world.holds_together(room).await;
    }
    assert_eq!(listed(&aaa, &team).await, [""; 0]);
    assert_eq!(world.waiting().await, [""; 0], "nothing is left of the invitations");
    assert_eq!(world.signs_up().await, [], "and nothing is claimed twice");
}

#[tokio::test]
async fn what_stands_in_the_way_keeps_the_invitation_until_it_is_gone() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    world.client("new").await;
    let team = world.team_of().await;
    let mut rooms = Vec::new();
    for outcome in ["room_full", "room_closed", "room_closed", "banned"] {
        let room = text(&aaa.founds(json!({ "roomType": "group" })).send().await.good()["_id"]);
        aaa.talk_invites(&room, json!({ "email": EMAIL, "mobile": MOBILE })).send().await.bare();
        rooms.push((room, outcome.to_owned()));
    }
    let [full, closed, frozen, banning] = [0, 1, 2, 3].map(|at: usize| rooms[at].0.clone());
    aaa.updates(&full, json!({ "maxMembers": 1 })).send().await.good();
    aaa.updates(&closed, json!({ "opening": 0 })).send().await.good();
    aaa.updates(&frozen, json!({ "status": 0 })).send().await.good();
    aaa.bans(&banning, "new").send().await.good();

    let mut kept = rooms.clone();
    kept.sort();
    for _ in 0..2 {
        let mut before = Vec::new();
        for (room, _) in &rooms {
            before.push(world.sight(room).await);
        }
        let waiting = world.waiting().await;
        assert_eq!(world.signs_up().await, kept, "each says what stands in the way, each time");
        assert_eq!(world.waiting().await, waiting);
        assert_eq!(waiting.len(), 12, "four invitations, each found by two addresses");
        for ((room, _), before) in rooms.iter().zip(before) {
            assert_eq!(world.sight(room).await, before, "nothing has happened to the room");
        }
    }

    // One obstacle after the other goes.
    let mut gone: Vec<String> = Vec::new();
    for (room, _) in &rooms {
        match room {
            room if *room == full => drop(aaa.updates(room, json!({ "maxMembers": 2 })).send().await.good()),
            room if *room == closed => drop(aaa.updates(room, json!({ "opening": 1 })).send().await.good()),
            room if *room == frozen => drop(aaa.updates(room, json!({ "status": 1 })).send().await.good()),
            room => drop(aaa.unbans(room, "new").send().await.good()),
        }
        gone.push(room.clone());
        let mut expected: Vec<_> =
            rooms.iter().filter(|(own, _)| own == room || !gone.contains(own)).cloned().collect();
        expected.iter_mut().filter(|(own, _)| own == room).for_each(|(_, outcome)| "joined".clone_into(outcome));
        expected.sort();
        assert_eq!(world.signs_up().await, expected);
        assert_eq!(ids(&aaa.reads(room).send().await.good()["members"]), ["aaa", "new"]);
        let last: Value = world.last_event(room).await;
        assert_eq!([&last["type"], &last["via"]], [&json!("member.joined"), &json!("claim")]);
        world.holds_together(room).await;
    }
    assert_eq!((listed(&aaa, &team).await, world.waiting().await), (vec![], vec![]));
}
