//! Who acts in the tests, and what they see. Everything here goes through public routes.

use std::time::Duration;

use local::{Builder, Stack};
use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::{self, Sent};

/// A stack of its own with one app, `SampleApp`.
pub struct World {
    /// The stack.
    pub stack: Stack,
    http: reqwest::Client,
    client_key: String,
    api_key: String,
}

/// Somebody who sends requests: a client with a token, the platform, or a stranger to both.
#[derive(Clone)]
pub struct Actor {
    /// The client's id; empty for the platform.
    pub id: String,
    /// The token, for a client.
    pub token: String,
    http: reqwest::Client,
    url: String,
    headers: Vec<(String, String)>,
}

/// A request being put together.
#[must_use]
pub struct Call {
    actor: Actor,
    method: Method,
    path: String,
    body: Option<String>,
    content_type: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

/// All that can be read of a room.
#[derive(Debug, PartialEq)]
pub struct Sight {
    pub room: Value,
    pub events: Vec<Value>,
}

impl World {
    pub async fn new() -> Self {
        Self::on(Stack::builder()).await
    }

    /// A world on a stack of a special kind.
    pub async fn on(builder: Builder) -> Self {
        let stack = builder.start().await.expect("the stack starts");
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let mut world = Self { stack, http, client_key: String::new(), api_key: String::new() };
        let app = world.app("SampleApp").await;
        (world.client_key, world.api_key) = (text(&app["clientKey"]), text(&app["apiKey"]));
        world
    }

    /// Makes another app; its keys are in the reply.
    pub async fn app(&self, id: &str) -> Value {
        self.stack.invoke("create_app", json!({ "app": id })).await.expect("the app is made")
    }

    /// The same stack seen from another app.
    pub async fn other_app(&self, id: &str) -> Neighbour<'_> {
        let app = self.app(id).await;
        Neighbour { world: self, client_key: text(&app["clientKey"]), api_key: text(&app["apiKey"]) }
    }

    /// The app's client key.
    pub fn client_key(&self) -> &str {
        &self.client_key
    }

    /// The app's API key.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// Makes a client with an issued token.
    pub async fn client(&self, id: &str) -> Actor {
        self.client_with(json!({ "_id": id, "nickname": id.to_uppercase() })).await
    }

    /// Makes a client of this description with an issued token.
    pub async fn client_with(&self, mut body: Value) -> Actor {
        body["issueAccessToken"] = json!(true);
        let made = self.platform().post("/admin/clients", body.clone()).send().await.good();
        self.bearer(&text(&body["_id"]), &text(&made["token"]))
    }

    /// Makes several clients at once.
    pub async fn clients<const N: usize>(&self, ids: [&str; N]) -> [Actor; N] {
        let mut actors = Vec::new();
        for id in ids {
            actors.push(self.client(id).await);
        }
        actors.try_into().unwrap_or_else(|_| unreachable!())
    }

    /// A client with a token that it has already.
    pub fn bearer(&self, id: &str, token: &str) -> Actor {
        let actor = self.stranger().with("IM-CLIENT-KEY", &self.client_key).with("IM-Authorization", token);
        Actor { id: id.to_owned(), token: token.to_owned(), ..actor }
    }

    /// The operator's back end.
    pub fn platform(&self) -> Actor {
        self.stranger().with("IM-API-KEY", &self.api_key)
    }

    /// Somebody without any credentials.
    pub fn stranger(&self) -> Actor {
        let (id, token, headers) = (String::new(), String::new(), Vec::new());
        Actor { id, token, http: self.http.clone(), url: self.stack.url().to_owned(), headers }
    }

    /// Makes a room of this description and answers its id.
    pub async fn room(&self, body: Value) -> String {
        text(&self.platform().post("/rooms", body).send().await.good()["_id"])
    }

    /// Makes a group room with these members.
    pub async fn group(&self, members: &[&Actor]) -> String {
        let members: Vec<&str> = members.iter().map(|actor| actor.id.as_str()).collect();
        self.room(json!({ "roomType": "group", "members": members })).await
    }

    /// Asks the database itself, past the functions: for states that no route makes yet, and for what no route shows.
    pub async fn write(&self, action: &str, body: Value) -> Value {
        let request = self.http.post(self.stack.engine_url());
        let request = request.header("x-amz-target", format!("DynamoDB_20120810.{action}"));
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let auth =
            "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x";
        let request = request.header("authorization", auth).header("x-amz-date", "20260101T000000Z");
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Has the platform ban a client from a room.
    pub async fn bans(&self, room: &str, client: &str) {
        self.platform().bans(room, client).send().await.good();
    }

    /// The last entry of a room's log.
    pub async fn last_event(&self, room: &str) -> Value {
        self.events(room).await.pop().expect("every room has a log")
    }

    /// Everything that can be read of a room: it must be the same after whatever was refused.
    pub async fn sight(&self, room: &str) -> Sight {
        let platform = self.platform();
        let room_now = platform.get(&format!("/rooms/{room}")).send().await.good();
        Sight { room: room_now, events: self.events(room).await }
    }

    /// A room's whole log.
    pub async fn events(&self, room: &str) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/rooms/{room}/events?after={after}&limit=1000");
            let page = self.platform().get(&path).send().await.good();
            events.extend(page["data"].as_array().unwrap().clone());
            match page["nextAfter"].as_u64() {
                Some(next) => after = next,
                None => return events,
            }
        }
    }

    /// The log must have no gap, and folding it must give the members that are stored (D39, D40).
    pub async fn holds_together(&self, room: &str) {
        let Sight { room, events } = self.sight(room).await;
        for (at, event) in events.iter().enumerate() {
            assert_eq!(event["seq"], json!(at + 1), "the log is gap-free");
        }
        let members = crate::ledger::members(&events);
        let stored: std::collections::BTreeSet<String> = ids(&room["members"]).into_iter().collect();
        assert_eq!(members, stored, "the log folds to the stored members");
        assert_eq!(room["memberCount"], json!(members.len()));
    }

    /// Lets a client's pending invitation lapse, by writing that its time is over.
    pub async fn lapses(&self, room: &str, client: &str) {
        let over = json!({
            "TableName": self.stack.table(),
            "Key": { "PK": { "S": format!("SampleApp#ROOM#{room}") }, "SK": { "S": format!("#STANDING#{client}") } },
            "UpdateExpression": "SET #state.#invited.#expiresAt = :past, GSI2SK = :past",
            "ConditionExpression": "attribute_exists(#state.#invited)",
            "ExpressionAttributeNames": { "#state": "state", "#invited": "invited", "#expiresAt": "expiresAt" },
            "ExpressionAttributeValues": { ":past": { "N": "1" } },
        });
        self.write("UpdateItem", over).await;
    }

    /// Every item of the table, in the order of their keys, once nobody is at work in the background.
    pub async fn items(&self) -> Vec<Value> {
        self.stack.settled().await.unwrap();
        self.items_now().await
    }

    /// The same without waiting for anybody.
    pub async fn items_now(&self) -> Vec<Value> {
        let page = self.write("Scan", json!({ "TableName": self.stack.table(), "ConsistentRead": true })).await;
        assert!(page["LastEvaluatedKey"].is_null(), "the table of a test fits one page");
        let mut items = page["Items"].as_array().unwrap().clone();
        items.sort_by_key(|item| (text(&item["PK"]["S"]), text(&item["SK"]["S"])));
        items
    }

    /// A call that is refused and leaves every item of the table as it was; the message.
    pub async fn refuses_and_keeps(&self, call: Call, status: u16, code: &str) -> String {
        let before = self.items().await;
        let message = call.send().await.refused(status, code);
        assert_eq!(self.items().await, before, "a refusal changes nothing");
        message
    }

    /// Changes an item of the table past the functions, by an update expression without names.
    pub async fn amends(&self, pk: &str, sk: &str, expression: &str, values: Value) {
        let key = json!({ "PK": { "S": pk }, "SK": { "S": sk } });
        let mut body = json!({
            "TableName": self.stack.table(), "Key": key, "UpdateExpression": expression,
            "ConditionExpression": "attribute_exists(PK)",
        });
        if values != json!({}) {
            body["ExpressionAttributeValues"] = values;
        }
        self.write("UpdateItem", body).await;
    }

    /// Makes an item of the table one that expired long ago.
    pub async fn expires(&self, pk: &str, sk: &str) {
        let key = json!({ "PK": { "S": pk }, "SK": { "S": sk } });
        let body = json!({
            "TableName": self.stack.table(), "Key": key, "ConditionExpression": "attribute_exists(expiresAt)",
            "UpdateExpression": "SET expiresAt = :past", "ExpressionAttributeValues": { ":past": { "N": "1" } },
        });
        self.write("UpdateItem", body).await;
    }

    /// Makes so many clients without tokens, `c0000` and on, several at a time.
    pub async fn crowd(&self, size: usize) -> Vec<String> {
        let crowd: Vec<String> = (0..size).map(|number| format!("c{number:04}")).collect();
        let calls = crowd.iter().map(|id| self.platform().post("/admin/clients", json!({ "_id": id })));
        for answer in all_at_once(16, calls).await {
            answer.good();
        }
        crowd
    }
}

/// Sends calls, so many at a time, and gives their answers in the order of the calls.
pub async fn all_at_once(at_a_time: usize, calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let seats = std::sync::Arc::new(tokio::sync::Semaphore::new(at_a_time));
    let send = |call: Call| {
        let seats = seats.clone();
        tokio::spawn(async move {
            let _seat = seats.acquire().await.unwrap();
            call.send().await
        })
    };
    let tasks: Vec<_> = calls.into_iter().map(send).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("the call is sent"));
    }
    answers
}

/// Another tenant of the same deployment.
pub struct Neighbour<'a> {
    world: &'a World,
    client_key: String,
    api_key: String,
}

impl Neighbour<'_> {
    /// Its back end.
    pub fn platform(&self) -> Actor {
        self.world.stranger().with("IM-API-KEY", &self.api_key)
    }

    /// Makes one of its clients.
    pub async fn client(&self, id: &str) -> Actor {
        let body = json!({ "_id": id, "nickname": id.to_uppercase(), "issueAccessToken": true });
        let made = self.platform().post("/admin/clients", body).send().await.good();
        let token = text(&made["token"]);
        let actor = self.world.stranger().with("IM-CLIENT-KEY", &self.client_key).with("IM-Authorization", &token);
        Actor { id: id.to_owned(), token, ..actor }
    }
}

impl Actor {
    /// The same with a header more, or another value for one that it has.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self
    }

    /// The headers that it sends with each request.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).body(body)
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        Call { actor: self.clone(), method, path: path.to_owned(), body: None, content_type: None }
    }

    /// `POST /rooms/:id/members`.
    pub fn adds(&self, room: &str, invitees: &[&str]) -> Call {
        self.post(&format!("/rooms/{room}/members"), json!({ "invitees": invitees }))
    }

    /// `POST /rooms/:id/members`, as an invitation.
    pub fn invites(&self, room: &str, invitees: &[&str]) -> Call {
        self.post(&format!("/rooms/{room}/members"), json!({ "invitees": invitees, "invitationRequired": true }))
    }

    /// `POST /rooms/:id/members/:invitee`.
    pub fn adds_one(&self, room: &str, invitee: &str) -> Call {
        self.call(Method::POST, &format!("/rooms/{room}/members/{invitee}"))
    }

    /// `POST /rooms/:id/join`.
    pub fn joins(&self, room: &str) -> Call {
        self.call(Method::POST, &format!("/rooms/{room}/join"))
    }

    /// `GET /rooms/:id`.
    pub fn reads(&self, room: &str) -> Call {
        self.get(&format!("/rooms/{room}"))
    }

    /// `POST /v2/rooms/:_id/invite`.
    pub fn talk_invites(&self, room: &str, whom: Value) -> Call {
        self.post(&format!("/v2/rooms/{room}/invite"), whom)
    }

    /// `POST /rooms/:id/delete/members`.
    pub fn removes(&self, room: &str, members: &[&str]) -> Call {
        self.post(&format!("/rooms/{room}/delete/members"), json!({ "members": members }))
    }

    /// `DELETE /rooms/:id/members/:member`.
    pub fn removes_one(&self, room: &str, member: &str) -> Call {
        self.call(Method::DELETE, &format!("/rooms/{room}/members/{member}"))
    }

    /// `PUT /rooms/:id/member/:client`.
    pub fn sets(&self, room: &str, client: &str, property: &str, value: Value) -> Call {
        let body = json!({ "property": property, "value": value });
        self.call(Method::PUT, &format!("/rooms/{room}/member/{client}")).body(body)
    }

    /// `PUT /rooms/:id`.
    pub fn updates(&self, room: &str, body: Value) -> Call {
        self.call(Method::PUT, &format!("/rooms/{room}")).body(body)
    }

    /// `DELETE /rooms/:id`.
    pub fn deletes(&self, room: &str) -> Call {
        self.call(Method::DELETE, &format!("/rooms/{room}"))
    }

    /// `POST /blockStatus/room/:id/:blockee`.
    pub fn bans(&self, room: &str, blockee: &str) -> Call {
        self.call(Method::POST, &format!("/blockStatus/room/{room}/{blockee}"))
    }

    /// `DELETE /blockStatus/room/:id/:blockee`.
    pub fn unbans(&self, room: &str, blockee: &str) -> Call {
        self.call(Method::DELETE, &format!("/blockStatus/room/{room}/{blockee}"))
    }

    /// `GET /blockStatus/room/:id`.
    pub fn lists_bans(&self, room: &str) -> Call {
        self.get(&format!("/blockStatus/room/{room}"))
    }

    /// `POST /rooms/:id/links`.
    pub fn links(&self, room: &str, terms: Value) -> Call {
        self.post(&format!("/rooms/{room}/links"), terms)
    }

    /// `GET /rooms/:id/links`.
    pub fn lists_links(&self, room: &str) -> Call {
        self.get(&format!("/rooms/{room}/links"))
    }

    /// `DELETE /rooms/:id/links/:link`, of a link as a reply shows it.
    pub fn deletes_link(&self, room: &str, link: &Value) -> Call {
        self.call(Method::DELETE, &format!("/rooms/{room}/links/{}", text(&link["_id"])))
    }

    /// `POST /links/:token/redeem`, of a link as it was shown when it was made.
    pub fn redeems(&self, link: &Value) -> Call {
        self.call(Method::POST, &format!("/links/{}/redeem", text(&link["token"])))
    }

    /// `POST /blockStatus/my/:blockee`.
    pub fn blocks(&self, blockee: &str) -> Call {
        self.call(Method::POST, &format!("/blockStatus/my/{blockee}"))
    }

    /// `DELETE /blockStatus/my/:blockee`.
    pub fn unblocks(&self, blockee: &str) -> Call {
        self.call(Method::DELETE, &format!("/blockStatus/my/{blockee}"))
    }

    /// `GET /blockStatus/my`.
    pub fn lists_blocks(&self) -> Call {
        self.get("/blockStatus/my")
    }

    /// `POST /me`, saying by whom it lets itself be added and invited.
    pub fn admits(&self, policy: &str) -> Call {
        self.post("/me", json!({ "invitePolicy": policy }))
    }

    /// `POST /rooms/createAndJoin`.
    pub fn founds(&self, body: Value) -> Call {
        self.post("/rooms/createAndJoin", body)
    }

    /// `GET /rooms`; a query in MongoDB's JSON may stand in `query` as it is.
    pub fn lists_rooms(&self, query: &str) -> Call {
        self.get(&format!("/rooms?{query}"))
    }

    /// `GET /rooms/invitations`.
    pub fn lists_invitations(&self) -> Call {
        self.get("/rooms/invitations")
    }

    /// `GET /rooms/:id/invitations`.
    pub fn lists_invitations_of(&self, room: &str) -> Call {
        self.get(&format!("/rooms/{room}/invitations"))
    }

    /// `DELETE /rooms/:id/invitations`.
    pub fn declines(&self, room: &str) -> Call {
        self.call(Method::DELETE, &format!("/rooms/{room}/invitations"))
    }

    /// `POST /rooms/:id/delete/invitations`.
    pub fn cancels(&self, room: &str, invitees: &[&str]) -> Call {
        self.post(&format!("/rooms/{room}/delete/invitations"), json!({ "invitees": invitees }))
    }

    /// `DELETE /rooms/:id/invitations/:invitee`.
    pub fn cancels_one(&self, room: &str, invitee: &str) -> Call {
        self.call(Method::DELETE, &format!("/rooms/{room}/invitations/{invitee}"))
    }

    /// `POST /rooms/:id/message`, a text.
    pub fn says(&self, room: &str, text: &str) -> Call {
        self.post(&format!("/rooms/{room}/message"), json!({ "message": text, "messageType": "text" }))
    }

    /// `POST /rooms/:id/message`, another text for a message.
    pub fn edits(&self, room: &str, message: &Value, text: &str) -> Call {
        self.says(room, text).and(json!({ "_id": message["_id"] }))
    }

    /// `POST /rooms/:id/message`, taking a message back.
    pub fn recalls(&self, room: &str, message: &Value) -> Call {
        self.post(&format!("/rooms/{room}/message"), json!({ "_id": message["_id"], "messageType": "recall" }))
    }

    /// `PUT /rooms/:id/lastRead`.
    pub fn marks_read(&self, room: &str, message: &Value) -> Call {
        self.call(Method::PUT, &format!("/rooms/{room}/lastRead")).body(json!({ "message": message["_id"] }))
    }

    /// `GET /rooms/:id/messages/v3`.
    pub fn lists_messages(&self, room: &str, query: &str) -> Call {
        self.get(&format!("/rooms/{room}/messages/v3?{query}"))
    }
}

impl Call {
    /// A JSON body.
    pub fn body(self, body: Value) -> Self {
        Self { content_type: Some("application/json; charset=utf-8".into()), ..self.raw(&body.to_string()) }
    }

    /// A body as it is, without a content type.
    pub fn raw(self, body: &str) -> Self {
        Self { body: Some(body.to_owned()), ..self }
    }

    /// Sets fields of the JSON body.
    pub fn and(self, more: Value) -> Self {
        let mut body: Value = serde_json::from_str(self.body.as_deref().unwrap_or("{}")).unwrap();
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.body(body)
    }

    /// A header, for this call.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.actor = self.actor.with(name, value);
        self
    }

    /// The id of the operation of `openapi.yaml` that it asks for.
    pub fn operation(&self) -> Option<&'static str> {
        contract::operation(&self.method, &self.path)
    }

    /// Sends it. Request and reply must be as `openapi.yaml` says.
    pub async fn send(self) -> Answer {
        let sent = Sent { method: self.method, path: self.path, body: self.body };
        let mut request = self.actor.http.request(sent.method.clone(), format!("{}{}", self.actor.url, sent.path));
        for (name, value) in &self.actor.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = self.content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(body) = &sent.body {
            request = request.body(body.clone());
        }
        let answer = request.send().await.expect("the gateway answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await.unwrap();
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        let answer = Answer { status, headers, body };
        contract::holds(&sent, &answer);
        answer
    }
}

impl Answer {
    /// An IMKit success; its `result`.
    pub fn good(self) -> Value {
        assert_eq!((self.status, &self.body["RC"], &self.body["RM"]), (200, &json!(0), &json!("OK")), "{}", self.body);
        self.body["result"].clone()
    }

    /// An IMKit refusal: the real status, which is `RC` too, and the code (D7); the message.
    pub fn refused(self, status: u16, code: &str) -> String {
        assert_eq!((self.status, &self.body["error"]["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.body["RC"], json!(status));
        assert!(self.body["RM"].is_string() && self.body["result"].is_null(), "{}", self.body);
        text(&self.body["error"]["message"])
    }

    /// A Talk success: a bare object.
    pub fn bare(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// A Talk refusal: status, code and nothing else but a message, which is the answer.
    pub fn talk_refused(self, status: u16, code: u16) -> String {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.body.as_object().unwrap().len(), 2, "{}", self.body);
        text(&self.body["message"])
    }

    /// `client: outcome`, in order (D14).
    pub fn outcomes(&self) -> Vec<(String, String)> {
        let outcomes = self.body["outcomes"].as_array().unwrap_or_else(|| panic!("{}", self.body));
        outcomes.iter().map(|one| (text(&one["client"]), text(&one["outcome"]))).collect()
    }

    /// The Lambda request id, by which the stack knows the invocation.
    pub fn request_id(&self) -> String {
        self.headers["x-request-id"].to_str().unwrap().to_owned()
    }
}

/// A JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is a string")).to_owned()
}

/// The `_id`s of an array of objects.
pub fn ids(objects: &Value) -> Vec<String> {
    objects.as_array().unwrap_or_else(|| panic!("{objects} is an array")).iter().map(|one| text(&one["_id"])).collect()
}

/// Pairs as [`Answer::outcomes`] gives them.
pub fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(client, outcome)| ((*client).to_owned(), (*outcome).to_owned())).collect()
}
