//! How a WebSocket connection comes about: the authorizer is asked, then `$connect`, and only then it is accepted.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use hyper::{Request, Response, StatusCode};
use serde_json::{Map, Value as Json};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use uuid::Uuid;

use crate::error::FunctionError;
use crate::http::{self, Answer};
use crate::route::decoded;
use crate::socket;
use crate::socket_api::{Authorizer, CONNECT, Identity, Target};
use crate::socket_event::{Connection, admitted, token};
use crate::sockets::Sockets;

/// Why a connection is not accepted.
struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    }
}

impl Sockets {
    /// Answers a request for a connection; an accepted one lives on in a task of its own.
    pub(crate) async fn open(self: Arc<Self>, mut request: Request<Bytes>) -> Answer {
        let Ok(mut response) = create_response_with_body(&request, Bytes::new) else {
            return Ok(http::message(StatusCode::BAD_REQUEST, "Bad Request"));
        };
        let mut connection = Connection::new(&self.api.id, &self.api.stage, &self.domain, &request);
        match self.admit(&mut connection, &request).await {
            Ok(protocol) => {
                if let Some(protocol) = protocol {
                    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
                }
                let connection = Arc::new(connection);
                // Before the answer: whoever has it may be written to.
                let orders = self.enter(&connection);
                tokio::spawn(socket::live(self, connection, hyper::upgrade::on(&mut request), orders));
                Ok(response)
            }
            Err(Refused { status, message }) => {
                let told = connection.told(&message, &token());
                let mut response: Response<Bytes> = http::json(status, &told);
                if let Ok(kind) = HeaderValue::from_str(status.canonical_reason().unwrap_or_default()) {
                    response.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), kind);
                }
                Ok(response)
            }
        }
    }

    /// Asks whoever has a say; the header is the subprotocol that `$connect` chose.
    async fn admit(
        &self,
        connection: &mut Connection,
        request: &Request<Bytes>,
    ) -> Result<Option<HeaderValue>, Refused> {
        if let Some(authorizer) = &self.api.authorizer {
            connection.authorizer = Some(self.authorize(authorizer, connection, request).await?);
        }
        let Some(Target::Function(function)) = self.api.named(CONNECT).map(|route| &route.target) else {
            return Ok(None);
        };
        let broken = |_| Refused::new(StatusCode::BAD_GATEWAY, "Internal server error");
        let reply = self.ask(function, &connection.connect(request)).await.map_err(broken)?;
        let status = reply["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        match status {
            Some(status) if status.is_success() => Ok(subprotocol(&reply)),
            Some(status) => Err(Refused::new(status, status.canonical_reason().unwrap_or_default())),
            None => Err(Refused::new(StatusCode::BAD_GATEWAY, "Internal server error")),
        }
    }

    async fn authorize(
        &self,
        authorizer: &Authorizer,
        connection: &Connection,
        request: &Request<Bytes>,
    ) -> Result<Map<String, Json>, Refused> {
        let unauthorized = || Refused::new(StatusCode::UNAUTHORIZED, "Unauthorized");
        if !authorizer.identity.iter().all(|identity| has(request, identity)) {
            return Err(unauthorized());
        }
        let answer = self.ask(&authorizer.function, &connection.authorize(request)).await;
        let answer = answer.map_err(|error| match error.message.as_str() {
            "Unauthorized" => unauthorized(),
            _ => Refused::broken(),
        })?;
        admitted(&answer, &connection.method_arn()).map_err(|(status, message)| match status {
            StatusCode::INTERNAL_SERVER_ERROR => {
                self.pool.tell(&authorizer.function, &message);
                Refused::broken()
            }
            status => Refused::new(status, message),
        })
    }

    /// Invokes a function with an event, for a reply that is JSON.
    pub(crate) async fn ask(&self, function: &str, event: &Json) -> Result<Json, FunctionError> {
        let reply = self.pool.invoke(function, &Uuid::new_v4().to_string(), event.to_string().into()).await?;
        serde_json::from_slice(&reply)
            .map_err(|_| FunctionError::new("Runtime.MalformedResponse", "the reply is not JSON"))
    }
}

/// Whether a request has what an authorizer wants to see.
fn has(request: &Request<Bytes>, identity: &Identity) -> bool {
    match identity {
        Identity::Header(name) => request.headers().get(name).is_some_and(|value| !value.is_empty()),
        Identity::Query(name) => {
            let pairs = request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().any(|(key, value)| decoded(key) == *name && !value.is_empty())
        }
    }
}

fn subprotocol(reply: &Json) -> Option<HeaderValue> {
    let headers = reply["headers"].as_object().into_iter().flatten();
    let mut chosen = headers.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
    chosen.next().and_then(|(_, value)| HeaderValue::from_str(value.as_str()?).ok())
}
