//! `POST /v2/rooms/:_id/removemember`: removes somebody from a room (D38).

use shared::dialect::talk::{self, Parameters};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<serde_json::Value, Error> {
    let parameters = Parameters::of(&request)?;
    let room = parameters.room()?;
    let member = &[parameters.client("_userId")?.ok_or(Error::MissingParameter { names: &["_userId"] })?];
    let credentials = parameters.credentials()?;
    let visit = Visit { clients: member, crowd: Crowd::Heirs, ..Visit::in_talk(&room, &credentials) };
    house
        .store
        .answer(&visit, |door| membership::remove_from_topic(door, &member[0]), |done| talk::room(&done.door))
        .await
}
