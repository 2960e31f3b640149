//! `GET /rooms/:id/exists`: whether the room is there, as far as the caller may know (D10).

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
    let credentials = Credentials::imkit(&request, None)?;
    let door = house.store.open(&Visit::to(&room, &credentials)).await?;
    Ok(Reply::exists(door.room().is_ok()))
}
