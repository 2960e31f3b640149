//! `POST /messages`: the platform says something in a room, in the name of a client.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, said};
use shared::error::Error;
use shared::id::RoomId;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::Visit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let speech = said::speech(&fields)?;
    for ignored in ["push", "skipTotalBadge"] {
        fields.flag(ignored)?; // nothing is pushed from here
    }
    let room = fields.text("room", usize::MAX)?.ok_or(Error::MissingParameter { names: &["room"] })?;
    let room = RoomId::parse("room", &room)?;
    let sender = fields.client("sender")?.ok_or(Error::MissingParameter { names: &["sender"] })?;
    let credentials = Credentials::platform(&request, Some(sender))?;
    let visit = Visit { message: speech.older(), ..Visit::to(&room, &credentials) };
    house.store.answer(&visit, |door| membership::speak(door, &speech), Reply::message).await
}
