//! The template's parameters: what the caller of the stack sets, what one machine sets by itself, and the rest by default.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_norway::Value;

/// What stands in place of a default, where the template has such a parameter. The key is for this machine only: whoever
/// reads this knows it.
const OWN: [(&str, &str); 4] = [
    ("WebhookKey", "6c6f63616c6c6f63616c6c6f63616c6c6f63616c6c6f63616c6c6f63616c6c6f"),
    // Receivers of webhooks run on this machine too.
    ("WebhookLoopback", "true"),
    ("MailSender", "rollcall@localhost"),
    ("EventBus", "default"),
];

/// The values that parameters of a template have instead of their defaults.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters {
    values: BTreeMap<String, Json>,
}

impl Parameters {
    /// What one machine sets of the template `root`, and over it what is given.
    pub(crate) fn of(root: &Value, given: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        let own = OWN.into_iter().filter(|(name, _)| root["Parameters"].get(*name).is_some());
        let given = given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(given) {
            values.insert(name.to_owned(), read(root, name, value)?);
        }
        Ok(Self { values })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.values.get(name)
    }
}

/// A value as the parameter's declaration takes it.
fn read(root: &Value, name: &str, value: &str) -> Result<Json, String> {
    let Some(parameter) = root["Parameters"].get(name) else {
        let names = root["Parameters"].as_mapping().into_iter().flatten().filter_map(|(name, _)| name.as_str());
        let names: Vec<_> = names.collect();
        return Err(format!("there is no parameter `{name}`; there are {}", names.join(", ")));
    };
    if let Some(allowed) = parameter["AllowedValues"].as_sequence() {
        let allowed: Vec<_> = allowed.iter().map(plain).collect();
        if !allowed.iter().any(|one| one == value) {
            return Err(format!("the parameter `{name}` is one of {}, not `{value}`", allowed.join(", ")));
        }
    }
    match parameter["Type"].as_str() {
        Some("Number") => {
            value.parse().map(Json::Number).map_err(|_| format!("the parameter `{name}` is a number, not `{value}`"))
        }
        _ => Ok(Json::String(value.to_owned())),
    }
}

fn plain(value: &Value) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEMPLATE: &str = "
Parameters:
  Days: { Type: Number, Default: 14 }
  WebhookLoopback: { Type: String, Default: 'false', AllowedValues: ['true', 'false'] }
  MailLink: { Type: String, Default: 'https://a.example' }
";

    fn parameters(given: &[(&str, &str)]) -> Result<Parameters, String> {
        let root: Value = serde_norway::from_str(TEMPLATE).unwrap();
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Parameters::of(&root, &given)
    }

    #[test]
    fn one_machine_sets_what_the_template_has_and_nothing_else() {
        let parameters = parameters(&[]).unwrap();
        assert_eq!(parameters.get("WebhookLoopback"), Some(&json!("true")));
        assert_eq!(parameters.get("MailLink"), None);
        assert_eq!(parameters.get("WebhookKey"), None);
    }

    #[test]
    fn what_is_given_goes_before_what_the_machine_sets() {
        let parameters = parameters(&[("WebhookLoopback", "false"), ("Days", "3")]).unwrap();
        assert_eq!(parameters.get("WebhookLoopback"), Some(&json!("false")));
        assert_eq!(parameters.get("Days"), Some(&json!(3)));
    }

    #[test]
    fn what_the_template_does_not_take_is_refused_by_name() {
        let refusal = |name, value| parameters(&[(name, value)]).unwrap_err();
        assert_eq!(refusal("Dais", "3"), "there is no parameter `Dais`; there are Days, WebhookLoopback, MailLink");
        assert_eq!(refusal("Days", "many"), "the parameter `Days` is a number, not `many`");
        assert_eq!(
            refusal("WebhookLoopback", "yes"),
            "the parameter `WebhookLoopback` is one of true, false, not `yes`"
        );
    }

    #[test]
    fn the_key_of_this_machine_is_64_digits() {
        let key = OWN[0].1;
        assert!(key.len() == 64 && key.chars().all(|digit| digit.is_ascii_hexdigit()), "{key}");
    }
}
