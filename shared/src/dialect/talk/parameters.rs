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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(query: Value, body: Value) -> Request {
        let event = json!({
            "pathParameters": { "id": "path" }, "queryStringParameters": query, "body": body.to_string(),
        });
        serde_json::from_value(event).unwrap()
    }

    fn text(query: Value, body: Value) -> Result<Option<String>, String> {
        let request = request(query, body);
        Parameters::of(&request).unwrap().text("email").map_err(|error| error.to_string())
    }

    #[test]
    fn the_body_goes_before_the_query() {
        assert_eq!(text(json!({}), json!({})), Ok(None));
        assert_eq!(text(json!({ "email": "q" }), json!({})), Ok(Some("q".into())));
        assert_eq!(text(json!({ "email": "q" }), json!({ "email": "b" })), Ok(Some("b".into())));
        assert_eq!(text(json!({ "email": "q" }), json!({ "mobile": "b" })), Ok(Some("q".into())));
    }

    #[test]
    fn what_is_there_counts_as_given_empty_or_not() {
        assert_eq!(text(json!({ "email": "" }), json!({})), Ok(Some(String::new())));
        assert_eq!(text(json!({}), json!({ "email": "" })), Ok(Some(String::new())));
        assert_eq!(text(json!({ "email": "q" }), json!({ "email": "" })), Ok(Some(String::new())));
    }

    #[test]
    fn a_number_is_text_and_any_other_value_is_refused_by_name() {
        assert_eq!(text(json!({}), json!({ "email": 13_100_000_000_u64 })), Ok(Some("13100000000".into())));
        for odd in [json!(null), json!(true), json!([]), json!({})] {
            let refusal = text(json!({ "email": "q" }), json!({ "email": odd })).unwrap_err();
            assert!(refusal.starts_with("`email` "), "{refusal}");
        }
    }

    #[test]
    fn the_room_is_the_last_said() {
        let room = |query, body| Parameters::of(&request(query, body)).unwrap().room().unwrap();
        assert_eq!(room(json!({}), json!({})), "path");
        assert_eq!(room(json!({ "_id": "query" }), json!({})), "query");
        assert_eq!(room(json!({ "_id": "query" }), json!({ "_id": "body" })), "body");
    }

    #[test]
    fn a_body_that_is_no_object_has_no_parameters() {
        assert!(matches!(Parameters::of(&request(json!({}), json!([]))), Err(Error::InvalidBody { .. })));
    }
}
