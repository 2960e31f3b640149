//! `$connect` of the WebSocket API, as its authorizer: who may open a socket (D3, D4).

use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::socket::{Badge, Handshake};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_authorizer(handle).await
}

async fn handle(house: House, handshake: Handshake) -> Result<Badge, Error> {
    let credentials = handshake.credentials()?;
    let visitor = house.store.visitor(&credentials).await?;
    Ok(Badge::of(&credentials, &visitor.caller))
}
