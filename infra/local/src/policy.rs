//! A function's own policy, enforced: what the template does not grant, the table and the other services refuse.

use serde_json::Value as Json;
use serde_norway::Value;

use crate::intrinsic::Intrinsics;

/// What one function may do to the table and to other services.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    grants: Vec<Grant>,
}

#[derive(Debug, Clone)]
struct Grant {
    actions: Vec<String>,
    resources: Vec<String>,
}

impl Policy {
    /// Reads a function's `Policies`: inline statements. AWS's managed policies say nothing about what is played here.
    pub(crate) fn read(policies: &Value, intrinsics: &Intrinsics) -> Result<Self, String> {
        let mut grants = Vec::new();
        for document in list(policies) {
            match document {
                Value::Null | Value::String(_) => {}
                Value::Mapping(_) if document.get("Statement").is_some() => {
                    for statement in list(&document["Statement"]) {
                        grants.push(read_statement(statement, intrinsics)?);
                    }
                }
                _ => return Err("`Policies`: only inline statements are understood".to_owned()),
            }
        }
        Ok(Self { grants })
    }

    /// The first permission that a request needs and the policy does not give.
    pub(crate) fn missing(&self, action: &str, request: &Json, table_arn: &str) -> Option<String> {
        let resource = match request["IndexName"].as_str() {
            Some(index) => format!("{table_arn}/index/{index}"),
            None => table_arn.to_owned(),
        };
        needed(action, request).into_iter().find(|action| !self.allows(action, &resource))
    }

    /// Whether an action, such as `lambda:InvokeFunction`, is granted on a resource.
    pub(crate) fn allows(&self, action: &str, resource: &str) -> bool {
        self.grants.iter().any(|grant| {
            grant.actions.iter().any(|pattern| matches(pattern, action))
                && grant.resources.iter().any(|pattern| matches_exactly(pattern, resource))
        })
    }
}

fn read_statement(statement: &Value, intrinsics: &Intrinsics) -> Result<Grant, String> {
    let texts =
        |key: &str| list(&statement[key]).iter().map(|value| intrinsics.text(value)).collect::<Result<Vec<_>, _>>();
    if statement["Effect"].as_str() != Some("Allow") {
        return Err("a policy statement: only `Effect: Allow` is understood".to_owned());
    }
    if statement.get("Condition").is_some() {
        return Err("a policy statement: `Condition` is not understood".to_owned());
    }
    Ok(Grant { actions: texts("Action")?, resources: texts("Resource")? })
}

/// The permissions that a request needs: a transaction needs those of its elements, anything else its own name.
fn needed(action: &str, request: &Json) -> Vec<String> {
    let elements = match action {
        "TransactWriteItems" => request["TransactItems"].as_array(),
        "TransactGetItems" => return vec!["dynamodb:GetItem".to_owned()],
        _ => None,
    };
    let Some(elements) = elements else {
        return vec![format!("dynamodb:{action}")];
    };
    let kinds = elements.iter().filter_map(|element| element.as_object()?.keys().next());
    kinds
        .map(|kind| match kind.as_str() {
            "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
            kind => format!("dynamodb:{kind}Item"),
        })
        .collect()
}

/// A list, or the one value that stands for a list of one.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Sequence(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// Actions are not case-sensitive.
fn matches(pattern: &str, text: &str) -> bool {
    matches_exactly(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

/// IAM's `*`, which stands for any text.
pub(crate) fn matches_exactly(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/rollcall-local-Table";

    fn policy(statement: &str) -> Result<Policy, String> {
        let root: Value = serde_norway::from_str(
            "Resources: { Table: { Type: AWS::DynamoDB::Table }, Send: { Type: AWS::Serverless::Function } }",
        )
        .unwrap();
        let policies: Value = serde_norway::from_str(&format!("- Statement: [{statement}]")).unwrap();
        Policy::read(&policies, &Intrinsics::new(&root, "Table"))
    }

    #[test]
    fn what_is_not_granted_is_missing() {
        let policy = policy("{ Effect: Allow, Action: dynamodb:Query, Resource: !GetAtt Table.Arn }").unwrap();
        assert_eq!(policy.missing("Query", &json!({}), ARN), None);
        assert_eq!(policy.missing("Scan", &json!({}), ARN), Some("dynamodb:Scan".to_owned()));
    }

    #[test]
    fn an_index_needs_a_grant_of_its_own() {
        let table = policy("{ Effect: Allow, Action: dynamodb:Query, Resource: !GetAtt Table.Arn }").unwrap();
        let index = policy("{ Effect: Allow, Action: 'dynamodb:*', Resource: !Sub '${Table.Arn}/index/*' }").unwrap();
        let query = json!({ "IndexName": "GSI1" });
        assert_eq!(table.missing("Query", &query, ARN), Some("dynamodb:Query".to_owned()));
        assert_eq!(index.missing("Query", &query, ARN), None);
    }

    #[test]
    fn a_transaction_needs_what_its_elements_need() {
        let policy =
            policy("{ Effect: Allow, Action: [dynamodb:PutItem, dynamodb:ConditionCheckItem], Resource: '*' }")
                .unwrap();
        let fine = json!({ "TransactItems": [{ "Put": {} }, { "ConditionCheck": {} }] });
        let more = json!({ "TransactItems": [{ "Put": {} }, { "Update": {} }] });
        assert_eq!(policy.missing("TransactWriteItems", &fine, ARN), None);
        assert_eq!(policy.missing("TransactWriteItems", &more, ARN), Some("dynamodb:UpdateItem".to_owned()));
        assert_eq!(policy.missing("TransactGetItems", &json!({}), ARN), Some("dynamodb:GetItem".to_owned()));
    }

    #[test]
    fn a_policy_that_says_more_than_is_understood_is_refused() {
        assert!(policy("{ Effect: Deny, Action: dynamodb:Query, Resource: '*' }").is_err());
        assert!(policy("{ Effect: Allow, Action: dynamodb:Query, Resource: '*', Condition: { a: b } }").is_err());
    }

    #[test]
    fn other_services_are_granted_by_resource_too() {
        let policy = policy(
            "{ Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Send.Arn },
             { Effect: Allow, Action: [ses:SendEmail, 'events:*'], Resource: '*' }",
        );
        let policy = policy.unwrap();
        let function = |id: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{id}");
        assert!(policy.allows("lambda:InvokeFunction", &function("Send")));
        assert!(policy.allows("lambda:invokefunction", &function("Send")));
        assert!(!policy.allows("lambda:InvokeFunction", &function("send")), "names are case-sensitive");
        assert!(!policy.allows("lambda:InvokeFunction", &function("Send2")));
        assert!(!policy.allows("lambda:GetFunction", &function("Send")));
        assert!(policy.allows("ses:SendEmail", "anything") && policy.allows("events:PutEvents", "anything"));
        assert!(!policy.allows("ses:SendRawEmail", "anything"));
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("dynamodb:*Item", "dynamodb:PutItem"));
        assert!(matches("a*b*c", "a--b--b-c"));
        assert!(!matches("a*b*c", "a--c"));
        assert!(!matches("dynamodb:Put", "dynamodb:PutItem"));
    }
}
