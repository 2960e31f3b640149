//! Who watches rooms over open sockets in the tests.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::actors::{Actor, World};

/// How long a frame may take that is to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing must come where nothing is to come, once nobody is at work in the background.
const SILENCE: Duration = Duration::from_millis(200);

/// An open socket.
pub struct Watcher {
    line: WebSocketStream<TcpStream>,
    /// Events that came while something else was waited for.
    early: VecDeque<Value>,
}

impl World {
    /// Opens a socket with what stands in the query and in the headers; the status if it is refused.
    pub async fn knocks(&self, query: &str, headers: &[(String, String)]) -> Result<Watcher, u16> {
        let mut request = format!("{}{query}", self.stack.ws_url()).into_client_request().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        let address = request.uri().authority().unwrap().as_str().to_owned();
        let tcp = TcpStream::connect(address).await.unwrap();
        match client_async(request, tcp).await {
            Ok((line, _)) => Ok(Watcher { line, early: VecDeque::new() }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// Opens a socket of somebody's, once nobody is at work in the background: what happened before is not told any more.
    pub async fn opens(&self, actor: &Actor) -> Watcher {
        self.stack.settled().await.unwrap();
        self.knocks("", actor.headers()).await.unwrap_or_else(|status| panic!("refused with {status}"))
    }

    /// Opens a socket of somebody's that watches a room.
    pub async fn watches(&self, actor: &Actor, room: &str) -> Watcher {
        let mut watcher = self.opens(actor).await;
        watcher.subscribes(json!({ "room": room })).await;
        watcher
    }

    /// The events that a socket has been told of, once nobody is at work in the background.
    pub async fn heard(&self, watcher: &mut Watcher) -> Vec<Value> {
        self.stack.settled().await.unwrap();
        let mut heard: Vec<Value> = watcher.early.drain(..).collect();
        while let Ok(Some(frame)) = tokio::time::timeout(SILENCE, watcher.frame()).await {
            heard.push(frame);
        }
        heard
    }

    /// What the table holds about sockets.
    pub async fn socket_items(&self) -> Vec<Value> {
        let is_about = |item: &Value| {
            let (pk, sk) = (item["PK"]["S"].as_str().unwrap(), item["SK"]["S"].as_str().unwrap());
            let has_sockets = || item.as_object().unwrap().keys().any(|name| name.starts_with('#'));
            pk.contains("#SOCKET") || (sk == "SOCKETS" && has_sockets())
        };
        self.items().await.into_iter().filter(is_about).collect()
    }
}

impl Watcher {
    /// Sends a frame as it is.
    pub async fn sends(&mut self, frame: &str) {
        self.line.send(Message::text(frame)).await.unwrap();
    }

    /// The next frame; none when the socket was closed.
    pub async fn frame(&mut self) -> Option<Value> {
        loop {
            match self.line.next().await {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    /// The next event, which is to come; `null` when the socket is closed instead.
    pub async fn event(&mut self) -> Value {
        match self.early.pop_front() {
            Some(early) => early,
            None => {
                let next = tokio::time::timeout(PATIENCE, self.frame()).await.expect("a frame comes in time");
                next.unwrap_or_default()
            }
        }
    }

    /// Sends a frame; the answer. Events that come before it are kept.
    pub async fn asks(&mut self, frame: &str) -> Value {
        self.sends(frame).await;
        loop {
            let next = tokio::time::timeout(PATIENCE, self.frame()).await.expect("an answer comes in time").unwrap();
            match next["type"].as_str() {
                Some("subscribed" | "unsubscribed" | "error") => return next,
                _ => self.early.push_back(next),
            }
        }
    }

    /// Subscribes; the answer, which is none but good.
    pub async fn subscribes(&mut self, mut frame: Value) -> Value {
        frame["action"] = json!("subscribe");
        let answer = self.asks(&frame.to_string()).await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        answer
    }

    /// Unsubscribes; the answer, which is none but good.
    pub async fn unsubscribes(&mut self, mut frame: Value) -> Value {
        frame["action"] = json!("unsubscribe");
        let answer = self.asks(&frame.to_string()).await;
        assert_eq!(answer["type"], "unsubscribed", "{answer}");
        answer
    }

    /// A frame that is refused with this code; the message.
    pub async fn is_refused(&mut self, frame: &str, code: &str) -> String {
        let answer = self.asks(frame).await;
        assert_eq!((&answer["type"], &answer["error"]["code"]), (&json!("error"), &json!(code)), "{answer}");
        crate::actors::text(&answer["error"]["message"])
    }

    /// Says goodbye.
    pub async fn closes(mut self) {
        self.line.close(None).await.unwrap();
        while let Some(Ok(_)) = self.line.next().await {}
    }
}

/// The numbers of the entries that events in our own style tell of.
pub fn seqs(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["data"]["seq"].as_u64().unwrap_or_else(|| panic!("{event}"))).collect()
}
