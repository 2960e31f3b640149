//! Erasing a client: nothing that is about him stays, and where others' records name him a pseudonym stands.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::{Delete, ReturnConsumedCapacity, TransactWriteItem};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::trace::{Found, Mark, Trace};
use super::visit::{Crowd, Visit};
use super::write::{delete, put};
use super::{Store, item};
use crate::auth::Credentials;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::membership;
use crate::pseudonym::{Renaming, new_pseudonym};
use crate::time::{Deadline, Time};

/// How long one call goes on; the next goes on where it ended.
const LONGEST_RUN: Duration = Duration::from_secs(600);

/// How long a request can still act on what it read of the client before.
const LAST_ACTS: Duration = Duration::from_secs(60);

/// A client that is being erased.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erasing {
    pseudonym: ClientId,
    since: Time,
}

/// How far the erasure of a client has come.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// What stands in his place.
    pub pseudonym: ClientId,
    /// How many items this call has changed or deleted.
    pub changed: usize,
    /// Whether nothing is left of him. If not, the call must be repeated.
    pub is_done: bool,
    /// Where the next call goes on; none from the beginning.
    pub next: Option<Mark>,
}

impl Store {
    /// Erases a client, from its first call on known to nobody. Done only when a whole reading finds nothing of him, a
    /// minute after he became unknown: until then a request that read him before may still act.
    pub async fn erase_client(&self, app: &AppId, client: &ClientId, from: Option<Mark>) -> Result<Erasure, Error> {
        let Erasing { pseudonym, since } = self.begin_erasing(app, client).boxed_local().await?; // boxed: futures this deep have types too long for the compiler
        let renaming = Renaming { from: client, to: &pseudonym };
        let deadline = Deadline::after(LONGEST_RUN);
        let (mut changed, mut in_this_pass, mut is_whole, mut mark) = (0, 0, from.is_none(), from);
        loop {
            let (found, next) = self.part(app, &renaming, mark).await?;
            for one in found {
                in_this_pass += 1;
                changed += usize::from(self.begin().erase(app, client, one).boxed_local().await?);
            }
            if next.is_some() {
                mark = next;
            } else if is_whole && in_this_pass == 0 {
                let is_done = Time::now() >= since.plus(LAST_ACTS);
                if is_done {
                    self.delete_all(vec![Key::erasing(app, client)]).await?;
                }
                return Ok(Erasure { pseudonym: pseudonym.clone(), changed, is_done, next: None });
            } else {
                (in_this_pass, is_whole, mark) = (0, true, None);
            }
            if !deadline.allows(Duration::ZERO) {
                return Ok(Erasure { pseudonym: pseudonym.clone(), changed, is_done: false, next: mark });
            }
        }
    }

    /// From here on the client is unknown: record and addresses are gone, tokens prove nothing.
    async fn begin_erasing(&self, app: &AppId, client: &ClientId) -> Result<Erasing, Error> {
        let (record_key, mark_key) = (Key::client(app, client), Key::erasing(app, client));
        let pseudonym = new_pseudonym()?;
        self.until_written(async || {
            let items = self.batch(BTreeSet::from([record_key.clone(), mark_key.clone()])).await?;
            let (record, mark) = (items.get::<Client>(&record_key)?, items.get::<Erasing>(&mark_key)?);
            let record = match (record, mark) {
                (None, Some(mark)) => return Ok(mark),
                (None, None) => return Err(Error::ClientsNotFound { missing: vec![client.clone()] }.into()),
                (Some(record), _) => record,
            };
            let mark = Erasing { pseudonym: pseudonym.clone(), since: Time::now() };
            let itself = Delete::builder()
                .table_name(&self.table)
                .set_key(Some(item::keyed(&record_key)))
                .condition_expression("version = :seen")
                .expression_attribute_values(":seen", item::number(record.version));
            let itself = itself.build().map_err(Error::internal)?;
            let mut writes =
                vec![TransactWriteItem::builder().delete(itself).build(), put(&self.table, &mark_key, &mark, None)?];
            for address in &record.addresses {
                writes.push(delete(&self.table, &Key::owner(app, address))?);
            }
            self.transact(writes, None).await?;
            Ok(mark)
        })
        .await
    }

    /// Whether the item has changed; if somebody else changed it meanwhile, the next pass sees to it.
    async fn erase(&self, app: &AppId, client: &ClientId, found: Found) -> Result<bool, Error> {
        match (&found.trace, &found.changes) {
            (Trace::Own(room, _), _) => self.erase_from(app, room, client).await,
            (_, Some(changes)) => self.overwrite(&found.key, &found.before, changes).await,
            (_, None) => self.delete_all(vec![found.key]).await.map(|()| true),
        }
    }

    async fn erase_from(&self, app: &AppId, room: &RoomId, client: &ClientId) -> Result<bool, Error> {
        let credentials = Credentials::of_deployment(app.clone());
        let clients = std::slice::from_ref(client);
        let visit = Visit { clients, crowd: Crowd::Heirs, ..Visit::to(room, &credentials) };
        match self.act(&visit, |door| Ok(membership::erase(door, client))).await {
            Ok(done) => Ok(!done.entries.is_empty()),
            Err(Error::Busy) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes attributes in the place of those that were read, if they are still the same.
    async fn overwrite(&self, key: &Key, before: &item::Item, changes: &item::Item) -> Result<bool, Error> {
        let (mut set, mut conditions) = (Vec::new(), Vec::new());
        let mut update = self.dynamo.update_item().table_name(&self.table).set_key(Some(item::keyed(key)));
        for (at, (name, value)) in changes.iter().enumerate() {
            set.push(format!("#a{at} = :new{at}"));
            conditions.push(format!("#a{at} = :old{at}"));
            let old = before.get(name).cloned().ok_or_else(|| Error::internal("a renaming adds no attribute"))?;
            update = update
                .expression_attribute_names(format!("#a{at}"), name)
                .expression_attribute_values(format!(":new{at}"), value.clone())
                .expression_attribute_values(format!(":old{at}"), old);
        }
        let update = update
            .update_expression(format!("SET {}", set.join(", ")))
            .condition_expression(conditions.join(" AND "))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match update.send().await {
            Ok(reply) => {
                self.spent(&reply.consumed_capacity);
                Ok(true)
            }
            Err(failure)
                if failure.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                self.spent([]);
                Ok(false)
            }
            Err(failure) => Err(super::read::read_failed(failure)),
        }
    }
}
