//! Apps, clients, their tokens and addresses; and the invitations that an address brings with it (D36).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde::Serialize;

use super::key::Key;
use super::visit::{Owner, Visit};
use super::write::{Setback, delete, put};
use super::{PATIENCE, Store, item, key, pause};
use crate::app::{App, NewApp};
use crate::auth::{Credentials, Hash, KeyKind, Token};
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::membership::{self, Claim, Plan};
use crate::time::{Deadline, Time};

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
        let deadline = Deadline::after(PATIENCE);
        for tries in 0.. {
            match self.transact(items.clone(), None).await {
                Ok(()) => return Ok(()),
                Err(Setback::Lost) => return Err(Error::AppExists { app: new.id.to_string() }),
                Err(Setback::Crowded) => {}
                Err(Setback::Unknown(error) | Setback::Failed(error)) => return Err(error),
            }
            let pause = pause(tries);
            if !deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::Busy)
    }

    /// Writes a client as `merge` makes it of what is stored, moves its addresses to it, and redeems the invitations that
    /// wait for them (D36).
    pub async fn upsert_client(
        &self,
        upsert: &Upsert<'_>,
        merge: impl Fn(&App, Option<Client>, Time) -> Result<Client, Error>,
    ) -> Result<Upserted, Error> {
        let app = &upsert.credentials.app;
        let deadline = Deadline::after(PATIENCE);
        for tries in 0.. {
            let known = self.back_office(upsert.credentials, upsert.client).await?;
            let client = merge(&known.record, known.client.clone(), Time::now())?;
            let items = self.client_items(app, known.client.as_ref(), &client, upsert.token.as_ref()).await?;
            match self.transact(items, None).await {
                Ok(()) => {
                    let claims = self.redeem(upsert.credentials, &client).await?;
                    return Ok(Upserted { client, claims });
                }
                Err(Setback::Failed(error)) => return Err(error),
                // Done twice, an upsert is done once: an unknown end is tried again like a lost race.
                Err(Setback::Lost | Setback::Crowded | Setback::Unknown(_)) => {}
            }
            let pause = pause(tries);
            if !deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::Busy)
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
        let record = Token { client: client.id.clone(), expires_at: token.expires_at, ttl: token.expires_at.seconds() };
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

    /// Redeems every live invitation of the client's addresses, each in its own transaction (D36). Safe to repeat: what
    /// was redeemed is gone, what could not be is still there.
    async fn redeem(&self, credentials: &Credentials, client: &Client) -> Result<Vec<(RoomId, Claim)>, Error> {
        let app = &credentials.app;
        let mut waiting = BTreeSet::new(); // an invitation of two addresses is found under both, and is one
        for address in &client.addresses {
            for pointer in self.invitations_of(app, address).await? {
                if let Some((room, named_by)) = pointer.sk.strip_prefix(key::INVITED).and_then(|sk| sk.split_once('#'))
                {
                    waiting.insert((RoomId::parse("id", room)?, named_by.to_owned()));
                }
            }
        }
        let mut claims = Vec::new();
        for (room, named_by) in waiting {
            if let Some(claim) = self.redeem_one(credentials, client, &room, &named_by).await? {
                claims.push((room, claim));
            }
        }
        Ok(claims)
    }

    /// The keys under which an address is invited.
    async fn invitations_of(&self, app: &AppId, address: &str) -> Result<Vec<Key>, Error> {
        let (pk, mut from) = (key::addresses(app, address), key::INVITED.to_owned());
        let mut keys: Vec<Key> = Vec::new();
        loop {
            let (items, more) = self.range(&pk, &from, &format!("{}\u{10ffff}", key::INVITED), None).await?;
            keys.extend(items.iter().filter_map(item::key_of));
            match keys.last() {
                Some(last) if more => from = format!("{}\u{0}", last.sk),
                Some(_) | None => return Ok(keys),
            }
        }
    }

    async fn redeem_one(
        &self,
        credentials: &Credentials,
        client: &Client,
        room: &RoomId,
        named_by: &str,
    ) -> Result<Option<Claim>, Error> {
        let clients = [client.id.clone()];
        let visit = Visit { clients: &clients, invitation: Some(named_by), ..Visit::to(room, credentials) };
        let claim = std::cell::Cell::new(None);
        self.act(&visit, |door| {
            let (outcome, plan) = match membership::claim(door, &client.id) {
                Some((outcome, plan)) => (Some(outcome), plan),
                None => (None, Plan::default()),
            };
            claim.set(outcome);
            Ok(plan)
        })
        .await?;
        Ok(claim.get())
    }
}
