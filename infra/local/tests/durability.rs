//! `local --data FILE` is killed in the midst of its work, ten times over the same file: what was acknowledged is there
//! afterwards, once, and what was under way is there wholly or not at all.
//!
//! Needs the functions' binaries: `cargo test -p rollcall -p local --test durability` builds them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]
#![allow(clippy::disallowed_methods, reason = "the test waits by the clock")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::demo;
use reqwest::Client;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

const KILLS: usize = 10;
/// The demo's clients, each at work at the same time as the others.
const CLIENTS: [&str; 6] = ["aaa", "bbb", "ccc", "1485248560558", "1485248566481", "1485250743313"];
/// A room in which all of them talk at once.
const SQUARE: &str = "square";

/// The command, running.
struct Local {
    process: Child,
    url: String,
}

impl Local {
    fn start(data: &Path, more: &[&str]) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_local"));
        let functions = program.parent().unwrap();
        assert!(
            functions.join("create_room").exists(),
            "no functions in `{}`: cargo build --bins",
            functions.display()
        );
        let mut command = Command::new(program);
        command.args(["--port", "0", "--data"]).arg(data).arg("--bin-dir").arg(functions);
        command.arg("--outbox").arg(data.with_file_name("outbox")).args(more);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines.find_map(|line| Some(line.strip_prefix("Rollcall is at ")?.split(',').next()?.to_owned()));
        // Read on: a command whose reader is gone ends.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url: url.unwrap_or_else(|| panic!("`local` ended before it was there")) }
    }

    /// As `kill -9` does it: without a word, whatever is under way.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What one act writes into the log of a room: what happened, and to whom, or what was said.
type Entries = Vec<(String, String)>;

/// What one client knows of what it did.
#[derive(Default, Clone)]
struct Memory {
    /// What was acknowledged, in order, room by room.
    done: BTreeMap<String, Entries>,
    /// What was asked and never answered.
    open: Option<(String, Entries)>,
    rooms: usize,
    steps: usize,
}

/// One client at work: each thing that it does is written down before and after.
#[derive(Clone)]
struct Worker {
    http: Client,
    url: String,
    number: usize,
    memory: Arc<Mutex<Memory>>,
}

impl Worker {
    fn name(&self, ahead: usize) -> &'static str {
        CLIENTS[(self.number + ahead) % CLIENTS.len()]
    }

    /// Works until nobody answers any more.
    async fn work(self) {
        while self.step().await.is_some() {}
    }

    /// A room of its own, people who come, are invited, accept and go, and talk here and in the square.
    async fn step(&self) -> Option<()> {
        let (number, step) = {
            let mut memory = self.memory.lock().unwrap();
            let step = memory.steps % 10;
            memory.rooms += usize::from(step == 0);
            memory.steps += 1;
            (memory.rooms, memory.steps - 1)
        };
        let room = format!("room-{}-{number}", self.number);
        let (me, one, other) = (self.name(0), self.name(1), self.name(2));
        let members = format!("/rooms/{room}/members");
        let says = format!("said by {me} as {step}");
        let text = json!({ "message": says });
        match step % 10 {
            0 => {
                let body = json!({ "_id": room, "name": "Mine", "members": [me] });
                self.act(me, &room, "/rooms", body, &[("room.created", ""), ("member.joined", me)]).await
            }
            1 => self.act(me, &room, &members, json!({ "invitees": [one] }), &[("member.joined", one)]).await,
            2 => {
                let body = json!({ "invitees": [other], "invitationRequired": true });
                self.act(me, &room, &members, body, &[("member.invited", other)]).await
            }
            3 => self.act(other, &room, &format!("/rooms/{room}/join"), json!({}), &[("member.joined", other)]).await,
            4 | 6 => self.act(me, &room, &format!("/rooms/{room}/message"), text, &[("message.created", &says)]).await,
            7 => {
                let body = json!({ "members": [one] });
                self.act(me, &room, &format!("/rooms/{room}/delete/members"), body, &[("member.removed", one)]).await
            }
            _ => self.act(me, SQUARE, "/rooms/square/message", text, &[("message.created", &says)]).await,
        }
    }

    /// Asks, and notes what becomes of it; none if nobody answers.
    async fn act(&self, who: &str, room: &str, path: &str, body: Json, writes: &[(&str, &str)]) -> Option<()> {
        let writes: Entries = writes.iter().map(|(kind, what)| ((*kind).to_owned(), (*what).to_owned())).collect();
        self.memory.lock().unwrap().open = Some((room.to_owned(), writes.clone()));
        let request = self.http.post(format!("{}{path}", self.url)).header("IM-CLIENT-KEY", demo::CLIENT_KEY);
        let answer = request.header("IM-Authorization", demo::token(who)).json(&body).send().await.ok()?;
        let status = answer.status();
        let told = answer.text().await.ok()?;
        assert!(status.is_success(), "{who} {path} {body}: {status} {told}");
        let mut memory = self.memory.lock().unwrap();
        memory.open = None;
        memory.done.entry(room.to_owned()).or_default().extend(writes);
        Some(())
    }
}

/// A room as the platform sees it.
struct Sight {
    room: Json,
    events: Vec<Json>,
    invited: BTreeSet<String>,
}

impl Sight {
    async fn of(http: &Client, url: &str, room: &str) -> Option<Self> {
        let found = get(http, &format!("{url}/rooms/{room}")).await?;
        let mut events: Vec<Json> = Vec::new();
        loop {
            let page = format!("{url}/rooms/{room}/events?limit=1000&after={}", events.len());
            let page = get(http, &page).await.unwrap()["data"].as_array().unwrap().clone();
            if page.is_empty() {
                break;
            }
            events.extend(page);
        }
        let invitations = get(http, &format!("{url}/rooms/{room}/invitations")).await.unwrap();
        let invited = invitations["data"].as_array().unwrap().iter().map(|invitation| id(&invitation["invitee"]));
        Some(Self { room: found, events, invited: invited.collect() })
    }

    /// Counters, members, the invited and the last message are what the log comes to, and the log has no gap.
    fn holds_together(&self) {
        let (mut members, mut invited, mut last) = (BTreeSet::new(), BTreeSet::new(), None);
        for (at, event) in self.events.iter().enumerate() {
            assert_eq!(event["seq"], json!(at + 1), "{event}");
            for client in event["clients"].as_array().unwrap().iter().map(|client| client.as_str().unwrap().to_owned())
            {
                match event["type"].as_str().unwrap() {
                    "member.joined" => {
                        invited.remove(&client);
                        assert!(members.insert(client), "nobody joins twice: {event}");
                    }
                    "member.invited" => assert!(invited.insert(client), "nobody is invited twice: {event}"),
                    "member.removed" => assert!(members.remove(&client), "only members are removed: {event}"),
                    _ => {}
                }
            }
            assert_eq!(event["memberCount"], json!(members.len()), "{event}");
            last = event["message"]["_id"].as_str().or(last);
        }
        let stored: BTreeSet<_> = self.room["members"].as_array().unwrap().iter().map(id).collect();
        assert_eq!((&stored, &self.invited), (&members, &invited), "{}", self.room);
        assert_eq!(self.room["memberCount"], json!(members.len()), "{}", self.room);
        assert_eq!(self.room["lastMessage"]["_id"].as_str(), last, "{}", self.room);
    }

    /// The entries that one act made are wholly there, in the shape in which they were noted.
    fn entries(&self) -> Entries {
        let what = |event: &Json| match event["type"].as_str().unwrap() {
            "message.created" => event["message"]["message"].as_str().unwrap().to_owned(),
            _ => event["clients"][0].as_str().unwrap_or_default().to_owned(),
        };
        self.events.iter().map(|event| (event["type"].as_str().unwrap().to_owned(), what(event))).collect()
    }
}

async fn get(http: &Client, url: &str) -> Option<Json> {
    let answer = http.get(url).header("IM-API-KEY", demo::API_KEY).send().await.unwrap();
    let status = answer.status();
    let body: Json = answer.json().await.unwrap();
    match status.as_u16() {
        404 => None,
        200 => Some(body["result"].clone()),
        _ => panic!("{url}: {status} {body}"),
    }
}

fn id(client: &Json) -> String {
    client["_id"].as_str().or(client.as_str()).unwrap_or_else(|| panic!("{client}")).to_owned()
}

/// What a client knows is what is there; what was open is done, or nothing of it is. Gives back whether it was done.
async fn agrees(http: &Client, url: &str, memory: &mut Memory, me: &str) -> Option<bool> {
    let open = memory.open.take();
    let opened = open.iter().map(|(room, _)| room.clone());
    let rooms: BTreeSet<String> = memory.done.keys().cloned().chain(opened).collect();
    let mut was_done = open.as_ref().map(|_| false);
    for name in rooms {
        let known = memory.done.get(&name).cloned().unwrap_or_default();
        let sight = Sight::of(http, url, &name).await;
        let mut there = sight.as_ref().map(Sight::entries).unwrap_or_default();
        if name == SQUARE {
            let mine = format!("said by {me} as ");
            there.retain(|(_, what)| what.starts_with(&mine));
        }
        if let Some(sight) = &sight {
            sight.holds_together();
        }
        if there == known {
            continue;
        }
        let also = open.iter().filter(|(room, _)| *room == name).flat_map(|(_, entries)| entries.clone());
        let both: Entries = known.iter().cloned().chain(also).collect();
        assert_eq!(there, both, "{me} in {name}: acknowledged {known:?}, asked {open:?}");
        memory.done.insert(name, both);
        was_done = Some(true);
    }
    // What was not done is done again, so that the next steps find what they need.
    if was_done == Some(false) {
        memory.steps -= 1;
        memory.rooms -= usize::from(memory.steps.is_multiple_of(10));
    }
    was_done
}

#[tokio::test]
async fn what_is_acknowledged_outlives_ten_kills_and_nothing_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.db");
    let memories: Vec<_> = CLIENTS.iter().map(|_| Arc::new(Mutex::new(Memory::default()))).collect();
    let acknowledged = || memories.iter().map(|memory| memory.lock().unwrap().done.values().flatten().count()).sum();
    let (mut open, mut done, mut before): (usize, usize, usize) = (0, 0, 0);
    let mut local = Local::start(&data, &[]);
    let http = Client::new();
    let square = json!({ "_id": SQUARE, "name": "Square", "members": CLIENTS });
    let made = http.post(format!("{}/rooms", local.url)).header("IM-API-KEY", demo::API_KEY).json(&square).send().await;
    assert!(made.unwrap().status().is_success());
    for kill in 0..KILLS {
        let mut workers = JoinSet::new();
        for (number, memory) in memories.iter().enumerate() {
            let worker = Worker { http: Client::new(), url: local.url.clone(), number, memory: Arc::clone(memory) };
            workers.spawn(worker.work());
        }
        // Each function's first call is slow: what matters comes after.
        while acknowledged() < before + 60 {
            assert!(!workers.is_empty());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(37 * kill as u64)).await;
        local.kill();
        while let Some(worker) = workers.join_next().await {
            worker.unwrap();
        }
        before = acknowledged();
        local = Local::start(&data, &["--no-demo"]);
        for (memory, me) in memories.iter().zip(CLIENTS) {
            let mut known = memory.lock().unwrap().clone();
            let was_done = agrees(&http, &local.url, &mut known, me).await;
            *memory.lock().unwrap() = known;
            open += usize::from(was_done.is_some());
            done += usize::from(was_done == Some(true));
        }
    }
    local.kill();
    println!("{before} acknowledged entries outlived {KILLS} kills; of {open} acts under way, {done} were done");
    assert!(open >= KILLS, "the kills came in the midst of the work: {open}");
}
