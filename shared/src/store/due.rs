//! What time has swept away: lapsed invitations get their entry in the log and go (D17), rooms being deleted go wholly.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::key::{self, Key};
use super::read::read_failed;
use super::visit::Visit;
use super::{Store, item};
use crate::auth::Credentials;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::membership;
use crate::time::{Deadline, Time};

/// The index of what is due.
const DUE: &str = "GSI2";

/// How many lapsed invitations of a room go in one transaction.
const AT_ONCE: usize = 90;

/// How long one run goes on; what is left is swept by the next.
const LONGEST_RUN: Duration = Duration::from_secs(240);

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Invitations that had lapsed and are gone.
    pub invitations: usize,
    /// Rooms of which nothing is left.
    pub rooms: usize,
    /// Rooms that were too busy, or for which there was no time.
    pub left: usize,
}

/// What is due in one room.
#[derive(Default)]
struct Due {
    is_going: bool,
    clients: Vec<ClientId>,
    addresses: Vec<String>,
}

impl Store {
    /// Sweeps away everything that is due now. Safe to repeat, and to run twice at once: each invitation ends once.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        let deadline = Deadline::after(LONGEST_RUN);
        let (mut swept, mut failure) = (Swept::default(), None);
        for ((app, room), due) in self.due(Time::now()).await? {
            let patient = self.begin();
            let done = match deadline.allows(Duration::ZERO) {
                true => patient.sweep_due(&app, &room, &due).await,
                false => Err(Error::Busy),
            };
            match done {
                Ok(done) => {
                    swept.invitations += done.invitations;
                    swept.rooms += done.rooms;
                    swept.left += done.left;
                }
                Err(Error::Busy) => swept.left += 1,
                Err(error) => failure = Some(error), // one room that cannot be swept stops no other
            }
        }
        failure.map_or(Ok(swept), Err)
    }

    /// Everything that is due, by app and room. The index holds what will be due only, a key and a moment each.
    async fn due(&self, now: Time) -> Result<BTreeMap<(AppId, RoomId), Due>, Error> {
        let mut due: BTreeMap<(AppId, RoomId), Due> = BTreeMap::new();
        for key in self.due_by(DUE, now).await? {
            let Some(place) = key.place() else { continue };
            let due = due.entry(place).or_default();
            if let Some(client) = key.sk.strip_prefix(key::STANDING) {
                due.clients.push(ClientId::parse("id", client)?);
            } else if let Some(address) = key.sk.strip_prefix(key::INVITATION) {
                due.addresses.push(address.to_owned());
            } else {
                due.is_going = true;
            }
        }
        Ok(due)
    }

    /// The keys in an index of moments, of all apps, whose moment has come.
    pub(super) async fn due_by(&self, index: &str, now: Time) -> Result<Vec<Key>, Error> {
        let (mut due, mut from) = (Vec::new(), None);
        loop {
            let scan = self
                .dynamo
                .scan()
                .table_name(&self.table)
                .index_name(index)
                .filter_expression(format!("{index}SK <= :now"))
                .expression_attribute_values(":now", item::value(&now)?)
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let reply = scan.send().await.map_err(read_failed)?;
            self.spent(&reply.consumed_capacity);
            due.extend(reply.items.unwrap_or_default().iter().filter_map(item::key_of));
            match reply.last_evaluated_key {
                None => return Ok(due),
                next => from = next,
            }
        }
    }

    async fn sweep_due(&self, app: &AppId, room: &RoomId, due: &Due) -> Result<Swept, Error> {
        if due.is_going {
            let is_gone = self.sweep_room(app, room).await?;
            return Ok(Swept { rooms: usize::from(is_gone), left: usize::from(!is_gone), ..Swept::default() });
        }
        let credentials = Credentials::of_deployment(app.clone());
        let mut ended = 0;
        for clients in due.clients.chunks(AT_ONCE) {
            let visit = Visit { clients, ..Visit::to(room, &credentials) };
            ended += self.act(&visit, |door| Ok(membership::expire(door, clients))).await?.ended.len();
        }
        for address in &due.addresses {
            let visit = Visit { invitation: Some(address), ..Visit::to(room, &credentials) };
            ended += self.act(&visit, |door| Ok(membership::expire(door, &[]))).await?.entries.len();
        }
        Ok(Swept { invitations: ended, ..Swept::default() })
    }
}
