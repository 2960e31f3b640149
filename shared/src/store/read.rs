//! Reading: everything whose key is known from the request goes out at once.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::item::{self, Item};
use super::key::{self, Key};
use super::{Store, pause};
use crate::address::{Address, Region};
use crate::app::App;
use crate::auth::{Credentials, Found, KeyKind, Proof, prove};
use crate::change::Entry;
use crate::door::{Door, Invitee, Known};
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::room::{Page, Room, Standing};
use crate::time::Time;

/// How many keys DynamoDB takes in one batch.
const BATCH: usize = 100;

/// What a request needs to know before anything is decided.
pub struct Visit<'a> {
    /// Whom the request says it comes from.
    pub credentials: &'a Credentials,
    /// The room it is about.
    pub room: &'a RoomId,
    /// The clients it names.
    pub clients: &'a [ClientId],
    /// The part of the room that the reply shows.
    pub view: View<'a>,
    /// Whom a Talk invitation is for.
    pub sought: Option<&'a Sought>,
    /// The address that names an invitation to the room.
    pub invitation: Option<&'a str>,
}

impl<'a> Visit<'a> {
    /// A visit to a room that looks at nobody but the caller.
    pub fn to(room: &'a RoomId, credentials: &'a Credentials) -> Self {
        Self { credentials, room, clients: &[], view: View::Minimal, sought: None, invitation: None }
    }
}

/// The part of a room that a reply shows (D24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View<'a> {
    /// The room without its members.
    Minimal,
    /// The room and so many of its members, in the order of their ids, behind the one given.
    Members {
        /// The last one of the page before.
        after: Option<&'a ClientId>,
        /// At most so many.
        limit: usize,
    },
}

/// Whom a Talk invitation is for, as asked (D33).
pub enum Sought {
    /// By `_userId`.
    Client(ClientId),
    /// By address; the mobile names the invitation when both are given.
    Addresses {
        /// As written.
        mobile: Option<String>,
        /// As written.
        email: Option<String>,
    },
}

impl Sought {
    /// The addresses, the one that is searched for first.
    pub fn addresses(&self, region: &Region) -> Result<Vec<Address>, Error> {
        let Self::Addresses { mobile, email } = self else { return Ok(Vec::new()) };
        let bad = |name: &'static str| move |flaw: crate::address::BadAddress| Error::invalid(name, flaw.to_string());
        let mobile = mobile.as_deref().map(|text| Address::mobile(text, region).map_err(bad("mobile"))).transpose()?;
        let email = email.as_deref().map(|text| Address::email(text).map_err(bad("email"))).transpose()?;
        Ok(mobile.into_iter().chain(email).collect())
    }
}

#[derive(Deserialize)]
struct StoredKey {
    kind: KeyKind,
}

/// Who has signed up with an address.
#[derive(serde::Serialize, Deserialize)]
pub(super) struct Owner {
    pub client: ClientId,
}

/// Items by their keys.
pub(super) struct Items(BTreeMap<Key, Item>);

impl Items {
    pub(super) fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Error> {
        self.0.get(key).cloned().map(item::read).transpose()
    }
}

impl Store {
    /// Reads what a visit needs and proves who comes: one round for an issued token; one more when the token does not say
    /// whose it is, or when an address leads to a client (`design`: at most two rounds and the write).
    pub async fn open(&self, visit: &Visit<'_>) -> Result<Door, Error> {
        let Credentials { app, .. } = visit.credentials;
        let guessed = Region::default();
        let sought = visit.sought.map(|sought| sought.addresses(&guessed)).transpose()?.unwrap_or_default();
        let asked = self.first_keys(visit, &sought);
        let (mut items, page) = tokio::try_join!(self.batch(asked.clone()), self.view(app, visit))?;

        let now = Time::now();
        let caller = prove(visit.credentials, &found(visit.credentials, &items)?, now)?;
        self.belongs_to(app);
        let record: Option<App> = items.get(&Key::app(app))?;
        let mut door = Door {
            app: app.clone(),
            caller,
            id: visit.room.clone(),
            room: None,
            people: BTreeMap::new(),
            page: None,
            invitee: None,
            invitation: None,
            record,
            now,
        };
        let (sought, owner) = self.sought(visit, &door, sought, &mut items).await?;
        let mut unread = BTreeSet::new();
        for client in door.caller.client().into_iter().chain(&owner) {
            unread.extend([Key::client(app, client), Key::standing(app, visit.room, client)]);
        }
        unread.retain(|key| !asked.contains(key));
        if !unread.is_empty() {
            items.0.extend(self.batch(unread).await?.0);
        }
        (door.room, door.page) = match page {
            Some((room, page)) => (room, Some(page)),
            None => (items.get(&Key::room(app, visit.room))?, None),
        };
        for client in visit.clients.iter().chain(door.caller.client()).chain(&owner) {
            let known = Known {
                client: items.get(&Key::client(app, client))?,
                standing: items.get(&Key::standing(app, visit.room, client))?,
            };
            door.people.insert(client.clone(), known);
        }
        let named_by = visit.invitation.or(sought.first().map(Address::canonical));
        door.invitation = match named_by {
            Some(address) => items.get(&Key::invitation(app, visit.room, address))?,
            None => None,
        };
        door.invitee = match (visit.sought, owner) {
            (None, _) => None,
            (Some(_), Some(client)) => Some(Invitee::Client(client)),
            (Some(_), None) => Some(Invitee::Stranger { addresses: sought }),
        };
        acts_as_a_client(&door)?;
        Ok(door)
    }

    /// Every key that the request itself tells.
    fn first_keys(&self, visit: &Visit<'_>, sought: &[Address]) -> BTreeSet<Key> {
        let (app, room) = (&visit.credentials.app, visit.room);
        let mut keys = BTreeSet::new();
        match &visit.credentials.proof {
            Proof::ApiKey { key, .. } => keys.extend([Key::key(app, key)]),
            Proof::Token { key, token, .. } => {
                keys.extend(key.as_ref().map(|key| Key::key(app, key)));
                keys.insert(Key::token(app, token));
            }
        }
        let named = match visit.sought {
            Some(Sought::Client(client)) => Some(client),
            Some(Sought::Addresses { .. }) | None => None,
        };
        for client in visit.clients.iter().chain(visit.credentials.hint()).chain(named) {
            keys.extend([Key::client(app, client), Key::standing(app, room, client)]);
        }
        if visit.view == View::Minimal {
            keys.insert(Key::room(app, room));
        }
        if visit.sought.is_some() {
            keys.insert(Key::app(app));
        }
        keys.extend(visit.invitation.map(|address| Key::invitation(app, room, address)));
        if let Some(address) = sought.first() {
            keys.extend(address_keys(app, room, address));
        }
        keys
    }

    /// The addresses sought, read under the app's own region, and the client who owns the first. Only where the first
    /// reads guessed the region wrongly does this read again.
    async fn sought(
        &self,
        visit: &Visit<'_>,
        door: &Door,
        guessed: Vec<Address>,
        items: &mut Items,
    ) -> Result<(Vec<Address>, Option<ClientId>), Error> {
        let Some(sought) = visit.sought else { return Ok((guessed, None)) };
        if let Sought::Client(client) = sought {
            return Ok((guessed, Some(client.clone())));
        }
        let region = door.record.as_ref().map(App::region).unwrap_or_default();
        let addresses = sought.addresses(&region)?;
        let Some(first) = addresses.first() else { return Ok((addresses, None)) };
        if guessed.first().map(Address::canonical) != Some(first.canonical()) {
            let keys = address_keys(&door.app, visit.room, first);
            items.0.extend(self.batch(BTreeSet::from(keys)).await?.0);
        }
        let owner: Option<Owner> = items.get(&Key::owner(&door.app, first.canonical()))?;
        Ok((addresses, owner.map(|owner| owner.client)))
    }

    /// Proves that a request comes from the platform, and reads the app and one client with it.
    pub(super) async fn back_office(&self, credentials: &Credentials, client: &ClientId) -> Result<BackOffice, Error> {
        let app = &credentials.app;
        let Proof::ApiKey { key, .. } = &credentials.proof else { return Err(Error::InvalidApiKey) };
        let keys = BTreeSet::from([Key::key(app, key), Key::app(app), Key::client(app, client)]);
        let items = self.batch(keys).await?;
        prove(credentials, &found(credentials, &items)?, Time::now())?;
        self.belongs_to(app);
        let record: App = items.get(&Key::app(app))?.ok_or(Error::InvalidApiKey)?;
        Ok(BackOffice { record, client: items.get(&Key::client(app, client))? })
    }

    /// Up to `limit` entries of a room's log behind `after`, in order.
    pub async fn entries(&self, app: &AppId, room: &RoomId, after: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        let from = Key::entry(app, room, after.saturating_add(1));
        let items = self.range(&from.pk, &from.sk, "LOG#~", Some(limit)).await?.0;
        items.into_iter().map(item::read).collect()
    }

    /// The room and the members that the reply shows. One query reads both: the room sorts first.
    async fn view(&self, app: &AppId, visit: &Visit<'_>) -> Result<Option<(Option<Room>, Page)>, Error> {
        let View::Members { after, limit } = visit.view else { return Ok(None) };
        let pk = key::rooms(app, visit.room);
        let room_key = Key::room(app, visit.room);
        if let Some(after) = after {
            // A later page: the room itself lies before it, so it is read beside it.
            let from = format!("{}\u{0}", Key::standing(app, visit.room, after).sk);
            let (room, page) =
                tokio::try_join!(self.batch(BTreeSet::from([room_key.clone()])), self.members(&pk, from, limit))?;
            return Ok(Some((room.get(&room_key)?, page.1)));
        }
        let (room, page) = self.members(&pk, room_key.sk, limit).await?;
        Ok(Some((room, page)))
    }

    /// Reads on from a sort key until `limit` members are found or the room's standings end.
    async fn members(&self, pk: &str, mut from: String, limit: usize) -> Result<(Option<Room>, Page), Error> {
        let mut room = None;
        let mut page = Page::default();
        loop {
            // The room, the members, and one more: it tells whether another page follows.
            let (items, more) = self.range(pk, &from, &format!("{}\u{10ffff}", key::STANDING), Some(limit + 2)).await?;
            for item in items {
                let Some(key) = item::key_of(&item) else { continue };
                if key.sk == "#ROOM" {
                    room = Some(item::read(item)?);
                } else if key.sk.strip_prefix(key::STANDING).is_some_and(|who| !who.contains('#')) {
                    let standing: Standing = item::read(item)?;
                    page.members.extend(Some(standing).filter(|standing| standing.membership().is_some()));
                    if page.members.len() > limit {
                        page.cut(limit);
                        return Ok((room, page));
                    }
                }
                from = format!("{}\u{0}", key.sk);
            }
            if !more {
                return Ok((room, page));
            }
        }
    }

    /// One query between two sort keys, both included; whether more lies behind it.
    pub(super) async fn range(
        &self,
        pk: &str,
        from: &str,
        to: &str,
        limit: Option<usize>,
    ) -> Result<(Vec<Item>, bool), Error> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :pk AND SK BETWEEN :from AND :to")
            .expression_attribute_values(":pk", item::text(pk))
            .expression_attribute_values(":from", item::text(from))
            .expression_attribute_values(":to", item::text(to))
            .consistent_read(true)
            .set_limit(limit.and_then(|limit| i32::try_from(limit).ok()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = query.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        let more = reply.last_evaluated_key.is_some();
        Ok((reply.items.unwrap_or_default(), more))
    }

    /// All these items, in as few requests as there can be, side by side.
    pub(super) async fn batch(&self, keys: BTreeSet<Key>) -> Result<Items, Error> {
        let keys: Vec<Key> = keys.into_iter().collect();
        let parts = try_join_all(keys.chunks(BATCH).map(|chunk| self.one_batch(chunk))).await?;
        Ok(Items(parts.into_iter().flatten().filter_map(|item| Some((item::key_of(&item)?, item))).collect()))
    }

    /// One batch, asking again for what DynamoDB had no time for.
    async fn one_batch(&self, keys: &[Key]) -> Result<Vec<Item>, Error> {
        let mut wanted: Vec<Item> = keys.iter().map(item::keyed).collect();
        let mut items = Vec::with_capacity(keys.len());
        for tries in 0..8 {
            let ask = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
            let reply = self
                .dynamo
                .batch_get_item()
                .request_items(&self.table, ask.map_err(Error::internal)?)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(read_failed)?;
            self.spent(reply.consumed_capacity());
            items.extend(reply.responses.unwrap_or_default().remove(&self.table).unwrap_or_default());
            let left = reply.unprocessed_keys.unwrap_or_default().remove(&self.table);
            match left {
                None => return Ok(items),
                Some(left) => wanted = left.keys,
            }
            tokio::time::sleep(pause(tries)).await;
        }
        Err(Error::Busy)
    }

    /// The cheapest request there is: half a read unit, on a key that no app has.
    pub(super) async fn knock(&self) -> Result<(), Error> {
        let nowhere = item::keyed(&Key { pk: "-".into(), sk: "-".into() });
        let ask = KeysAndAttributes::builder().keys(nowhere).build().map_err(Error::internal)?;
        self.dynamo.batch_get_item().request_items(&self.table, ask).send().await.map_err(read_failed)?;
        Ok(())
    }
}

/// What the platform's own routes know before they act.
pub(super) struct BackOffice {
    pub record: App,
    pub client: Option<crate::client::Client>,
}

/// Where an address leads: to its owner, and to its invitation to the room.
fn address_keys(app: &AppId, room: &RoomId, address: &Address) -> [Key; 2] {
    [Key::owner(app, address.canonical()), Key::invitation(app, room, address.canonical())]
}

fn found(credentials: &Credentials, items: &Items) -> Result<Found, Error> {
    let app = &credentials.app;
    let kind = |key| items.get::<StoredKey>(&Key::key(app, key)).map(|stored| stored.map(|stored| stored.kind));
    Ok(match &credentials.proof {
        Proof::ApiKey { key, .. } => Found { key: kind(key)?, token: None },
        Proof::Token { key, token, .. } => {
            Found { key: key.as_ref().map(kind).transpose()?.flatten(), token: items.get(&Key::token(app, token))? }
        }
    })
}

/// Whoever acts must be a client of the app (D4).
fn acts_as_a_client(door: &Door) -> Result<(), Error> {
    match door.caller.client() {
        Some(client) if door.client(client).is_none() && door.caller.is_platform() => {
            Err(Error::ClientsNotFound { missing: vec![client.clone()] })
        }
        Some(client) if door.client(client).is_none() => Err(Error::UnknownToken),
        Some(_) | None => Ok(()),
    }
}

/// A read that DynamoDB had no room for is the caller's to repeat; any other failure is ours.
pub(super) fn read_failed<E>(failure: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match failure.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => Error::Busy,
        _ => Error::internal(failure),
    }
}
