//! CloudFormation's intrinsic functions (`!Ref`, `!Sub`, `!If` and their kin), worked out for one machine.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use serde_norway::Value;

use crate::parameters::Parameters;

/// The region that the functions believe they run in.
pub(crate) const REGION: &str = "us-east-1";
/// The account that the functions believe they belong to.
pub(crate) const ACCOUNT: &str = "000000000000";
const STACK: &str = "rollcall-local";
const STAGE: &str = "AWS::ApiGatewayV2::Stage";

/// Works out values of one template. What cannot be known on one machine is refused where it is asked for, by name.
pub(crate) struct Intrinsics<'a> {
    root: &'a Value,
    table: &'a str,
    parameters: Parameters,
}

impl<'a> Intrinsics<'a> {
    /// For the template `root`, whose table has the logical id `table`; every parameter has its default.
    pub(crate) fn new(root: &'a Value, table: &'a str) -> Self {
        Self { root, table, parameters: Parameters::default() }
    }

    /// The same with other values of parameters.
    pub(crate) fn with(self, parameters: Parameters) -> Self {
        Self { parameters, ..self }
    }

    /// The table's name: what the template says, or what CloudFormation would make of its logical id.
    pub(crate) fn table_name(&self) -> Result<String, String> {
        match self.root["Resources"][self.table]["Properties"].get("TableName") {
            Some(name) => self.text(name),
            None => Ok(format!("{STACK}-{}", self.table)),
        }
    }

    /// The value with everything worked out; `None` is `AWS::NoValue`.
    pub(crate) fn value(&self, value: &Value) -> Result<Option<Json>, String> {
        if let Some((name, argument)) = intrinsic(value) {
            return self.call(&name, argument);
        }
        Ok(Some(match value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(_) => serde_json::to_value(value).map_err(|error| error.to_string())?,
            Value::String(text) => Json::String(text.clone()),
            Value::Sequence(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(self.value(item)?);
                }
                Json::Array(list)
            }
            Value::Mapping(pairs) => {
                let mut map = Map::new();
                for (key, item) in pairs {
                    let key = key.as_str().ok_or_else(|| format!("the key `{key:?}` is not a text"))?;
                    if let Some(item) = self.value(item)? {
                        map.insert(key.to_owned(), item);
                    }
                }
                Json::Object(map)
            }
            Value::Tagged(tagged) => return Err(format!("`{}` is not understood", tagged.tag)),
        }))
    }

    /// The value as text; numbers and booleans as CloudFormation writes them.
    pub(crate) fn text(&self, value: &Value) -> Result<String, String> {
        match self.value(value)? {
            Some(Json::String(text)) => Ok(text),
            Some(plain @ (Json::Number(_) | Json::Bool(_))) => Ok(plain.to_string()),
            other => Err(format!("a text is wanted, not `{}`", other.unwrap_or_default())),
        }
    }

    /// Whether a resource's `Condition` lets it exist.
    pub(crate) fn exists(&self, resource: &Value) -> Result<bool, String> {
        resource.get("Condition").and_then(Value::as_str).map_or(Ok(true), |name| self.condition(name))
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Json>, String> {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "GetAtt" => self.attribute(&dotted(argument)?).map(|text| Some(Json::String(text))),
            "Sub" => self.substitute(argument).map(|text| Some(Json::String(text))),
            "If" => match argument.as_sequence().map(Vec::as_slice) {
                Some([condition, yes, no]) => {
                    let chosen = self.condition(condition.as_str().unwrap_or_default())?;
                    self.value(if chosen { yes } else { no })
                }
                _ => Err("`!If` wants a condition and two values".to_owned()),
            },
            "Join" => match argument.as_sequence().map(Vec::as_slice) {
                Some([separator, Value::Sequence(parts)]) => {
                    let parts: Vec<_> = parts.iter().map(|part| self.text(part)).collect::<Result<_, _>>()?;
                    Ok(Some(Json::String(parts.join(separator.as_str().unwrap_or_default()))))
                }
                _ => Err("`!Join` wants a separator and a list".to_owned()),
            },
            "Equals" | "Not" | "And" | "Or" | "Condition" => {
                self.holds(name, argument).map(|flag| Some(Json::Bool(flag)))
            }
            other => Err(format!("`!{other}` cannot be worked out on one machine")),
        }
    }

    fn reference(&self, name: &str) -> Result<Option<Json>, String> {
        let pseudo = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => REGION,
            "AWS::AccountId" => ACCOUNT,
            "AWS::Partition" => "aws",
            "AWS::StackName" => STACK,
            "AWS::URLSuffix" => "amazonaws.com",
            _ if name == self.table => {
                return self.table_name().map(|name| Some(Json::String(name)));
            }
            _ if self.is_named_by_its_id(name) => name,
            _ if self.root["Resources"][name]["Type"].as_str() == Some(STAGE) => {
                return self.value(&self.root["Resources"][name]["Properties"]["StageName"]);
            }
            _ => {
                if let Some(value) = self.parameters.get(name) {
                    return Ok(Some(value.clone()));
                }
                let parameter = self.root["Parameters"].get(name);
                let default = parameter.and_then(|parameter| parameter.get("Default"));
                let default = default.ok_or_else(|| match parameter {
                    Some(_) => format!("the parameter `{name}` has no default"),
                    None => format!("`!Ref {name}` cannot be worked out on one machine"),
                })?;
                return self.value(default);
            }
        };
        Ok(Some(Json::String(pseudo.to_owned())))
    }

    /// On one machine a function is named as the template names it, and so is a part of a WebSocket API.
    fn is_named_by_its_id(&self, name: &str) -> bool {
        let kind = self.root["Resources"][name]["Type"].as_str().unwrap_or_default();
        kind != STAGE && (kind == "AWS::Serverless::Function" || kind.starts_with("AWS::ApiGatewayV2::"))
    }

    fn attribute(&self, path: &str) -> Result<String, String> {
        if let Some(id) = path.strip_suffix(".Arn")
            && self.root["Resources"][id]["Type"].as_str() == Some("AWS::Serverless::Function")
        {
            return Ok(function_arn(id));
        }
        let arn = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{}", self.table_name()?);
        match path.strip_prefix(self.table).and_then(|rest| rest.strip_prefix('.')) {
            Some("Arn") => Ok(arn),
            Some("StreamArn") => Ok(format!("{arn}/stream/local")),
            _ => Err(format!("`!GetAtt {path}` cannot be worked out on one machine")),
        }
    }

    fn substitute(&self, argument: &Value) -> Result<String, String> {
        let mut own = BTreeMap::new();
        let pattern = match argument.as_sequence().map(Vec::as_slice) {
            Some([pattern, Value::Mapping(names)]) => {
                for (name, value) in names {
                    own.insert(name.as_str().unwrap_or_default(), self.text(value)?);
                }
                pattern
            }
            _ => argument,
        };
        let mut rest = pattern.as_str().ok_or("`!Sub` wants a text")?;
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or("`!Sub` has an open `${`")?;
            text.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => text.push_str(&format!("${{{literal}}}")),
                None => text.push_str(&self.named(name, &own)?),
            }
            rest = after;
        }
        Ok(text + rest)
    }

    fn named(&self, name: &str, own: &BTreeMap<&str, String>) -> Result<String, String> {
        if let Some(value) = own.get(name) {
            return Ok(value.clone());
        }
        if name.contains('.') {
            return self.attribute(name);
        }
        match self.reference(name)? {
            Some(Json::String(text)) => Ok(text),
            other => Ok(other.unwrap_or_default().to_string()),
        }
    }

    fn condition(&self, name: &str) -> Result<bool, String> {
        let rule = self.root["Conditions"].get(name).ok_or_else(|| format!("there is no condition `{name}`"))?;
        let (name, argument) = intrinsic(rule).ok_or_else(|| format!("the condition `{name}` is not understood"))?;
        self.holds(&name, argument)
    }

    fn holds(&self, name: &str, argument: &Value) -> Result<bool, String> {
        let parts = argument.as_sequence().map(Vec::as_slice).unwrap_or_default();
        let truth = |part: &Value| match intrinsic(part) {
            Some((name, argument)) => self.holds(&name, argument),
            None => Err("a condition is wanted".to_owned()),
        };
        match (name, parts) {
            ("Condition", _) => self.condition(argument.as_str().unwrap_or_default()),
            ("Equals", [left, right]) => Ok(self.text(left)? == self.text(right)?),
            ("Not", [part]) => truth(part).map(|flag| !flag),
            ("And", parts) => parts.iter().map(truth).try_fold(true, |all, flag| Ok(all & flag?)),
            ("Or", parts) => parts.iter().map(truth).try_fold(false, |any, flag| Ok(any | flag?)),
            _ => Err(format!("`!{name}` is not a condition that is understood")),
        }
    }
}

/// The name under which the function of this logical id is known to others.
pub(crate) fn function_arn(id: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{id}")
}

/// The function and its argument, in the short form (`!Ref x`) or the long one (`Ref: x`, `Fn::Sub: x`).
fn intrinsic(value: &Value) -> Option<(String, &Value)> {
    match value {
        Value::Tagged(tagged) => Some((tagged.tag.to_string().trim_start_matches('!').to_owned(), &tagged.value)),
        Value::Mapping(pairs) if pairs.len() == 1 => {
            let (key, argument) = pairs.iter().next()?;
            let key = key.as_str()?;
            let name = if key == "Ref" { key } else { key.strip_prefix("Fn::")? };
            Some((name.to_owned(), argument))
        }
        _ => None,
    }
}

/// `[Table, Arn]` and `Table.Arn` are the same.
fn dotted(argument: &Value) -> Result<String, String> {
    match argument {
        Value::String(path) => Ok(path.clone()),
        Value::Sequence(parts) => Ok(parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(".")),
        _ => Err("`!GetAtt` wants a resource and an attribute".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Parameters:
  Days: { Type: Number, Default: 14 }
  Topic: { Type: String, Default: '' }
  Bare: { Type: String }
Conditions:
  HasTopic: !Not [!Equals [!Ref Topic, '']]
  Both: !And [!Condition HasTopic, !Equals [a, a]]
Resources:
  Table: { Type: AWS::DynamoDB::Table }
  Send: { Type: AWS::Serverless::Function }
  Sockets: { Type: AWS::ApiGatewayV2::Api }
  Live: { Type: AWS::ApiGatewayV2::Stage, Properties: { StageName: live } }
";

    fn worked_out(expression: &str) -> Result<Json, String> {
        let root: Value = serde_norway::from_str(TEMPLATE).unwrap();
        let value: Value = serde_norway::from_str(expression).unwrap();
        Intrinsics::new(&root, "Table").value(&value).map(Option::unwrap_or_default)
    }

    #[test]
    fn references_give_the_default_the_table_and_the_pseudo_parameters() {
        assert_eq!(worked_out("!Ref Days"), Ok(14.into()));
        assert_eq!(worked_out("!Ref Table"), Ok("rollcall-local-Table".into()));
        assert_eq!(worked_out("{ Ref: AWS::Region }"), Ok("us-east-1".into()));
    }

    #[test]
    fn a_function_and_a_socket_api_are_named_by_their_ids() {
        assert_eq!(worked_out("!Ref Send"), Ok("Send".into()));
        assert_eq!(worked_out("!Ref Sockets"), Ok("Sockets".into()));
        assert_eq!(worked_out("!Ref Live"), Ok("live".into()));
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:Send";
        assert_eq!(worked_out("!GetAtt Send.Arn"), Ok(arn.into()));
        assert_eq!(worked_out("!Sub '${Send.Arn}:live'"), Ok(format!("{arn}:live").into()));
        assert_eq!(
            worked_out("!GetAtt Sockets.Arn"),
            Err("`!GetAtt Sockets.Arn` cannot be worked out on one machine".to_owned())
        );
    }

    #[test]
    fn sub_puts_names_attributes_and_own_names_in_place() {
        assert_eq!(
            worked_out("!Sub '${Table.Arn}/index/*'"),
            Ok("arn:aws:dynamodb:us-east-1:000000000000:table/rollcall-local-Table/index/*".into())
        );
        assert_eq!(worked_out("!Sub ['${a}-${!b}-${Days}', { a: !Ref Days }]"), Ok("14-${b}-14".into()));
    }

    #[test]
    fn a_condition_chooses_and_no_value_vanishes() {
        assert_eq!(worked_out("!If [HasTopic, yes, no]"), Ok("no".into()));
        assert_eq!(worked_out("!If [Both, yes, no]"), Ok("no".into()));
        assert_eq!(worked_out("[1, !If [HasTopic, 2, !Ref AWS::NoValue]]"), Ok(serde_json::json!([1])));
    }

    #[test]
    fn what_cannot_be_known_is_refused_by_name() {
        assert_eq!(worked_out("!Ref Queue"), Err("`!Ref Queue` cannot be worked out on one machine".to_owned()));
        assert_eq!(worked_out("!Ref Bare"), Err("the parameter `Bare` has no default".to_owned()));
        assert_eq!(
            worked_out("!GetAtt Queue.Arn"),
            Err("`!GetAtt Queue.Arn` cannot be worked out on one machine".to_owned())
        );
        assert_eq!(worked_out("!Cidr [a]"), Err("`!Cidr` cannot be worked out on one machine".to_owned()));
    }
}
