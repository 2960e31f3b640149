//! Writing links: made and deleted each in a transaction of its own, used in that of the act.

use std::cell::Cell;

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, Update};

use super::element::{as_read, caller_stands, put, unchanged};
use super::key::Key;
use super::visit::Visit;
use super::write::Setback;
use super::{Store, item};
use crate::door::Door;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::link::{Link, LinkToken, Redemption};
use crate::room::Room;
use crate::time::Time;

impl Store {
    /// Makes the link of this id to the visit's room, as `decide` has it, if nothing has been logged there and no other link
    /// been made since.
    pub async fn make_link(
        &self,
        visit: &Visit<'_>,
        token: &LinkToken,
        decide: impl Fn(&Door) -> Result<Link, Error>,
    ) -> Result<(Link, LinkToken), Error> {
        self.until_written(async || {
            let door = self.open(visit).await?;
            if let Some(made) = self.taken()? {
                return Ok(made);
            }
            if let Some(made) = door.everybody.links.iter().find(|link| link.id == token.link) {
                return Ok((made.clone(), token.clone())); // by a write whose answer was lost
            }
            let link = decide(&door)?;
            let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
            let written = put(&self.table, &Key::link(&door.app, &room.id, &link.id), &link, None)?;
            let made = (link, token.clone());
            let mut items = vec![self.one_more(&door.app, room)?, written];
            items.extend(caller_stands(&self.table, &door)?);
            self.transact_step(items, None, &made).await?;
            Ok(made)
        })
        .await
    }

    /// Deletes the visit's link, if `decide` lets it, and answers it as it was.
    pub async fn delete_link(
        &self,
        visit: &Visit<'_>,
        decide: impl Fn(&Door) -> Result<Link, Error>,
    ) -> Result<Link, Error> {
        let sent = Cell::new(None);
        self.until_written(async || {
            let door = self.open(visit).await?;
            if let Some(deleted) = self.taken()? {
                return Ok(deleted);
            }
            if door.link.is_none()
                && let Some(deleted) = sent.take()
            {
                return Ok(deleted); // by a write whose answer was lost
            }
            let link = decide(&door)?;
            let room = door.room.as_ref().ok_or_else(|| Error::RoomNotFound { room: door.id.clone() })?;
            let mut items = self.deletion(&door.app, room, &link)?;
            items.extend(caller_stands(&self.table, &door)?);
            match self.transact_step(items, None, &link).await {
                Err(Setback::Unknown(cause)) => {
                    sent.set(Some(link));
                    Err(Setback::Unknown(cause))
                }
                written => written.map(|()| link),
            }
        })
        .await
    }

    /// The room, of which a link more was made: a ban that has not seen it fails.
    fn one_more(&self, app: &AppId, room: &Room) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::room(app, &room.id))))
            .update_expression("SET linksMade = :next")
            .expression_attribute_values(":next", item::number(room.links_made + 1));
        Ok(TransactWriteItem::builder().update(as_read(update, room).build().map_err(Error::internal)?).build())
    }

    /// The link deleted, if nothing has been logged since it was read: whoever may do so still may.
    fn deletion(&self, app: &AppId, room: &Room, link: &Link) -> Result<Vec<TransactWriteItem>, Error> {
        let check = unchanged(&self.table, &Key::room(app, &room.id), Some(room.seq))?;
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::link(app, &room.id, &link.id))))
            .condition_expression("attribute_exists(PK)");
        let delete = delete.build().map_err(Error::internal)?;
        Ok(vec![check, TransactWriteItem::builder().delete(delete).build()])
    }
}

/// A link used once more, and by whom: if it is as it was read, and he has not used it before.
pub(super) fn used(
    table: &str,
    app: &AppId,
    room: &RoomId,
    (client, link): &(ClientId, Link),
    at: Time,
) -> Result<[TransactWriteItem; 2], Error> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(item::keyed(&Key::link(app, room, &link.id))))
        .update_expression("SET uses = :next")
        .condition_expression("uses = :seen")
        .expression_attribute_values(":seen", item::number(link.uses.into()))
        .expression_attribute_values(":next", item::number(u64::from(link.uses) + 1));
    let update = update.build().map_err(Error::internal)?;
    let redemption = Redemption { at, ttl: link.ttl };
    let redeemed = put(table, &Key::redeemed(app, client, room, &link.id), &redemption, None)?;
    Ok([TransactWriteItem::builder().update(update).build(), redeemed])
}
