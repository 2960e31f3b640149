//! `DELETE /blockStatus/room/:id/:blockee`: keeps a client out of a room no longer (D30).

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
    let (room, fields) = (request.room()?, request.fields()?);
    let blockee = &request.client("blockee")?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit { clients: std::slice::from_ref(blockee), ..Visit::to(&room, &credentials) };
    house
        .store
        .answer(
            &visit,
            |door| membership::unban(door, blockee),
            |done| Ok(Reply::ban(&credentials.app, &room, done.ended.first())),
        )
        .await
}
