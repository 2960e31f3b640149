//! A healthy webhook: it takes every letter and remembers which event it told of.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a letter told of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Letter {
    /// The event's id: the same whenever it comes again.
    pub id: String,
    /// The app whose event it is.
    pub app: String,
    /// The room.
    pub room: String,
    /// The number of the log's entry.
    pub seq: u64,
}

/// A receiver on this machine.
pub struct Receiver {
    port: u16,
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn new() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let letters = Arc::<Mutex<Vec<Letter>>>::default();
        let box_ = Arc::clone(&letters);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&box_)));
            }
        });
        Ok(Self { port, letters })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// All that has come so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut stream: TcpStream, letters: Arc<Mutex<Vec<Letter>>>) {
    let mut bytes = Vec::new();
    while let Some((letter, rest)) = read(&mut stream, bytes).await {
        bytes = rest;
        letters.lock().unwrap_or_else(PoisonError::into_inner).extend(letter);
        if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// One request, and what has come behind it; none when the connection ends before it does.
async fn read(stream: &mut TcpStream, mut bytes: Vec<u8>) -> Option<(Option<Letter>, Vec<u8>)> {
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?.to_lowercase();
    let header =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()));
    let length: usize = header("content-length:").and_then(|value| value.parse().ok()).unwrap_or_default();
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let rest = bytes.split_off(end + length);
    let body: Value = serde_json::from_slice(&bytes[end..]).unwrap_or_default();
    let text = |name: &str| body["data"][name].as_str().unwrap_or_default().to_owned();
    let seq = body["data"]["seq"].as_u64();
    let id = header("webhook-id:").unwrap_or_default();
    Some((seq.map(|seq| Letter { id, app: text("app"), room: text("room"), seq }), rest))
}
