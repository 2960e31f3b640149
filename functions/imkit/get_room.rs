//! `GET /rooms/:id`: a room as its member or the platform sees it.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
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
    let credentials = Credentials::imkit(&request, None)?;
    let visit = Visit { view: asked::view(&request), ..Visit::to(&room, &credentials) };
    let door = house.store.open(&visit).await?;
    Ok(Reply::room(&door, door.room_from_inside()?))
}
