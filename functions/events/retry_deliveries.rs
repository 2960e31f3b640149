//! Schedule: sends the senders out again with what is due, and relays what the stream has not told of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shared::error::Error;
use shared::id::{AppId, RoomId};
use shared::lambda::{self, Ended, House};
use shared::outside::Hands;
use shared::relay::Outlets;
use shared::store::Parcel;
use shared::time::Time;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let (hands, outlets) = (Hands::from_environment()?, Outlets::from_environment());
    lambda::serve_operator(|house, event| handle(house, event, hands.clone(), outlets.clone())).await
}

/// What the schedule says, or whoever starts a run by hand.
#[derive(Deserialize)]
struct Run {
    /// What is taken for now: a moment to come tries what is due by then.
    now: Option<String>,
}

/// What a run came to, for whoever starts one by hand.
#[derive(Serialize)]
struct Found {
    rooms: usize,
    deliveries: usize,
}

async fn handle(house: House, run: Run, hands: Hands, outlets: Outlets) -> Result<Found, Error> {
    let now = run.now.map(|now| Time::parse("now", &now)).transpose()?;
    let waiting = house.store.what_waits(now.unwrap_or_else(Time::now)).await?;
    let found = Found { rooms: waiting.rooms.len(), deliveries: waiting.deliveries.values().map(Vec::len).sum() };
    let mut failure = None; // what cannot be sent on its way stops nothing else
    for ((app, target), deliveries) in waiting.deliveries {
        failure = hands.carry(&Parcel { app, target, deliveries }, now).await.err().or(failure);
    }
    let mut apps: BTreeMap<AppId, BTreeSet<RoomId>> = BTreeMap::new();
    for (app, room) in waiting.rooms {
        apps.entry(app).or_default().insert(room);
    }
    for (app, rooms) in apps {
        let failed = hands.relay(&house.store, &outlets, &app, &rooms, now).await;
        for room in rooms.iter().filter(|room| !failed.contains_key(room)) {
            failure = house.store.unmark(&app, room).await.err().or(failure);
        }
        failure = failed.into_values().next().or(failure);
    }
    failure.map_or(Ok(found), Err)
}
