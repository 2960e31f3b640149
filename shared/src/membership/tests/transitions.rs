//! Every combination of who asks, what he wants, how the one concerned stands to the room, and what kind of room it is: the
//! rules answer each, and docs/transitions.md shows the answers. `ROLLCALL_WRITE_DOCS=1 cargo test -p shared transitions`
//! writes the page.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and asks its environment"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::super::*;
use crate::client::Client;
use crate::dialect::imkit;
use crate::door::{Invitee, Known};
use crate::id::{AppId, ObjectId, RoomId};
use crate::invitation::{Invitation, Written};
use crate::link::{Link, LinkToken, Presented};
use crate::message::{Post, Speech};
use crate::room::{Revision, RoomKind};
use crate::standing::{Ban, Membership, Pending, Standing, State};
use crate::time::Time;

const NOW: Time = Time::from_millis(1_000_000);
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/transitions.md");

/// What is wanted, by whom it can be wanted, and what the rules say.
struct Want {
    name: &'static str,
    askers: &'static [Asker],
    decide: fn(&Door) -> Result<Plan, Error>,
}

/// Who asks. Those above the line ask for somebody else, `bbb`; the last two are or act for `bbb` himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Stranger,
    Invited,
    Banned,
    Member,
    Admin,
    Owner,
    Platform,
    Himself,
    PlatformForHim,
    Deployment,
}

const OTHERS: &[Asker] =
    &[Asker::Stranger, Asker::Invited, Asker::Banned, Asker::Member, Asker::Admin, Asker::Owner, Asker::Platform];
const HIMSELF: &[Asker] = &[Asker::Himself, Asker::PlatformForHim];

/// Kinds of rooms that the rules tell apart. `aaa` asks, `bbb` is concerned, `own` owns it where anybody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Owned,
    Unowned,
    OnInvitation,
    Private,
    Closed,
    Frozen,
    Full,
    Direct,
}

const KINDS: [Kind; 8] = [
    Kind::Owned,
    Kind::Unowned,
    Kind::OnInvitation,
    Kind::Private,
    Kind::Closed,
    Kind::Frozen,
    Kind::Full,
    Kind::Direct,
];

/// How somebody stands to a room, made anew each time.
type Stands = fn() -> Option<State>;

/// How `bbb` stands to the room.
const STATES: [(&str, Stands); 7] = [
    ("a stranger", || None),
    ("lapsed", || Some(invited(NOW))),
    ("invited", || Some(invited(NOW.plus(Duration::from_secs(1))))),
    ("a member", || Some(member(Role::Member))),
    ("an admin", || Some(member(Role::Admin))),
    ("the owner", || Some(member(Role::Owner))),
    ("banned", || Some(banned())),
];

fn wants() -> Vec<Want> {
    let want = |name, askers, decide| Want { name, askers, decide };
    vec![
        want("Add him", OTHERS, |door| add(door, &[bbb()], adding(Entry::Directly))),
        want("Invite him", OTHERS, |door| add(door, &[bbb()], adding(Entry::ByInvitation))),
        want("Invite him in Talk's way", OTHERS, |door| invite(door, &Written::default(), Duration::from_secs(60))),
        want("Join", HIMSELF, |door| join(door, Notify::Nobody)),
        want("Join in Talk's way", HIMSELF, join_topic),
        want("Sign up with an invited address", &[Asker::PlatformForHim], |door| {
            claim(door, &bbb()).map_or(Ok(Plan::default()), |(claim, plan)| kept(door, claim, plan))
        }),
        want("Redeem a link", HIMSELF, |door| redeem(door, &token(), Notify::Nobody)),
        want("Decline", HIMSELF, |door| decline(door, Declining::Politely)),
        want("Cancel his invitation", OTHERS, |door| cancel(door, &[bbb()], Notify::Nobody)),
        want("Sweep away what has lapsed", &[Asker::Deployment], |door| Ok(expire(door, &[bbb()]))),
        want("Leave", HIMSELF, |door| remove(door, &[bbb()], Notify::Nobody)),
        want("Leave in Talk's way", HIMSELF, leave_topic),
        want("Remove him", OTHERS, |door| remove(door, &[bbb()], Notify::Nobody)),
        want("Remove him in Talk's way", OTHERS, |door| remove_from_topic(door, &bbb())),
        want("Ban him", OTHERS, |door| ban(door, &bbb())),
        want("Lift his ban", OTHERS, |door| unban(door, &bbb())),
        want("Make him an admin", OTHERS, |door| give_role(door, &bbb(), Role::Admin)),
        want("Make him a plain member", OTHERS, |door| give_role(door, &bbb(), Role::Member)),
        want("Make him the owner", OTHERS, |door| give_role(door, &bbb(), Role::Owner)),
        want("Set a property of his", OTHERS, |door| set_property(door, &bbb(), "seat", &serde_json::json!(7))),
        want("Say something", HIMSELF, |door| speak(door, &speech())),
        want("Change the room's settings", HIMSELF, |door| {
            update(door, &Revision { is_private: Some(true), ..Revision::default() })
        }),
    ]
}

/// A claim that keeps its invitation says why; the page shows it as a refusal is shown.
fn kept(door: &Door, claim: Claim, plan: Plan) -> Result<Plan, Error> {
    let room = door.id.clone();
    match claim {
        Claim::Joined | Claim::AlreadyMember => Ok(plan),
        Claim::RoomFull => Err(Error::RoomFull { room, max_members: 0 }),
        Claim::RoomClosed => Err(Error::RoomClosed { room }),
        Claim::Banned => Err(Refusal::Banned.of(door.room.as_ref().unwrap(), vec![bbb()])),
        Claim::Busy => Err(Error::Busy),
    }
}

#[test]
fn transitions_are_all_defined_and_stand_in_their_page() {
    let page = page();
    if std::env::var_os("ROLLCALL_WRITE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    let differing = page.lines().zip(written.lines()).find(|(now, then)| now != then);
    assert!(
        page == written,
        "docs/transitions.md is not what the rules say: {differing:?}; write it anew as this file says"
    );
}

/// Nobody is ever left in two states, and nobody who is banned comes in, whoever asks for what in which room.
#[test]
fn transitions_never_let_a_banned_client_in_and_never_overfill() {
    for want in wants() {
        for asker in want.askers {
            for kind in KINDS {
                for (name, state) in STATES {
                    let Some(door) = door(*asker, kind, state()) else { continue };
                    let Ok(plan) = (want.decide)(&door) else { continue };
                    let joins = plan.changes.iter().any(|change| change.kind() == crate::log::Kind::MemberJoined);
                    let case = format!("{} {asker:?} {kind:?} {name}", want.name);
                    assert!(!(joins && name == "banned"), "{case}");
                    assert!(!(joins && kind == Kind::Full), "{case}");
                }
            }
        }
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Every transition of a membership\n\n\
         Written by a test that asks the rules (`shared/src/membership`) for every combination of what is wanted, who asks, what\n\
         kind of room it is, and how the one concerned stands to it; `ROLLCALL_WRITE_DOCS=1 cargo test -p shared transitions`\n\
         writes it anew. A cell holds the entries of the room's log that come of it, `–` where nothing changes, or the code of the\n\
         refusal (in IMKit's words; [errors.md](errors.md)). What cannot be (two owners, an owner of an unowned room) is left out.\n\n\
         Rooms: *owned* and *unowned* group rooms; a group room entered *on invitation*; a *private* one; a *closed* one\n\
         (`opening: 0`); a *frozen* one (`status: 0`); a *full* one; a *direct* one, of the asker and the one concerned. All but the\n\
         unowned and the direct one have an owner.\n",
    );
    for want in wants() {
        let _ = write!(page, "\n## {}\n\n| who asks | room |", want.name);
        for (name, _) in STATES {
            let _ = write!(page, " {name} |");
        }
        let _ = writeln!(page, "\n| --- | --- |{}", " --- |".repeat(STATES.len()));
        for Row { askers, kinds, cells } in rows(&want) {
            let kinds = if kinds.len() == KINDS.len() { "any".to_owned() } else { kinds.join(", ") };
            let _ = writeln!(page, "| {} | {kinds} | {} |", askers.join(", "), cells.join(" | "));
        }
    }
    page
}

/// One row of a table: for whom and for which rooms it holds.
struct Row {
    askers: Vec<&'static str>,
    kinds: Vec<&'static str>,
    cells: Vec<String>,
}

/// Rows that say the same are one; a cell that cannot be agrees with every other.
fn rows(want: &Want) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for asker in want.askers {
        for Row { askers, kinds, cells } in rows_of(want, *asker) {
            match rows.iter_mut().find(|known| known.kinds == kinds && known.cells == cells) {
                Some(known) => known.askers.extend(askers),
                None => rows.push(Row { askers, kinds, cells }),
            }
        }
    }
    rows
}

fn rows_of(want: &Want, asker: Asker) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for kind in KINDS {
        let ask = |state: Stands| door(asker, kind, state()).map(|door| cell((want.decide)(&door)));
        let cells: Vec<String> = STATES.iter().map(|(_, state)| ask(*state).unwrap_or_default()).collect();
        let agree = |(one, other): (&String, &String)| one == other || one.is_empty() || other.is_empty();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        match rows.iter_mut().find(|known| known.cells.iter().zip(&cells).all(agree)) {
            Some(known) => {
                known.kinds.push(kind.word());
                for (own, other) in known.cells.iter_mut().zip(cells).filter(|(own, _)| own.is_empty()) {
                    *own = other;
                }
            }
            None => rows.push(Row { askers: vec![words(asker)], kinds: vec![kind.word()], cells }),
        }
    }
    rows
}

fn cell(decided: Result<Plan, Error>) -> String {
    let entry = |change: &Change| {
        let kind = serde_json::to_value(change.kind()).unwrap();
        let how = match change {
            Change::MembersJoined { via, .. } => format!(" ({})", serde_json::to_value(via).unwrap().as_str().unwrap()),
            Change::JoinedByLink { .. } => " (link)".to_owned(),
            Change::RolesGiven { roles, .. } => format!(" ({})", roles[0].1.as_str()),
            _ => String::new(),
        };
        format!("{}{how}", kind.as_str().unwrap())
    };
    match decided {
        Ok(plan) if plan.changes.is_empty() => "–".to_owned(),
        Ok(plan) => plan.changes.iter().map(entry).collect::<Vec<_>>().join(", "),
        Err(error) => {
            let body: serde_json::Value = serde_json::from_str(&imkit::refuse(&error).body).unwrap();
            format!("`{}`", body["error"]["code"].as_str().unwrap())
        }
    }
}

/// `aaa` asks, unless `bbb` does himself. None where it cannot be.
fn door(asker: Asker, kind: Kind, concerned: Option<State>) -> Option<Door> {
    let own = match asker {
        Asker::Stranger | Asker::Platform | Asker::PlatformForHim | Asker::Himself | Asker::Deployment => None,
        Asker::Invited => Some(invited(NOW.plus(Duration::from_secs(1)))),
        Asker::Banned => Some(banned()),
        Asker::Member => Some(member(Role::Member)),
        Asker::Admin => Some(member(Role::Admin)),
        Asker::Owner => Some(member(Role::Owner)),
    };
    let mut room = kind.room();
    let role = |state: &Option<State>| match state {
        Some(State::Member(own)) => Some(own.role),
        _ => None,
    };
    let roles = [role(&own), role(&concerned)];
    let offices = roles.iter().flatten().filter(|role| **role != Role::Member).count();
    let owners = roles.iter().flatten().filter(|role| **role == Role::Owner).count();
    let has_none = matches!(kind, Kind::Unowned | Kind::Direct);
    if owners > 1 || (has_none && owners > 0) || (kind == Kind::Direct && offices > 0) {
        return None;
    }
    if kind == Kind::Direct && matches!(asker, Asker::Invited | Asker::Banned) {
        return None;
    }
    let mut people = BTreeMap::new();
    let standings =
        [("aaa", own), ("bbb", concerned), ("own", (owners == 0 && !has_none).then(|| member(Role::Owner)))];
    for (who, state) in standings {
        let id = ClientId::parse("id", who).unwrap();
        match role(&state) {
            Some(Role::Owner) => room.owner = Some(id.clone()),
            Some(Role::Admin) => room.admins.push(id.clone()),
            Some(Role::Member) | None => {}
        }
        room.member_count += u32::from(role(&state).is_some());
        people
            .insert(id.clone(), Known { standing: state.map(|state| standing(&id, state)), client: Some(client(&id)) });
    }
    if kind == Kind::Full {
        room.max_members = room.member_count;
    }
    let caller = match asker {
        Asker::Platform | Asker::Deployment => Caller::Platform(None),
        Asker::PlatformForHim => Caller::Platform(Some(bbb())),
        Asker::Himself => Caller::Client(bbb()),
        _ => Caller::Client(ClientId::parse("id", "aaa").unwrap()),
    };
    Some(assembled(room, people, caller))
}

fn assembled(room: Room, people: BTreeMap<ClientId, Known>, caller: Caller) -> Door {
    let standings = people.values().filter_map(|known| known.standing.clone()).collect();
    Door {
        app: AppId::parse("app", "App").unwrap(),
        caller,
        id: room.id.clone(),
        room: Some(room),
        is_going: false,
        people,
        page: None,
        everybody: crate::door::Everybody { standings, ..Default::default() },
        acquaintances: Default::default(),
        entry: None,
        invitee: Some(Invitee::Client(bbb())),
        invitation: Some(address_invitation()),
        link: Some(presented()),
        record: None,
        now: NOW,
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Owned => "owned",
            Self::Unowned => "unowned",
            Self::OnInvitation => "on invitation",
            Self::Private => "private",
            Self::Closed => "closed",
            Self::Frozen => "frozen",
            Self::Full => "full",
            Self::Direct => "direct",
        }
    }

    fn room(self) -> Room {
        let id = RoomId::parse("id", "room").unwrap();
        let mut room = match self {
            Self::Direct => Room::direct(id, [ClientId::parse("id", "aaa").unwrap(), bbb()], NOW),
            _ => Room::of_many(id, RoomKind::Group, 100, NOW),
        };
        room.seq = 1;
        room.invitation_required = self == Self::OnInvitation;
        room.is_private = self == Self::Private;
        room.is_closed = self == Self::Closed;
        room.is_frozen = self == Self::Frozen;
        room
    }
}

fn words(asker: Asker) -> &'static str {
    match asker {
        Asker::Stranger => "a stranger",
        Asker::Invited => "somebody invited",
        Asker::Banned => "somebody banned",
        Asker::Member => "a member",
        Asker::Admin => "an admin",
        Asker::Owner => "the owner",
        Asker::Platform => "the platform",
        Asker::Himself => "he himself",
        Asker::PlatformForHim => "the platform for him",
        Asker::Deployment => "the schedule",
    }
}

fn bbb() -> ClientId {
    ClientId::parse("id", "bbb").unwrap()
}

fn adding(entry: Entry) -> Adding {
    Adding { entry, notify: Notify::Nobody, mode: Mode::AllOrNothing, lifetime: Duration::from_secs(60) }
}

fn speech() -> Speech {
    let post = Post { message_type: "text".to_owned(), fields: Default::default(), reply: None };
    Speech { edits: None, answers: None, post }
}

fn client(id: &ClientId) -> Client {
    let said = crate::client::Statement::default();
    said.applied(id, None, &Default::default(), NOW).unwrap()
}

fn standing(id: &ClientId, state: State) -> Standing {
    Standing { client: id.clone(), profile: Default::default(), profile_version: 1, seq: 1, state }
}

fn member(role: Role) -> State {
    State::Member(Membership {
        role,
        joined: 1,
        via: Via::Added,
        inviter: None,
        ticket: None,
        read_messages: 0,
        last_read: None,
        properties: Default::default(),
    })
}

fn invited(expires_at: Time) -> State {
    State::Invited(Pending { inviter: None, created_at: NOW, updated_at: NOW, expires_at })
}

fn banned() -> State {
    State::Banned(Ban { blocker: None, created_at: NOW })
}

fn token() -> LinkToken {
    let room = RoomId::parse("id", "room").unwrap();
    let link = ObjectId::parse("link", "5e5b88e90023a7f3a7f3a7f3").unwrap();
    let (app, random) = (AppId::parse("app", "App").unwrap(), "0".repeat(32));
    LinkToken::parse(&format!("{app}.{}.{link}.{random}", "cm9vbQ")).filter(|token| token.room == room).unwrap()
}

fn presented() -> Presented {
    let (token, expires_at) = (token(), NOW.plus(Duration::from_secs(1)));
    let (id, hash) = (token.link.clone(), token.hash());
    let link = Link { id, hash, max_uses: Some(1), uses: 0, inviter: None, created_at: NOW, expires_at, ttl: 0 };
    Presented { link, is_redeemed: false }
}

fn address_invitation() -> Invitation {
    Invitation {
        id: ObjectId::at(NOW),
        addresses: vec!["bbb@example.com".to_owned()],
        email: None,
        mobile: None,
        inviter: None,
        seq: 1,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(1)),
    }
}
