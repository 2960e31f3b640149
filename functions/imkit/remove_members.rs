//! `POST /rooms/:id/delete/members`: removes members; the caller himself among them leaves (D28).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Visit};

/// What one transaction holds: two items for everybody who leaves (D12).
const AT_ONCE: usize = 45;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let notify = asked::notify(&fields)?;
    let members = fields.clients("members")?.ok_or(Error::MissingParameter { names: &["members"] })?;
    if members.is_empty() || members.len() > AT_ONCE {
        return Err(Error::invalid("members", format!("must name 1 to {AT_ONCE} members")));
    }
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let (view, crowd) = (asked::view(&request), Crowd::Heirs);
    let visit = Visit { clients: &members, view, crowd, ..Visit::to(&room, &credentials) };
    house.store.answer(&visit, |door| membership::remove(door, &members, notify), |done| Ok(Reply::joined(done))).await
}
