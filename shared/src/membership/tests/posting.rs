//! Saying, changing, reading.

use super::*;
use crate::json::Json;
use crate::log;
use crate::message::{Message, Notice, Post, Speech};

const SENT: Time = Time::from_millis(500_000);

fn post(message: &str) -> Post {
    let fields = serde_json::json!({ "message": message });
    Post { message_type: "text".into(), fields: Json::of(fields.as_object().unwrap()), reply: None }
}

fn saying(message: &str) -> Speech {
    Speech { edits: None, answers: None, post: post(message) }
}

fn changing(door: &Door) -> Speech {
    Speech { edits: door.entry.as_ref().map(|entry| entry.id.clone()), ..saying("other") }
}

fn entry(message: Option<Message>) -> log::Entry {
    log::Entry {
        seq: 7,
        id: message.as_ref().map_or_else(|| ObjectId::of_entry(SENT, 7), |message| message.id.clone()),
        nonce: "n".into(),
        kind: log::Kind::MessageCreated,
        at: SENT,
        actor: None,
        clients: Vec::new(),
        member_count: 1,
        messages: 4,
        via: None,
        inviter: None,
        link: None,
        expires_at: None,
        invitations: Vec::new(),
        message,
        changed: None,
    }
}

impl Door {
    /// With the fourth message of the room read, which `sender` has sent.
    fn beside(self, sender: Option<&str>, content: Content) -> Self {
        let sender = sender.map(|sender| client(&id(sender)).face());
        let message = Message { id: ObjectId::of_entry(SENT, 7), at: SENT, sender, content, edited_at: None };
        Self { entry: Some(entry(Some(message))), ..self }
    }

    fn reading(self, read_messages: u64, last_read: Option<ObjectId>) -> Self {
        let State::Member(own) = member() else { unreachable!() };
        self.with("aaa", Some(State::Member(Membership { read_messages, last_read, ..own })))
    }
}

fn named(door: &Door) -> ObjectId {
    door.entry.as_ref().unwrap().id.clone()
}

fn posted(plan: Plan) -> Post {
    match plan.changes.as_slice() {
        [Change::MessagePosted { post }] | [Change::MessageEdited { post, .. }] => post.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn members_and_the_platform_speak() {
    assert_eq!(posted(speak(&door(), &saying("hello")).unwrap()), post("hello"));
    for caller in [Caller::Platform(None), Caller::Platform(Some(id("bbb")))] {
        assert!(speak(&door().with("bbb", None).by(caller), &saying("hello")).is_ok());
    }
    for state in [None, Some(invited(later())), Some(invited(NOW)), Some(banned())] {
        let outside = door().with("bbb", state).by(Caller::Client(id("bbb")));
        assert!(matches!(speak(&outside, &saying("hello")), Err(Error::NotRoomMember { .. })));
    }
    let hidden = door().with("bbb", None).by(Caller::Client(id("bbb"))).changed(|room| room.is_private = true);
    assert!(matches!(speak(&hidden, &saying("hello")), Err(Error::RoomNotFound { .. })));
}

#[test]
fn a_frozen_room_hears_the_platform_alone_and_a_closed_one_everybody() {
    let beside = || door().beside(Some("aaa"), Content::Post(post("old")));
    let frozen = beside().changed(|room| room.is_frozen = true);
    assert!(matches!(speak(&frozen, &saying("x")), Err(Error::RoomFrozen { .. })));
    assert!(matches!(speak(&frozen, &changing(&frozen)), Err(Error::RoomFrozen { .. })));
    assert!(speak(&frozen.clone().by(Caller::Platform(None)), &saying("x")).is_ok());
    assert!(speak(&frozen.clone().by(Caller::Platform(Some(id("aaa")))), &changing(&frozen)).is_ok());
    assert!(speak(&beside().changed(|room| room.is_closed = true), &saying("x")).is_ok());
}

#[test]
fn an_answer_quotes_the_message_that_was_read() {
    let door = door().beside(Some("zoe"), Content::Post(post("why?")));
    let answer = |id: ObjectId| speak(&door, &Speech { answers: Some(id), ..saying("because") });
    let quote = posted(answer(named(&door)).unwrap()).reply.unwrap();
    assert_eq!((quote.id, quote.at, quote.text.as_str()), (named(&door), SENT, "why?"));
    assert_eq!((quote.sender.unwrap().id, quote.message_type.as_str()), (id("zoe"), "text"));
    let another = ObjectId::of_entry(Time::from_millis(1), 7);
    match answer(another.clone()) {
        Err(Error::MessageNotFound { id }) => assert_eq!(id, another.to_string()),
        other => panic!("{other:?}"),
    }
    let silent = Door { entry: Some(entry(None)), ..door.clone() };
    let answer = Speech { answers: Some(named(&silent)), ..saying("because") };
    assert!(matches!(speak(&silent, &answer), Err(Error::MessageNotFound { .. })));
}

#[test]
fn only_its_sender_changes_a_message() {
    let by_aaa = Content::Post(post("old"));
    for (sender, caller, may) in [
        (Some("aaa"), Caller::Client(id("aaa")), true),
        (Some("aaa"), Caller::Platform(Some(id("aaa"))), true),
        (None, Caller::Platform(None), true),
        (Some("aaa"), Caller::Client(id("bbb")), false),
        (Some("aaa"), Caller::Platform(None), false),
        (None, Caller::Client(id("aaa")), false),
        (None, Caller::Platform(Some(id("aaa"))), false),
    ] {
        let door = door().with("bbb", Some(member())).beside(sender, by_aaa.clone()).by(caller.clone());
        match speak(&door, &changing(&door)) {
            Ok(plan) => assert_eq!((posted(plan), may), (post("other"), true), "{sender:?} {caller:?}"),
            Err(Error::InsufficientPermissions { .. }) => assert!(!may, "{sender:?} {caller:?}"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn nobody_changes_what_the_system_says() {
    let notice = Content::Notice(Notice::JoinRoom(client(&id("aaa")).face()));
    for caller in [Caller::Client(id("aaa")), Caller::Platform(None), Caller::Platform(Some(id("aaa")))] {
        let door = door().beside(Some("aaa"), notice.clone()).by(caller);
        assert!(matches!(speak(&door, &changing(&door)), Err(Error::InsufficientPermissions { .. })));
    }
}

#[test]
fn a_changed_answer_still_answers_what_it_answered() {
    let quote = Message {
        id: ObjectId::of_entry(SENT, 3),
        at: SENT,
        sender: None,
        content: Content::Post(post("why?")),
        edited_at: None,
    };
    let old = Post { reply: Some(quote.quote()), ..post("because") };
    let door = door().beside(Some("aaa"), Content::Post(old.clone()));
    assert_eq!(posted(speak(&door, &changing(&door)).unwrap()), Post { reply: old.reply, ..post("other") });
}

#[test]
fn an_answer_that_is_taken_back_answers_nothing() {
    let quote = Message {
        id: ObjectId::of_entry(SENT, 3),
        at: SENT,
        sender: None,
        content: Content::Post(post("why?")),
        edited_at: None,
    };
    let door = door().beside(Some("aaa"), Content::Post(Post { reply: Some(quote.quote()), ..post("because") }));
    let nothing = Post { message_type: "recall".into(), ..post("") };
    let recall = Speech { post: nothing.clone(), ..changing(&door) };
    assert_eq!(posted(speak(&door, &recall).unwrap()), nothing);
}

#[test]
fn reading_moves_forward_and_never_back() {
    let beside = |read: u64, last: Option<ObjectId>| door().reading(read, last).beside(None, Content::Post(post("x")));
    let news = |door: &Door| read_up_to(door, &named(door)).unwrap().1.map(|own| (own.read_messages, own.last_read));
    let earlier = || Some(ObjectId::of_entry(SENT, 5));
    for before in [beside(0, None), beside(3, earlier())] {
        assert_eq!(news(&before), Some((4, Some(named(&before)))));
    }
    // Who has read as much without a mark, as a new member has, gets the mark.
    let door = beside(4, None);
    assert_eq!(news(&door), Some((4, Some(named(&door)))));
    assert_eq!(news(&door.clone().reading(4, Some(named(&door)))), None, "read already");
    assert_eq!(news(&beside(5, earlier())), None, "read further");
}

#[test]
fn reading_changes_nothing_else_of_the_member() {
    let State::Member(own) = member() else { unreachable!() };
    let own = Membership { role: Role::Admin, joined: 3, properties: Json::of(&serde_json::Map::new()), ..own };
    let door = door().with("aaa", Some(State::Member(own.clone()))).beside(None, Content::Post(post("x")));
    let (client, read) = read_up_to(&door, &named(&door)).unwrap();
    let read = read.unwrap();
    assert_eq!((client, read.role, read.joined, read.via), (id("aaa"), Role::Admin, 3, own.via));
}

#[test]
fn only_a_member_reads_and_the_platform_says_who() {
    let beside = || door().with("bbb", None).beside(None, Content::Post(post("x")));
    let read = |caller: Caller| {
        let door = beside().by(caller);
        read_up_to(&door, &named(&door))
    };
    assert!(matches!(read(Caller::Client(id("bbb"))), Err(Error::NotRoomMember { .. })));
    assert!(matches!(read(Caller::Platform(Some(id("bbb")))), Err(Error::NotRoomMember { .. })));
    assert!(matches!(read(Caller::Platform(None)), Err(Error::MissingParameter { .. })));
    assert_eq!(read(Caller::Platform(Some(id("aaa")))).unwrap().0, id("aaa"));
    let unread = Door { entry: None, ..door() };
    assert!(matches!(read_up_to(&unread, &ObjectId::at(SENT)), Err(Error::MessageNotFound { .. })));
    let silent = Door { entry: Some(entry(None)), ..door() };
    assert!(matches!(read_up_to(&silent, &named(&silent)), Err(Error::MessageNotFound { .. })));
}
