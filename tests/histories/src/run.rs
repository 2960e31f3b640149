//! The performance of a script: so many clients, one request of each under way at a time, taken from the script in order.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::ending::Ending;
use crate::fire;
use crate::history::{Answer, Done, History, Try, Verdict};
use crate::lapsing;
use crate::request;
use crate::script::{App, Operation, Script, Sending, Step};
use crate::stage::{Mishap, Stage};

/// Under what circumstances.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the functions' binaries are; beside this program without it.
    pub bin_dir: Option<PathBuf>,
    /// Whether things go wrong.
    pub faults: bool,
}

/// What a run leaves: what was asked and answered, and what is stored.
#[derive(Debug)]
pub struct Run {
    /// What was asked and answered.
    pub history: History,
    /// What is there in the end.
    pub ending: Ending,
    /// How long the requests took, in all.
    pub took: Duration,
    /// What went wrong, and how often.
    pub met: BTreeMap<&'static str, u64>,
}

impl Run {
    /// What it was like, in a line.
    pub fn told(&self, whole: Duration) -> String {
        let (mut good, mut refused, mut unknown) = (0, 0, 0);
        for done in &self.history.done {
            match done.verdict() {
                Verdict::Good(_) => good += 1,
                Verdict::Refused(_) => refused += 1,
                Verdict::Unknown => unknown += 1,
            }
        }
        let (count, took) = (self.history.done.len(), self.took.as_secs_f64());
        let entries: usize = self.ending.rooms.values().map(|room| room.log.len()).sum();
        format!(
            "{count} operations in {took:.1} s ({:.0}/s; {:.1} s in all): {good} done, {refused} refused, {unknown} unknown; \
             {} rooms, {entries} entries, {} letters; {} faults",
            count as f64 / took,
            whole.as_secs_f64(),
            self.ending.rooms.len(),
            self.ending.letters.len(),
            self.met.values().sum::<u64>(),
        )
    }
}

/// Performs a script on a stack of its own.
pub async fn perform(script: &Script, settings: &Settings) -> Result<Run, Mishap> {
    let stage = Arc::new(Stage::new(settings.bin_dir.clone(), script.seed).await?);
    let rage = settings.faults.then(|| tokio::spawn(fire::rage(stage.stack.faults().clone(), script.seed)));
    let begun = now();
    let done = all_at_once(&stage, script).await?;
    let took = Duration::from_micros(now() - begun);
    if let Some(rage) = rage {
        rage.abort();
        let _ = rage.await;
    }
    let met = stage.stack.faults().met();
    stage.stack.faults().clear();
    let ending = Ending::of(&stage).await?;
    Ok(Run { history: History { seed: script.seed, done }, ending, took, met })
}

async fn all_at_once(stage: &Arc<Stage>, script: &Script) -> Result<Vec<Done>, Mishap> {
    let (next, steps) = (Arc::new(AtomicUsize::new(0)), Arc::new(script.steps.clone()));
    let done = Arc::new(Mutex::new(Vec::with_capacity(steps.len())));
    let client = || {
        let (stage, next, steps, done) = (Arc::clone(stage), Arc::clone(&next), Arc::clone(&steps), Arc::clone(&done));
        async move {
            while let Some(step) = steps.get(next.fetch_add(1, Ordering::Relaxed)) {
                let one = take(&stage, step).await;
                done.lock().unwrap_or_else(PoisonError::into_inner).push(one);
            }
        }
    };
    let clients: Vec<_> = (0..script.clients.max(1)).map(|_| tokio::spawn(client())).collect();
    for client in clients {
        client.await?;
    }
    let mut done = std::mem::take(&mut *done.lock().unwrap_or_else(PoisonError::into_inner));
    done.sort_by_key(|done: &Done| done.step.number);
    Ok(done)
}

/// Tries of a request under a key until one is answered.
const PATIENT: usize = 4;

/// Takes a step, as often as it says.
async fn take(stage: &Stage, step: &Step) -> Done {
    let mut tries = Vec::new();
    let again = match step.sending {
        Sending::Once | Sending::Dry => 1,
        Sending::Again(times) => usize::from(times),
        Sending::AtOnce(times) => {
            let rivals = (0..times).map(|_| try_once(stage, step));
            tries.extend(futures_util::future::join_all(rivals).await);
            1
        }
    };
    for _ in 0..again {
        tries.push(try_once(stage, step).await);
    }
    let is_known = |tries: &[Try]| tries.iter().any(|own| own.answer.as_ref().is_some_and(Answer::is_good));
    if matches!(step.sending, Sending::Again(_) | Sending::AtOnce(_)) {
        while !is_known(&tries) && tries.iter().any(|own| own.answer.is_none()) && tries.len() < again + PATIENT {
            tries.push(try_once(stage, step).await);
        }
    }
    Done { step: step.clone(), tries }
}

async fn try_once(stage: &Stage, step: &Step) -> Try {
    let start = now();
    let answer = match &step.operation {
        Operation::Lapse { room, client } => lapse(stage, lapsing::client(stage, step.app, room, client)).await,
        Operation::LapseAddress { room, address } => {
            lapse(stage, lapsing::address(stage, step.app, room, address)).await
        }
        Operation::Sweep => {
            let swept = stage.stack.invoke("expire_invitations", json!({})).await;
            swept.ok().map(|_| Answer { status: 200, ..Answer::default() })
        }
        _ => send(stage, step).await,
    };
    Try { start, end: now(), answer }
}

async fn send(stage: &Stage, step: &Step) -> Option<Answer> {
    let reply = request::of(stage, step)?.send().await.ok()?;
    let status = reply.status().as_u16();
    let replayed = reply.headers().get("idempotency-replayed").is_some();
    let text = reply.text().await.ok()?;
    if let Ok(body) = serde_json::from_str::<Value>(&text) {
        stage.keep(step, &body["result"]);
    }
    Some(Answer { replayed, ..heard(step.app, status, &text) })
}

/// What of an answer the judges look at.
fn heard(app: App, status: u16, text: &str) -> Answer {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let pairs = |list: &Value, who: &str| -> Vec<(String, String)> {
        let list = list.as_array().into_iter().flatten();
        list.map(|one| (word(&one[who]), word(&one["outcome"]))).collect()
    };
    let shown = if body["result"].is_object() { &body["result"] } else { &body };
    let mut outcomes = pairs(&body["outcomes"], "client");
    outcomes.extend(pairs(&shown["claims"], "room"));
    let code = if body["error"].is_object() { word(&body["error"]["code"]) } else { word(&body["code"]) };
    let foreign = text.find(app.other().id()).map(|at| text[at..].chars().take(80).collect());
    Answer {
        status,
        code: if status == 200 { String::new() } else { code },
        outcomes,
        id: word(&shown["_id"]),
        is_invitation: shown["isInvite"] == json!(true),
        digest: digest(text),
        replayed: false,
        foreign,
    }
}

/// FNV-1a: the same for the same body, in every run.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Takes from an invitation the time that it has left, past the functions.
async fn lapse(stage: &Stage, over: Value) -> Option<Answer> {
    let answer = stage.engine("UpdateItem", over).await.ok()?;
    let code = answer["__type"].as_str().unwrap_or_default().to_owned();
    Some(Answer { status: if code.is_empty() { 200 } else { 404 }, code, ..Answer::default() })
}

/// The machine's clock, in microseconds: the one by which the functions date their entries.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}
