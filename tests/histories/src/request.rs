//! A step of the script as the request that it is on the wire.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::script::{Dialect, Operation, Sending, Step, invited_address};
use crate::stage::Stage;

/// What tells a message of the script from every other.
pub fn words(step: &Step) -> String {
    format!("{}-says-{}", step.app.id(), step.number)
}

/// The key of a step that has one: its neighbour's too, so that the same key is used for different requests.
fn key(step: &Step) -> String {
    format!("key-{}", step.number / 2)
}

/// Whether two steps are the same request of the same caller.
pub fn is_same(one: &Step, other: &Step) -> bool {
    (one.app, &one.actor, parts(one)) == (other.app, &other.actor, parts(other))
}

/// The request of a step; none for what is no request but time that passes.
pub fn of(stage: &Stage, step: &Step) -> Option<RequestBuilder> {
    let (method, path, body) = parts(step)?;
    let path = stage.found(step, path);
    let path = if step.sending == Sending::Dry { format!("{path}?dryRun=true") } else { path };
    let request = stage.request(step.app, step.actor.as_deref(), method, &path);
    let request = match step.sending {
        Sending::Again(_) | Sending::AtOnce(_) => request.header("Idempotency-Key", key(step)),
        Sending::Once | Sending::Dry => request,
    };
    Some(match body {
        Value::Null => request,
        body => request.header("content-type", "application/json").body(body.to_string()),
    })
}

fn parts(step: &Step) -> Option<(Method, String, Value)> {
    let post = |path: String, body: Value| Some((Method::POST, path, body));
    let delete = |path: String| Some((Method::DELETE, path, Value::Null));
    let actor = step.actor.as_deref().unwrap_or_default();
    match &step.operation {
        Operation::Leave { room, dialect: Dialect::Imkit } => delete(format!("/rooms/{room}/members/{actor}")),
        Operation::GiveRole { room, client, role } => {
            let body = json!({ "property": "role", "value": role });
            Some((Method::PUT, format!("/rooms/{room}/member/{client}"), body))
        }
        Operation::Say { room } => {
            post(format!("/rooms/{room}/message"), json!({ "message": words(step), "messageType": "text" }))
        }
        Operation::CreateRoom { .. } | Operation::Found { .. } | Operation::OpenDirect { .. } => founding(step),
        Operation::Add { .. } | Operation::AddOne { .. } => adding(step),
        Operation::Join { room, dialect: Dialect::Imkit } => post(format!("/rooms/{room}/join"), Value::Null),
        Operation::Decline { room } => delete(format!("/rooms/{room}/invitations")),
        Operation::Cancel { room, invitees } => {
            post(format!("/rooms/{room}/delete/invitations"), json!({ "invitees": invitees }))
        }
        Operation::CancelOne { room, invitee } => delete(format!("/rooms/{room}/invitations/{invitee}")),
        Operation::Remove { room, members } => {
            post(format!("/rooms/{room}/delete/members"), json!({ "members": members }))
        }
        Operation::RemoveOne { room, member, dialect: Dialect::Imkit } => {
            delete(format!("/rooms/{room}/members/{member}"))
        }
        Operation::Ban { room, blockee } => post(format!("/blockStatus/room/{room}/{blockee}"), Value::Null),
        Operation::Unban { room, blockee } => delete(format!("/blockStatus/room/{room}/{blockee}")),
        Operation::SignUp { address } => {
            let (email, owner) = invited_address(address);
            let nickname = format!("{}-{owner}", step.app.id());
            post("/admin/clients".into(), json!({ "_id": owner, "nickname": nickname, "email": email.to_lowercase() }))
        }
        Operation::Join { dialect: Dialect::Talk, .. }
        | Operation::Leave { dialect: Dialect::Talk, .. }
        | Operation::RemoveOne { dialect: Dialect::Talk, .. }
        | Operation::TalkInvite { .. }
        | Operation::TalkInviteAddress { .. } => talking(&step.operation),
        Operation::CreateLink { .. } | Operation::DeleteLink { .. } | Operation::Redeem { .. } => {
            linking(&step.operation)
        }
        Operation::Block { .. } | Operation::Unblock { .. } | Operation::SetPolicy { .. } => {
            consenting(&step.operation)
        }
        Operation::Lapse { .. } | Operation::LapseAddress { .. } | Operation::Sweep => None,
    }
}

fn founding(step: &Step) -> Option<(Method, String, Value)> {
    let (path, body) = match &step.operation {
        Operation::CreateRoom { room, seats, members, invitation_required } => {
            let rules = json!({
                "_id": room, "maxMembers": seats, "members": members, "invitationRequired": invitation_required,
                "name": step.app.id(),
            });
            ("/rooms", rules)
        }
        Operation::Found { room, seats, invitees, invites } => {
            let body = json!({
                "_id": room, "maxMembers": seats, "invitees": invitees, "invitationRequired": invites,
                "name": step.app.id(), "systemMessage": true,
            });
            ("/rooms/createAndJoin", body)
        }
        Operation::OpenDirect { peer } => {
            ("/rooms/createAndJoin", json!({ "roomType": "direct", "invitee": peer, "systemMessage": true }))
        }
        _ => return None,
    };
    Some((Method::POST, path.to_owned(), body))
}

fn adding(step: &Step) -> Option<(Method, String, Value)> {
    let (path, body) = match &step.operation {
        Operation::Add { room, invitees, invites, partial, told } => {
            let body = json!({
                "invitees": invitees, "invitationRequired": invites, "partial": partial, "systemMessage": told,
            });
            (format!("/rooms/{room}/members"), body)
        }
        Operation::AddOne { room, invitee, invites } => {
            (format!("/rooms/{room}/members/{invitee}"), json!({ "invitationRequired": invites }))
        }
        _ => return None,
    };
    Some((Method::POST, path, body))
}

fn talking(operation: &Operation) -> Option<(Method, String, Value)> {
    let (path, body) = match operation {
        Operation::Join { room, .. } => (format!("/v2/rooms/{room}/join"), Value::Null),
        Operation::Leave { room, .. } => (format!("/v2/rooms/{room}/leave"), Value::Null),
        Operation::RemoveOne { room, member, .. } => {
            (format!("/v2/rooms/{room}/removemember"), json!({ "_userId": member }))
        }
        Operation::TalkInvite { room, client } => (format!("/v2/rooms/{room}/invite"), json!({ "_userId": client })),
        Operation::TalkInviteAddress { room, address } => {
            (format!("/v2/rooms/{room}/invite"), json!({ "email": invited_address(address).0 }))
        }
        _ => return None,
    };
    Some((Method::POST, path, body))
}

fn linking(operation: &Operation) -> Option<(Method, String, Value)> {
    Some(match operation {
        Operation::CreateLink { room, max_uses, .. } => {
            (Method::POST, format!("/rooms/{room}/links"), json!({ "maxUses": max_uses }))
        }
        // Which link it is shows when it is there.
        Operation::DeleteLink { room, link } => (Method::DELETE, format!("/rooms/{room}/links/{link}"), Value::Null),
        Operation::Redeem { link, .. } => {
            (Method::POST, format!("/links/{link}/redeem"), json!({ "systemMessage": true }))
        }
        _ => return None,
    })
}

fn consenting(operation: &Operation) -> Option<(Method, String, Value)> {
    Some(match operation {
        Operation::Block { blockee } => (Method::POST, format!("/blockStatus/my/{blockee}"), Value::Null),
        Operation::Unblock { blockee } => (Method::DELETE, format!("/blockStatus/my/{blockee}"), Value::Null),
        Operation::SetPolicy { policy } => (Method::POST, "/me".to_owned(), json!({ "invitePolicy": policy })),
        _ => return None,
    })
}
