//! `POST /rooms/createAndJoin`: makes a room, joins it, and adds or invites others; or finds it again.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, Shape, asked};
use shared::door::Door;
use shared::error::Error;
use shared::id::ClientId;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::{Fields, Request};
use shared::room::{Room, RoomKind};
use shared::store::{Crowd, Visit};
use shared::time::Time;

/// The most invitees: one transaction holds them and their host (D12).
const AT_ONCE: usize = 89;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let (how, invitees) = (asked::adding(&fields, &house.settings)?, invitees(&fields)?);
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let new = new_room(&house, &credentials, &fields, &invitees).await?;
    let named = new.pair.as_ref().map_or(invitees.as_slice(), |pair| pair.as_slice());
    let visit = Visit {
        clients: named,
        view: asked::view(&request),
        crowd: Crowd::Acquaintances,
        ..Visit::to(&new.id, &credentials)
    };
    let decide = |door: &Door| membership::found_and_join(door, &new, &invitees, how);
    house.store.found(&visit, decide, |done| Ok(Reply::changed(done, Shape::Modern))).await
}

/// One, several or none.
fn invitees(fields: &Fields) -> Result<Vec<ClientId>, Error> {
    let invitees = match fields.raw("invitee") {
        Some(one) if one.is_string() => fields.client("invitee")?.into_iter().collect(),
        _ => fields.clients("invitee")?.unwrap_or_default(),
    };
    if invitees.len() > AT_ONCE {
        return Err(Error::invalid(
            "invitee",
            format!("must name at most {AT_ONCE} clients: add the others to the room"),
        ));
    }
    Ok(invitees)
}

async fn new_room(
    house: &House,
    credentials: &Credentials,
    fields: &Fields,
    invitees: &[ClientId],
) -> Result<Room, Error> {
    let kind = asked::room_kind(fields)?;
    let pair = match (kind, invitees) {
        (RoomKind::Direct, [peer]) => Some([own_id(house, credentials).await?, peer.clone()]),
        (RoomKind::Direct, _) => return Err(Error::invalid("invitee", "must name the other client of a direct room")),
        (RoomKind::Group | RoomKind::Custom, _) => None,
    };
    if pair.as_ref().is_some_and(|[own, peer]| own == peer) {
        return Err(Error::invalid("invitee", "must be somebody else than you in a direct room"));
    }
    let invitation_required = pair.is_none() && fields.flag("invitationRequired")?.unwrap_or(false);
    Ok(Room { invitation_required, ..asked::new_room(fields, kind, pair, Time::now())? })
}

/// The id of a direct room hangs on who asks: only a token that does not say so takes a round for it.
async fn own_id(house: &House, credentials: &Credentials) -> Result<ClientId, Error> {
    match credentials.hint() {
        Some(client) => Ok(client.clone()),
        None => {
            let caller = house.store.visitor(credentials).await?.caller;
            caller.client().cloned().ok_or(Error::MissingParameter { names: &["sender"] })
        }
    }
}
