//! Holds `openapi.yaml` to what it describes: the routes of `template.yaml`, the functions' names, the tables of errors and the
//! pages. What the functions really answer, `tests/api` holds to it, reply by reply.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod description;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use serde_norway::Value as Yaml;
use shared::event::Style;

use crate::description::{Operation, Place, operations, root};

/// What these answer of a client holds the operator's own fields.
const OPEN: [&str; 3] = ["create_client", "get_me", "update_me"];

fn at(file: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(at(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Fails with every breach at once.
fn none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}\n", breaches.join("\n  "));
}

/// The routes of the template and the binaries behind them.
fn routes() -> BTreeMap<String, String> {
    let template: Yaml = serde_norway::from_str(&read("template.yaml")).unwrap();
    let mut routes = BTreeMap::new();
    for (_, resource) in template["Resources"].as_mapping().unwrap() {
        let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default();
        for (_, event) in resource["Properties"]["Events"].as_mapping().into_iter().flatten() {
            let properties = &event["Properties"];
            if let (Some(method), Some(path)) = (properties["Method"].as_str(), properties["Path"].as_str()) {
                routes.insert(format!("{} {path}", method.to_uppercase()), binary.to_owned());
            }
        }
    }
    routes
}

fn responses(operation: &Operation) -> Vec<(String, Place)> {
    operation.place.child("responses").map(|place| place.entries()).unwrap_or_default()
}

/// Status and code of every error that an operation names.
fn errors(operation: &Operation) -> BTreeSet<(String, String)> {
    let of_status = |(status, response): (String, Place)| {
        let codes = response.body_schema().map(|schema| schema.codes()).unwrap_or_default();
        codes.into_iter().map(move |code| (status.clone(), code))
    };
    responses(operation).into_iter().flat_map(of_status).collect()
}

/// The rows of a page's tables, as cells without backticks.
fn rows(page: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    page.lines().filter(|line| line.starts_with('|')).map(cells).collect()
}

/// Status and code of every error in the tables of docs/errors.md, but of those that never come yet.
fn explained() -> BTreeSet<(String, String)> {
    let page = read("docs/errors.md");
    let of_row = |row: &Vec<String>| {
        let (imkit, talk) = (row.len() == 5, row.len() == 6);
        let code = if imkit { row.get(2)? } else { row.get(1).filter(|_| talk)? };
        let status = row[0].parse::<u16>().ok()?.to_string();
        (!row.iter().any(|cell| cell.starts_with("never yet"))).then(|| (status, code.clone()))
    };
    rows(&page).iter().filter_map(of_row).collect()
}

/// A route without the names of its parameters: OpenAPI has one name for a place in a path, whatever the method.
fn nameless(route: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_is_described_under_its_binarys_name_and_no_other_is() {
    let described: BTreeMap<String, String> = operations()
        .iter()
        .map(|operation| (nameless(&format!("{} {}", operation.method, operation.path)), operation.id.clone()))
        .collect();
    let routes: BTreeMap<String, String> =
        routes().into_iter().map(|(route, binary)| (nameless(&route), binary)).collect();
    assert!(routes.len() > 8, "the routes are found: {routes:?}");
    let mut breaches = Vec::new();
    for (route, binary) in &routes {
        match described.get(route) {
            None => breaches.push(format!("openapi.yaml: no operation for `{route}`, {binary}")),
            Some(id) if id != binary => breaches.push(format!("openapi.yaml: `{route}` is `{id}`, not `{binary}`")),
            Some(_) => {}
        }
    }
    let unknown = described.keys().filter(|route| !routes.contains_key(*route));
    breaches.extend(unknown.map(|route| format!("template.yaml: no route `{route}`")));
    none("openapi.yaml has the template's routes; an operation's id is its binary", &breaches);
}

#[test]
fn every_parameter_of_a_path_is_described() {
    let mut breaches = Vec::new();
    let paths: BTreeSet<String> =
        routes().keys().filter_map(|route| Some(route.split_once(' ')?.1.to_owned())).collect();
    let unknown = operations().iter().filter(|operation| !paths.contains(&operation.path));
    breaches.extend(unknown.map(|operation| format!("template.yaml: no path `{}`, {}", operation.path, operation.id)));
    for Operation { path, id, parameters, .. } in operations() {
        let in_path: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let described = parameters.iter().filter(|one| one.text("in") == Some("path"));
        let described: BTreeSet<&str> = described.filter_map(|one| one.text("name")).collect();
        if in_path != described {
            breaches.push(format!("{id}: `{path}` has {in_path:?}, described are {described:?}"));
        }
    }
    none("a path is one of the template's, and its parameters are described, and no others", &breaches);
}

#[test]
fn every_operation_says_what_it_is_and_how_it_fails() {
    let mut breaches = Vec::new();
    for operation in operations() {
        let id = &operation.id;
        for field in ["summary", "description"] {
            if operation.place.text(field).is_none_or(str::is_empty) {
                breaches.push(format!("{id}: no `{field}`"));
            }
        }
        let page = format!("docs/api/{id}.md");
        if operation.place.value["externalDocs"]["url"] != json!(page) {
            breaches.push(format!("{id}: `externalDocs` is not {page}"));
        }
        let told: Vec<String> = responses(operation).into_iter().map(|(status, _)| status).collect();
        let needed =
            ["200", "400", "429", "500", "503", if operation.path.starts_with("/v2/") { "403" } else { "401" }];
        let absent = needed.iter().filter(|status| !told.contains(&(**status).to_owned()));
        breaches.extend(absent.map(|status| format!("{id}: no reply {status}")));
        if operation.place.child("requestBody").is_some() && !told.contains(&"413".to_owned()) {
            breaches.push(format!("{id}: it takes a body, and no reply is 413"));
        }
    }
    none("an operation has a summary, a description, its page, and the replies that all have", &breaches);
}

#[test]
fn every_error_that_is_named_is_explained_and_every_one_explained_is_named() {
    let explained = explained();
    assert!(explained.len() > 20, "the tables of docs/errors.md are read: {explained:?}");
    let mut named: BTreeSet<(String, String)> =
        [("404", "ROUTE_NOT_FOUND"), ("404", "404")].map(|(status, code)| (status.to_owned(), code.to_owned())).into();
    let mut breaches = Vec::new();
    for operation in operations() {
        let errors = errors(operation);
        let (imkit, talk): (Vec<_>, Vec<_>) = errors.iter().partition(|(_, code)| code.parse::<u16>().is_err());
        let foreign = if operation.path.starts_with("/v2/") { imkit } else { talk };
        breaches.extend(foreign.iter().map(|error| format!("{}: {error:?} is the other dialect's", operation.id)));
        named.extend(errors);
    }
    breaches.extend(named.difference(&explained).map(|error| format!("docs/errors.md: no row for {error:?}")));
    breaches.extend(explained.difference(&named).map(|error| format!("openapi.yaml: no operation names {error:?}")));
    none("errors of openapi.yaml and rows of docs/errors.md are the same", &breaches);
}

/// How a call that changes something is refused for its `Idempotency-Key` (D42).
fn keyed(operation: &Operation) -> BTreeSet<(String, String)> {
    if operation.method == "GET" {
        return BTreeSet::new();
    }
    let talk = [("409", "100"), ("422", "405")];
    let imkit = [("409", "IDEMPOTENCY_IN_PROGRESS"), ("422", "IDEMPOTENCY_MISMATCH")];
    let refusals = if operation.path.starts_with("/v2/") { talk } else { imkit };
    refusals.map(|(status, code)| (status.to_owned(), code.to_owned())).into()
}

/// A page whose refusals are another page's has no table of its own.
#[test]
fn an_operation_refuses_as_its_page_says() {
    let (mut breaches, mut compared) = (Vec::new(), 0);
    for operation in operations() {
        // That there is a page is tidy.rs's to see.
        let page = std::fs::read_to_string(at(&format!("docs/api/{}.md", operation.id))).unwrap_or_default();
        let refusals = page.split("\n## Refusals").nth(1).unwrap_or_default();
        let refusals = refusals.split("\n## ").next().unwrap_or_default();
        let on_page = rows(refusals).into_iter().flat_map(|row| told(&row)).collect::<BTreeSet<_>>();
        if on_page.is_empty() {
            continue;
        }
        compared += 1;
        // Every call that changes anything has these; the page of what all have in common says so.
        let (mut described, keyed) = (errors(operation), keyed(operation));
        let missing = keyed.difference(&described).map(|error| format!("{}: {error:?} is missing", operation.id));
        breaches.extend(missing.collect::<Vec<_>>());
        described.retain(|error| !keyed.contains(error));
        let differ = |told: &str, ones: &BTreeSet<_>, others: &BTreeSet<_>| {
            ones.difference(others)
                .map(|error| format!("{}: {error:?} stands {told}", operation.id))
                .collect::<Vec<_>>()
        };
        breaches.extend(differ("on the page alone", &on_page, &described));
        breaches.extend(differ("in openapi.yaml alone", &described, &on_page));
    }
    assert!(compared > 7, "pages have tables of refusals: {compared}");
    none("docs/api/<operation>.md and openapi.yaml name the same errors", &breaches);
}

/// What a row of a page's refusals names: `400 | CODE, CODE`, `500, 503 | INTERNAL, BUSY`, or Talk's `400 / 237`.
fn told(row: &[String]) -> Vec<(String, String)> {
    let words = |cell: &str| cell.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
    let first = row.first().map(String::as_str).unwrap_or_default();
    let number = |text: &str| text.trim().parse::<u16>().ok().map(|number| number.to_string());
    let talk = words(first).into_iter().filter_map(|one| {
        let (status, code) = one.split_once('/')?;
        Some((number(status)?, number(code)?))
    });
    let talk: Vec<_> = talk.collect();
    let (statuses, codes) = (words(first), row.get(1).map(|cell| words(cell)).unwrap_or_default());
    if !talk.is_empty() || statuses.iter().any(|status| number(status).is_none()) {
        return talk;
    }
    // Several statuses go with as many codes, one status with all of them.
    let pairs = codes.iter().enumerate().map(|(at, code)| (statuses.get(at).unwrap_or(&statuses[0]), code));
    pairs.map(|(status, code)| (status.clone(), code.clone())).collect()
}

/// The examples of a media type, a parameter or a header.
fn examples(place: &Place) -> Vec<Value> {
    let one = place.value.get("example").cloned();
    let several = place.child("examples").map(|all| all.items()).unwrap_or_default();
    one.into_iter().chain(several.iter().map(|example| example.value["value"].clone())).collect()
}

/// Every place under this one that has a schema beside it, or is one.
fn examined(place: &Place, found: &mut Vec<Place>) {
    found.push(place.clone());
    if ["example", "examples", "default", "const", "enum"]
        .iter()
        .any(|word| place.pointer.ends_with(&format!("/{word}")))
    {
        return;
    }
    // Only what stands here: what is referred to is looked at where it stands.
    for (name, child) in place.entries() {
        if child.pointer == format!("{}/{}", place.pointer, name.replace('~', "~0").replace('/', "~1")) {
            examined(&child, found);
        }
    }
}

#[test]
fn every_example_is_as_its_schema_says() {
    let mut places = Vec::new();
    examined(&root(), &mut places);
    let (mut breaches, mut checked) = (Vec::new(), 0);
    for place in &places {
        let with_schema = place.child("schema").map(|schema| (schema, examples(place)));
        let own =
            place.value.get("examples").and_then(Value::as_array).map(|examples| (place.clone(), examples.clone()));
        for (schema, examples) in with_schema.into_iter().chain(own) {
            for example in examples {
                checked += 1;
                let flaws = schema.flaws(&example);
                breaches.extend(flaws.into_iter().map(|flaw| format!("{}: {flaw}", place.pointer)));
            }
        }
    }
    assert!(checked > 30, "the examples are found: {checked}");
    none("an example is valid against its schema", &breaches);
}

#[test]
fn every_body_has_an_example() {
    let mut breaches = Vec::new();
    for operation in operations() {
        let request = operation.place.child("requestBody").map(|body| ("request".to_owned(), body));
        for (name, body) in request.into_iter().chain(responses(operation)) {
            let media = body.child("content").and_then(|content| content.child("application/json"));
            if media.is_none_or(|media| examples(&media).is_empty()) {
                breaches.push(format!("{}: {name} has no example", operation.id));
            }
        }
    }
    none("each request and each reply has an example", &breaches);
}

/// A reply that grows a field by accident must not pass for one that is described.
#[test]
fn replies_are_closed_but_for_the_operators_own_fields() {
    let mut breaches = Vec::new();
    for operation in operations() {
        for (status, response) in responses(operation) {
            let media = response.child("content").and_then(|content| content.child("application/json")).unwrap();
            let schema = media.child("schema").unwrap();
            for example in examples(&media) {
                let inside =
                    example.get("result").is_some_and(Value::is_object) && !OPEN.contains(&operation.id.as_str());
                let talks = if example.is_array() { Some("/0") } else { Some("") };
                for place in talks.into_iter().chain(inside.then_some("/result")) {
                    let mut grown = example.clone();
                    let Some(grows) = grown.pointer_mut(place).and_then(Value::as_object_mut) else { continue };
                    grows.insert("surprise".to_owned(), json!("surprise"));
                    if schema.flaws(&grown).is_empty() {
                        breaches.push(format!("{}: {status} may have any field at `{place}`", operation.id));
                    }
                }
            }
        }
    }
    none("a reply has no field that its schema does not name", &breaches);
}

#[test]
fn every_component_is_used() {
    let text = read("openapi.yaml");
    let mut breaches = Vec::new();
    for (kind, components) in root().child("components").unwrap().entries() {
        for (name, _) in components.entries() {
            let used = match kind.as_str() {
                "securitySchemes" => text.contains(&format!("{name}: []")),
                // Those that no operation has are told of in the description of the whole.
                _ => text.contains(&format!("'#/components/{kind}/{name}'")) || text.contains(&format!("`{name}`")),
            };
            if !used {
                breaches.push(format!("openapi.yaml: nothing refers to components/{kind}/{name}"));
            }
        }
    }
    none("no component stands unused", &breaches);
}

#[test]
fn the_description_is_of_this_version() {
    let manifest = read("Cargo.toml");
    let version = root().child("info").unwrap().text("version").unwrap();
    assert!(manifest.contains(&format!("\nversion = \"{version}\"\n")), "openapi.yaml, info.version: {version}");
}

#[test]
fn every_event_of_every_style_is_described() {
    for style in [Style::Rollcall, Style::Imkit, Style::Talk] {
        let schema = description::webhook(style.as_str()).value.to_string();
        let entries = description::root().child("components").and_then(|place| place.child("schemas"));
        let entries = entries.and_then(|place| place.child("LogEntryBase")).map(|place| place.value.to_string());
        let described = schema + &entries.unwrap_or_default();
        let missing: Vec<_> =
            style.names().into_iter().filter(|name| !described.contains(&format!("\"{name}\""))).collect();
        assert!(missing.is_empty(), "{style:?}: {missing:?}");
    }
}
