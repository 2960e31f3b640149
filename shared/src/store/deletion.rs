//! Deleting a room: it is gone for everybody at once, and its items one after the other.

use std::time::Duration;

use aws_sdk_dynamodb::types::{DeleteRequest, ReturnConsumedCapacity, TransactWriteItem, Update, WriteRequest};

use super::key::{self, Key};
use super::visit::Visit;
use super::write::Setback;
use super::{Store, item, pause};
use crate::door::Door;
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::invitation::Invitation;
use crate::room::Room;
use crate::time::Time;

/// How many items DynamoDB deletes in one request.
const BATCH: usize = 25;

impl Store {
    /// Deletes the room of the visit, if `decide` lets it. What patience does not suffice for the schedule sweeps away:
    /// until then no room of this id can be made.
    pub async fn delete_room(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut unknown = false;
        for tries in 0.. {
            let door = self.open(visit).await?;
            if door.is_going && (unknown || door.caller.is_platform()) {
                return self.sweep_room(&door.app, &door.id).await;
            }
            if door.room.is_none() && unknown {
                return Ok(()); // it was deleted, and somebody else has swept it away
            }
            decide(&door)?;
            let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
            match self.transact(vec![self.entomb(&door.app, room, door.now)?], None).await {
                Ok(()) => {
                    // It is gone, whatever becomes of its items now: what is left waits for the schedule.
                    self.sweep_room(&door.app, &door.id).await.ok();
                    return Ok(());
                }
                Err(Setback::Failed(error)) => return Err(error),
                Err(Setback::Unknown(_)) => unknown = true,
                Err(Setback::Lost | Setback::Crowded) => {}
            }
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(if unknown { Error::internal("nobody knows whether the room was deleted") } else { Error::Busy })
    }

    /// The room is gone from here on: whoever has read it before loses the race.
    fn entomb(&self, app: &AppId, room: &Room, now: Time) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::room(app, &room.id))))
            .update_expression("SET isDeleted = :yes, seq = :next, GSI2PK = :due, GSI2SK = :now")
            .condition_expression("seq = :seen")
            .expression_attribute_values(":yes", item::value(&true)?)
            .expression_attribute_values(":seen", item::number(room.seq))
            .expression_attribute_values(":next", item::number(room.seq + 1))
            .expression_attribute_values(":due", item::text(&key::due(app)))
            .expression_attribute_values(":now", item::value(&now)?);
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }

    /// Deletes what is left of a room that is gone, the room itself last.
    pub(super) async fn sweep_room(&self, app: &AppId, room: &RoomId) -> Result<(), Error> {
        let (pk, itself) = (key::rooms(app, room), Key::room(app, room));
        let mut from = " ".to_owned();
        loop {
            let (items, more) = self.range(&pk, &from, "~", Some(BATCH * 4)).await?;
            let mut keys = Vec::new();
            for item in items {
                let Some(key) = item::key_of(&item) else { continue };
                from = format!("{}\u{0}", key.sk);
                if key.sk.starts_with(key::INVITATION) {
                    let invitation: Invitation = item::read(item)?;
                    let named_by = invitation.address();
                    keys.extend(invitation.addresses.iter().map(|address| Key::invited(app, address, room, named_by)));
                }
                keys.extend(Some(key).filter(|key| *key != itself));
            }
            self.delete_all(keys).await?;
            match more {
                false => return self.delete_all(vec![itself]).await,
                true if !self.deadline.allows(Duration::ZERO) => return Ok(()),
                true => {}
            }
        }
    }

    /// Deletes items, however many, as often as the table says that it had no time.
    pub(super) async fn delete_all(&self, keys: Vec<Key>) -> Result<(), Error> {
        for chunk in keys.chunks(BATCH) {
            let mut wanted = Vec::new();
            for key in chunk {
                let delete =
                    DeleteRequest::builder().set_key(Some(item::keyed(key))).build().map_err(Error::internal)?;
                wanted.push(WriteRequest::builder().delete_request(delete).build());
            }
            for tries in 0.. {
                let request = self.dynamo.batch_write_item().request_items(&self.table, std::mem::take(&mut wanted));
                let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
                let reply = request.send().await.map_err(super::read::read_failed)?;
                self.spent(reply.consumed_capacity());
                match reply.unprocessed_items.unwrap_or_default().remove(&self.table) {
                    Some(left) if !left.is_empty() => wanted = left,
                    Some(_) | None => break,
                }
                if tries == 8 {
                    return Err(Error::internal("the table has no time to delete"));
                }
                tokio::time::sleep(pause(tries)).await;
            }
        }
        Ok(())
    }
}
