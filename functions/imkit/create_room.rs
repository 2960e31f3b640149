//! `POST /rooms`: makes a room. Whoever makes it is not in it, unless named.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::id::ClientId;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::{Fields, Request};
use shared::room::{Room, RoomKind};
use shared::store::{Crowd, Done, Visit};
use shared::time::Time;

/// The most members a room is made with: one transaction holds them (D12).
const FIRST_MEMBERS: usize = 90;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let notify = asked::notify(&fields)?;
    let members = members(&fields)?;
    let new = new_room(&fields, &members)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let visit = Visit {
        clients: &members,
        view: asked::view(&request),
        crowd: Crowd::Acquaintances,
        ..Visit::to(&new.id, &credentials)
    };
    let created = |done: &Done| {
        let room = done.door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: new.id.clone() })?;
        Ok(Reply::created(&done.door, room))
    };
    house.store.found(&visit, |door| membership::found(door, &new, &members, notify), created).await
}

/// The members named, the owner among them.
fn members(fields: &Fields) -> Result<Vec<ClientId>, Error> {
    let mut members = fields.clients("members")?.unwrap_or_default();
    members.extend(fields.client("owner")?.filter(|owner| !members.contains(owner)));
    if members.len() > FIRST_MEMBERS {
        return Err(Error::invalid("members", "must name at most 90 clients: add the others to the room"));
    }
    Ok(members)
}

fn new_room(fields: &Fields, members: &[ClientId]) -> Result<Room, Error> {
    let kind = asked::room_kind(fields)?;
    let pair = (kind == RoomKind::Direct).then(|| <[ClientId; 2]>::try_from(members.to_vec())).transpose();
    let pair = pair.map_err(|_| Error::invalid("members", "must name exactly two clients of a direct room"))?;
    let room = asked::new_room(fields, kind, pair, Time::now())?;
    let invitation_required = kind != RoomKind::Direct && fields.flag("invitationRequired")?.unwrap_or(false);
    Ok(Room { owner: fields.client("owner")?, invitation_required, ..room })
}
