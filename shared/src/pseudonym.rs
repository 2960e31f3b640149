//! A pseudonym in the place of a client who has been erased: in the log and wherever else others' records name him.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::{Face, Json};
use crate::id::{ClientId, random_hex};
use crate::invitation::Invitation;
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

    /// An invitation of an address: who sent it.
    pub fn invitation(&self, mut invitation: Invitation) -> Invitation {
        self.id(invitation.inviter.as_mut());
        invitation
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
            | Notice::AssignAdmin(faces) => {
                faces.iter_mut().for_each(|face| self.face(Some(face)));
            }
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
