//! `POST /v2/rooms/:_id/batchinvite`: invites several people to a room, each as `invite` does it (D38).

use serde_json::{Value, json};
use shared::address::Region;
use shared::dialect::talk::{self, Addresses, Parameters};
use shared::error::Error;
use shared::id::ClientId;
use shared::invitation::Written;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Sought, Visit};

/// How many people one call invites (D38).
const MOST: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, talk::respond).await
}

async fn handle(house: House, request: Request) -> Result<Value, Error> {
    let parameters = Parameters::of(&request)?;
    let (room, items) = (parameters.room()?, items(&parameters)?);
    let credentials = parameters.credentials()?;
    let visit = Visit::to(&room, &credentials);
    membership::may_invite(&house.store.open(&visit).await?)?; // what refuses everybody is told of the whole call
    let (lifetime, addresses) = (house.settings.invitation_lifetime, Addresses::of(&house.settings));
    let (mut replies, mut some_done, mut broken) = (Vec::new(), false, false);
    for (at, Item { user, written, sent: (name, sent) }) in items.iter().enumerate() {
        let read = |region: &Region| written.read(region);
        let sought = user.clone().map_or(Sought::Addresses(&read), Sought::Client);
        let visit = Visit { sought: Some(&sought), crowd: Crowd::Acquaintances, ..visit };
        let invited = match broken || !house.store.has_patience() {
            true => Err(Error::Busy),
            false => house.store.step(at).act(&visit, |door| membership::invite(door, written, lifetime)).await,
        };
        if matches!(invited, Err(Error::Answered { .. })) {
            return invited.map(|_| Value::Null); // another try has come to the end
        }
        if let Err(failure @ (Error::Busy | Error::Internal(_))) = invited {
            // Whoever is told that the call has failed takes it that nobody was invited.
            if !some_done {
                return Err(failure);
            }
            broken = true;
            replies.push(json!({ "error": talk::refused(&request, &failure), *name: sent }));
            continue;
        }
        some_done |= invited.is_ok();
        replies.push(match invited.map(|done| talk::invited(&done, addresses)) {
            Ok(reply) => json!(reply),
            Err(refusal) => json!({ "error": talk::refused(&request, &refusal), *name: sent }),
        });
    }
    Ok(Value::Array(replies))
}

/// One of those named.
struct Item {
    user: Option<ClientId>,
    written: Written,
    /// As it was sent, under the name that it has in a single invitation.
    sent: (&'static str, String),
}

/// Everybody named: users, e-mails, mobiles, each in the order of the request. A malformed one is refused by its list.
fn items(parameters: &Parameters<'_>) -> Result<Vec<Item>, Error> {
    let (users, emails, mobiles) =
        (parameters.clients("_userIds")?, parameters.texts("emails")?, parameters.texts("mobiles")?);
    if users.len() + emails.len() + mobiles.len() > MOST {
        return Err(Error::TooManyFields { limit: MOST });
    }
    let user =
        |user: ClientId| Item { sent: ("_userId", user.to_string()), user: Some(user), written: Written::default() };
    let address = |written: Written, list, sent| match written.read(&Region::default()) {
        Ok(_) => Ok(Item { user: None, written, sent }),
        Err(flaw) => Err(Error::invalid(list, flaw.to_string())),
    };
    let emails = emails
        .into_iter()
        .map(|email| address(Written { email: Some(email.clone()), mobile: None }, "emails", ("email", email)));
    let mobiles = mobiles
        .into_iter()
        .map(|mobile| address(Written { mobile: Some(mobile.clone()), email: None }, "mobiles", ("mobile", mobile)));
    users.into_iter().map(|id| Ok(user(id))).chain(emails).chain(mobiles).collect()
}
