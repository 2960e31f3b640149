//! An app's webhooks.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

use super::element::delete;
use super::key::{self, Key};
use super::write::Setback;
use super::{Store, item};
use crate::auth::Credentials;
use crate::error::Error;
use crate::id::AppId;
use crate::time::Time;
use crate::webhook::{MOST_WEBHOOKS, Target, Webhook};

impl Store {
    /// The app's webhooks, with the one that stands for the rooms' own URLs, which is always there.
    pub async fn webhooks_of(&self, app: &AppId) -> Result<Vec<Webhook>, Error> {
        let items = self.whole_range(&key::webhooks(app), " ", "~").await?;
        let mut webhooks: Vec<Webhook> = items.into_iter().map(item::read).collect::<Result<_, _>>()?;
        if !webhooks.iter().any(|webhook| webhook.id == Target::Room.as_str()) {
            webhooks.push(Webhook::of_rooms());
        }
        Ok(webhooks)
    }

    /// One webhook of an app.
    pub async fn webhook_of(&self, app: &AppId, target: &Target) -> Result<Option<Webhook>, Error> {
        let key = Key::webhook(app, target.as_str());
        let stored = self.batch(BTreeSet::from([key.clone()])).await?.get(&key)?;
        Ok(stored.or_else(|| (*target == Target::Room).then(Webhook::of_rooms)))
    }

    /// All webhooks of the platform that asks.
    pub async fn webhooks(&self, credentials: &Credentials) -> Result<Vec<Webhook>, Error> {
        let (_, webhooks) = tokio::try_join!(self.back_office(credentials, []), self.webhooks_of(&credentials.app))?;
        Ok(webhooks)
    }

    /// One webhook of the platform that asks.
    pub async fn webhook(&self, credentials: &Credentials, target: &Target) -> Result<Webhook, Error> {
        let key = Key::webhook(&credentials.app, target.as_str());
        let stored = self.back_office(credentials, [key.clone()]).await?.get(&key)?;
        let default = || (*target == Target::Room).then(Webhook::of_rooms);
        stored.or_else(default).ok_or_else(|| Error::WebhookNotFound { id: target.as_str().to_owned() })
    }

    /// That the platform asks, and that there is such a target: the webhook, if it is one.
    pub async fn target(&self, credentials: &Credentials, target: &Target) -> Result<Option<Webhook>, Error> {
        match target {
            Target::Webhook(_) | Target::Room => self.webhook(credentials, target).await.map(Some),
            Target::Mail | Target::Mobile => self.back_office(credentials, []).await.map(|_| None),
        }
    }

    /// Registers a webhook; from then on its app's happenings are told. The webhook as it was registered, by this try of the
    /// request or by an earlier one.
    pub async fn add_webhook(&self, credentials: &Credentials, new: &Webhook) -> Result<Webhook, Error> {
        let app = &credentials.app;
        self.until_written(async || {
            let webhooks = self.webhooks(credentials).await?;
            if let Some(webhook) = self.taken()? {
                return Ok(webhook);
            }
            if webhooks.iter().any(|webhook| webhook.id == new.id) {
                return Ok(new.clone()); // a try before this one was written
            }
            if webhooks.len() > MOST_WEBHOOKS {
                return Err(Setback::Failed(Error::TooManyWebhooks { limit: MOST_WEBHOOKS }));
            }
            self.transact_step(vec![self.listen(app)?, self.put_webhook(app, None, new)?], None, new).await?;
            Ok(new.clone())
        })
        .await
    }

    /// Writes a webhook as `change` makes it of what is stored.
    pub async fn change_webhook(
        &self,
        credentials: &Credentials,
        target: &Target,
        change: impl Fn(&Webhook, Time) -> Result<Webhook, Error>,
    ) -> Result<Webhook, Error> {
        self.until_written(async || {
            let before = self.webhook(credentials, target).await?;
            if let Some(after) = self.taken()? {
                return Ok(after);
            }
            let after = change(&before, Time::now())?;
            let write = self.put_webhook(&credentials.app, Some(&before), &after)?;
            self.transact_step(vec![write], None, &after).await?;
            Ok(after)
        })
        .await
    }

    /// Deletes a webhook; as it was. What waited to be delivered to it is given up.
    pub async fn delete_webhook(&self, credentials: &Credentials, target: &Target) -> Result<Webhook, Error> {
        let deleted = std::cell::RefCell::new(None);
        self.until_written(async || {
            let found = self.webhook(credentials, target).await;
            if let Some(before) = self.taken()? {
                return Ok(before);
            }
            let before = match (found, deleted.take()) {
                (Err(Error::WebhookNotFound { .. }), Some(before)) => return Ok(before), // by a try before this one
                (found, _) => found?,
            };
            deleted.replace(Some(before.clone()));
            let write = match target {
                // It is always there: it becomes what it was at first, but for its secret, which may be known to somebody.
                Target::Room => self.put_webhook(&credentials.app, Some(&before), &before.reset(Time::now()))?,
                _ => delete(&self.table, &Key::webhook(&credentials.app, target.as_str()))?,
            };
            self.transact_step(vec![write], None, &before).await?;
            Ok(before)
        })
        .await
    }

    /// The receiver has said 410. Whoever changes the webhook meanwhile knows better.
    pub async fn webhook_is_gone(&self, app: &AppId, webhook: &Webhook, gone: &Webhook) -> Result<(), Error> {
        match self.transact(vec![self.put_webhook(app, Some(webhook), gone)?], None).await {
            Ok(()) | Err(Setback::Lost(_)) => Ok(()),
            Err(Setback::Crowded) => Err(Error::Busy),
            Err(Setback::Unknown(error) | Setback::Failed(error)) => Err(error),
        }
    }

    /// From now on somebody is told what happens in this app's rooms.
    pub(super) fn listen(&self, app: &AppId) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::app(app))))
            .update_expression("SET listens = :yes")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":yes", item::value(&true)?);
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }

    /// A webhook, if the one in its place is still what was read; that of the rooms may not be there at all.
    fn put_webhook(&self, app: &AppId, before: Option<&Webhook>, after: &Webhook) -> Result<TransactWriteItem, Error> {
        let put =
            Put::builder().table_name(&self.table).set_item(Some(item::write(&Key::webhook(app, &after.id), after)?));
        let put = match before.filter(|before| before.version > 0) {
            None => put.condition_expression("attribute_not_exists(PK)"),
            Some(before) => put
                .condition_expression("version = :seen")
                .expression_attribute_values(":seen", item::number(before.version)),
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
    }
}
