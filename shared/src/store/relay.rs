//! Relaying a room's log: what follows the last relayed entry becomes deliveries, each recorded once however often and in
//! whatever order this is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::deliveries::Parcel;
use super::key::{self, Key};
use super::read::Items;
use super::{Store, item};
use crate::delivery::{Delivery, DeliveryId};
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::invitation::Invitation;
use crate::log::{Entry, Kind};
use crate::relay::{Outlets, Relay, retold};
use crate::room::Room;
use crate::time::Time;
use crate::webhook::{Target, Webhook};

/// How long a room's entries are left to the stream before the schedule looks after them.
pub(super) const UNRELAYED: Duration = Duration::from_secs(60);

/// How many entries are read at once.
const PAGE: usize = 100;

/// How many deliveries are written side by side.
const AT_ONCE: usize = 32;

/// How far a room's log is relayed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Heard {
    /// The number of the last relayed entry.
    seq: u64,
    /// When the room was made that this is about: one of its id that was made since begins anew.
    born: Time,
    /// The room's own URL that has answered 410.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gone: Option<String>,
}

/// The mark of a room some of whose log nobody has relayed.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "GSI3SK")]
    at: Option<Time>,
}

/// What relaying a room came to.
#[derive(Clone, Debug, Default)]
pub struct Relayed {
    /// The numbers of the entries, if there were any: the first and the last.
    pub entries: Option<(u64, u64)>,
    /// Whom these entries name.
    pub clients: BTreeSet<crate::id::ClientId>,
    /// The deliveries recorded, by target.
    pub parcels: Vec<Parcel>,
}

impl Store {
    /// Relays what nobody has relayed of some rooms of an app; what came of each.
    pub async fn relay(
        &self,
        app: &AppId,
        rooms: &BTreeSet<RoomId>,
        outlets: &Outlets,
    ) -> Result<Vec<(RoomId, Result<Relayed, Error>)>, Error> {
        let keys = rooms.iter().flat_map(|room| [Key::room(app, room), Key::heard(app, room)]).collect();
        let (items, webhooks) = tokio::try_join!(self.batch(keys), self.webhooks_of(app))?;
        let mut relayed = Vec::new();
        for id in rooms {
            relayed.push((id.clone(), self.relay_room(app, id, &items, &webhooks, outlets).await));
        }
        Ok(relayed)
    }

    async fn relay_room(
        &self,
        app: &AppId,
        id: &RoomId,
        items: &Items,
        webhooks: &[Webhook],
        outlets: &Outlets,
    ) -> Result<Relayed, Error> {
        let mut relayed = Relayed::default();
        let room: Option<Room> = items.get(&Key::room(app, id))?;
        let Some(room) = room.filter(|room| !room.is_deleted) else { return Ok(relayed) }; // its log is gone too
        let Some(heard) = self.heard(app, &room, items, webhooks).await? else { return Ok(relayed) };
        let mut last = heard.seq;
        loop {
            let page = self.counted(app, &room.id, last, PAGE).await?;
            let Some(end) = page.last().map(|(entry, _)| entry.seq) else { break };
            let invitations = self.invitations_to_send(app, &room.id, &page, outlets).await?;
            let gone = heard.gone.as_deref();
            let relay = Relay { room: &room, gone, webhooks, invitations: &invitations, outlets, now: Time::now() };
            let new: Vec<_> = page.iter().flat_map(|(entry, before)| relay.deliveries(entry, *before)).collect();
            self.record_all(app, &new).await?;
            self.heard_up_to(app, &room, end).await?;
            relayed.note(app, &page, new);
            last = end;
            if end >= room.seq {
                break; // what has come since wakes somebody else
            }
        }
        Ok(relayed)
    }

    /// Records some entries of a room's log once more for one webhook; what there is to carry. A delivery that somebody is
    /// trying just now is left to him.
    pub async fn retell(
        &self,
        app: &AppId,
        webhook: &Webhook,
        room: &RoomId,
        entries: RangeInclusive<u64>,
    ) -> Result<Parcel, Error> {
        let target = Target::parse("webhook", &webhook.id)?;
        let (mut deliveries, mut last) = (Vec::new(), entries.start().saturating_sub(1));
        while last < *entries.end() {
            let page = self.counted(app, room, last, PAGE).await?;
            let Some((end, _)) = page.last() else { break };
            let (wanted, now) = (page.iter().filter(|(entry, _)| entries.contains(&entry.seq)), Time::now());
            let new: Vec<_> = wanted.flat_map(|(entry, before)| retold(webhook, room, entry, *before, now)).collect();
            for some in new.chunks(AT_ONCE) {
                let written = some.iter().map(|delivery| self.redeliver(app, &target, delivery, now));
                let written = try_join_all(written).await?.into_iter().zip(some);
                deliveries.extend(written.filter(|(is_written, _)| *is_written).map(|(_, new)| new.id.clone()));
            }
            last = end.seq;
        }
        Ok(Parcel { app: app.clone(), target, deliveries })
    }

    /// How far the room's log is relayed. Where nothing ever was, the mark tells when somebody first listened.
    async fn heard(
        &self,
        app: &AppId,
        room: &Room,
        items: &Items,
        webhooks: &[Webhook],
    ) -> Result<Option<Heard>, Error> {
        let heard: Option<Heard> = items.get(&Key::heard(app, &room.id))?;
        let heard = heard.filter(|heard| heard.born == room.created_at);
        let mark = items.get::<Marked>(&Key::room(app, &room.id))?.and_then(|marked| marked.at);
        match (heard, mark) {
            (None, Some(mark)) => {
                let mark = Time::from_millis(mark.millis() - UNRELAYED.as_millis() as i64);
                // Who wrote while the first webhook was registered may not have marked what he wrote.
                let registered = webhooks.iter().map(|webhook| webhook.created_at).filter(|at| *at > Time::default());
                let since = registered.min().map_or(mark, |oldest| oldest.min(mark));
                let first = self.first_since(app, &room.id, since).await?;
                Ok(Some(Heard { seq: first - 1, born: room.created_at, gone: None }))
            }
            (heard, _) => Ok(heard),
        }
    }

    /// The room's pending invitations of addresses, where one of these entries sent one out.
    async fn invitations_to_send(
        &self,
        app: &AppId,
        room: &RoomId,
        page: &[(Entry, u32)],
        outlets: &Outlets,
    ) -> Result<Vec<Invitation>, Error> {
        let sends = |entry: &Entry| entry.kind == Kind::MemberInvited && !entry.invitations.is_empty();
        let is_on = outlets.mail.is_some() || outlets.bus.is_some();
        if !is_on || !page.iter().any(|(entry, _)| sends(entry)) {
            return Ok(Vec::new());
        }
        self.invitations_to(app, room).await
    }

    /// The pending invitations of addresses to a room.
    pub(super) async fn invitations_to(&self, app: &AppId, room: &RoomId) -> Result<Vec<Invitation>, Error> {
        let items = self.beginning_with(&key::rooms(app, room), key::INVITATION).await?;
        items.into_iter().map(item::read).collect()
    }

    async fn record_all(&self, app: &AppId, new: &[(Target, Delivery)]) -> Result<(), Error> {
        for some in new.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|(target, delivery)| self.record(app, target, delivery))).await?;
        }
        Ok(())
    }

    /// Moves on how far the room's log is relayed, and never back.
    async fn heard_up_to(&self, app: &AppId, room: &Room, seq: u64) -> Result<(), Error> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::heard(app, &room.id))))
            .update_expression("SET seq = :seq, born = :born")
            .condition_expression("attribute_not_exists(seq) OR seq < :seq OR born <> :born")
            .expression_attribute_values(":seq", item::number(seq))
            .expression_attribute_values(":born", item::value(&room.created_at)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await, |reply| &reply.consumed_capacity).map(drop)
    }

    /// Takes a room's mark away, if everything of its log is relayed.
    pub async fn unmark(&self, app: &AppId, room: &RoomId) -> Result<(), Error> {
        let (room_key, heard_key) = (Key::room(app, room), Key::heard(app, room));
        let items = self.batch(BTreeSet::from([room_key.clone(), heard_key.clone()])).await?;
        let (room, heard): (Option<Room>, Option<Heard>) = (items.get(&room_key)?, items.get(&heard_key)?);
        let is_told = |room: &Room| heard.is_some_and(|heard| heard.born == room.created_at && heard.seq >= room.seq);
        let Some(room) = room.filter(is_told) else { return Ok(()) };
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&room_key)))
            .update_expression("REMOVE GSI3PK, GSI3SK")
            .condition_expression("seq = :seen")
            .expression_attribute_values(":seen", item::number(room.seq))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.unless_refused(update.send().await, |reply| &reply.consumed_capacity) {
            // Somebody is writing to the room just now: the mark is looked at again.
            Ok(_) | Err(Error::Busy) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A room's own URL has answered 410: it is told nothing more until the room names another.
    pub async fn room_url_is_gone(&self, app: &AppId, room: &RoomId, url: &str) -> Result<(), Error> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::heard(app, room))))
            .update_expression("SET gone = :url")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":url", item::text(url))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await, |reply| &reply.consumed_capacity).map(drop)
    }
}

impl Relayed {
    fn note(&mut self, app: &AppId, page: &[(Entry, u32)], new: Vec<(Target, Delivery)>) {
        for (entry, _) in page {
            let first = self.entries.map_or(entry.seq, |(first, _)| first);
            self.entries = Some((first, entry.seq));
            self.clients.extend(entry.clients.iter().cloned());
        }
        let mut by_target: BTreeMap<Target, Vec<DeliveryId>> = BTreeMap::new();
        for (target, delivery) in new {
            by_target.entry(target).or_default().push(delivery.id);
        }
        for (target, deliveries) in by_target {
            self.parcels.push(Parcel { app: app.clone(), target, deliveries });
        }
    }
}
