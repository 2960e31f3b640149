//! Clients, their tokens and addresses; and the invitations that an address brings with it (D36).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::element::{absent, delete};
use super::key::Key;
use super::visit::Owner;
use super::write::Setback;
use super::{Store, item, key};
use crate::app::App;
use crate::auth::{BoundToken, Credentials, Hash, Token};
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::membership::Claim;
use crate::time::Time;

/// An upsert of a client by the operator's back end.
pub struct Upsert<'a> {
    /// Of the platform.
    pub credentials: &'a Credentials,
    /// The client.
    pub client: &'a ClientId,
    /// A token to be stored with it.
    pub token: Option<BoundToken>,
}

/// What an upsert came to.
pub struct Upserted {
    /// The client as it is now.
    pub client: Client,
    /// The token that was stored with it, by this try of the request or by an earlier one.
    pub token: Option<BoundToken>,
    /// What became of the invitations of its addresses.
    pub claims: Vec<(RoomId, Claim)>,
}

impl Store {
    /// Writes a client as `merge` makes it of what is stored, moves its addresses to it, and redeems the invitations that
    /// wait for them (D36).
    pub async fn upsert_client(
        &self,
        upsert: &Upsert<'_>,
        merge: impl Fn(&App, Option<Client>, Time) -> Result<Client, Error>,
    ) -> Result<Upserted, Error> {
        let app = &upsert.credentials.app;
        let (client, token) = self.until_written(async || self.upsert_once(app, upsert, &merge).await).await?;
        let claims = self.redeem(upsert.credentials, &client).await.map_err(Error::after_a_change)?;
        Ok(Upserted { client, token, claims })
    }

    async fn upsert_once(
        &self,
        app: &AppId,
        upsert: &Upsert<'_>,
        merge: impl Fn(&App, Option<Client>, Time) -> Result<Client, Error>,
    ) -> Result<(Client, Option<BoundToken>), Setback> {
        let keys = [Key::app(app), Key::client(app, upsert.client), Key::erasing(app, upsert.client)];
        let known = self.back_office(upsert.credentials, keys.clone()).await?;
        let [record, before, erasing] = keys;
        if let Some(upserted) = self.taken()? {
            return Ok(upserted);
        }
        if known.has(&erasing) {
            return Err(Error::Busy.into()); // minutes may go by until it can be made: waiting is the caller's part
        }
        let (record, before) = (known.get(&record)?.ok_or(Error::InvalidApiKey)?, known.get::<Client>(&before)?);
        let client = merge(&record, before.clone(), Time::now())?;
        let items = self.client_items(app, before.as_ref(), &client, upsert.token.as_ref()).await?;
        let upserted = (client, upsert.token.clone());
        self.transact_step(items, None, &upserted).await?;
        Ok(upserted)
    }

    /// The client, its addresses, its token. An address that another client had is taken from it: the operator's latest
    /// statement holds.
    async fn client_items(
        &self,
        app: &AppId,
        before: Option<&Client>,
        client: &Client,
        token: Option<&BoundToken>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let mut items = vec![self.put_client(app, before, client)?];
        if before.is_none() {
            items.push(absent(&self.table, &Key::erasing(app, &client.id))?);
        }
        let owned = |address: &String| Key::owner(app, address);
        let token_key = token.map(|token| Key::token(app, &Hash::of(&token.secret)));
        let keys: BTreeSet<Key> = client.addresses.iter().map(owned).chain(token_key.clone()).collect();
        let found = if keys.is_empty() { None } else { Some(self.batch(keys).await?) };
        if let (Some(token), Some(key), Some(found)) = (token, token_key, &found) {
            let bound: Option<Token> = found.get(&key)?;
            items.push(self.put_token(&key, app, client, token, bound)?);
        }
        let mut losing: BTreeMap<ClientId, Vec<&str>> = BTreeMap::new();
        for address in &client.addresses {
            let owner: Option<Owner> = match &found {
                Some(found) => found.get(&owned(address))?,
                None => None,
            };
            let owner = owner.map(|owner| owner.client);
            if owner.as_ref() == Some(&client.id) {
                continue;
            }
            items.push(self.put_owner(&owned(address), owner.as_ref(), client)?);
            if let Some(other) = owner {
                losing.entry(other).or_default().push(address);
            }
        }
        for (other, addresses) in losing {
            items.extend(self.without_addresses(app, &other, &addresses).await?);
        }
        for dropped in before.iter().flat_map(|before| &before.addresses) {
            if !client.addresses.contains(dropped) {
                items.push(delete(&self.table, &owned(dropped))?);
            }
        }
        Ok(items)
    }

    /// The client as it is to be, if it is still what was read.
    pub(super) fn put_client(
        &self,
        app: &AppId,
        before: Option<&Client>,
        client: &Client,
    ) -> Result<TransactWriteItem, Error> {
        let key = Key::client(app, &client.id);
        let versioned = client.versioned(before);
        let item = item::write_indexed(&key, &versioned, &key::directory(app), client.id.as_str())?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = match before {
            None => put.condition_expression("attribute_not_exists(PK)"),
            Some(before) => put
                .condition_expression("version = :seen")
                .expression_attribute_values(":seen", item::number(before.version)),
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
    }

    fn put_owner(&self, key: &Key, before: Option<&ClientId>, client: &Client) -> Result<TransactWriteItem, Error> {
        let record = Owner { client: client.id.clone() };
        let put = Put::builder().table_name(&self.table).set_item(Some(item::write(key, &record)?));
        let put = match before {
            None => put.condition_expression("attribute_not_exists(PK)"),
            Some(before) => put
                .condition_expression("client = :seen")
                .expression_attribute_values(":seen", item::text(before.as_str())),
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
    }

    /// A token belongs to one client for as long as it lives.
    pub(super) fn put_token(
        &self,
        key: &Key,
        app: &AppId,
        client: &Client,
        token: &BoundToken,
        bound: Option<Token>,
    ) -> Result<TransactWriteItem, Error> {
        let now = Time::now();
        if bound.is_some_and(|bound| bound.client != client.id && bound.expires_at > now) {
            return Err(Error::invalid("token", "is another client's token"));
        }
        let (client_id, created_at) = (client.id.clone(), client.profile.last_login);
        let (expires_at, ttl) = (token.expires_at, token.expires_at.seconds());
        let record = Token { client: client_id, created_at, expires_at, ttl };
        let listed = format!("{}{}", key::TOKEN, Hash::of(&token.secret).as_str());
        let item = item::write_indexed(key, &record, &key::clients(app, &client.id), &listed)?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK) OR client = :client OR expiresAt <= :now")
            .expression_attribute_values(":client", item::text(client.id.as_str()))
            .expression_attribute_values(":now", item::value(&now)?);
        Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
    }

    /// One write for all that a client loses: a transaction takes no item twice.
    async fn without_addresses(
        &self,
        app: &AppId,
        other: &ClientId,
        addresses: &[&str],
    ) -> Result<Option<TransactWriteItem>, Error> {
        let key = Key::client(app, other);
        let Some(before) = self.batch(BTreeSet::from([key.clone()])).await?.get::<Client>(&key)? else {
            return Ok(None);
        };
        let after = addresses.iter().fold(before.clone(), |client, address| client.without_address(address));
        self.put_client(app, Some(&before), &after).map(Some)
    }
}
