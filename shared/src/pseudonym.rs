//! A pseudonym in the place of a client who has been erased: in the log and wherever else others' records name him.

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
        let Some(mentions) = fields.get_mut("mentions").and_then(|mentions| mentions.as_array_mut()) else { return };
        for mention in mentions.iter_mut().filter(|mention| mention.as_str() == Some(self.from.as_str())) {
            *mention = self.to.as_str().into();
        }
        post.fields = Json::of(&fields);
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
