//! Stream: a changed client record brings its profile to the client's standings.

use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::stream::Changed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_stream(handle).await
}

async fn handle(house: House, client: Changed) -> Result<(), Error> {
    house.store.refresh_profile(&client).await
}
