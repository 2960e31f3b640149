//! A request as API Gateway hands it over (HTTP API, payload 2.0), and its parameters as checked values.
//!
//! The event is read by our own small type: see docs/decisions/0002-events.md.

mod changing;

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::id::{ClientId, RoomId};

/// The longest body, in bytes (D9).
pub const LONGEST_BODY: usize = 256 * 1024;

/// One HTTP request. API Gateway has decoded path and query parameters already.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Request {
    route_key: Option<String>,
    raw_path: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    cookies: Option<Vec<String>>,
    path_parameters: Option<BTreeMap<String, String>>,
    query_string_parameters: Option<BTreeMap<String, String>>,
    raw_query_string: Option<String>,
    request_context: Context,
    body: Option<String>,
    is_base64_encoded: bool,
}

/// Where a request arrived.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    domain_name: Option<String>,
    http: Http,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Option<String>,
}

impl Request {
    /// The route that matched, such as `POST /rooms/{id}/members`.
    pub fn route(&self) -> &str {
        self.route_key.as_deref().unwrap_or_default()
    }

    /// The path as asked for.
    pub fn raw_path(&self) -> &str {
        self.raw_path.as_deref().unwrap_or_default()
    }

    /// The path without the slashes at its end, if it has any and more than these (D9).
    pub fn path_without_slash(&self) -> Option<&str> {
        let path = self.raw_path();
        let bare = path.trim_end_matches('/');
        Some(bare).filter(|bare| !bare.is_empty() && bare.len() < path.len())
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.request_context.http.method.as_deref().unwrap_or_default()
    }

    /// The API's own domain, whatever the caller wrote as `Host`.
    pub fn domain(&self) -> &str {
        self.request_context.domain_name.as_deref().unwrap_or_default()
    }

    /// The query as it was sent.
    pub fn raw_query(&self) -> &str {
        self.raw_query_string.as_deref().unwrap_or_default()
    }

    /// All headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All cookies, as one header holds them.
    pub fn cookies(&self) -> Option<String> {
        self.cookies.as_ref().map(|cookies| cookies.join("; ")).filter(|cookies| !cookies.is_empty())
    }

    /// The body as bytes: API Gateway encodes one whose content type it does not know for text.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let body = self.body.as_deref().unwrap_or_default();
        if !self.is_base64_encoded {
            return Ok(body.as_bytes().to_vec());
        }
        aws_smithy_types::base64::decode(body)
            .map_err(|_| Error::InvalidBody { reason: "it is not encoded as its event says".into() })
    }

    /// A header by its case-insensitive name, trimmed; an empty one counts as absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        let (_, value) = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// A cookie by its name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.cookies.iter().flatten().flat_map(|cookie| cookie.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// A query parameter; an empty one counts as absent.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query_as_sent(name).filter(|value| !value.is_empty())
    }

    /// A query parameter as it was sent, empty or not.
    pub fn query_as_sent(&self, name: &str) -> Option<&str> {
        self.query_string_parameters.as_ref()?.get(name).map(String::as_str)
    }

    /// Every value of a query parameter that can stand several times, but for empty ones; API Gateway itself would join
    /// them by commas. One that is no UTF-8 is like nothing else, and not absent.
    pub fn query_all(&self, name: &str) -> Vec<String> {
        let pairs = self.raw_query().split('&').filter_map(|pair| pair.split_once('='));
        let values = pairs.filter(|(key, value)| *key == name && !value.is_empty());
        let decoded = |value: &str| percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned();
        values.map(|(_, value)| decoded(value)).collect()
    }

    /// A whole number in the query, within `range`, or `default` when absent.
    pub fn query_number(&self, name: &str, range: std::ops::RangeInclusive<u64>, default: u64) -> Result<u64, Error> {
        let Some(text) = self.query(name) else { return Ok(default) };
        let reason = || format!("must be a whole number from {} to {}", range.start(), range.end());
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| Error::invalid(name, reason()))
    }

    /// A path parameter as it stands in the route.
    pub fn path(&self, name: &str) -> &str {
        self.path_parameters.as_ref().and_then(|all| all.get(name)).map(String::as_str).unwrap_or_default()
    }

    /// The room in the path, parameter `id`.
    pub fn room(&self) -> Result<RoomId, Error> {
        RoomId::parse("id", self.path("id"))
    }

    /// The client in the path, parameter `name`.
    pub fn client(&self, name: &str) -> Result<ClientId, Error> {
        ClientId::parse(name, self.path(name))
    }

    /// Whether the caller asked for a room without its lists, by `Prefer: return=minimal` (D24).
    pub fn prefers_minimal(&self) -> bool {
        let preferences = self.header("prefer").unwrap_or_default();
        preferences.split(',').any(|one| one.trim().eq_ignore_ascii_case("return=minimal"))
    }

    /// The fields of the JSON body, whatever its content type; no body is no fields (D9).
    pub fn fields(&self) -> Result<Fields, Error> {
        let body = self.body.as_deref().unwrap_or_default();
        let limit = if self.is_base64_encoded { LONGEST_BODY / 3 * 4 + 4 } else { LONGEST_BODY };
        if body.len() > limit {
            return Err(Error::BodyTooLarge { limit: LONGEST_BODY });
        }
        let text = String::from_utf8(self.bytes()?)
            .map_err(|_| Error::InvalidBody { reason: "it is not UTF-8 text".into() })?;
        // Base64 comes in threes: a body of a byte or two more encodes to the same length.
        if text.len() > LONGEST_BODY {
            return Err(Error::BodyTooLarge { limit: LONGEST_BODY });
        }
        Fields::parse(&text)
    }

    /// The same with the query's parameters as headers, where no header has their name: browsers cannot set the headers of
    /// a socket.
    pub fn with_query_as_headers(mut self) -> Self {
        for (name, value) in self.query_string_parameters.take().into_iter().flatten() {
            if self.header(&name).is_none() {
                self.headers.get_or_insert_default().insert(name.to_ascii_lowercase(), value);
            }
        }
        self
    }
}

/// The fields of a JSON body. `null` counts as absent; a field of a wrong type is refused by name.
#[derive(Clone, Debug, Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Those of a JSON object; no text is no fields.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Error::InvalidBody { reason: "it is another kind of value".into() }),
            Err(flaw) => Err(Error::InvalidBody { reason: flaw.to_string() }),
        }
    }

    /// Any value, as it came; `null` too.
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All fields but those named.
    pub fn others(&self, named: &[&str]) -> Map<String, Value> {
        let others = self.0.iter().filter(|(name, _)| !named.contains(&name.as_str()));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A string of at most `longest` bytes.
    pub fn text(&self, name: &str, longest: usize) -> Result<Option<String>, Error> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= longest => Ok(Some(text.clone())),
            Some(Value::String(_)) => Err(Error::invalid(name, format!("must be at most {longest} bytes long"))),
            Some(_) => Err(Error::invalid(name, "must be a string")),
        }
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Error::invalid(name, "must be true or false")),
        }
    }

    /// A whole number within `range`.
    pub fn number(&self, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, Error> {
        let Some(value) = self.given(name) else { return Ok(None) };
        let reason = || format!("must be a whole number from {} to {}", range.start(), range.end());
        match value.as_u64().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(Error::invalid(name, reason())),
        }
    }

    /// A JSON object that takes at most `longest` bytes as text.
    pub fn object(&self, name: &str, longest: usize) -> Result<Option<Map<String, Value>>, Error> {
        match self.given(name) {
            None => Ok(None),
            Some(value @ Value::Object(object)) if value.to_string().len() <= longest => Ok(Some(object.clone())),
            Some(Value::Object(_)) => Err(Error::invalid(name, format!("must be at most {longest} bytes of JSON"))),
            Some(_) => Err(Error::invalid(name, "must be an object")),
        }
    }

    /// An array of strings, each at most `longest` bytes.
    pub fn texts(&self, name: &str, longest: usize) -> Result<Option<Vec<String>>, Error> {
        let Some(value) = self.given(name) else { return Ok(None) };
        let refusal = || Error::invalid(name, format!("must be an array of strings of at most {longest} bytes"));
        let items = value.as_array().ok_or_else(refusal)?;
        let texts = items.iter().map(|item| item.as_str().filter(|text| text.len() <= longest).map(str::to_owned));
        texts.collect::<Option<_>>().map(Some).ok_or_else(refusal)
    }

    /// A client id.
    pub fn client(&self, name: &str) -> Result<Option<ClientId>, Error> {
        match self.text(name, usize::MAX)? {
            None => Ok(None),
            Some(text) => ClientId::parse(name, &text).map(Some),
        }
    }

    /// An array of client ids, duplicates counted once, the first place winning (D12).
    pub fn clients(&self, name: &str) -> Result<Option<Vec<ClientId>>, Error> {
        let Some(value) = self.given(name) else { return Ok(None) };
        let refusal = || Error::invalid(name, "must be an array of client ids");
        let mut seen = BTreeSet::new();
        let mut clients = Vec::new();
        for item in value.as_array().ok_or_else(refusal)? {
            let client = ClientId::parse(name, item.as_str().ok_or_else(refusal)?)?;
            if seen.insert(client.clone()) {
                clients.push(client);
            }
        }
        Ok(Some(clients))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_body(body: &str) -> Request {
        Request { body: Some(body.to_owned()), ..Request::default() }
    }

    #[test]
    fn an_empty_body_has_no_fields_whatever_its_type() {
        for body in [None, Some(""), Some("  \n"), Some("{}")] {
            let request = Request { body: body.map(str::to_owned), ..Request::default() };
            assert!(request.fields().unwrap().0.is_empty(), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        let deep = "[".repeat(100_000);
        for body in ["[]", "1", "\"x\"", "{", "a=b", deep.as_str(), "{\"a\":1}x"] {
            assert!(matches!(with_body(body).fields(), Err(Error::InvalidBody { .. })), "{:.20}", body);
        }
    }

    #[test]
    fn a_body_past_the_limit_is_refused_before_it_is_read() {
        let body = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST_BODY));
        assert!(matches!(with_body(&body).fields(), Err(Error::BodyTooLarge { .. })));
    }

    #[test]
    fn a_body_of_unknown_type_arrives_encoded() {
        let request = Request { body: Some("eyJhIjp0cnVlfQ==".into()), is_base64_encoded: true, ..Request::default() };
        assert_eq!(request.fields().unwrap().flag("a").unwrap(), Some(true));
        let request = Request { body: Some("/////w==".into()), is_base64_encoded: true, ..Request::default() };
        assert!(request.fields().is_err());
    }

    #[test]
    fn a_field_of_a_wrong_type_is_refused_by_name() {
        let fields = with_body(r#"{"s":1,"b":"x","n":-1,"o":[],"c":["a",1],"e":["a",""]}"#).fields().unwrap();
        let refusals = [
            fields.text("s", 9).unwrap_err(),
            fields.flag("b").unwrap_err(),
            fields.number("n", 0..=9).unwrap_err(),
            fields.object("o", 9).unwrap_err(),
            fields.clients("c").unwrap_err(),
            fields.clients("e").unwrap_err(),
        ];
        for (refusal, name) in refusals.iter().zip(["`s`", "`b`", "`n`", "`o`", "`c`", "`e`"]) {
            assert!(refusal.to_string().contains(name), "{refusal}");
        }
    }

    #[test]
    fn null_counts_as_absent() {
        let fields = with_body(r#"{"s":null,"c":null}"#).fields().unwrap();
        assert_eq!(fields.text("s", 9).unwrap(), None);
        assert_eq!(fields.clients("c").unwrap(), None);
    }

    #[test]
    fn duplicate_invitees_count_once_and_the_first_place_wins() {
        let fields = with_body(r#"{"invitees":["ccc","bbb","ccc"]}"#).fields().unwrap();
        let ids: Vec<_> = fields.clients("invitees").unwrap().unwrap().iter().map(ClientId::to_string).collect();
        assert_eq!(ids, ["ccc", "bbb"]);
    }
}
