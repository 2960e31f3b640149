//! Invoked by the operator, no route: gives an app a new key, shown this once; the one before it stays valid (D5).

use serde::{Deserialize, Serialize};
use shared::auth::{Hash, KeyKind, new_key};
use shared::error::Error;
use shared::id::AppId;
use shared::lambda::{self, Ended, House};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_operator(handle).await
}

/// The event: `{"app": "Shop", "kind": "api"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    app: String,
    kind: KeyKind,
    /// The key in use, of an app that was made before its record listed its keys.
    current: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rotated {
    app: AppId,
    kind: KeyKind,
    key: String,
    valid_keys: usize,
}

async fn handle(house: House, event: Event) -> Result<Rotated, Error> {
    let (app, kind) = (AppId::parse("app", &event.app)?, event.kind);
    let key = new_key(&app);
    let current = event.current.as_deref().map(Hash::of);
    let keys = house.store.rotate_key(&app, kind, &Hash::of(&key), current.as_ref()).await?;
    Ok(Rotated { app, kind, key, valid_keys: keys.count() })
}
