//! `GET /rooms/:id/events?after=&limit=`: a room's log from an entry on (D40).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::store::Visit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let room = request.room()?;
    let after = request.query_number("after", 0..=u64::MAX, 0)?;
    let limit = request.query_number("limit", 1..=1_000, 100)?;
    let credentials = Credentials::imkit(&request, None)?;
    let visit = Visit::to(&room, &credentials);
    let entries = house.store.log(&credentials.app, &room, after, limit as usize);
    let (door, entries) = tokio::try_join!(house.store.open(&visit), entries)?;
    Ok(Reply::events(&door.app, door.room_from_inside()?, &entries))
}
