//! A caller who visits no room; and how any caller is proven by what the table holds under his key and token.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Store;
use super::key::Key;
use super::read::Items;
use crate::auth::{Caller, Credentials, Found, KeyKind, Proof, prove};
use crate::client::Client;
use crate::error::Error;
use crate::id::ClientId;
use crate::time::Time;

/// Who calls, where the call is about no room.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The proven caller.
    pub caller: Caller,
    /// The record of the client who acts; none when the platform acts for nobody.
    pub client: Option<Client>,
    /// When it was proven.
    pub now: Time,
}

impl Store {
    /// Proves who comes: one round, and one more for a token that does not say whose it is.
    pub async fn visitor(&self, credentials: &Credentials) -> Result<Visitor, Error> {
        let app = &credentials.app;
        let mut asked = proof_keys(credentials);
        asked.extend(credentials.hint().map(|client| Key::client(app, client)));
        let mut items = self.batch(asked.clone()).await?;
        let (now, found) = (Time::now(), found(credentials, &items)?);
        let caller = prove(credentials, &found, now)?;
        self.belongs_to(app);
        let own = caller.client().map(|client| Key::client(app, client));
        if let Some(key) = own.as_ref().filter(|key| !asked.contains(key)) {
            items.extend(self.batch(BTreeSet::from([key.clone()])).await?);
        }
        let client: Option<Client> = own.map(|key| items.get(&key)).transpose()?.flatten();
        acts_as_a_client(&caller, client.as_ref(), &found)?;
        Ok(Visitor { caller, client, now })
    }
}

#[derive(Deserialize)]
struct StoredKey {
    kind: KeyKind,
}

/// The keys under which the proof of a caller is found.
pub(super) fn proof_keys(credentials: &Credentials) -> BTreeSet<Key> {
    let app = &credentials.app;
    match &credentials.proof {
        Proof::ApiKey { key, .. } => BTreeSet::from([Key::app_key(app, key)]),
        Proof::Token { key, token, .. } => {
            key.iter().map(|key| Key::app_key(app, key)).chain([Key::token(app, token)]).collect()
        }
    }
}

/// What is there under these keys.
pub(super) fn found(credentials: &Credentials, items: &Items) -> Result<Found, Error> {
    let app = &credentials.app;
    let kind = |key| items.get::<StoredKey>(&Key::app_key(app, key)).map(|stored| stored.map(|stored| stored.kind));
    Ok(match &credentials.proof {
        Proof::ApiKey { key, .. } => Found { key: kind(key)?, token: None },
        Proof::Token { key, token, .. } => {
            Found { key: key.as_ref().map(kind).transpose()?.flatten(), token: items.get(&Key::token(app, token))? }
        }
    })
}

/// Whoever acts must be a client of the app (D4), and his token must not be revoked (D5). `record` is the one of the
/// caller's client.
pub(super) fn acts_as_a_client(caller: &Caller, record: Option<&Client>, found: &Found) -> Result<(), Error> {
    match (caller, record) {
        (Caller::Platform(None), _) | (Caller::Platform(_), Some(_)) => Ok(()),
        (Caller::Platform(Some(sender)), None) => Err(nobody(sender)),
        (Caller::Client(_), Some(client)) => match &found.token {
            Some(token) if !token.is_revoked(client.revoked_at) => Ok(()),
            Some(_) | None => Err(Error::UnknownToken),
        },
        (Caller::Client(_), None) => Err(Error::UnknownToken),
    }
}

/// No client has this id.
pub(super) fn nobody(client: &ClientId) -> Error {
    Error::ClientsNotFound { missing: vec![client.clone()] }
}
