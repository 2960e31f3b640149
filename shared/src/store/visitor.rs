//! A caller who visits no room; and how any caller is proven by what the table holds under his key and token.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Store;
use super::key::Key;
use super::read::Items;
use crate::auth::{Caller, Credentials, Found, KeyKind, Proof, prove};
use crate::client::Client;
use crate::error::Error;
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
        Ok(self.visitor_with(credentials, []).await?.0)
    }

    /// Proves that the platform comes, and that whom it acts for is a client (D4); what else was read with it.
    pub(super) async fn back_office(
        &self,
        credentials: &Credentials,
        also: impl IntoIterator<Item = Key>,
    ) -> Result<Items, Error> {
        match self.visitor_with(credentials, also).await? {
            (Visitor { caller: Caller::Platform(_), .. }, items) => Ok(items),
            (Visitor { caller: Caller::Client(_), .. }, _) => Err(Error::InvalidApiKey),
        }
    }

    pub(super) async fn visitor_with(
        &self,
        credentials: &Credentials,
        also: impl IntoIterator<Item = Key>,
    ) -> Result<(Visitor, Items), Error> {
        let app = &credentials.app;
        let mut asked = proof_keys(credentials);
        asked.extend(self.once_key(credentials));
        asked.extend(also);
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
        self.recall(credentials, &caller, &items).await?;
        Ok((Visitor { caller, client, now }, items))
    }
}

impl Visitor {
    /// The client who acts; the platform must name one, by the header alone where there is no body.
    pub fn client(&self) -> Result<&Client, Error> {
        self.client.as_ref().ok_or(Error::MissingParameter { names: &["IM-CLIENT-ID"] })
    }
}

/// A key as far as it proves anything.
#[derive(Deserialize)]
pub(super) struct StoredKey {
    pub kind: KeyKind,
}

/// The keys under which the proof of a caller is found.
pub(super) fn proof_keys(credentials: &Credentials) -> BTreeSet<Key> {
    let app = &credentials.app;
    match &credentials.proof {
        Proof::Deployment => BTreeSet::new(),
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
        Proof::Deployment => Found::default(),
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
        (Caller::Platform(Some(sender)), None) => Err(Error::ClientsNotFound { missing: vec![sender.clone()] }),
        (Caller::Client(_), Some(client)) => match &found.token {
            Some(token) if !token.is_revoked(client.revoked_at) => Ok(()),
            Some(_) | None => Err(Error::UnknownToken),
        },
        (Caller::Client(_), None) => Err(Error::UnknownToken),
    }
}
