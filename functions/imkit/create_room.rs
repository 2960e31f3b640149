//! `POST /rooms`: makes a room. Whoever makes it is not in it, unless named.

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::id::{ClientId, ObjectId, RoomId};
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::{Fields, Request};
use shared::room::{DEFAULT_CAPACITY, Room, RoomKind};
use shared::store::Visit;
use shared::time::Time;

/// The most members a room is made with: one transaction holds them (D12).
const FIRST_MEMBERS: usize = 90;

/// What IMKit's own routes have in a room's place.
const ROUTES: [&str; 4] = ["createAndJoin", "ids", "invitations", "quitted"];

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
    let visit = Visit { clients: &members, view: asked::view(&request), ..Visit::to(&new.id, &credentials) };
    let done = house.store.found(&visit, |door| membership::found(door, &new, &members, notify)).await?;
    let room = done.door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: new.id.clone() })?;
    Ok(Reply::created(&done.door, room))
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

/// D31.
fn capacity(fields: &Fields) -> Result<u32, Error> {
    let asked = fields.number("maxMembers", 1..=100_000)?;
    Ok(asked.and_then(|seats| u32::try_from(seats).ok()).unwrap_or(DEFAULT_CAPACITY))
}

fn new_room(fields: &Fields, members: &[ClientId]) -> Result<Room, Error> {
    let kind = match fields.text("roomType", 16)?.as_deref() {
        None | Some("group") => RoomKind::Group,
        Some("direct") => RoomKind::Direct,
        Some("custom") => RoomKind::Custom,
        Some(_) => return Err(Error::invalid("roomType", "must be `direct`, `group` or `custom`")),
    };
    let now = Time::now();
    let id = fields.text("_id", usize::MAX)?.map(|id| RoomId::parse("_id", &id)).transpose()?;
    if id.as_ref().is_some_and(|id| ROUTES.contains(&id.as_str())) {
        return Err(Error::invalid("_id", "is a route's own word"));
    }
    let mut room = match kind {
        RoomKind::Direct => {
            let pair = <[ClientId; 2]>::try_from(members.to_vec());
            let pair = pair.map_err(|_| Error::invalid("members", "must name exactly two clients of a direct room"))?;
            let id = id.map_or_else(|| Room::direct_id([&pair[0], &pair[1]]), Ok)?; // D18
            Room::direct(id, pair, now)
        }
        RoomKind::Group | RoomKind::Custom => {
            let id = id.map_or_else(|| RoomId::parse("_id", ObjectId::at(now).as_str()), Ok)?;
            Room::of_many(id, kind, capacity(fields)?, now)
        }
    };
    room.owner = fields.client("owner")?;
    room.is_private = fields.flag("isPrivate")?.unwrap_or(false);
    room.is_closed = fields.number("opening", 0..=1)? == Some(0);
    room.invitation_required = kind != RoomKind::Direct && fields.flag("invitationRequired")?.unwrap_or(false);
    room.face = asked::room_face(fields)?;
    room.email = room.new_email();
    Ok(room)
}
