//! `POST /rooms/:id/members`: adds several clients to a room, or invites them (seeds 001 and 002).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, Shape, asked};
use shared::door::Door;
use shared::error::Error;
use shared::id::ClientId;
use shared::lambda::{self, Ended, House};
use shared::membership::{self, Mode, Outcome};
use shared::request::{Fields, Request};
use shared::store::{Crowd, Done, View, Visit};

/// What one transaction holds (D12).
const AT_ONCE: usize = 90;
/// What one call takes (D12).
const AT_MOST: usize = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let how = asked::adding(&fields, &house.settings)?;
    let invitees = invitees(&fields, how.mode)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let mut earlier: Vec<(ClientId, Outcome)> = Vec::new();
    // What is not written need not fit one transaction, and each part would find the seats that the others would have taken.
    let at_once = if house.store.is_dry() { AT_MOST } else { AT_ONCE };
    let parts = invitees.len().div_ceil(at_once);
    for (part, clients) in invitees.chunks(at_once).enumerate() {
        let last = part + 1 == parts;
        let view = if last { asked::view(&request) } else { View::Minimal };
        let visit = Visit { clients, view, crowd: Crowd::Acquaintances, ..Visit::to(&room, &credentials) };
        let (store, decide) = (house.store.step(part), |door: &Door| membership::add(door, clients, how));
        let told = |error: Error| if part == 0 { error } else { error.after_a_change() };
        if last {
            let reply = |done: &Done| Ok(Reply::changed(done, Shape::Modern).after(&earlier));
            return store.answer(&visit, decide, reply).await.map_err(told);
        }
        earlier.extend(store.act(&visit, decide).await.map_err(told)?.outcomes);
    }
    Err(Error::MissingParameter { names: &["invitees"] })
}

/// D12: non-empty, each once; more than one transaction holds only part by part.
fn invitees(fields: &Fields, mode: Mode) -> Result<Vec<ClientId>, Error> {
    let invitees = fields.clients("invitees")?.ok_or(Error::MissingParameter { names: &["invitees"] })?;
    let refusal = match (invitees.len(), mode) {
        (1..=AT_ONCE, _) | (1..=AT_MOST, Mode::Partial) => return Ok(invitees),
        (0, _) => "must name at least one client",
        (..=AT_MOST, Mode::AllOrNothing) => "must name at most 90 clients, or come with `\"partial\": true`",
        (_, _) => "must name at most 1000 clients",
    };
    Err(Error::invalid("invitees", refusal))
}
