//! Leaving, being removed, and who inherits.

use super::*;

/// With a member who holds this office since that entry of the log.
pub(super) fn holding(door: Door, who: &str, role: Role, joined: u64) -> Door {
    let State::Member(plain) = member() else { unreachable!() };
    let state = State::Member(Membership { role, joined, ..plain });
    let door = door.with(who, Some(state)).changed(|room| match role {
        Role::Owner => room.owner = Some(id(who)),
        Role::Admin => room.admins.push(id(who)),
        Role::Member => {}
    });
    let standing = door.standing(&id(who)).cloned();
    let mut door = door;
    door.everybody.standings.extend(standing);
    door
}

/// A room of `own`, with `adm` as an admin and `aaa`, `bbb` as members.
pub(super) fn governed() -> Door {
    let door = holding(holding(door(), "own", Role::Owner, 2), "adm", Role::Admin, 4);
    holding(holding(door, "aaa", Role::Member, 3), "bbb", Role::Member, 5)
}

pub(super) fn by(who: &str) -> Caller {
    Caller::Client(id(who))
}

/// Every change in short.
pub(super) fn changes(plan: &Plan) -> Vec<String> {
    let of = |change: &Change| {
        let what = match change {
            Change::MembersLeft { departure, .. } => format!("{departure:?}"),
            Change::RolesGiven { roles, .. } => format!("{:?}", roles[0].1),
            Change::MemberBanned { .. } => "Banned".into(),
            Change::MemberUnbanned { .. } => "Unbanned".into(),
            Change::InvitationsEnded { ending, .. } => format!("{ending:?}"),
            Change::RoomUpdated { .. } => "Updated".into(),
            Change::PropertiesSet { properties, .. } => {
                format!("Properties {}", serde_json::Value::Object(properties.object()))
            }
            other => panic!("{other:?}"),
        };
        let clients = change.clients();
        let whom = clients.iter().map(ClientId::as_str).collect::<Vec<_>>().join(" ");
        let notice = change.content().map(|content| match content {
            Content::Notice(notice) => format!(", {}: {}", notice.message_type(), notice.text()),
            Content::Post(post) => panic!("{post:?}"),
        });
        format!("{what} {whom}{}", notice.unwrap_or_default())
    };
    plan.changes.iter().map(of).collect()
}

#[test]
fn remove_by_everybody_whom_a_room_knows() {
    // Who may remove the owner, an admin, a member; in a room with an owner.
    for (caller, allowed) in [
        (by("own"), [true, true, true]),
        (by("adm"), [false, true, true]),
        (by("aaa"), [false, false, false]),
        (Caller::Platform(None), [true, true, true]),
        (Caller::Platform(Some(id("aaa"))), [true, true, true]),
    ] {
        let door = governed().by(caller.clone());
        for (whom, allowed) in ["own", "adm", "bbb"].into_iter().zip(allowed) {
            let plan = remove(&door, &ids(&[whom]), Notify::Nobody);
            let is_refused = matches!(plan, Err(Error::InsufficientPermissions { .. }));
            assert_eq!(is_refused, !allowed, "{caller:?} removes {whom}: {plan:?}");
        }
    }
    let free = governed().changed(|room| room.owner = None).by(by("aaa"));
    for whom in ["own", "adm", "bbb"] {
        assert_eq!(changes(&remove(&free, &ids(&[whom]), Notify::Nobody).unwrap()), [format!("Removed {whom}")]);
    }
}

#[test]
fn remove_from_outside() {
    for state in [None, Some(invited(later())), Some(banned())] {
        let outside = governed().with("ccc", state).by(by("ccc"));
        for whom in ["ccc", "bbb"] {
            let refusal = remove(&outside, &ids(&[whom]), Notify::Room).unwrap_err();
            assert!(matches!(refusal, Error::NotRoomMember { .. }), "{refusal}");
        }
    }
    let hidden = governed().with("ccc", None).by(by("ccc")).changed(|room| room.is_private = true);
    assert!(matches!(remove(&hidden, &ids(&["bbb"]), Notify::Room), Err(Error::RoomNotFound { .. })));
}

#[test]
fn remove_names_everybody_who_is_not_there() {
    let door = governed()
        .with("inv", Some(invited(later())))
        .with("late", Some(invited(NOW)))
        .with("out", None)
        .with("ban", Some(banned()))
        .by(by("own"));
    let all = ids(&["bbb", "inv", "late", "out", "ban", "nobody", "own"]);
    let Err(Error::MembersNotFound { missing, .. }) = remove(&door, &all, Notify::Room) else { panic!() };
    assert_eq!(missing, ids(&["inv", "late", "out", "ban", "nobody"]));
}

#[test]
fn remove_tells_of_the_removed_in_one_message_and_of_the_leaver_in_another() {
    let door = governed().by(by("adm"));
    let plan = remove(&door, &ids(&["adm", "bbb", "aaa"]), Notify::Room).unwrap();
    assert_eq!(changes(&plan), ["Removed bbb aaa, deleteMember: BBB, AAA", "Left adm, leaveRoom: ADM"]);
    let quietly = remove(&door, &ids(&["adm", "bbb"]), Notify::Nobody).unwrap();
    assert_eq!(changes(&quietly), ["Removed bbb", "Left adm"]);
}

#[test]
fn remove_from_a_direct_room() {
    let direct = || {
        door().with("bbb", Some(member())).changed(|room| {
            room.kind = RoomKind::Direct;
            room.pair = Some([id("aaa"), id("bbb")]);
        })
    };
    for whom in [&["bbb"][..], &["aaa", "bbb"]] {
        assert!(matches!(remove(&direct(), &ids(whom), Notify::Room), Err(Error::DirectRoom { .. })), "{whom:?}");
    }
    assert_eq!(changes(&remove(&direct(), &ids(&["aaa"]), Notify::Nobody).unwrap()), ["Left aaa"]);
    let platform = direct().by(Caller::Platform(None));
    assert_eq!(changes(&remove(&platform, &ids(&["bbb"]), Notify::Nobody).unwrap()), ["Removed bbb"]);
}

#[test]
fn remove_passes_the_room_on_when_its_owner_goes() {
    let heir = |door: Door, going: &[&str]| {
        let plan = remove(&door.by(Caller::Platform(None)), &ids(going), Notify::Room).unwrap();
        changes(&plan).into_iter().find(|change| change.starts_with("Owner"))
    };
    let late = || holding(governed(), "a-late", Role::Admin, 9);
    assert_eq!(heir(late(), &["own"]), Some("Owner adm".into()), "the longest-standing admin");
    assert_eq!(heir(late(), &["own", "adm"]), Some("Owner a-late".into()), "of those who stay");
    assert_eq!(heir(late(), &["own", "adm", "a-late"]), Some("Owner aaa".into()), "else the longest-standing member");
    assert_eq!(heir(late(), &["own", "adm", "a-late", "aaa", "bbb"]), None, "else nobody");
    assert_eq!(heir(late(), &["adm"]), None, "only when the owner goes");
    // Two who came in one call: the order of their ids.
    let twins =
        holding(holding(holding(door(), "own", Role::Owner, 2), "zoe", Role::Member, 3), "bob", Role::Member, 3);
    assert_eq!(heir(twins, &["own"]), Some("Owner bob".into()));
    // Who is invited or banned is nobody's heir.
    let mut lonely =
        holding(door().with("inv", Some(invited(later()))).with("ban", Some(banned())), "own", Role::Owner, 2);
    let others = ["inv", "ban"].map(|who| lonely.standing(&id(who)).cloned());
    lonely.everybody.standings.extend(others.into_iter().flatten());
    assert_eq!(heir(lonely, &["own"]), None);
}

#[test]
fn remove_from_a_frozen_or_closed_room() {
    let shut = governed().by(by("aaa")).changed(|room| (room.is_frozen, room.is_closed) = (true, true));
    assert_eq!(changes(&remove(&shut, &ids(&["aaa"]), Notify::Nobody).unwrap()), ["Left aaa"]);
}
