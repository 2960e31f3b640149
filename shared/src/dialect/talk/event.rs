//! Talk's events: `{a, d, v}`, where `d` is what the calls reply (talk.md 11).

use serde_json::{Value, json};

use super::parts::{invitation, topic, user};
use super::view::Addresses;
use crate::event::{About, Scene};
use crate::id::ClientId;
use crate::webhook::Webhook;

/// An event as Talk's sockets carry it. None of what Talk has no event for.
pub fn event(scene: &Scene, name: &str, about: &About, addresses: Addresses) -> Option<Value> {
    let (room, team) = (&scene.room, &scene.record.team);
    let mut data = match about {
        About::Client(client) if name == "room:join" => joined(scene, client, addresses),
        About::Client(client) => json!({ "_userId": client }),
        About::Invitation(id) => match scene.invitations.iter().find(|pending| pending.id == *id) {
            Some(pending) => invitation(pending, team, addresses),
            // What is closed is forgotten, its address first of all.
            None => json!({ "_id": id, "id": id, "__v": 0, "team": team, "role": "member", "isInvite": true }),
        },
        About::Entry => return None,
    };
    match name {
        "room:join" | "invitation:create" => data["room"] = topic(room, team),
        "invitation:remove" => data["room"] = json!(room.id),
        _ => {}
    }
    data["_roomId"] = json!(room.id);
    data["_teamId"] = json!(team);
    Some(json!({ "a": name, "d": data, "v": 2 }))
}

/// The test event.
pub fn ping(webhook: &Webhook) -> Value {
    json!({ "a": "ping", "d": { "webhook": webhook.id }, "v": 2 })
}

/// Who came, as the reply of `room.invite` shows it (seed 003).
fn joined(scene: &Scene, client: &ClientId, addresses: Addresses) -> Value {
    let mut data = match scene.person(client) {
        Some(known) => user(known, addresses),
        None => json!({ "_id": client, "id": client, "__v": 0 }),
    };
    let role = if scene.room.owner.as_ref() == Some(client) { "owner" } else { "member" };
    data["role"] = json!(role);
    data
}
