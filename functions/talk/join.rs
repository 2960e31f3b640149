//! `POST /v2/rooms/:_id/join`: joins a room, accepting an invitation where there is one (D38).

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
    let (done, known) = tokio::join!(
        house.store.act(&visit, membership::join_topic),
        house.store.newest_entries(&credentials.app, &room),
    );
    // He has joined, if he has, whatever becomes of the reading.
    let (done, known) = (done?, known.map_err(Error::internal)?);
    let joined = done.door.room.as_ref().ok_or_else(|| Error::internal("a member of no room"))?;
    let known = known.into_iter().chain(done.entries.clone());
    let messages = house.store.latest_messages(&credentials.app, joined, known, LATEST_MESSAGES);
    talk::detail(&done.door, &messages.await.map_err(Error::internal)?)
}
