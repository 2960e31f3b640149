//! `GET /rooms/invitations`: the invitations that the caller has not answered (D27).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::store::Mine;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let credentials = Credentials::imkit(&request, None)?;
    let (visitor, invitations) = house.store.mine(&credentials, Mine::Invitations).await?;
    let invitations = house.store.invited_to(&credentials.app, invitations, visitor.now).await?;
    Ok(Reply::own_invitations(&credentials.app, &invitations))
}
