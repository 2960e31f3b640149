//! A real browser: Debian's Chromium, headless, watches a room while another client is added to it.
//!
//! Where there is no `chromium` (on the path, or where `ROLLCALL_CHROMIUM` says) the test says so and passes; with
//! `ROLLCALL_REQUIRE_CHROMIUM=1` it fails.
#![allow(clippy::disallowed_methods, reason = "the test asks its environment what the machine offers")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::actors::World;

/// What the browser is given to start, to load the page, and to show what came. Virtual time would run past the socket.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_browser_sees_another_client_being_added() {
    let chromium = std::env::var("ROLLCALL_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let version = std::process::Command::new(&chromium).arg("--version").stdin(Stdio::null()).output();
    if !version.is_ok_and(|output| output.status.success()) {
        let missing = format!("`{chromium} --version` does not run");
        assert!(std::env::var("ROLLCALL_REQUIRE_CHROMIUM").as_deref() != Ok("1"), "{missing}");
        eprintln!("\n********\n******** SKIPPED a_browser_sees_another_client_being_added: {missing}\n********\n");
        return;
    }
    let world = World::new().await;
    let [aaa, _bbb] = world.clients(["aaa", "bbb"]).await;
    let room = world.group(&[&aaa]).await;
    let query = format!("clientKey={}&token={}&room={room}", world.client_key(), aaa.token);
    let page = format!("{}/local/watch?{query}", world.stack.url());
    let folder = tempfile::tempdir().unwrap();
    let _browser = opens(&chromium, &page, folder.path());
    let devtools = Devtools::of(folder.path()).await;
    let mut tab = devtools.tab("/local/watch").await;
    let subscribed = tab.until("\"type\":\"subscribed\"").await;
    assert!(subscribed.contains(&room), "{subscribed}");
    aaa.adds(&room, &["bbb"]).send().await.good();
    let seen = tab.until("\"type\":\"member.joined\"").await;
    assert!(seen.contains("\"clients\":[\"bbb\"]") && seen.contains("\"actor\":\"aaa\""), "{seen}");
    // The line is cut, something happens, and the page comes back by itself with what it has missed.
    world.stack.drop_sockets();
    aaa.says(&room, "while you were away").send().await.good();
    tab.until("while you were away").await;
}

/// The browser, which ends with this.
fn opens(chromium: &str, page: &str, folder: &Path) -> Child {
    let mut command = Command::new(chromium);
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
    command.args(["--remote-debugging-port=0", "--remote-allow-origins=*"]);
    command.arg(format!("--user-data-dir={}", folder.display())).arg(page);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.kill_on_drop(true).spawn().unwrap()
}

/// By which a browser is looked into.
struct Devtools {
    port: String,
}

impl Devtools {
    /// The browser writes its port into its folder.
    async fn of(folder: &Path) -> Self {
        let file = folder.join("DevToolsActivePort");
        let port = until("the browser starts", async || {
            let written = std::fs::read_to_string(&file).ok()?;
            written.lines().next().filter(|_| written.contains('\n')).map(str::to_owned)
        });
        Self { port: port.await }
    }

    /// The tab that shows this page.
    async fn tab(&self, path: &str) -> Tab {
        let list = format!("http://127.0.0.1:{}/json/list", self.port);
        let address = until("the browser opens the page", async || {
            let tabs: Value = reqwest::get(&list).await.ok()?.json().await.ok()?;
            let shows = |tab: &&Value| tab["url"].as_str().is_some_and(|url| url.contains(path));
            tabs.as_array()?.iter().find(shows)?["webSocketDebuggerUrl"].as_str().map(str::to_owned)
        });
        let tcp = TcpStream::connect(format!("127.0.0.1:{}", self.port)).await.unwrap();
        Tab { line: client_async(address.await, tcp).await.unwrap().0 }
    }
}

/// An open tab.
struct Tab {
    line: WebSocketStream<TcpStream>,
}

impl Tab {
    /// Waits until the list of frames shows this; the line that does.
    async fn until(&mut self, text: &str) -> String {
        let start = std::time::Instant::now();
        loop {
            let frames = frames(&mut self.line).await;
            if let Some(line) = frames.lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "waited in vain for {text} in\n{frames}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What the page has received so far, a frame a line.
async fn frames(line: &mut WebSocketStream<TcpStream>) -> String {
    let expression = "[...document.querySelectorAll('#frames .received')].map(line => line.textContent).join('\\n')";
    let ask = json!({ "id": 1, "method": "Runtime.evaluate", "params": { "expression": expression } });
    line.send(Message::text(ask.to_string())).await.unwrap();
    loop {
        let Message::Text(answer) = line.next().await.unwrap().unwrap() else { continue };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        if answer["id"] == 1 {
            return answer["result"]["result"]["value"].as_str().unwrap_or_default().to_owned();
        }
    }
}

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
