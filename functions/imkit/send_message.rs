//! `POST /rooms/:id/message`: says something in a room; with `_id`, says it differently or takes it back.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, said};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::Visit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let speech = said::speech(&fields)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit { message: speech.older(), ..Visit::to(&room, &credentials) };
    house.store.answer(&visit, |door| membership::speak(door, &speech), Reply::message).await
}
