//! `DELETE /rooms/:id/invitations/:invitee`: takes an invitation back; answers those that are left (D26).

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
    let (notify, clients) = (asked::notify(&fields)?, &[request.client("invitee")?]);
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit { clients, crowd: Crowd::Everybody, ..Visit::to(&room, &credentials) };
    house
        .store
        .answer(
            &visit,
            |door| membership::cancel(door, clients, notify),
            |done| Ok(Reply::room_invitations(&done.door)),
        )
        .await
}
