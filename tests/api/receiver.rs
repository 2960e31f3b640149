//! A receiver of webhooks that does what receivers do: takes what comes, or fails in any of the ways there are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the receiver does with a request, once it has read it.
#[derive(Debug, Clone)]
pub enum Does {
    /// Answers with this status.
    Answers(u16),
    /// Answers with this status and this header.
    Says(u16, &'static str, String),
    /// Never answers.
    Hangs,
    /// Answers 200 after a while.
    Waits(Duration),
    /// Closes the connection without an answer.
    Resets,
    /// Answers 200 at once, and then never finishes its body.
    Dribbles,
    /// Answers 200 with a body that nobody should read.
    Floods,
}

/// A letter that has arrived.
#[derive(Debug, Clone)]
pub struct Letter {
    pub path: String,
    /// Lower-case names.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub at: Instant,
}

impl Letter {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Whether one of the signatures is by this secret, as the official library judges.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let mut headers = http::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, self.headers[name].parse().unwrap());
        }
        standardwebhooks::Webhook::new(secret).unwrap().verify(self.body.as_bytes(), &headers).is_ok()
    }
}

/// A receiver on this machine.
pub struct Receiver {
    pub port: u16,
    inside: Arc<Inside>,
}

struct Inside {
    letters: Mutex<Vec<Letter>>,
    next: Mutex<VecDeque<Does>>,
    always: Mutex<Does>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn new() -> Self {
        Self::that(Does::Answers(204)).await
    }

    /// One that does this, unless told otherwise.
    pub async fn that(always: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = Arc::new(Inside { letters: Mutex::default(), next: Mutex::default(), always: Mutex::new(always) });
        let shared = Arc::clone(&inside);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&shared).serve(stream));
            }
        });
        Self { port, inside }
    }

    /// One that speaks TLS, by a certificate of its own making.
    pub async fn with_own_certificate() -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let config =
            ServerConfig::builder_with_provider(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![own.cert.der().clone()], key)
                .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
            }
        });
        let always = Mutex::new(Does::Hangs);
        Self { port, inside: Arc::new(Inside { letters: Mutex::default(), next: Mutex::default(), always }) }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// The next request meets this; called twice, the next two do.
    pub fn next(&self, does: Does) {
        self.inside.next.lock().unwrap().push_back(does);
    }

    /// From now on.
    pub fn always(&self, does: Does) {
        *self.inside.always.lock().unwrap() = does;
    }

    /// All that has come so far, whatever became of it.
    pub fn letters(&self) -> Vec<Letter> {
        self.inside.letters.lock().unwrap().clone()
    }

    /// Waits until so many letters have come.
    pub async fn has(&self, count: usize) -> Vec<Letter> {
        let come = async {
            while self.letters().len() < count {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let came = timeout(PATIENCE, come).await.is_ok();
        let letters = self.letters();
        assert!(came, "only {} of {count} letters came: {letters:#?}", letters.len());
        letters
    }
}

impl Inside {
    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let Some(letter) = read(&mut stream).await else { return };
        self.letters.lock().unwrap().push(letter);
        let planned = self.next.lock().unwrap().pop_front();
        let does = planned.unwrap_or_else(|| self.always.lock().unwrap().clone());
        let plain = |status: u16| format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        match does {
            Does::Answers(status) => drop(stream.write_all(plain(status).as_bytes()).await),
            Does::Says(status, name, value) => {
                let head =
                    format!("HTTP/1.1 {status} X\r\n{name}: {value}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                drop(stream.write_all(head.as_bytes()).await);
            }
            Does::Hangs => sleep(Duration::from_secs(3_600)).await,
            Does::Waits(pause) => {
                sleep(pause).await;
                drop(stream.write_all(plain(200).as_bytes()).await);
            }
            Does::Resets => {
                drop(stream.set_zero_linger());
            }
            Does::Dribbles => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n.";
                drop(stream.write_all(head.as_bytes()).await);
                sleep(Duration::from_secs(3_600)).await;
            }
            Does::Floods => {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await);
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                while stream.write_all(chunk.as_bytes()).await.is_ok() {}
            }
        }
    }
}

/// One request; none when the connection ends before it does.
async fn read(stream: &mut TcpStream) -> Option<Letter> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[end + 4..end + 4 + length].to_vec()).ok()?;
    Some(Letter { path, headers, body, at: Instant::now() })
}
