//! Invoked by the operator, no route: makes an app with its first client key and API key, shown this once (D1, D5).

use serde::{Deserialize, Serialize};
use shared::address::Region;
use shared::app::{App, Keys, NewApp};
use shared::auth::new_key;
use shared::error::Error;
use shared::id::{AppId, ObjectId};
use shared::lambda::{self, Ended, House};
use shared::time::Time;

/// The shortest random part of a key that the operator brings.
const SHORTEST_SECRET: usize = 12;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_operator(handle).await
}

/// The event: `{"app": "Shop", "defaultRegion": "CN"}`. Keys that clients carry already can be brought along.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Event {
    app: String,
    default_region: Option<String>,
    client_key: Option<String>,
    api_key: Option<String>,
    team_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    app: AppId,
    #[serde(rename = "_teamId")]
    team: ObjectId,
    default_region: String,
    client_key: String,
    api_key: String,
}

async fn handle(house: House, event: Event) -> Result<Made, Error> {
    let id = AppId::parse("app", &event.app)?;
    let region = Region::parse(event.default_region.as_deref().unwrap_or("CN"));
    let region = region.map_err(|flaw| Error::invalid("defaultRegion", flaw.to_string()))?;
    let now = Time::now();
    let team = event.team_id.map_or_else(|| Ok(ObjectId::at(now)), |team| ObjectId::parse("teamId", &team))?;
    let client_key = key(&id, "clientKey", event.client_key)?;
    let api_key = key(&id, "apiKey", event.api_key)?;
    if client_key == api_key {
        return Err(Error::invalid("apiKey", "must not be the client key"));
    }
    let (client_keys, api_keys) = (Keys::first(&client_key), Keys::first(&api_key));
    let app = App {
        team: team.clone(),
        default_region: region.to_string(),
        client_keys,
        api_keys,
        listens: false,
        created_at: now,
    };
    let new = NewApp { id: id.clone(), app, client_key: client_key.clone(), api_key: api_key.clone() };
    house.store.create_app(&new).await?;
    Ok(Made { app: id, team, default_region: region.to_string(), client_key, api_key })
}

fn key(app: &AppId, name: &str, brought: Option<String>) -> Result<String, Error> {
    let Some(key) = brought else { return Ok(new_key(app)) };
    let secret = key.strip_prefix(app.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
    if secret.len() < SHORTEST_SECRET || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid(
            name,
            format!("must be `{app}.` and at least {SHORTEST_SECRET} visible ASCII characters"),
        ));
    }
    Ok(key)
}
