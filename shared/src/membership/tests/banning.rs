//! Bans, and what they close.

use super::leaving::{by, changes, governed, holding};
use super::*;

/// Where `inviter` has invited so many clients, and so many people by two addresses each.
fn inviting(door: Door, inviter: &str, clients: usize, people: usize) -> Door {
    let mut door = door;
    for number in 0..clients {
        let who = format!("{inviter}{number:03}");
        let pending = Pending {
            inviter: Some(client(&id(inviter)).face()),
            created_at: NOW,
            updated_at: NOW,
            expires_at: later(),
        };
        let (profile, state) = (Default::default(), State::Invited(pending));
        door.everybody.standings.push(Standing { client: id(&who), profile, profile_version: 1, seq: 1, state });
    }
    for number in 0..people {
        door.everybody.invitations.push(Invitation {
            id: ObjectId::at(NOW),
            addresses: vec![format!("+{number}"), format!("{number}@x.io")],
            email: None,
            mobile: None,
            inviter: Some(id(inviter)),
            seq: 1,
            created_at: NOW,
            expires_at: later(),
        });
    }
    door
}

#[test]
fn ban_by_everybody_whom_a_room_knows() {
    // Who bans the owner, an admin, a member.
    for (caller, allowed) in [
        (by("own"), [None, Some(true), Some(true)]),
        (by("adm"), [Some(false), None, Some(true)]),
        (by("aaa"), [Some(false), Some(false), Some(false)]),
        (Caller::Platform(None), [Some(true), Some(true), Some(true)]),
    ] {
        let door = governed().by(caller.clone());
        for (whom, allowed) in ["own", "adm", "bbb"].into_iter().zip(allowed) {
            let plan = ban(&door, &id(whom));
            match allowed {
                Some(true) => assert!(plan.is_ok(), "{caller:?} bans {whom}: {plan:?}"),
                Some(false) => {
                    assert!(matches!(plan, Err(Error::InsufficientPermissions { .. })), "{caller:?}: {whom}")
                }
                None => assert!(matches!(plan, Err(Error::InvalidParameter { name, .. }) if name == "blockee")),
            }
        }
    }
    // Where nobody owns the room, nobody but its admins and the platform bans.
    let free = holding(door(), "bbb", Role::Member, 2);
    assert!(matches!(ban(&free, &id("bbb")), Err(Error::InsufficientPermissions { .. })));
}

#[test]
fn ban_from_every_circumstance() {
    for state in [None, Some(invited(later())), Some(invited(NOW)), Some(member())] {
        let door = governed().with("ccc", state).by(by("own"));
        assert_eq!(changes(&ban(&door, &id("ccc")).unwrap()), ["Banned ccc"]);
    }
    let again = governed().with("ccc", Some(banned())).by(by("own"));
    assert!(matches!(ban(&again, &id("ccc")), Err(Error::AlreadyBanned { .. })));
    assert!(matches!(ban(&governed().by(by("own")), &id("nobody")), Err(Error::ClientsNotFound { .. })));
    let direct = door().with("bbb", Some(member())).changed(|room| room.kind = RoomKind::Direct);
    for caller in [by("aaa"), Caller::Platform(None)] {
        assert!(matches!(ban(&direct.clone().by(caller), &id("bbb")), Err(Error::DirectRoom { .. })));
    }
}

#[test]
fn ban_of_the_owner_passes_the_room_on() {
    let plan = ban(&governed().by(Caller::Platform(None)), &id("own")).unwrap();
    assert_eq!(changes(&plan), ["Banned own", "Owner adm"]);
}

#[test]
fn ban_closes_the_live_invitations_that_he_issued_and_no_others() {
    let mut door = inviting(inviting(governed(), "bbb", 2, 1), "aaa", 3, 2).by(by("own"));
    door.everybody.invitations[0].expires_at = NOW; // over already
    if let State::Invited(pending) =
        &mut door.everybody.standings.iter_mut().find(|own| own.client == id("bbb001")).unwrap().state
    {
        pending.expires_at = NOW;
    }
    let plan = ban(&door, &id("bbb")).unwrap();
    assert_eq!(changes(&plan), ["Cancelled bbb000", "Banned bbb"]);
    let Change::InvitationsEnded { invitations, .. } = &plan.changes[0] else { panic!("{plan:?}") };
    assert!(invitations.is_empty() && !plan.unfinished);
}

#[test]
fn ban_closes_what_one_transaction_holds_and_bans_when_the_rest_fits() {
    let closed = |clients, people| {
        let plan = ban(&inviting(governed(), "bbb", clients, people).by(by("own")), &id("bbb")).unwrap();
        let Change::InvitationsEnded { standings, invitations, .. } = &plan.changes[0] else { panic!("{plan:?}") };
        let bans = matches!(plan.changes.last(), Some(Change::MemberBanned { .. }));
        assert_eq!(bans, !plan.unfinished);
        (standings.len(), invitations.len(), bans)
    };
    assert_eq!(closed(80, 0), (80, 0, true));
    assert_eq!(closed(81, 0), (80, 0, false));
    assert_eq!(closed(80, 1), (80, 0, false));
    assert_eq!(closed(77, 1), (77, 1, true), "three items for an invitation of two addresses");
    assert_eq!(closed(78, 1), (78, 0, false));
    assert_eq!(closed(0, 27), (0, 26, false));
}

#[test]
fn unban_who_is_banned() {
    let door = governed().with("ccc", Some(banned()));
    for caller in [by("own"), by("adm"), Caller::Platform(None)] {
        assert_eq!(changes(&unban(&door.clone().by(caller), &id("ccc")).unwrap()), ["Unbanned ccc"]);
    }
    assert!(matches!(unban(&door.clone().by(by("aaa")), &id("ccc")), Err(Error::InsufficientPermissions { .. })));
    for state in [None, Some(invited(later())), Some(invited(NOW)), Some(member())] {
        let door = governed().with("ccc", state).by(by("own"));
        assert!(matches!(unban(&door, &id("ccc")), Err(Error::BanNotFound { .. })));
    }
}

#[test]
fn bans_are_seen_by_who_bans_and_where_nobody_owns_the_room_by_members() {
    for (caller, allowed) in [(by("own"), true), (by("adm"), true), (by("aaa"), false), (Caller::Platform(None), true)]
    {
        assert_eq!(may_see_bans(&governed().by(caller.clone())).is_ok(), allowed, "{caller:?}");
    }
    assert!(may_see_bans(&door()).is_ok());
    assert!(may_see_bans(&door().with("bbb", None).by(by("bbb"))).is_err());
}
