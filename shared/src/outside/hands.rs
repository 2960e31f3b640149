//! Handing on: the functions that one function starts and does not wait for.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::json;

use super::Aws;
use crate::courier::Ride;
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::lambda::variable;
use crate::relay::Outlets;
use crate::store::{Parcel, Relayed, Store};
use crate::time::Time;

/// How many deliveries one invocation carries.
const CARRIED_AT_ONCE: usize = 50;

/// The functions that tell what happens, by their names.
#[derive(Clone)]
pub struct Hands {
    aws: Aws,
    send_webhooks: Option<String>,
    send_invitations: Option<String>,
    push_events: Option<String>,
}

impl Hands {
    /// As the template names them: `SEND_WEBHOOKS`, `SEND_INVITATIONS`, `PUSH_EVENTS`.
    pub fn from_environment() -> Result<Self, std::io::Error> {
        let [send_webhooks, send_invitations, push_events] =
            ["SEND_WEBHOOKS", "SEND_INVITATIONS", "PUSH_EVENTS"].map(variable);
        Ok(Self { aws: Aws::from_environment()?, send_webhooks, send_invitations, push_events })
    }

    /// Relays what nobody has relayed of some rooms of an app, and sends it on its way; the rooms where that failed.
    pub async fn relay(
        &self,
        store: &Store,
        outlets: &Outlets,
        app: &AppId,
        rooms: &BTreeSet<RoomId>,
        now: Option<Time>,
    ) -> BTreeMap<RoomId, Error> {
        let relayed = match Box::pin(store.relay(app, rooms, outlets)).await {
            Ok(relayed) => relayed,
            Err(error) => return rooms.first().map(|room| (room.clone(), error)).into_iter().collect(),
        };
        let mut failed = BTreeMap::new();
        for (room, relayed) in relayed {
            let done = match relayed {
                Ok(relayed) => Box::pin(self.send(store, app, &room, relayed, now)).await,
                Err(error) => Err(error),
            };
            failed.extend(done.err().map(|error| (room, error)));
        }
        failed
    }

    /// What was recorded goes out even when somebody's sender cannot be started.
    async fn send(
        &self,
        store: &Store,
        app: &AppId,
        room: &RoomId,
        relayed: Relayed,
        now: Option<Time>,
    ) -> Result<(), Error> {
        let carried = join_all(relayed.parcels.iter().map(|parcel| Box::pin(self.carry(parcel, now)))).await;
        if let Some(entries) = relayed.entries
            && store.is_watched(app, room, &relayed.clients).await?
        {
            self.push(app, room, entries).await?;
        }
        carried.into_iter().collect()
    }

    /// Sends the senders of a target out with a parcel. Should an invocation be lost, the schedule finds what it was to carry.
    pub async fn carry(&self, parcel: &Parcel, now: Option<Time>) -> Result<(), Error> {
        let sender = if parcel.target.is_webhook() { &self.send_webhooks } else { &self.send_invitations };
        for some in parcel.deliveries.chunks(CARRIED_AT_ONCE) {
            self.invoke(
                sender.as_deref(),
                &serde_json::to_value(Ride::of(parcel, some, now)).map_err(Error::internal)?,
            )
            .await?;
        }
        Ok(())
    }

    /// Shows a room's entries, the last one included, to the sockets that watch.
    pub async fn push(&self, app: &AppId, room: &RoomId, (first, last): (u64, u64)) -> Result<(), Error> {
        let event = json!({ "app": app, "room": room, "first": first, "last": last });
        self.invoke(self.push_events.as_deref(), &event).await
    }

    async fn invoke(&self, function: Option<&str>, event: &serde_json::Value) -> Result<(), Error> {
        let function = function.ok_or_else(|| Error::internal("the function to hand on to is not named"))?;
        self.aws.invoke(function, event).await
    }
}
