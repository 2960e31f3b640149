//! Invoked by the operator, no route: erases a client. The logs keep a pseudonym in its place.

use serde::{Deserialize, Serialize};
use shared::error::Error;
use shared::id::{AppId, ClientId};
use shared::lambda::{self, Ended, House};
use shared::store::Mark;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_operator(handle).await
}

/// The event: `{"app": "Shop", "client": "bob"}`, and the `next` of the reply before, if that was not done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    app: String,
    client: String,
    next: Option<Mark>,
}

#[derive(Serialize)]
struct Erased {
    client: ClientId,
    pseudonym: ClientId,
    changed: usize,
    done: bool,
    next: Option<Mark>,
}

async fn handle(house: House, event: Event) -> Result<Erased, Error> {
    let (app, client) = (AppId::parse("app", &event.app)?, ClientId::parse("client", &event.client)?);
    let erasure = house.store.erase_client(&app, &client, event.next).await?;
    let (pseudonym, changed, done, next) = (erasure.pseudonym, erasure.changed, erasure.is_done, erasure.next);
    Ok(Erased { client, pseudonym, changed, done, next })
}
