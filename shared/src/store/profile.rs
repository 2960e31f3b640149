//! Copies of profiles: when what others see of a client changes, the copies in its standings follow.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};
use futures_util::future::try_join_all;

use super::element::put_item;
use super::item::{self, Item};
use super::key::{self, Key};
use super::read::read_failed;
use super::{Store, pause};
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId};
use crate::stream::Changed;

/// So many standings are looked at in one request.
const PAGE: i32 = 200;

/// So many standings are written side by side.
const AT_ONCE: usize = 16;

/// A copy from before the version that last changed the profile.
const OUTDATED: &str = "(attribute_not_exists(profileVersion) OR profileVersion < :changed)";

impl Store {
    /// Brings a client's profile, as it is stored now, into every standing that has an older copy. Safe to repeat and to go
    /// on with: what has been written is not written again, and no copy is ever replaced by an older one.
    pub async fn refresh_profile(&self, changed: &Changed) -> Result<(), Error> {
        let (app, client) = client_of(changed)?;
        self.belongs_to(&app);
        let key = Key::client(&app, &client);
        let Some(client) = self.batch(BTreeSet::from([key.clone()])).await?.get::<Client>(&key)? else {
            return Ok(()); // it is gone, and whoever deleted it sees to its standings
        };
        let mut behind = None;
        loop {
            let (outdated, more) = self.outdated(&app, &client, behind).await?;
            for standings in outdated.chunks(AT_ONCE) {
                if !self.deadline.allows(Duration::ZERO) {
                    return Err(Error::Busy);
                }
                try_join_all(standings.iter().map(|standing| self.copy_profile(standing, &client))).await?;
            }
            match more {
                Some(last) => behind = Some(last),
                None => return Ok(()),
            }
        }
    }

    /// A page of what the index has of the client, reduced to standings with an older copy; and where the next one begins. The
    /// index may be behind the table: what it shows as outdated is held against the standing itself when that is written.
    async fn outdated(
        &self,
        app: &AppId,
        client: &Client,
        behind: Option<Item>,
    ) -> Result<(Vec<Key>, Option<Item>), Error> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.table)
            .index_name(super::INDEX)
            .key_condition_expression("GSI1PK = :client")
            .filter_expression(format!("begins_with(SK, :standing) AND {OUTDATED}"))
            .projection_expression("PK, SK")
            .expression_attribute_values(":client", item::text(&key::clients(app, &client.id)))
            .expression_attribute_values(":standing", item::text(key::STANDING))
            .expression_attribute_values(":changed", item::number(client.profile_version))
            .set_exclusive_start_key(behind)
            .limit(PAGE)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = query.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        let standings = reply.items.unwrap_or_default().iter().filter_map(item::key_of).collect();
        Ok((standings, reply.last_evaluated_key))
    }

    /// Writes the copy and nothing else: `seq` stays, as nothing has happened to the room.
    async fn copy_profile(&self, standing: &Key, client: &Client) -> Result<(), Error> {
        for tries in 0.. {
            let update = self
                .dynamo
                .update_item()
                .table_name(&self.table)
                .set_key(Some(item::keyed(standing)))
                .update_expression("SET #profile = :profile, profileVersion = :version")
                .condition_expression(format!("attribute_exists(PK) AND {OUTDATED}"))
                .expression_attribute_names("#profile", "profile")
                .expression_attribute_values(":profile", item::value(&client.profile)?)
                .expression_attribute_values(":version", item::number(client.version))
                .expression_attribute_values(":changed", item::number(client.profile_version))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            match self.unless_refused(update.send().await, |reply| &reply.consumed_capacity) {
                Ok(_) => return Ok(()), // unless it has ended, or somebody wrote as new a copy
                Err(Error::Busy) => {}  // a transaction is at work on it, or the table has no time
                Err(error) => return Err(error),
            }
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::Busy)
    }
}

/// A standing, whose copy of the profile must not be older than the one in its place, which changes without its `seq`.
pub(super) fn put_standing(
    table: &str,
    item: Item,
    seen: Option<u64>,
    copied: u64,
) -> Result<TransactWriteItem, Error> {
    let Some(seen) = seen else { return put_item(table, item, None) };
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("seq = :seen AND NOT profileVersion > :copied")
        .expression_attribute_values(":seen", item::number(seen))
        .expression_attribute_values(":copied", item::number(copied));
    Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
}

/// Whose record it is that changed.
fn client_of(changed: &Changed) -> Result<(AppId, ClientId), Error> {
    let Some((app, client)) = changed.pk.split_once("#CLIENT#") else {
        return Err(Error::internal(format!("an item of `{}` is no client", changed.sk)));
    };
    Ok((AppId::parse("PK", app)?, ClientId::parse("PK", client)?))
}
