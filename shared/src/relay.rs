//! Relaying: which deliveries the entries of a room's log make, to whom.

use crate::delivery::Delivery;
use crate::event::{About, Event, Style};
use crate::id::RoomId;
use crate::invitation::Invitation;
use crate::log::{Entry, Kind};
use crate::room::Room;
use crate::time::Time;
use crate::webhook::{Loopback, Target, Webhook, WebhookKey, checked_url};

/// What a deployment tells its events by, besides the webhooks of its apps.
#[derive(Clone)]
pub struct Outlets {
    /// From what the secrets of webhooks follow (`WEBHOOK_KEY`); without one there are no webhooks.
    pub key: Option<WebhookKey>,
    /// Whether webhooks may go to this machine (`WEBHOOK_LOOPBACK`).
    pub loopback: Loopback,
    /// What precedes a room's webhook that is a key and no URL (`WEBHOOK_PREFIX`).
    pub prefix: Option<String>,
    /// Who sends mails to invited people (`MAIL_SENDER`); without one, nobody does.
    pub mail: Option<Mailing>,
    /// The bus that is told of invited mobiles (`EVENT_BUS`); without one, none is.
    pub bus: Option<String>,
}

/// How mails go out.
#[derive(Clone)]
pub struct Mailing {
    /// Their `From`: an address, or a name and an address, that SES knows.
    pub sender: String,
    /// Where they lead (`MAIL_LINK`): `{app}`, `{room}` and `{invitation}` stand for what is meant.
    pub link: String,
}

impl Outlets {
    /// Where a room itself wants its events told, if that is a place where they may go.
    pub fn url_of(&self, room: &Room) -> Option<String> {
        let webhook = room.face.webhook.as_deref().filter(|webhook| !webhook.is_empty())?;
        let is_url = webhook.starts_with("https://") || webhook.starts_with("http://");
        let url = match &self.prefix {
            _ if is_url => webhook.to_owned(),
            Some(prefix) => format!("{prefix}{webhook}"),
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
        deliveries.extend(self.letters(entry));
        deliveries
    }

    fn tells_the_room(&self) -> bool {
        let url = self.outlets.url_of(self.room);
        self.outlets.key.is_some() && url.is_some_and(|url| self.gone != Some(url.as_str()))
    }

    /// What goes to the people invited themselves.
    fn letters(&self, entry: &Entry) -> Vec<(Target, Delivery)> {
        let mut letters = Vec::new();
        if entry.kind != Kind::MemberInvited {
            return letters;
        }
        for (number, id) in entry.invitations.iter().enumerate() {
            let Some(invitation) = self.invitations.iter().find(|invitation| invitation.id == *id) else { continue };
            let mail = self.outlets.mail.as_ref().zip(invitation.email.as_ref()).map(|_| Target::Mail);
            let mobile = self.outlets.bus.as_ref().zip(invitation.mobile.as_ref()).map(|_| Target::Mobile);
            for target in mail.into_iter().chain(mobile) {
                let event = Event { name: "invitation.created".to_owned(), about: About::Invitation(id.clone()) };
                letters.push((target, Delivery::new(&self.room.id, entry, number, Style::Rollcall, event, self.now)));
            }
        }
        letters
    }
}
