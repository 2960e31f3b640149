//! How each route is asked: a call that is good in a room where everybody of `people.rs` stands as his name says. Who is not
//! let in by it is kept out by who he is, and by nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_norway::Value as Yaml;

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml");

/// A route and the body that it is asked with. In braces stands what `people.rs` makes for it: a room, a message in it, an
/// invitation of an address to it, a link to it and the link's token, the app's team, a webhook and one of its deliveries, an id that nothing has yet.
const LINES: &[(&str, &str)] = &[
    ("GET /rooms", ""),
    ("GET /rooms/ids", ""),
    ("GET /rooms/quitted", ""),
    ("POST /rooms", r#"{ "_id": "{fresh}" }"#),
    ("POST /rooms/createAndJoin", r#"{ "_id": "{fresh}", "sender": "somebody" }"#),
    ("GET /rooms/{room}", ""),
    ("GET /rooms/{room}/exists", ""),
    ("PUT /rooms/{room}", r#"{ "name": "another" }"#),
    ("DELETE /rooms/{room}", ""),
    ("GET /rooms/{room}/events", ""),
    ("GET /rooms/{room}/members", ""),
    ("POST /rooms/{room}/members", r#"{ "invitees": ["somebody"] }"#),
    ("POST /rooms/{room}/members/somebody", "{}"),
    ("POST /rooms/{room}/join", r#"{ "sender": "somebody" }"#),
    ("POST /rooms/{room}/delete/members", r#"{ "members": ["another"] }"#),
    ("DELETE /rooms/{room}/members/another", ""),
    ("PUT /rooms/{room}/member/another", r#"{ "property": "role", "value": "admin" }"#),
    ("POST /blockStatus/room/{room}/another", ""),
    ("GET /blockStatus/room/{room}", ""),
    ("DELETE /blockStatus/room/{room}/the-banned", ""),
    ("POST /rooms/{room}/links", "{}"),
    ("GET /rooms/{room}/links", ""),
    ("DELETE /rooms/{room}/links/{link}", ""),
    ("POST /links/{token}/redeem", r#"{ "sender": "somebody" }"#),
    ("GET /rooms/invitations", ""),
    ("GET /rooms/{room}/invitations", ""),
    ("DELETE /rooms/{room}/invitations", r#"{ "sender": "somebody" }"#),
    ("POST /rooms/{room}/delete/invitations", r#"{ "invitees": ["the-invited"] }"#),
    ("DELETE /rooms/{room}/invitations/the-invited", ""),
    ("POST /rooms/{room}/message", r#"{ "message": "hello" }"#),
    ("POST /messages", r#"{ "room": "{room}", "sender": "the-member", "message": "hello" }"#),
    ("GET /rooms/{room}/messages/v3", ""),
    ("GET /rooms/{room}/messages", ""),
    ("PUT /rooms/{room}/lastRead", r#"{ "message": "{message}", "sender": "the-member" }"#),
    ("GET /me/badge", ""),
    ("GET /me", ""),
    ("POST /me", "{}"),
    ("POST /admin/clients", r#"{ "_id": "{fresh}" }"#),
    ("GET /admin/clients", ""),
    ("PUT /admin/clients/somebody/token", r#"{ "token": "a-token-for-somebody" }"#),
    ("DELETE /admin/clients/somebody/token", ""),
    ("POST /auths/sign/v2", r#"{ "id": "{fresh}" }"#),
    ("POST /admin/webhooks", r#"{ "url": "https://example.com" }"#),
    ("GET /admin/webhooks", ""),
    ("GET /admin/webhooks/{webhook}", ""),
    ("PUT /admin/webhooks/{webhook}", r#"{ "description": "another" }"#),
    ("DELETE /admin/webhooks/{webhook}", ""),
    ("POST /admin/webhooks/{webhook}/secret", ""),
    ("POST /admin/webhooks/{webhook}/ping", ""),
    ("GET /admin/webhooks/{webhook}/deliveries", ""),
    ("POST /admin/webhooks/{webhook}/deliveries/{delivery}/replay", ""),
    ("POST /admin/webhooks/{webhook}/replay", r#"{ "room": "{room}", "from": 1 }"#),
    ("POST /v2/rooms", r#"{ "_teamId": "{team}", "topic": "{fresh}", "sender": "somebody" }"#),
    ("GET /v2/rooms/{room}", ""),
    ("POST /v2/rooms/{room}/invite", r#"{ "_userId": "somebody" }"#),
    ("POST /v2/rooms/{room}/batchinvite", r#"{ "_userIds": ["somebody"] }"#),
    ("POST /v2/rooms/{room}/join", r#"{ "sender": "somebody" }"#),
    ("POST /v2/rooms/{room}/leave", r#"{ "sender": "another" }"#),
    ("POST /v2/rooms/{room}/removemember", r#"{ "_userId": "another" }"#),
    ("GET /v2/invitations?_teamId={team}", ""),
    ("DELETE /v2/invitations/{invitation}", ""),
    ("$connect", ""),
    ("subscribe", r#"{ "action": "subscribe", "room": "{room}" }"#),
    ("unsubscribe", r#"{ "action": "unsubscribe", "room": "{room}" }"#),
];

/// What stands for something that only those of a room have to do with.
pub const OF_A_ROOM: [&str; 5] = ["{room}", "{message}", "{invitation}", "{link}", "{token}"];

/// Of the WebSocket API: nobody's wish, or nothing but a refusal.
const NOT_ASKED: [&str; 2] = ["$default", "$disconnect"];

/// A route of the template and how it is asked.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `POST /rooms/{id}/members`; `subscribe`.
    pub route: String,
    /// The function behind it.
    pub function: String,
    /// `POST`; none of a frame.
    pub method: String,
    /// With names in braces.
    pub path: String,
    /// JSON, with names in braces; empty where there is none.
    pub body: String,
    /// Whether it is sent under an `Idempotency-Key`, each time the same.
    pub is_once: bool,
}

impl Line {
    /// Whether it names something that only those of a room have to do with.
    pub fn is_about_a_room(&self) -> bool {
        OF_A_ROOM.iter().any(|name| self.needs(name))
    }

    /// Whether what stands in braces must be there before.
    pub fn needs(&self, name: &str) -> bool {
        self.path.contains(name) || self.body.contains(name)
    }

    /// Whether it is Talk's.
    pub fn is_talk(&self) -> bool {
        self.path.starts_with("/v2/")
    }

    /// Whether whoever is let in leaves everything as it was.
    pub fn only_looks(&self) -> bool {
        self.method == "GET"
    }
}

/// Every route of the template with its line, in the order of the lines; or what does not fit together.
pub fn lines() -> Result<Vec<Line>, Vec<String>> {
    let template = std::fs::read_to_string(TEMPLATE).unwrap();
    paired(&routes(&serde_norway::from_str(&template).unwrap()), LINES)
}

/// The routes of both APIs and the functions behind them.
fn routes(template: &Yaml) -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for (_, resource) in template["Resources"].as_mapping().unwrap() {
        let function = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default();
        for (_, event) in resource["Properties"]["Events"].as_mapping().into_iter().flatten() {
            let properties = &event["Properties"];
            if let (Some(method), Some(path)) = (properties["Method"].as_str(), properties["Path"].as_str()) {
                routes.insert(format!("{} {path}", method.to_uppercase()), function.to_owned());
            }
        }
        if resource["Type"].as_str() == Some("AWS::ApiGatewayV2::Route") {
            let key = resource["Properties"]["RouteKey"].as_str().unwrap();
            let function = if key == "$connect" { "authorize_socket" } else { key };
            routes.insert(key.to_owned(), function.to_owned());
        }
    }
    routes.retain(|route, _| !NOT_ASKED.contains(&route.as_str()));
    routes
}

fn paired(routes: &BTreeMap<String, String>, lines: &[(&str, &str)]) -> Result<Vec<Line>, Vec<String>> {
    let (mut paired, mut breaches) = (Vec::new(), Vec::new());
    for (asked, body) in lines {
        let Some(route) = route_of(routes, asked) else {
            breaches.push(format!("template.yaml has no route for the line `{asked}`"));
            continue;
        };
        let (method, path) = asked.split_once(' ').unwrap_or(("", asked));
        let (method, path, body) = (method.to_owned(), path.to_owned(), (*body).to_owned());
        paired.push(Line {
            route: route.clone(),
            function: routes[route].clone(),
            method,
            path,
            body,
            ..Line::default()
        });
    }
    let asked: BTreeSet<&String> = paired.iter().map(|line| &line.route).collect();
    let silent = routes.keys().filter(|route| !asked.contains(route));
    breaches.extend(silent.map(|route| format!("nobody knows how to ask `{route}`: give it a line in this file")));
    if breaches.is_empty() { Ok(paired) } else { Err(breaches) }
}

/// The route that a call takes: of those that fit, the one whose words are literal first.
fn route_of<'a>(routes: &'a BTreeMap<String, String>, asked: &str) -> Option<&'a String> {
    let asked: Vec<&str> = asked.split('?').next().unwrap_or_default().split('/').collect();
    let is_free = |part: &&str| part.starts_with('{');
    let fits = |route: &&String| {
        let route: Vec<&str> = route.split('/').collect();
        route.len() == asked.len() && route.iter().zip(&asked).all(|(own, part)| own == part || is_free(own))
    };
    routes.keys().filter(fits).min_by_key(|route| route.split('/').map(|part| is_free(&part)).collect::<Vec<_>>())
}

#[test]
fn a_route_without_a_line_and_a_line_without_a_route_are_told() {
    let routes = ["GET /rooms", "GET /rooms/ids", "GET /rooms/{id}", "$connect"];
    let routes: BTreeMap<String, String> = routes.map(|route| (route.to_owned(), String::new())).into();
    let all = [("GET /rooms", ""), ("GET /rooms/{room}", ""), ("GET /rooms/ids", ""), ("$connect", "")];
    let paired_with: Vec<String> = paired(&routes, &all).unwrap().into_iter().map(|line| line.route).collect();
    assert_eq!(paired_with, ["GET /rooms", "GET /rooms/{id}", "GET /rooms/ids", "$connect"]);
    for left_out in 0..all.len() {
        let mut some = all.to_vec();
        some.remove(left_out);
        assert!(paired(&routes, &some).unwrap_err()[0].starts_with("nobody knows how to ask `"));
    }
    let more = [all.as_slice(), &[("POST /rooms", "")]].concat();
    assert_eq!(paired(&routes, &more).unwrap_err(), ["template.yaml has no route for the line `POST /rooms`"]);
}
