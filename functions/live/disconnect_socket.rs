//! `$disconnect` of the WebSocket API: what a socket watched is forgotten with it.

use serde_json::Value;
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::socket::Frame;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_socket(handle).await
}

async fn handle(house: House, frame: Frame) -> Result<Value, Error> {
    let socket = frame.socket()?;
    house.store.forget_socket(&socket.badge.app, &socket.connection).await?;
    Ok(Value::Null) // nobody hears it
}
