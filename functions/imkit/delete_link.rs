//! `DELETE /rooms/:id/links/:link`: from now on a link lets nobody into its room (D43).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::id::ObjectId;
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
    let link = ObjectId::parse("link", request.path("link"))?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit { link: Some(&link), ..Visit::to(&room, &credentials) };
    let deleted = house.store.delete_link(&visit, |door| membership::may_delete_link(door, &link).cloned()).await?;
    Ok(Reply::link_deleted(&room, &deleted))
}
