//! The rules by themselves, named by membership and circumstance.

mod adding;
mod answering;
mod banning;
mod consent;
mod entering;
mod founding;
mod governing;
mod leaving;
mod linking;
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
        invite_policy: Default::default(),
        blocks: Default::default(),
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
        acquaintances: Default::default(),
        entry: None,
        people: BTreeMap::new(),
        page: None,
        invitee: None,
        invitation: None,
        link: None,
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
        ticket: None,
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
        (Wish::Redeem, &[false, true]),
    ];
    let (added, claimed, uninvited) = (Ok(Enter(Via::Added)), Ok(Enter(Via::Claim)), Err(Refusal::Uninvited));
    let (accepted, redeemed) = (Ok(Enter(Via::Invitation)), Ok(Enter(Via::Link)));
    // Added, invited, joining an open room, joining a room that requires an invitation, claiming, redeeming a link.
    let table = [
        (Stranger, [added, Ok(Invite), Ok(Enter(Via::Join)), uninvited, claimed, redeemed]),
        (Lapsed, [added, Ok(Invite), Ok(Enter(Via::Join)), uninvited, claimed, redeemed]),
        (Invited, [added, Ok(Renew), accepted, accepted, claimed, redeemed]),
        (Member, [Ok(Stay); 6]),
        (Banned, [Err(Refusal::Banned); 6]),
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

/// `bbb`, who stands to the room in this way, at its door.
fn joiner(state: Option<State>) -> Door {
    door().with("bbb", state).by(Caller::Client(id("bbb")))
}
