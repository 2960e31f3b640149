//! `POST /v2/rooms/:_id/leave`: leaves a room (D38).

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
    let credentials = parameters.credentials()?;
    let visit = Visit { crowd: Crowd::Heirs, ..Visit::in_talk(&room, &credentials) };
    house.store.answer(&visit, membership::leave_topic, |done| talk::room(&done.door)).await
}
