//! Time that passes for one invitation alone: nobody's clock is moved, its end is.

use serde_json::{Value, json};

use crate::script::{App, invited_address};
use crate::stage::Stage;

/// What the table is asked, so that the invitation of a client is over.
pub fn client(stage: &Stage, app: App, room: &str, client: &str) -> Value {
    json!({
        "TableName": stage.stack.table(), "Key": key(app, room, &format!("#STANDING#{client}")),
        "UpdateExpression": "SET #state.#invited.#expiresAt = :past, GSI2SK = :past",
        "ConditionExpression": "attribute_exists(#state.#invited)",
        "ExpressionAttributeNames": { "#state": "state", "#invited": "invited", "#expiresAt": "expiresAt" },
        "ExpressionAttributeValues": { ":past": { "N": "1" } },
    })
}

/// The same for the invitation of an address.
pub fn address(stage: &Stage, app: App, room: &str, address: &str) -> Value {
    let email = invited_address(address).0.to_lowercase();
    json!({
        "TableName": stage.stack.table(), "Key": key(app, room, &format!("#INVITATION#{email}")),
        "UpdateExpression": "SET expiresAt = :past, GSI2SK = :past",
        "ConditionExpression": "attribute_exists(PK)",
        "ExpressionAttributeValues": { ":past": { "N": "1" } },
    })
}

fn key(app: App, room: &str, sk: &str) -> Value {
    json!({ "PK": { "S": format!("{}#ROOM#{room}", app.id()) }, "SK": { "S": sk } })
}
