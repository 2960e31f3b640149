//! One client's record and the tokens that prove him (D5): changed by himself, or by the platform.

use std::cell::{Cell, RefCell};

use aws_sdk_dynamodb::types::{Delete, ReturnConsumedCapacity, TransactWriteItem};
use futures_util::future::join_all;

use super::item::{self, Item};
use super::key::{self, Key};
use super::read::Items;
use super::write::Setback;
use super::{Store, pause};
use crate::auth::{BoundToken, Credentials, Hash, Token};
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId};
use crate::time::Time;

/// How many items are deleted side by side.
const SIDE_BY_SIDE: usize = 25;

impl Store {
    /// Writes the record of the client who acts as `change` makes it of what is stored.
    pub async fn update_self(
        &self,
        credentials: &Credentials,
        change: impl Fn(&Client, Time) -> Result<Client, Error>,
    ) -> Result<Client, Error> {
        self.until_written(async || {
            let visitor = self.visitor(credentials).await?;
            if let Some(after) = self.taken()? {
                return Ok(after);
            }
            let before = visitor.client()?;
            let after = change(before, visitor.now)?;
            let write = self.put_client(&credentials.app, Some(before), &after)?;
            self.transact_step(vec![write], None, &after).await?;
            Ok(after)
        })
        .await
    }

    /// Binds a token to a client who exists.
    pub async fn bind_token(
        &self,
        credentials: &Credentials,
        client: &ClientId,
        token: &BoundToken,
    ) -> Result<(), Error> {
        let app = &credentials.app;
        let key = Key::token(app, &Hash::of(&token.secret));
        self.until_written(async || {
            let (before, items) = self.account(credentials, client, Some(&key)).await?;
            if self.taken::<()>()?.is_some() {
                return Ok(());
            }
            let mut after = before.amended(Time::now());
            after.log_in(after.updated_at);
            let bound = self.put_token(&key, app, &after, token, items.get(&key)?)?;
            self.transact_step(vec![self.put_client(app, Some(&before), &after)?, bound], None, &()).await
        })
        .await
    }

    /// Revokes one token, if it is this client's; as it was.
    pub async fn revoke_token(
        &self,
        credentials: &Credentials,
        client: &ClientId,
        secret: &str,
    ) -> Result<Option<Token>, Error> {
        let key = Key::token(&credentials.app, &Hash::of(secret));
        let seen = RefCell::new(None);
        self.until_written(async || {
            let (own, items) = self.account(credentials, client, Some(&key)).await?;
            if let Some(revoked) = self.taken()? {
                return Ok(revoked);
            }
            let token: Option<Token> = items.get(&key)?;
            let Some(token) = token.filter(|token| own.is_proven_by(token, Time::now())) else {
                return Ok(seen.take()); // a try before this one may have deleted it
            };
            seen.replace(Some(token.clone()));
            let delete = Delete::builder()
                .table_name(&self.table)
                .set_key(Some(item::keyed(&key)))
                .condition_expression("client = :client")
                .expression_attribute_values(":client", item::text(client.as_str()));
            let delete = TransactWriteItem::builder().delete(delete.build().map_err(Error::internal)?);
            let revoked = Some(token);
            self.transact_step(vec![delete.build()], None, &revoked).await?;
            Ok(revoked)
        })
        .await
    }

    /// Revokes every token of a client, and answers those that the index shows. What the index does not show yet is
    /// refused all the same: the record says from when on tokens count.
    pub async fn revoke_tokens(&self, credentials: &Credentials, client: &ClientId) -> Result<Vec<Token>, Error> {
        let first = Cell::new(None);
        let after = self
            .until_written(async || {
                let (before, _) = self.account(credentials, client, None).await?;
                if let Some((earlier, after)) = self.taken()? {
                    first.set(Some(earlier));
                    return Ok(after);
                }
                // A try before this one may have been written: its record does not tell what it revoked.
                first.set(first.get().or(Some(before.revoked_at)));
                let mut after = before.amended(Time::now());
                after.revoke_tokens(after.updated_at);
                let write = self.put_client(&credentials.app, Some(&before), &after)?;
                self.transact_step(vec![write], None, &(before.revoked_at, &after)).await?;
                Ok(after)
            })
            .await?;
        let tokens = self.forget_tokens(&credentials.app, &after).await.map_err(Error::internal)?;
        let earlier = first.get().flatten();
        let living = |token: &Token| !token.is_revoked(earlier) && token.expires_at > after.updated_at;
        Ok(tokens.into_iter().filter(living).collect())
    }

    /// Deletes the revoked tokens that the index shows. Those that stay are refused, and their time will come.
    async fn forget_tokens(&self, app: &AppId, client: &Client) -> Result<Vec<Token>, Error> {
        let (pk, mut from, mut tokens) = (key::clients(app, &client.id), None, Vec::new());
        loop {
            let (items, next) = self.in_index(&pk, Some(key::TOKEN), from).await?;
            for some in items.chunks(SIDE_BY_SIDE) {
                if self.deadline.allows(pause(0)) {
                    join_all(some.iter().map(|item| self.forget_token(item, client))).await;
                }
            }
            for item in items {
                let token: Token = item::read(item)?;
                let own = token.client == client.id && token.is_revoked(client.revoked_at);
                tokens.extend(Some(token).filter(|_| own));
            }
            from = match next {
                Some(next) => Some(next),
                None => return Ok(tokens),
            };
        }
    }

    /// Deletes a token, unless it has become another client's or was stated anew since the index saw it.
    async fn forget_token(&self, shown: &Item, client: &Client) {
        let (Some(key), Some(revoked_at)) = (item::key_of(shown), client.revoked_at) else { return };
        let Ok(revoked_at) = item::value(&revoked_at) else { return };
        let delete = self
            .dynamo
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&key)))
            .condition_expression("client = :client AND createdAt <= :revokedAt")
            .expression_attribute_values(":client", item::text(client.id.as_str()))
            .expression_attribute_values(":revokedAt", revoked_at)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = delete.send().await; // a failure leaves an item that proves nothing any more
        self.spent(reply.iter().flat_map(|reply| reply.consumed_capacity()));
    }

    /// Proves the platform, and reads a client who must exist, with one thing more.
    async fn account(
        &self,
        credentials: &Credentials,
        client: &ClientId,
        also: Option<&Key>,
    ) -> Result<(Client, Items), Setback> {
        let key = Key::client(&credentials.app, client);
        let items = self.back_office(credentials, also.cloned().into_iter().chain([key.clone()])).await?;
        let missing = || Error::ClientsNotFound { missing: vec![client.clone()] };
        let own = items.get(&key)?.ok_or_else(missing)?;
        Ok((own, items))
    }
}
