//! What a member has read: one write to its own standing, and none to the room.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::key::Key;
use super::visit::Visit;
use super::{Store, item, pause};
use crate::door::Door;
use crate::error::Error;
use crate::id::ObjectId;
use crate::membership;
use crate::standing::{Membership, Standing, State};

impl Store {
    /// Marks the acting client's messages read up to the one that the visit names; never back (D23). The door afterwards.
    pub async fn mark_read(&self, visit: &Visit<'_>, message: &ObjectId) -> Result<Door, Error> {
        self.in_earnest()?;
        for tries in 0.. {
            let mut door = self.open(visit).await?;
            let (client, Some(own)) = membership::read_up_to(&door, message)? else { return Ok(door) };
            if self.write_read(visit, &Key::standing(&door.app, &door.id, &client), &own).await? {
                if let Some(Standing { state, .. }) = door.people.entry(client).or_default().standing.as_mut() {
                    *state = State::Member(own);
                }
                return Ok(door);
            }
            // The member has read on meanwhile, or is one no longer.
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::Busy)
    }

    /// Whether it was written: not where the member has read further since.
    async fn write_read(&self, visit: &Visit<'_>, key: &Key, own: &Membership) -> Result<bool, Error> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(key)))
            .update_expression("SET #state.#member.readMessages = :read, #state.#member.lastRead = :last")
            .condition_expression("attribute_exists(#state.#member) AND #state.#member.readMessages <= :read")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#member", "member")
            .expression_attribute_values(":read", item::number(own.read_messages))
            .expression_attribute_values(":last", item::value(&own.last_read)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match update.send().await {
            Ok(reply) => {
                self.spent(&reply.consumed_capacity);
                self.belongs_to(&visit.credentials.app);
                Ok(true)
            }
            // Read further since; or a transaction has the standing in its hands.
            Err(failure)
                if failure.as_service_error().is_some_and(|error| {
                    error.is_conditional_check_failed_exception() || error.is_transaction_conflict_exception()
                }) =>
            {
                self.spent([]);
                Ok(false)
            }
            Err(failure) => Err(super::read::read_failed(failure)),
        }
    }
}
