//! Talk's parameters: path, query and body as one; the later wins.

use serde_json::Value;

use crate::auth::Credentials;
use crate::error::Error;
use crate::id::{ClientId, RoomId};
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

    /// `true` or `false`; in a query these words.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        match (self.fields.raw(name), self.request.query_as_sent(name)) {
            (Some(Value::Bool(flag)), _) => Ok(Some(*flag)),
            (None, Some("true")) => Ok(Some(true)),
            (None, Some("false")) => Ok(Some(false)),
            (None, None) => Ok(None),
            _ => Err(Error::invalid(name, "must be true or false")),
        }
    }

    /// An array of texts, what is repeated letter by letter counted once. One that is there and no array is refused by
    /// name: Talk's own server took it for absent, and invited nobody.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        let refusal = || Error::invalid(name, "must be an array of strings");
        let items = match (self.fields.raw(name), self.request.query_as_sent(name)) {
            (Some(Value::Array(items)), _) => items,
            (None, None) => return Ok(Vec::new()),
            _ => return Err(refusal()),
        };
        let mut texts = Vec::new();
        for item in items {
            let text = match item {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return Err(refusal()),
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        Ok(texts)
    }

    /// An array of client ids.
    pub fn clients(&self, name: &str) -> Result<Vec<ClientId>, Error> {
        self.texts(name)?.iter().map(|id| ClientId::parse(name, id)).collect()
    }

    /// A client id.
    pub fn client(&self, name: &str) -> Result<Option<ClientId>, Error> {
        self.text(name)?.map(|id| ClientId::parse(name, &id)).transpose()
    }

    /// What the path, or `_id` of body or query, names.
    pub fn id(&self) -> Result<String, Error> {
        Ok(self.text("_id")?.unwrap_or_else(|| self.request.path("id").to_owned()))
    }

    /// The room: `_id` of body or query, else the path's.
    pub fn room(&self) -> Result<RoomId, Error> {
        RoomId::parse("_id", &self.id()?)
    }

    /// Who says that he sends the request.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        let token = self.text("accountToken")?.or(self.text("aid")?);
        Credentials::talk(self.request, token.as_deref(), self.client("sender")?)
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
    fn a_flag_is_true_or_false_and_nothing_else() {
        let flag = |query, body| Parameters::of(&request(query, body)).unwrap().flag("email").map_err(|_| ());
        assert_eq!(flag(json!({}), json!({})), Ok(None));
        assert_eq!(flag(json!({ "email": "true" }), json!({})), Ok(Some(true)));
        assert_eq!(flag(json!({ "email": "true" }), json!({ "email": false })), Ok(Some(false)));
        for (query, body) in [(json!({ "email": "1" }), json!({})), (json!({}), json!({ "email": "true" }))] {
            assert_eq!(flag(query, body), Err(()));
        }
    }

    #[test]
    fn an_array_counts_what_is_repeated_once_and_what_is_no_array_is_refused_by_name() {
        let texts = |query, body| {
            let request = request(query, body);
            Parameters::of(&request).unwrap().texts("email").map_err(|error| error.to_string())
        };
        assert_eq!(texts(json!({}), json!({})), Ok(vec![]));
        let list = json!({ "email": ["b", 1, "a", "b", "1"] });
        assert_eq!(texts(json!({}), list), Ok(vec!["b".into(), "1".into(), "a".into()]));
        for odd in [json!(null), json!("a"), json!({}), json!([null]), json!([["a"]])] {
            assert!(texts(json!({}), json!({ "email": odd })).unwrap_err().starts_with("`email` "));
        }
        assert!(texts(json!({ "email": "a" }), json!({})).unwrap_err().starts_with("`email` "));
    }

    #[test]
    fn the_room_is_the_last_said() {
        let room = |query, body| Parameters::of(&request(query, body)).unwrap().room().unwrap().to_string();
        assert_eq!(room(json!({}), json!({})), "path");
        assert_eq!(room(json!({ "_id": "query" }), json!({})), "query");
        assert_eq!(room(json!({ "_id": "query" }), json!({ "_id": "body" })), "body");
    }

    #[test]
    fn a_body_that_is_no_object_has_no_parameters() {
        assert!(matches!(Parameters::of(&request(json!({}), json!([]))), Err(Error::InvalidBody { .. })));
    }
}
