//! Making a room and coming into it in one call.

use super::*;

/// A direct room of `aaa`, who stands at its door, and `bbb`, who stands to it in this way.
fn direct(own: Option<State>, peer: Option<State>) -> Door {
    let door = Door { people: BTreeMap::new(), ..door() }.changed(|room| {
        (room.kind, room.max_members, room.member_count) = (RoomKind::Direct, 2, 0);
        room.pair = Some([id("aaa"), id("bbb")]);
    });
    door.with("aaa", own).with("bbb", peer)
}

fn pair(clients: [&str; 2]) -> Room {
    Room::direct(RoomId::parse("id", "room").unwrap(), clients.map(id), NOW)
}

fn group() -> Room {
    new_room(|room| room.face.name = Some("new".into()))
}

/// No room yet, and these clients.
fn nowhere() -> Door {
    Door { room: None, ..door().with("aaa", None).with("bbb", None).with("ccc", None) }
}

#[test]
fn found_and_join_makes_the_caller_the_owner_and_brings_the_others() {
    let (plan, room) =
        found_and_join(&nowhere(), &new_room(|room| room.max_members = 3), &ids(&["ccc", "aaa", "bbb"]), DIRECTLY)
            .unwrap();
    assert_eq!((room.creator, room.owner), (Some(id("aaa")), Some(id("aaa"))));
    assert_eq!(outcomes(&plan), [("ccc", Outcome::Added), ("bbb", Outcome::Added)]);
    let [Change::RoomCreated, host @ Change::MembersJoined { people, .. }, guests] = &plan.changes[..] else {
        panic!("{plan:?}")
    };
    assert_eq!((people[0].role, host.content().is_none()), (Role::Owner, true), "one message for all");
    let entries = [host, guests].map(|change| told(&Plan::from(change.clone())).remove(0));
    assert_eq!(entries, ["joined Join aaa", "joined Added ccc bbb, addMembers: CCC, BBB"]);
    let Change::MembersJoined { inviter, people, .. } = guests else { panic!("{guests:?}") };
    assert!(*inviter == Some(id("aaa")) && people.iter().all(|person| person.role == Role::Member));
}

#[test]
fn found_and_join_alone() {
    for notify in [Notify::Room, Notify::Nobody] {
        let (plan, _) = found_and_join(&nowhere(), &group(), &ids(&["aaa"]), Adding { notify, ..DIRECTLY }).unwrap();
        let [Change::RoomCreated, host] = &plan.changes[..] else { panic!("{plan:?}") };
        let expected = if notify == Notify::Room { "joined Join aaa, joinRoom: AAA" } else { "joined Join aaa" };
        assert_eq!((told(&host.clone().into()), outcomes(&plan)), (vec![expected.to_owned()], vec![]));
    }
}

#[test]
fn found_and_join_as_asked_or_as_the_room_says_and_directly_in_a_direct_room() {
    let entries = [Entry::Directly, Entry::ByInvitation, Entry::AsTheRoomSays];
    for (required, expected) in [
        (false, [Outcome::Added, Outcome::Invited, Outcome::Added]),
        (true, [Outcome::Added, Outcome::Invited, Outcome::Invited]),
    ] {
        let room = new_room(|room| room.invitation_required = required);
        for (entry, expected) in entries.into_iter().zip(expected) {
            let (plan, _) = found_and_join(&nowhere(), &room, &ids(&["bbb"]), Adding { entry, ..DIRECTLY }).unwrap();
            assert_eq!(outcomes_of(&plan), [expected], "{required} {entry:?}");
            let until = NOW.plus(DIRECTLY.lifetime);
            let invites = matches!(&plan.changes[2], Change::MembersInvited { expires_at, .. } if *expires_at == until);
            assert_eq!(invites, expected == Outcome::Invited);
        }
    }
    for entry in entries {
        let new = pair(["aaa", "bbb"]);
        let (plan, room) = found_and_join(&nowhere(), &new, &ids(&["bbb"]), Adding { entry, ..DIRECTLY }).unwrap();
        assert_eq!((outcomes_of(&plan), room.owner), (vec![Outcome::Added], None), "{entry:?}");
    }
}

#[test]
fn found_and_join_up_to_the_last_seat() {
    let room = |seats| new_room(move |room| room.max_members = seats);
    let both = ids(&["bbb", "ccc"]);
    assert!(found_and_join(&nowhere(), &room(3), &both, DIRECTLY).is_ok());
    assert!(matches!(
        found_and_join(&nowhere(), &room(2), &both, DIRECTLY),
        Err(Error::RoomFull { max_members: 2, .. })
    ));
    assert!(found_and_join(&nowhere(), &room(1), &both, BY_INVITATION).is_ok(), "D31: invitations hold no seat");
}

#[test]
fn found_and_join_with_somebody_unknown() {
    let refusal = found_and_join(&nowhere(), &group(), &ids(&["nobody", "bbb", "noone"]), BY_INVITATION).unwrap_err();
    assert!(
        matches!(&refusal, Error::ClientsNotFound { missing } if *missing == ids(&["nobody", "noone"])),
        "{refusal}"
    );
}

#[test]
fn found_and_join_by_nobody_or_in_place_of_a_room_that_is_going() {
    let nobody = nowhere().by(Caller::Platform(None));
    assert!(matches!(
        found_and_join(&nobody, &group(), &[], DIRECTLY),
        Err(Error::MissingParameter { names: &["sender"] })
    ));
    let going = Door { is_going: true, ..nowhere() };
    assert!(matches!(found_and_join(&going, &group(), &[], DIRECTLY), Err(Error::Busy)));
}

#[test]
fn found_and_join_a_room_that_is_there_is_joining_it() {
    let there = |state| door().with("bbb", state).by(Caller::Client(id("bbb")));
    let (plan, room) = found_and_join(&there(None), &group(), &ids(&["aaa", "nobody"]), DIRECTLY).unwrap();
    assert_eq!((told(&plan), room.face.name), (vec!["joined Join bbb, joinRoom: BBB".to_owned()], None));
    assert!(plan.outcomes.is_empty(), "nobody else is concerned");
    assert!(found_and_join(&there(Some(member())), &group(), &[], DIRECTLY).unwrap().0.changes.is_empty());
    assert!(matches!(found_and_join(&there(Some(banned())), &group(), &[], DIRECTLY), Err(Error::Banned { .. })));
    let private = there(None).changed(|room| room.is_private = true);
    let taken = found_and_join(&private, &group(), &[], DIRECTLY).unwrap_err();
    assert!(matches!(&taken, Error::InvalidParameter { name, .. } if name == "_id"), "{taken}");
    let invited = there(Some(invited(later()))).changed(|room| room.is_private = true);
    assert_eq!(found_and_join(&invited, &group(), &[], DIRECTLY).unwrap().0.changes.len(), 1);
}

#[test]
fn found_and_join_finds_the_direct_room_of_the_same_two_and_no_other() {
    let found = |door: &Door, new: Room| found_and_join(door, &new, &ids(&["bbb"]), DIRECTLY);
    let there = direct(Some(member()), Some(member()));
    let (plan, _) = found(&there, pair(["bbb", "aaa"])).unwrap();
    assert_eq!((plan.changes.len(), outcomes(&plan)), (0, vec![("bbb", Outcome::AlreadyMember)]));
    let is_taken = |refusal: Error| matches!(&refusal, Error::InvalidParameter { name, .. } if name == "_id");
    assert!(is_taken(found(&there, pair(["aaa", "BBB"])).unwrap_err()));
    assert!(is_taken(found(&door(), pair(["aaa", "bbb"])).unwrap_err()), "a group room of that id");
    let third = there.with("ccc", None).by(Caller::Client(id("ccc")));
    assert!(is_taken(found(&third, group()).unwrap_err()));
}

#[test]
fn found_and_join_brings_back_who_has_left_a_direct_room() {
    let found =
        |own, peer| found_and_join(&direct(own, peer), &pair(["aaa", "bbb"]), &ids(&["bbb"]), BY_INVITATION).unwrap().0;
    let plan = found(Some(member()), None);
    assert_eq!(
        (told(&plan), outcomes_of(&plan)),
        (vec!["joined Added bbb, addMember: BBB".to_owned()], vec![Outcome::Added])
    );
    let plan = found(None, Some(member()));
    assert_eq!(told(&plan), ["joined Join aaa, joinRoom: AAA"]);
    assert_eq!(outcomes_of(&plan), [Outcome::AlreadyMember]);
    assert_eq!(told(&found(None, None)), ["joined Join aaa", "joined Added bbb, addMember: BBB"]);
    // Whoever names the room alone joins it alone: of the other nothing has been read.
    let mut alone = direct(None, None);
    alone.people.remove(&id("bbb"));
    assert_eq!(told(&found_and_join(&alone, &group(), &[], DIRECTLY).unwrap().0), ["joined Join aaa, joinRoom: AAA"]);
}

#[test]
fn found_and_join_brings_nobody_back_who_is_banned_or_into_a_closed_room() {
    let found = |door: &Door| found_and_join(door, &pair(["aaa", "bbb"]), &ids(&["bbb"]), DIRECTLY);
    for own in [None, Some(member())] {
        let refusal = found(&direct(own, Some(banned()))).unwrap_err();
        assert!(matches!(&refusal, Error::Banned { clients, .. } if *clients == ids(&["bbb"])), "{refusal}");
    }
    assert!(matches!(found(&direct(Some(banned()), None)), Err(Error::Banned { .. })));
    let closed = || direct(Some(member()), None).changed(|room| room.is_closed = true);
    assert!(matches!(found(&closed()), Err(Error::RoomClosed { .. })));
    assert!(found(&closed().by(Caller::Platform(Some(id("aaa"))))).is_ok());
    let frozen = direct(Some(member()), None).changed(|room| room.is_frozen = true);
    assert!(matches!(found(&frozen), Err(Error::RoomFrozen { .. })));
    let whole = direct(Some(member()), Some(member())).changed(|room| room.is_closed = true);
    assert!(found(&whole).unwrap().0.changes.is_empty(), "who is in may look");
}

fn new_room(change: impl Fn(&mut Room)) -> Room {
    let mut room = Room::of_many(RoomId::parse("id", "room").unwrap(), RoomKind::Group, 2, NOW);
    change(&mut room);
    room
}

#[test]
fn found_fills_the_room_with_its_first_members() {
    let nowhere = || Door { room: None, ..door().with("bbb", None).with("ccc", None) };
    let owned = new_room(|room| room.owner = Some(id("bbb")));
    let (plan, room) = found(&nowhere(), &owned, &ids(&["aaa", "bbb"]), Notify::Nobody).unwrap();
    assert_eq!(room.creator, Some(id("aaa")));
    let [Change::RoomCreated, Change::MembersJoined { people, .. }] = &plan.changes[..] else { panic!("{plan:?}") };
    assert_eq!(people.iter().map(|person| person.role).collect::<Vec<_>>(), [Role::Member, Role::Owner]);

    let refusal = found(&nowhere(), &owned, &ids(&["aaa", "bbb", "ccc"]), Notify::Room).unwrap_err();
    assert!(matches!(refusal, Error::RoomFull { max_members: 2, .. }), "{refusal}");
    let refusal = found(&nowhere(), &owned, &ids(&["aaa", "nobody"]), Notify::Room).unwrap_err();
    assert!(matches!(&refusal, Error::ClientsNotFound { missing } if *missing == ids(&["nobody"])), "{refusal}");
}

#[test]
fn found_again_is_the_same_room() {
    let anew = new_room(|room| room.face.name = Some("new".into()));
    let made = door().changed(|room| room.creator = Some(id("aaa")));
    let (plan, room) = found(&made, &anew, &[], Notify::Room).unwrap();
    assert!(plan.changes.is_empty() && room.face.name.is_none());

    let others = door().changed(|room| room.creator = Some(id("zoe")));
    assert!(found(&others, &anew, &[], Notify::Room).is_err());
    // D18: either of the two finds the direct room again.
    let direct = others.changed(|room| room.pair = Some([id("zoe"), id("aaa")]));
    assert!(found(&direct, &anew, &[], Notify::Room).unwrap().0.changes.is_empty());
}
