//! `openapi.yaml` as tests read it: its operations, and whether a value is as one of its schemas says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Registry, ValidationError, Validator};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml");
/// What the file is called among schemas. Nobody fetches it.
const URI: &str = "file:///openapi.yaml";
/// As many flaws of a value as a failing test shows.
const SHOWN: usize = 10;

/// The file, read once, and what was compiled of it.
struct Description {
    whole: Value,
    registry: Registry<'static>,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// A place in the file, every `$ref` on the way there followed.
#[derive(Clone)]
pub struct Place {
    /// Where that is, as a JSON pointer.
    pub pointer: String,
    pub value: &'static Value,
}

/// One operation.
pub struct Operation {
    /// `POST`.
    pub method: String,
    /// `/rooms/{id}/members`.
    pub path: String,
    /// `add_members`.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// Its parameters, those of its path among them.
    pub parameters: Vec<Place>,
}

fn description() -> &'static Description {
    static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
        let text = std::fs::read_to_string(FILE).unwrap_or_else(|error| panic!("{FILE}: {error}"));
        let whole: Value = serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"));
        let registry = Registry::new().add(URI, whole.clone()).expect("the URI is one");
        let registry = registry.prepare().unwrap_or_else(|error| panic!("{FILE}: {error}"));
        Description { whole, registry, validators: Mutex::default() }
    });
    &DESCRIPTION
}

/// The whole file.
pub fn root() -> Place {
    Place { pointer: String::new(), value: &description().whole }
}

/// The schema of what a webhook is sent in a style.
pub fn webhook(style: &str) -> Place {
    let path = ["webhooks", style, "post", "requestBody"];
    let body = path.iter().try_fold(root(), |place, name| place.child(name));
    body.and_then(|body| body.body_schema()).unwrap_or_else(|| panic!("openapi.yaml knows no webhook `{style}`"))
}

/// All operations.
pub fn operations() -> &'static [Operation] {
    static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
        let mut found = Vec::new();
        for (path, item) in root().child("paths").expect("the file has paths").entries() {
            let shared = item.child("parameters").map(|place| place.items()).unwrap_or_default();
            for (method, place) in item.entries().into_iter().filter(|(name, _)| name != "parameters") {
                let own = place.child("parameters").map(|place| place.items()).unwrap_or_default();
                let parameters = shared.iter().cloned().chain(own).collect();
                let id = place.text("operationId").unwrap_or_default().to_owned();
                found.push(Operation { method: method.to_uppercase(), path: path.clone(), id, place, parameters });
            }
        }
        found
    });
    &OPERATIONS
}

impl Description {
    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().expect("compiling does not panic");
        let compiled = validators.entry(pointer.to_owned()).or_insert_with(|| {
            let fragment = pointer.split('/').map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string());
            let schema = json!({ "$ref": format!("{URI}#{}", fragment.collect::<Vec<_>>().join("/")) });
            let compiled = jsonschema::options().with_registry(&self.registry).build(&schema);
            Arc::new(compiled.unwrap_or_else(|error| panic!("openapi.yaml, {pointer}: {error}")))
        });
        Arc::clone(compiled)
    }
}

impl Place {
    /// What stands under a name or number.
    pub fn child(&self, name: &str) -> Option<Self> {
        let value = match self.value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            other => other.get(name)?,
        };
        let step = name.replace('~', "~0").replace('/', "~1");
        Some(Self { pointer: format!("{}/{step}", self.pointer), value }.followed())
    }

    /// Where a `$ref` that stands alone leads to. With others beside it, it is a schema's and left to the validator.
    fn followed(self) -> Self {
        match (self.value.as_object().map(serde_json::Map::len), self.target()) {
            (Some(1), Some(target)) => target,
            _ => self,
        }
    }

    /// What its `$ref` names.
    fn target(&self) -> Option<Self> {
        let pointer = self.value.get("$ref")?.as_str()?.strip_prefix('#')?;
        let missing = || panic!("openapi.yaml, {}: nothing stands at `{pointer}`", self.pointer);
        let value = description().whole.pointer(pointer).unwrap_or_else(missing);
        Some(Self { pointer: pointer.to_owned(), value }.followed())
    }

    /// Its children with their names, in order.
    pub fn entries(&self) -> Vec<(String, Self)> {
        let names: Vec<String> = match self.value {
            Value::Object(fields) => fields.keys().cloned().collect(),
            Value::Array(items) => (0..items.len()).map(|at| at.to_string()).collect(),
            _ => Vec::new(),
        };
        names.into_iter().filter_map(|name| Some((name.clone(), self.child(&name)?))).collect()
    }

    /// Its children.
    pub fn items(&self) -> Vec<Self> {
        self.entries().into_iter().map(|(_, place)| place).collect()
    }

    /// The text under a name.
    pub fn text(&self, name: &str) -> Option<&'static str> {
        self.value.get(name)?.as_str()
    }

    /// The schema of a JSON body.
    pub fn body_schema(&self) -> Option<Self> {
        self.child("content")?.child("application/json")?.child("schema")
    }

    /// What keeps a value from being as the schema here says; nothing, if it is.
    pub fn flaws(&self, value: &Value) -> Vec<String> {
        let validator = description().validator(&self.pointer);
        let mut flaws = Vec::new();
        for error in validator.iter_errors(value) {
            tell(&error, &mut flaws);
        }
        flaws.sort();
        flaws.dedup();
        flaws.truncate(SHOWN);
        flaws
    }

    /// The error codes that the schema here knows, of either dialect.
    pub fn codes(&self) -> BTreeSet<String> {
        let mut codes = BTreeSet::new();
        for path in ["/properties/error/properties/code/const", "/properties/code/const"] {
            codes.extend(
                self.value.pointer(path).map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned)),
            );
        }
        codes.extend(self.target().iter().flat_map(Self::codes));
        for word in ["anyOf", "allOf", "oneOf"] {
            codes.extend(self.child(word).iter().flat_map(Self::items).flat_map(|one| one.codes()));
        }
        codes
    }
}

/// One line for each flaw: where in the value, and what. Of alternatives, those of the one that comes closest.
fn tell(error: &ValidationError<'_>, flaws: &mut Vec<String>) {
    if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } = error.kind()
        && let Some(closest) = context.iter().min_by_key(|errors| errors.len())
        && !closest.is_empty()
    {
        closest.iter().for_each(|error| tell(error, flaws));
        return;
    }
    let place = error.instance_path().as_str();
    let told: String = error.to_string().chars().take(400).collect();
    flaws.push(format!("{}: {told}", if place.is_empty() { "/" } else { place }));
}
