//! `unsubscribe` of the WebSocket API, `{"action":"unsubscribe","room":…}`: have a socket watch a room, or oneself, no longer.

use serde_json::Value;
use shared::dialect::frames;
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::socket::Frame;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_socket(handle).await
}

async fn handle(house: House, frame: Frame) -> Result<Value, Error> {
    let (socket, room) = (frame.socket()?, frame.room()?);
    match &room {
        Some(room) => house.store.unwatch_room(&socket, room).await?,
        None => house.store.unwatch_oneself(&socket).await?,
    }
    Ok(frames::unsubscribed(room.as_ref(), &socket.badge))
}
