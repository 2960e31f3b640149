//! Stream: new entries of rooms' logs become deliveries, and are shown to whoever watches (D41).

use std::collections::BTreeMap;

use shared::error::Error;
use shared::id::{AppId, RoomId};
use shared::lambda::{self, Ended, House};
use shared::outside::Hands;
use shared::relay::Outlets;
use shared::stream::Changed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let (hands, outlets) = (Hands::from_environment()?, Outlets::from_environment());
    lambda::serve_batches(|house, changed| handle(house, changed, hands.clone(), outlets.clone())).await
}

/// The stream says only that there is news, and where: what there is the log says.
async fn handle(house: House, changed: Vec<Changed>, hands: Hands, outlets: Outlets) -> Vec<(Changed, Error)> {
    let mut apps: BTreeMap<AppId, BTreeMap<RoomId, Changed>> = BTreeMap::new();
    for item in changed {
        if let Some((app, room)) = item.place() {
            apps.entry(app).or_default().entry(room).or_insert(item);
        }
    }
    let mut failures = Vec::new();
    for (app, mut rooms) in apps {
        let failed = hands.relay(&house.store, &outlets, &app, &rooms.keys().cloned().collect(), None).await;
        failures.extend(failed.into_iter().filter_map(|(room, error)| Some((rooms.remove(&room)?, error))));
    }
    failures
}
