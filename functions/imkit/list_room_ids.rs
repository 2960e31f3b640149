//! `GET /rooms/ids`: the ids of the caller's rooms, asked for as in `GET /rooms`.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, query::RoomQuery};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let query = RoomQuery::of(&request)?;
    let credentials = Credentials::imkit(&request, None)?;
    let (visitor, rooms) = house.store.own_rooms(&credentials).await?;
    let (total, rooms) = query.pick(&credentials.app, &visitor.client()?.id, rooms)?;
    Ok(Reply::room_ids(total, &rooms))
}
