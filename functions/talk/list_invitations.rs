//! `GET /v2/invitations?_teamId=`: the pending invitations of addresses to the rooms of a team (D38).

use std::collections::BTreeMap;

use shared::dialect::talk::{self, Addresses, Parameters};
use shared::error::Error;
use shared::id::{ClientId, RoomId};
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::room::Room;
use shared::standing::Standing;
use shared::store::TeamInvitations;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<serde_json::Value, Error> {
    let parameters = Parameters::of(&request)?;
    let team = parameters.text("_teamId")?.ok_or(Error::MissingParameter { names: &["_teamId"] })?;
    let credentials = parameters.credentials()?;
    let TeamInvitations { visitor, record, mut invitations } = house.store.invitations_of_team(&credentials).await?;
    if record.team.as_str() != team {
        return Err(Error::NotTeamMember);
    }
    invitations.retain(|(_, own)| own.expires_at > visitor.now); // D17
    invitations.sort_by_key(|(_, own)| (own.created_at, own.id.clone()));

    let mut rooms: Vec<RoomId> = invitations.iter().map(|(room, _)| room.clone()).collect();
    rooms.sort();
    rooms.dedup();
    let own = |client: &ClientId| rooms.iter().map(|room| (room.clone(), client.clone())).collect::<Vec<_>>();
    let wanted = visitor.caller.client().map(own).unwrap_or_default();
    let (rooms, standings) = tokio::try_join!(
        house.store.rooms(&credentials.app, &rooms),
        house.store.standings(&credentials.app, &wanted),
    )?;
    let rooms: BTreeMap<RoomId, Room> = rooms.into_iter().map(|room| (room.id.clone(), room)).collect();
    let standings: BTreeMap<RoomId, Standing> = standings.into_iter().collect();

    let caller = &visitor.caller;
    let seen = |(id, own): &&(RoomId, _)| {
        rooms.get(id).is_some_and(|room| membership::sees_invitation(caller, standings.get(id), room, own))
    };
    let addresses = Addresses::of(&house.settings);
    let listed = invitations.iter().filter(seen);
    Ok(listed.map(|(room, own)| talk::listed(own, room, &record.team, caller, addresses)).collect())
}
