//! `POST /rooms/:id/join`: joins a room, accepting an invitation where there is one (D25).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
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
    let notify = asked::notify(&fields)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit { view: asked::view(&request), ..Visit::to(&room, &credentials) };
    house.store.answer(&visit, |door| membership::join(door, notify), |done| Ok(Reply::joined(done))).await
}
