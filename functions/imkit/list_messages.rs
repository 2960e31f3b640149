//! `GET /rooms/:id/messages/v3`: a room's messages, page by page in either direction.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, query};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::store::Visit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, bounds) = (request.room()?, query::bounds(&request)?);
    let credentials = Credentials::imkit(&request, None)?;
    let visit = Visit::to(&room, &credentials);
    let entries = house.store.messages(&credentials.app, &room, bounds);
    let (door, entries) = tokio::try_join!(house.store.open(&visit), entries)?;
    Ok(Reply::messages_v3(&door.app, door.room_from_inside()?, &entries))
}
