//! Open sockets: which rooms and whom they watch.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem, Update};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::read::read_failed;
use super::visit::Visit;
use super::{Store, item};
use crate::app::App;
use crate::auth::Caller;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::socket::{Badge, ConnectionId, LONGEST_LIFE, MOST_ROOMS, Socket, Watch};
use crate::time::Time;

/// What precedes a connection where it names an attribute.
pub(super) const CONNECTION: &str = "#";

/// How many items are deleted side by side.
const AT_ONCE: usize = 25;

/// What a socket watches, so that all of it can be forgotten with the socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub badge: Badge,
    /// Rooms.
    #[serde(default)]
    rooms: BTreeSet<RoomId>,
    /// Whether it watches its own client.
    #[serde(default)]
    oneself: bool,
}

impl Store {
    /// Whether any socket watches this room, or one of these clients.
    pub async fn is_watched(&self, app: &AppId, room: &RoomId, clients: &BTreeSet<ClientId>) -> Result<bool, Error> {
        let own: BTreeSet<Key> = clients.iter().map(|client| Key::own_sockets(app, client)).collect();
        let pk = key::sockets(app, room);
        let (in_room, items) = tokio::try_join!(self.range(&pk, " ", "\u{10ffff}", Some(1)), self.batch(own.clone()))?;
        let has_sockets = |key| items.raw(key).is_some_and(|item| item.keys().any(|name| name.starts_with(CONNECTION)));
        Ok(!in_room.0.is_empty() || own.iter().any(has_sockets))
    }

    /// Has a socket watch a room, if whoever opened it may look inside still.
    pub async fn watch_room(&self, socket: &Socket, room: &RoomId, watch: &Watch) -> Result<(), Error> {
        let (app, credentials) = (&socket.badge.app, socket.badge.credentials()?);
        let visit = Visit::in_talk(room, &credentials); // the app's record comes with it
        let line = Key::socket(app, &socket.connection);
        self.until_written(async || {
            let (door, items) = tokio::try_join!(self.open(&visit), self.batch(BTreeSet::from([line.clone()])))?;
            is_bearer(&socket.badge, &door.caller)?;
            door.room_from_inside()?;
            let rooms = items.get::<Line>(&line)?.map(|line| line.rooms).unwrap_or_default();
            if rooms.len() >= MOST_ROOMS && !rooms.contains(room) {
                return Err(Error::TooManySubscriptions { limit: MOST_ROOMS }.into());
            }
            let mut writes = vec![self.put_watch(socket, room, watch)?, self.note_room(socket, room)?];
            writes.extend(self.first_listener(app, door.record.as_ref())?);
            self.transact(writes, None).await
        })
        .await
    }

    /// Has a socket watch what befalls its own client.
    pub async fn watch_oneself(&self, socket: &Socket, watch: &Watch) -> Result<(), Error> {
        let (app, credentials) = (&socket.badge.app, socket.badge.credentials()?);
        let app_key = Key::app(app);
        self.until_written(async || {
            let (visitor, items) = self.visitor_with(&credentials, [app_key.clone()]).await?;
            is_bearer(&socket.badge, &visitor.caller)?;
            let client = &visitor.client()?.id;
            let mut writes = vec![self.put_own_watch(socket, client, watch)?, self.note_oneself(socket)?];
            writes.extend(self.first_listener(app, items.get(&app_key)?.as_ref())?);
            self.transact(writes, None).await
        })
        .await
    }

    /// Has a socket not watch a room any more.
    pub async fn unwatch_room(&self, socket: &Socket, room: &RoomId) -> Result<(), Error> {
        let app = &socket.badge.app;
        self.belongs_to(app);
        self.delete_item(&Key::watch(app, room, socket.badge.member(), &socket.connection)).await?;
        let rooms = AttributeValue::Ss(vec![room.to_string()]);
        self.amend_line(&Key::socket(app, &socket.connection), "DELETE rooms :what", rooms).await
    }

    /// Has a socket not watch its own client any more.
    pub async fn unwatch_oneself(&self, socket: &Socket) -> Result<(), Error> {
        let app = &socket.badge.app;
        self.belongs_to(app);
        if let Some(client) = &socket.badge.client {
            self.drop_own_watch(app, client, &socket.connection).await?;
        }
        let line = Key::socket(app, &socket.connection);
        self.amend_line(&line, "SET oneself = :what", AttributeValue::Bool(false)).await
    }

    /// Forgets a socket that is gone, with all that it watched. What it watches is deleted before the list of it is.
    pub async fn forget_socket(&self, app: &AppId, connection: &ConnectionId) -> Result<(), Error> {
        self.belongs_to(app);
        let key = Key::socket(app, connection);
        let Some(line) = self.batch(BTreeSet::from([key.clone()])).await?.get::<Line>(&key)? else { return Ok(()) };
        let watch = |room: &RoomId| Key::watch(app, room, line.badge.member(), connection);
        let watches: Vec<Key> = line.rooms.iter().map(watch).collect();
        for some in watches.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|key| self.delete_item(key))).await?;
        }
        if let Some(client) = line.badge.client.as_ref().filter(|_| line.oneself) {
            self.drop_own_watch(app, client, connection).await?;
        }
        self.delete_item(&key).await
    }

    fn put_watch(&self, socket: &Socket, room: &RoomId, watch: &Watch) -> Result<TransactWriteItem, Error> {
        let key = Key::watch(&socket.badge.app, room, socket.badge.member(), &socket.connection);
        let mut item = item::write(&key, watch)?;
        item.insert("ttl".to_owned(), ttl());
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
    }

    /// In the one item of all sockets that watch a client, each has an attribute of its own: they come and go side by side.
    fn put_own_watch(&self, socket: &Socket, client: &ClientId, watch: &Watch) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::own_sockets(&socket.badge.app, client))))
            .update_expression("SET #connection = :watch, #ttl = :ttl")
            .expression_attribute_names("#connection", attribute(&socket.connection))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":watch", item::value(watch)?)
            .expression_attribute_values(":ttl", ttl());
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }

    /// On the list of what the socket watches, unless that is full.
    fn note_room(&self, socket: &Socket, room: &RoomId) -> Result<TransactWriteItem, Error> {
        let update = self.line(socket)?;
        let update = update
            .update_expression("SET badge = :badge, #ttl = :ttl ADD rooms :room")
            .condition_expression("attribute_not_exists(rooms) OR size(rooms) < :most OR contains(rooms, :id)")
            .expression_attribute_values(":room", AttributeValue::Ss(vec![room.to_string()]))
            .expression_attribute_values(":id", item::text(room.as_str()))
            .expression_attribute_values(":most", item::number(MOST_ROOMS as u64));
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }

    fn note_oneself(&self, socket: &Socket) -> Result<TransactWriteItem, Error> {
        let update = self.line(socket)?;
        let update = update
            .update_expression("SET badge = :badge, #ttl = :ttl, oneself = :yes")
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        Ok(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build())
    }

    fn line(&self, socket: &Socket) -> Result<aws_sdk_dynamodb::types::builders::UpdateBuilder, Error> {
        Ok(Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::socket(&socket.badge.app, &socket.connection))))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":badge", item::value(&socket.badge)?)
            .expression_attribute_values(":ttl", ttl()))
    }

    /// From its first socket on an app's happenings are told; later ones write nothing.
    fn first_listener(&self, app: &AppId, record: Option<&App>) -> Result<Option<TransactWriteItem>, Error> {
        record.is_some_and(|record| !record.listens).then(|| self.listen(app)).transpose()
    }

    async fn drop_own_watch(&self, app: &AppId, client: &ClientId, connection: &ConnectionId) -> Result<(), Error> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(&Key::own_sockets(app, client))))
            .update_expression("REMOVE #connection")
            .condition_expression("attribute_exists(#connection)") // makes no item where there is none
            .expression_attribute_names("#connection", attribute(connection))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await, |reply| &reply.consumed_capacity).map(drop)
    }

    /// Changes the list of what a socket watches, if there is one.
    async fn amend_line(&self, key: &Key, change: &str, what: AttributeValue) -> Result<(), Error> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(key)))
            .update_expression(change)
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":what", what)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await, |reply| &reply.consumed_capacity).map(drop)
    }

    async fn delete_item(&self, key: &Key) -> Result<(), Error> {
        let delete = self
            .dynamo
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(item::keyed(key)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = delete.send().await.map_err(read_failed)?;
        self.spent(&reply.consumed_capacity);
        Ok(())
    }
}

/// A token of the operator's making can become another client's: the socket stays the first one's.
pub(super) fn is_bearer(badge: &Badge, caller: &Caller) -> Result<(), Error> {
    if caller.client() == badge.client.as_ref() { Ok(()) } else { Err(Error::UnknownToken) }
}

fn attribute(connection: &ConnectionId) -> String {
    format!("{CONNECTION}{}", connection.as_str())
}

/// When the table may forget it.
fn ttl() -> AttributeValue {
    AttributeValue::N(Time::now().plus(LONGEST_LIFE).seconds().to_string())
}
