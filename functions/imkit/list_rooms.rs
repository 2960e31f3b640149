//! `GET /rooms`: the caller's rooms: those that are asked for, in the order asked for.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, OwnRoom, Reply, query::RoomQuery};
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
    let mut peers = house.store.peers(&credentials.app, &rooms).await?;
    let shown = rooms.into_iter().map(|(room, own)| OwnRoom { peer: peers.remove(&room.id), room, own });
    Ok(Reply::rooms(&credentials.app, total, &shown.collect::<Vec<_>>()))
}
