//! Apps and their keys.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use serde::Serialize;

use super::element::{delete, put};
use super::key::Key;
use super::visitor::StoredKey;
use super::write::Setback;
use super::{Store, item, pause};
use crate::app::{App, Keys, NewApp};
use crate::auth::{Hash, KeyKind};
use crate::error::Error;
use crate::id::{AppId, random_hex};
use crate::time::Time;

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
                Err(Setback::Lost(_)) if unknown.is_some() && self.has_key(&new.id, &new.api_key).await? => {
                    return Ok(());
                }
                Err(Setback::Lost(_)) => return Err(Error::AppExists { app: new.id.to_string() }),
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

    /// Gives an app another key of a kind; the two newest of the kind are valid from then on, older ones are none any more.
    /// `current` is the one in use, for an app that was made before its record listed its keys.
    pub async fn rotate_key(
        &self,
        app: &AppId,
        kind: KeyKind,
        new: &Hash,
        current: Option<&Hash>,
    ) -> Result<Keys, Error> {
        self.until_written(async || {
            let wanted = current.map(|current| Key::app_key(app, current));
            let items = self.batch(wanted.clone().into_iter().chain([Key::app(app)]).collect()).await?;
            let missing = || Error::AppNotFound { app: app.to_string() };
            let record: App = items.get(&Key::app(app))?.ok_or_else(missing)?;
            let before = record.keys(kind);
            if before.contains(new) {
                return Ok(before.clone()); // a try before this one was written
            }
            let stored: Option<StoredKey> = wanted.map(|key| items.get(&key)).transpose()?.flatten();
            let current = current.filter(|_| stored.is_some_and(|stored| stored.kind == kind));
            let (after, dropped) = before.rotated(new, current)?;
            let record = NewKey { kind, created_at: Time::now() };
            let mut writes = vec![self.put_keys(app, kind, before, &after)?];
            writes.push(put(&self.table, &Key::app_key(app, new), &record, None)?);
            for old in &dropped {
                writes.push(delete(&self.table, &Key::app_key(app, old))?);
            }
            self.transact(writes, None).await?;
            Ok(after)
        })
        .await
    }

    /// The list of an app's keys, if it is still what was read.
    fn put_keys(&self, app: &AppId, kind: KeyKind, before: &Keys, after: &Keys) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::app(app))))
            .update_expression("SET #keys = :after")
            .expression_attribute_names("#keys", App::attribute(kind))
            .expression_attribute_values(":after", item::value(after)?);
        let update = match before.is_unlisted() {
            true => update.condition_expression("attribute_not_exists(#keys)"),
            false => update
                .condition_expression("#keys = :before")
                .expression_attribute_values(":before", item::value(before)?),
        };
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }
}
