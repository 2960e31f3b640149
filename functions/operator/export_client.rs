//! Invoked by the operator, no route: everything that is stored about one client, part by part.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::error::Error;
use shared::id::{AppId, ClientId};
use shared::lambda::{self, Ended, House};
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
            let shown = shown(trace);
            size += shown.to_string().len();
            items.push(shown);
        }
        mark = next;
        if mark.is_none() || size > LONGEST_REPLY {
            return Ok(json!({ "app": app, "client": client, "items": items, "next": mark }));
        }
    }
}

/// One stored thing as it is stored. Of tokens nothing is stored that opens anything.
fn shown(trace: &Trace) -> Value {
    match trace {
        Trace::Client(client) => json!({ "kind": "client", "record": client }),
        Trace::Token(token) => json!({ "kind": "token", "record": token }),
        Trace::Address(address) => json!({ "kind": "address", "record": address }),
        Trace::Quitted(room) => json!({ "kind": "room left", "room": room }),
        Trace::Own(room, standing) => json!({ "kind": "own standing", "room": room, "record": standing }),
        Trace::Standing(room, standing) => json!({ "kind": "standing of another", "room": room, "record": standing }),
        Trace::Room(own) => json!({ "kind": "room", "room": own.id, "record": own }),
        Trace::Invitation(room, invitation) => json!({ "kind": "invitation", "room": room, "record": invitation }),
        Trace::Entry(room, entry) => json!({ "kind": "log entry", "room": room, "record": entry }),
    }
}
