//! IMKit's webhooks: `{appID, clientID, roomID, event, botState, data}` (D41).

use serde_json::{Value, json};

use super::Shape;
use super::parts::{message, person};
use crate::event::Scene;
use crate::id::ClientId;

/// The body of a webhook. `clientID` is who brought it about, and null when the platform did for nobody.
pub fn event(scene: &Scene, name: &str) -> Value {
    let Scene { app, room, entry, .. } = scene;
    let sender = if entry.comes_by_itself() { entry.clients.first() } else { entry.actor.as_ref() };
    let said = entry.message.as_ref().filter(|_| name == "MESSAGE");
    let data = match said {
        Some(said) => message(app, &room.id, said, Shape::Modern),
        None => json!({
            "room": room.id,
            "sender": sender.map(|sender| client(scene, sender)),
            "members": entry.clients.iter().map(|member| client(scene, member)).collect::<Value>(),
        }),
    };
    json!({
        "appID": app,
        "clientID": sender,
        "roomID": room.id,
        "event": name,
        "botState": room.face.bot_state,
        "data": data,
    })
}

/// Who has been deleted since is an id.
fn client(scene: &Scene, id: &ClientId) -> Value {
    match scene.person(id) {
        Some(known) => person(&known.id, &known.profile, Shape::Modern),
        None => json!({ "_id": id, "id": id }),
    }
}
