//! Invoked by the operator, no route: everything that is stored about one client, part by part.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::error::Error;
use shared::id::{AppId, ClientId};
use shared::lambda::{self, Ended, House};
use shared::message::{Content, Message};
use shared::store::{Mark, Trace};

/// How much one reply holds, in bytes: Lambda hands over no more than 6 MB.
const LONGEST_REPLY: usize = 4_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_operator(handle).await
}

/// The event: `{"app": "Shop", "client": "bob"}`, and the `next` of the reply before, if there was one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    app: String,
    client: String,
    next: Option<Mark>,
}

async fn handle(house: House, event: Event) -> Result<Value, Error> {
    let (app, client) = (AppId::parse("app", &event.app)?, ClientId::parse("client", &event.client)?);
    let (mut items, mut size, mut mark) = (Vec::new(), 0, event.next);
    loop {
        let (traces, next) = house.store.traces(&app, &client, mark).await?;
        for trace in &traces {
            let shown = shown(trace, &client);
            size += shown.to_string().len();
            items.push(shown);
        }
        mark = next;
        if mark.is_none() || size > LONGEST_REPLY {
            return Ok(json!({ "app": app, "client": client, "items": items, "next": mark }));
        }
    }
}

/// What is his as it is stored; of what is others', where it names him. Of tokens nothing is stored that opens anything.
fn shown(trace: &Trace, client: &ClientId) -> Value {
    match trace {
        Trace::Client(record) => json!({ "kind": "client", "record": record }),
        Trace::Token(token) => json!({ "kind": "token", "record": token }),
        Trace::Address(address) => json!({ "kind": "address", "address": address }),
        Trace::Quitted(room) => json!({ "kind": "room left", "room": room }),
        Trace::Block(named) => json!({ "kind": "block by another", "named": named }),
        Trace::Redeemed(room, link) => json!({ "kind": "link redeemed", "room": room, "link": link }),
        Trace::Own(room, standing) => json!({ "kind": "standing", "room": room, "record": standing }),
        Trace::Invited(room, invitation) => json!({ "kind": "invitation", "room": room, "record": invitation }),
        Trace::Standing(room, named) => json!({ "kind": "standing of another", "room": room, "named": named }),
        Trace::Room(room, named) => json!({ "kind": "room", "room": room, "named": named }),
        Trace::Invitation(room, own, named) => json!({
            "kind": "invitation sent", "room": room, "invitation": own.id, "createdAt": own.created_at, "named": named,
        }),
        Trace::Link(room, own, named) => json!({
            "kind": "link made", "room": room, "link": own.id, "createdAt": own.created_at, "named": named,
        }),
        Trace::Watch(room) => json!({ "kind": "socket that watches a room", "room": room }),
        Trace::Sockets => json!({ "kind": "sockets that watch the client" }),
        Trace::Socket => json!({ "kind": "open socket" }),
        Trace::Entry(room, entry, named) => json!({
            "kind": "log entry", "room": room, "seq": entry.seq, "type": entry.kind, "at": entry.at, "named": named,
            "said": entry.message.as_ref().and_then(|message| said(message, client)),
        }),
        Trace::Delivery(target, delivery, named) => json!({
            "kind": "delivery", "target": target, "delivery": delivery.id, "room": delivery.room,
            "event": delivery.event, "named": named,
        }),
    }
}

/// What he has said himself.
fn said(message: &Message, client: &ClientId) -> Option<Value> {
    let is_own = message.sender.as_ref().is_some_and(|sender| sender.id == *client);
    match &message.content {
        Content::Post(post) if is_own => {
            Some(json!({ "messageType": post.message_type, "fields": post.fields.object() }))
        }
        Content::Post(_) | Content::Notice(_) => None,
    }
}
