//! `GET /rooms/:id/members`.

use serde_json::{Value, json};

use crate::actors::{Actor, World, ids, text};

/// Every page from a cursor on, each with its members' ids.
async fn walk(actor: &Actor, room: &str, limit: usize, mut cursor: Option<String>) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let from = cursor.as_deref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = actor.get(&format!("/rooms/{room}/members?limit={limit}{from}")).send().await.good();
        let members = ids(&page["data"]);
        let rows: Vec<String> =
            page["memberProperties"].as_array().unwrap().iter().map(|row| text(&row["client"])).collect();
        assert_eq!(rows, members, "each member of the page has its properties");
        pages.push(members);
        match &page["nextMembers"] {
            Value::Null => return pages,
            next => cursor = Some(text(next)),
        }
    }
}

/// A room of all these clients; more than one transaction holds come by parts.
async fn room_of(world: &World, crowd: &[String]) -> String {
    let room = world.room(json!({})).await;
    for part in crowd.chunks(1_000) {
        let call =
            world.platform().post(&format!("/rooms/{room}/members"), json!({ "invitees": part, "partial": true }));
        call.header("Prefer", "return=minimal").send().await.good();
    }
    room
}

#[tokio::test]
async fn the_cursor_walks_a_room_of_25_by_tens() {
    let world = World::new().await;
    let crowd = world.crowd(25).await;
    let room = room_of(&world, &crowd).await;
    world.client("zzz").await;
    world.platform().invites(&room, &["zzz"]).send().await.good();

    let pages = walk(&world.platform(), &room, 10, None).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(pages.concat(), crowd, "each once, by id; the invited one is none");
    assert_eq!(walk(&world.platform(), &room, 25, None).await, std::slice::from_ref(&crowd), "no empty page follows");
    assert_eq!(walk(&world.platform(), &room, 1, None).await.concat(), crowd);
    let behind = walk(&world.platform(), &room, 10, Some("c0011x".to_owned())).await;
    assert_eq!(behind.concat(), crowd[12..], "a cursor need not be a member any more");
}

#[tokio::test]
async fn a_page_tells_of_each_member_and_of_the_whole() {
    let world = World::new().await;
    let [aaa, bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.room(json!({ "owner": "bbb", "members": ["aaa"] })).await;
    world.client("ccc").await;
    bbb.adds(&room, &["ccc"]).and(json!({ "systemMessage": true })).send().await.good();
    let page = aaa.get(&format!("/rooms/{room}/members?limit=2")).send().await.good();
    assert_eq!((&page["totalCount"], &page["nextMembers"]), (&json!(3), &json!("bbb")));
    let first = &page["data"][0];
    assert_eq!((&first["_id"], &first["id"], &first["nickname"]), (&json!("aaa"), &json!("aaa"), &json!("AAA")));
    assert_eq!(first["clientType"], "user");
    assert_eq!(page["memberProperties"][0], json!({ "client": "aaa", "badge": 1, "via": "added" }));
    let own = &page["memberProperties"][1];
    assert_eq!((&own["client"], &own["badge"], &own["role"]), (&json!("bbb"), &json!(0), &json!("owner")));
}

#[tokio::test]
async fn a_limit_or_cursor_that_is_none_is_refused_by_name() {
    let world = World::new().await;
    let aaa = world.client("aaa").await;
    let room = world.group(&[&aaa]).await;
    let bad =
        ["limit=0", "limit=1001", "limit=abc", "cursor=a%2Fb", "cursor=%23", &format!("cursor={}", "x".repeat(129))];
    for query in bad {
        let (name, _) = query.split_once('=').unwrap();
        let answer = aaa.get(&format!("/rooms/{room}/members?{query}")).send().await;
        let message = answer.refused(400, "INVALID_PARAMETER");
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
    for query in ["limit=1", "limit=1000", "limit=", "cursor=", "cursor=zzz", "unheard=of"] {
        aaa.get(&format!("/rooms/{room}/members?{query}")).send().await.good();
    }
}

#[tokio::test]
async fn only_members_and_the_platform_list_members() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let room = world.group(&[&aaa]).await;
    aaa.invites(&room, &["bbb"]).send().await.good();
    let path = format!("/rooms/{room}/members");
    for outsider in [bbb, ccc] {
        for query in ["", "?cursor=a&limit=1"] {
            outsider.get(&format!("{path}{query}")).send().await.refused(403, "NOT_ROOM_MEMBER");
        }
    }
    for query in ["", "?cursor=a"] {
        aaa.get(&format!("{path}{query}")).send().await.good();
        world.platform().get(&format!("{path}{query}")).send().await.good();
        aaa.get(&format!("/rooms/there-is-none/members{query}")).send().await.refused(404, "ROOM_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_room_shows_its_first_thousand_members_and_where_the_rest_is() {
    let world = World::new().await;
    let crowd = world.crowd(1_005).await;
    let room = room_of(&world, &crowd).await;

    let seen = world.platform().reads(&room).send().await.good();
    assert_eq!((ids(&seen["members"]), &seen["memberCount"]), (crowd[..1_000].to_vec(), &json!(1_005)));
    assert_eq!(seen["memberProperties"].as_array().unwrap().len(), 1_000);
    let rest = walk(&world.platform(), &room, 3, Some(text(&seen["nextMembers"]))).await;
    assert_eq!(rest.concat(), crowd[1_000..]);
    assert_eq!(walk(&world.platform(), &room, 1_000, None).await.concat(), crowd);

    // One more, early in the order: the thousandth moves to the next page, of a reply rendered from what was written.
    let aaa = world.client("aaa").await;
    let joined = aaa.joins(&room).send().await.good();
    assert_eq!(joined["memberCount"], json!(1_006));
    assert_eq!((ids(&joined["members"]).len(), &ids(&joined["members"])[0]), (1_000, &"aaa".to_owned()));
    let mut all = ids(&joined["members"]);
    all.extend(walk(&aaa, &room, 1_000, Some(text(&joined["nextMembers"]))).await.concat());
    assert_eq!((all.len(), &all[1..]), (1_006, &crowd[..]));
    assert_eq!(aaa.reads(&room).send().await.good()["members"], joined["members"], "as a reading shows it");

    let whole = world.sight(&room).await;
    let counted = whole.events.iter().map(|event| event["clients"].as_array().unwrap().len()).sum::<usize>();
    assert_eq!((counted, &whole.events.last().unwrap()["memberCount"]), (1_006, &json!(1_006)));
}

#[tokio::test]
async fn a_room_of_exactly_a_thousand_shows_them_all() {
    let world = World::new().await;
    let crowd = world.crowd(1_000).await;
    let room = room_of(&world, &crowd[..999]).await;
    let last = world.platform().adds_one(&room, &crowd[999]).send().await.good();
    let seen = world.platform().reads(&room).send().await.good();
    for reply in [&last, &seen] {
        assert_eq!((ids(&reply["members"]), reply.get("nextMembers")), (crowd.clone(), None));
    }
    world.holds_together(&room).await;
}
