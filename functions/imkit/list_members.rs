//! `GET /rooms/:id/members?cursor=&limit=`: a room's members by id, page by page (D24).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::id::ClientId;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::standing::LONGEST_PAGE;
use shared::store::{View, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let room = request.room()?;
    let limit = request.query_number("limit", 1..=LONGEST_PAGE as u64, LONGEST_PAGE as u64)?;
    let after = request.query("cursor").map(|cursor| ClientId::parse("cursor", cursor)).transpose()?;
    let credentials = Credentials::imkit(&request, None)?;
    let view = View::Members { after: after.as_ref(), limit: limit as usize };
    let door = house.store.open(&Visit { view, ..Visit::to(&room, &credentials) }).await?;
    Ok(Reply::members(door.room_from_inside()?, &door.page.clone().unwrap_or_default()))
}
