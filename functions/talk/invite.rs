//! `POST /v2/rooms/:_id/invite`: invites somebody to a room by user id, mobile or e-mail (seed 003).

use shared::address::Region;
use shared::dialect::talk::{self, Addresses, Parameters};
use shared::error::Error;
use shared::invitation::Written;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Done, Sought, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<serde_json::Value, Error> {
    let parameters = Parameters::of(&request)?;
    let room = parameters.room()?;
    let user = parameters.client("_userId")?;
    let written = if user.is_none() { written(&parameters)? } else { Written::default() };
    let addresses = |region: &Region| written.read(region);
    let sought = user.map_or(Sought::Addresses(&addresses), Sought::Client);
    let credentials = parameters.credentials()?;
    let lifetime = house.settings.invitation_lifetime;
    let visit = Visit { sought: Some(&sought), crowd: Crowd::Acquaintances, ..Visit::to(&room, &credentials) };
    let shown = Addresses::of(&house.settings);
    let invited =
        |done: &Done| talk::invited(done, shown).ok_or_else(|| Error::internal("an invitation without an invitee"));
    house.store.answer(&visit, |door| membership::invite(door, &written, lifetime), invited).await
}

/// Without a `_userId` the person is sought by mobile or e-mail (D33). What is given is checked before anybody is asked
/// who he is; a number's form does not hang on the region.
fn written(parameters: &Parameters<'_>) -> Result<Written, Error> {
    let written = Written { mobile: parameters.text("mobile")?, email: parameters.text("email")? };
    match written.read(&Region::default())?.is_empty() {
        true => Err(Error::MissingParameter { names: &["email", "mobile"] }),
        false => Ok(written),
    }
}
