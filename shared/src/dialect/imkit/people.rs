//! What IMKit's replies hold of clients and their tokens.

use serde_json::{Value, json};

use super::Reply;
use super::parts::{overlay, person, put};
use super::view::Shape;
use crate::auth::{BoundToken, Token};
use crate::client::Client;
use crate::error::Error;
use crate::id::{AppId, ClientId, RoomId};
use crate::membership::Claim;
use crate::store::Listed;
use crate::time::Time;

/// The most bytes of clients in one reply: Lambda takes 6 MB of it, in which every quotation mark counts twice.
const LARGEST_LIST: usize = 3 * 1024 * 1024;

/// A client as its operator and it itself see it. Our own fields win over the operator's of the same name.
pub fn client(app: &AppId, client: &Client) -> Value {
    let mut result = Value::Object(client.custom.object());
    overlay(&mut result, person(&client.id, &client.profile, Shape::Legacy));
    put(&mut result, "email", client.email.as_ref());
    put(&mut result, "mobile", client.mobile.as_ref());
    result["invitePolicy"] = json!(client.invite_policy.as_str()); // D44
    result["appID"] = json!(app);
    result["__v"] = json!(0);
    result["createdAt"] = json!(client.created_at.iso());
    result["updatedAt"] = json!(client.updated_at.iso());
    result
}

impl Reply {
    /// A client.
    pub fn client(app: &AppId, own: &Client) -> Self {
        Self { result: client(app, own), outcomes: None }
    }

    /// A client as its operator stated it, the token just issued, and what became of its invitations (D36).
    pub fn upserted(app: &AppId, own: &Client, token: Option<(&str, Time)>, claims: &[(RoomId, Claim)]) -> Self {
        let mut result = client(app, own);
        if let Some((token, expires_at)) = token {
            result["token"] = json!(token);
            result["expirationDate"] = json!(expires_at.iso());
            result["expirationDateMS"] = json!(expires_at);
        }
        let told = claims.iter().map(|(room, claim)| json!({ "room": room, "outcome": claim.as_str() }));
        result["claims"] = told.collect();
        Self { result, outcomes: None }
    }

    /// Some of an app's clients, and the number of those that match.
    pub fn clients(app: &AppId, listed: &Listed) -> Result<Self, Error> {
        let data: Vec<Value> = listed.clients.iter().map(|own| client(app, own)).collect();
        if data.iter().map(|client| client.to_string().len()).sum::<usize>() > LARGEST_LIST {
            return Err(Error::invalid("limit", "must be less: so many of these clients do not fit into one reply"));
        }
        Ok(Self { result: json!({ "totalCount": listed.total, "data": data }), outcomes: None })
    }

    /// A token that is a client's from now on.
    pub fn bound(client: &ClientId, token: &BoundToken) -> Self {
        let (date, millis) = (token.expires_at.iso(), token.expires_at);
        let result =
            json!({ "token": token.secret, "client": client, "expirationDate": date, "expirationDateMS": millis });
        Self { result, outcomes: None }
    }

    /// Tokens that are nobody's from now on. Only a token that the call itself named can be repeated: the table does not
    /// know the others (D5).
    pub fn revoked(tokens: &[Token], named: Option<&str>) -> Self {
        let shown = tokens.iter().map(|token| {
            let made = token.created_at.iso();
            let (date, millis) = (token.expires_at.iso(), token.expires_at);
            let mut shown =
                json!({ "createdAt": made, "updatedAt": made, "expirationDate": date, "expirationDateMS": millis });
            put(&mut shown, "token", named);
            shown
        });
        Self { result: json!({ "data": shown.collect::<Value>() }), outcomes: None }
    }

    /// A client who has signed in, with his token.
    pub fn signed_in(own: &Client, token: &str, expires_at: Time) -> Self {
        let mut result = json!({
            "authType": "Standalone JWT",
            "token": token,
            "expirationDate": expires_at.iso(),
            "id": own.id,
            "exp": expires_at.seconds(),
        });
        put(&mut result, "nickname", own.profile.nickname.as_ref());
        put(&mut result, "avatarUrl", own.profile.avatar_url.as_ref());
        Self { result, outcomes: None }
    }
}
