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
    let door = house.store.open(&Visit::to(&room, &credentials)).await?;
    let room = door.room_from_inside()?;
    let entries = house.store.entries(&door.app, &room.id, after, limit as usize).await?;
    Ok(Reply::events(&door.app, room, &entries))
}
