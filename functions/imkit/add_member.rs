//! `POST /rooms/:id/members/:invitee`: adds one client to a room, or invites it (seed 000).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, Shape, asked};
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
    let clients = &[request.client("invitee")?];
    let how = asked::adding(&fields, &house.settings)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit =
        Visit { clients, view: asked::view(&request), crowd: Crowd::Acquaintances, ..Visit::to(&room, &credentials) };
    house
        .store
        .answer(&visit, |door| membership::add(door, clients, how), |done| Ok(Reply::changed(done, Shape::Legacy)))
        .await
}
