//! Sockets: who opened one, what a frame asks for, what a socket watches.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::auth::{Caller, Credentials, Hash, Proof};
use crate::error::Error;
use crate::event::Style;
use crate::id::{AppId, ClientId, RoomId};
use crate::request::{Fields, Request};

/// How many rooms a socket watches at most.
pub const MOST_ROOMS: usize = 100;

/// When the table may forget what a socket watched, at the latest: API Gateway ends every socket two hours after it was opened.
pub const LONGEST_LIFE: Duration = Duration::from_secs(130 * 60);

/// The id that API Gateway gives a socket: visible ASCII without `#`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(String);

impl ConnectionId {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who opened a socket: made from what he proved then, and proven anew by its hashes whenever he asks or is told something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Badge {
    /// The tenant.
    pub app: AppId,
    /// Of the client key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Hash>,
    /// Of a client's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Hash>,
    /// Of the platform's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key: Option<Hash>,
    /// The client, or the one for whom the platform acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
}

impl Badge {
    /// Of what was presented and has been proven.
    pub fn of(credentials: &Credentials, caller: &Caller) -> Self {
        let (key, token, api_key) = match &credentials.proof {
            Proof::ApiKey { key, .. } => (None, None, Some(key.clone())),
            Proof::Token { key, token, .. } => (key.clone(), Some(token.clone()), None),
            Proof::Deployment => (None, None, None), // proves nothing later
        };
        Self { app: credentials.app.clone(), key, token, api_key, client: caller.client().cloned() }
    }

    /// What its bearer presents, to be proven anew.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        let proof = match (&self.token, &self.api_key) {
            (Some(token), _) => Proof::Token { key: self.key.clone(), token: token.clone(), hint: self.client.clone() },
            (None, Some(key)) => Proof::ApiKey { key: key.clone(), sender: self.client.clone() },
            (None, None) => return Err(Error::UnknownToken),
        };
        Ok(Credentials { app: self.app.clone(), proof })
    }

    /// The client, where a client opened the socket and not the platform.
    pub fn member(&self) -> Option<&ClientId> {
        self.client.as_ref().filter(|_| self.token.is_some())
    }
}

/// An open socket.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Which.
    pub connection: ConnectionId,
    /// Whose.
    pub badge: Badge,
}

/// The event of API Gateway's that asks whether a socket may be opened.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// What is allowed or denied.
    pub method_arn: String,
    /// The request itself.
    #[serde(flatten)]
    request: Request,
}

impl Handshake {
    /// Whom it says it comes from: in headers, or, since browsers cannot set those of a socket, in the query (D3, D4).
    pub fn credentials(&self) -> Result<Credentials, Error> {
        Credentials::imkit(&self.request.clone().with_query_as_headers(), None)
    }

    /// The style of the socket's events, as the query has it.
    pub fn style(&self) -> Option<&str> {
        self.request.query("style")
    }
}

/// A frame that a socket has sent, or that it was closed, as API Gateway hands it over.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    request_context: Context,
    body: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    route_key: String,
    connection_id: String,
    /// What the authorizer of `$connect` has said.
    authorizer: Authorized,
}

#[derive(Clone, Deserialize)]
struct Authorized {
    #[serde(flatten)]
    badge: Badge,
    style: Option<String>,
}

impl Frame {
    /// The route that it took.
    pub fn route(&self) -> &str {
        &self.request_context.route_key
    }

    /// The socket it came by.
    pub fn socket(&self) -> Result<Socket, Error> {
        let connection = ConnectionId::parse(&self.request_context.connection_id);
        let connection = connection.ok_or_else(|| Error::internal("API Gateway names no connection"))?;
        Ok(Socket { connection, badge: self.request_context.authorizer.badge.clone() })
    }

    /// Its fields.
    pub fn fields(&self) -> Result<Fields, Error> {
        Fields::parse(self.body.as_deref().unwrap_or_default())
    }

    /// The room that it is about; none where it is about the client himself.
    pub fn room(&self) -> Result<Option<RoomId>, Error> {
        let room = self.fields()?.text("room", usize::MAX)?;
        room.map(|room| RoomId::parse("room", &room)).transpose()
    }

    /// The number of the last entry that the caller has seen, if he wants what came behind it.
    pub fn after(&self) -> Result<Option<u64>, Error> {
        self.fields()?.number("after", 0..=u64::MAX)
    }

    /// In which style events are wanted: as the frame says, else as the socket's own query did.
    pub fn style(&self) -> Result<Style, Error> {
        let own = self.fields()?.text("style", usize::MAX)?;
        let named = own.or_else(|| self.request_context.authorizer.style.clone());
        named.map_or(Ok(Style::Rollcall), |named| Style::parse("style", &named))
    }
}

/// How a socket watches: for whom, and in which form it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Whose it is.
    pub badge: Badge,
    /// The form.
    pub style: Style,
}

/// What a socket listens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ear {
    /// To everything in the room.
    Room,
    /// To what befalls this client, in any room.
    Oneself(ClientId),
}

/// A socket that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watcher {
    /// Which.
    pub connection: ConnectionId,
    /// In which form.
    pub style: Style,
    /// Of what.
    pub ear: Ear,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn frame(body: &str, more: Value) -> Frame {
        let mut authorizer = json!({ "app": "App", "token": "t", "key": "k", "client": "aaa", "principalId": "aaa" });
        for (name, value) in more.as_object().unwrap() {
            authorizer[name] = value.clone();
        }
        let context = json!({ "routeKey": "subscribe", "connectionId": "L0SM9cOFvHcCIhw=", "authorizer": authorizer });
        serde_json::from_value(json!({ "requestContext": context, "body": body })).unwrap()
    }

    fn handshake(headers: Value, query: Value) -> Handshake {
        let event = json!({ "methodArn": "arn", "headers": headers, "queryStringParameters": query });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn credentials_come_in_headers_or_in_the_query_in_any_case() {
        let (key, token) = ("App.k", "App.aaa.s");
        for shake in [
            handshake(json!({ "IM-CLIENT-KEY": key, "IM-Authorization": token, "Host": "x" }), Value::Null),
            handshake(json!({ "Host": "x" }), json!({ "im-client-key": key, "Authorization": token })),
            handshake(json!({ "IM-CLIENT-KEY": key }), json!({ "IM-Authorization": token })),
            handshake(Value::Null, json!({ "IM-CLIENT-KEY": key, "IM-Authorization": format!("Bearer {token}") })),
        ] {
            assert_eq!(shake.credentials().unwrap().hint().map(ClientId::as_str), Some("aaa"));
        }
        let both = handshake(
            json!({ "im-client-key": key, "im-authorization": token }),
            json!({ "IM-Authorization": "App.bbb.s" }),
        );
        assert_eq!(both.credentials().unwrap().hint().map(ClientId::as_str), Some("aaa"), "a header goes first");
        let platform = handshake(json!({}), json!({ "IM-API-KEY": "App.k", "im-client-id": "bbb" }));
        assert_eq!(platform.credentials().unwrap().hint().map(ClientId::as_str), Some("bbb"));
        assert!(handshake(json!({}), json!({ "IM-CLIENT-KEY": key })).credentials().is_err());
    }

    #[test]
    fn a_badge_presents_what_was_proven() {
        let shake = handshake(json!({ "IM-CLIENT-KEY": "App.k", "IM-Authorization": "opaque-token" }), Value::Null);
        let client = ClientId::parse("id", "aaa").unwrap();
        let badge = Badge::of(&shake.credentials().unwrap(), &Caller::Client(client.clone()));
        let again = badge.credentials().unwrap();
        assert_eq!((again.hint(), badge.member()), (Some(&client), Some(&client)));
        assert!(!serde_json::to_string(&badge).unwrap().contains("opaque-token"));
        let shake = handshake(json!({ "IM-API-KEY": "App.k", "IM-CLIENT-ID": "aaa" }), Value::Null);
        let badge = Badge::of(&shake.credentials().unwrap(), &Caller::Platform(Some(client.clone())));
        assert_eq!((badge.client.as_ref(), badge.member()), (Some(&client), None));
        assert!(matches!(badge.credentials().unwrap().proof, Proof::ApiKey { sender: Some(_), .. }));
    }

    #[test]
    fn a_frame_says_its_style_else_its_socket_does() {
        let style = |body: &str, more| frame(body, more).style();
        assert_eq!(style("{}", json!({})).unwrap(), Style::Rollcall);
        assert_eq!(style("{}", json!({ "style": "talk" })).unwrap(), Style::Talk);
        assert_eq!(style(r#"{"style":"imkit"}"#, json!({ "style": "talk" })).unwrap(), Style::Imkit);
        for refusal in [style(r#"{"style":"x"}"#, json!({})), style("{}", json!({ "style": "x" }))] {
            let refusal = refusal.unwrap_err().to_string();
            assert!(refusal.contains("`style`") && refusal.contains("`x`"), "{refusal}");
        }
    }

    #[test]
    fn a_connection_has_a_place_in_a_key() {
        assert!(ConnectionId::parse("L0SM9cOFvHcCIhw=").is_some());
        for bad in ["", "a#b", "a b", "ä", &"x".repeat(129)] {
            assert!(ConnectionId::parse(bad).is_none(), "{bad}");
        }
    }
}
