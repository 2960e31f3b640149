//! `POST /v2/rooms/:_id/invite`: invites somebody to a room by user id, mobile or e-mail (seed 003).

use shared::address::Region;
use shared::auth::Credentials;
use shared::dialect::talk::{self, Addresses, Parameters};
use shared::error::Error;
use shared::id::{ClientId, RoomId};
use shared::lambda::{self, Ended, House};
use shared::membership::{self, Written};
use shared::request::Request;
use shared::store::{Sought, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<serde_json::Value, Error> {
    let parameters = Parameters::of(&request)?;
    let room = RoomId::parse("_id", &parameters.room()?)?;
    let sought = sought(&parameters)?;
    let token = parameters.text("accountToken")?.or(parameters.text("aid")?);
    let sender = parameters.text("sender")?.map(|id| ClientId::parse("sender", &id)).transpose()?;
    let credentials = Credentials::talk(&request, token.as_deref(), sender)?;
    let written = match &sought {
        Sought::Client(_) => Written::default(),
        Sought::Addresses { mobile, email } => Written { mobile: mobile.as_deref(), email: email.as_deref() },
    };
    let lifetime = house.settings.invitation_lifetime;
    let visit = Visit { sought: Some(&sought), ..Visit::to(&room, &credentials) };
    let done = house.store.act(&visit, |door| membership::invite(door, written, lifetime)).await?;
    let addresses = if house.settings.expose_addresses { Addresses::Shown } else { Addresses::Hidden };
    talk::invited(&done, addresses).ok_or_else(|| Error::internal("an invitation without an invitee"))
}

/// `_userId`, else `mobile`, else `email` (D33). What is given is checked before anybody is asked who he is.
fn sought(parameters: &Parameters<'_>) -> Result<Sought, Error> {
    if let Some(user) = parameters.text("_userId")? {
        return ClientId::parse("_userId", &user).map(Sought::Client);
    }
    let sought = Sought::Addresses { mobile: parameters.text("mobile")?, email: parameters.text("email")? };
    match sought.addresses(&Region::default())?.is_empty() {
        true => Err(Error::MissingParameter { names: &["email", "mobile"] }),
        false => Ok(sought),
    }
}
