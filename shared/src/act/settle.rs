//! What each kind of change makes of the room, of standings and of invitations.

use super::{Act, Shift};
use crate::change::{Change, Person};
use crate::client::Face;
use crate::id::ClientId;
use crate::invitation::Invitation;
use crate::link::Link;
use crate::log::Entry;
use crate::message::{Content, Message, Notice, Post};
use crate::room::Room;
use crate::standing::{Ban, Membership, Pending, Role, Standing, State, Ticket, Via};
use crate::time::Time;

impl Act {
    /// What the change makes of the room, of standings and of invitations.
    pub(super) fn settle(&mut self, change: &Change, entry: &mut Entry, actor: Option<Face>) {
        match change {
            Change::RoomCreated | Change::MessagePosted { .. } => {}
            Change::RoomUpdated { room } => self.resettle(room),
            Change::MembersJoined { people, via, inviter, closes, .. } => {
                self.room.member_count += people.len() as u32;
                entry.via = Some(*via);
                entry.inviter.clone_from(inviter);
                self.close(closes.iter(), entry);
                for person in people {
                    let membership = self.membership(person, entry);
                    self.stand(person, entry, State::Member(membership));
                }
            }
            Change::JoinedByLink { person, link, .. } => self.come_by_link(person, link, entry),
            Change::MembersInvited { people, expires_at, .. } => {
                entry.expires_at = Some(*expires_at);
                for person in people {
                    let (inviter, at, expires_at) = (actor.clone(), entry.at, *expires_at);
                    let pending = Pending { inviter, created_at: at, updated_at: at, expires_at };
                    self.stand(person, entry, State::Invited(pending));
                }
            }
            Change::InvitationsRenewed { people, expires_at } => self.renew(people, *expires_at, entry),
            Change::AddressInvited { invitation } => {
                entry.expires_at = Some(invitation.expires_at);
                entry.invitations.push(invitation.id.clone());
                let invitation = Invitation { seq: entry.seq, created_at: entry.at, ..invitation.clone() };
                let place = self.closed.iter().position(|closed| closed.address() == invitation.address());
                let replaces = place.map(|at| self.closed.swap_remove(at)); // one item, written once
                self.opened.push((replaces, invitation));
            }
            Change::InvitationsEnded { standings, invitations, .. } => {
                self.close(invitations.iter(), entry);
                self.shifts.extend(standings.iter().map(|before| Shift::Out { before: before.clone() }));
            }
            Change::MembersLeft { standings, .. } => {
                for before in standings {
                    self.leave(&before.client);
                    self.shifts.push(Shift::Out { before: before.clone() });
                }
            }
            Change::MemberBanned { person, links } => {
                self.revoked.extend(links.iter().cloned());
                if person.standing.as_ref().is_some_and(|standing| standing.membership().is_some()) {
                    self.leave(&person.id);
                }
                self.stand(person, entry, State::Banned(Ban { blocker: actor, created_at: entry.at }));
            }
            Change::MemberUnbanned { standing } => self.shifts.push(Shift::Out { before: standing.clone() }),
            Change::RolesGiven { roles, .. } => roles.iter().for_each(|(before, role)| self.give(before, *role, entry)),
            Change::PropertiesSet { standing, properties } => {
                self.within(standing, entry, |own| Membership { properties: properties.clone(), ..own });
            }
            Change::MessageEdited { entry: old, post } => self.edit(old, post, entry),
        }
    }

    fn come_by_link(&mut self, person: &Person, link: &Link, entry: &mut Entry) {
        self.room.member_count += 1;
        entry.via = Some(Via::Link);
        entry.inviter = link.inviter.as_ref().map(|face| face.id.clone());
        entry.link = Some(link.id.clone());
        let membership = self.membership(person, entry);
        self.stand(person, entry, State::Member(membership));
        self.redeemed = Some((person.id.clone(), link.clone()));
    }

    fn renew(&mut self, people: &[Person], expires_at: Time, entry: &mut Entry) {
        entry.expires_at = Some(expires_at);
        for person in people {
            if let Some(first) = person.standing.as_ref().and_then(Standing::pending) {
                let pending = Pending { updated_at: entry.at, expires_at, ..first.clone() }; // D16
                self.stand(person, entry, State::Invited(pending));
            }
        }
    }

    /// The room's new settings; its counters, its people and its messages are the log's business.
    fn resettle(&mut self, settings: &Room) {
        let Room { face, is_private, is_closed, is_frozen, invitation_required, max_members, .. } = settings.clone();
        let old = std::mem::replace(&mut self.room, settings.clone());
        self.room = Room { face, is_private, is_closed, is_frozen, invitation_required, max_members, ..old };
    }

    /// A new member has read everything, the message of his own coming included (D23).
    fn membership(&self, person: &Person, entry: &Entry) -> Membership {
        let claimed = || entry.invitations.first().cloned().map(Ticket::Invitation);
        let ticket = entry.link.clone().map(Ticket::Link).or_else(claimed);
        let own = |message: &&Message| matches!(&message.content, Content::Notice(Notice::JoinRoom(_)));
        Membership {
            role: person.role,
            joined: entry.seq,
            via: entry.via.unwrap_or(Via::Added),
            inviter: entry.inviter.clone(),
            ticket,
            read_messages: self.room.messages,
            last_read: entry.message.as_ref().filter(own).map(|message| message.id.clone()),
            properties: Default::default(),
        }
    }

    fn stand(&mut self, person: &Person, entry: &Entry, state: State) {
        let Person { id: client, profile, profile_version, standing, .. } = person.clone();
        let after = Standing { client, profile, profile_version, seq: entry.seq, state };
        self.shifts.push(Shift::Into { before: standing, after });
    }

    fn within(&mut self, before: &Standing, entry: &Entry, change: impl Fn(Membership) -> Membership) {
        let Some(membership) = before.membership() else { return };
        let state = State::Member(change(membership.clone()));
        self.shifts.push(Shift::Within {
            before: before.clone(),
            after: Standing { seq: entry.seq, state, ..before.clone() },
        });
    }

    /// A member is gone, and so is its office.
    fn leave(&mut self, client: &ClientId) {
        self.room.member_count = self.room.member_count.saturating_sub(1);
        self.dismiss(client);
        self.quitters.push(client.clone());
    }

    fn dismiss(&mut self, client: &ClientId) {
        self.room.owner.take_if(|owner| owner == client);
        self.room.admins.retain(|admin| admin != client);
    }

    fn give(&mut self, before: &Standing, role: Role, entry: &Entry) {
        self.dismiss(&before.client);
        match role {
            Role::Owner => self.room.owner = Some(before.client.clone()),
            Role::Admin => self.room.admins.push(before.client.clone()),
            Role::Member => {}
        }
        self.within(before, entry, |own| Membership { role, ..own });
    }

    fn close<'a>(&mut self, invitations: impl Iterator<Item = &'a Invitation>, entry: &mut Entry) {
        for invitation in invitations {
            entry.invitations.push(invitation.id.clone());
            self.closed.push(invitation.clone());
        }
    }

    /// The message is another now, where it stands and as the room's last one.
    fn edit(&mut self, old: &Entry, post: &Post, entry: &mut Entry) {
        let Some(message) = old.message.clone() else { return };
        let message = Message { content: Content::Post(post.clone()), edited_at: Some(entry.at), ..message };
        if self.room.last_message.as_ref().is_some_and(|last| last.id == message.id) {
            self.room.last_message = Some(message.clone());
        }
        entry.changed = Some(message.id.clone());
        self.edited = Some((old.clone(), Entry { message: Some(message), ..old.clone() }));
    }
}
