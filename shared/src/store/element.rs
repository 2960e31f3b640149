//! Elements of a transaction that several writes have in common.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem};

use super::item;
use super::key::Key;
use crate::auth::Caller;
use crate::door::Door;
use crate::error::Error;
use crate::room::Room;

/// The condition that an item is as it was when its `seq` was read, or as absent as it was.
pub(super) fn condition(seen: Option<u64>) -> &'static str {
    match seen {
        Some(_) => "seq = :seen",
        None => "attribute_not_exists(PK)",
    }
}

/// A room updated, on the condition that nothing has been logged and no link been made since it was read.
pub(super) fn as_read(update: UpdateBuilder, room: &Room) -> UpdateBuilder {
    let update = update.expression_attribute_values(":seen", item::number(room.seq));
    match room.links_made {
        0 => update.condition_expression("seq = :seen AND attribute_not_exists(linksMade)"),
        made => update
            .condition_expression("seq = :seen AND linksMade = :made")
            .expression_attribute_values(":made", item::number(made)),
    }
}

/// An item put, on the condition that it is as it was when its `seq` was read.
pub(super) fn put_item(table: &str, item: item::Item, seen: Option<u64>) -> Result<TransactWriteItem, Error> {
    let mut put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition(seen));
    if let Some(seen) = seen {
        put = put.expression_attribute_values(":seen", item::number(seen));
    }
    Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
}

/// A record put under its key, on the condition that the item is as it was when its `seq` was read.
pub(super) fn put<T: serde::Serialize>(
    table: &str,
    key: &Key,
    record: &T,
    seen: Option<u64>,
) -> Result<TransactWriteItem, Error> {
    put_item(table, item::write(key, record)?, seen)
}

/// That an item is as it was when its `seq` was read, or as absent as it was.
pub(super) fn unchanged(table: &str, key: &Key, seen: Option<u64>) -> Result<TransactWriteItem, Error> {
    let mut check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(item::keyed(key)))
        .condition_expression(condition(seen));
    if let Some(seen) = seen {
        check = check.expression_attribute_values(":seen", item::number(seen));
    }
    Ok(TransactWriteItem::builder().condition_check(check.build().map_err(Error::internal)?).build())
}

/// That there is no such item.
pub(super) fn absent(table: &str, key: &Key) -> Result<TransactWriteItem, Error> {
    unchanged(table, key, None)
}

/// That who calls stands to the room as he did when it was read: what he may do rested on it. Of the platform nothing is asked.
pub(super) fn caller_stands(table: &str, door: &Door) -> Result<Option<TransactWriteItem>, Error> {
    match &door.caller {
        Caller::Client(client) => {
            let seen = door.standing(client).map(|standing| standing.seq);
            unchanged(table, &Key::standing(&door.app, &door.id, client), seen).map(Some)
        }
        Caller::Platform(_) => Ok(None),
    }
}

/// An item deleted, whatever it is.
pub(super) fn delete(table: &str, key: &Key) -> Result<TransactWriteItem, Error> {
    let delete = Delete::builder().table_name(table).set_key(Some(item::keyed(key)));
    Ok(TransactWriteItem::builder().delete(delete.build().map_err(Error::internal)?).build())
}
