//! Who is told of what happens, in the tests: webhooks, what became of deliveries, and time that passes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::actors::{World, text};
use crate::receiver::Receiver;

impl World {
    /// Registers the receiver as a webhook; its id and secret.
    pub async fn listens(&self, receiver: &Receiver, mut body: Value) -> (String, String) {
        body["url"] = json!(receiver.url());
        let webhook = self.platform().post("/admin/webhooks", body).send().await.good();
        (text(&webhook["_id"]), text(&webhook["secret"]))
    }

    /// A target's deliveries, the newest first.
    pub async fn deliveries(&self, target: &str, query: &str) -> Vec<Value> {
        let listed = self.platform().get(&format!("/admin/webhooks/{target}/deliveries{query}")).send().await.good();
        listed["data"].as_array().unwrap().clone()
    }

    /// Runs the schedule as if so much time had passed; what it found.
    pub async fn retries(&self, passed: Duration) -> Value {
        let now = shared::time::Time::now().plus(passed);
        self.stack.invoke("RetryDeliveries", json!({ "now": now.iso() })).await.unwrap()
    }
}
