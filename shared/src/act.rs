//! What changes make of a room, its log, its standings and its invitations: everything that is then written at once.

use crate::auth::Caller;
use crate::change::{Change, Person};
use crate::client::{Client, Face};
use crate::door::Door;
use crate::id::{ClientId, ObjectId};
use crate::invitation::Invitation;
use crate::log::Entry;
use crate::message::{Message, Notice};
use crate::room::Room;
use crate::standing::{Membership, Pending, Standing, State, Via};
use crate::time::Time;

/// What is to be written, all or nothing: the room and its log, the standings, the invitations of addresses.
#[derive(Clone, Debug)]
pub struct Act {
    /// The room as it was read; none when it is being made.
    pub before: Option<Room>,
    /// The room afterwards.
    pub room: Room,
    /// New entries of its log.
    pub entries: Vec<Entry>,
    /// Standings as they were read and as they will be.
    pub standings: Vec<(Option<Standing>, Standing)>,
    /// New invitations of addresses, each with the lapsed one in its place.
    pub opened: Vec<(Option<Invitation>, Invitation)>,
    /// Invitations of addresses that end.
    pub closed: Vec<Invitation>,
    /// The acting client, whose own standing must still be what the decision rested on.
    pub guard: Option<Guard>,
}

/// The acting client: its standing must be as it was read, and if it posts a message it has read that one (D23).
#[derive(Clone, Debug)]
pub struct Guard {
    /// Who.
    pub client: ClientId,
    /// How it stood when it was read.
    pub seen: Option<Standing>,
    /// How it stands after its own message; none when it posts none.
    pub read: Option<Membership>,
}

impl Act {
    /// What `changes` make of `room`, which is the door's own or, when the door has none, is being made.
    pub fn of(door: &Door, room: Room, changes: &[Change]) -> Self {
        let mut act = Self {
            before: door.room.clone(),
            room,
            entries: Vec::new(),
            standings: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            guard: None,
        };
        for change in changes {
            act.enter(change, &door.caller, door.actor(), door.now);
        }
        act.guard = act.guard(door);
        act
    }

    /// The acting client is guarded unless its standing changes anyway, or the platform acts for it and it posts nothing.
    fn guard(&self, door: &Door) -> Option<Guard> {
        let client = door.caller.client()?.clone();
        if self.before.is_none() || self.standings.iter().any(|(_, after)| after.client == client) {
            return None;
        }
        let seen = door.people.get(&client).and_then(|known| known.standing.clone());
        let posted = self.entries.iter().rev().find_map(|entry| entry.message.as_ref());
        let own = posted.filter(|message| message.sender.as_ref().is_some_and(|sender| sender.id == client));
        let read = own.zip(seen.as_ref().and_then(Standing::membership)).map(|(message, membership)| Membership {
            read_messages: self.room.messages,
            last_read: Some(message.id.clone()),
            ..membership.clone()
        });
        let needed = read.is_some() || !door.caller.is_platform();
        needed.then_some(Guard { client, seen, read })
    }

    fn enter(&mut self, change: &Change, caller: &Caller, actor: Option<Face>, now: Time) {
        self.room.seq += 1;
        // Later than the entry before, whatever the clocks of two machines say: ids and times follow the log's order.
        let at = now.max(self.room.updated_at.plus(std::time::Duration::from_millis(1)));
        self.room.updated_at = at;
        let mut entry = Entry {
            seq: self.room.seq,
            id: ObjectId::at(at),
            kind: change.kind(),
            at,
            actor: caller.client().cloned(),
            clients: change.people().iter().map(|person| person.client.id.clone()).collect(),
            member_count: 0,
            via: None,
            inviter: None,
            expires_at: None,
            invitation: None,
            message: None,
        };
        if let Some(notice) = change.notice() {
            let sender = match notice {
                Notice::JoinRoom(face) => Some(face.clone()), // the joiner speaks, whoever brought him in (D25)
                Notice::AddMembers(_) => actor.clone(),
            };
            self.room.messages += 1;
            let message = Message { id: entry.id.clone(), at, sender, notice: notice.clone() };
            self.room.last_message = Some(message.clone());
            entry.message = Some(message);
        }
        self.settle(change, &mut entry, actor);
        entry.member_count = self.room.member_count;
        self.entries.push(entry);
    }

    /// What the change makes of standings and invitations.
    fn settle(&mut self, change: &Change, entry: &mut Entry, actor: Option<Face>) {
        match change {
            Change::RoomCreated => {}
            Change::MembersJoined { people, via, inviter, closes, .. } => {
                self.room.member_count += people.len() as u32;
                entry.via = Some(*via);
                entry.inviter.clone_from(inviter);
                entry.invitation = closes.as_ref().map(|invitation| invitation.id.clone());
                self.closed.extend(closes.clone());
                for person in people {
                    let membership = self.membership(person, entry);
                    self.stand(person, entry, State::Member(membership));
                }
            }
            Change::MembersInvited { people, expires_at, .. } | Change::InvitationsRenewed { people, expires_at } => {
                entry.expires_at = Some(*expires_at);
                for person in people {
                    let first = match (change, person.standing.as_ref().map(|standing| &standing.state)) {
                        (Change::InvitationsRenewed { .. }, Some(State::Invited(pending))) => Some(pending),
                        _ => None,
                    };
                    let pending = Pending {
                        inviter: first.map_or_else(|| actor.clone(), |pending| pending.inviter.clone()),
                        created_at: first.map_or(entry.at, |pending| pending.created_at),
                        updated_at: entry.at,
                        expires_at: *expires_at,
                    };
                    self.stand(person, entry, State::Invited(pending));
                }
            }
            Change::AddressInvited { invitation, replaces } => {
                entry.expires_at = Some(invitation.expires_at);
                entry.invitation = Some(invitation.id.clone());
                let invitation = Invitation { seq: entry.seq, created_at: entry.at, ..invitation.clone() };
                self.opened.push((replaces.clone(), invitation));
            }
            Change::InvitationClosed { invitation } => {
                entry.invitation = Some(invitation.id.clone());
                self.closed.push(invitation.clone());
            }
        }
    }

    /// A new member has read everything, the message of his own coming included (D23).
    fn membership(&self, person: &Person, entry: &Entry) -> Membership {
        let own = entry.message.as_ref().filter(|message| matches!(&message.notice, Notice::JoinRoom(_)));
        Membership {
            role: person.role,
            joined: entry.seq,
            via: entry.via.unwrap_or(Via::Added),
            inviter: entry.inviter.clone(),
            read_messages: self.room.messages,
            last_read: own.map(|message| message.id.clone()),
            properties: Default::default(),
        }
    }

    fn stand(&mut self, person: &Person, entry: &Entry, state: State) {
        let Client { id, profile, .. } = &person.client;
        let standing = Standing { client: id.clone(), profile: profile.clone(), seq: entry.seq, state };
        self.standings.push((person.standing.clone(), standing));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::client::Profile;
    use crate::door::Known;
    use crate::id::{AppId, RoomId};
    use crate::room::RoomKind;
    use crate::standing::Role;

    const NOW: Time = Time::from_millis(1_000_000);

    fn id(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn client(who: &str) -> Client {
        Client {
            id: id(who),
            profile: Profile { nickname: Some(who.to_uppercase()), ..Profile::default() },
            email: None,
            mobile: None,
            addresses: Vec::new(),
            custom: Default::default(),
            revoked_at: None,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn person(who: &str, state: Option<State>) -> Person {
        let standing = state.map(|state| standing(who, state));
        Person { client: client(who), standing, role: Role::Member }
    }

    fn standing(who: &str, state: State) -> Standing {
        Standing { client: id(who), profile: Profile::default(), seq: 3, state }
    }

    fn membership(read_messages: u64) -> Membership {
        let (role, via) = (Role::Admin, Via::Join);
        Membership {
            role,
            joined: 3,
            via,
            inviter: None,
            read_messages,
            last_read: None,
            properties: Default::default(),
        }
    }

    fn invited() -> State {
        let (created_at, updated_at) = (Time::from_millis(1), Time::from_millis(2));
        State::Invited(Pending { inviter: Some(client("zoe").face()), created_at, updated_at, expires_at: NOW })
    }

    /// A room of four entries, two of them messages, with one member: `aaa`, who acts and has read one.
    fn room() -> Room {
        let id = RoomId::parse("id", "room").unwrap();
        Room { seq: 4, messages: 2, member_count: 1, ..Room::of_many(id, RoomKind::Group, 10, Time::from_millis(9)) }
    }

    fn door(caller: Caller) -> Door {
        let standing = Some(standing("aaa", State::Member(membership(1))));
        let aaa = Known { client: Some(client("aaa")), standing };
        Door {
            app: AppId::parse("app", "App").unwrap(),
            caller,
            id: room().id,
            room: Some(room()),
            people: BTreeMap::from([(id("aaa"), aaa)]),
            page: None,
            invitee: None,
            invitation: None,
            record: None,
            now: NOW,
        }
    }

    fn by_aaa() -> Door {
        door(Caller::Client(id("aaa")))
    }

    fn joined(people: Vec<Person>, notice: Option<Notice>) -> Change {
        Change::MembersJoined { people, via: Via::Added, inviter: Some(id("aaa")), closes: None, notice }
    }

    fn added(people: &[Person]) -> Option<Notice> {
        Some(Notice::AddMembers(people.iter().map(|person| person.client.face()).collect()))
    }

    fn act(door: &Door, changes: &[Change]) -> Act {
        Act::of(door, room(), changes)
    }

    #[test]
    fn entries_are_numbered_and_timed_one_after_the_other() {
        let people = vec![person("bbb", None)];
        let renewal = Change::InvitationsRenewed { people: vec![person("ccc", Some(invited()))], expires_at: NOW };
        let act = act(&by_aaa(), &[joined(people, None), renewal]);
        assert_eq!(act.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [5, 6]);
        assert_eq!(act.entries[0].at, NOW);
        assert!(act.entries[0].at < act.entries[1].at && act.entries[0].id < act.entries[1].id);
        assert_eq!((act.room.seq, act.room.updated_at), (6, act.entries[1].at));
    }

    /// The clocks of two machines differ.
    #[test]
    fn an_entry_is_later_than_the_one_before_whatever_the_clock_says() {
        let door = by_aaa();
        let ahead = NOW.plus(Duration::from_secs(5));
        let act = Act::of(&door, Room { updated_at: ahead, ..room() }, &[joined(vec![person("bbb", None)], None)]);
        assert!(act.entries[0].at > ahead, "{:?}", act.entries);
    }

    #[test]
    fn joining_counts_members_and_inviting_does_not() {
        let joining = act(&by_aaa(), &[joined(vec![person("bbb", None), person("ccc", Some(invited()))], None)]);
        assert_eq!((joining.room.member_count, joining.entries[0].member_count), (3, 3));
        assert_eq!(joining.entries[0].clients, [id("bbb"), id("ccc")]);
        let people = vec![person("bbb", None)];
        let inviting = act(&by_aaa(), &[Change::MembersInvited { people, expires_at: NOW, notice: None }]);
        assert_eq!((inviting.room.member_count, inviting.entries[0].member_count), (1, 1));
        assert_eq!(inviting.entries[0].expires_at, Some(NOW));
    }

    #[test]
    fn a_message_is_part_of_its_entry() {
        let people = vec![person("bbb", None)];
        let notice = added(&people);
        let act = act(&by_aaa(), &[joined(people, notice)]);
        let message = act.entries[0].message.clone().unwrap();
        assert_eq!((&message.id, message.at), (&act.entries[0].id, act.entries[0].at));
        assert_eq!(message.sender, Some(client("aaa").face()));
        assert_eq!((act.room.messages, act.room.last_message.map(|last| last.id)), (3, Some(message.id)));
    }

    #[test]
    fn a_silent_change_is_no_message() {
        let act = act(&by_aaa(), &[joined(vec![person("bbb", None)], None)]);
        assert!(act.entries[0].message.is_none());
        assert_eq!((act.room.messages, act.room.last_message.is_none()), (2, true));
    }

    #[test]
    fn a_new_member_has_read_everything_even_the_message_of_his_coming() {
        for notice in [None, added(&[person("bbb", None)])] {
            let act = act(&by_aaa(), &[joined(vec![person("bbb", None)], notice)]);
            let new = act.standings[0].1.membership().unwrap();
            assert_eq!(new.read_messages, act.room.messages);
            assert_eq!((new.joined, &new.last_read), (5, &None));
        }
    }

    #[test]
    fn who_sends_a_message_has_read_it() {
        let people = vec![person("bbb", None)];
        let notice = added(&people);
        let guard = act(&by_aaa(), &[joined(people, notice)]).guard.unwrap();
        let read = guard.read.unwrap();
        assert_eq!((read.read_messages, read.last_read.is_some(), read.role), (3, true, Role::Admin));
        assert_eq!((guard.client, guard.seen.map(|seen| seen.seq)), (id("aaa"), Some(3)));
    }

    #[test]
    fn the_acting_client_is_guarded_though_it_sends_nothing() {
        let guard = act(&by_aaa(), &[joined(vec![person("bbb", None)], None)]).guard.unwrap();
        assert!(guard.seen.is_some() && guard.read.is_none(), "{guard:?}");
    }

    #[test]
    fn the_platform_is_guarded_only_where_its_client_speaks() {
        let people = || vec![person("bbb", None)];
        let for_aaa = door(Caller::Platform(Some(id("aaa"))));
        assert!(act(&for_aaa, &[joined(people(), None)]).guard.is_none());
        assert!(act(&for_aaa, &[joined(people(), added(&people()))]).guard.is_some_and(|guard| guard.read.is_some()));
        let nobody = act(&door(Caller::Platform(None)), &[joined(people(), added(&people()))]);
        assert!(nobody.guard.is_none() && nobody.room.last_message.unwrap().sender.is_none());
    }

    #[test]
    fn who_joins_is_guarded_by_his_own_standing() {
        let notice = Some(Notice::JoinRoom(client("bbb").face()));
        let act = act(&door(Caller::Client(id("bbb"))), &[joined(vec![person("bbb", Some(invited()))], notice)]);
        assert!(act.guard.is_none());
        let (before, after) = &act.standings[0];
        assert_eq!((before.as_ref().map(|before| before.seq), after.seq), (Some(3), 5));
        // His own message is the last that he has read.
        assert_eq!(after.membership().unwrap().last_read, Some(act.entries[0].id.clone()));
    }

    #[test]
    fn the_joiner_speaks_whoever_brought_him_in() {
        let notice = Some(Notice::JoinRoom(client("bbb").face()));
        let act = act(&by_aaa(), &[joined(vec![person("bbb", None)], notice)]);
        assert_eq!(act.room.last_message.unwrap().sender, Some(client("bbb").face()));
        // The message is another's: it is news to `aaa`.
        assert!(act.guard.unwrap().read.is_none());
    }

    fn pending(change: Change) -> Pending {
        match act(&by_aaa(), &[change]).standings.remove(0).1.state {
            State::Invited(pending) => pending,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn renewing_keeps_the_first_inviter_and_moment() {
        let expires_at = NOW.plus(Duration::from_secs(60));
        let renewed = pending(Change::InvitationsRenewed { people: vec![person("bbb", Some(invited()))], expires_at });
        assert_eq!(renewed.inviter.map(|inviter| inviter.id), Some(id("zoe")));
        assert_eq!((renewed.created_at, renewed.updated_at), (Time::from_millis(1), NOW));
        assert_eq!(renewed.expires_at, expires_at);
    }

    #[test]
    fn inviting_over_a_lapsed_invitation_begins_anew() {
        let people = vec![person("bbb", Some(invited()))];
        let anew = pending(Change::MembersInvited { people, expires_at: NOW, notice: None });
        assert_eq!(anew.inviter.map(|inviter| inviter.id), Some(id("aaa")));
        assert_eq!((anew.created_at, anew.updated_at), (NOW, NOW));
    }
}
