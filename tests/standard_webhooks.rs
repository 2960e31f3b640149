//! Our signatures, as the standard's own library for Python judges them.
//!
//! Needs `python3` with `venv`, and PyPI at the first run. Where it is missing the test says so and passes; with
//! `ROLLCALL_REQUIRE_PYTHON=1` it fails.
#![allow(clippy::disallowed_methods, reason = "the test asks its environment what the machine offers")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use shared::id::AppId;
use shared::time::Time;
use shared::webhook::{Webhook, WebhookKey};

/// The version of the library: the specification's own, from the same authors.
const LIBRARY: &str = "standardwebhooks==1.0.1";

/// Verifies each letter with each secret, and prints which of them the library takes.
const PROGRAM: &str = "
import json, sys
from standardwebhooks import Webhook, WebhookVerificationError
def takes(secret, letter):
    try:
        return Webhook(secret).verify(letter['body'], letter['headers']) == json.loads(letter['body'])
    except WebhookVerificationError:
        return False
asked = json.load(sys.stdin)
print(json.dumps([[takes(secret, letter) for secret in asked['secrets']] for letter in asked['letters']]))
";

#[test]
fn the_official_library_takes_our_signatures_and_no_others() {
    let python = match python() {
        Ok(python) => python,
        Err(missing) => {
            assert!(std::env::var("ROLLCALL_REQUIRE_PYTHON").as_deref() != Ok("1"), "{missing}");
            eprintln!("\n********\n******** SKIPPED the_official_library_takes_our_signatures: {missing}\n********\n");
            return;
        }
    };
    let (key, app, now) =
        (WebhookKey::of(&"k".repeat(64)).unwrap(), AppId::parse("app", "SampleApp").unwrap(), Time::now());
    let first = Webhook::of_rooms();
    let rotated = first.rotated_once(now);
    let body = json!({ "type": "member.joined", "data": { "topic": "路人甲 \"é\" \\ \u{1f600}" } }).to_string();
    let letter = |webhook: &Webhook, at: Time, body: &str, sent: &str| {
        let id = format!("msg_{}", "0".repeat(38));
        let signature = key.signature(&app, webhook, &id, at, body).unwrap();
        let headers = json!({
            "webhook-id": id, "webhook-timestamp": at.seconds().to_string(), "webhook-signature": signature,
        });
        json!({ "headers": headers, "body": sent })
    };
    let old = Time::from_millis(now.millis() - 10 * 60 * 1_000);
    let asked = json!({
        "secrets": [key.secret(&app, &first), key.secret(&app, &rotated)],
        "letters": [
            letter(&first, now, &body, &body),
            letter(&rotated, now, &body, &body), // both, for a day
            letter(&first, now, &body, &body.replace("joined", "left")),
            letter(&first, old, &body, &body),
        ],
    });
    let expected = json!([[true, false], [true, true], [false, false], [false, false]]);
    assert_eq!(judged(&python, &asked), expected);
}

fn judged(python: &Path, asked: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("asked.json");
    std::fs::write(&input, asked.to_string()).unwrap();
    let output =
        Command::new(python).args(["-c", PROGRAM]).stdin(std::fs::File::open(input).unwrap()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A Python with the library, made once.
fn python() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(LIBRARY.replace("==", "-"));
    let python = folder.join("bin/python");
    if folder.join("ready").exists() {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", LIBRARY]))?;
    std::fs::write(folder.join("ready"), "").map_err(|error| error.to_string())?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {told}")) }
}
