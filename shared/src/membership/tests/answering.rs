//! How invitations end without anybody joining.

use super::*;

/// Whose invitations a plan ends, how, and what is told.
fn ended(plan: &Plan) -> (Vec<String>, Ending, Option<String>) {
    let [change @ Change::InvitationsEnded { ending, invitations, .. }] = &plan.changes[..] else { panic!("{plan:?}") };
    let clients = change.clients().into_iter().map(|client| client.to_string());
    let addresses = invitations.iter().map(|invitation| invitation.address().to_owned());
    let words = change.content().map(|content| match content {
        Content::Notice(notice) => format!("{}: {}", notice.message_type(), notice.text()),
        Content::Post(post) => panic!("{post:?}"),
    });
    (clients.chain(addresses).collect(), *ending, words)
}

fn names(clients: &[&str]) -> Vec<String> {
    clients.iter().map(|client| (*client).to_owned()).collect()
}

/// The invitation of an address by `aaa`.
fn of_address(expires_at: Time) -> Invitation {
    Invitation {
        id: ObjectId::parse("id", "5f0000000000000000000001").unwrap(),
        addresses: vec!["carl@x.io".into()],
        email: None,
        mobile: None,
        inviter: Some(id("aaa")),
        seq: 1,
        created_at: Time::from_millis(1),
        expires_at,
    }
}

// Declining.

#[test]
fn decline_a_live_invitation() {
    let plan = decline(&joiner(Some(invited(later()))), Declining::Politely).unwrap();
    assert_eq!(ended(&plan), (names(&["bbb"]), Ending::Declined, None));
    let hidden = joiner(Some(invited(later()))).changed(|room| (room.is_private, room.is_frozen) = (true, true));
    assert_eq!(decline(&hidden, Declining::Politely).unwrap().changes.len(), 1);
}

#[test]
fn decline_nothing() {
    for state in [None, Some(invited(NOW)), Some(member()), Some(banned())] {
        assert!(decline(&joiner(state), Declining::Politely).unwrap().changes.is_empty());
    }
    assert!(decline(&Door { room: None, ..joiner(None) }, Declining::Politely).unwrap().changes.is_empty());
    let refusal = decline(&door().by(Caller::Platform(None)), Declining::Politely).unwrap_err();
    assert!(matches!(refusal, Error::MissingParameter { names: &["sender"] }), "{refusal}");
}

// Cancelling.

/// A room with two invited clients, one whose invitation has lapsed, and one who is banned.
fn room_with_invited() -> Door {
    let door = door().with("bbb", Some(invited(later()))).with("ccc", Some(invited(later())));
    door.with("late", Some(invited(NOW))).with("banned", Some(banned()))
}

#[test]
fn cancel_by_any_member_or_the_platform() {
    let mut callers = vec![Caller::Client(id("aaa")), Caller::Platform(None)];
    callers.push(Caller::Platform(Some(id("zoe"))));
    for caller in callers {
        let plan = cancel(&room_with_invited().by(caller), &ids(&["ccc", "bbb"]), Notify::Room).unwrap();
        let words = Some("cancelInvitations: CCC, BBB".to_owned());
        assert_eq!(ended(&plan), (names(&["ccc", "bbb"]), Ending::Cancelled, words));
    }
    let quiet = cancel(&room_with_invited(), &ids(&["bbb"]), Notify::Nobody).unwrap();
    assert_eq!(ended(&quiet), (names(&["bbb"]), Ending::Cancelled, None));
}

#[test]
fn cancel_what_is_not_there_beside_what_is() {
    let all = ids(&["nobody", "bbb", "late", "aaa", "banned"]);
    let refusal = cancel(&room_with_invited(), &all, Notify::Room).unwrap_err();
    let expected = ids(&["nobody", "late", "aaa", "banned"]);
    assert!(matches!(&refusal, Error::InvitationNotFound { missing, .. } if *missing == expected), "{refusal}");
}

#[test]
fn cancel_by_somebody_outside() {
    for outsider in ["bbb", "late", "banned", "zoe"] {
        let outside = || room_with_invited().by(Caller::Client(id(outsider)));
        assert!(matches!(cancel(&outside(), &ids(&["bbb"]), Notify::Room), Err(Error::NotRoomMember { .. })));
        let private = outside().changed(|room| room.is_private = true);
        let refusal = cancel(&private, &ids(&["bbb"]), Notify::Room).unwrap_err();
        let knows = ["bbb", "banned"].contains(&outsider);
        assert_eq!(matches!(refusal, Error::NotRoomMember { .. }), knows, "{outsider}: {refusal}");
        assert_eq!(matches!(refusal, Error::RoomNotFound { .. }), !knows, "{outsider}: {refusal}");
    }
}

// Cancelling the invitation of an address.

#[test]
fn cancel_address_by_its_inviter_an_office_or_the_platform() {
    let invited = |door: Door| Door { invitation: Some(of_address(later())), ..door };
    let office = |role| match member() {
        State::Member(own) => State::Member(Membership { role, ..own }),
        other => other,
    };
    let by = |who: &str| Caller::Client(id(who));
    for allowed in [
        door(), // the inviter
        door().with("aaa", None),
        door().with("bbb", Some(office(Role::Admin))).by(by("bbb")),
        door().with("bbb", Some(office(Role::Owner))).by(by("bbb")),
        door().by(Caller::Platform(None)),
    ] {
        let plan = cancel_address(&invited(allowed), &of_address(later()).id).unwrap();
        assert_eq!(ended(&plan), (names(&["carl@x.io"]), Ending::Cancelled, None));
    }
    for state in [Some(member()), None] {
        let refusal = cancel_address(&invited(joiner(state)), &of_address(later()).id).unwrap_err();
        assert!(matches!(refusal, Error::InsufficientPermissions { .. }), "{refusal}");
    }
    let hidden = invited(joiner(None)).changed(|room| room.is_private = true);
    let refusal = cancel_address(&hidden, &of_address(later()).id).unwrap_err();
    assert!(matches!(refusal, Error::AddressInvitationNotFound { .. }), "D10: {refusal}");
}

#[test]
fn cancel_address_that_is_not_invited() {
    let own = of_address(later()).id;
    let lapsed = Door { invitation: Some(of_address(NOW)), ..door() };
    let another = Door { invitation: Some(of_address(later())), ..door() };
    let roomless = Door { room: None, invitation: Some(of_address(later())), ..door() };
    let elsewhere = ObjectId::at(later());
    for (door, id) in [(&lapsed, &own), (&door(), &own), (&another, &elsewhere), (&roomless, &own)] {
        let refusal = cancel_address(door, id).unwrap_err();
        assert!(matches!(refusal, Error::AddressInvitationNotFound { .. }), "{refusal}");
    }
}

// Sweeping away.

#[test]
fn expire_what_has_lapsed_and_nothing_else() {
    let door = Door { invitation: Some(of_address(NOW)), ..room_with_invited() };
    let plan = expire(&door, &ids(&["bbb", "late", "aaa", "banned", "nobody"]));
    assert_eq!(ended(&plan), (names(&["late", "carl@x.io"]), Ending::Expired, None));
    let renewed = Door { invitation: Some(of_address(later())), ..room_with_invited() };
    assert!(expire(&renewed, &ids(&["bbb", "aaa"])).changes.is_empty());
    let gone = Door { room: None, invitation: Some(of_address(NOW)), ..room_with_invited() };
    assert!(expire(&gone, &ids(&["late"])).changes.is_empty());
}
