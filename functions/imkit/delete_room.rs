//! `DELETE /rooms/:id`: deletes a room with its members, invitations, messages and log, for good.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
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
    let room = request.room()?;
    let credentials = Credentials::imkit(&request, None)?;
    house.store.delete_room(&Visit::to(&room, &credentials), membership::may_delete).await?;
    Ok(Reply::deleted())
}
