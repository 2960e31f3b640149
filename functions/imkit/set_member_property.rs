//! `PUT /rooms/:id/member/:client`: gives a member a role, or a property of its own in this room (D29).

use shared::auth::Credentials;
use shared::dialect::imkit::{
    self, Reply,
    asked::{self, Setting},
};
use shared::door::Door;
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::membership;
use shared::request::Request;
use shared::store::{Crowd, Visit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (room, fields) = (request.room()?, request.fields()?);
    let member = &request.client("client")?;
    let setting = asked::setting(&fields)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let crowd = if matches!(setting, Setting::Role(_)) { Crowd::Staff } else { Crowd::Nobody };
    let (clients, view) = (std::slice::from_ref(member), asked::view(&request));
    let visit = Visit { clients, view, crowd, ..Visit::to(&room, &credentials) };
    let decide = |door: &Door| match &setting {
        Setting::Role(role) => membership::give_role(door, member, *role),
        Setting::Property(name, value) => membership::set_property(door, member, name, value),
    };
    house.store.answer(&visit, decide, |done| Ok(Reply::joined(done))).await
}
