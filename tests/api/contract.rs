//! Holds what the tests send, and what comes back, to `openapi.yaml`.

use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::actors::Answer;
use crate::description::{Operation, Place, operations, root};

/// What was sent.
pub struct Sent {
    pub method: Method,
    /// Path and query as they were sent.
    pub path: String,
    pub body: Option<String>,
}

/// Fails unless the reply is as its operation says; and the request too, when it was granted: tests ask wrongly on purpose.
pub fn holds(sent: &Sent, answer: &Answer) {
    let flaws = flaws(sent, answer);
    let Sent { method, path, body } = sent;
    assert!(
        flaws.is_empty(),
        "openapi.yaml does not describe this:\n  {}\n  request: {method} {path} {}\n  reply: {} {}\n",
        flaws.join("\n  "),
        body.as_deref().unwrap_or_default().chars().take(2_000).collect::<String>(),
        answer.status,
        answer.body.to_string().chars().take(4_000).collect::<String>(),
    );
}

/// The id of the operation that a request asks for.
pub fn operation(method: &Method, path: &str) -> Option<&'static str> {
    find(method.as_str(), path).map(|(operation, _)| operation.id.as_str())
}

fn flaws(sent: &Sent, answer: &Answer) -> Vec<String> {
    // The gateway answers these by itself.
    if sent.method == Method::OPTIONS {
        return Vec::new();
    }
    let path = sent.path.split(['?', '#']).next().unwrap_or_default();
    let refusal = if path.starts_with("/v2/") { "TalkRouteNotFound" } else { "RouteNotFound" };
    // A slash at the end makes no other route (D9).
    let Some((operation, path_values)) = find(sent.method.as_str(), path.trim_end_matches('/')) else {
        return unrouted(answer, refusal);
    };
    // `$default` sends such a path on, and an id with an encoded slash in it is none of a route any more.
    if path.ends_with('/') && unrouted(answer, refusal).is_empty() {
        return Vec::new();
    }
    let named = |flaw: String| format!("{} ({} {}): {flaw}", operation.id, operation.method, operation.path);
    let mut flaws = reply_flaws(operation, answer);
    if answer.status < 300 {
        flaws.extend(parameter_flaws(operation, "path", &path_values));
        flaws.extend(parameter_flaws(operation, "query", &query(&sent.path)));
        flaws.extend(body_flaws(operation, sent.body.as_deref().unwrap_or_default()));
    }
    flaws.into_iter().map(named).collect()
}

/// The operation of a request, static segments before parameters, and what its path parameters are.
fn find(method: &str, path: &str) -> Option<(&'static Operation, Vec<(String, String)>)> {
    let of_method = operations().iter().filter(|operation| operation.method == method);
    let matching = of_method.filter_map(|operation| Some((operation, values(&operation.path, path)?)));
    matching
        .min_by_key(|(operation, _)| operation.path.split('/').map(|part| part.starts_with('{')).collect::<Vec<_>>())
}

/// The values of a template's parameters in a path, if the path is one of it.
fn values(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let decoded = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let mut values = Vec::new();
    for (expected, found) in template.iter().zip(&path) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !found.is_empty() => values.push((name.to_owned(), decoded(found))),
            None if *expected == decoded(found) => {}
            _ => return None,
        }
    }
    (template.len() == path.len()).then_some(values)
}

/// The query's pairs. An empty value counts as absent.
fn query(path: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://host{path}")).expect("what was sent is a URL");
    let pairs = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    pairs.filter(|(_, value)| !value.is_empty()).collect()
}

/// No operation has the path: the refusal of the path's dialect is what is described.
fn unrouted(answer: &Answer, refusal: &str) -> Vec<String> {
    let schemas = root().child("components").and_then(|place| place.child("schemas"));
    let schema = schemas.and_then(|place| place.child(refusal)).expect("the refusal is described");
    if answer.status == 404 {
        schema.flaws(&answer.body)
    } else {
        vec![format!("no operation has this path: {refusal}")]
    }
}

fn reply_flaws(operation: &Operation, answer: &Answer) -> Vec<String> {
    let responses = operation.place.child("responses").expect("an operation has responses");
    let Some(response) = responses.child(&answer.status.to_string()) else {
        let known: Vec<String> = responses.entries().into_iter().map(|(status, _)| status).collect();
        return vec![format!("the status {} is not among {}", answer.status, known.join(", "))];
    };
    let mut flaws: Vec<String> = response.child("headers").iter().flat_map(|headers| absent(headers, answer)).collect();
    let Some(schema) = response.body_schema() else { return flaws };
    let told = &answer.body["error"]["code"];
    let told = if told.is_null() { &answer.body["code"] } else { told };
    let told = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
    let codes = schema.codes();
    // Said by its name, since a body outside all alternatives does not say what is wrong with it.
    if told != "null" && !codes.is_empty() && !codes.contains(&told) {
        let known: Vec<String> = codes.into_iter().collect();
        flaws.push(format!("the error code `{told}` is not among those of {}: {}", answer.status, known.join(", ")));
        return flaws;
    }
    flaws.extend(schema.flaws(&answer.body).into_iter().map(|flaw| format!("the reply's {flaw}")));
    flaws
}

/// The headers that must be there and are not.
fn absent(headers: &Place, answer: &Answer) -> Vec<String> {
    let required = headers.entries().into_iter().filter(|(_, header)| header.value["required"] == json!(true));
    let absent = required.filter(|(name, _)| !answer.headers.contains_key(name.as_str()));
    absent.map(|(name, _)| format!("the reply has no header `{name}`")).collect()
}

fn parameter_flaws(operation: &Operation, place: &str, sent: &[(String, String)]) -> Vec<String> {
    let mut flaws = Vec::new();
    for parameter in operation.parameters.iter().filter(|parameter| parameter.text("in") == Some(place)) {
        let (name, schema) = (parameter.text("name").unwrap_or_default(), parameter.child("schema"));
        let schema = schema.expect("a parameter has a schema");
        let values: Vec<&str> = sent.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect();
        if values.is_empty() {
            if parameter.value["required"] == json!(true) {
                flaws.push(format!("the {place} parameter `{name}` is absent"));
            }
            continue;
        }
        let value = match schema.text("type") {
            Some("array") => json!(values),
            Some("integer" | "number" | "boolean") => {
                serde_json::from_str(values[0]).unwrap_or_else(|_| json!(values[0]))
            }
            _ => json!(values.join(",")),
        };
        flaws.extend(schema.flaws(&value).into_iter().map(|flaw| format!("the {place} parameter `{name}`: {flaw}")));
    }
    flaws
}

fn body_flaws(operation: &Operation, body: &str) -> Vec<String> {
    let Some(described) = operation.place.child("requestBody") else { return Vec::new() };
    let body = body.trim();
    if body.is_empty() && described.value["required"] == json!(true) {
        return vec!["there is no body".to_owned()];
    }
    let mut body: Value = serde_json::from_str(if body.is_empty() { "{}" } else { body }).unwrap_or_default();
    let schema = described.body_schema().expect("a request's body has a schema");
    // To IMKit, `null` is as good as nothing, where it says no more.
    if !schema.flaws(&body).is_empty()
        && let Some(fields) = body.as_object_mut().filter(|_| !operation.path.starts_with("/v2/"))
    {
        fields.retain(|_, value| !value.is_null());
    }
    schema.flaws(&body).into_iter().map(|flaw| format!("the request's {flaw}")).collect()
}

/// The checks themselves: each must be able to fail.
#[cfg(test)]
mod tests {
    use super::*;

    fn sent(method: Method, path: &str, body: Value) -> Sent {
        Sent { method, path: path.to_owned(), body: Some(body.to_string()) }
    }

    fn answer(status: u16, body: Value) -> Answer {
        let headers = [("x-request-id", "1")].map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Answer { status, headers: headers.into_iter().collect(), body }
    }

    /// An operation's own example of a reply.
    fn example(id: &str, status: &str) -> Value {
        let operation = operations().iter().find(|operation| operation.id == id).unwrap();
        let response = operation.place.child("responses").unwrap().child(status).unwrap();
        response.value["content"]["application/json"]["example"].clone()
    }

    fn adding(body: Value) -> Sent {
        sent(Method::POST, "/rooms/r/members/", body)
    }

    #[test]
    fn what_is_as_described_passes() {
        let good = answer(200, example("add_members", "200"));
        assert_eq!(flaws(&adding(json!({ "invitees": ["bbb"], "partial": null })), &good), [""; 0]);
        let refused = answer(403, example("add_members", "403"));
        assert_eq!(flaws(&adding(json!({ "invitees": 7 })), &refused), [""; 0], "a wrong request may be refused");
    }

    #[test]
    fn a_reply_with_a_field_that_is_not_described_is_told() {
        for place in
            ["/surprise", "/result/surprise", "/result/members/0/surprise", "/result/lastMessage/extra/surprise"]
        {
            let mut body = example("add_members", "200");
            let (parent, name) = place.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = json!(1);
            let told = flaws(&adding(json!({ "invitees": ["bbb"] })), &answer(200, body));
            assert!(
                told.iter().any(|flaw| flaw.contains("add_members") && flaw.contains("surprise")),
                "{place}: {told:?}"
            );
        }
    }

    #[test]
    fn a_reply_without_a_field_that_is_described_is_told() {
        let mut body = example("add_members", "200");
        body["result"]["memberProperties"][0].as_object_mut().unwrap().remove("badge");
        let told = flaws(&adding(json!({ "invitees": ["bbb"] })), &answer(200, body));
        assert!(told[0].contains("/result/memberProperties/0") && told[0].contains("badge"), "{told:?}");
    }

    #[test]
    fn a_status_a_code_or_a_missing_header_that_is_not_described_is_told() {
        let told = |status: u16, code: &str| {
            let error = json!({ "code": code, "message": "so" });
            flaws(&adding(json!({})), &answer(status, json!({ "RC": status, "RM": "Forbidden", "error": error })))
        };
        assert_eq!(told(403, "BANNED"), [""; 0]);
        assert!(told(403, "INVITATION_REQUIRED")[0].contains("`INVITATION_REQUIRED` is not among those of 403"));
        assert!(told(402, "BANNED")[0].contains("the status 402 is not among 200, 400"));
        let bare = Answer { headers: Default::default(), ..answer(403, example("add_members", "403")) };
        assert!(flaws(&adding(json!({})), &bare)[0].contains("`x-request-id`"));
    }

    #[test]
    fn a_request_that_is_granted_and_not_described_is_told() {
        let good = || answer(200, example("add_members", "200"));
        assert!(flaws(&adding(json!({ "invitees": "bbb" })), &good())[0].contains("/invitees"));
        assert!(flaws(&adding(json!({})), &good())[0].contains("invitees"));
        let odd = sent(Method::POST, "/rooms/a%23b/members", json!({ "invitees": ["bbb"] }));
        assert!(flaws(&odd, &good())[0].contains("path parameter `id`"));
        let page = answer(200, example("list_members", "200"));
        assert!(flaws(&sent(Method::GET, "/rooms/r/members?limit=0", json!({})), &page)[0].contains("`limit`"));
    }

    #[test]
    fn a_path_that_is_not_described_is_refused_in_its_own_dialect() {
        let error = json!({ "code": "ROUTE_NOT_FOUND", "message": "there is no such route" });
        let imkit = || answer(404, json!({ "RC": 404, "RM": "Not Found", "error": error }));
        let talk = || answer(404, json!({ "code": 404, "message": "Not Found" }));
        let asked = |path| sent(Method::GET, path, json!({}));
        assert_eq!(flaws(&asked("/nowhere"), &imkit()), [""; 0]);
        assert_eq!(flaws(&asked("/v2/nowhere"), &talk()), [""; 0]);
        assert!(!flaws(&asked("/nowhere"), &talk()).is_empty());
        assert!(!flaws(&asked("/v2/nowhere"), &imkit()).is_empty());
        assert!(!flaws(&asked("/nowhere"), &answer(200, json!({}))).is_empty());
    }
}
