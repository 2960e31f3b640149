//! The clients of an app, one after the other, by the index. The index follows the table a little later.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::{self, Item};
use super::key::{self, Key};
use super::read::read_failed;
use super::{INDEX, Store};
use crate::auth::Credentials;
use crate::client::Client;
use crate::error::Error;
use crate::id::ClientId;

/// Which clients are wanted.
pub struct Wanted<'a> {
    /// Of the platform.
    pub credentials: &'a Credentials,
    /// The only ones that can be among them, where that is known: these are read from the table itself.
    pub among: Option<BTreeSet<ClientId>>,
    /// How many of those that match are left out at the beginning.
    pub skip: usize,
    /// How many are wanted behind these.
    pub limit: usize,
}

/// Clients in the order of their ids.
#[derive(Default)]
pub struct Listed {
    /// Those wanted.
    pub clients: Vec<Client>,
    /// How many match in all.
    pub total: usize,
}

impl Store {
    /// The clients of the app that match. All of the app's are read, unless it is said among whom they are: the number of
    /// those that match is not known otherwise.
    pub async fn clients(&self, wanted: &Wanted<'_>, matches: impl Fn(&Client) -> bool) -> Result<Listed, Error> {
        let app = &wanted.credentials.app;
        let mut listed = Listed::default();
        if let Some(among) = &wanted.among {
            let keys: BTreeSet<Key> = among.iter().map(|client| Key::client(app, client)).collect();
            let items = self.back_office(wanted.credentials, keys).await?;
            for client in among {
                let client: Option<Client> = items.get(&Key::client(app, client))?;
                listed.take(wanted, client.into_iter().filter(&matches));
            }
            return Ok(listed);
        }
        self.back_office(wanted.credentials, []).await?;
        let mut from = None;
        loop {
            let (items, next) = self.in_index(&key::directory(app), None, from).await?;
            let clients: Vec<Client> = items.into_iter().map(item::read).collect::<Result<_, _>>()?;
            listed.take(wanted, clients.into_iter().filter(&matches));
            from = match next {
                Some(next) => Some(next),
                None => return Ok(listed),
            };
        }
    }

    /// One query of the index, from where the last one ended; where the next begins, if more follows. `prefix` is what
    /// the index's sort keys begin with.
    pub(super) async fn in_index(
        &self,
        pk: &str,
        prefix: Option<&str>,
        from: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), Error> {
        let mut query = self
            .dynamo
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .expression_attribute_values(":pk", item::text(pk))
            .set_exclusive_start_key(from)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        query = match prefix {
            None => query.key_condition_expression("GSI1PK = :pk"),
            Some(prefix) => query
                .key_condition_expression("GSI1PK = :pk AND begins_with(GSI1SK, :prefix)")
                .expression_attribute_values(":prefix", item::text(prefix)),
        };
        let reply = query.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
    }
}

impl Listed {
    fn take(&mut self, wanted: &Wanted<'_>, clients: impl Iterator<Item = Client>) {
        for client in clients {
            if self.total >= wanted.skip && self.clients.len() < wanted.limit {
                self.clients.push(client);
            }
            self.total += 1;
        }
    }
}
