//! `DELETE /v2/invitations/:_id`: takes back the pending invitation of an address (D38).

use shared::dialect::talk::{self, Addresses, Parameters};
use shared::error::Error;
use shared::id::ObjectId;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Done, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<serde_json::Value, Error> {
    let parameters = Parameters::of(&request)?;
    let id = ObjectId::parse("_id", &parameters.id()?)?;
    let credentials = parameters.credentials()?;
    let Some((room, found)) = house.store.invitation_by_id(&credentials.app, &id).await? else {
        house.store.visitor(&credentials).await?; // what there is not, is told to who may ask
        return Err(Error::AddressInvitationNotFound { id: id.to_string() });
    };
    let visit = Visit { invitation: Some(found.address()), ..Visit::in_talk(&room, &credentials) };
    let addresses = Addresses::of(&house.settings);
    let cancelled = |done: &Done| {
        let record = done.door.record.as_ref().ok_or_else(|| Error::internal("the app was not read"))?;
        Ok(talk::listed(&found, &room, &record.team, &done.door.caller, addresses))
    };
    house.store.answer(&visit, |door| membership::cancel_address(door, &id), cancelled).await
}
