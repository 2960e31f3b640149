//! The demo data, which goes in through the public interface alone.

use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde_json::{Value as Json, json};

use crate::error::Error;
use crate::stack::Stack;

/// The demo app.
pub const APP: &str = "SampleApp";
/// Its client key.
pub const CLIENT_KEY: &str = "SampleApp.demo-client-key";
/// Its API key.
pub const API_KEY: &str = "SampleApp.demo-api-key";

const CLIENTS: [(&str, &str); 6] = [
    ("aaa", "AAA"),
    ("bbb", "bbb"),
    ("ccc", "CCC"),
    ("1485248560558", "Test AB"),
    ("1485248566481", "Test2"),
    ("1485250743313", "Test 3"),
];
const AVATAR: &str = "http://loremflickr.com/240/240/style?";

/// The token of a demo client.
pub fn token(client: &str) -> String {
    format!("{APP}.{client}.demo")
}

/// Puts the demo app, its clients and two rooms in; what is there already stays.
///
/// # Errors
/// The first call that is answered with anything but success, and its answer.
pub async fn load(stack: &Stack) -> Result<(), Error> {
    let app = json!({ "app": APP, "defaultRegion": "CN", "clientKey": CLIENT_KEY, "apiKey": API_KEY });
    match stack.invoke("create_app", app).await {
        Err(error) if error.error_type != "AppExists" => {
            return Err(Error::Demo(format!("create_app: {error}")));
        }
        _ => {}
    }
    let years = SignedDuration::from_hours(10 * 365 * 24);
    let expires = Timestamp::now().saturating_add(years).map_err(|error| Error::Demo(error.to_string()))?.to_string();
    let client = Client::new();
    for (id, nickname) in CLIENTS {
        let mut body = json!({ "_id": id, "nickname": nickname, "token": token(id), "expirationDate": expires });
        if id.len() == 3 {
            body["avatarUrl"] = format!("{AVATAR}{id}").into();
        }
        post(&client, stack, "/admin/clients", &body).await?;
    }
    for room in rooms() {
        post(&client, stack, "/rooms", &room).await?;
    }
    Ok(())
}

/// Three calls to try, for a shell, and a page for a browser.
pub fn calls(url: &str) -> String {
    let who = format!("-H 'IM-CLIENT-KEY: {CLIENT_KEY}' -H 'IM-Authorization: {}'", token("aaa"));
    let talk = format!("-H 'Authorization: aid {}'", token("aaa"));
    let json = "-H 'content-type: application/json'";
    format!(
        "  # add members to a room
  curl -s {url}/rooms/demo-room/members {who} {json} -d '{{\"invitees\":[\"bbb\"]}}'
  # read the room
  curl -s {url}/rooms/demo-room {who}
  # invite in Talk's dialect
  curl -s {url}/v2/rooms/demo-room/invite {talk} {json} -d '{{\"email\":\"someone@example.com\"}}'
  # watch the room, in a browser
  {url}/local/watch?clientKey={CLIENT_KEY}&token={}&room=demo-room",
        token("aaa")
    )
}

fn rooms() -> [Json; 2] {
    let demo = json!({
        "_id": "demo-room", "name": "Demo", "cover": format!("{AVATAR}demo"), "description": "public demo room",
        "roomType": "group", "roomTags": ["demo", "foo", "bar"], "webhook": "meet-taipei-intro", "botState": "CONTACT",
        "members": ["aaa"],
    });
    let custom = json!({
        "_id": "58871b877390be11d5f1ab30", "roomType": "group", "data": { "customProperty": "hello" },
        "members": ["1485248560558", "1485248566481"],
    });
    [demo, custom]
}

async fn post(client: &Client, stack: &Stack, path: &str, body: &Json) -> Result<(), Error> {
    let failed = |reason: String| Error::Demo(format!("POST {path} {}: {reason}", body["_id"]));
    let request = client.post(format!("{}{path}", stack.url())).header("IM-API-KEY", API_KEY).json(body);
    let answer = request.send().await.map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(failed(format!("{status} {}", answer.text().await.unwrap_or_default())))
}
