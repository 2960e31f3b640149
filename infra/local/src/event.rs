//! API Gateway's payload format 2.0: the event that a function gets for a request, and the answer made of its reply.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::intrinsic::ACCOUNT;
use crate::route::{Taken, decoded};

/// The event for a request that took this route of the API at `domain`.
pub(crate) fn event(request: &Request<Bytes>, taken: &Taken, request_id: &str, domain: &str) -> Json {
    let uri = request.uri();
    let path = decoded(uri.path());
    let query = uri.query().unwrap_or_default();
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).map(lossy).unwrap_or_default();
    let now = Timestamp::now();
    let mut event = json!({
        "version": "2.0",
        "routeKey": taken.route.key(),
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined(headers),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": "local",
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": text(USER_AGENT),
            },
            "requestId": request_id,
            "routeKey": taken.route.key(),
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    event["headers"]["x-forwarded-proto"] = "http".into();
    if !query.is_empty() {
        event["queryStringParameters"] = json!(parameters(query));
    }
    if !taken.parameters.is_empty() {
        event["pathParameters"] = json!(taken.parameters);
    }
    let cookies: Vec<_> = headers.get_all(COOKIE).iter().map(lossy).collect();
    if !cookies.is_empty() {
        event["cookies"] = cookies.iter().flat_map(|line| line.split("; ")).collect();
    }
    let body = request.body();
    if !body.is_empty() {
        let as_text = std::str::from_utf8(body).ok().filter(|_| is_text(&text(CONTENT_TYPE)));
        event["isBase64Encoded"] = as_text.is_none().into();
        event["body"] = as_text.map_or_else(|| BASE64_STANDARD.encode(body), str::to_owned).into();
    }
    event
}

/// The answer that a function's reply asks for. A reply without `statusCode` is itself the body, as the format has it.
pub(crate) fn answer(reply: &[u8]) -> Result<Response<Bytes>, String> {
    let reply: Json = serde_json::from_slice(reply).map_err(|error| format!("the reply is not JSON: {error}"))?;
    let Some(status) = reply.get("statusCode") else {
        return Ok(crate::http::json(StatusCode::OK, &reply));
    };
    let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok()).ok_or("`statusCode` is not a status")?;
    let body = reply["body"].as_str().unwrap_or_default();
    let body = match reply["isBase64Encoded"].as_bool() {
        Some(true) => BASE64_STANDARD.decode(body).map_err(|error| format!("`body` is not base64: {error}"))?,
        _ => body.as_bytes().to_vec(),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let many = entries(&reply["multiValueHeaders"])
        .flat_map(|(name, values)| values.as_array().into_iter().flatten().map(move |value| (name, value)));
    for (name, value) in many {
        add(headers, name, value)?;
    }
    for (name, value) in entries(&reply["headers"]) {
        if !headers.contains_key(name) {
            add(headers, name, value)?;
        }
    }
    for cookie in reply["cookies"].as_array().into_iter().flatten() {
        add(headers, SET_COOKIE.as_str(), cookie)?;
    }
    headers.remove(CONTENT_LENGTH);
    if !headers.contains_key(CONTENT_TYPE) && !response.body().is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    Ok(response)
}

fn entries(object: &Json) -> impl Iterator<Item = (&str, &Json)> {
    object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn add(headers: &mut HeaderMap, name: &str, value: &Json) -> Result<(), String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let bad = |_| format!("the header `{name}` cannot be sent");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is not a header"))?;
    headers.append(name.clone(), HeaderValue::from_str(&text).map_err(bad)?);
    Ok(())
}

/// Header names in lower case, several values of one name joined by a comma; cookies are told apart.
pub(crate) fn joined(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let mut joined = BTreeMap::<&str, String>::new();
    for (name, value) in headers.iter().filter(|(name, _)| *name != COOKIE) {
        let value = lossy(value);
        joined.entry(name.as_str()).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    joined
}

/// Parameters of a query, decoded, several values of one name joined by a comma.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for (name, value) in pairs(query) {
        parameters.entry(name).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    parameters
}

/// The parameters of a query one by one, decoded.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
    })
}

/// The types that API Gateway hands on as text; all others, and none, it encodes.
fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{Route, find};

    fn event_of(request: Request<&'static str>) -> Json {
        let routes = [Route::new("POST", "/rooms/{id}", "A"), Route::new("ANY", "$default", "B")];
        let request = request.map(Bytes::from);
        let taken = find(&routes, request.method().as_str(), request.uri().path()).unwrap();
        event(&request, &taken, "r1", "api.test")
    }

    #[test]
    fn paths_and_queries_are_decoded_but_the_raw_query() {
        let event = event_of(Request::post("/rooms/a%20b?x=1%2B1&y=a+b&x=2").body("").unwrap());
        assert_eq!(event["routeKey"], "POST /rooms/{id}");
        assert_eq!(event["rawPath"], "/rooms/a b");
        assert_eq!(event["rawQueryString"], "x=1%2B1&y=a+b&x=2");
        assert_eq!(event["queryStringParameters"], json!({ "x": "1+1,2", "y": "a b" }));
        assert_eq!(event["pathParameters"], json!({ "id": "a b" }));
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
        assert_eq!(event.get("body"), None);
    }

    #[test]
    fn headers_are_joined_and_cookies_told_apart() {
        let request = Request::post("/nowhere").header("CLIENT_KEY", "k").header("a", "1").header("a", "2");
        let event = event_of(request.header("cookie", "x=1; y=2").body("").unwrap());
        assert_eq!(event["headers"], json!({ "client_key": "k", "a": "1,2", "x-forwarded-proto": "http" }));
        assert_eq!(event["cookies"], json!(["x=1", "y=2"]));
        assert_eq!(event["routeKey"], "$default");
        assert_eq!(event.get("pathParameters"), None);
    }

    #[test]
    fn a_body_is_text_where_its_type_says_so() {
        let text =
            event_of(Request::post("/").header("content-type", "application/json; charset=utf-8").body("{}").unwrap());
        assert_eq!((&text["body"], &text["isBase64Encoded"]), (&json!("{}"), &json!(false)));
        let coded = event_of(Request::post("/").body("{}").unwrap());
        assert_eq!((&coded["body"], &coded["isBase64Encoded"]), (&json!("e30="), &json!(true)));
    }

    #[test]
    fn a_reply_becomes_status_headers_cookies_and_body() {
        let reply = json!({
            "statusCode": 201, "headers": { "X-A": "1" }, "multiValueHeaders": { "x-b": ["1", "2"] },
            "cookies": ["c=1"], "body": "e30=", "isBase64Encoded": true,
        });
        let answer = answer(reply.to_string().as_bytes()).unwrap();
        assert_eq!((answer.status(), answer.body().as_ref()), (StatusCode::CREATED, b"{}".as_slice()));
        assert_eq!(answer.headers()["x-a"], "1");
        assert_eq!(answer.headers().get_all("x-b").iter().count(), 2);
        assert_eq!(answer.headers()["set-cookie"], "c=1");
    }

    #[test]
    fn a_reply_without_status_is_the_body_and_nonsense_is_refused() {
        assert_eq!(answer(b"{\"a\":1}").unwrap().body().as_ref(), b"{\"a\":1}");
        assert!(answer(b"{\"statusCode\":\"x\"}").is_err());
        assert!(answer(b"nonsense").is_err());
    }
}
