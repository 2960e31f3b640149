//! Deliveries in the table: recorded once, claimed by a lease, found again when they are due.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};

use super::item::Item;
use super::key::{self, Key};
use super::read::read_failed;
use super::{Store, WAITING, item};
use crate::delivery::{Delivery, DeliveryId, LEASE, State};
use crate::error::Error;
use crate::id::{AppId, RoomId, random_hex};
use crate::time::Time;
use crate::webhook::Target;

/// Deliveries to one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The tenant.
    pub app: AppId,
    /// To whom.
    pub target: Target,
    /// Which.
    pub deliveries: Vec<DeliveryId>,
}

/// What waits to be told and is due.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Rooms whose log nobody has relayed, though somebody should have by now.
    pub rooms: BTreeSet<(AppId, RoomId)>,
    /// Deliveries whose next attempt may begin.
    pub deliveries: BTreeMap<(AppId, Target), Vec<DeliveryId>>,
}

impl Store {
    /// Records a delivery, unless it is recorded already. Until a lease's time from now it is left to whoever recorded it.
    pub(super) async fn record(&self, app: &AppId, target: &Target, new: &Delivery) -> Result<(), Error> {
        let mut item = item::write(&Key::delivery(app, target, &new.id), new)?;
        item.extend(item::waiting(app, new.id.as_str(), new.due.plus(LEASE)));
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(put.send().await, |reply| &reply.consumed_capacity).map(drop)
    }

    /// Some deliveries to one target; those that are forgotten already are missing.
    pub async fn deliveries(&self, parcel: &Parcel) -> Result<Vec<Delivery>, Error> {
        self.belongs_to(&parcel.app);
        let keys: Vec<Key> =
            parcel.deliveries.iter().map(|id| Key::delivery(&parcel.app, &parcel.target, id)).collect();
        let items = self.batch(keys.iter().cloned().collect()).await?;
        keys.iter().filter_map(|key| items.get(key).transpose()).collect()
    }

    /// Claims a delivery for an attempt: for the time of a lease nobody else can. None when it is not due, or somebody else
    /// has claimed it, or it has come to an end. It stays in the index: should the attempt never end, it is found there.
    pub async fn claim(
        &self,
        app: &AppId,
        target: &Target,
        id: &DeliveryId,
        now: Time,
    ) -> Result<Option<Delivery>, Error> {
        let until = now.plus(LEASE);
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::delivery(app, target, id))))
            .update_expression("SET attempts = attempts + :one, lease = :lease, leasedUntil = :until, updatedAt = :now")
            .condition_expression(
                "#state = :pending AND due <= :now AND (attribute_not_exists(leasedUntil) OR leasedUntil <= :now)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", item::text(State::Pending.as_str()))
            .expression_attribute_values(":one", item::number(1))
            .expression_attribute_values(":lease", item::text(&random_hex::<8>()))
            .expression_attribute_values(":until", item::value(&until)?)
            .expression_attribute_values(":now", item::value(&now)?)
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let claimed = self.unless_refused(update.send().await, |reply| &reply.consumed_capacity)?;
        claimed.and_then(|reply| reply.attributes).map(item::read).transpose()
    }

    /// Writes what came of a claimed delivery, if it is still claimed by the same one.
    pub async fn conclude(
        &self,
        app: &AppId,
        target: &Target,
        claimed: &Delivery,
        after: &Delivery,
    ) -> Result<(), Error> {
        let mut item = item::write(&Key::delivery(app, target, &after.id), after)?;
        if after.state == State::Pending {
            item.extend(item::waiting(app, after.id.as_str(), after.due));
        }
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("lease = :lease")
            .expression_attribute_values(":lease", item::value(&claimed.lease)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(put.send().await, |reply| &reply.consumed_capacity).map(drop)
    }

    /// Everything that waits and is due by then. The index holds what waits only, a key and a moment each.
    pub async fn what_waits(&self, now: Time) -> Result<Waiting, Error> {
        let mut waiting = Waiting::default();
        for key in self.due_by(WAITING, now).await? {
            waiting.rooms.extend(key.place());
            if let Some((app, target, id)) = key.parcel() {
                waiting.deliveries.entry((app, target)).or_default().push(id);
            }
        }
        waiting.deliveries.values_mut().for_each(|ids| ids.sort());
        Ok(waiting)
    }

    /// A target's deliveries, the newest first, behind the one given: at most `limit`, and where the next page begins. Those of
    /// one state may stand far apart: when patience ends before the page is full, it goes on with the next.
    pub async fn list_deliveries(
        &self,
        app: &AppId,
        target: &Target,
        state: Option<State>,
        behind: Option<&DeliveryId>,
        limit: usize,
    ) -> Result<(Vec<Delivery>, Option<DeliveryId>), Error> {
        let mut found: Vec<Delivery> = Vec::new();
        let mut from = behind.map(|id| item::keyed(&Key::delivery(app, target, id)));
        loop {
            let (page, next) = self.some_deliveries(app, target, state, from, limit + 1 - found.len()).await?;
            for item in page {
                found.push(item::read(item)?);
            }
            if found.len() > limit {
                found.truncate(limit);
                let next = found.last().map(|last| last.id.clone());
                return Ok((found, next));
            }
            let reached = next.as_ref().and_then(item::key_of).and_then(|key| key.parcel());
            match reached {
                None => return Ok((found, None)),
                Some((_, _, last)) if !self.has_patience() => return Ok((found, Some(last))),
                Some(_) => from = next,
            }
        }
    }

    /// One query: those of a state among the next deliveries, and where the next query goes on.
    async fn some_deliveries(
        &self,
        app: &AppId,
        target: &Target,
        state: Option<State>,
        from: Option<Item>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Item>), Error> {
        let mut query = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk")
            .expression_attribute_values(":pk", item::text(&key::deliveries(app, target)))
            .scan_index_forward(false)
            .consistent_read(true)
            .set_exclusive_start_key(from)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        query = match state {
            // The limit counts what is read, not what is found.
            None => query.set_limit(i32::try_from(limit).ok()),
            Some(state) => query
                .filter_expression("#state = :state")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":state", item::text(state.as_str())),
        };
        let reply = query.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
    }

    /// Makes a delivery as if it had never been tried; one that somebody is trying is left as it is. Whether it was done.
    pub async fn redeliver(&self, app: &AppId, target: &Target, new: &Delivery, now: Time) -> Result<bool, Error> {
        let mut item = item::write(&Key::delivery(app, target, &new.id), new)?;
        item.extend(item::waiting(app, new.id.as_str(), new.due.plus(LEASE)));
        let put = self
            .dynamo
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(leasedUntil) OR leasedUntil <= :now")
            .expression_attribute_values(":now", item::value(&now)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let written = self.unless_refused(put.send().await, |reply| &reply.consumed_capacity)?;
        Ok(written.is_some())
    }
}
