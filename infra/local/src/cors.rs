//! Cross-origin requests, answered by the gateway from the template's `CorsConfiguration`.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, header};
use serde_json::Value as Json;
use serde_norway::Value;

use crate::intrinsic::Intrinsics;

/// What `CorsConfiguration` says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cors {
    origins: Vec<String>,
    methods: String,
    allow: String,
    expose: String,
    max_age: Option<String>,
    credentials: bool,
}

impl Cors {
    /// Reads `CorsConfiguration`; `None` without one. `true` and a bare origin are SAM's short forms.
    pub(crate) fn read(config: &Value, intrinsics: &Intrinsics) -> Result<Option<Self>, String> {
        let config = match intrinsics.value(config)? {
            None | Some(Json::Null | Json::Bool(false)) => return Ok(None),
            Some(Json::Bool(true)) => {
                return Ok(Some(Self { origins: vec!["*".to_owned()], ..Self::default() }));
            }
            Some(Json::String(origin)) => {
                return Ok(Some(Self { origins: vec![origin], ..Self::default() }));
            }
            Some(config) => config,
        };
        let texts = |key: &str| -> Vec<String> {
            let items = config[key].as_array().into_iter().flatten();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        Ok(Some(Self {
            origins: texts("AllowOrigins"),
            methods: texts("AllowMethods").join(","),
            allow: texts("AllowHeaders").join(","),
            expose: texts("ExposeHeaders").join(","),
            max_age: config["MaxAge"].as_u64().map(|seconds| seconds.to_string()),
            credentials: config["AllowCredentials"].as_bool().unwrap_or(false),
        }))
    }

    /// Whether a request is a preflight, which the gateway answers without asking a function.
    pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
        method == Method::OPTIONS
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The headers of a preflight's answer; none for an origin that is not allowed.
    pub(crate) fn preflight(&self, origin: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = self.for_origin(origin);
        if !headers.is_empty() {
            put(&mut headers, header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods);
            put(&mut headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.allow);
            put(&mut headers, header::ACCESS_CONTROL_MAX_AGE, self.max_age.as_deref().unwrap_or_default());
        }
        headers
    }

    /// Puts the gateway's headers on a function's answer, in place of any that the function gave itself.
    pub(crate) fn apply(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        let own: Vec<_> = headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
        own.iter().for_each(|name| drop(headers.remove(name)));
        let mut ours = self.for_origin(origin);
        if !ours.is_empty() {
            put(&mut ours, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose);
        }
        headers.extend(ours);
    }

    fn for_origin(&self, origin: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some(origin) = origin.and_then(|value| value.to_str().ok()) else {
            return headers;
        };
        let everyone = self.origins.iter().any(|allowed| allowed == "*");
        let allowed = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => origin.starts_with(start),
            None => pattern == origin,
        };
        if everyone && !self.credentials {
            put(&mut headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        } else if everyone || self.origins.iter().any(allowed) {
            put(&mut headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            put(&mut headers, header::VARY, "origin");
        }
        if self.credentials && !headers.is_empty() {
            put(&mut headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        headers
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(config: &str) -> Cors {
        let root = Value::Null;
        let config = serde_norway::from_str(config).unwrap();
        Cors::read(&config, &Intrinsics::new(&root, "Table")).unwrap().unwrap()
    }

    fn origin(text: &'static str) -> Option<HeaderValue> {
        Some(HeaderValue::from_static(text))
    }

    #[test]
    fn anyone_may_ask_where_every_origin_is_allowed() {
        let cors = cors("{ AllowOrigins: ['*'], AllowMethods: [GET, PUT], AllowHeaders: [client_key], MaxAge: 60 }");
        let headers = cors.preflight(origin("http://a.example").as_ref());
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-allow-methods"], "GET,PUT");
        assert_eq!(headers["access-control-allow-headers"], "client_key");
        assert_eq!(headers["access-control-max-age"], "60");
    }

    #[test]
    fn an_origin_that_is_not_allowed_gets_no_headers() {
        let cors = cors("{ AllowOrigins: ['https://a.example'], ExposeHeaders: [x-request-id] }");
        assert!(cors.preflight(origin("https://b.example").as_ref()).is_empty());
        let mut headers = HeaderMap::from_iter([(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))]);
        cors.apply(origin("https://b.example").as_ref(), &mut headers);
        assert!(headers.is_empty());
        cors.apply(origin("https://a.example").as_ref(), &mut headers);
        assert_eq!(headers["access-control-allow-origin"], "https://a.example");
        assert_eq!(headers["access-control-expose-headers"], "x-request-id");
    }
}
