//! `PUT /rooms/:id/member/:client`.

use local::Fault;
use reqwest::Method;
use serde_json::{Value, json};

use crate::actors::{Actor, World, all_at_once, text};

/// What a reply says of one member.
fn of(room: &Value, client: &str) -> Value {
    let all = room["memberProperties"].as_array().unwrap_or_else(|| panic!("{room}"));
    all.iter().find(|own| own["client"] == client).unwrap_or_else(|| panic!("{room}")).clone()
}

/// A room of `own`, in which `adm` is an admin and `mem` and `zoe` are members.
async fn governed() -> (World, [Actor; 4], String) {
    let world = World::new().await;
    let actors = world.clients(["own", "adm", "mem", "zoe"]).await;
    let room = world.room(json!({ "owner": "own", "members": ["adm", "mem", "zoe"] })).await;
    actors[0].sets(&room, "adm", "role", json!("admin")).send().await.good();
    (world, actors, room)
}

/// The text of a message that `sender` posts, sent; its id.
async fn says(sender: &Actor, room: &str) -> String {
    let said = sender.post(&format!("/rooms/{room}/message"), json!({ "message": "hello" })).send().await.good();
    text(&said["_id"])
}

// Properties.

#[tokio::test]
async fn any_member_sets_a_property_of_any_member_and_every_reply_shows_it() {
    let (world, [own, _adm, mem, zoe], room) = governed().await;
    let values =
        json!({ "title": "Chair", "seat": 7.25, "keys": [1, { "a": null }], "on": false, "pref": {}, "空": "名" });
    for (name, value) in values.as_object().unwrap() {
        let answer = mem.sets(&room, "zoe", name, value.clone()).send().await;
        assert!(answer.body.get("outcomes").is_none(), "{}", answer.body);
        assert_eq!(of(&answer.good(), "zoe")[name], *value);
    }
    let told = zoe.sets(&room, "own", "title", json!("Boss")).send().await.good();
    assert_eq!(
        of(&told, "own"),
        json!({
            "client": "own", "badge": 0, "lastRead": of(&told, "own")["lastRead"], "role": "owner", "via": "added",
            "title": "Boss",
        })
    );
    let mut expected = values;
    expected["client"] = json!("zoe");
    expected["badge"] = json!(1); // that of the admin's making
    expected["via"] = json!("added");
    assert_eq!(of(&told, "zoe"), expected);
    assert_eq!(of(&own.reads(&room).send().await.good(), "zoe"), expected);

    let entry = world.last_event(&room).await;
    assert_eq!(
        (&entry["type"], &entry["actor"], &entry["clients"]),
        (&json!("member.updated"), &json!("zoe"), &json!(["own"]))
    );
    assert!(entry.get("message").is_none(), "{entry}");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn null_removes_a_property_and_what_changes_nothing_is_not_logged() {
    let (world, [own, ..], room) = governed().await;
    own.sets(&room, "mem", "title", json!("Chair")).send().await.good();
    own.sets(&room, "mem", "seat", json!(7)).send().await.good();
    let before = world.sight(&room).await;
    let again = own.sets(&room, "mem", "title", json!("Chair")).send().await.good();
    assert_eq!(of(&again, "mem")["title"], json!("Chair"));
    own.sets(&room, "mem", "absent", Value::Null).send().await.good();
    assert_eq!(world.sight(&room).await, before);

    let told = own.sets(&room, "mem", "title", Value::Null).send().await.good();
    assert_eq!((of(&told, "mem").get("title"), &of(&told, "mem")["seat"]), (None, &json!(7)));
    own.sets(&room, "mem", "seat", Value::Null).send().await.good();
    let seen = world.sight(&room).await;
    assert_eq!((of(&seen.room, "mem").get("seat"), seen.events.len()), (None, before.events.len() + 2));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn names_that_have_a_meaning_are_refused_by_name() {
    let (world, [own, ..], room) = governed().await;
    let before = world.sight(&room).await;
    for name in
        ["badge", "lastRead", "client", "clientType", "via", "inviter", "link", "invitation", "_id", "_x", "_", ""]
    {
        for value in [json!(1), Value::Null] {
            let said = own.sets(&room, "mem", name, value).send().await.refused(400, "INVALID_PARAMETER");
            assert!(said.contains("`property`"), "{name}: {said}");
        }
    }
    for role in [json!("boss"), json!("Owner"), json!(""), json!(1), json!({}), Value::Null] {
        let said = own.sets(&room, "mem", "role", role.clone()).send().await.refused(400, "INVALID_PARAMETER");
        assert!(said.contains("`value`"), "{role}: {said}");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn property_and_value_must_be_given_and_fit() {
    let (world, [own, ..], room) = governed().await;
    own.sets(&room, "mem", "first", json!("x".repeat(500))).send().await.good();
    let before = world.sight(&room).await;
    let put = |body: Value| own.call(Method::PUT, &format!("/rooms/{room}/member/mem")).body(body);
    for (body, code, name) in [
        (json!({ "value": 1 }), "MISSING_PARAMETER", "property"),
        (json!({ "property": null, "value": 1 }), "MISSING_PARAMETER", "property"),
        (json!({ "property": "title" }), "MISSING_PARAMETER", "value"),
        (json!({ "property": "role" }), "MISSING_PARAMETER", "value"),
        (json!({ "property": 7, "value": 1 }), "INVALID_PARAMETER", "property"),
        (json!({ "property": "x".repeat(65), "value": 1 }), "INVALID_PARAMETER", "property"),
        (json!({ "property": "title", "value": "x".repeat(1_100) }), "INVALID_PARAMETER", "value"),
        // Together with what is there.
        (json!({ "property": "second", "value": "x".repeat(520) }), "INVALID_PARAMETER", "value"),
    ] {
        let said = put(body).send().await.refused(400, code);
        assert!(said.contains(&format!("`{name}`")), "{said}");
    }
    put(json!({})).raw("[]").send().await.refused(400, "INVALID_BODY");
    assert_eq!(world.sight(&room).await, before);
    own.sets(&room, "mem", "first", json!("y".repeat(1_024 - 12))).send().await.good(); // {"first":"…"}
    let over = own.sets(&room, "mem", "first", json!("y".repeat(1_024 - 11)));
    assert!(over.send().await.refused(400, "INVALID_PARAMETER").contains("1024"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_property_goes_with_the_membership() {
    let (world, [own, _, mem, _], room) = governed().await;
    own.sets(&room, "mem", "title", json!("Chair")).send().await.good();
    mem.removes(&room, &["mem"]).send().await.good();
    let told = mem.joins(&room).send().await.good();
    assert_eq!(of(&told, "mem").get("title"), None);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_property_and_a_role_leave_each_other_alone() {
    let (world, [own, ..], room) = governed().await;
    own.sets(&room, "mem", "title", json!("Chair")).send().await.good();
    own.sets(&room, "mem", "role", json!("admin")).send().await.good();
    let told = own.sets(&room, "mem", "seat", json!(1)).send().await.good();
    let mem = of(&told, "mem");
    assert_eq!((&mem["role"], &mem["title"], &mem["seat"]), (&json!("admin"), &json!("Chair"), &json!(1)));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_property_written_while_its_member_reads_loses_neither() {
    let (world, [own, _, mem, _], room) = governed().await;
    for round in 0..8 {
        let message = says(&own, &room).await;
        let read = mem.call(Method::PUT, &format!("/rooms/{room}/lastRead")).body(json!({ "message": message }));
        let set = own.sets(&room, "mem", "round", json!(round));
        for answer in all_at_once(2, if round % 2 == 0 { [read, set] } else { [set, read] }).await {
            answer.good();
        }
        let seen = of(&world.sight(&room).await.room, "mem");
        assert_eq!(seen, json!({ "client": "mem", "badge": 0, "lastRead": message, "round": round, "via": "added" }));
    }
    world.holds_together(&room).await;
}

#[tokio::test]
async fn sixteen_who_set_a_property_each_at_once_set_sixteen() {
    let (world, [own, adm, mem, zoe], room) = governed().await;
    let before = world.events(&room).await.len();
    let actors = [own, adm, mem, zoe];
    let calls = (0..16).map(|number| actors[number % 4].sets(&room, "zoe", &format!("p{number}"), json!(number)));
    for answer in all_at_once(16, calls).await {
        answer.good();
    }
    let zoe = of(&world.sight(&room).await.room, "zoe");
    assert!((0..16).all(|number| zoe[format!("p{number}")] == json!(number)), "{zoe}");
    assert_eq!(world.events(&room).await.len(), before + 16);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_sets_once() {
    let (world, [own, ..], room) = governed().await;
    let before = world.events(&room).await.len();
    world.stack.faults().next("TransactWriteItems", Fault::LoseResponse);
    let told = own.sets(&room, "mem", "role", json!("admin")).send().await.good();
    assert_eq!(of(&told, "mem")["role"], json!("admin"));
    assert_eq!(world.events(&room).await.len(), before + 1);
    world.holds_together(&room).await;
}

// Roles.

#[tokio::test]
async fn owner_admins_and_platform_make_admins_and_the_room_is_told() {
    let (world, [own, adm, _mem, _zoe], room) = governed().await;
    let told = adm.sets(&room, "mem", "role", json!("admin")).send().await.good();
    let last = &told["lastMessage"];
    assert_eq!((&last["messageType"], &last["message"]), (&json!("assignAdmin"), &json!("MEM")));
    assert_eq!((&last["member"]["_id"], &last["sender"]["_id"]), (&json!("mem"), &json!("adm")));
    assert_eq!(last["extra"], json!({ "members": [{ "_id": "mem", "nickname": "MEM" }] }));
    assert_eq!((&of(&told, "mem")["role"], &of(&told, "adm")["badge"]), (&json!("admin"), &json!(0)));
    let entry = world.last_event(&room).await;
    assert_eq!((&entry["type"], &entry["clients"]), (&json!("member.updated"), &json!(["mem"])));
    assert_eq!((&entry["message"], &entry["actor"]), (last, &json!("adm")));

    world.platform().sets(&room, "zoe", "role", json!("admin")).send().await.good();
    let seen = world.sight(&room).await;
    assert_eq!(seen.room["managers"], json!(["adm", "mem", "zoe"]));
    own.sets(&room, "zoe", "role", json!("admin")).send().await.good();
    assert_eq!(world.sight(&room).await, seen, "he is one already");
    world.holds_together(&room).await;
}

#[tokio::test]
async fn an_admin_becomes_a_member_again_without_a_word() {
    let (world, [own, adm, ..], room) = governed().await;
    own.sets(&room, "mem", "role", json!("admin")).send().await.good();
    let before = world.sight(&room).await;
    let told = adm.sets(&room, "mem", "role", json!("member")).send().await.good();
    assert_eq!((of(&told, "mem").get("role"), &told["lastMessage"]), (None, &before.room["lastMessage"]));
    adm.sets(&room, "adm", "role", json!("member")).send().await.good(); // himself
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["managers"], seen.events.len()), (&json!([]), before.events.len() + 2));
    assert!(seen.events.last().unwrap().get("message").is_none());
    adm.sets(&room, "zoe", "role", json!("admin")).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    own.sets(&room, "zoe", "role", json!("member")).send().await.good(); // is one already
    assert_eq!(world.sight(&room).await, seen);
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_owner_and_the_platform_hand_the_room_on_and_who_owned_it_is_an_admin() {
    let (world, [own, adm, _mem, _zoe], room) = governed().await;
    let before = world.sight(&room).await;
    adm.sets(&room, "adm", "role", json!("owner")).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    own.sets(&room, "own", "role", json!("owner")).send().await.good(); // is it already
    assert_eq!(world.sight(&room).await, before);

    let told = own.sets(&room, "mem", "role", json!("owner")).send().await.good();
    assert_eq!((&of(&told, "mem")["role"], &of(&told, "own")["role"]), (&json!("owner"), &json!("admin")));
    assert_eq!(told["lastMessage"], before.room["lastMessage"], "nobody was promoted to admin");
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["owner"]["_id"], &seen.room["managers"]), (&json!("mem"), &json!(["adm", "own"])));
    let [.., lost, gained] = &seen.events[..] else { panic!("{seen:?}") };
    assert_eq!((&lost["clients"], &gained["clients"]), (&json!(["own"]), &json!(["mem"])));
    own.sets(&room, "own", "role", json!("owner")).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");

    world.platform().sets(&room, "adm", "role", json!("owner")).send().await.good();
    let seen = world.sight(&room).await;
    assert_eq!((&seen.room["owner"]["_id"], &seen.room["managers"]), (&json!("adm"), &json!(["own", "mem"])));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn the_owner_cannot_be_demoted_only_followed() {
    let (world, [own, adm, ..], room) = governed().await;
    let before = world.sight(&room).await;
    for role in ["member", "admin"] {
        let said = own.sets(&room, "own", "role", json!(role)).send().await.refused(400, "INVALID_PARAMETER");
        assert!(said.contains("`value`") && said.contains("another owner"), "{said}");
        world.platform().sets(&room, "own", "role", json!(role)).send().await.refused(400, "INVALID_PARAMETER");
        adm.sets(&room, "own", "role", json!(role)).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn a_member_without_office_gives_none() {
    let (world, [_own, _adm, mem, _zoe], room) = governed().await;
    let free = world.room(json!({ "members": ["mem", "zoe"] })).await;
    let before = (world.sight(&room).await, world.sight(&free).await);
    for role in ["owner", "admin", "member"] {
        for whom in ["mem", "zoe", "own", "nobody"] {
            let said = mem.sets(&room, whom, "role", json!(role)).send().await;
            said.refused(403, "INSUFFICIENT_PERMISSIONS");
        }
        mem.sets(&free, "mem", "role", json!(role)).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    assert_eq!((world.sight(&room).await, world.sight(&free).await), before);
    // In a room that nobody owns the platform makes the first.
    world.platform().sets(&free, "mem", "role", json!("admin")).send().await.good();
    mem.sets(&free, "zoe", "role", json!("admin")).send().await.good();
    mem.sets(&free, "mem", "role", json!("owner")).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    world.platform().sets(&free, "mem", "role", json!("owner")).send().await.good();
    assert_eq!(world.sight(&free).await.room["owner"]["_id"], json!("mem"));
    world.holds_together(&free).await;
}

#[tokio::test]
async fn a_room_has_at_most_forty_admins() {
    let world = World::new().await;
    let own = world.client("own").await;
    let crowd = world.crowd(42).await;
    let room = world.room(json!({ "owner": "own", "members": crowd })).await;
    own.updates(&room, json!({ "managers": crowd[..40] })).send().await.good();
    let before = world.sight(&room).await;
    let said = own.sets(&room, &crowd[40], "role", json!("admin")).send().await.refused(400, "INVALID_PARAMETER");
    assert!(said.contains("`value`") && said.contains("40"), "{said}");
    // Who hands the room on needs a place among them.
    own.sets(&room, &crowd[41], "role", json!("owner")).send().await.refused(400, "INVALID_PARAMETER");
    assert_eq!(world.sight(&room).await, before);
    own.sets(&room, &crowd[0], "role", json!("owner")).send().await.good();
    world.holds_together(&room).await;
}

// Who is refused.

#[tokio::test]
async fn one_who_is_not_in_the_room_has_no_properties_and_no_role() {
    let (world, [own, ..], room) = governed().await;
    world.clients(["invited", "banned", "other"]).await;
    own.invites(&room, &["invited"]).send().await.good();
    own.bans(&room, "banned").send().await.good();
    let before = world.sight(&room).await;
    for client in ["invited", "banned", "other", "nobody"] {
        for (name, value) in [("title", json!(1)), ("role", json!("admin")), ("role", json!("owner"))] {
            let answer = own.sets(&room, client, name, value).send().await;
            assert_eq!(answer.body["error"]["details"]["missing"], json!([client]));
            assert!(answer.refused(404, "CLIENT_NOT_FOUND").contains(&format!("`{client}`")));
        }
    }
    assert_eq!(world.sight(&room).await, before);
}

#[tokio::test]
async fn only_members_and_the_platform_set_anything() {
    let (world, [own, ..], room) = governed().await;
    let out = world.client("out").await;
    let hidden = world.room(json!({ "members": ["own"], "isPrivate": true })).await;
    let before = (world.sight(&room).await, world.sight(&hidden).await);
    let other = world.other_app("Other").await;
    for (name, value) in [("title", json!(1)), ("role", json!("admin"))] {
        out.sets(&room, "mem", name, value.clone()).send().await.refused(403, "NOT_ROOM_MEMBER");
        out.sets(&hidden, "own", name, value.clone()).send().await.refused(404, "ROOM_NOT_FOUND");
        own.sets("absent", "own", name, value.clone()).send().await.refused(404, "ROOM_NOT_FOUND");
        other.platform().sets(&room, "mem", name, value.clone()).send().await.refused(404, "ROOM_NOT_FOUND");
        world.stranger().sets(&room, "mem", name, value).send().await.refused(401, "INVALID_CLIENT_KEY");
    }
    assert_eq!((world.sight(&room).await, world.sight(&hidden).await), before);
    let told =
        world.platform().sets(&room, "mem", "title", json!(1)).and(json!({ "sender": "out" })).send().await.good();
    assert_eq!(of(&told, "mem")["title"], json!(1));
    assert_eq!(world.last_event(&room).await["actor"], json!("out"));
    world.holds_together(&room).await;
}

#[tokio::test]
async fn a_direct_room_has_properties_but_no_roles() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "roomType": "direct", "members": ["aaa", "bbb"] })).await;
    let before = world.sight(&room).await;
    for role in ["owner", "admin", "member"] {
        aaa.sets(&room, "bbb", "role", json!(role)).send().await.refused(409, "DIRECT_ROOM");
        world.platform().sets(&room, "aaa", "role", json!(role)).send().await.refused(409, "DIRECT_ROOM");
    }
    assert_eq!(world.sight(&room).await, before);
    let told = bbb.sets(&room, "aaa", "alias", json!("A")).header("Prefer", "return=minimal").send().await.good();
    assert!(told.get("memberProperties").is_none() && told["memberCount"] == json!(2), "{told}");
    assert_eq!(of(&world.sight(&room).await.room, "aaa")["alias"], json!("A"));
    world.holds_together(&room).await;
}
