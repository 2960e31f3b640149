//! The rules by themselves, named by membership and circumstance.

mod answering;
mod banning;
mod founding;
mod governing;
mod leaving;
mod posting;
mod transitions;

use std::collections::BTreeMap;

use super::*;
use crate::client::Client;
use crate::door::{Invitee, Known};
use crate::id::{AppId, ObjectId, RoomId};
use crate::invitation::{Invitation, Written};
use crate::message::Content;
use crate::room::RoomKind;
use crate::standing::{Ban, Membership, Pending, Standing, State};
use crate::time::Time;

const NOW: Time = Time::from_millis(1_000_000);

fn id(id: &str) -> ClientId {
    ClientId::parse("id", id).unwrap()
}

fn ids(clients: &[&str]) -> Vec<ClientId> {
    clients.iter().map(|client| id(client)).collect()
}

fn client(id: &ClientId) -> Client {
    let profile = crate::client::Profile { nickname: Some(id.as_str().to_uppercase()), ..Default::default() };
    Client {
        id: id.clone(),
        profile,
        email: None,
        mobile: None,
        addresses: Vec::new(),
        custom: Default::default(),
        revoked_at: None,
        profile_version: 1,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// A room of ten seats with one member, `aaa`, who stands at its door.
fn door() -> Door {
    let room_id = RoomId::parse("id", "room").unwrap();
    let room = Room { seq: 1, ..Room::of_many(room_id.clone(), RoomKind::Group, 10, NOW) };
    let door = Door {
        app: AppId::parse("app", "App").unwrap(),
        caller: Caller::Client(id("aaa")),
        id: room_id,
        room: Some(room),
        is_going: false,
        everybody: Default::default(),
        entry: None,
        people: BTreeMap::new(),
        page: None,
        invitee: None,
        invitation: None,
        record: None,
        now: NOW,
    };
    door.with("aaa", Some(member()))
}

impl Door {
    /// With a client who stands to the room in this way.
    fn with(mut self, who: &str, state: Option<State>) -> Self {
        let known = client(&id(who));
        let present = matches!(state, Some(State::Member(_)));
        let profile = known.profile.clone();
        let standing = state.map(|state| Standing { client: id(who), profile, profile_version: 1, seq: 1, state });
        self.people.insert(id(who), Known { client: Some(known), standing });
        self.changed(|room| room.member_count += u32::from(present))
    }

    fn changed(mut self, change: impl Fn(&mut Room)) -> Self {
        self.room.iter_mut().for_each(change);
        self
    }

    fn by(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }
}

fn member() -> State {
    State::Member(Membership {
        role: Role::Member,
        joined: 1,
        via: Via::Added,
        inviter: None,
        read_messages: 0,
        last_read: None,
        properties: Default::default(),
    })
}

/// Invited by `zoe`, until then.
fn invited(expires_at: Time) -> State {
    let inviter = Some(client(&id("zoe")).face());
    State::Invited(Pending { inviter, created_at: Time::from_millis(1), updated_at: Time::from_millis(2), expires_at })
}

fn banned() -> State {
    State::Banned(Ban { blocker: None, created_at: Time::from_millis(1) })
}

fn later() -> Time {
    NOW.plus(Duration::from_millis(1))
}

const DIRECTLY: Adding = Adding {
    entry: Entry::Directly,
    notify: Notify::Room,
    mode: Mode::AllOrNothing,
    lifetime: Duration::from_secs(60),
};
const BY_INVITATION: Adding = Adding { entry: Entry::ByInvitation, ..DIRECTLY };

fn partial(how: Adding) -> Adding {
    Adding { mode: Mode::Partial, ..how }
}

fn outcomes(plan: &Plan) -> Vec<(&str, Outcome)> {
    plan.outcomes.iter().map(|(client, outcome)| (client.as_str(), *outcome)).collect()
}

fn outcomes_of(plan: &Plan) -> Vec<Outcome> {
    plan.outcomes.iter().map(|(_, outcome)| *outcome).collect()
}

/// Every change in short: what it is, whom it concerns, what is told.
fn told(plan: &Plan) -> Vec<String> {
    let told = |change: &Change| {
        let what = match change {
            Change::MembersJoined { via, .. } => format!("joined {via:?}"),
            Change::MembersInvited { .. } => "invited".into(),
            Change::InvitationsRenewed { .. } => "renewed".into(),
            other => panic!("{other:?}"),
        };
        let clients = change.clients();
        let notice = change.content().map(|content| match content {
            Content::Notice(notice) => format!(", {}: {}", notice.message_type(), notice.text()),
            Content::Post(post) => panic!("{post:?}"),
        });
        let clients: Vec<&str> = clients.iter().map(ClientId::as_str).collect();
        format!("{what} {}{}", clients.join(" "), notice.unwrap_or_default())
    };
    plan.changes.iter().map(told).collect()
}

// Every way in.

#[test]
fn step_from_every_circumstance_by_every_wish_to_come_in() {
    use Circumstance::{Banned, Invited, Lapsed, Member, Stranger};
    use Step::{Enter, Invite, Renew, Stay};
    let wishes = [
        (Wish::Add, [false, true].as_slice()),
        (Wish::Invite, &[false, true]),
        (Wish::Join, &[false]),
        (Wish::Join, &[true]),
        (Wish::Claim, &[false, true]),
    ];
    let (added, claimed, uninvited) = (Ok(Enter(Via::Added)), Ok(Enter(Via::Claim)), Err(Refusal::Uninvited));
    let accepted = Ok(Enter(Via::Invitation));
    // Added, invited, joining an open room, joining a room that requires an invitation, claiming.
    let table = [
        (Stranger, [added, Ok(Invite), Ok(Enter(Via::Join)), uninvited, claimed]),
        (Lapsed, [added, Ok(Invite), Ok(Enter(Via::Join)), uninvited, claimed]),
        (Invited, [added, Ok(Renew), accepted, accepted, claimed]),
        (Member, [Ok(Stay); 5]),
        (Banned, [Err(Refusal::Banned); 5]),
    ];
    for (circumstance, steps) in table {
        for ((wish, settings), expected) in wishes.iter().zip(steps) {
            for invitation_required in *settings {
                let step = step(circumstance, *wish, *invitation_required);
                assert_eq!(step, expected, "{circumstance:?} {wish:?} {invitation_required}");
            }
        }
    }
}

#[test]
fn step_from_every_circumstance_by_every_wish_to_end_it() {
    use Circumstance::{Banned, Invited, Lapsed, Member, Stranger};
    use Refusal::{AlreadyBanned, NotBanned, NotInvited, NotMember};
    let stay = Ok(Step::Stay);
    let end = |ending| Ok(Step::End(ending));
    let depart = |departure| Ok(Step::Depart(departure));
    // By whom: a stranger, one whose invitation has lapsed, one who is invited, a member, one who is banned.
    let circumstances = [Stranger, Lapsed, Invited, Member, Banned];
    let table = [
        (Wish::Decline, [stay, stay, end(Ending::Declined), stay, stay]),
        (Wish::Expire, [stay, end(Ending::Expired), stay, stay, stay]),
        (Wish::Cancel, [Err(NotInvited), Err(NotInvited), end(Ending::Cancelled), Err(NotInvited), Err(NotInvited)]),
        (Wish::Leave, [Err(NotMember), Err(NotMember), Err(NotMember), depart(Departure::Left), Err(NotMember)]),
        (Wish::Remove, [Err(NotMember), Err(NotMember), Err(NotMember), depart(Departure::Removed), Err(NotMember)]),
        (Wish::Ban, [Ok(Step::Ban), Ok(Step::Ban), Ok(Step::Ban), Ok(Step::Ban), Err(AlreadyBanned)]),
        (Wish::Unban, [Err(NotBanned), Err(NotBanned), Err(NotBanned), Err(NotBanned), Ok(Step::Unban)]),
    ];
    for (wish, steps) in table {
        for (circumstance, expected) in circumstances.iter().zip(steps) {
            for invitation_required in [false, true] {
                assert_eq!(step(*circumstance, wish, invitation_required), expected, "{circumstance:?} {wish:?}");
            }
        }
    }
}

#[test]
fn circumstance_of_an_invitation_ends_at_the_moment_it_expires() {
    let at = |expires_at| door().with("bbb", Some(invited(expires_at))).circumstance(&id("bbb"));
    assert_eq!(at(later()), Circumstance::Invited);
    assert_eq!(at(NOW), Circumstance::Lapsed);
}

// Adding.

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

// Joining.

/// `bbb`, who stands to the room in this way, at its door.
fn joiner(state: Option<State>) -> Door {
    door().with("bbb", state).by(Caller::Client(id("bbb")))
}

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
    let [Change::AddressInvited { invitation, replaces: None }] = &plan.changes[..] else { panic!("{plan:?}") };
    assert_eq!((invitation.address(), &invitation.inviter), ("carl@x.io", &Some(id("aaa"))));
    assert_eq!(invitation.expires_at, NOW.plus(Duration::from_secs(60)));

    let pending = |expires_at| Invitation { expires_at, ..invitation.clone() };
    let again = Door { invitation: Some(pending(later())), ..door() };
    assert!(matches!(asked_for(again, stranger()), Err(Error::InvitationExists)));
    let lapsed = Door { invitation: Some(pending(NOW)), ..door() };
    let plan = asked_for(lapsed, stranger()).unwrap();
    assert!(matches!(&plan.changes[..], [Change::AddressInvited { replaces: Some(_), .. }]), "{plan:?}");
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

// Making a room.

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
