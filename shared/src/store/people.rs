//! Apps, clients, their tokens and addresses; and the invitations that an address brings with it (D36).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde::Serialize;

use super::key::Key;
use super::visit::Owner;
use super::write::{Setback, delete, put};
use super::{Store, item, pause};
use crate::app::{App, NewApp};
use crate::auth::{Credentials, Hash, KeyKind, Token};
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId, random_hex};
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

/// A token to be stored, with its lifetime.
pub struct BoundToken {
    /// In clear: shown to the operator once, never stored.
    pub secret: String,
    /// From then on it is refused.
    pub expires_at: Time,
}

/// What an upsert came to.
pub struct Upserted {
    /// The client as it is now.
    pub client: Client,
    /// What became of the invitations of its addresses.
    pub claims: Vec<(RoomId, Claim)>,
}

#[derive(Serialize)]
struct NewKey {
    kind: KeyKind,
    #[serde(rename = "createdAt")]
    created_at: Time,
}

impl Store {
    /// Makes an app and its first two keys.
    pub async fn create_app(&self, new: &NewApp) -> Result<(), Error> {
        let key = |secret: &str, kind| {
            let record = NewKey { kind, created_at: new.app.created_at };
            put(&self.table, &Key::app_key(&new.id, &Hash::of(secret)), &record, None)
        };
        let items = vec![
            put(&self.table, &Key::app(&new.id), &new.app, None)?,
            key(&new.client_key, KeyKind::Client)?,
            key(&new.api_key, KeyKind::Api)?,
        ];
        let (token, mut unknown) = (random_hex::<16>(), None);
        for tries in 0.. {
            match self.transact(items.clone(), Some(token.clone())).await {
                Ok(()) => return Ok(()),
                Err(Setback::Lost) if unknown.is_some() && self.has_key(&new.id, &new.api_key).await? => return Ok(()),
                Err(Setback::Lost) => return Err(Error::AppExists { app: new.id.to_string() }),
                Err(Setback::Crowded) => {}
                Err(Setback::Unknown(cause)) => unknown = Some(cause),
                Err(Setback::Failed(error)) => return Err(error),
            }
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(unknown.unwrap_or(Error::Busy))
    }

    /// Whether the key is the app's: keys are random, so that only the call that made it can have written it.
    async fn has_key(&self, app: &AppId, secret: &str) -> Result<bool, Error> {
        let key = Key::app_key(app, &Hash::of(secret));
        Ok(self.batch(BTreeSet::from([key.clone()])).await?.get::<serde::de::IgnoredAny>(&key)?.is_some())
    }

    /// Writes a client as `merge` makes it of what is stored, moves its addresses to it, and redeems the invitations that
    /// wait for them (D36).
    pub async fn upsert_client(
        &self,
        upsert: &Upsert<'_>,
        merge: impl Fn(&App, Option<Client>, Time) -> Result<Client, Error>,
    ) -> Result<Upserted, Error> {
        let app = &upsert.credentials.app;
        let mut unknown = None;
        for tries in 0.. {
            match self.upsert_once(app, upsert, &merge).await {
                Ok(client) => {
                    let claims = self.redeem(upsert.credentials, &client).await.map_err(too_late)?;
                    return Ok(Upserted { client, claims });
                }
                Err(Setback::Failed(error)) => return Err(unknown.unwrap_or(error)),
                // Done twice, an upsert is done once: an unknown end is tried again like a lost race.
                Err(Setback::Unknown(cause)) => unknown = Some(cause),
                Err(Setback::Lost | Setback::Crowded) => {}
            }
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(unknown.unwrap_or(Error::Busy)) // `BUSY` says that nothing has changed
    }

    async fn upsert_once(
        &self,
        app: &AppId,
        upsert: &Upsert<'_>,
        merge: impl Fn(&App, Option<Client>, Time) -> Result<Client, Error>,
    ) -> Result<Client, Setback> {
        let known = self.back_office(upsert.credentials, upsert.client).await.map_err(Setback::Failed)?;
        let client = merge(&known.record, known.client.clone(), Time::now()).map_err(Setback::Failed)?;
        let items = self.client_items(app, known.client.as_ref(), &client, upsert.token.as_ref()).await;
        self.transact(items.map_err(Setback::Failed)?, None).await?;
        Ok(client)
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
        let owned = |address: &String| Key::owner(app, address);
        let token_key = token.map(|token| Key::token(app, &Hash::of(&token.secret)));
        let keys: BTreeSet<Key> = client.addresses.iter().map(owned).chain(token_key.clone()).collect();
        let found = if keys.is_empty() { None } else { Some(self.batch(keys).await?) };
        if let (Some(token), Some(key), Some(found)) = (token, token_key, &found) {
            let bound: Option<Token> = found.get(&key)?;
            items.push(self.put_token(&key, client, token, bound)?);
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

    fn put_client(&self, app: &AppId, before: Option<&Client>, client: &Client) -> Result<TransactWriteItem, Error> {
        let put =
            Put::builder().table_name(&self.table).set_item(Some(item::write(&Key::client(app, &client.id), client)?));
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
    fn put_token(
        &self,
        key: &Key,
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
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item::write(key, &record)?))
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

/// The client is stored: a crowded table must not be told as `BUSY`, which says that nothing has changed.
fn too_late(error: Error) -> Error {
    match error {
        Error::Busy => Error::internal("the client is stored, but its invitations could not be read"),
        other => other,
    }
}
