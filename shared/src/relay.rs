//! Relaying: which deliveries the entries of a room's log make, to whom.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::delivery::Delivery;
use crate::event::{About, Event, Style};
use crate::id::RoomId;
use crate::invitation::Invitation;
use crate::log::{Entry, Kind};
use crate::room::Room;
use crate::time::Time;
use crate::webhook::{Loopback, Target, Webhook, WebhookKey, checked_url};

/// What stands in the key of a room's webhook as it is: a client names it, and it leads nowhere but behind the prefix.
const NOT_IN_KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// What a deployment tells its events by, besides the webhooks of its apps.
#[derive(Clone)]
pub struct Outlets {
    /// From what the secrets of webhooks follow (`WEBHOOK_KEY`); without one there are no webhooks.
    pub key: Option<WebhookKey>,
    /// Whether there are webhooks at all: a key is set, here or where they are signed (`WEBHOOKS`).
    pub has_webhooks: bool,
    /// Whether webhooks may go to this machine (`WEBHOOK_LOOPBACK`).
    pub loopback: Loopback,
    /// What precedes a room's webhook that is a key and no URL (`WEBHOOK_PREFIX`).
    pub prefix: Option<String>,
    /// Who sends mails to invited people (`MAIL_SENDER`): an address, or a name and an address, that SES knows; without one,
    /// nobody does.
    pub mail: Option<String>,
    /// Where invitations lead (`MAIL_LINK`): `{app}`, `{room}` and `{invitation}` stand for what is meant.
    pub link: String,
    /// The bus that is told of invited mobiles (`EVENT_BUS`); without one, none is.
    pub bus: Option<String>,
}

impl Outlets {
    /// Where a room itself wants its events told, if that is a place where they may go.
    pub fn url_of(&self, room: &Room) -> Option<String> {
        let webhook = room.face.webhook.as_deref().filter(|webhook| !webhook.is_empty())?;
        let is_url = webhook.starts_with("https://") || webhook.starts_with("http://");
        let url = match &self.prefix {
            _ if is_url => webhook.to_owned(),
            Some(prefix) => format!("{prefix}{}", utf8_percent_encode(webhook, NOT_IN_KEY)),
            None => return None,
        };
        checked_url("webhook", &url, self.loopback).ok()
    }
}

/// What is known when a room's log is relayed.
pub struct Relay<'a> {
    /// The room as it is now.
    pub room: &'a Room,
    /// The URL of the room's own that said that it is gone.
    pub gone: Option<&'a str>,
    /// The app's webhooks, with the one that stands for the rooms' own URLs.
    pub webhooks: &'a [Webhook],
    /// The pending invitations of addresses, where one of them has to go out.
    pub invitations: &'a [Invitation],
    /// What else there is.
    pub outlets: &'a Outlets,
    /// When.
    pub now: Time,
}

/// The deliveries of one entry to one webhook that is to hear of it again, from before its time too; `before` is how many
/// members the room had before it.
pub fn retold(webhook: &Webhook, room: &RoomId, entry: &Entry, before: u32, now: Time) -> Vec<Delivery> {
    let events = webhook.style.events(entry, before).into_iter().enumerate();
    let wanted = events.filter(|(_, event)| webhook.wants(&event.name));
    wanted.map(|(number, event)| Delivery::new(room, entry, number, webhook.style, event, now)).collect()
}

impl Relay<'_> {
    /// The deliveries of one entry; `before` is how many members the room had before it.
    pub fn deliveries(&self, entry: &Entry, before: u32) -> Vec<(Target, Delivery)> {
        let mut deliveries = Vec::new();
        for webhook in self.webhooks {
            let Ok(target) = Target::parse("id", &webhook.id) else { continue };
            if target == Target::Room && !self.tells_the_room() {
                continue;
            }
            for (number, event) in webhook.style.events(entry, before).into_iter().enumerate() {
                if webhook.hears(&event.name, entry.at) {
                    let delivery = Delivery::new(&self.room.id, entry, number, webhook.style, event, self.now);
                    deliveries.push((target.clone(), delivery));
                }
            }
        }
        deliveries.extend(self.to_the_invited(entry));
        deliveries
    }

    fn tells_the_room(&self) -> bool {
        let url = self.outlets.url_of(self.room);
        self.outlets.has_webhooks && url.is_some_and(|url| self.gone != Some(url.as_str()))
    }

    /// What goes to the people invited themselves.
    fn to_the_invited(&self, entry: &Entry) -> Vec<(Target, Delivery)> {
        let mut invited = Vec::new();
        if entry.kind != Kind::MemberInvited {
            return invited;
        }
        for (number, id) in entry.invitations.iter().enumerate() {
            let Some(invitation) = self.invitations.iter().find(|invitation| invitation.id == *id) else { continue };
            let mail = self.outlets.mail.as_ref().zip(invitation.email.as_ref()).map(|_| Target::Mail);
            let mobile = self.outlets.bus.as_ref().zip(invitation.mobile.as_ref()).map(|_| Target::Mobile);
            for target in mail.into_iter().chain(mobile) {
                let event = Event { name: "invitation.created".to_owned(), about: About::Invitation(id.clone()) };
                invited.push((target, Delivery::new(&self.room.id, entry, number, Style::Rollcall, event, self.now)));
            }
        }
        invited
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ClientId, ObjectId, RoomId};
    use crate::room::RoomKind;

    fn outlets() -> Outlets {
        let (key, bus) = (WebhookKey::of(&"k".repeat(32)), Some("default".to_owned()));
        Outlets {
            key,
            has_webhooks: true,
            loopback: Loopback::Refused,
            prefix: None,
            mail: Some("x@x.io".into()),
            link: String::new(),
            bus,
        }
    }

    fn room(webhook: &str) -> Room {
        let id = RoomId::parse("id", "r").unwrap();
        let mut room = Room::of_many(id, RoomKind::Group, 10, Time::default());
        room.face.webhook = Some(webhook.to_owned());
        room
    }

    fn entry(kind: Kind) -> Entry {
        Entry {
            seq: 2,
            id: ObjectId::of_entry(Time::default(), 2),
            nonce: String::new(),
            kind,
            at: Time::from_millis(10),
            actor: None,
            clients: vec![ClientId::parse("id", "b").unwrap()],
            member_count: 2,
            messages: 0,
            via: None,
            inviter: None,
            link: None,
            expires_at: None,
            invitations: Vec::new(),
            message: None,
            changed: None,
        }
    }

    fn targets(room: &Room, gone: Option<&str>, webhooks: &[Webhook], outlets: &Outlets) -> Vec<String> {
        let relay = Relay { room, gone, webhooks, invitations: &[], outlets, now: Time::default() };
        let deliveries = relay.deliveries(&entry(Kind::MemberJoined), 1);
        deliveries.into_iter().map(|(target, _)| target.as_str().to_owned()).collect()
    }

    #[test]
    fn a_rooms_own_url_is_told_until_it_says_that_it_is_gone() {
        let (webhooks, url) = ([Webhook::of_rooms()], "https://example.com/x");
        assert_eq!(targets(&room(url), None, &webhooks, &outlets()), ["room"]);
        assert_eq!(targets(&room(url), Some("https://example.com/y"), &webhooks, &outlets()), ["room"]);
        assert!(targets(&room(url), Some(url), &webhooks, &outlets()).is_empty());
        assert!(targets(&room("a-key"), None, &webhooks, &outlets()).is_empty());
        assert!(targets(&room("https://10.0.0.1/x"), None, &webhooks, &outlets()).is_empty());
        assert!(targets(&room(url), None, &webhooks, &Outlets { has_webhooks: false, ..outlets() }).is_empty());
    }

    #[test]
    fn a_key_is_a_url_where_the_operator_says_what_precedes_it() {
        let with = Outlets { prefix: Some("https://example.com/bots/".into()), ..outlets() };
        assert_eq!(with.url_of(&room("a-key")).as_deref(), Some("https://example.com/bots/a-key"));
        assert_eq!(with.url_of(&room("https://x.io/y")).as_deref(), Some("https://x.io/y"));
        assert_eq!(with.url_of(&room("../x?y")).as_deref(), Some("https://example.com/bots/%2E%2E%2Fx%3Fy"));
        assert_eq!(with.url_of(&room("")), None);
    }

    #[test]
    fn an_invitation_goes_to_the_addresses_that_it_names() {
        let invitation = |email: Option<&str>, mobile: Option<&str>| Invitation {
            id: ObjectId::of_entry(Time::default(), 9),
            addresses: Vec::new(),
            email: email.map(str::to_owned),
            mobile: mobile.map(str::to_owned),
            inviter: None,
            seq: 2,
            created_at: Time::default(),
            expires_at: Time::default(),
        };
        let told = |invitation: Invitation, outlets: &Outlets| {
            let entry = Entry { invitations: vec![invitation.id.clone()], ..entry(Kind::MemberInvited) };
            let (room, invitations) = (room(""), [invitation]);
            let relay =
                Relay { room: &room, gone: None, webhooks: &[], invitations: &invitations, outlets, now: entry.at };
            let deliveries = relay.deliveries(&entry, 1);
            deliveries.into_iter().map(|(target, _)| target).collect::<Vec<_>>()
        };
        let (mail, mobile) = (Some("a@x.io"), Some("131"));
        assert_eq!(told(invitation(mail, mobile), &outlets()), [Target::Mail, Target::Mobile]);
        assert_eq!(told(invitation(mail, None), &outlets()), [Target::Mail]);
        assert_eq!(told(invitation(None, mobile), &outlets()), [Target::Mobile]);
        assert!(told(invitation(mail, mobile), &Outlets { mail: None, bus: None, ..outlets() }).is_empty());
    }
}
