//! `$default` of the WebSocket API: a frame that no route takes is told what there is.

use serde_json::Value;
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::socket::Frame;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_socket(handle).await
}

async fn handle(_: House, frame: Frame) -> Result<Value, Error> {
    let action = frame.fields()?.text("action", usize::MAX)?.ok_or(Error::MissingParameter { names: &["action"] })?;
    let named: String = action.chars().take(32).collect();
    Err(Error::invalid("action", format!("must be `subscribe` or `unsubscribe`, not `{named}`")))
}
