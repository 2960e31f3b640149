//! Talk's dialect: bare objects, and errors of its own numbers in two languages (D32).

mod asked;
mod event;
mod parameters;
mod parts;
mod refusal;
mod view;

use serde_json::Value;

use crate::error::Error;
use crate::lambda::Response;
use crate::request::Request;

pub use asked::new_room;
pub use event::{event, ping};
pub use parameters::Parameters;
pub use refusal::{refuse, refused};
pub use view::{Addresses, LATEST_MESSAGES, detail, invited, listed, room};

/// Renders what a handler came to.
pub fn respond(request: &Request, result: Result<Value, Error>) -> Response {
    match result {
        Ok(body) => Response::json(200, &body),
        Err(error) => refuse(request, &error),
    }
}
