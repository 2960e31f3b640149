//! The counters of budgets: written with what they count, on the condition that there is enough left. Nobody reads them.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::key::Key;
use super::write::Setback;
use super::{Store, item};
use crate::act::Act;
use crate::budget::Charge;
use crate::door::Door;
use crate::error::Error;
use crate::id::AppId;
use crate::time::Time;

/// How many elements a transaction takes; one is left for what is kept of the answer.
const MOST: usize = 99;

impl Store {
    /// The elements of an act: the charges first, as many as one transaction holds beside the rest.
    pub(super) fn elements(&self, app: &AppId, act: &Act) -> Result<Vec<TransactWriteItem>, Error> {
        let effects = self.effects(app, act)?;
        let within = act.charges.len().min(MOST.saturating_sub(effects.len()));
        let mut items = self.charges(app, &act.charges[..within])?;
        items.extend(effects);
        Ok(items)
    }

    /// The charges that the act's own transaction has no place for, in one of their own: whoever is refused has changed
    /// nothing, and whoever is refused afterwards has used up what he has not done.
    pub(super) async fn charge_ahead(&self, app: &AppId, act: &Act, now: Time) -> Result<(), Setback> {
        let within = act.charges.len().min(MOST.saturating_sub(self.effects(app, act)?.len()));
        let beyond = &act.charges[within..];
        if beyond.is_empty() {
            return Ok(());
        }
        match self.transact(self.charges(app, beyond)?, None).await {
            Err(Setback::Lost(at)) => match at.first().and_then(|at| beyond.get(*at)) {
                Some(charge) => Err(Setback::Failed(charge.overdrawn(now))),
                None => Err(Setback::Lost(at)),
            },
            sent => sent,
        }
    }

    /// A lost race is another matter than a budget that is used up: that one is a refusal, if nothing else was in the way.
    pub(super) fn not_overdrawn(&self, act: Option<&Act>, lost: &[usize], door: &Door) -> Result<(), Error> {
        let charges = act.map(|act| act.charges.as_slice()).unwrap_or_default();
        match lost.iter().map(|at| charges.get(*at)).collect::<Option<Vec<_>>>().as_deref() {
            Some([charge, ..]) => Err(charge.overdrawn(door.now)),
            Some([]) | None => Ok(()),
        }
    }

    fn charges(&self, app: &AppId, charges: &[Charge]) -> Result<Vec<TransactWriteItem>, Error> {
        charges.iter().map(|charge| self.charge(app, charge)).collect()
    }

    fn charge(&self, app: &AppId, charge: &Charge) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::counter(app, charge))))
            .update_expression("ADD used :amount SET #ttl = :ends")
            .condition_expression("attribute_not_exists(used) OR used <= :most")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":amount", item::number(charge.amount.into()))
            .expression_attribute_values(":most", item::number((charge.limit - charge.amount).into()))
            .expression_attribute_values(":ends", item::value(&charge.ends.seconds())?);
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }
}
