//! Writing: one conditional transaction per act. A lost race is read and decided anew; an unknown end is looked up.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update};

use super::Store;
use super::element::{absent, as_read, condition, delete, put_item, unchanged};
use super::item;
use super::key::Key;
use super::links::used;
use super::mine::Quitted;
use super::profile::put_standing;
use super::relay::UNRELAYED;
use crate::act::{Act, Guard, Shift};
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::invitation::Invitation;
use crate::standing::Standing;

/// Why a transaction was not, or perhaps not, carried out.
pub(super) enum Setback {
    /// Somebody else was quicker: nothing was written. Which elements' conditions did not hold.
    Lost(Vec<usize>),
    /// The table had no time for it, or somebody else's transaction is under way: nothing was written.
    Crowded,
    /// Nobody knows: it may be written, or yet be.
    Unknown(Error),
    /// It cannot be written.
    Failed(Error),
}

impl Store {
    /// What an act does, as elements of one transaction: all of it, or none.
    pub(super) fn effects(&self, app: &AppId, act: &Act) -> Result<Vec<TransactWriteItem>, Error> {
        let mut items = Writing { table: &self.table, app, room: &act.room.id }.act(act)?;
        if let Some((before, after)) = &act.record {
            items.push(self.put_client(app, Some(before), after)?);
        }
        Ok(items)
    }

    /// Sends a transaction, once: were it sent again and throttled, nobody would know that it was done the first time.
    pub(super) async fn transact(&self, items: Vec<TransactWriteItem>, token: Option<String>) -> Result<(), Setback> {
        self.in_earnest()?;
        let request = self
            .writer
            .transact_write_items()
            .set_transact_items(Some(items))
            .set_client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(reply) => {
                self.spent(reply.consumed_capacity());
                Ok(())
            }
            Err(failure) => {
                self.spent([]);
                Err(setback(failure))
            }
        }
    }
}

/// What a failed transaction means for the one who sent it.
fn setback(failure: SdkError<TransactWriteItemsError>) -> Setback {
    let Some(refusal) = failure.as_service_error() else {
        // No answer: a connection that could not be opened carried nothing, anything else may have.
        return match failure {
            SdkError::ConstructionFailure(_) => Setback::Failed(Error::internal(failure)),
            SdkError::DispatchFailure(ref cause) if cause.is_user() => Setback::Failed(Error::internal(failure)),
            _ => Setback::Unknown(Error::internal(failure)),
        };
    };
    if let TransactWriteItemsError::TransactionCanceledException(cancelled) = refusal {
        let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
        let races = [
            "None",
            "ConditionalCheckFailed",
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ];
        let lost = |(at, code): (usize, &str)| (code == "ConditionalCheckFailed").then_some(at);
        let lost: Vec<usize> = codes.clone().enumerate().filter_map(lost).collect();
        return match codes.clone().all(|code| races.contains(&code)) {
            true if !lost.is_empty() => Setback::Lost(lost),
            true => Setback::Crowded,
            false => Setback::Failed(Error::internal(failure)),
        };
    }
    match refusal.code() {
        Some("TransactionInProgressException" | "InternalServerError") => Setback::Unknown(Error::internal(failure)),
        Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded") => {
            Setback::Crowded
        }
        _ => Setback::Failed(Error::internal(failure)),
    }
}

/// Turns an act into the elements of a transaction, each on the condition that what was read still stands.
struct Writing<'a> {
    table: &'a str,
    app: &'a AppId,
    room: &'a RoomId,
}

impl Writing<'_> {
    fn act(&self, act: &Act) -> Result<Vec<TransactWriteItem>, Error> {
        let mut items = vec![self.room(act)?];
        for entry in &act.entries {
            let mut item = item::write(&Key::entry(self.app, self.room, entry.seq), entry)?;
            if act.is_heard {
                item.insert("heard".to_owned(), item::value(&true)?); // what the stream's filter looks for
            }
            items.push(put_item(self.table, item, None)?);
        }
        if let Some((before, after)) = &act.edited {
            let item = item::write(&Key::entry(self.app, self.room, after.seq), after)?;
            let put = Put::builder().table_name(self.table).set_item(Some(item));
            let put = put.condition_expression("message = :seen");
            let put = put.expression_attribute_values(":seen", item::value(&before.message)?);
            items.push(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build());
        }
        for shift in &act.shifts {
            items.push(self.shift(shift)?);
        }
        for quitter in &act.quitters {
            let record = Quitted { room: self.room.clone(), quitted_at: act.room.updated_at };
            let item = item::write(&Key::quitted(self.app, quitter, self.room), &record)?;
            let put = Put::builder().table_name(self.table).set_item(Some(item)).build().map_err(Error::internal)?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        items.extend(act.guard.as_ref().map(|guard| self.guard(guard)).transpose()?);
        for (before, invitation) in &act.opened {
            items.extend(self.open(before.as_ref(), invitation)?);
        }
        for invitation in &act.closed {
            items.extend(self.close(invitation)?);
        }
        if let Some(redeemed) = &act.redeemed {
            items.extend(used(self.table, self.app, self.room, redeemed, act.room.updated_at)?);
        }
        for link in &act.revoked {
            items.push(delete(self.table, &Key::link(self.app, self.room, &link.id))?);
        }
        Ok(items)
    }

    /// The room, as far as it differs: nothing has been logged since it was read. That covers its capacity and every other
    /// state that it is in.
    fn room(&self, act: &Act) -> Result<TransactWriteItem, Error> {
        let key = Key::room(self.app, self.room);
        let heard = act.entries.first().filter(|_| act.is_heard);
        let mark = heard.map(|entry| item::waiting(self.app, self.room.as_str(), entry.at.plus(UNRELAYED)));
        let Some(before) = &act.before else {
            let mut item = item::write(&key, &act.room)?;
            item.extend(mark.unwrap_or_default());
            return put_item(self.table, item, None);
        };
        let (old, new) = (item::write(&key, before)?, item::write(&key, &act.room)?);
        let update = Update::builder().table_name(self.table).set_key(Some(item::keyed(&key)));
        let mut update = as_read(update, before);
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (at, (name, value)) in new.iter().filter(|(name, value)| old.get(*name) != Some(value)).enumerate() {
            set.push(format!("#s{at} = :s{at}"));
            update = update.expression_attribute_names(format!("#s{at}"), name);
            update = update.expression_attribute_values(format!(":s{at}"), value.clone());
        }
        // The first of the entries that nobody has relayed: a mark that stands there already is older.
        for (name, value) in mark.iter().flatten() {
            set.push(format!("{name} = if_not_exists({name}, :{name})"));
            update = update.expression_attribute_values(format!(":{name}"), value.clone());
        }
        for (at, name) in old.keys().filter(|name| !new.contains_key(*name)).enumerate() {
            remove.push(format!("#r{at}"));
            update = update.expression_attribute_names(format!("#r{at}"), name);
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression.push_str(&format!(" REMOVE {}", remove.join(", ")));
        }
        let update = update.update_expression(expression).build().map_err(Error::internal)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn shift(&self, shift: &Shift) -> Result<TransactWriteItem, Error> {
        match shift {
            Shift::Into { before, after } => {
                let item = item::write_standing(self.app, self.room, after)?;
                put_standing(self.table, item, before.as_ref().map(|standing| standing.seq), after.profile_version)
            }
            Shift::Within { before, after } => self.within(before, after),
            Shift::Out { before } => {
                let delete = Delete::builder()
                    .table_name(self.table)
                    .set_key(Some(item::keyed(&Key::standing(self.app, self.room, &before.client))))
                    .condition_expression("seq = :seen")
                    .expression_attribute_values(":seen", item::number(before.seq));
                Ok(TransactWriteItem::builder().delete(delete.build().map_err(Error::internal)?).build())
            }
        }
    }

    /// A role, properties: field by field, so that what the member reads meanwhile is not undone.
    fn within(&self, before: &Standing, after: &Standing) -> Result<TransactWriteItem, Error> {
        let own = after.membership().ok_or_else(|| Error::internal("a standing changed within is a member's"))?;
        let mut set = "SET seq = :seq, #state.#member.#role = :role, #state.#member.#own = :own".to_owned();
        let mut update = Update::builder()
            .table_name(self.table)
            .set_key(Some(item::keyed(&Key::standing(self.app, self.room, &after.client))))
            .condition_expression("seq = :seen")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#member", "member")
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#own", "properties")
            .expression_attribute_values(":seen", item::number(before.seq))
            .expression_attribute_values(":seq", item::number(after.seq))
            .expression_attribute_values(":role", item::value(&own.role)?)
            .expression_attribute_values(":own", item::value(&own.properties)?);
        if before.membership().is_some_and(|old| old.read_messages < own.read_messages) {
            set.push_str(", #state.#member.readMessages = :read, #state.#member.lastRead = :last");
            update = update
                .expression_attribute_values(":read", item::number(own.read_messages))
                .expression_attribute_values(":last", item::value(&own.last_read)?);
        }
        let update = update.update_expression(set).build().map_err(Error::internal)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The acting client still stands as it did, and has read its own message.
    fn guard(&self, guard: &Guard) -> Result<TransactWriteItem, Error> {
        let key = Key::standing(self.app, self.room, &guard.client);
        let seen = guard.seen.as_ref().map(|standing| standing.seq);
        let Some(read) = &guard.read else { return unchanged(self.table, &key, seen) };
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(item::keyed(&key)))
            .update_expression("SET #state.#member.readMessages = :read, #state.#member.lastRead = :last")
            .condition_expression(condition(seen))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#member", "member")
            .expression_attribute_values(":seen", item::number(seen.unwrap_or_default()))
            .expression_attribute_values(":read", item::number(read.read_messages))
            .expression_attribute_values(":last", item::value(&read.last_read)?);
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }

    /// An invitation, findable under each of its addresses, as long as nobody has signed up with the first.
    fn open(&self, before: Option<&Invitation>, invitation: &Invitation) -> Result<Vec<TransactWriteItem>, Error> {
        let named_by = invitation.address();
        let item = item::write_invitation(self.app, self.room, invitation)?;
        let mut items = vec![put_item(self.table, item, before.map(|before| before.seq))?];
        items.push(absent(self.table, &Key::owner(self.app, named_by))?);
        for address in &invitation.addresses {
            let pointer = item::keyed(&Key::invited(self.app, address, self.room, named_by));
            let put = Put::builder().table_name(self.table).set_item(Some(pointer)).build().map_err(Error::internal)?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        for dropped in before.iter().flat_map(|before| &before.addresses) {
            if !invitation.addresses.contains(dropped) {
                items.push(delete(self.table, &Key::invited(self.app, dropped, self.room, named_by))?);
            }
        }
        Ok(items)
    }

    fn close(&self, invitation: &Invitation) -> Result<Vec<TransactWriteItem>, Error> {
        let named_by = invitation.address();
        let itself = Delete::builder()
            .table_name(self.table)
            .set_key(Some(item::keyed(&Key::invitation(self.app, self.room, named_by))))
            .condition_expression("seq = :seen")
            .expression_attribute_values(":seen", item::number(invitation.seq));
        let mut items = vec![TransactWriteItem::builder().delete(itself.build().map_err(Error::internal)?).build()];
        for address in &invitation.addresses {
            items.push(delete(self.table, &Key::invited(self.app, address, self.room, named_by))?);
        }
        Ok(items)
    }
}
