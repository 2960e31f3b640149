//! `GET /rooms/:id/messages`: a room's messages, the newest first; the older form of `v3`.

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
    if request.query("q").is_some() {
        return Err(Error::invalid("q", "is not served for messages"));
    }
    let credentials = Credentials::imkit(&request, None)?;
    let visit = Visit::to(&room, &credentials);
    let entries = house.store.messages(&credentials.app, &room, bounds);
    let (door, entries) = tokio::try_join!(house.store.open(&visit), entries)?;
    Ok(Reply::messages(&door.app, door.room_from_inside()?, &entries))
}
