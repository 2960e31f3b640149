//! `DELETE /rooms/:id/invitations`: declines an invitation, blocking its inviter if wanted; answers those that are left (D26).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, consent};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Mine, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let how = consent::declining(&request, &fields)?;
    let done = house.store.act(&Visit::to(&room, &credentials), |door| membership::decline(door, how)).await?;
    let (visitor, invitations) =
        house.store.mine(&credentials, Mine::Invitations).await.map_err(Error::after_a_change)?;
    let left = invitations.into_iter().filter(|(own, _)| *own != room).collect();
    let left = house.store.invited_to(&credentials.app, left, visitor.now).await.map_err(Error::after_a_change)?;
    Ok(Reply::own_invitations(&done.door.app, &left))
}
