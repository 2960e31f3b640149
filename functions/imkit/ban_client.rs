//! `POST /blockStatus/room/:id/:blockee`: keeps a client out of a room, from now on and whatever races (D30).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply};
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
    let blockee = &request.client("blockee")?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let clients = std::slice::from_ref(blockee);
    let visit = Visit { clients, crowd: Crowd::EverybodySince, ..Visit::to(&room, &credentials) };
    let mut taken = 0;
    loop {
        let done = house.store.step(taken).act(&visit, |door| membership::ban(door, blockee)).await;
        let done = done.map_err(|error| if taken > 0 { error.after_a_change() } else { error })?;
        taken += 1;
        if !done.unfinished || house.store.is_dry() {
            return Ok(Reply::ban(&credentials.app, &room, done.door.standing(blockee)));
        }
    }
}
