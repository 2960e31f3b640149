//! `GET /me/badge?roomTags=`: how many messages the caller has not read, in all his rooms or in those with a tag.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, query};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let tags = query::tags(&request);
    let credentials = Credentials::imkit(&request, None)?;
    let (_, mut rooms) = house.store.own_rooms(&credentials).await?;
    rooms.retain(|(room, _)| !room.is_frozen && query::has_tag(room, &tags));
    Ok(Reply::badge(&rooms))
}
