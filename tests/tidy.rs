//! The house rules that no compiler checks (docs/ARCHITECTURE.md): files ⇄ `[[bin]]` ⇄ template ⇄ pages ⇄ tests, who may
//! name what, how long a file may be. Each failure names the file and the rule.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_norway::Value as Yaml;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Lines of a function file.
const FUNCTION: usize = 90;
/// Lines of a shared file before its tests.
const SHARED: usize = 300;

/// A function, as its file tells.
struct Function {
    /// `functions/talk/invite.rs`.
    file: String,
    /// `talk_invite`.
    binary: String,
    text: String,
}

impl Function {
    /// `TalkInvite`.
    fn logical_id(&self) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.binary.split('_').map(capital).collect()
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The Rust files under a folder, relative to the repository, in order.
fn rust_files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(ROOT).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn functions() -> Vec<Function> {
    let functions = rust_files("functions").into_iter().map(|file| {
        let stem = Path::new(&file).file_stem().unwrap().to_str().unwrap().to_owned();
        let binary = if file.starts_with("functions/talk/") { format!("talk_{stem}") } else { stem };
        Function { text: read(&file), file, binary }
    });
    functions.collect()
}

fn template() -> Yaml {
    serde_norway::from_str(&read("template.yaml")).expect("template.yaml is YAML")
}

/// The functions of the template: logical id and description.
fn template_functions(template: &Yaml) -> BTreeMap<String, &Yaml> {
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let functions = resources.filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::Serverless::Function"));
    functions.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource)).collect()
}

/// `POST /rooms/{id}` for each HTTP route of a function, without the copies that end in a slash; `$default`.
fn routes(function: &Yaml) -> BTreeSet<String> {
    let events = function["Properties"]["Events"].as_mapping().into_iter().flatten();
    let routes = events.filter(|(_, event)| event["Type"].as_str() == Some("HttpApi")).map(|(_, event)| {
        let properties = &event["Properties"];
        match (properties["Method"].as_str(), properties["Path"].as_str()) {
            (Some(method), Some(path)) => format!("{} {}", method.to_uppercase(), path.trim_end_matches('/')),
            _ => "$default".to_owned(),
        }
    });
    routes.collect()
}

/// What starts a function besides requests: `Stream`, `Schedule`, or `Invoked`, by another function.
fn starters(id: &str, function: &Yaml, template: &Yaml) -> BTreeSet<&'static str> {
    let events = function["Properties"]["Events"].as_mapping().into_iter().flatten();
    let starters = events.filter_map(|(_, event)| match event["Type"].as_str()? {
        "DynamoDB" => Some("Stream"),
        "Schedule" | "ScheduleV2" => Some("Schedule"),
        _ => None,
    });
    let invoked = template_functions(template).values().any(|other| invokes(other, id));
    starters.chain(invoked.then_some("Invoked")).collect()
}

/// The routes of the WebSocket API that lead to a function: by their integration, or `$connect` by its authorizer.
fn socket_routes(id: &str, template: &Yaml) -> BTreeSet<String> {
    let of_kind = |kind: &str| -> Vec<(&str, &Yaml)> {
        let kind = format!("AWS::ApiGatewayV2::{kind}");
        let resources = template["Resources"].as_mapping().unwrap().iter();
        let found = resources.filter(|(_, resource)| resource["Type"].as_str() == Some(&kind));
        found.map(|(id, resource)| (id.as_str().unwrap(), &resource["Properties"])).collect()
    };
    let text = |value: &Yaml| match value {
        Yaml::Tagged(tagged) => tagged.value.as_str().unwrap_or_default().to_owned(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let leads_here = |uri: &Yaml| text(uri).contains(&format!("${{{id}.Arn}}"));
    let ids = |kind: &str, uri: &str| -> BTreeSet<String> {
        let found = of_kind(kind).into_iter().filter(|(_, properties)| leads_here(&properties[uri]));
        found.map(|(id, _)| id.to_owned()).collect()
    };
    let (integrations, authorizers) = (ids("Integration", "IntegrationUri"), ids("Authorizer", "AuthorizerUri"));
    let mut routes = BTreeSet::new();
    for (_, route) in of_kind("Route") {
        let target = text(&route["Target"]);
        let integrated = integrations.iter().any(|own| target == format!("integrations/${{{own}}}"));
        if integrated || authorizers.contains(&text(&route["AuthorizerId"])) {
            routes.insert(route["RouteKey"].as_str().unwrap().to_owned());
        }
    }
    routes
}

/// Whether a function's policy lets it invoke another.
fn invokes(function: &Yaml, other: &str) -> bool {
    let documents = function["Properties"]["Policies"].as_sequence().into_iter().flatten();
    let statements = documents.flat_map(|document| document["Statement"].as_sequence().into_iter().flatten());
    let arn = format!("{other}.Arn");
    let names = |value: &Yaml| matches!(value, Yaml::Tagged(tagged) if tagged.value.as_str() == Some(&arn));
    let grants = |statement: &Yaml| {
        let mut actions = statement["Action"].as_sequence().into_iter().flatten();
        let mut resources = statement["Resource"].as_sequence().into_iter().flatten();
        actions.any(|action| action.as_str() == Some("lambda:InvokeFunction"))
            && (resources.any(names) || names(&statement["Resource"]))
    };
    statements.into_iter().any(grants)
}

/// The route that a file's first line names: what stands between its first backticks, without the query.
fn named_route(first_line: &str) -> Option<String> {
    let named = first_line.strip_prefix("//! ")?.split('`').nth(1)?;
    let path = named.split('?').next()?;
    let parts = path.split('/').map(|part| match part.strip_prefix(':') {
        Some(name) => format!("{{{}}}", name.trim_start_matches('_')),
        None => part.to_owned(),
    });
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// `[[bin]]` of Cargo.toml: name and path.
fn binaries() -> BTreeMap<String, String> {
    let manifest = read("Cargo.toml");
    let value = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let mut found = BTreeMap::new();
    for section in manifest.split("\n[").filter_map(|section| section.strip_prefix("[bin]]")) {
        let line = |name: &str| section.lines().find(|line| line.starts_with(name)).map(value).unwrap_or_default();
        found.insert(line("name ="), line("path ="));
    }
    found
}

/// The lines of one table of a manifest.
fn manifest_table(file: &str, table: &str) -> Vec<String> {
    let manifest = read(file);
    let lines = manifest.lines().skip_while(|line| *line != format!("[{table}]")).skip(1);
    lines.take_while(|line| !line.starts_with('[')).map(str::to_owned).collect()
}

/// A file without its tests and without its comments.
fn code(file: &str) -> String {
    let text = read(file);
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    let lines = lines.map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Fails with every breach at once.
fn none(rule: &str, breaches: Vec<String>) {
    assert!(breaches.is_empty(), "{rule}:\n  {}\n", breaches.join("\n  "));
}

/// The breaches of "this file names none of these".
fn namings(file: &str, forbidden: &[&str]) -> Vec<String> {
    let code = code(file);
    let mut breaches = Vec::new();
    for (number, line) in code.lines().enumerate() {
        for word in forbidden.iter().filter(|word| line.contains(**word)) {
            breaches.push(format!("{file}:{}: names `{word}`", number + 1));
        }
    }
    breaches
}

#[test]
fn every_function_file_is_a_binary_and_every_binary_a_function_file() {
    let files: BTreeMap<String, String> =
        functions().into_iter().map(|function| (function.binary, function.file)).collect();
    let binaries = binaries();
    let mut breaches = Vec::new();
    for (binary, file) in &files {
        match binaries.get(binary) {
            None => breaches.push(format!("{file}: Cargo.toml has no [[bin]] `{binary}`")),
            Some(path) if path != file => {
                breaches.push(format!("Cargo.toml: [[bin]] `{binary}` is {path}, not {file}"))
            }
            Some(_) => {}
        }
    }
    let missing = binaries.keys().filter(|binary| !files.contains_key(*binary));
    breaches.extend(missing.map(|binary| format!("Cargo.toml: [[bin]] `{binary}` has no file under functions/")));
    none("a function is one file and one [[bin]]; `talk_` before those of functions/talk", breaches);
}

#[test]
fn every_function_stands_in_the_template_under_its_binarys_name() {
    let template = template();
    let described = template_functions(&template);
    let mut breaches = Vec::new();
    let functions = functions();
    for function in &functions {
        let (id, binary) = (function.logical_id(), function.binary.as_str());
        match described.get(&id) {
            None => breaches.push(format!("{}: template.yaml has no function `{id}`", function.file)),
            Some(found) => {
                let built = found["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or("nothing");
                if built != binary {
                    breaches.push(format!("template.yaml: `{id}` builds `{built}`, not `{binary}`"));
                }
            }
        }
    }
    let ids: BTreeSet<String> = functions.iter().map(Function::logical_id).collect();
    let missing = described.keys().filter(|id| !ids.contains(*id));
    breaches.extend(missing.map(|id| format!("template.yaml: `{id}` has no file under functions/")));
    none("a function's logical id is its binary's name in capitals", breaches);
}

#[test]
fn the_first_line_of_a_function_names_its_route_in_the_template() {
    let template = template();
    let described = template_functions(&template);
    let mut breaches = Vec::new();
    for function in functions() {
        let first = function.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") {
            breaches.push(format!("{}: the first line is `{first}`, not `//! …`", function.file));
            continue;
        }
        let Some(described) = described.get(&function.logical_id()) else { continue };
        let routes = routes(described);
        let names_one = named_route(first).is_some_and(|route| routes.contains(&route));
        if !routes.is_empty() && !names_one {
            breaches.push(format!("{}: `{first}` names none of its routes {routes:?}", function.file));
        }
        let frames = socket_routes(&function.logical_id(), &template);
        let names_frame = frames.iter().any(|key| first.starts_with(&format!("//! `{key}` of the WebSocket API")));
        if !frames.is_empty() && !names_frame {
            breaches.push(format!("{}: `{first}` names none of its frames {frames:?}", function.file));
        }
        if function.file.starts_with("functions/live/") == frames.is_empty() {
            breaches.push(format!("{}: only what {frames:?} lead to is in functions/live", function.file));
        }
        let starters = starters(&function.logical_id(), described, &template);
        if function.file.starts_with("functions/events/") == starters.is_empty() {
            breaches.push(format!("{}: only what {starters:?} start is in functions/events", function.file));
        }
        for starter in starters.iter().filter(|starter| !first.starts_with(&format!("//! {starter}: "))) {
            breaches.push(format!("{}: `{first}` does not begin with `{starter}: `", function.file));
        }
    }
    none("a function's first line names its route, or what else starts it", breaches);
}

#[test]
fn every_function_has_a_page() {
    let pages: BTreeSet<String> = std::fs::read_dir(Path::new(ROOT).join("docs/api"))
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    let expected: BTreeMap<String, String> =
        functions().into_iter().map(|function| (format!("{}.md", function.binary), function.file)).collect();
    let mut breaches = Vec::new();
    for (page, file) in expected.iter().filter(|(page, _)| !pages.contains(*page)) {
        breaches.push(format!("{file}: no docs/api/{page}"));
    }
    let not_of_a_function = |page: &&String| !expected.contains_key(*page) && *page != "README.md";
    breaches.extend(pages.iter().filter(not_of_a_function).map(|page| format!("docs/api/{page}: no such function")));
    none("a function has a page of its name, and a page a function", breaches);
}

#[test]
fn every_function_has_a_sample_event() {
    let template = template();
    let mut breaches = Vec::new();
    for function in functions() {
        let file = format!("tests/events/{}.json", function.binary);
        if !Path::new(ROOT).join(&file).exists() {
            breaches.push(format!("{}: no {file}", function.file));
            continue;
        }
        let event: serde_json::Value =
            serde_json::from_str(&read(&file)).unwrap_or_else(|flaw| panic!("{file}: {flaw}"));
        let route = event["requestContext"]["routeKey"].as_str();
        let frames = socket_routes(&function.logical_id(), &template);
        if !frames.is_empty() && !route.is_some_and(|route| frames.contains(route)) {
            breaches.push(format!("{file}: its route is {route:?}, none of {frames:?}"));
        }
    }
    none("a function has a sample event of its name", breaches);
}

/// A route of frames shows its frame; `$connect` and its like have none.
#[test]
fn the_page_of_a_socket_route_shows_its_frame() {
    let template = template();
    let mut breaches = Vec::new();
    for function in functions() {
        let page = format!("docs/api/{}.md", function.binary);
        for key in socket_routes(&function.logical_id(), &template) {
            let text = std::fs::read_to_string(Path::new(ROOT).join(&page)).unwrap_or_default();
            if !text.contains(&format!("`{key}` of the WebSocket API")) {
                breaches.push(format!("{page}: does not name `{key}` of the WebSocket API"));
            }
            if !key.starts_with('$') && !text.contains(&format!("{{ \"action\": \"{key}\"")) {
                breaches.push(format!("{page}: does not show a frame with the action `{key}`"));
            }
        }
    }
    none("a socket function's page says its frame", breaches);
}

#[test]
fn every_function_has_a_test_module() {
    let modules = read("tests/api/main.rs");
    let mut breaches = Vec::new();
    for function in functions() {
        let (binary, file) = (&function.binary, format!("tests/api/{}.rs", function.binary));
        if !Path::new(ROOT).join(&file).exists() {
            breaches.push(format!("{}: no {file}", function.file));
        } else if !modules.lines().any(|line| line == format!("mod {binary};")) {
            breaches.push(format!("tests/api/main.rs: no `mod {binary};`"));
        } else if !read(&file).contains("#[tokio::test]") {
            breaches.push(format!("{file}: holds no test"));
        }
    }
    none("a function has a test module of its name", breaches);
}

#[test]
fn the_functions_cannot_reach_round_the_store() {
    let mut breaches = Vec::new();
    for line in manifest_table("Cargo.toml", "dependencies") {
        if line.starts_with("aws-") || line.starts_with("serde_dynamo") {
            breaches.push(format!("Cargo.toml, [dependencies]: `{line}`"));
        }
    }
    none("the root package does not depend on the DynamoDB SDK", breaches);
}

#[test]
fn each_file_names_only_what_its_room_knows() {
    let mut breaches = Vec::new();
    for function in functions() {
        let others = ["aws_sdk_dynamodb", "serde_dynamo", "lambda_runtime", "std::env", "jiff", "percent_encoding"];
        breaches.extend(namings(&function.file, &others));
        breaches.extend(namings(
            &function.file,
            if function.file.starts_with("functions/talk/") {
                &["dialect::imkit"]
            } else if function.file.starts_with("functions/imkit/") {
                &["dialect::talk"]
            } else {
                &[]
            },
        ));
    }
    for file in rust_files("shared/src").into_iter().filter(|file| !file.contains("/tests/")) {
        let inside = |folder: &str| file.starts_with(&format!("shared/src/{folder}"));
        if !inside("store/") {
            breaches.extend(namings(&file, &["aws_sdk_dynamodb", "aws_config", "serde_dynamo"]));
        }
        if inside("store/") {
            breaches.extend(namings(&file, &["crate::dialect", "crate::request", "status_code", "serde_json"]));
        }
        if inside("dialect/imkit/") {
            breaches.extend(namings(&file, &["talk"]));
        }
        if inside("dialect/talk/") {
            breaches.extend(namings(&file, &["imkit"]));
        }
        if inside("membership/") {
            let impure = ["async ", ".await", "crate::store", "Time::now", "std::env", "crate::dialect"];
            breaches.extend(namings(&file, &impure));
        }
        if inside("error.rs") {
            breaches.extend(namings(&file, &["status", "crate::dialect", "http"]));
        }
        if !inside("time.rs") {
            breaches.extend(namings(&file, &["SystemTime", "Instant::now", "Timestamp::now", "jiff"]));
        }
        if !inside("lambda") {
            breaches.extend(namings(&file, &["std::env", "lambda_runtime", "tracing::"]));
        }
        let records = ["app.rs", "client.rs", "room.rs", "invitation.rs", "message.rs", "change.rs"];
        if records.iter().any(|record| inside(record)) {
            breaches.extend(namings(&file, &["crate::dialect", "crate::store", "async ", "Time::now"]));
        }
    }
    none("who may name what (docs/ARCHITECTURE.md, the table of files)", breaches);
}

/// What `tests/api/refusals.rs` asks each of its routes for.
const SHARED_REFUSALS: [&str; 9] = [
    "INVALID_BODY",
    "INVALID_PARAMETER",
    "INVALID_CLIENT_KEY",
    "INVALID_TOKEN",
    "INVALID_API_KEY",
    "NOT_ROOM_MEMBER",
    "ROOM_NOT_FOUND",
    "CLIENT_NOT_FOUND",
    "BODY_TOO_LARGE",
];

#[test]
fn every_refusal_on_a_page_is_expected_by_a_test() {
    let (shared, budgets) = (read("tests/api/refusals.rs"), read("tests/api/budgets.rs"));
    let mut breaches = Vec::new();
    for function in functions().iter().filter(|function| !function.file.starts_with("functions/talk/")) {
        let page = format!("docs/api/{}.md", function.binary);
        let (page_text, tests) = (read(&page), read(&format!("tests/api/{}.rs", function.binary)));
        let rows = page_text.lines().skip_while(|line| *line != "## Refusals").skip(1);
        let rows = rows.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| "));
        for code in rows.flat_map(|row| row.split('|').nth(2).unwrap_or_default().split('`').skip(1).step_by(2)) {
            // Whatever a route does can meet a busy table or our own fault: races.rs and the store's tests see to these.
            let is_everybodys = ["BUSY", "INTERNAL"].contains(&code);
            let by_itself = tests.contains(&format!("\"{code}\""));
            let by_budget = code == "RATE_LIMITED" && budgets.contains(&format!("    {}: ", function.binary));
            let by_all = SHARED_REFUSALS.contains(&code) && shared.contains(&format!("    {}: ", function.binary));
            if !(is_everybodys || by_itself || by_budget || by_all) {
                breaches.push(format!("{page}: no test expects `{code}`"));
            }
        }
    }
    none("a refusal that a page names is expected by a test of the route", breaches);
}

/// The same of socket routes, whose rows begin with the code.
#[test]
fn every_refusal_on_a_socket_page_is_expected_by_a_test() {
    let mut breaches = Vec::new();
    for function in functions().iter().filter(|function| function.file.starts_with("functions/live/")) {
        let page = format!("docs/api/{}.md", function.binary);
        let (page_text, tests) = (read(&page), read(&format!("tests/api/{}.rs", function.binary)));
        let cells = page_text.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
        for code in cells.flat_map(|cell| cell.split('`')).filter(|word| is_code(word)) {
            if !["BUSY", "INTERNAL"].contains(&code) && !tests.contains(&format!("\"{code}\"")) {
                breaches.push(format!("{page}: no test expects `{code}`"));
            }
        }
    }
    none("a refusal that a socket page names is expected by a test", breaches);
}

/// The same of Talk's pages, whose rows begin with status and number.
#[test]
fn every_refusal_on_a_talk_page_is_expected_by_a_test() {
    let shared = read("tests/api/talk_refusals.rs");
    let (behaviours, budgets) = (read("tests/api/talk_behaviours.rs"), read("tests/api/budgets.rs"));
    let mut breaches = Vec::new();
    for function in functions().iter().filter(|function| function.file.starts_with("functions/talk/")) {
        let page = format!("docs/api/{}.md", function.binary);
        let (page_text, tests) = (read(&page), read(&format!("tests/api/{}.rs", function.binary)));
        let rows = page_text.lines().skip_while(|line| *line != "## Refusals").skip(1);
        let rows = rows.take_while(|line| !line.starts_with("## ")).filter_map(|line| line.strip_prefix("| "));
        let names =
            |text: &str, number: &str| text.split(|letter: char| !letter.is_ascii_digit()).any(|word| word == number);
        let listed = shared.lines().find(|line| line.starts_with(&format!("    {}: ", function.binary)));
        for pair in rows.flat_map(|row| row.split('|').next().unwrap_or_default().trim().split(", ")) {
            let Some((_, number)) = pair.split_once(" / ").filter(|(status, _)| *status < "500") else { continue };
            let by_all = listed.is_some_and(|line| match number {
                "201" | "220" | "405" => true,
                "222" => line.contains("a_frozen_room"),
                "400" => line.contains("a_back_end_that_names_nobody"),
                _ => false,
            });
            if !(by_all || names(&tests, number) || names(&behaviours, number) || names(&budgets, number)) {
                breaches.push(format!("{page}: no test expects {pair}"));
            }
        }
    }
    none("a refusal that a Talk page names is expected by a test", breaches);
}

#[test]
fn no_file_has_two_subjects() {
    let mut breaches = Vec::new();
    for function in functions() {
        let lines = function.text.lines().count();
        if lines > FUNCTION {
            breaches.push(format!("{}: {lines} lines, {FUNCTION} at most", function.file));
        }
    }
    for file in rust_files("shared/src") {
        if file.ends_with("/tests.rs") || file.contains("/tests/") {
            continue;
        }
        let text = read(&file);
        let lines =
            text.find("#[cfg(test)]\nmod tests {").map_or(text.as_str(), |tests| &text[..tests]).lines().count();
        if lines > SHARED {
            breaches.push(format!("{file}: {lines} lines before its tests, {SHARED} at most"));
        }
    }
    none("a file past its length has two subjects", breaches);
}

#[test]
fn nothing_is_left_half_done() {
    let mut breaches = Vec::new();
    for folder in ["functions", "shared", "infra/local", "tests", "examples"] {
        for file in rust_files(folder) {
            // Spelt in two parts, so that this file passes its own rule.
            let unfinished =
                [["todo", "!("], ["unimplemented", "!("], ["dbg", "!("], ["#[igno", "re"]].map(|parts| parts.concat());
            let text = read(&file);
            for (number, line) in text.lines().enumerate() {
                for word in unfinished.iter().filter(|word| line.contains(word.as_str())) {
                    breaches.push(format!("{file}:{}: `{word}`", number + 1));
                }
            }
        }
    }
    for page in std::fs::read_dir(Path::new(ROOT).join("docs/api")).unwrap() {
        let page = format!("docs/api/{}", page.unwrap().file_name().into_string().unwrap());
        let text = read(&page);
        let gaps = text.lines().filter(|line| line.starts_with('@') && line.ends_with('@'));
        breaches.extend(gaps.map(|gap| format!("{page}: `{gap}`")));
    }
    none("nothing half done is committed", breaches);
}

#[test]
fn every_error_code_is_explained() {
    let imkit = code("shared/src/dialect/imkit/mod.rs");
    let mut codes: BTreeSet<String> = imkit.split('"').filter(|word| is_code(word)).map(str::to_owned).collect();
    // Talk's arms hold a status and its own number: `(403, 220,`.
    let talk: String = code("shared/src/dialect/talk/refusal.rs").split_whitespace().collect();
    let numbers = talk.split('(').filter_map(|arm| {
        let mut parts = arm.split(',');
        let (status, number) = (parts.next()?.parse::<u16>().ok()?, parts.next()?.parse::<u16>().ok()?);
        (status >= 400).then(|| number.to_string())
    });
    codes.extend(numbers);
    assert!(codes.contains("ROOM_FULL") && codes.contains("239"), "the codes are found: {codes:?}");

    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/errors.md")).unwrap_or_default();
    let cells = page.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('|'));
    let said: BTreeSet<&str> = cells.map(|cell| cell.trim().trim_matches('`')).collect();
    let unsaid = codes.iter().filter(|code| !said.contains(code.as_str()));
    let mut breaches: Vec<String> = unsaid.map(|code| format!("docs/errors.md: no row for `{code}`")).collect();
    // API Gateway itself refuses what comes too fast.
    let invented = said.iter().filter(|code| is_code(code) && !codes.contains(**code));
    breaches.extend(invented.map(|code| format!("docs/errors.md: no error has the code `{code}`")));
    none("every error code has a row in a table of docs/errors.md, and no other has", breaches);
}

/// `UPPER_SNAKE`, of one word or more.
fn is_code(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[test]
fn every_error_has_its_place_in_both_dialects() {
    let error = code("shared/src/error.rs");
    let body = error.split("pub enum Error {").nth(1).unwrap().split("\n}").next().unwrap();
    let variants: BTreeSet<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| line.split(|end: char| !end.is_ascii_alphanumeric()).next().unwrap())
        .collect();
    assert!(variants.len() > 15, "the variants are found: {variants:?}");
    let mut breaches = Vec::new();
    for file in ["shared/src/dialect/imkit/mod.rs", "shared/src/dialect/talk/refusal.rs"] {
        let table = code(file);
        let named = |variant: &&&str| {
            let name = format!("Error::{variant}");
            table
                .match_indices(&name)
                .any(|(at, _)| !table[at + name.len()..].starts_with(|next: char| next.is_ascii_alphanumeric()))
        };
        let unnamed: Vec<_> = variants.iter().filter(|variant| !named(variant)).collect();
        breaches.extend(unnamed.into_iter().map(|variant| format!("{file}: no arm names `Error::{variant}`")));
    }
    none("no error is lumped with others unseen", breaches);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut breaches = Vec::new();
    for folder in ["functions", "shared/src", "infra/local/src", "tests", "examples"] {
        for file in rust_files(folder) {
            if !read(&file).starts_with("//! ") {
                breaches.push(format!("{file}: its first line is no `//! ` sentence"));
            }
        }
    }
    none("every file begins with a sentence on what it is for", breaches);
}
