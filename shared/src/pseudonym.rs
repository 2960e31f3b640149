//! A pseudonym in the place of a client who has been erased: in the log and wherever else others' records name him.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::{Client, Face};
use crate::delivery::Delivery;
use crate::event::About;
use crate::id::{ClientId, random_hex};
use crate::invitation::Invitation;
use crate::json::Json;
use crate::link::Link;
use crate::log::Entry;
use crate::message::{Content, Message, Notice, Post};
use crate::room::Room;
use crate::standing::{Standing, State};

/// Puts one name in the place of another.
#[derive(Clone, Debug)]
pub struct Renaming<'a> {
    /// The client's id.
    pub from: &'a ClientId,
    /// What stands there afterwards.
    pub to: &'a ClientId,
}

/// A name that says nothing: `erased-` and 64 random bits.
pub fn new_pseudonym() -> Result<ClientId, crate::error::Error> {
    ClientId::parse("pseudonym", &format!("erased-{}", random_hex::<8>()))
}

impl Renaming<'_> {
    /// An entry of a log, its message included. The text that people wrote stays theirs.
    pub fn entry(&self, mut entry: Entry) -> Entry {
        self.id(entry.actor.as_mut());
        self.id(entry.inviter.as_mut());
        self.ids(&mut entry.clients);
        entry.message.iter_mut().for_each(|message| self.message(message));
        entry
    }

    /// A room: who made it, whose it is, its last message.
    pub fn room(&self, mut room: Room) -> Room {
        self.id(room.creator.as_mut());
        self.id(room.owner.as_mut());
        self.ids(&mut room.admins);
        room.pair.iter_mut().for_each(|pair| self.ids(pair));
        room.last_message.iter_mut().for_each(|message| self.message(message));
        room
    }

    /// Somebody else's standing: who added, invited or banned him.
    pub fn standing(&self, mut standing: Standing) -> Standing {
        match &mut standing.state {
            State::Member(own) => self.id(own.inviter.as_mut()),
            State::Invited(own) => self.face(own.inviter.as_mut()),
            State::Banned(own) => self.face(own.blocker.as_mut()),
        }
        standing
    }

    /// Somebody else's own record: whom he blocks.
    pub fn client(&self, mut client: Client) -> Client {
        client.blocks.iter_mut().for_each(|block| self.id(Some(&mut block.client)));
        client
    }

    /// An invitation of an address: who sent it.
    pub fn invitation(&self, mut invitation: Invitation) -> Invitation {
        self.id(invitation.inviter.as_mut());
        invitation
    }

    /// A link: who made it.
    pub fn link(&self, mut link: Link) -> Link {
        self.face(link.inviter.as_mut());
        link
    }

    /// A delivery: whom it tells of.
    pub fn delivery(&self, mut delivery: Delivery) -> Delivery {
        if let About::Client(client) = &mut delivery.about {
            self.id(Some(client));
        }
        delivery
    }

    fn message(&self, message: &mut Message) {
        self.face(message.sender.as_mut());
        match &mut message.content {
            Content::Notice(notice) => self.notice(notice),
            Content::Post(post) => self.post(post),
        }
    }

    fn notice(&self, notice: &mut Notice) {
        match notice {
            Notice::AddMembers(faces)
            | Notice::DeleteMember(faces)
            | Notice::CancelInvitations(faces)
            | Notice::AssignAdmin(faces) => faces.iter_mut().for_each(|face| self.face(Some(face))),
            Notice::JoinRoom(face) | Notice::LeaveRoom(face) => self.face(Some(face)),
        }
    }

    fn post(&self, post: &mut Post) {
        self.face(post.reply.as_mut().and_then(|quote| quote.sender.as_mut()));
        let mut fields = post.fields.object();
        let mentions = fields.get_mut("mentions").and_then(Value::as_array_mut);
        let own = mentions.into_iter().flatten().filter(|mention| mention.as_str() == Some(self.from.as_str()));
        if own.map(|mention| *mention = self.to.as_str().into()).count() > 0 {
            post.fields = Json::of(&fields);
        }
    }

    fn face(&self, face: Option<&mut Face>) {
        if let Some(face) = face.filter(|face| face.id == *self.from) {
            *face = Face { id: self.to.clone(), nickname: None, avatar_url: None };
        }
    }

    fn id(&self, id: Option<&mut ClientId>) {
        if let Some(id) = id.filter(|id| **id == *self.from) {
            *id = self.to.clone();
        }
    }

    fn ids(&self, ids: &mut [ClientId]) {
        ids.iter_mut().for_each(|id| self.id(Some(id)));
    }
}

/// Where a record names a client, as a JSON pointer, and what stands there: his id, or a copy of his nickname or avatar.
pub type Named = BTreeMap<String, String>;

/// Where a record names him who is called otherwise in the other.
pub fn named<T: Serialize>(record: &T, renamed: &T) -> Named {
    let json = |record| serde_json::to_value(record).unwrap_or_default();
    let mut named = Named::new();
    compare("", &json(record), &json(renamed), &mut named);
    named
}

fn compare(place: &str, before: &Value, after: &Value, named: &mut Named) {
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok().map(Value::Object);
    match before {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| compare(&format!("{place}/{name}"), value, &after[name], named));
        }
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(at, value)| compare(&format!("{place}/{at}"), value, &after[at], named));
        }
        Value::String(text) if after.as_str() != Some(text) => match (object(text), after.as_str().and_then(object)) {
            (Some(before), Some(after)) => compare(place, &before, &after, named), // JSON that is stored as text
            (Some(_) | None, _) => drop(named.insert(place.to_owned(), text.clone())),
        },
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::id::{ObjectId, RoomId};
    use crate::log::Kind;
    use crate::message::Quote;
    use crate::room::RoomKind;
    use crate::standing::{Ban, Membership, Pending, Role, Via};
    use crate::time::Time;

    const BOB: &str = "bob.7";
    const NOW: Time = Time::from_millis(1_000_000);

    fn id(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn face(who: &str) -> Face {
        let (nickname, avatar_url) = (Some(format!("{who} by name")), Some(format!("https://pics/{who}")));
        Face { id: id(who), nickname, avatar_url }
    }

    fn post(message: &str, mentions: &[&str], reply: Option<Quote>) -> Content {
        let fields = json!({ "message": message, "mentions": mentions, "extra": { "n": 1.5 } });
        let fields = Json::of(fields.as_object().unwrap());
        Content::Post(Post { message_type: "text".to_owned(), fields, reply })
    }

    fn message(sender: Option<&str>, content: Content) -> Message {
        Message { id: ObjectId::of_entry(NOW, 3), at: NOW, sender: sender.map(face), content, edited_at: None }
    }

    fn entry(actor: Option<&str>, clients: &[&str], inviter: Option<&str>, message: Option<Message>) -> Entry {
        Entry {
            seq: 3,
            id: ObjectId::of_entry(NOW, 3),
            nonce: "0".to_owned(),
            kind: Kind::MemberJoined,
            at: NOW,
            actor: actor.map(id),
            clients: clients.iter().copied().map(id).collect(),
            member_count: 2,
            messages: 1,
            via: None,
            inviter: inviter.map(id),
            link: None,
            expires_at: None,
            invitations: Vec::new(),
            message,
            changed: None,
        }
    }

    fn room(creator: &str, owner: &str, admins: &[&str], pair: [&str; 2], last: Option<Message>) -> Room {
        let room = Room::of_many(RoomId::parse("id", "room").unwrap(), RoomKind::Group, 10, NOW);
        let admins = admins.iter().copied().map(id).collect();
        let (creator, owner) = (Some(id(creator)), Some(id(owner)));
        Room { creator, owner, admins, pair: Some(pair.map(id)), last_message: last, ..room }
    }

    fn standing(state: State) -> Standing {
        Standing { client: id("aaa"), profile: Default::default(), profile_version: 1, seq: 3, state }
    }

    fn member(inviter: &str) -> State {
        State::Member(Membership {
            role: Role::Member,
            joined: 3,
            via: Via::Added,
            inviter: Some(id(inviter)),
            ticket: None,
            read_messages: 0,
            last_read: None,
            properties: Json::default(),
        })
    }

    fn invited(inviter: &str) -> State {
        let inviter = Some(face(inviter));
        State::Invited(Pending { inviter, created_at: NOW, updated_at: NOW, expires_at: NOW })
    }

    fn banned(blocker: &str) -> State {
        State::Banned(Ban { blocker: Some(face(blocker)), created_at: NOW })
    }

    /// What a record is after the renaming, and where it named him.
    fn renames<T: Serialize + Clone>(record: &T, rename: impl Fn(&Renaming<'_>, T) -> T) -> (String, Named) {
        let (from, to) = (id(BOB), id("erased-1"));
        let renamed = rename(&Renaming { from: &from, to: &to }, record.clone());
        (json!(renamed).to_string(), named(record, &renamed))
    }

    fn places(named: &Named) -> Vec<&str> {
        named.keys().map(String::as_str).collect()
    }

    #[test]
    fn an_entry_names_him_as_actor_inviter_and_one_of_those_concerned() {
        let (text, named) = renames(&entry(Some(BOB), &["aaa", BOB], Some(BOB), None), |own, record| own.entry(record));
        assert_eq!(places(&named), ["/actor", "/clients/1", "/inviter"]);
        assert!(text.contains(r#""clients":["aaa","erased-1"]"#) && !text.contains(BOB), "{text}");
    }

    #[test]
    fn every_notice_names_those_it_is_about() {
        let faces = || vec![face("aaa"), face(BOB)];
        for (notice, place) in [
            (Notice::AddMembers(faces()), "addMembers/1"),
            (Notice::DeleteMember(faces()), "deleteMember/1"),
            (Notice::CancelInvitations(faces()), "cancelInvitations/1"),
            (Notice::AssignAdmin(faces()), "assignAdmin/1"),
            (Notice::JoinRoom(face(BOB)), "joinRoom"),
            (Notice::LeaveRoom(face(BOB)), "leaveRoom"),
        ] {
            let said = message(None, Content::Notice(notice));
            let (text, named) = renames(&entry(None, &[], None, Some(said)), |own, record| own.entry(record));
            let place = format!("/message/content/notice/{place}");
            let expected = ["avatarUrl", "id", "nickname"].map(|field| format!("{place}/{field}"));
            assert_eq!(places(&named), expected);
            assert!(!text.contains(BOB), "neither his id nor his name: {text}");
        }
    }

    #[test]
    fn a_message_names_its_sender_those_mentioned_and_whom_it_answers() {
        let quoted = message(Some(BOB), post("hello", &[], None)).quote();
        let said = message(Some(BOB), post("hi", &["aaa", BOB], Some(quoted)));
        let (text, named) = renames(&entry(None, &[], None, Some(said.clone())), |own, record| own.entry(record));
        assert_eq!(
            places(&named),
            [
                "/message/content/post/fields/mentions/1",
                "/message/content/post/reply/sender/avatarUrl",
                "/message/content/post/reply/sender/id",
                "/message/content/post/reply/sender/nickname",
                "/message/sender/avatarUrl",
                "/message/sender/id",
                "/message/sender/nickname",
            ]
        );
        assert_eq!(named["/message/content/post/fields/mentions/1"], BOB);
        assert!(!text.contains(BOB) && text.contains("hello"), "{text}");
        let (_, named) = renames(&room("aaa", "aaa", &[], ["aaa", "bbb"], Some(said)), |own, record| own.room(record));
        assert!(places(&named).iter().all(|place| place.starts_with("/lastMessage/")) && named.len() == 7);
    }

    #[test]
    fn an_answer_repeats_no_names_of_what_the_system_said() {
        let quote = message(Some("aaa"), Content::Notice(Notice::AddMembers(vec![face(BOB)]))).quote();
        assert_eq!((quote.text.as_str(), quote.message_type.as_str()), ("", "addMember"));
    }

    #[test]
    fn a_room_names_who_made_it_whose_it_is_and_whom_it_is_for() {
        let (_, named) = renames(&room(BOB, BOB, &["aaa", BOB], ["aaa", BOB], None), |own, record| own.room(record));
        assert_eq!(places(&named), ["/admins/1", "/creator", "/owner", "/pair/1"]);
    }

    #[test]
    fn a_standing_names_who_brought_it_about() {
        let place = |state| places(&renames(&standing(state), |own, record| own.standing(record)).1).join(" ");
        assert_eq!(place(member(BOB)), "/state/member/inviter");
        let face = |of: &str| ["avatarUrl", "id", "nickname"].map(|field| format!("{of}/{field}")).join(" ");
        assert_eq!(place(invited(BOB)), face("/state/invited/inviter"));
        assert_eq!(place(banned(BOB)), face("/state/banned/blocker"));
    }

    #[test]
    fn an_invitation_names_who_sent_it() {
        let (email, addresses) = (Some("x@x.io".to_owned()), vec!["x@x.io".to_owned()]);
        let (inviter, id) = (Some(id(BOB)), ObjectId::of_entry(NOW, 3));
        let (seq, created_at, expires_at) = (3, NOW, NOW);
        let invitation = Invitation { id, addresses, email, mobile: None, inviter, seq, created_at, expires_at };
        assert_eq!(places(&renames(&invitation, |own, record| own.invitation(record)).1), ["/inviter"]);
    }

    #[test]
    fn what_people_write_and_who_is_called_alike_stay() {
        let said = message(Some("bob.77"), post("bob.7 is bob.7 by name", &["bob", "x-bob.7"], None));
        let record = entry(Some("bob.77"), &["bob", "x-bob.7"], Some("BOB.7"), Some(said));
        let (text, named) = renames(&record, |own, record| own.entry(record));
        assert_eq!((text, named), (json!(record).to_string(), Named::new()));
    }

    #[test]
    fn a_pseudonym_is_a_client_id_and_never_the_same() {
        let (one, other) = (new_pseudonym().unwrap(), new_pseudonym().unwrap());
        assert!(one != other && one.as_str().len() == "erased-".len() + 16, "{one} {other}");
    }

    fn who() -> impl Strategy<Value = &'static str> {
        prop_oneof![Just(BOB), Just("aaa"), Just("bbb")]
    }

    fn said() -> impl Strategy<Value = Message> {
        let faces = || proptest::collection::vec(who().prop_map(face), 1..4);
        let notice = prop_oneof![
            faces().prop_map(Notice::AddMembers),
            faces().prop_map(Notice::DeleteMember),
            faces().prop_map(Notice::CancelInvitations),
            faces().prop_map(Notice::AssignAdmin),
            who().prop_map(|who| Notice::JoinRoom(face(who))),
            who().prop_map(|who| Notice::LeaveRoom(face(who))),
        ];
        let notice =
            (proptest::option::of(who()), notice).prop_map(|(by, notice)| message(by, Content::Notice(notice)));
        let plain = (who(), proptest::collection::vec(who(), 0..4))
            .prop_map(|(by, mentions)| message(Some(by), post("said", &mentions, None)));
        let answered = prop_oneof![notice, plain];
        (who(), proptest::option::of(answered), proptest::collection::vec(who(), 0..4)).prop_map(
            |(by, answered, mentions)| {
                message(Some(by), post("said", &mentions, answered.map(|message| message.quote())))
            },
        )
    }

    proptest! {
        #[test]
        fn no_record_keeps_the_id_and_none_is_renamed_twice(
            (actor, inviter, said) in (proptest::option::of(who()), proptest::option::of(who()), proptest::option::of(said())),
            clients in proptest::collection::vec(who(), 0..4),
            (creator, owner, one, other) in (who(), who(), who(), who()),
            state in prop_oneof![who().prop_map(member), who().prop_map(invited), who().prop_map(banned)],
        ) {
            let (from, to) = (id(BOB), id("erased-1"));
            let renaming = Renaming { from: &from, to: &to };
            let entry = entry(actor, &clients, inviter, said.clone());
            let room = room(creator, owner, &clients, [one, other], said);
            let standing = standing(state);
            let records = [
                (json!(entry), json!(renaming.entry(entry.clone())), json!(renaming.entry(renaming.entry(entry)))),
                (json!(room), json!(renaming.room(room.clone())), json!(renaming.room(renaming.room(room)))),
                (
                    json!(standing),
                    json!(renaming.standing(standing.clone())),
                    json!(renaming.standing(renaming.standing(standing))),
                ),
            ];
            for (before, once, twice) in records {
                prop_assert!(!once.to_string().contains(BOB), "{once}");
                prop_assert_eq!(&once, &twice);
                prop_assert_eq!(before == once, !before.to_string().contains(BOB));
                prop_assert_eq!(named(&before, &once).is_empty(), before == once);
            }
        }
    }
}
