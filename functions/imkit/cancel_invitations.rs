//! `POST /rooms/:id/delete/invitations`: takes invitations back; answers those that are left (D26).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Visit};

/// What one transaction holds (D12).
const AT_ONCE: usize = 90;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let notify = asked::notify(&fields)?;
    let invitees = fields.clients("invitees")?.ok_or(Error::MissingParameter { names: &["invitees"] })?;
    if invitees.is_empty() || invitees.len() > AT_ONCE {
        return Err(Error::invalid("invitees", format!("must name 1 to {AT_ONCE} clients")));
    }
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit { clients: &invitees, crowd: Crowd::Everybody, ..Visit::to(&room, &credentials) };
    house
        .store
        .answer(
            &visit,
            |door| membership::cancel(door, &invitees, notify),
            |done| Ok(Reply::room_invitations(&done.door)),
        )
        .await
}
