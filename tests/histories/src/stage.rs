//! The stack with its two apps and their people, as the script takes them for granted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use local::Stack;
use reqwest::Method;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::script::{App, Operation, PEOPLE, Step};

/// How long a client waits for an answer: longer than a function may take.
const PATIENCE: Duration = Duration::from_secs(31);

/// Every so manieth seed is one in which people may not be invited much.
const SPARING: u64 = 4;
/// Whom a client may invite, and how often it may be invited, in an hour, where that is little; and where it is enough.
const TIGHT: &str = "50";
const AMPLE: &str = "100000";

/// Why a run could not take place. No promise is broken by it, and none is shown to be kept.
pub type Mishap = Box<dyn std::error::Error + Send + Sync>;

/// The stack, its apps, their people.
pub struct Stage {
    /// The stack.
    pub stack: Stack,
    /// The webhook of the app that has one.
    pub receiver: Receiver,
    http: reqwest::Client,
    keys: BTreeMap<App, Keys>,
    links: Mutex<BTreeMap<(App, String), Link>>,
}

/// A link that was made: what names it, what opens it.
#[derive(Clone, Debug)]
struct Link {
    id: String,
    token: String,
}

#[derive(Debug, Default)]
struct Keys {
    client_key: String,
    api_key: String,
    tokens: BTreeMap<String, String>,
}

impl Stage {
    /// Sets everything up, with the functions' binaries of a folder, or of this program's own.
    pub async fn new(bin_dir: Option<PathBuf>, seed: u64) -> Result<Self, Mishap> {
        let budget = if seed.is_multiple_of(SPARING) { TIGHT } else { AMPLE };
        let builder = Stack::builder().parameter("InviterBudget", budget).parameter("ReceiverBudget", budget);
        let builder = match bin_dir {
            Some(folder) => builder.bin_dir(folder),
            None => builder,
        };
        let stack = builder.start().await?;
        let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
        let mut stage =
            Self { stack, receiver: Receiver::new().await?, http, keys: BTreeMap::new(), links: Mutex::default() };
        for app in App::ALL {
            stage.open(app).await?;
        }
        let hook = json!({ "url": stage.receiver.url() });
        stage.sent(App::Alpha, None, Method::POST, "/admin/webhooks", Some(hook)).await?;
        Ok(stage)
    }

    async fn open(&mut self, app: App) -> Result<(), Mishap> {
        let made = self.stack.invoke("create_app", json!({ "app": app.id() })).await?;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let keys = Keys { client_key: text("clientKey"), api_key: text("apiKey"), tokens: BTreeMap::new() };
        self.keys.insert(app, keys);
        for id in PEOPLE {
            let body = json!({ "_id": id, "nickname": format!("{}-{id}", app.id()), "issueAccessToken": true });
            let made = self.sent(app, None, Method::POST, "/admin/clients", Some(body)).await?;
            let token = made["result"]["token"].as_str().ok_or("a client without a token")?.to_owned();
            self.keys.entry(app).or_default().tokens.insert(id.to_owned(), token);
        }
        Ok(())
    }

    /// A request in the name of a client, or of the platform.
    pub fn request(&self, app: App, actor: Option<&str>, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.stack.url()));
        let keys = &self.keys[&app];
        match actor.and_then(|client| keys.tokens.get(client)) {
            Some(token) => request.header("IM-CLIENT-KEY", &keys.client_key).header("IM-Authorization", token),
            None => request.header("IM-API-KEY", &keys.api_key),
        }
    }

    /// Remembers the link that a step has made.
    pub fn keep(&self, step: &Step, made: &Value) {
        if let (Operation::CreateLink { link, .. }, Some(id), Some(token)) =
            (&step.operation, made["_id"].as_str(), made["token"].as_str())
        {
            let (key, made) = ((step.app, link.clone()), Link { id: id.to_owned(), token: token.to_owned() });
            self.links.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(made);
        }
    }

    /// The path of a step with the link that it means; with one that there never was, as long as there is none.
    pub fn found(&self, step: &Step, path: String) -> String {
        let (Operation::Redeem { link, .. } | Operation::DeleteLink { link, .. }) = &step.operation else {
            return path;
        };
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing =
            Link { id: "0".repeat(24), token: format!("{}.cg.{}.{}", step.app.id(), "0".repeat(24), "0".repeat(32)) };
        let known = links.get(&(step.app, link.clone())).unwrap_or(&nothing);
        let part = if matches!(step.operation, Operation::Redeem { .. }) { &known.token } else { &known.id };
        path.replace(link, part)
    }

    /// A request that must succeed; its whole body.
    pub async fn sent(
        &self,
        app: App,
        actor: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Mishap> {
        let request = self.request(app, actor, method, path);
        let request = match body {
            Some(body) => request.body(body.to_string()),
            None => request,
        };
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(format!("{path}: {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Asks the database itself, past the functions, the faults and the counting.
    pub async fn engine(&self, action: &str, body: Value) -> Result<Value, Mishap> {
        let signature =
            "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x";
        let request = self
            .http
            .post(self.stack.engine_url())
            .header("x-amz-target", format!("DynamoDB_20120810.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", signature)
            .header("x-amz-date", "20260101T000000Z");
        Ok(request.body(body.to_string()).send().await?.json().await?)
    }

    /// Every item of the table.
    pub async fn items(&self) -> Result<Vec<Value>, Mishap> {
        let (mut items, mut from) = (Vec::new(), Value::Null);
        loop {
            let mut scan = json!({ "TableName": self.stack.table(), "ConsistentRead": true });
            if !from.is_null() {
                scan["ExclusiveStartKey"] = from;
            }
            let mut page = self.engine("Scan", scan).await?;
            let Value::Array(more) = page["Items"].take() else { return Err(format!("no items: {page}").into()) };
            items.extend(more);
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                return Ok(items);
            }
        }
    }
}
