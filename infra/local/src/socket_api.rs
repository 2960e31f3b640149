//! The WebSocket API of the template: its `AWS::ApiGatewayV2` resources, put together.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_norway::Value;

use crate::intrinsic::{ACCOUNT, Intrinsics, REGION};
use crate::lambda;
use crate::policy::matches_exactly;

/// The one WebSocket API.
#[derive(Debug, Clone)]
pub(crate) struct SocketApi {
    pub(crate) id: String,
    pub(crate) stage: String,
    /// Where in a frame the key of its route stands.
    selection: Vec<String>,
    pub(crate) authorizer: Option<Authorizer>,
    routes: BTreeMap<String, SocketRoute>,
}

/// What is asked before a connection is let in.
#[derive(Debug, Clone)]
pub(crate) struct Authorizer {
    pub(crate) function: String,
    /// What a request must have for the function to be asked at all.
    pub(crate) identity: Vec<Identity>,
}

/// One `IdentitySource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    Header(String),
    Query(String),
}

/// A route, and what becomes of what its function replies.
#[derive(Debug, Clone)]
pub(crate) struct SocketRoute {
    pub(crate) target: Target,
    pub(crate) reply: Reply,
}

/// What a route leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Nothing; what comes is accepted.
    Mock,
    /// The function of this logical id.
    Function(String),
}

/// Whether a reply goes back over the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Sent,
    Dropped,
}

pub(crate) const CONNECT: &str = "$connect";
pub(crate) const DISCONNECT: &str = "$disconnect";
const DEFAULT: &str = "$default";
/// What a WebSocket API is made of.
const KINDS: [&str; 8] =
    ["Api", "Stage", "Deployment", "Route", "RouteResponse", "Integration", "IntegrationResponse", "Authorizer"];
/// What precedes the ARN of a function in a URI of API Gateway.
const URI: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/";

impl SocketApi {
    /// Puts the template's resources together; `None` without any. What is not understood is refused by name.
    pub(crate) fn read(root: &Value, intrinsics: &Intrinsics) -> Result<Option<Self>, String> {
        let resources = Resources { root, intrinsics };
        resources.all_known()?;
        let apis =
            resources.all("Api", &["Name", "Description", "ProtocolType", "RouteSelectionExpression", "Tags"])?;
        let (id, api) = match apis.as_slice() {
            [] => return Ok(None),
            [api] => api,
            [_, (second, _), ..] => return Err(format!("`{second}`: only one WebSocket API is played")),
        };
        if api["ProtocolType"] != "WEBSOCKET" {
            return Err(format!("`{id}`: `ProtocolType: {}` is not played on one machine", api["ProtocolType"]));
        }
        let expression = api["RouteSelectionExpression"].as_str().unwrap_or_default();
        let selection = selection(expression).ok_or_else(|| {
            format!("`{id}`: `RouteSelectionExpression: {expression}` is not played; `$request.body.<field>` is")
        })?;
        let stages = ["ApiId", "StageName", "DeploymentId", "AutoDeploy", "DefaultRouteSettings", "RouteSettings"];
        let stages = resources.all("Stage", &[&stages[..], &["AccessLogSettings", "Description", "Tags"]].concat())?;
        let [(_, stage)] = stages.as_slice() else {
            return Err(format!("`{id}`: one `AWS::ApiGatewayV2::Stage` is wanted, not {}", stages.len()));
        };
        let stage = stage["StageName"].as_str().unwrap_or_default().to_owned();
        resources.all("Deployment", &["ApiId", "Description", "StageName"])?;
        // A mock must have one where its route has a response. Nothing is sent before a connection stands.
        resources.all("IntegrationResponse", &["ApiId", "IntegrationId", "IntegrationResponseKey"])?;
        let (routes, authorizer) = resources.routes(&format!("{id}/{stage}"), id)?;
        Ok(Some(Self { id: id.clone(), stage, selection, authorizer, routes }))
    }

    /// The route of this key, if the template has it.
    pub(crate) fn named(&self, key: &str) -> Option<&SocketRoute> {
        self.routes.get(key)
    }

    /// The route that a frame selects, or `$default`.
    pub(crate) fn route(&self, frame: &str) -> Option<(&str, &SocketRoute)> {
        let json: Option<Json> = serde_json::from_str(frame).ok();
        let selected = json.as_ref().and_then(|json| self.selection.iter().try_fold(json, |at, name| at.get(name)));
        let selected = selected.map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned));
        // Those two are told by the connection itself, whatever a frame says.
        let selected = selected.filter(|key| key != CONNECT && key != DISCONNECT);
        let route = |key: &str| self.routes.get_key_value(key).map(|(key, route)| (key.as_str(), route));
        selected.and_then(|key| route(&key)).or_else(|| route(DEFAULT))
    }
}

/// `$request.body.<field>`, deeper fields too.
fn selection(expression: &str) -> Option<Vec<String>> {
    let inner = expression.strip_prefix("${").and_then(|inner| inner.strip_suffix('}'));
    let path = inner.or_else(|| expression.strip_prefix('$'))?.strip_prefix("request.body.")?;
    let plain = |name: &str| !name.is_empty() && name.chars().all(|part| part.is_ascii_alphanumeric() || part == '_');
    let names: Vec<_> = path.split('.').map(str::to_owned).collect();
    names.iter().all(|name| plain(name)).then_some(names)
}

struct Resources<'a> {
    root: &'a Value,
    intrinsics: &'a Intrinsics<'a>,
}

type Routes = (BTreeMap<String, SocketRoute>, Option<Authorizer>);

impl Resources<'_> {
    /// What else API Gateway has is refused, so that nothing is silently left out.
    fn all_known(&self) -> Result<(), String> {
        for (id, resource) in self.root["Resources"].as_mapping().into_iter().flatten() {
            let whole = resource["Type"].as_str().unwrap_or_default();
            if whole.strip_prefix("AWS::ApiGatewayV2::").is_some_and(|kind| !KINDS.contains(&kind)) {
                return Err(format!("`{}`: `{whole}` is not played on one machine", id.as_str().unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// All resources of a kind, worked out; they may say what is `known` and no more.
    fn all(&self, kind: &str, known: &[&str]) -> Result<Vec<(String, Json)>, String> {
        let kind = format!("AWS::ApiGatewayV2::{kind}");
        let mut found = Vec::new();
        for (id, resource) in crate::template::resources(self.root, &kind) {
            let named = |reason| format!("`{id}`: {reason}");
            if !self.intrinsics.exists(resource).map_err(named)? {
                continue;
            }
            let properties = self.intrinsics.value(&resource["Properties"]).map_err(named)?.unwrap_or_default();
            let mut names = properties.as_object().into_iter().flat_map(|object| object.keys());
            if let Some(name) = names.find(|name| !known.contains(&name.as_str())) {
                return Err(format!("`{id}`: `{name}` is not played on one machine"));
            }
            found.push((id.to_owned(), properties));
        }
        Ok(found)
    }

    fn routes(&self, source: &str, api: &str) -> Result<Routes, String> {
        let integrations = self.integrations()?;
        let answered = self.answered()?;
        let known = ["ApiId", "RouteKey", "AuthorizationType", "AuthorizerId", "Target", "OperationName"];
        let known = [&known[..], &["RouteResponseSelectionExpression", "ApiKeyRequired"]].concat();
        let (mut routes, mut guard) = (BTreeMap::new(), None);
        for (id, route) in self.all("Route", &known)? {
            let key = text(&id, &route, "RouteKey")?;
            let target = text(&id, &route, "Target")?;
            let target = target.strip_prefix("integrations/").and_then(|target| integrations.get(target));
            let target = target.ok_or_else(|| format!("`{id}`: `Target` is no integration of the template"))?.clone();
            match &target {
                Target::Mock if key != CONNECT => return Err(format!("`{id}`: `MOCK` is played for `$connect` only")),
                Target::Mock => {}
                Target::Function(function) => self.permitted(&id, function, &format!("{source}/{key}"))?,
            }
            match (route["AuthorizationType"].as_str().unwrap_or("NONE"), key) {
                ("NONE", _) => {}
                ("CUSTOM", CONNECT) => guard = Some(text(&id, &route, "AuthorizerId")?.to_owned()),
                ("CUSTOM", _) => return Err(format!("`{id}`: only `$connect` can have an authorizer")),
                (other, _) => return Err(format!("`{id}`: `AuthorizationType: {other}` is not played on one machine")),
            }
            let expression = route["RouteResponseSelectionExpression"].as_str();
            let sent = expression == Some(DEFAULT) && answered.contains(&id);
            let reply = if sent { Reply::Sent } else { Reply::Dropped };
            if routes.insert(key.to_owned(), SocketRoute { target, reply }).is_some() {
                return Err(format!("`{id}`: another route has the key `{key}`"));
            }
        }
        Ok((routes, self.authorizer(guard.as_deref(), api)?))
    }

    fn integrations(&self) -> Result<BTreeMap<String, Target>, String> {
        let known = ["ApiId", "IntegrationType", "IntegrationUri", "IntegrationMethod", "Description"];
        let known = [&known[..], &["RequestTemplates", "TemplateSelectionExpression"]].concat();
        let mut integrations = BTreeMap::new();
        for (id, integration) in self.all("Integration", &known)? {
            let target = match text(&id, &integration, "IntegrationType")? {
                "MOCK" => mock(&id, &integration)?,
                "AWS_PROXY" => Target::Function(self.function(&id, text(&id, &integration, "IntegrationUri")?)?),
                other => return Err(format!("`{id}`: `IntegrationType: {other}` is not played on one machine")),
            };
            integrations.insert(id, target);
        }
        Ok(integrations)
    }

    /// The routes that have a response.
    fn answered(&self) -> Result<Vec<String>, String> {
        let mut routes = Vec::new();
        for (id, response) in self.all("RouteResponse", &["ApiId", "RouteId", "RouteResponseKey"])? {
            match text(&id, &response, "RouteResponseKey")? {
                DEFAULT => routes.push(text(&id, &response, "RouteId")?.to_owned()),
                other => return Err(format!("`{id}`: `RouteResponseKey: {other}` is not played on one machine")),
            }
        }
        Ok(routes)
    }

    fn authorizer(&self, wanted: Option<&str>, api: &str) -> Result<Option<Authorizer>, String> {
        let known = ["ApiId", "AuthorizerType", "AuthorizerUri", "IdentitySource", "Name"];
        let authorizers = self.all("Authorizer", &known)?;
        let Some(wanted) = wanted else { return Ok(None) };
        let Some((id, authorizer)) = authorizers.iter().find(|(id, _)| id == wanted) else {
            return Err(format!("`{wanted}` is no authorizer of the template"));
        };
        if authorizer["AuthorizerType"] != "REQUEST" {
            return Err(format!("`{id}`: `AuthorizerType` must be `REQUEST`"));
        }
        let function = self.function(id, text(id, authorizer, "AuthorizerUri")?)?;
        self.permitted(id, &function, &format!("{api}/authorizers/{id}"))?;
        let sources = authorizer["IdentitySource"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let read = |source: &str| match source.strip_prefix("route.request.")?.split_once('.')? {
            ("header", name) => Some(Identity::Header(name.to_ascii_lowercase())),
            ("querystring", name) => Some(Identity::Query(name.to_owned())),
            _ => None,
        };
        let identity = sources.map(|source| {
            read(source).ok_or_else(|| format!("`{id}`: `IdentitySource: {source}` is not played on one machine"))
        });
        Ok(Some(Authorizer { function, identity: identity.collect::<Result<_, _>>()? }))
    }

    /// The function that a URI of API Gateway names.
    fn function(&self, id: &str, uri: &str) -> Result<String, String> {
        let arn = uri.strip_prefix(URI).and_then(|rest| rest.strip_suffix("/invocations"));
        let name = lambda::named(arn.ok_or_else(|| format!("`{id}`: `{uri}` is not the URI of a function"))?);
        match self.root["Resources"][name.as_str()]["Type"].as_str() {
            Some("AWS::Serverless::Function") => Ok(name),
            _ => Err(format!("`{id}`: there is no function `{name}`")),
        }
    }

    /// API Gateway may invoke only what a permission lets it: without one, every call would be an error 500 on AWS.
    fn permitted(&self, id: &str, function: &str, source: &str) -> Result<(), String> {
        let source = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{source}");
        for (permission, resource) in crate::template::resources(self.root, "AWS::Lambda::Permission") {
            let named = |reason| format!("`{permission}`: {reason}");
            if !self.intrinsics.exists(resource).map_err(named)? {
                continue;
            }
            let read = self.intrinsics.value(&resource["Properties"]).map_err(named)?.unwrap_or_default();
            let from = read["SourceArn"].as_str().is_none_or(|pattern| matches_exactly(pattern, &source));
            if read["Principal"] == "apigateway.amazonaws.com"
                && read["Action"] == "lambda:InvokeFunction"
                && lambda::named(read["FunctionName"].as_str().unwrap_or_default()) == function
                && from
            {
                return Ok(());
            }
        }
        Err(format!("`{id}`: no `AWS::Lambda::Permission` lets API Gateway invoke `{function}` from `{source}`"))
    }
}

/// A `MOCK` accepts what its template's one status says, which has to be 200.
fn mock(id: &str, integration: &Json) -> Result<Target, String> {
    for (_, template) in integration["RequestTemplates"].as_object().into_iter().flatten() {
        let status: Json = serde_json::from_str(template.as_str().unwrap_or_default()).unwrap_or_default();
        if status["statusCode"] != 200 {
            return Err(format!("`{id}`: of `RequestTemplates` only `{{\"statusCode\": 200}}` is played"));
        }
    }
    Ok(Target::Mock)
}

fn text<'a>(id: &str, properties: &'a Json, name: &str) -> Result<&'a str, String> {
    properties[name].as_str().ok_or_else(|| format!("`{id}`: `{name}` is missing"))
}
