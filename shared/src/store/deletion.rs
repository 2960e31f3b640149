//! Deleting a room: it is gone for everybody at once, and its items one after the other.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, TransactWriteItem, Update};

use super::element::{caller_stands, delete};
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

/// How many of a room's items go in one transaction: an invitation of two addresses is three items.
const SWEPT_AT_ONCE: usize = 33;

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
            // While the end of a write is unknown, nobody can say that nothing has changed.
            let told = |error: Error| if unknown { error.after_a_change() } else { error };
            let door = self.open(visit).await.map_err(told)?;
            if self.taken::<()>()?.is_some() {
                self.sweep_room(&door.app, &door.id).await.ok();
                return Ok(());
            }
            if door.is_going && unknown {
                self.sweep_room(&door.app, &door.id).await.ok();
                return Ok(());
            }
            if door.is_going && door.caller.is_platform() {
                return self.sweep_room(&door.app, &door.id).await.map(|_| ());
            }
            if door.room.is_none() && unknown {
                return Ok(()); // it was deleted, and somebody else has swept it away
            }
            decide(&door).map_err(told)?;
            let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
            let mut items = vec![self.entomb(&door.app, room, door.now)?];
            items.extend(caller_stands(&self.table, &door)?);
            match self.transact_step(items, None, &()).await {
                Ok(()) => {
                    // It is gone, whatever becomes of its items now: what is left waits for the schedule.
                    self.sweep_room(&door.app, &door.id).await.ok();
                    return Ok(());
                }
                Err(Setback::Failed(error)) => return Err(error),
                Err(Setback::Unknown(_)) => unknown = true,
                Err(Setback::Lost(_) | Setback::Crowded) => {}
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

    /// Deletes what is left of a room that is gone, the room itself last; whether nothing is left. Each part goes only if the
    /// room is still the one that was deleted: another sweeper may have been quicker, and a new room of its id have been made.
    pub(super) async fn sweep_room(&self, app: &AppId, room: &RoomId) -> Result<bool, Error> {
        let itself = Key::room(app, room);
        for tries in 0.. {
            let there: Option<Room> = self.batch(BTreeSet::from([itself.clone()])).await?.get(&itself)?;
            let Some(going) = there.filter(|room| room.is_deleted) else { return Ok(true) };
            let part = self.remains(app, room).await?;
            let is_last = part.is_empty();
            match self.transact(self.sweeping(&itself, &going, &part)?, None).await {
                Ok(()) if is_last => return Ok(true),
                Ok(()) => {}
                Err(Setback::Failed(error)) => return Err(error),
                Err(Setback::Lost(_) | Setback::Crowded | Setback::Unknown(_)) => {
                    tokio::time::sleep(pause(tries)).await
                }
            }
            if !self.deadline.allows(Duration::ZERO) {
                break;
            }
        }
        Ok(false)
    }

    /// Keys of a room's items, as many as one transaction deletes, without the room itself.
    async fn remains(&self, app: &AppId, room: &RoomId) -> Result<Vec<Key>, Error> {
        let itself = Key::room(app, room);
        let (items, _) = self.range(&key::rooms(app, room), " ", "~", Some(SWEPT_AT_ONCE)).await?;
        let mut keys = Vec::new();
        for item in items {
            let Some(key) = item::key_of(&item).filter(|key| *key != itself) else { continue };
            if key.sk.starts_with(key::INVITATION) {
                let invitation: Invitation = item::read(item)?;
                let named_by = invitation.address();
                keys.extend(invitation.addresses.iter().map(|address| Key::invited(app, address, room, named_by)));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// One part of the sweeping; the room itself when nothing else is left.
    fn sweeping(&self, itself: &Key, going: &Room, part: &[Key]) -> Result<Vec<TransactWriteItem>, Error> {
        let condition = "isDeleted = :yes AND seq = :seen";
        let (yes, seen) = (item::value(&true)?, item::number(going.seq));
        if part.is_empty() {
            let delete = Delete::builder().table_name(&self.table).set_key(Some(item::keyed(itself)));
            let delete = delete.condition_expression(condition).expression_attribute_values(":yes", yes);
            let delete = delete.expression_attribute_values(":seen", seen).build().map_err(Error::internal)?;
            return Ok(vec![TransactWriteItem::builder().delete(delete).build()]);
        }
        let check = ConditionCheck::builder().table_name(&self.table).set_key(Some(item::keyed(itself)));
        let check = check.condition_expression(condition).expression_attribute_values(":yes", yes);
        let check = check.expression_attribute_values(":seen", seen).build().map_err(Error::internal)?;
        let mut writes = vec![TransactWriteItem::builder().condition_check(check).build()];
        for key in part {
            writes.push(delete(&self.table, key)?);
        }
        Ok(writes)
    }
}
