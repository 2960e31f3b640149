//! Who is let in where: every route is asked by everybody who may come to it, against the real binaries, and docs/access.md
//! shows what they are answered. `ROLLCALL_WRITE_DOCS=1 cargo test --test api access` writes it anew. What must hold whatever the
//! page says stands here as rules.

mod lines;
mod people;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use futures_util::stream::{self, StreamExt};

use self::lines::{Line, lines};
use self::people::{Kind, Scene, Town};
use crate::description::operations;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/access.md");
/// How many routes are asked at a time.
const AT_A_TIME: usize = 4;

/// Who comes to a door. Those without proof pretend to be the room's owner, as far as they can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Nobody,
    WrongKey,
    OthersKey,
    Expired,
    Revoked,
    WrongApiKey,
    OtherPlatform,
    Stranger,
    StrangerToPrivate,
    Banned,
    Invited,
    Member,
    Admin,
    Owner,
    Platform,
}

/// Who has proven nothing.
const UNPROVEN: [Who; 6] = [Who::Nobody, Who::WrongKey, Who::OthersKey, Who::Expired, Who::Revoked, Who::WrongApiKey];
/// Clients of the app, the weakest first; then the platform.
const PROVEN: [Who; 8] = [
    Who::Stranger,
    Who::StrangerToPrivate,
    Who::Banned,
    Who::Invited,
    Who::Member,
    Who::Admin,
    Who::Owner,
    Who::Platform,
];

/// Routes that name a room and answer of the caller alone: to who has nothing to do with the room as if there were none.
const OF_ONESELF: [&str; 3] = ["GET /rooms/{id}/exists", "DELETE /rooms/{id}/invitations", "unsubscribe"];

/// Routes that bring their own leave: whoever has a link's token may come into its room, be it private.
const BY_LEAVE: [&str; 1] = ["POST /links/{token}/redeem"];

/// What somebody is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answered {
    In,
    /// Status and code.
    Refused(String),
    /// Nothing of ours, but what his own app has.
    InHisOwn,
}

/// A route, and what everybody is answered there.
struct Row {
    line: Line,
    /// Whether a client's token is any use there at all.
    is_for_clients: bool,
    cells: BTreeMap<Who, Answered>,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Nobody => "no key",
            Self::WrongKey => "wrong key",
            Self::OthersKey => "other app's key",
            Self::Expired => "expired token",
            Self::Revoked => "revoked token",
            Self::WrongApiKey => "wrong API key",
            Self::OtherPlatform => "other app's API key",
            Self::Stranger => "stranger",
            Self::StrangerToPrivate => "stranger, private room",
            Self::Banned => "banned",
            Self::Invited => "invited",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::Platform => "platform",
        }
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In => f.write_str("**in**"),
            Self::InHisOwn => f.write_str("own app"),
            Self::Refused(code) => f.write_str(code),
        }
    }
}

#[tokio::test]
async fn nobody_comes_in_where_he_may_not_and_the_page_says_who_may() {
    let lines = lines().unwrap_or_else(|breaches| panic!("{}", breaches.join("\n")));
    let town = Town::new().await;
    let mut rows: Vec<Row> = lines.into_iter().map(Row::new).collect();
    ask_without_proof(&town, &mut rows).await;
    // First what rooms do not come into: lists of rooms are short as yet.
    let (about_rooms, others): (Vec<&mut Row>, Vec<&mut Row>) =
        rows.iter_mut().partition(|row| row.line.is_about_a_room());
    let before = town.world.sight(&town.private.room).await;
    for some in [others, about_rooms] {
        stream::iter(some).for_each_concurrent(AT_A_TIME, |row| ask_with_proof(&town, row)).await;
    }
    assert_eq!(town.world.sight(&town.private.room).await, before, "no stranger changes a private room");
    let breaches: Vec<String> = rows.iter().flat_map(breaches).collect();
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
    is_on_the_page(&page(&rows));
}

/// All of them at one room, which nobody changes.
async fn ask_without_proof(town: &Town, rows: &mut [Row]) {
    let scene = &town.scene(Kind::Open, |_| true).await;
    let before = town.items().await;
    let ask = async |row: &mut Row| {
        for who in UNPROVEN.into_iter().chain([Who::OtherPlatform]) {
            let (mut answered, told) = town.ask(who, &row.line, scene).await;
            if who == Who::OtherPlatform && answered == Answered::In {
                assert!(!town.is_told_of_us(&told, &row.line, scene), "{}: {told}", row.line.route);
                answered = Answered::InHisOwn;
            }
            row.cells.insert(who, answered);
        }
    };
    stream::iter(rows).for_each_concurrent(AT_A_TIME, ask).await;
    let after = town.items().await;
    let differing = before.iter().zip(&after).find(|(then, now)| then != now);
    assert!(before.len() == after.len() && differing.is_none(), "somebody without proof has changed {differing:?}");
    town.leave(scene).await;
}

/// A room for whoever comes after one who was let in, and may have changed it.
async fn ask_with_proof(town: &Town, row: &mut Row) {
    let mut scene = town.scene(Kind::Open, |name| row.line.needs(name)).await;
    for who in PROVEN {
        if who == Who::StrangerToPrivate {
            let answered = ask_of_a_private_room(town, row, &scene).await;
            row.cells.insert(who, answered);
            continue;
        }
        let (answered, _) = town.ask(who, &row.line, &scene).await;
        if answered == Answered::In && !row.line.only_looks() && who != Who::Platform {
            town.leave(&scene).await;
            scene = town.scene(Kind::Open, |name| row.line.needs(name)).await;
        }
        row.cells.insert(who, answered);
    }
    town.leave(&scene).await;
}

/// What has to do with no room is as elsewhere.
async fn ask_of_a_private_room(town: &Town, row: &Row, elsewhere: &Scene) -> Answered {
    let (webhook, delivery) = (elsewhere.webhook.clone(), elsewhere.delivery.clone());
    let mut scene = Scene { webhook, delivery, ..town.private.clone() };
    if BY_LEAVE.contains(&row.line.route.as_str()) {
        scene = town.scene(Kind::Private, |name| row.line.needs(name)).await;
    }
    let (answered, told) = town.ask(Who::StrangerToPrivate, &row.line, &scene).await;
    if OF_ONESELF.contains(&row.line.route.as_str()) {
        let nowhere = Scene { room: "nowhere".to_owned(), ..scene.clone() };
        let (_, as_if) = town.ask(Who::StrangerToPrivate, &row.line, &nowhere).await;
        assert_eq!(told.to_string().replace(&scene.room, "nowhere"), as_if.to_string(), "{}", row.line.route);
    }
    answered
}

impl Row {
    fn new(line: Line) -> Self {
        let mut described = operations().iter();
        let of_route = described.find(|operation| operation.id == line.function);
        let schemes = of_route.and_then(|operation| operation.place.value["security"].as_array());
        // What says nothing of its own is for both, as the file's head has it.
        let is_for_clients = schemes.is_none_or(|schemes| schemes.iter().any(|one| one.get("Token").is_some()));
        Self { line, is_for_clients, cells: BTreeMap::new() }
    }
}

/// What must hold in every row, whatever the page says.
fn breaches(row: &Row) -> Vec<String> {
    let Row { line, is_for_clients, cells } = row;
    let is_in = |who: Who| cells[&who] == Answered::In;
    let code = |who: Who| cells[&who].to_string();
    let clients = || PROVEN.into_iter().filter(|who| *who != Who::Platform);
    let is_of_room = line.is_about_a_room() && !OF_ONESELF.contains(&line.route.as_str());
    let mut breaches = Vec::new();
    let mut rule = |rule: &str, who: Who, holds: bool| {
        if !holds {
            breaches.push(format!("{}: {} is answered {}: {rule}", line.route, who.name(), cells[&who]));
        }
    };
    for who in UNPROVEN {
        let refusals = if line.is_talk() { ["403 / 201", "403 / 220"] } else { ["401 INVALID_", "401"] };
        let holds = refusals.iter().any(|refusal| code(who).starts_with(refusal));
        rule("who proves nothing learns nothing but that", who, holds);
    }
    rule("another app is shown its own at most", Who::OtherPlatform, !is_in(Who::OtherPlatform));
    let reaches = line.is_about_a_room() && !OF_ONESELF.contains(&line.route.as_str()) || line.needs("{webhook}");
    let owns = cells[&Who::OtherPlatform] == Answered::InHisOwn;
    rule("what is ours is not there for another app", Who::OtherPlatform, !(reaches && owns));
    for who in clients() {
        rule("it is the platform's alone", who, *is_for_clients || code(who) == "401 INVALID_API_KEY");
    }
    if is_of_room {
        // Talk says that the room is there (D35).
        let in_talk = ["400 / 401", "403 / 204", "403 / 219"];
        let elsewhere = ["404 ROOM_NOT_FOUND", "ROOM_NOT_FOUND", "401 INVALID_API_KEY"];
        let absent = if line.is_talk() { in_talk } else { elsewhere };
        let holds = absent.contains(&code(Who::StrangerToPrivate).as_str());
        let has_leave = BY_LEAVE.contains(&line.route.as_str());
        rule("a private room is not there for a stranger", Who::StrangerToPrivate, holds || has_leave);
        rule("who is banned is kept out", Who::Banned, !is_in(Who::Banned));
    }
    for [less, more] in [[Who::Stranger, Who::Member], [Who::Member, Who::Admin], [Who::Admin, Who::Owner]] {
        rule("who is more may do what the lesser may", more, !is_in(less) || is_in(more));
    }
    let knows = is_in(Who::Platform) || (*is_for_clients && clients().any(is_in));
    rule("a line that lets in nobody shows nothing", Who::Platform, knows);
    rule("some client must be let in where a token counts", Who::Owner, !is_for_clients || clients().any(is_in));
    for who in cells.keys().copied() {
        let told = code(who);
        let unnamed = ["400 MISSING_PARAMETER", "400 / 400", "MISSING_PARAMETER"].contains(&told.as_str());
        let is_form = told.contains("INVALID_PARAMETER") || told.contains("INVALID_BODY") || told.ends_with(" / 405");
        let speaks_for_nobody = [Who::Platform, Who::OtherPlatform].contains(&who);
        rule("the line itself must be good", who, !is_form && (!unnamed || speaks_for_nobody));
        rule("a fault of ours shows nothing", who, !told.starts_with('5'));
    }
    breaches
}

#[allow(clippy::disallowed_methods, reason = "a test asks its environment")]
fn is_on_the_page(page: &str) {
    if std::env::var_os("ROLLCALL_WRITE_DOCS").is_some() {
        std::fs::write(PAGE, page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    let differing = page.lines().zip(written.lines()).find(|(now, then)| now != then);
    assert!(
        page == written,
        "docs/access.md is not what the routes answer: {differing:?}; write it anew as this file says"
    );
}

fn page(rows: &[Row]) -> String {
    let mut page = include_str!("access/head.md").to_owned();
    let tables: [(&str, &[Who]); 2] =
        [("## Without proof", &[UNPROVEN.as_slice(), &[Who::OtherPlatform]].concat()), ("## With proof", &PROVEN)];
    for (head, columns) in tables {
        let _ = write!(page, "\n{head}\n\n| function | route |");
        for who in columns {
            let _ = write!(page, " {} |", who.name());
        }
        let _ = writeln!(page, "\n| --- | --- |{}", " --- |".repeat(columns.len()));
        for Row { line, cells, .. } in rows {
            let _ = write!(page, "| [{0}](api/{0}.md) | `{1}` |", line.function, line.route);
            for who in columns {
                let _ = write!(page, " {} |", cells[who]);
            }
            page.push('\n');
        }
    }
    page
}

/// A row in which everybody is answered as he should be.
fn good_row(method: &str, path: &str, is_for_clients: bool) -> Row {
    let text = str::to_owned;
    let line =
        Line { route: text("route"), function: text("f"), method: text(method), path: text(path), ..Line::default() };
    let answered = |who: Who| match who {
        Who::OtherPlatform => Answered::Refused(text("404 ROOM_NOT_FOUND")),
        who if UNPROVEN.contains(&who) => Answered::Refused(text("401 INVALID_TOKEN")),
        Who::Platform => Answered::In,
        _ if !is_for_clients => Answered::Refused(text("401 INVALID_API_KEY")),
        Who::Member | Who::Admin | Who::Owner => Answered::In,
        Who::StrangerToPrivate => Answered::Refused(text("404 ROOM_NOT_FOUND")),
        _ => Answered::Refused(text("403 NOT_ROOM_MEMBER")),
    };
    let everybody = UNPROVEN.into_iter().chain([Who::OtherPlatform]).chain(PROVEN);
    Row { line, is_for_clients, cells: everybody.map(|who| (who, answered(who))).collect() }
}

#[test]
fn each_rule_can_be_broken() {
    let told = |path: &str, is_for_clients: bool, who: Who, answered: Answered| {
        let mut row = good_row("POST", path, is_for_clients);
        assert_eq!(breaches(&row), [""; 0]);
        row.cells.insert(who, answered);
        breaches(&row).join("\n")
    };
    let refused = |code: &str| Answered::Refused(code.to_owned());
    let room = "/rooms/{room}";
    for who in UNPROVEN {
        for answered in [Answered::In, refused("404 ROOM_NOT_FOUND"), refused("403 NOT_ROOM_MEMBER")] {
            assert!(told(room, true, who, answered).contains("who proves nothing"), "{}", who.name());
        }
    }
    for (path, is_for_clients, who, answered, rule) in [
        (room, true, Who::OtherPlatform, Answered::In, "shown its own at most"),
        (room, true, Who::OtherPlatform, Answered::InHisOwn, "not there for another app"),
        ("/admin/webhooks/{webhook}", false, Who::OtherPlatform, Answered::InHisOwn, "not there for another app"),
        ("/admin/clients", false, Who::Owner, Answered::In, "the platform's alone"),
        ("/admin/clients", false, Who::Stranger, refused("403 NOT_ROOM_MEMBER"), "the platform's alone"),
        (room, true, Who::StrangerToPrivate, Answered::In, "a private room"),
        (room, true, Who::StrangerToPrivate, refused("403 NOT_ROOM_MEMBER"), "a private room"),
        (room, true, Who::Banned, Answered::In, "kept out"),
        (room, true, Who::Admin, refused("403 NOT_ROOM_MEMBER"), "may do what the lesser may"),
        ("/admin/clients", false, Who::Platform, refused("403 NO"), "lets in nobody"),
        (room, true, Who::Invited, refused("400 INVALID_PARAMETER"), "the line itself"),
        (room, true, Who::Invited, refused("400 MISSING_PARAMETER"), "the line itself"),
        (room, true, Who::Invited, refused("500 INTERNAL"), "a fault of ours"),
    ] {
        let told = told(path, is_for_clients, who, answered);
        assert!(told.contains(rule), "{rule}: {told}");
    }
    let mut row = good_row("POST", room, true);
    for who in [Who::Member, Who::Admin, Who::Owner] {
        row.cells.insert(who, refused("403 NOT_ROOM_MEMBER"));
    }
    assert!(breaches(&row).join("").contains("some client must be let in"));
}

/// What is kept for a repetition is for him who asked first, as long as he is who he was.
#[tokio::test]
async fn nobody_is_given_the_answer_that_is_kept_for_another() {
    let town = Town::new().await;
    let scene = town.scene(Kind::Open, |name| name == "{room}").await;
    let repeatable = ["POST /rooms/{id}/members", "POST /rooms/{id}/message", "POST /blockStatus/room/{id}/{blockee}"];
    for line in lines().unwrap().into_iter().filter(|line| repeatable.contains(&line.route.as_str())) {
        let line = Line { is_once: true, ..line };
        let (answered, told) = town.ask(Who::Owner, &line, &scene).await;
        assert_eq!(answered, Answered::In, "{told}");
        assert_eq!(town.ask(Who::Owner, &line, &scene).await, (answered, told), "{}: it is kept", line.route);
        for who in UNPROVEN.into_iter().chain([Who::OtherPlatform, Who::Stranger, Who::Banned, Who::Invited]) {
            let (answered, told) = town.ask(who, &line, &scene).await;
            assert!(matches!(answered, Answered::Refused(_)), "{}, {}: {told}", line.route, who.name());
        }
    }
}
