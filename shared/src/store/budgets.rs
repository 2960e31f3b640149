//! The counters of budgets: written with what they count, on the condition that there is enough left. Nobody reads them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::key::Key;
use super::write::Setback;
use super::{Store, item};
use crate::act::Act;
use crate::budget::{Budget, Charge};
use crate::error::Error;
use crate::id::{AppId, ClientId};
use crate::time::Time;

/// How many elements a transaction takes; one is left for what is kept of the answer.
const MOST: usize = 99;

/// What has been counted ahead of an act: a try that comes after a lost race does not count it again.
#[derive(Default)]
pub(super) struct Paid(BTreeMap<(Budget, Option<ClientId>, i64), u32>);

impl Paid {
    /// What is left to count of these.
    fn due(&self, charges: &[Charge]) -> Vec<Charge> {
        let left = |charge: &Charge| charge.amount.saturating_sub(self.0.get(&place(charge)).copied().unwrap_or(0));
        let due = charges.iter().map(|charge| Charge { amount: left(charge), ..charge.clone() });
        due.filter(|charge| charge.amount > 0).collect()
    }

    fn note(&mut self, charges: &[Charge]) {
        for charge in charges {
            *self.0.entry(place(charge)).or_default() += charge.amount;
        }
    }
}

fn place(charge: &Charge) -> (Budget, Option<ClientId>, i64) {
    (charge.budget, charge.client.clone(), charge.window)
}

/// A lost race is another matter than a budget that is used up: that one is a refusal, if nothing else was in the way. The
/// charges are the first elements of the transaction.
pub(super) fn overdrawn(setback: Setback, charges: &[Charge], now: Time) -> Setback {
    let Setback::Lost(at) = setback else { return setback };
    match at.iter().map(|at| charges.get(*at)).collect::<Option<Vec<_>>>().as_deref() {
        Some([charge, ..]) => Setback::Failed(charge.overdrawn(now)),
        Some([]) | None => Setback::Lost(at),
    }
}

impl Store {
    /// What the act's own transaction counts, beside so many other elements. What it has no place for is counted ahead, in a
    /// transaction of its own, and the inviter's budget there first: whoever has none left uses up nobody else's. Whoever is
    /// refused here has changed nothing; whoever is refused afterwards has used up what he has not done. A counting whose end
    /// is unknown is done again: rather twice than never.
    pub(super) async fn charge_ahead(
        &self,
        app: &AppId,
        act: &Act,
        others: usize,
        now: Time,
        paid: &mut Paid,
    ) -> Result<Vec<Charge>, Setback> {
        let mut ahead = paid.due(&act.charges);
        let within = ahead.split_off(ahead.len().saturating_sub(MOST.saturating_sub(others)));
        if !ahead.is_empty() {
            let counted = self.transact(self.charges(app, &ahead)?, None).await;
            counted.map_err(|setback| overdrawn(setback, &ahead, now))?;
            paid.note(&ahead);
        }
        Ok(within)
    }

    /// The counting, as elements of a transaction.
    pub(super) fn charges(&self, app: &AppId, charges: &[Charge]) -> Result<Vec<TransactWriteItem>, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(5_400_000);

    fn charge(client: &str, amount: u32) -> Charge {
        let client = ClientId::parse("id", client).unwrap();
        Charge { budget: Budget::Receiver, client: Some(client), window: 1, ends: NOW, amount, limit: 9 }
    }

    #[test]
    fn what_was_counted_ahead_is_not_counted_again_and_what_was_not_still_is() {
        let mut paid = Paid::default();
        paid.note(&[charge("aaa", 3), charge("bbb", 1)]);
        let due = paid.due(&[charge("aaa", 5), charge("bbb", 1), charge("ccc", 1)]);
        assert_eq!(due, [charge("aaa", 2), charge("ccc", 1)]);
        let next_hour = Charge { window: 2, ..charge("bbb", 1) };
        assert_eq!(paid.due(std::slice::from_ref(&next_hour)), [next_hour]);
    }

    #[test]
    fn a_lost_race_is_no_budget_that_is_used_up() {
        let charges = [charge("aaa", 1), charge("bbb", 1)];
        let refused = |at: &[usize]| match overdrawn(Setback::Lost(at.to_vec()), &charges, NOW) {
            Setback::Failed(Error::RateLimited { client, .. }) => client.map(|client| client.to_string()),
            _ => None,
        };
        assert_eq!(refused(&[1]).as_deref(), Some("bbb"));
        assert_eq!(refused(&[2]), None, "the room, or an entry of its log");
        assert_eq!(refused(&[0, 2]), None, "who comes back may find that nothing is left to count");
    }
}
