//! The life of one WebSocket connection: frames go to functions, orders come from them, and at the end `$disconnect`.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use crate::socket_api::{DISCONNECT, Reply, Target};
use crate::socket_event::{Connection, token};
use crate::sockets::{MESSAGE, Order, Sockets};

/// What API Gateway takes as one frame.
const FRAME: usize = 32 * 1024;
/// How long API Gateway keeps a connection.
const LIMITS: Limits = Limits { idle: Duration::from_secs(10 * 60), life: Duration::from_secs(2 * 60 * 60) };
/// How long API Gateway waits for a function.
const INTEGRATION: Duration = Duration::from_secs(29);
/// How long the other side has to take what is sent to it, and to close in its turn.
const PATIENCE: Duration = Duration::from_secs(2);

type Line = WebSocketStream<TokioIo<Upgraded>>;

/// How long a connection may be.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Silent.
    idle: Duration,
    /// Open, at most.
    life: Duration,
}

/// How a connection ended.
#[derive(Debug)]
struct End {
    code: u16,
    reason: String,
    closed: Closed,
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
        Self { code: code.into(), reason: reason.to_owned(), closed: Closed::Politely }
    }

    fn cut() -> Self {
        let reason = "Connection closed abnormally".to_owned();
        Self { code: 1006, reason, closed: Closed::Abruptly }
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
            let end = talk(&sockets, &connection, &mut line, &mut orders, LIMITS).await;
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
}

/// Hands frames on and carries orders out.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    sockets: &Arc<Sockets>,
    connection: &Arc<Connection>,
    line: &mut WebSocketStream<S>,
    orders: &mut mpsc::Receiver<Order>,
    limits: Limits,
) -> End {
    let mut old = pin!(sleep_until(Instant::now() + limits.life));
    let mut idle = pin!(sleep_until(Instant::now() + limits.idle));
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
                Some(Order::Close) => return End::here(CloseCode::Normal, "Connection Closed Normally"),Some(Order::Cut) | None => return End::cut(),
            },
            () = &mut idle => return End::here(CloseCode::Away, "Going away"),
            () = &mut old => return End::here(CloseCode::Away, "Going away"),
        }
        idle.as_mut().reset(Instant::now() + limits.idle);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::Background;
    use crate::pool::{Pool, Settings};
    use crate::template::Template;

    /// How a connection ends whose client sends a ping every so often.
    async fn ended(limits: Limits, pings: Duration) -> (u16, Duration) {
        let text = include_str!("../tests/sockets.yaml");
        let template = Template::parse(text, &Default::default()).unwrap();
        let (runtime_url, endpoints) = (String::new(), Vec::new());
        let settings = Settings { bin_dir: "/".into(), runtime_url, endpoints, count_rounds: false };
        let pool =
            Arc::new(Pool::new(&template.functions, settings, crate::logs::Logs::Printed.into(), Arc::default()));
        let background = Arc::new(Background::new(Arc::clone(&pool)));
        let sockets = Arc::new(Sockets::new(template.sockets.unwrap(), pool, background, ""));
        let connection = Connection::new("Sockets", "live", "", &hyper::Request::new(hyper::body::Bytes::new()));
        let connection = Arc::new(connection);
        let mut orders = sockets.enter(&connection);
        let (here, there) = tokio::io::duplex(4096);
        let mut line = WebSocketStream::from_raw_socket(here, Role::Server, None).await;
        let mut client = WebSocketStream::from_raw_socket(there, Role::Client, None).await;
        let start = Instant::now();
        let pinging = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pings).await;
                let _ = client.send(Message::Ping(hyper::body::Bytes::new())).await;
            }
        });
        let end = talk(&sockets, &connection, &mut line, &mut orders, limits).await;
        pinging.abort();
        (end.code, start.elapsed())
    }

    #[tokio::test]
    async fn who_is_silent_for_too_long_is_sent_away() {
        let limits = Limits { idle: Duration::from_millis(200), life: Duration::from_secs(5) };
        let (code, lasted) = ended(limits, Duration::from_secs(60)).await;
        assert_eq!(code, 1001);
        assert!(lasted < Duration::from_secs(2), "{lasted:?}");
    }

    #[tokio::test]
    async fn who_is_not_silent_stays_but_not_for_ever() {
        let limits = Limits { idle: Duration::from_millis(300), life: Duration::from_millis(900) };
        let (code, lasted) = ended(limits, Duration::from_millis(50)).await;
        assert_eq!(code, 1001);
        assert!(lasted >= Duration::from_millis(900), "{lasted:?}");
    }
}
