//! Talk's parameters: path, query and body as one; the later wins.

use serde_json::Value;

use crate::error::Error;
use crate::request::{Fields, Request};

/// The parameters of one request.
pub struct Parameters<'a> {
    request: &'a Request,
    fields: Fields,
}

impl<'a> Parameters<'a> {
    /// Of a request.
    pub fn of(request: &'a Request) -> Result<Self, Error> {
        Ok(Self { request, fields: request.fields()? })
    }

    /// A parameter as text. One that is there counts as given, empty or not; one that is neither text nor a number is
    /// refused by name.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        match self.fields.raw(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Error::invalid(name, "must be a string")),
            None => Ok(self.request.query_as_sent(name).map(str::to_owned)),
        }
    }

    /// The room: `_id` of body or query, else the path's.
    pub fn room(&self) -> Result<String, Error> {
        Ok(self.text("_id")?.unwrap_or_else(|| self.request.path("id").to_owned()))
    }
}
