//! `PUT /rooms/:id`: changes what a room looks like, who may enter it, and who governs it (D29).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::id::ClientId;
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
    let revision = asked::revision(&fields)?;
    let named: Vec<ClientId> = revision.owner.iter().chain(revision.admins.iter().flatten()).cloned().collect();
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let crowd = if named.is_empty() && revision.admins.is_none() { Crowd::Nobody } else { Crowd::Staff };
    let visit = Visit { clients: &named, view: asked::view(&request), crowd, ..Visit::to(&room, &credentials) };
    house.store.answer(&visit, |door| membership::update(door, &revision), |done| Ok(Reply::updated(done))).await
}
