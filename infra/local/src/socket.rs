//! The life of one WebSocket connection: frames go to functions, orders come from them, and at the end `$disconnect`.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use crate::background::UnderWay;
use crate::socket_api::{DISCONNECT, Reply, Target};
use crate::socket_event::{Connection, token};
use crate::sockets::{MESSAGE, Order, Sockets};

/// What API Gateway takes as one frame.
const FRAME: usize = 32 * 1024;
/// How long a connection may be silent.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// How long a connection lives at most.
const LIFE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long API Gateway waits for a function.
const INTEGRATION: Duration = Duration::from_secs(29);
/// How long the other side has to take what is sent to it, and to close in its turn.
const PATIENCE: Duration = Duration::from_secs(2);

type Line = WebSocketStream<TokioIo<Upgraded>>;

/// How a connection ended.
#[derive(Debug)]
struct End {
    code: u16,
    reason: String,
    closed: Closed,
    /// What waits for this end, if anything does.
    waited: Option<UnderWay>,
}

/// How the line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    /// With a word, and its answer.
    Politely,
    /// It is gone.
    Abruptly,
}

impl End {
    fn here(code: CloseCode, reason: &str) -> Self {
        Self { code: code.into(), reason: reason.to_owned(), closed: Closed::Politely, waited: None }
    }

    fn waited(self, by: UnderWay) -> Self {
        Self { waited: Some(by), ..self }
    }

    fn cut() -> Self {
        let reason = "Connection closed abnormally".to_owned();
        Self { code: 1006, reason, closed: Closed::Abruptly, waited: None }
    }
}

/// Lives until either side ends it.
pub(crate) async fn live(
    sockets: Arc<Sockets>,
    connection: Arc<Connection>,
    upgrade: OnUpgrade,
    mut orders: mpsc::Receiver<Order>,
) {
    let end = match upgrade.await {
        Ok(upgraded) => {
            let config = WebSocketConfig::default().max_frame_size(Some(FRAME)).max_message_size(Some(MESSAGE));
            let mut line = Line::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
            let end = talk(&sockets, &connection, &mut line, &mut orders).await;
            sockets.leave(&connection.id);
            if end.closed == Closed::Politely {
                tokio::spawn(close(line, end.code, end.reason.clone()));
            }
            end
        }
        Err(_) => End::cut(),
    };
    sockets.leave(&connection.id);
    if let Some(Target::Function(function)) = sockets.api.named(DISCONNECT).map(|route| &route.target) {
        let (function, event) = (function.clone(), connection.disconnect(end.code, &end.reason));
        let told = Arc::clone(&sockets);
        sockets.background.work(&function.clone(), async move { drop(told.ask(&function, &event).await) });
    }
    drop(end.waited);
}

/// Hands frames on and carries orders out.
async fn talk(
    sockets: &Arc<Sockets>,
    connection: &Arc<Connection>,
    line: &mut Line,
    orders: &mut mpsc::Receiver<Order>,
) -> End {
    let mut old = pin!(sleep_until(Instant::now() + LIFE));
    let mut idle = pin!(sleep_until(Instant::now() + IDLE));
    loop {
        tokio::select! {
            frame = line.next() => {
                if let Some(end) = take(sockets, connection, frame) {
                    return end;
                }
            }
            order = orders.recv() => match order {
                Some(Order::Send(text)) if text.len() > MESSAGE => return End::here(CloseCode::Size, "Message too long"),
                Some(Order::Send(text)) => match timeout(PATIENCE, line.send(Message::text(text))).await {
                    Ok(Ok(())) => {}
                    _ => return End::cut(),
                },
                Some(Order::Close(by)) => return End::here(CloseCode::Normal, "Connection Closed Normally").waited(by),
                Some(Order::Cut(by)) => return End::cut().waited(by),
                None => return End::cut(),
            },
            () = &mut idle => return End::here(CloseCode::Away, "Going away"),
            () = &mut old => return End::here(CloseCode::Away, "Going away"),
        }
        idle.as_mut().reset(Instant::now() + IDLE);
        sockets.touch(&connection.id);
    }
}

/// Takes what came; gives how it ended, if it did.
fn take(sockets: &Arc<Sockets>, connection: &Arc<Connection>, frame: Option<Result<Message, Error>>) -> Option<End> {
    match frame {
        Some(Ok(Message::Text(text))) => {
            hand_on(sockets, connection, text.as_str());
            None
        }
        Some(Ok(Message::Binary(_))) => Some(End::here(CloseCode::Unsupported, "Binary frames are not supported")),
        Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => Some(End::here(code, reason.as_str())),
        Some(Ok(Message::Close(None))) => Some(End::here(CloseCode::Status, "Client-side close frame status not set")),
        // Pings are answered by the library.
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
        Some(Err(Error::Capacity(_))) => Some(End::here(CloseCode::Size, "Message too long")),
        Some(Err(Error::Utf8(_))) => Some(End::here(CloseCode::Invalid, "Not UTF-8")),
        Some(Err(_)) | None => Some(End::cut()),
    }
}

/// Gives a frame to its route. Frames are not waited for: API Gateway does not keep them in order either.
fn hand_on(sockets: &Arc<Sockets>, connection: &Arc<Connection>, frame: &str) {
    let Some((key, route)) = sockets.api.route(frame) else {
        let told = connection.told("Forbidden", &token()).to_string();
        let _ = sockets.order(&connection.id, Order::Send(told));
        return;
    };
    let Target::Function(function) = route.target.clone() else { return };
    let (event, reply) = (connection.message(key, frame), route.reply);
    let (asked, connection) = (Arc::clone(sockets), Arc::clone(connection));
    sockets.background.work(&function.clone(), async move {
        let (asking, request_id) = (Arc::clone(&asked), event["requestContext"]["requestId"].clone());
        // A task of its own: the function goes on when API Gateway has ceased to wait for it.
        let outcome = tokio::spawn(async move { asking.ask(&function, &event).await });
        let body = match timeout(INTEGRATION, outcome).await {
            Ok(Ok(Ok(reply))) => body(&reply),
            _ => Err(()),
        };
        let told = match body {
            Ok(body) if reply == Reply::Sent => body.filter(|body| !body.is_empty()),
            Ok(_) => None,
            Err(()) => {
                let told = connection.told("Internal server error", request_id.as_str().unwrap_or_default());
                Some(told.to_string())
            }
        };
        if let Some(told) = told {
            // Whoever has gone meanwhile misses it.
            let _ = asked.order(&connection.id, Order::Send(told));
        }
    });
}

/// The body of a proxy integration's reply, which must have a status.
fn body(reply: &Json) -> Result<Option<String>, ()> {
    match (reply["statusCode"].is_u64(), &reply["body"]) {
        (true, Json::Null) => Ok(None),
        (true, Json::String(body)) => Ok(Some(body.clone())),
        _ => Err(()),
    }
}

/// Says goodbye, and waits until the other side has heard it: a line that is shut before may lose what was said last.
async fn close(mut line: Line, code: u16, reason: String) {
    let frame = CloseFrame { code: code.into(), reason: reason.into() };
    let goodbye = async {
        // Where the other side has closed first, this is the library's answer, and nothing can be sent after it.
        let _ = line.flush().await;
        let _ = line.close(Some(frame)).await;
    };
    if timeout(PATIENCE, goodbye).await.is_ok() {
        // Not frame by frame: what is left may be the rest of one that is too long.
        let mut line = line.into_inner();
        let _ = line.shutdown().await;
        let mut rest = [0; 4096];
        let _ = timeout(PATIENCE, async { while line.read(&mut rest).await.is_ok_and(|read| read > 0) {} }).await;
    }
}
