//! The management API of the WebSocket API: `@connections`, by which a function reaches who is connected.

use hyper::body::Bytes;
use hyper::{Method, Response, StatusCode};

use crate::http;
use crate::intrinsic::{ACCOUNT, REGION};
use crate::route::decoded;
use crate::services::{Fate, Refusal};
use crate::sockets::{MESSAGE, Order, Sockets, Unreached};

/// A request about one connection.
#[derive(Debug)]
pub(crate) struct Management {
    stage: String,
    id: String,
    wanted: Wanted,
}

#[derive(Debug)]
enum Wanted {
    Post(String),
    Delete,
    Get,
}

impl Management {
    /// Reads a request of the path `/<stage>/@connections/<id>`.
    pub(crate) fn read(method: &Method, stage: &str, id: &str, body: &Bytes) -> Result<Self, Refusal> {
        let wanted = match *method {
            Method::POST if body.len() > MESSAGE => {
                let message = format!("{} bytes are more than the {MESSAGE} that a message may have", body.len());
                return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", message));
            }
            Method::POST => {
                let text = String::from_utf8(body.to_vec());
                let bad = |_| Refusal::new(StatusCode::BAD_REQUEST, "BadRequestException", "the message is not UTF-8");
                Wanted::Post(text.map_err(bad)?)
            }
            Method::DELETE => Wanted::Delete,
            Method::GET => Wanted::Get,
            _ => return Err(Refusal::new(StatusCode::FORBIDDEN, "ForbiddenException", "Forbidden")),
        };
        Ok(Self { stage: stage.to_owned(), id: decoded(id), wanted })
    }

    /// What must be granted, of the API of this id.
    pub(crate) fn resource(&self, api: &str) -> String {
        let method = match self.wanted {
            Wanted::Post(_) => "POST",
            Wanted::Delete => "DELETE",
            Wanted::Get => "GET",
        };
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/{}/{method}/@connections/{}", self.stage, self.id)
    }

    pub(crate) fn perform(self, sockets: Option<&Sockets>, fate: Fate) -> Result<Response<Bytes>, Refusal> {
        let Some(sockets) = sockets.filter(|sockets| sockets.api.stage == self.stage) else {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "ForbiddenException", "Forbidden"));
        };
        let order = |order| match fate {
            Fate::Done => sockets.order(&self.id, order),
            Fate::Lost => Ok(()),
        };
        let answer = match self.wanted {
            Wanted::Post(text) => order(Order::Send(text)).map(|()| answer(StatusCode::OK)),
            Wanted::Delete => order(Order::Close).map(|()| answer(StatusCode::NO_CONTENT)),
            Wanted::Get => sockets.tell(&self.id).map(|told| http::json(StatusCode::OK, &told)),
        };
        answer.map_err(|unreached| match unreached {
            Unreached::Gone => Refusal::new(StatusCode::GONE, "GoneException", "Gone"),
            Unreached::Full => Refusal::new(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", "Rate exceeded"),
        })
    }
}

fn answer(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
