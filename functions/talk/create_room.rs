//! `POST /v2/rooms`: makes a room with its creator and others in it (D38).

use shared::dialect::talk::{self, Parameters};
use shared::door::Door;
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership::{self, Adding, Entry, Mode, Notify};
use shared::request::Request;
use shared::standing::LONGEST_PAGE;
use shared::store::{Crowd, View, Visit};
use shared::time::Time;

/// The most members that a room is made with beside its creator: one transaction holds them (D12).
const FIRST_MEMBERS: usize = 90;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<serde_json::Value, Error> {
    let parameters = Parameters::of(&request)?;
    let (team, new) = talk::new_room(&parameters, Time::now())?;
    let members = parameters.clients("_memberIds")?;
    if members.len() > FIRST_MEMBERS {
        return Err(Error::TooManyFields { limit: FIRST_MEMBERS });
    }
    let credentials = parameters.credentials()?;
    let view = View::Members { after: None, limit: LONGEST_PAGE };
    let visit = Visit { clients: &members, view, crowd: Crowd::Acquaintances, ..Visit::in_talk(&new.id, &credentials) };
    let lifetime = house.settings.invitation_lifetime;
    let how = Adding { entry: Entry::Directly, notify: Notify::Nobody, mode: Mode::AllOrNothing, lifetime };
    let decide = |door: &Door| match &door.record {
        Some(record) if record.team.as_str() == team => membership::found_and_join(door, &new, &members, how),
        Some(_) | None => Err(Error::NotTeamMember), // D1
    };
    house.store.found(&visit, decide, |done| talk::detail(&done.door, &[])).await
}
