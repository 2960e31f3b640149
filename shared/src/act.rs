//! What changes make of a room, its log, its standings and its invitations: everything that is then written at once.

mod settle;

use std::time::Duration;

use crate::auth::Caller;
use crate::budget::Charge;
use crate::change::Change;
use crate::client::{Client, Face};
use crate::door::Door;
use crate::id::{ClientId, ObjectId, random_hex};
use crate::invitation::Invitation;
use crate::link::Link;
use crate::log::{Entry, Kind};
use crate::message::{Content, Message};
use crate::room::Room;
use crate::standing::{Membership, Standing, State};
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
    /// An older entry whose message changes, as it was read and as it will be.
    pub edited: Option<(Entry, Entry)>,
    /// What becomes of standings.
    pub shifts: Vec<Shift>,
    /// New invitations of addresses, each with the lapsed one in its place.
    pub opened: Vec<(Option<Invitation>, Invitation)>,
    /// Invitations of addresses that end.
    pub closed: Vec<Invitation>,
    /// Who comes in by a link, and that link as it was read.
    pub redeemed: Option<(ClientId, Link)>,
    /// Links that let nobody in any more.
    pub revoked: Vec<Link>,
    /// Who has left the room, and finds it among those that it has quitted.
    pub quitters: Vec<ClientId>,
    /// What it uses up of budgets with counters of their own.
    pub charges: Vec<Charge>,
    /// The acting client, whose own standing must still be what the decision rested on.
    pub guard: Option<Guard>,
    /// The acting client's own record, as it was read and as it will be, where it changes.
    pub record: Option<(Client, Client)>,
    /// What tells this act from a rival's.
    pub nonce: String,
    /// Whether anybody is told of it.
    pub is_heard: bool,
}

/// What becomes of one standing.
#[derive(Clone, Debug)]
pub enum Shift {
    /// It begins, or is another state now.
    Into {
        /// As it was read.
        before: Option<Standing>,
        /// As it will be.
        after: Standing,
    },
    /// A member has another role or other properties; what it has read is not touched, unless it reads its own message.
    Within {
        /// As it was read.
        before: Standing,
        /// As it will be.
        after: Standing,
    },
    /// It ends.
    Out {
        /// As it was read.
        before: Standing,
    },
}

impl Shift {
    /// Whose standing it is.
    pub fn client(&self) -> &ClientId {
        match self {
            Self::Into { after: standing, .. } | Self::Within { after: standing, .. } => &standing.client,
            Self::Out { before } => &before.client,
        }
    }

    /// The standing afterwards, if one is left.
    pub fn after(&self) -> Option<&Standing> {
        match self {
            Self::Into { after, .. } | Self::Within { after, .. } => Some(after),
            Self::Out { .. } => None,
        }
    }
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
            edited: None,
            shifts: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            redeemed: None,
            revoked: Vec::new(),
            quitters: Vec::new(),
            charges: Vec::new(),
            guard: None,
            record: None,
            nonce: random_hex::<8>(),
            is_heard: false,
        };
        for change in changes {
            act.enter(change, &door.caller, door.actor(), door.now);
        }
        act.guard = act.guard(door);
        act.is_heard = act.is_heard(door);
        act
    }

    /// With the acting client's own record as it will be, if that changes in the same act.
    pub fn with_record(mut self, door: &Door, after: Option<Client>) -> Self {
        let before = door.caller.client().and_then(|client| door.client(client));
        self.record = before.cloned().zip(after);
        self
    }

    /// Who invites an address is heard in any case: a mail may have to go out.
    fn is_heard(&self, door: &Door) -> bool {
        let listens = door.record.as_ref().is_some_and(|app| app.listens);
        listens || self.room.face.webhook.is_some() || !self.opened.is_empty()
    }

    /// The last message that this client says in this act. A changed one keeps its id, and its sender has read it long ago.
    fn said_by(&self, client: &ClientId) -> Option<&Message> {
        let posted = |entry: &Entry| entry.message.as_ref().is_some_and(|own| own.id == entry.id);
        let last = self.entries.iter().rev().find(|entry| posted(entry))?.message.as_ref()?;
        Some(last).filter(|last| last.sender.as_ref().is_some_and(|sender| sender.id == *client))
    }

    /// The acting client is guarded unless its standing changes anyway, or the platform acts for it and it posts nothing.
    fn guard(&mut self, door: &Door) -> Option<Guard> {
        let client = door.caller.client()?.clone();
        let (own, messages) = (self.said_by(&client).map(|message| message.id.clone()), self.room.messages);
        let read = |membership: &Membership| {
            own.clone().map(|id| Membership { read_messages: messages, last_read: Some(id), ..membership.clone() })
        };
        if let Some(shift) = self.shifts.iter_mut().find(|shift| *shift.client() == client) {
            // Whoever comes in, or changes, and speaks in one act has read what he says (D23).
            if let Shift::Into { after, .. } | Shift::Within { after, .. } = shift
                && let Some(read) = after.membership().and_then(read)
            {
                after.state = State::Member(read);
            }
            return None;
        }
        self.before.as_ref()?;
        let seen = door.standing(&client).cloned();
        let read = seen.as_ref().and_then(Standing::membership).and_then(read);
        let needed = read.is_some() || !door.caller.is_platform();
        needed.then_some(Guard { client, seen, read })
    }

    fn enter(&mut self, change: &Change, caller: &Caller, actor: Option<Face>, now: Time) {
        let kind = change.kind();
        self.room.seq += 1;
        // Later than the entry before, whatever the clocks of two machines say: ids and times follow the log's order.
        let at = now.max(self.room.updated_at.plus(Duration::from_millis(1)));
        self.room.updated_at = at;
        let mut entry = Entry {
            seq: self.room.seq,
            id: ObjectId::of_entry(at, self.room.seq),
            nonce: self.nonce.clone(),
            kind,
            at,
            actor: caller.client().filter(|_| kind != Kind::InvitationExpired).cloned(), // time is nobody's doing
            clients: change.clients(),
            member_count: 0,
            messages: 0,
            via: None,
            inviter: None,
            link: None,
            expires_at: None,
            invitations: Vec::new(),
            message: None,
            changed: None,
        };
        if let Some(content) = change.content() {
            self.say(content, &mut entry, actor.clone());
        }
        self.settle(change, &mut entry, actor);
        (entry.member_count, entry.messages) = (self.room.member_count, self.room.messages);
        self.entries.push(entry);
    }

    fn say(&mut self, content: Content, entry: &mut Entry, actor: Option<Face>) {
        let sender = match &content {
            Content::Notice(notice) => notice.speaker().cloned().or(actor),
            Content::Post(_) => actor,
        };
        self.room.messages += 1;
        let message = Message { id: entry.id.clone(), at: entry.at, sender, content, edited_at: None };
        self.room.last_message = Some(message.clone());
        entry.message = Some(message);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::change::Person;
    use crate::client::{Client, Profile};
    use crate::door::Known;
    use crate::id::{AppId, RoomId};
    use crate::json::Json;
    use crate::message::{Notice, Post};
    use crate::room::RoomKind;
    use crate::standing::Role;
    use crate::standing::{Pending, Via};

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
            invite_policy: Default::default(),
            blocks: Default::default(),
            profile_version: 1,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn person(who: &str, state: Option<State>) -> Person {
        let standing = state.map(|state| standing(who, state));
        Person::of(&client(who), standing, Role::Member)
    }

    fn standing(who: &str, state: State) -> Standing {
        Standing { client: id(who), profile: Profile::default(), profile_version: 1, seq: 3, state }
    }

    fn membership(read_messages: u64) -> Membership {
        let (role, via) = (Role::Admin, Via::Join);
        Membership {
            role,
            joined: 3,
            via,
            inviter: None,
            ticket: None,
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
            is_going: false,
            everybody: Default::default(),
            acquaintances: Default::default(),
            entry: None,
            people: BTreeMap::from([(id("aaa"), aaa)]),
            page: None,
            invitee: None,
            invitation: None,
            link: None,
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
        Some(Notice::AddMembers(people.iter().map(Person::face).collect()))
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
            let new = act.shifts[0].after().unwrap().membership().unwrap();
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
        let Shift::Into { before, after } = &act.shifts[0] else { panic!("{act:?}") };
        assert_eq!((before.as_ref().map(|before| before.seq), after.seq), (Some(3), 5));
        // His own message is the last that he has read.
        assert_eq!(after.membership().unwrap().last_read, Some(act.entries[0].id.clone()));
    }

    #[test]
    fn who_comes_in_and_speaks_in_one_act_has_read_what_he_says() {
        let guests = || vec![person("ccc", None)];
        let alone = Change::MembersJoined {
            people: vec![person("bbb", None)],
            via: Via::Join,
            inviter: None,
            closes: None,
            notice: None,
        };
        let mut door = door(Caller::Client(id("bbb")));
        door.people.insert(id("bbb"), Known { client: Some(client("bbb")), standing: None });
        let act = act(&door, &[alone, joined(guests(), added(&guests()))]);
        let place = |at: usize| act.shifts[at].after().unwrap().membership().unwrap();
        assert_eq!((place(0).read_messages, &place(0).last_read), (3, &Some(act.entries[1].id.clone())));
        assert_eq!((place(1).read_messages, &place(1).last_read), (3, &None));
    }

    #[test]
    fn the_joiner_speaks_whoever_brought_him_in() {
        let notice = Some(Notice::JoinRoom(client("bbb").face()));
        let act = act(&by_aaa(), &[joined(vec![person("bbb", None)], notice)]);
        assert_eq!(act.room.last_message.unwrap().sender, Some(client("bbb").face()));
        // The message is another's: it is news to `aaa`.
        assert!(act.guard.unwrap().read.is_none());
    }

    fn said(message: &str) -> Post {
        let fields = serde_json::json!({ "message": message });
        Post { message_type: "text".into(), fields: Json::of(fields.as_object().unwrap()), reply: None }
    }

    #[test]
    fn what_somebody_says_is_his_message_and_he_has_read_it() {
        let act = act(&by_aaa(), &[Change::MessagePosted { post: said("hello") }]);
        let message = act.entries[0].message.clone().unwrap();
        assert_eq!((message.text(), message.sender), ("hello".into(), Some(client("aaa").face())));
        assert_eq!((act.room.messages, act.entries[0].messages, act.entries[0].clients.len()), (3, 3, 0));
        assert_eq!(
            act.guard.unwrap().read.map(|read| (read.read_messages, read.last_read)),
            Some((3, Some(message.id)))
        );
        assert!(act.shifts.is_empty() && act.edited.is_none());
    }

    #[test]
    fn a_changed_message_is_no_message_more() {
        let first = act(&by_aaa(), &[Change::MessagePosted { post: said("hello") }]);
        let (old, room) = (first.entries[0].clone(), first.room);
        let mut last = (*old.message.as_ref().unwrap()).clone();
        for is_last in [true, false] {
            if !is_last {
                last.id = ObjectId::of_entry(NOW, 6);
            }
            let room = Room { last_message: Some(last.clone()), ..room.clone() };
            let door = Door { room: Some(room.clone()), ..by_aaa() };
            let change = Change::MessageEdited { entry: Box::new(old.clone()), post: said("bye") };
            let act = Act::of(&door, room.clone(), &[change]);

            let (before, edited) = act.edited.unwrap();
            assert_eq!(before.message, old.message);
            let message = edited.message.unwrap();
            assert_eq!(
                (edited.seq, edited.id, edited.messages, edited.at),
                (old.seq, old.id.clone(), old.messages, old.at)
            );
            assert_eq!((message.text(), &message.id, message.at), ("bye".into(), &old.id, old.at));
            assert_eq!((&message.sender, message.edited_at), (&last.sender, Some(act.entries[0].at)));
            assert_eq!((act.entries[0].changed.as_ref(), act.entries[0].message.is_none()), (Some(&old.id), true));
            assert_eq!((act.room.messages, act.entries[0].messages, act.room.seq), (room.messages, room.messages, 6));
            let shown = act.room.last_message.unwrap();
            assert_eq!(shown.text(), if is_last { "bye" } else { "hello" }, "the room shows its last message as it is");
            // Guarded, and not marked as read: he read it when he said it.
            assert!(act.guard.unwrap().read.is_none());
        }
    }

    fn pending(change: Change) -> Pending {
        act(&by_aaa(), &[change]).shifts[0].after().unwrap().pending().unwrap().clone()
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
