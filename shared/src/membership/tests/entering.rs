//! Coming in one at a time: by oneself, in Talk's way, by signing up.

use super::*;

#[test]
fn join_an_open_room() {
    let plan = join(&joiner(None), Notify::Room).unwrap();
    assert_eq!(told(&plan), ["joined Join bbb, joinRoom: BBB"]);
    assert_eq!(told(&join(&joiner(None), Notify::Nobody).unwrap()), ["joined Join bbb"]);
    assert!(matches!(&plan.changes[0], Change::MembersJoined { inviter: None, .. }));
}

#[test]
fn join_on_invitation() {
    let careful = |state| joiner(state).changed(|room| room.invitation_required = true);
    let plan = join(&careful(Some(invited(later()))), Notify::Nobody).unwrap();
    assert_eq!(told(&plan), ["joined Invitation bbb"]);
    let first = Some(id("zoe"));
    assert!(matches!(&plan.changes[0], Change::MembersJoined { inviter, .. } if *inviter == first));
    for uninvited in [None, Some(invited(NOW))] {
        assert!(matches!(join(&careful(uninvited), Notify::Room), Err(Error::InvitationRequired { .. })));
    }
}

#[test]
fn join_twice() {
    for change in [|_: &mut Room| {}, |room: &mut Room| room.is_closed = true, |room: &mut Room| room.max_members = 1] {
        let plan = join(&joiner(Some(member())).changed(change), Notify::Room).unwrap();
        assert!(plan.changes.is_empty());
    }
}

#[test]
fn join_while_banned() {
    let refusal = join(&joiner(Some(banned())), Notify::Room).unwrap_err();
    assert!(matches!(&refusal, Error::Banned { clients, .. } if *clients == ids(&["bbb"])), "{refusal}");
}

#[test]
fn join_a_full_room() {
    for state in [None, Some(invited(later()))] {
        let full = joiner(state).changed(|room| room.max_members = 1);
        assert!(matches!(join(&full, Notify::Room), Err(Error::RoomFull { max_members: 1, .. })));
    }
}

#[test]
fn join_a_closed_room() {
    for state in [None, Some(invited(later()))] {
        let closed = || joiner(state.clone()).changed(|room| room.is_closed = true);
        assert!(matches!(join(&closed(), Notify::Room), Err(Error::RoomClosed { .. })));
        let platform = closed().by(Caller::Platform(Some(id("bbb"))));
        assert_eq!(join(&platform, Notify::Room).unwrap().changes.len(), 1);
    }
}

#[test]
fn join_a_hidden_room() {
    let private = |state| joiner(state).changed(|room| room.is_private = true);
    assert!(matches!(join(&private(None), Notify::Room), Err(Error::RoomNotFound { .. })));
    assert!(matches!(join(&private(Some(invited(NOW))), Notify::Room), Err(Error::RoomNotFound { .. })));
    assert!(join(&private(Some(invited(later()))), Notify::Room).is_ok());
}

#[test]
fn join_a_direct_room_as_a_third() {
    let direct = |caller| {
        joiner(None).by(caller).changed(|room| {
            room.kind = RoomKind::Direct;
            room.pair = Some([id("aaa"), id("zoe")]);
        })
    };
    let refusal = join(&direct(Caller::Client(id("bbb"))), Notify::Room).unwrap_err();
    assert!(matches!(refusal, Error::RoomNotFound { .. }), "{refusal}");
    let refusal = join(&direct(Caller::Platform(Some(id("bbb")))), Notify::Room).unwrap_err();
    assert!(matches!(refusal, Error::DirectRoom { .. }), "{refusal}");
}

#[test]
fn join_by_nobody() {
    let refusal = join(&door().by(Caller::Platform(None)), Notify::Room).unwrap_err();
    assert!(matches!(refusal, Error::MissingParameter { names: &["sender"] }), "{refusal}");
}

// Inviting in Talk's way.

fn asked_for(door: Door, invitee: Invitee) -> Result<Plan, Error> {
    invite(&Door { invitee: Some(invitee), ..door }, &Written::default(), Duration::from_secs(60))
}

fn stranger() -> Invitee {
    Invitee::Stranger { addresses: vec![crate::address::Address::email("Carl@x.io").unwrap()] }
}

#[test]
fn invite_from_outside() {
    let outside = |state| joiner(state).with("ccc", None);
    let ccc = || Invitee::Client(id("ccc"));
    assert_eq!(told(&asked_for(outside(None), ccc()).unwrap()), ["joined Added ccc, joinRoom: CCC"]);
    assert!(matches!(asked_for(outside(Some(banned())), ccc()), Err(Error::Banned { .. })));
    let private = |state| outside(state).changed(|room| room.is_private = true);
    for state in [None, Some(invited(later()))] {
        assert!(matches!(asked_for(private(state), ccc()), Err(Error::NotRoomMember { .. })));
    }
    assert!(asked_for(private(Some(member())), ccc()).is_ok());
}

#[test]
fn invite_a_client_who_cannot_come_in() {
    let bbb = || Invitee::Client(id("bbb"));
    assert!(matches!(asked_for(door().with("bbb", Some(member())), bbb()), Err(Error::MemberExists { .. })));
    assert!(matches!(asked_for(door().with("bbb", Some(banned())), bbb()), Err(Error::Banned { .. })));
    assert!(matches!(asked_for(door(), bbb()), Err(Error::ClientsNotFound { .. })));
    let full = door().with("bbb", None).changed(|room| room.max_members = 1);
    assert!(matches!(asked_for(full, bbb()), Err(Error::RoomFull { .. })));
    let closed = door().with("bbb", None).changed(|room| room.is_closed = true);
    assert!(matches!(asked_for(closed, bbb()), Err(Error::RoomClosed { .. })));
    let direct = door().with("bbb", None).changed(|room| room.kind = RoomKind::Direct);
    assert!(matches!(asked_for(direct, bbb()), Err(Error::DirectRoom { .. })));
}

#[test]
fn invite_an_address_once() {
    let plan = asked_for(door(), stranger()).unwrap();
    let [Change::AddressInvited { invitation }] = &plan.changes[..] else { panic!("{plan:?}") };
    assert_eq!((invitation.address(), &invitation.inviter), ("carl@x.io", &Some(id("aaa"))));
    assert_eq!(invitation.expires_at, NOW.plus(Duration::from_secs(60)));

    let pending = |expires_at| Invitation { expires_at, ..invitation.clone() };
    let again = Door { invitation: Some(pending(later())), ..door() };
    assert!(matches!(asked_for(again, stranger()), Err(Error::InvitationExists)));
    let lapsed = Door { invitation: Some(pending(NOW)), ..door() };
    let plan = asked_for(lapsed, stranger()).unwrap();
    let [Change::InvitationsEnded { invitations, ending: Ending::Expired, .. }, Change::AddressInvited { .. }] =
        &plan.changes[..]
    else {
        panic!("{plan:?}")
    };
    assert_eq!(invitations[0].id, invitation.id);
}

// Signing up with an invited address.

fn signing_up(state: Option<State>, expires_at: Time) -> Door {
    let invitation = Invitation {
        id: ObjectId::at(NOW),
        addresses: vec!["bbb@x.io".into()],
        email: None,
        mobile: None,
        inviter: Some(id("aaa")),
        seq: 1,
        created_at: Time::from_millis(1),
        expires_at,
    };
    Door { invitation: Some(invitation), ..door().with("bbb", state).by(Caller::Platform(None)) }
}

#[test]
fn claim_closes_the_invitation_with_the_joining() {
    for state in [None, Some(invited(later()))] {
        let (claim, plan) = claim(&signing_up(state, later()), &id("bbb")).unwrap();
        assert_eq!(claim, Claim::Joined);
        assert_eq!(told(&plan), ["joined Claim bbb, joinRoom: BBB"]);
        let by = Some(id("aaa"));
        let Change::MembersJoined { inviter, closes, .. } = &plan.changes[0] else { panic!("{plan:?}") };
        assert!(*inviter == by && closes.is_some(), "{plan:?}");
    }
}

#[test]
fn claim_by_a_member_only_closes_the_invitation() {
    let (claim, plan) = claim(&signing_up(Some(member()), later()), &id("bbb")).unwrap();
    assert_eq!(claim, Claim::AlreadyMember);
    assert!(matches!(plan.changes[..], [Change::InvitationsEnded { .. }]), "{plan:?}");
}

#[test]
fn claim_that_cannot_be_met_keeps_the_invitation() {
    let stranger = || signing_up(None, later());
    for (door, expected) in [
        (signing_up(Some(banned()), later()), Claim::Banned),
        (stranger().changed(|room| room.is_closed = true), Claim::RoomClosed),
        (stranger().changed(|room| room.max_members = 1), Claim::RoomFull),
    ] {
        let (claim, plan) = claim(&door, &id("bbb")).unwrap();
        assert_eq!(claim, expected);
        assert!(plan.changes.is_empty(), "{plan:?}");
    }
}

#[test]
fn claim_of_an_expired_invitation() {
    assert!(claim(&signing_up(None, NOW), &id("bbb")).is_none());
}
