//! Erasing a client: nothing that is about him stays, and where others' records name him a pseudonym stands.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, Delete, ReturnConsumedCapacity, TransactWriteItem};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use super::crowd::Crowd;
use super::element::{delete, put};
use super::key::Key;
use super::trace::{Found, Mark, Sought, Trace};
use super::visit::Visit;
use super::{Store, item, pause};
use crate::auth::Credentials;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::membership;
use crate::pseudonym::{Renaming, new_pseudonym};
use crate::time::{Deadline, Time};

/// How long one call goes on; the next goes on where it ended.
const LONGEST_RUN: Duration = Duration::from_secs(600);

/// How long a request can still write what it read of the client before.
const LAST_ACTS: Duration = Duration::from_secs(60);

/// A client that is being erased.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erasing {
    pseudonym: ClientId,
    /// When something of him was last found; at first, when he became unknown.
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
    /// minute after anything was last found: until then a request that read it before may write it again.
    pub async fn erase_client(&self, app: &AppId, client: &ClientId, from: Option<Mark>) -> Result<Erasure, Error> {
        let from = from.map(Mark::checked).transpose()?;
        let mut erasing = self.begin_erasing(app, client).boxed_local().await?; // boxed: futures this deep have types too long for the compiler
        let pseudonym = erasing.pseudonym.clone();
        let sought = Sought { renaming: Renaming { from: client, to: &pseudonym }, addresses: &[] };
        let deadline = Deadline::after(LONGEST_RUN);
        let (mut changed, mut is_clean, mut mark) = (0, from.is_none(), from);
        loop {
            let (found, next) = self.part(app, &sought, mark).await?;
            if !found.is_empty() {
                is_clean = false;
                changed += self.erase_all(app, client, found).await?;
                erasing.since = self.found_now(app, client).await?;
            }
            mark = match next {
                None if is_clean => {
                    let is_done = self.end_erasing(app, client, &erasing).await?;
                    return Ok(Erasure { pseudonym, changed, is_done, next: None });
                }
                None => {
                    is_clean = true;
                    None
                }
                next => next,
            };
            if !deadline.allows(Duration::ZERO) {
                return Ok(Erasure { pseudonym, changed, is_done: false, next: mark });
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
            self.uninvite(app, &record).await?;
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

    /// Takes back the invitations that wait for the client's addresses: they say where he is reached.
    async fn uninvite(&self, app: &AppId, record: &Client) -> Result<(), Error> {
        let credentials = Credentials::of_deployment(app.clone());
        for (room, named_by) in self.waiting(app, &record.addresses).await? {
            let visit = Visit { invitation: Some(&named_by), ..Visit::to(&room, &credentials) };
            self.act(&visit, |door| Ok(membership::forget_address(door))).await?;
        }
        Ok(())
    }

    /// Makes a note that something of him was just found, unless another call has come to the end.
    async fn found_now(&self, app: &AppId, client: &ClientId) -> Result<Time, Error> {
        let now = Time::now();
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::erasing(app, client))))
            .update_expression("SET since = :now")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":now", item::value(&now)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.written(update.send().await, |reply| reply.consumed_capacity())?;
        Ok(now)
    }

    /// Whether it is at an end: nothing has been found for long enough, by another call neither.
    async fn end_erasing(&self, app: &AppId, client: &ClientId, erasing: &Erasing) -> Result<bool, Error> {
        if Time::now() < erasing.since.plus(LAST_ACTS) {
            return Ok(false);
        }
        self.delete_where(&Key::erasing(app, client), "since = :seen", item::value(&erasing.since)?).await
    }

    /// How many of the items have changed; if somebody else changed one meanwhile, the next pass sees to it.
    async fn erase_all(&self, app: &AppId, client: &ClientId, found: Vec<Found>) -> Result<usize, Error> {
        let mut changed = 0;
        for one in found {
            match self.begin().erase(app, client, one).boxed_local().await? {
                true => changed += 1,
                false => tokio::time::sleep(pause(0)).await,
            }
        }
        Ok(changed)
    }

    async fn erase(&self, app: &AppId, client: &ClientId, found: Found) -> Result<bool, Error> {
        let erased = match (&found.trace, &found.changes) {
            (Trace::Own(room, _), _) => self.erase_from(app, room, client).await,
            // He leaves before he is renamed: an owner of another name would have no heir.
            (Trace::Room(room, _), Some(changes)) => match self.erase_from(app, room, client).await {
                Ok(false) => self.overwrite(&found.key, &found.before, changes).await,
                left => left,
            },
            (_, Some(changes)) => self.overwrite(&found.key, &found.before, changes).await,
            // A token or an address that has become another's meanwhile stays.
            (_, None) => {
                let own = "attribute_not_exists(client) OR client = :seen";
                self.delete_where(&found.key, own, item::text(client.as_str())).await
            }
        };
        match erased {
            Err(Error::Busy) => Ok(false),
            erased => erased,
        }
    }

    /// Takes him out of a room, if he stands to it in any way.
    async fn erase_from(&self, app: &AppId, room: &RoomId, client: &ClientId) -> Result<bool, Error> {
        let credentials = Credentials::of_deployment(app.clone());
        let clients = std::slice::from_ref(client);
        let visit = Visit { clients, crowd: Crowd::Heirs, ..Visit::to(room, &credentials) };
        let done = self.act(&visit, |door| Ok(membership::erase(door, client))).await?;
        if done.door.room.is_some() {
            return Ok(!done.entries.is_empty());
        }
        // Of a room that is being deleted nobody reads the log any more.
        self.delete_where(&Key::standing(app, room, client), "client = :seen", item::text(client.as_str())).await
    }

    /// Deletes an item, if the condition holds of it and of `:seen`.
    async fn delete_where(&self, key: &Key, condition: &str, seen: AttributeValue) -> Result<bool, Error> {
        let delete = self
            .dynamo
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(key)))
            .condition_expression(condition)
            .expression_attribute_values(":seen", seen)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.written(delete.send().await, |reply| reply.consumed_capacity())
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
        self.written(update.send().await, |reply| reply.consumed_capacity())
    }

    /// Whether a single item was written, or somebody else was at it.
    fn written<T, E>(
        &self,
        answer: Result<T, SdkError<E>>,
        cost: impl Fn(&T) -> Option<&ConsumedCapacity>,
    ) -> Result<bool, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.spent(answer.iter().flat_map(cost));
        let Err(failure) = answer else { return Ok(true) };
        match failure.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some("ConditionalCheckFailedException" | "TransactionConflictException") => Ok(false),
            _ => Err(super::read::read_failed(failure)),
        }
    }
}
