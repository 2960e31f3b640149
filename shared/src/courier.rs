//! Carrying parcels: each delivery is claimed, tried, and what came of it is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};

use crate::delivery::{ATTEMPTS, Delivery, DeliveryId, State, Verdict};
use crate::error::Error;
use crate::event::Scene;
use crate::id::{AppId, RoomId};
use crate::store::{Parcel, Scenes, Store};
use crate::time::{Clock, Time};
use crate::webhook::Target;

/// How long one run begins new attempts; what is left is carried by the next.
const LONGEST_RUN: Duration = Duration::from_secs(80);

/// How long a run waits for a delivery whose next attempt is near: the second one of each is.
const WORTH_WAITING: Duration = Duration::from_secs(10);

/// In how many rooms at once deliveries are tried; those of one room go one after the other, in its order.
const ROOMS_AT_ONCE: usize = 16;

/// A parcel on its way: the event that a sender is invoked with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ride {
    app: String,
    target: String,
    deliveries: Vec<String>,
    /// What the sender takes for now; the present moment when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    now: Option<Time>,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Carried {
    /// Deliveries that have arrived.
    pub delivered: usize,
    /// Attempts that failed.
    pub failed: usize,
}

impl Ride {
    /// Of a parcel.
    pub fn of(parcel: &Parcel, deliveries: &[DeliveryId], now: Option<Time>) -> Self {
        Self {
            app: parcel.app.to_string(),
            target: parcel.target.as_str().to_owned(),
            deliveries: deliveries.iter().map(|id| id.as_str().to_owned()).collect(),
            now,
        }
    }

    /// The parcel, checked.
    pub fn parcel(&self) -> Result<Parcel, Error> {
        let deliveries = self.deliveries.iter().map(|id| DeliveryId::parse("deliveries", id));
        Ok(Parcel {
            app: AppId::parse("app", &self.app)?,
            target: Target::parse("target", &self.target)?,
            deliveries: deliveries.collect::<Result<_, _>>()?,
        })
    }

    /// The clock to go by.
    pub fn clock(&self) -> Clock {
        Clock::at(self.now)
    }
}

/// One run with one parcel.
pub struct Courier<'a> {
    /// The table.
    pub store: &'a Store,
    /// What is carried.
    pub parcel: &'a Parcel,
    /// By which clock.
    pub clock: Clock,
}

impl Courier<'_> {
    /// Tries every delivery of the parcel by `attempt`, and those again whose second attempt is near.
    pub async fn carry(&self, attempt: impl AsyncFn(&Delivery, &Scene) -> Verdict) -> Result<Carried, Error> {
        let mut deliveries = self.store.deliveries(self.parcel).await?;
        deliveries.retain(|delivery| delivery.state == State::Pending);
        let entries: BTreeSet<_> = deliveries.iter().map(|delivery| (delivery.room.clone(), delivery.seq)).collect();
        let scenes = self.store.scenes(&self.parcel.app, &entries).await?;
        let mut carried = Carried::default();
        while !deliveries.is_empty() {
            deliveries = self.one_round(deliveries, &scenes, &attempt, &mut carried).await?;
            let now = self.clock.now();
            deliveries.retain(|delivery| delivery.state == State::Pending && delivery.due <= now.plus(WORTH_WAITING));
            let Some(next) = deliveries.iter().map(|delivery| delivery.due).min() else { break };
            let pause = Duration::from_millis(u64::try_from(next.millis() - now.millis()).unwrap_or(0) + 1);
            if self.clock.elapsed() + pause > LONGEST_RUN {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Ok(carried)
    }

    /// One attempt at each that is due; what they are afterwards.
    async fn one_round(
        &self,
        deliveries: Vec<Delivery>,
        scenes: &Scenes,
        attempt: &impl AsyncFn(&Delivery, &Scene) -> Verdict,
        carried: &mut Carried,
    ) -> Result<Vec<Delivery>, Error> {
        let mut rooms: BTreeMap<RoomId, Vec<Delivery>> = BTreeMap::new();
        for delivery in deliveries {
            rooms.entry(delivery.room.clone()).or_default().push(delivery);
        }
        // Boxed: the types of futures within futures grow past what the compiler follows.
        let tried = rooms.into_values().map(|room| Box::pin(self.one_room(room, scenes, attempt)));
        // A room whose turn is long holds up its own place and no other.
        // All of them end, even when one fails: what is under way is written down.
        let after: Vec<Result<Vec<Delivery>, Error>> =
            stream::iter(tried).buffer_unordered(ROOMS_AT_ONCE).collect().await;
        let after: Vec<Delivery> = after.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        carried.delivered += after.iter().filter(|delivery| delivery.state == State::Delivered).count();
        carried.failed += after.iter().filter(|delivery| delivery.state != State::Delivered).count();
        Ok(after)
    }

    async fn one_room(
        &self,
        deliveries: Vec<Delivery>,
        scenes: &Scenes,
        attempt: &impl AsyncFn(&Delivery, &Scene) -> Verdict,
    ) -> Result<Vec<Delivery>, Error> {
        let Parcel { app, target, .. } = self.parcel;
        let mut after = Vec::new();
        for delivery in deliveries {
            if self.clock.elapsed() > LONGEST_RUN {
                break;
            }
            let Some(claimed) = Box::pin(self.store.claim(app, target, &delivery.id, self.clock.now())).await? else {
                continue;
            };
            // A room of the same id may have been made since: its entry of that number is another.
            let scene =
                scenes.get(&(claimed.room.clone(), claimed.seq)).filter(|scene| claimed.id.is_of(&scene.entry.id));
            let verdict = match scene {
                _ if claimed.attempts > ATTEMPTS => Verdict::hopeless("whoever tried it died of it, time and again"),
                Some(scene) => Box::pin(attempt(&claimed, scene)).await,
                None => Verdict::hopeless("the room or its entry is no more"),
            };
            let tried = claimed.after(&verdict, self.clock.now());
            Box::pin(self.store.conclude(app, target, &claimed, &tried)).await?;
            after.push(tried);
        }
        Ok(after)
    }
}
