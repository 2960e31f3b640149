//! `GET /v2/rooms/:_id`: a room with its members and its last messages (D38).

use shared::dialect::talk::{self, LATEST_MESSAGES, Parameters};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::standing::LONGEST_PAGE;
use shared::store::{View, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<serde_json::Value, Error> {
    let parameters = Parameters::of(&request)?;
    let room = parameters.room()?;
    let credentials = parameters.credentials()?;
    let view = View::Members { after: None, limit: LONGEST_PAGE };
    let visit = Visit { view, ..Visit::in_talk(&room, &credentials) };
    let (door, known) =
        tokio::try_join!(house.store.open(&visit), house.store.newest_entries(&credentials.app, &room))?;
    let room = membership::see_topic(&door)?;
    let messages = house.store.latest_messages(&credentials.app, room, known, LATEST_MESSAGES).await?;
    talk::detail(&door, &messages)
}
