//! Adding and inviting, many at a time.

use super::*;

#[test]
fn add_as_asked_or_as_the_room_says_and_directly_in_a_direct_room() {
    let entries = [Entry::Directly, Entry::ByInvitation, Entry::AsTheRoomSays];
    let outcomes = |invitation_required: bool| {
        let door = door().with("bbb", None).changed(|room| room.invitation_required = invitation_required);
        entries.map(|entry| add(&door, &ids(&["bbb"]), Adding { entry, ..DIRECTLY }).unwrap().outcomes[0].1)
    };
    assert_eq!(outcomes(false), [Outcome::Added, Outcome::Invited, Outcome::Added]);
    assert_eq!(outcomes(true), [Outcome::Added, Outcome::Invited, Outcome::Invited]);

    let direct = door().with("bbb", None).changed(|room| {
        room.kind = RoomKind::Direct;
        room.pair = Some([id("aaa"), id("bbb")]);
        room.invitation_required = true;
    });
    for entry in entries {
        let plan = add(&direct, &ids(&["bbb"]), Adding { entry, ..DIRECTLY }).unwrap();
        assert_eq!(outcomes_of(&plan), [Outcome::Added], "{entry:?}");
    }
}

#[test]
fn add_a_third_client_to_a_direct_room() {
    let direct = door().with("bbb", Some(member())).with("ccc", None).changed(|room| {
        room.kind = RoomKind::Direct;
        room.pair = Some([id("aaa"), id("bbb")]);
    });
    for how in [DIRECTLY, BY_INVITATION, partial(DIRECTLY), partial(BY_INVITATION)] {
        for invitees in [&["ccc"][..], &["bbb", "ccc"], &["nobody"]] {
            let refusal = add(&direct, &ids(invitees), how).unwrap_err();
            assert!(matches!(refusal, Error::DirectRoom { .. }), "{refusal}");
        }
    }
}

#[test]
fn add_by_somebody_outside() {
    let states = [None, Some(invited(later())), Some(banned())];
    for state in states {
        let outside = door().with("bbb", state).by(Caller::Client(id("bbb")));
        for how in [DIRECTLY, BY_INVITATION, partial(DIRECTLY)] {
            let refusal = add(&outside, &ids(&["bbb"]), how).unwrap_err();
            assert!(matches!(refusal, Error::NotRoomMember { .. }), "{refusal}");
        }
    }
    let platform = door().with("bbb", None).by(Caller::Platform(None));
    assert_eq!(outcomes(&add(&platform, &ids(&["bbb"]), DIRECTLY).unwrap()), [("bbb", Outcome::Added)]);
}

#[test]
fn add_to_a_hidden_room_by_somebody_outside() {
    let outside = || door().with("bbb", None).by(Caller::Client(id("bbb")));
    let private = outside().changed(|room| room.is_private = true);
    let direct = outside().changed(|room| room.kind = RoomKind::Direct);
    let absent = Door { room: None, ..outside() };
    for door in [private, direct, absent] {
        let refusal = add(&door, &ids(&["bbb"]), DIRECTLY).unwrap_err();
        assert!(matches!(refusal, Error::RoomNotFound { .. }), "{refusal}");
    }
}

#[test]
fn add_to_a_closed_room() {
    let closed = || door().with("bbb", None).changed(|room| room.is_closed = true);
    for how in [DIRECTLY, BY_INVITATION, partial(DIRECTLY)] {
        assert!(matches!(add(&closed(), &ids(&["bbb"]), how), Err(Error::RoomClosed { .. })));
        let platform = closed().by(Caller::Platform(Some(id("aaa"))));
        assert_eq!(add(&platform, &ids(&["bbb"]), how).unwrap().changes.len(), 1);
    }
}

#[test]
fn add_up_to_the_last_seat() {
    let door = |seats| door().with("bbb", None).with("ccc", None).changed(move |room| room.max_members = seats);
    let both = ids(&["bbb", "ccc"]);
    assert!(add(&door(3), &both, DIRECTLY).is_ok());
    assert!(matches!(add(&door(2), &both, DIRECTLY), Err(Error::RoomFull { max_members: 2, .. })));
    let plan = add(&door(2), &both, partial(DIRECTLY)).unwrap();
    assert_eq!(outcomes(&plan), [("bbb", Outcome::Added), ("ccc", Outcome::RoomFull)]);
    assert_eq!(told(&plan), ["joined Added bbb, addMember: BBB"]);
    let plan = add(&door(1), &both, partial(DIRECTLY)).unwrap();
    assert_eq!(outcomes_of(&plan), [Outcome::RoomFull, Outcome::RoomFull]);
    assert!(plan.changes.is_empty());
    // D31: a pending invitation holds no seat, and who is in already needs none.
    assert_eq!(told(&add(&door(1), &both, BY_INVITATION).unwrap()), ["invited bbb ccc, addMembers: BBB, CCC"]);
    assert_eq!(outcomes_of(&add(&door(1), &ids(&["aaa"]), DIRECTLY).unwrap()), [Outcome::AlreadyMember]);
    // A room that is over its capacity has no seat either.
    assert!(matches!(add(&door(0), &both, DIRECTLY), Err(Error::RoomFull { .. })));
}

#[test]
fn add_all_or_nothing_or_each_by_itself() {
    let door = door()
        .with("bbb", None)
        .with("ccc", Some(invited(later())))
        .with("ddd", Some(banned()))
        .with("eee", Some(invited(NOW)));
    let all = ids(&["nobody", "eee", "ddd", "ccc", "bbb", "aaa"]);

    let plan = add(&door, &all, partial(BY_INVITATION)).unwrap();
    let expected = [
        ("nobody", Outcome::NotFound),
        ("eee", Outcome::Invited),
        ("ddd", Outcome::Banned),
        ("ccc", Outcome::AlreadyInvited),
        ("bbb", Outcome::Invited),
        ("aaa", Outcome::AlreadyMember),
    ];
    assert_eq!(outcomes(&plan), expected);
    assert_eq!(told(&plan), ["invited eee bbb, addMembers: EEE, BBB", "renewed ccc"]);

    let plan = add(&door, &all, partial(DIRECTLY)).unwrap();
    assert_eq!(told(&plan), ["joined Added eee ccc bbb, addMembers: EEE, CCC, BBB"]);

    for how in [DIRECTLY, BY_INVITATION] {
        let refusal = add(&door, &all, how).unwrap_err();
        assert!(matches!(&refusal, Error::ClientsNotFound { missing } if *missing == ids(&["nobody"])), "{refusal}");
        let refusal = add(&door, &all[1..], how).unwrap_err();
        assert!(matches!(&refusal, Error::Banned { clients, .. } if *clients == ids(&["ddd"])), "{refusal}");
        assert!(add(&door, &all[3..], how).is_ok());
    }
}

#[test]
fn add_tells_the_room_of_those_affected_when_asked_to() {
    let door = door().with("bbb", None).with("ccc", Some(invited(later())));
    let told_of = |invitees: &[&str], how| told(&add(&door, &ids(invitees), how).unwrap());
    assert_eq!(told_of(&["bbb", "aaa"], DIRECTLY), ["joined Added bbb, addMember: BBB"]);
    assert_eq!(told_of(&["bbb", "aaa"], BY_INVITATION), ["invited bbb, addMember: BBB"]);
    assert_eq!(told_of(&["ccc"], BY_INVITATION), ["renewed ccc"]);
    assert!(told_of(&["aaa"], DIRECTLY).is_empty());
    let quietly = |how| Adding { notify: Notify::Nobody, ..how };
    assert_eq!(told_of(&["bbb", "ccc"], quietly(DIRECTLY)), ["joined Added bbb ccc"]);
    assert_eq!(told_of(&["bbb", "ccc"], quietly(BY_INVITATION)), ["invited bbb", "renewed ccc"]);
}

#[test]
fn add_by_invitation_for_as_long_as_asked() {
    let door = door().with("bbb", None).with("ccc", Some(invited(later())));
    let plan = add(&door, &ids(&["bbb", "ccc"]), BY_INVITATION).unwrap();
    let until = NOW.plus(BY_INVITATION.lifetime);
    assert!(matches!(&plan.changes[0], Change::MembersInvited { expires_at, .. } if *expires_at == until));
    assert!(matches!(&plan.changes[1], Change::InvitationsRenewed { expires_at, .. } if *expires_at == until));
}

#[test]
fn add_names_who_added() {
    let inviter =
        |caller| match &add(&door().with("bbb", None).by(caller), &ids(&["bbb"]), DIRECTLY).unwrap().changes[0] {
            Change::MembersJoined { inviter, .. } => inviter.clone(),
            other => panic!("{other:?}"),
        };
    assert_eq!(inviter(Caller::Client(id("aaa"))), Some(id("aaa")));
    assert_eq!(inviter(Caller::Platform(Some(id("aaa")))), Some(id("aaa")));
    assert_eq!(inviter(Caller::Platform(None)), None);
}
