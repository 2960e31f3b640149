//! Settings, offices, properties.

use serde_json::json;

use super::leaving::{by, changes, governed, holding};
use super::*;
use crate::client::Said;
use crate::room::{MOST_ADMINS, Revision};

fn naming(owner: Option<&str>, admins: Option<&[&str]>) -> Revision {
    Revision { owner: owner.map(id), admins: admins.map(ids), ..Revision::default() }
}

fn renaming() -> Revision {
    Revision { name: Said::Is("new".into()), ..Revision::default() }
}

fn direct() -> Door {
    door().with("bbb", Some(member())).changed(|room| {
        room.kind = RoomKind::Direct;
        room.pair = Some([id("aaa"), id("bbb")]);
    })
}

#[test]
fn update_by_everybody_whom_a_room_knows() {
    let revisions = [renaming(), naming(None, Some(&["bbb"])), naming(Some("bbb"), None)];
    // Its face, its admins, its owner.
    for (caller, allowed) in [
        (by("own"), [true, true, true]),
        (by("adm"), [true, true, false]),
        (by("aaa"), [false, false, false]),
        (Caller::Platform(None), [true, true, true]),
    ] {
        let door = governed().by(caller.clone());
        for (revision, allowed) in revisions.iter().zip(allowed) {
            let plan = update(&door, revision);
            let is_refused = matches!(plan, Err(Error::InsufficientPermissions { .. }));
            assert_eq!(is_refused, !allowed, "{caller:?}: {revision:?}");
        }
    }
    let free = holding(door(), "bbb", Role::Member, 2);
    assert_eq!(changes(&update(&free, &renaming()).unwrap()), ["Updated "]);
    for revision in &revisions[1..] {
        assert!(matches!(update(&free, revision), Err(Error::InsufficientPermissions { .. })), "{revision:?}");
    }
}

#[test]
fn update_that_changes_nothing() {
    let same = Revision { is_closed: Some(false), max_members: Some(10), ..naming(Some("own"), Some(&["adm", "own"])) };
    for revision in [Revision::default(), same] {
        assert!(update(&governed().by(by("own")), &revision).unwrap().changes.is_empty(), "{revision:?}");
    }
}

#[test]
fn update_needs_no_look_at_the_offices_unless_it_changes_them() {
    let mut door = governed().by(by("adm"));
    door.people.remove(&id("own")); // whom nobody has read
    assert_eq!(changes(&update(&door, &renaming()).unwrap()), ["Updated "]);
}

#[test]
fn update_down_to_the_members_there_are() {
    let seats =
        |seats| update(&governed().by(by("own")), &Revision { max_members: Some(seats), ..Revision::default() });
    let count = governed().room.unwrap().member_count;
    assert!(seats(count).is_ok());
    assert!(matches!(seats(count - 1), Err(Error::InvalidParameter { name, .. }) if name == "maxMembers"));
}

#[test]
fn update_of_a_direct_room() {
    let required = Revision { invitation_required: Some(true), ..Revision::default() };
    let seats = Revision { max_members: Some(3), ..Revision::default() };
    for revision in [required, seats, naming(Some("aaa"), None), naming(None, Some(&[]))] {
        for caller in [by("aaa"), Caller::Platform(None)] {
            let refusal = update(&direct().by(caller), &revision).unwrap_err();
            assert!(matches!(refusal, Error::DirectRoom { .. }), "{revision:?}: {refusal}");
        }
    }
    assert!(update(&direct(), &Revision { invitation_required: Some(false), ..renaming() }).is_ok());
}

#[test]
fn update_of_offices_loses_before_it_gives_and_announces_new_admins() {
    let offices = |owner, admins| changes(&update(&governed().by(by("own")), &naming(owner, admins)).unwrap());
    assert_eq!(offices(None, Some(&["bbb", "aaa"])), ["Member adm", "Admin bbb aaa, assignAdmin: BBB, AAA"]);
    assert_eq!(offices(None, Some(&[])), ["Member adm"]);
    assert_eq!(offices(Some("bbb"), None), ["Admin own", "Owner bbb"], "who owned it is an admin");
    assert_eq!(offices(Some("adm"), None), ["Admin own", "Owner adm"]);
    assert_eq!(offices(Some("bbb"), Some(&["adm"])), ["Member own", "Owner bbb"], "unless all are named");
    assert_eq!(offices(Some("bbb"), Some(&["own", "bbb"])), ["Member adm", "Admin own", "Owner bbb"]);
}

#[test]
fn update_gives_offices_to_members_only() {
    let door = governed().with("out", None).with("inv", Some(invited(later()))).by(by("own"));
    let revision = naming(Some("out"), Some(&["inv", "bbb", "nobody"]));
    let Err(Error::MembersNotFound { missing, .. }) = update(&door, &revision) else { panic!() };
    assert_eq!(missing, ids(&["out", "inv", "nobody"]));
}

#[test]
fn give_role_by_everybody_whom_a_room_knows() {
    for (caller, allowed) in [
        (by("own"), [true, true, true]),
        (by("adm"), [true, true, false]),
        (by("aaa"), [false, false, false]),
        (Caller::Platform(None), [true, true, true]),
    ] {
        let door = governed().by(caller.clone());
        for (role, allowed) in [Role::Member, Role::Admin, Role::Owner].into_iter().zip(allowed) {
            let plan = give_role(&door, &id("bbb"), role);
            let is_refused = matches!(plan, Err(Error::InsufficientPermissions { .. }));
            assert_eq!(is_refused, !allowed, "{caller:?} makes him {role:?}");
        }
    }
    let free = holding(door(), "bbb", Role::Member, 2);
    assert!(matches!(give_role(&free, &id("bbb"), Role::Admin), Err(Error::InsufficientPermissions { .. })));
    let platform = free.by(Caller::Platform(None));
    assert_eq!(changes(&give_role(&platform, &id("bbb"), Role::Owner).unwrap()), ["Owner bbb"]);
}

#[test]
fn give_role_leaves_the_others_theirs() {
    let given = |who: &str, role| changes(&give_role(&governed().by(by("own")), &id(who), role).unwrap());
    assert_eq!(given("bbb", Role::Admin), ["Admin bbb, assignAdmin: BBB"]);
    assert_eq!(given("adm", Role::Member), ["Member adm"]);
    assert_eq!(given("bbb", Role::Owner), ["Admin own", "Owner bbb"]);
    for (who, role) in [("bbb", Role::Member), ("adm", Role::Admin), ("own", Role::Owner)] {
        assert!(given(who, role).is_empty(), "{who} is {role:?} already");
    }
}

#[test]
fn give_role_never_leaves_a_room_without_its_owner() {
    for role in [Role::Admin, Role::Member] {
        for caller in [by("own"), Caller::Platform(None)] {
            let refusal = give_role(&governed().by(caller), &id("own"), role).unwrap_err();
            assert!(matches!(&refusal, Error::InvalidParameter { name, .. } if name == "value"), "{refusal}");
        }
        let refusal = give_role(&governed().by(by("adm")), &id("own"), role).unwrap_err();
        assert!(matches!(refusal, Error::InsufficientPermissions { .. }), "{refusal}");
    }
}

#[test]
fn give_role_to_no_more_than_so_many_admins() {
    let mut door = holding(door(), "own", Role::Owner, 2).by(by("own"));
    for number in 1..MOST_ADMINS {
        door = holding(door, &format!("m{number}"), Role::Admin, 3);
    }
    let door = holding(holding(door, "last", Role::Member, 4), "none", Role::Member, 4);
    assert_eq!(changes(&give_role(&door, &id("last"), Role::Admin).unwrap()), ["Admin last, assignAdmin: LAST"]);
    let full = holding(door, "full", Role::Admin, 5);
    for role in [Role::Admin, Role::Owner] {
        let refusal = give_role(&full, &id("none"), role).unwrap_err();
        assert!(matches!(&refusal, Error::InvalidParameter { name, .. } if name == "value"), "{refusal}");
    }
}

#[test]
fn give_role_in_a_direct_room() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        for caller in [by("aaa"), Caller::Platform(None)] {
            assert!(matches!(give_role(&direct().by(caller), &id("bbb"), role), Err(Error::DirectRoom { .. })));
        }
    }
}

#[test]
fn set_property_beside_the_others_or_takes_it_away() {
    let with = |properties: serde_json::Value| {
        let State::Member(plain) = member() else { unreachable!() };
        let properties = crate::json::Json::of(properties.as_object().unwrap());
        door().with("bbb", Some(State::Member(Membership { properties, ..plain })))
    };
    let set = |before, name: &str, value| changes(&set_property(&with(before), &id("bbb"), name, &value).unwrap());
    assert_eq!(set(json!({}), "a", json!(1)), [r#"Properties {"a":1} bbb"#]);
    assert_eq!(set(json!({ "a": 1 }), "b", json!([2])), [r#"Properties {"a":1,"b":[2]} bbb"#]);
    assert_eq!(set(json!({ "a": 1 }), "a", json!(null)), ["Properties {} bbb"]);
    for (before, value) in [(json!({ "a": 1 }), json!(1)), (json!({}), json!(null))] {
        assert!(set(before, "a", value).is_empty());
    }
    let long = json!("x".repeat(1_024));
    let refusal = set_property(&with(json!({})), &id("bbb"), "a", &long).unwrap_err();
    assert!(matches!(&refusal, Error::InvalidParameter { name, .. } if name == "value"), "{refusal}");
}

#[test]
fn set_property_of_one_who_is_not_in_the_room() {
    for state in [None, Some(invited(later())), Some(banned())] {
        let door = door().with("bbb", state);
        assert!(matches!(set_property(&door, &id("bbb"), "a", &json!(1)), Err(Error::MembersNotFound { .. })));
        let outside = door.by(by("bbb"));
        assert!(matches!(set_property(&outside, &id("aaa"), "a", &json!(1)), Err(Error::NotRoomMember { .. })));
    }
}

#[test]
fn delete_by_the_owner_and_the_platform() {
    for (caller, allowed) in [(by("own"), true), (by("adm"), false), (by("aaa"), false), (Caller::Platform(None), true)]
    {
        assert_eq!(may_delete(&governed().by(caller.clone())).is_ok(), allowed, "{caller:?}");
    }
    assert!(may_delete(&door()).is_err(), "nobody owns it");
    assert!(may_delete(&door().by(Caller::Platform(None))).is_ok());
}
