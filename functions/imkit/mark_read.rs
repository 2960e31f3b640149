//! `PUT /rooms/:id/lastRead`: marks a room's messages as read up to one of them (D23).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::id::ObjectId;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::store::Visit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let message = fields.text("message", 64)?.ok_or(Error::MissingParameter { names: &["message"] })?;
    let message = ObjectId::parse("message", &message)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit { message: Some(&message), ..Visit::to(&room, &credentials) };
    let door = house.store.mark_read(&visit, &message).await?;
    let (room, client) = (door.room()?, door.caller.client().ok_or(Error::MissingParameter { names: &["sender"] })?);
    let own = door.own().ok_or_else(|| Error::NotRoomMember { room: room.id.clone() })?;
    Ok(Reply::read(room, client, own))
}
