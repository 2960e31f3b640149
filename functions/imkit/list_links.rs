//! `GET /rooms/:id/links`: the links that let people into a room (D43).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let room = request.room()?;
    let credentials = Credentials::imkit(&request, None)?;
    let visit = Visit { crowd: Crowd::Links, ..Visit::to(&room, &credentials) };
    let door = house.store.open(&visit).await?;
    Ok(Reply::links(&door, membership::may_see_links(&door)?))
}
