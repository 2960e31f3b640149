//! `DELETE /rooms/:id/members/:member`: removes a member; the caller himself leaves (D28).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
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
    let (room, fields) = (request.room()?, request.fields()?);
    let (notify, clients) = (asked::notify(&fields)?, &[request.client("member")?]);
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let (view, crowd) = (asked::view(&request), Crowd::Heirs);
    let visit = Visit { clients, view, crowd, ..Visit::to(&room, &credentials) };
    house.store.answer(&visit, |door| membership::remove(door, clients, notify), |done| Ok(Reply::joined(done))).await
}
