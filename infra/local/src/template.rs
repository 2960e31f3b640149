//! The template, as far as one machine needs it: the functions, their routes and policies, the table, CORS.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use serde_norway::Value;

use crate::cors::Cors;
use crate::error::Error;
use crate::intrinsic::{ACCOUNT, Intrinsics, REGION};
use crate::parameters::Parameters;
use crate::policy::Policy;
use crate::route::Route;
use crate::socket_api::SocketApi;
use crate::source::Source;

/// How often Lambda tries an asynchronous invocation again, unless it is told otherwise; and at most.
const RETRIES: usize = 2;

/// What the stack takes from `template.yaml`.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) functions: Vec<Function>,
    pub(crate) table: Table,
    pub(crate) cors: Option<Cors>,
    pub(crate) sockets: Option<SocketApi>,
}

/// One `AWS::Serverless::Function`.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    /// Its logical id.
    pub(crate) id: String,
    pub(crate) binary: String,
    pub(crate) routes: Vec<Route>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) policy: Policy,
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u64,
    /// How often an asynchronous invocation is tried again.
    pub(crate) retries: usize,
    /// The stream and the schedules that wake it.
    pub(crate) sources: Vec<Source>,
    /// Kinds of events that the stack does not feed, such as `SQS`; such a function can be invoked by hand.
    pub(crate) unfed: Vec<String>,
}

/// The one `AWS::DynamoDB::Table`.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// The body of the CreateTable request.
    pub(crate) create: Json,
    /// The attribute that items expire by.
    pub(crate) ttl: Option<String>,
}

impl Table {
    /// The attribute that tells the partitions apart.
    pub(crate) fn partition_key(&self) -> String {
        let mut schema = self.create["KeySchema"].as_array().into_iter().flatten();
        let hash = schema.find(|key| key["KeyType"] == "HASH");
        hash.and_then(|key| key["AttributeName"].as_str()).unwrap_or_default().to_owned()
    }
}

impl Template {
    /// Reads a template's text; `parameters` are those that do not have their defaults.
    pub(crate) fn parse(text: &str, parameters: &BTreeMap<String, String>) -> Result<Self, Error> {
        let root: Value = serde_norway::from_str(text).map_err(|error| Error::Template(error.to_string()))?;
        let table = resources(&root, "AWS::DynamoDB::Table").map(|(id, _)| id).collect::<Vec<_>>();
        let [table] = table.as_slice() else {
            return Err(Error::Template(format!("one `AWS::DynamoDB::Table` is wanted, not {}", table.len())));
        };
        let parameters = Parameters::of(&root, parameters).map_err(Error::Template)?;
        let intrinsics = Intrinsics::new(&root, table).with(parameters);
        let mut functions = Vec::new();
        for (id, resource) in resources(&root, "AWS::Serverless::Function") {
            let named = |reason| Error::Template(format!("`{id}`: {reason}"));
            if intrinsics.exists(resource).map_err(named)? {
                functions.push(read_function(id, resource, &root["Globals"]["Function"], &intrinsics).map_err(named)?);
            }
        }
        let table = read_table(&root["Resources"][*table]["Properties"], &intrinsics)
            .map_err(|reason| Error::Template(format!("`{table}`: {reason}")))?;
        let cors = match resources(&root, "AWS::Serverless::HttpApi").next() {
            Some((id, api)) => Cors::read(&api["Properties"]["CorsConfiguration"], &intrinsics)
                .map_err(|reason| Error::Template(format!("`{id}`: {reason}")))?,
            None => None,
        };
        let sockets = SocketApi::read(&root, &intrinsics).map_err(Error::Template)?;
        Ok(Self { functions, table, cors, sockets })
    }
}

/// The template's resources of a type, by logical id.
pub(crate) fn resources<'a>(root: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let all = root["Resources"].as_mapping().into_iter().flatten();
    all.filter(move |(_, resource)| resource["Type"].as_str() == Some(kind))
        .filter_map(|(id, resource)| Some((id.as_str()?, resource)))
}

fn read_function(id: &str, resource: &Value, globals: &Value, intrinsics: &Intrinsics) -> Result<Function, String> {
    let properties = &resource["Properties"];
    let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
    let own_or_global = |key: &str| properties.get(key).or_else(|| globals.get(key));
    let number = |key: &str, default: u64| match own_or_global(key) {
        Some(value) => intrinsics.text(value)?.parse().map_err(|_| format!("`{key}` is not a number")),
        None => Ok(default),
    };
    let (mut routes, mut sources, mut unfed) = (Vec::new(), Vec::new(), Vec::new());
    for (name, event) in properties["Events"].as_mapping().into_iter().flatten() {
        let part = |key: &str| event["Properties"][key].as_str();
        match event["Type"].as_str().unwrap_or_default() {
            "HttpApi" => {
                routes.push(Route::new(part("Method").unwrap_or("ANY"), part("Path").unwrap_or("$default"), id))
            }
            "DynamoDB" | "Schedule" | "ScheduleV2" => {
                let name = name.as_str().unwrap_or_default();
                let source = Source::read(id, name, event, intrinsics);
                sources.extend(source.map_err(|reason| format!("the event `{name}`: {reason}"))?);
            }
            other => unfed.push(other.to_owned()),
        }
    }
    Ok(Function {
        id: id.to_owned(),
        binary: binary.ok_or("`Metadata.BuildProperties.Binary` is missing")?.to_owned(),
        routes,
        environment: environment(globals, properties, intrinsics)?,
        policy: Policy::read(&properties["Policies"], intrinsics)?,
        timeout: Duration::from_secs(number("Timeout", 3)?),
        memory_mb: number("MemorySize", 128)?,
        retries: own_or_global("EventInvokeConfig").map_or(Ok(RETRIES), |config| retries(config, intrinsics))?,
        sources,
        unfed,
    })
}

fn environment(
    globals: &Value,
    properties: &Value,
    intrinsics: &Intrinsics,
) -> Result<BTreeMap<String, String>, String> {
    let mut environment = logging(globals, properties);
    for variables in [&globals["Environment"]["Variables"], &properties["Environment"]["Variables"]] {
        for (name, value) in variables.as_mapping().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            let value = intrinsics.text(value).map_err(|reason| format!("the variable `{name}`: {reason}"))?;
            environment.insert(name.to_owned(), value);
        }
    }
    Ok(environment)
}

/// `MaximumRetryAttempts` of an `EventInvokeConfig`. The others that are known change nothing here: no retry is ever an
/// hour old, and what is given up is told in the log.
fn retries(config: &Value, intrinsics: &Intrinsics) -> Result<usize, String> {
    let known = ["MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"];
    let names = config.as_mapping().into_iter().flatten().filter_map(|(name, _)| name.as_str());
    if let Some(name) = names.into_iter().find(|name| !known.contains(name)) {
        return Err(format!("`EventInvokeConfig`: `{name}` is not played on one machine"));
    }
    let Some(attempts) = config.get("MaximumRetryAttempts") else { return Ok(RETRIES) };
    let attempts = intrinsics.text(attempts)?;
    let number = attempts.parse().ok().filter(|number| *number <= RETRIES);
    number.ok_or_else(|| format!("`MaximumRetryAttempts` must be from 0 to {RETRIES}, not {attempts}"))
}

/// What Lambda tells a function of its `LoggingConfig`.
fn logging(globals: &Value, properties: &Value) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for config in [&globals["LoggingConfig"], &properties["LoggingConfig"]] {
        for (key, name) in [("LogFormat", "AWS_LAMBDA_LOG_FORMAT"), ("ApplicationLogLevel", "AWS_LAMBDA_LOG_LEVEL")] {
            if let Some(value) = config[key].as_str() {
                environment.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    environment
}

fn read_table(properties: &Value, intrinsics: &Intrinsics) -> Result<Table, String> {
    let name = intrinsics.table_name()?;
    let mut create = json!({ "TableName": name });
    let same_in_the_api = [
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "BillingMode",
        "ProvisionedThroughput",
    ];
    for key in same_in_the_api {
        if let Some(value) = properties.get(key) {
            create[key] = intrinsics.value(value)?.unwrap_or_default();
        }
    }
    if let Some(view) = properties["StreamSpecification"].get("StreamViewType") {
        create["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": intrinsics.text(view)? });
    }
    let ttl = &properties["TimeToLiveSpecification"];
    let ttl = ttl["Enabled"].as_bool().unwrap_or(false).then(|| intrinsics.text(&ttl["AttributeName"])).transpose()?;
    let arn = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}");
    Ok(Table { name, arn, create, ttl })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Parameters:
  Days: { Type: Number, Default: 14 }
Globals:
  Function:
    Timeout: 15
    LoggingConfig: { LogFormat: JSON, ApplicationLogLevel: INFO }
    Environment: { Variables: { TABLE_NAME: !Ref Table, DAYS: !Ref Days } }
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
  AddMembers:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: add_members } }
    Properties:
      MemorySize: 512
      Environment: { Variables: { DAYS: '3' } }
      Events:
        Route: { Type: HttpApi, Properties: { Method: post, Path: '/rooms/{id}' } }
        Rest: { Type: HttpApi }
";

    #[test]
    fn a_function_is_its_globals_and_its_own() {
        let template = Template::parse(TEMPLATE, &BTreeMap::new()).unwrap();
        let function = &template.functions[0];
        assert_eq!((function.id.as_str(), function.binary.as_str()), ("AddMembers", "add_members"));
        assert_eq!((function.timeout, function.memory_mb), (Duration::from_secs(15), 512));
        assert_eq!(function.retries, 2);
        assert_eq!(function.environment["TABLE_NAME"], "rollcall-local-Table");
        assert_eq!(function.environment["DAYS"], "3");
        assert_eq!(function.environment["AWS_LAMBDA_LOG_FORMAT"], "JSON");
        let keys: Vec<_> = function.routes.iter().map(Route::key).collect();
        assert_eq!(keys, ["POST /rooms/{id}", "$default"]);
    }

    #[test]
    fn asynchronous_invocations_are_tried_again_as_often_as_the_function_says() {
        let with = |config: &str| {
            let text = TEMPLATE.replace("MemorySize: 512", &format!("EventInvokeConfig: {config}"));
            Template::parse(&text, &BTreeMap::new()).map(|template| template.functions[0].retries)
        };
        assert_eq!(with("{ MaximumRetryAttempts: 0 }").unwrap(), 0);
        assert_eq!(with("{ MaximumEventAgeInSeconds: 60 }").unwrap(), 2);
        let refusal = |config: &str| with(config).unwrap_err().to_string();
        assert_eq!(
            refusal("{ MaximumRetryAttempts: 3 }"),
            "template.yaml: `AddMembers`: `MaximumRetryAttempts` must be from 0 to 2, not 3"
        );
        assert_eq!(
            refusal("{ Retries: 1 }"),
            "template.yaml: `AddMembers`: `EventInvokeConfig`: `Retries` is not played on one machine"
        );
    }

    #[test]
    fn the_table_is_what_create_table_takes() {
        let table = Template::parse(TEMPLATE, &BTreeMap::new()).unwrap().table;
        assert_eq!(table.ttl.as_deref(), Some("ttl"));
        assert_eq!(
            table.create["StreamSpecification"],
            json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" })
        );
    }

    #[test]
    fn what_cannot_be_worked_out_names_the_function_and_the_variable() {
        let broken = TEMPLATE.replace("DAYS: '3'", "QUEUE: !Ref Queue");
        let error = Template::parse(&broken, &BTreeMap::new()).unwrap_err().to_string();
        assert_eq!(
            error,
            "template.yaml: `AddMembers`: the variable `QUEUE`: `!Ref Queue` cannot be worked out on one machine"
        );
    }

    #[test]
    fn the_template_of_this_repository_is_understood() {
        let text = std::fs::read_to_string(crate::builder::TEMPLATE).unwrap();
        let template = Template::parse(&text, &BTreeMap::new()).unwrap();
        assert!(template.functions.iter().any(|function| function.binary == "add_members"));
    }
}
