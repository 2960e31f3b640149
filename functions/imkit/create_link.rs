//! `POST /rooms/:id/links`: makes a link that lets whoever has it into a room (D43).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::link::LinkToken;
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Visit};
use shared::time::Time;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let terms = asked::terms(&fields, &house.settings)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let token = LinkToken::new(&credentials.app, &room, Time::now());
    let visit = Visit { crowd: Crowd::Links, ..Visit::to(&room, &credentials) };
    let (link, token) = house.store.make_link(&visit, &token, |door| membership::link(door, &token, terms)).await?;
    Ok(Reply::link_made(&link, &token))
}
