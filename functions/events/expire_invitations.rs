//! Schedule: ends the invitations that nobody answered in time (D17), and what is left of rooms that were deleted.

use serde::Serialize;
use serde_json::Value;
use shared::error::Error;
use shared::lambda::{self, Ended, House};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_operator(handle).await
}

/// What a run came to, for whoever starts one by hand.
#[derive(Serialize)]
struct Swept {
    invitations: usize,
    rooms: usize,
    left: usize,
}

async fn handle(house: House, _: Value) -> Result<Swept, Error> {
    let swept = house.store.sweep().await?;
    Ok(Swept { invitations: swept.invitations, rooms: swept.rooms, left: swept.left })
}
