//! One function as it is deployed: built by `sam build`, run in a container by `sam local`, on the local stack's table.
//!
//! Needs `sam` (on the path, or where `ROLLCALL_SAM` says), a container engine, and `sam build AddMembers` done for this
//! machine's architecture. Where one is missing the test says so and passes; with `ROLLCALL_REQUIRE_SAM=1` it fails.
#![allow(clippy::disallowed_methods, reason = "the test asks its environment what the machine offers")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use local::{Stack, demo};
use serde_json::{Value as Json, json};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

#[tokio::test]
async fn add_members_answers_in_a_container() {
    let sam = std::env::var("ROLLCALL_SAM").unwrap_or_else(|_| "sam".to_owned());
    if let Some(missing) = missing(&sam) {
        assert!(std::env::var("ROLLCALL_REQUIRE_SAM").as_deref() != Ok("1"), "{missing}");
        eprintln!("\n********\n******** SKIPPED add_members_answers_in_a_container: {missing}\n********\n");
        return;
    }
    // The container is on a network of its own: it reaches this machine by the address that others know it by.
    let stack = Stack::builder().engine_address((own_address(), 0).into()).start().await.unwrap();
    demo::load(&stack).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let env_vars = folder.path().join("env.json");
    let variables = json!({ "AWS_ENDPOINT_URL_DYNAMODB": stack.engine_url(), "TABLE_NAME": stack.table() });
    std::fs::write(&env_vars, json!({ "Parameters": variables }).to_string()).unwrap();

    let output = tokio::task::spawn_blocking(move || invoke(&sam, &env_vars).output()).await.unwrap().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{told}");
    let reply: Json = serde_json::from_str(printed.trim()).unwrap_or_else(|_| panic!("{printed}\n{told}"));

    assert_eq!(reply["statusCode"], 200, "{reply}\n{told}");
    let body: Json = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["RC"], 0);
    let invited = json!([{ "client": "ccc", "outcome": "invited" }, { "client": "bbb", "outcome": "invited" }]);
    assert_eq!(body["outcomes"], invited);
    let message = &read_room(&stack).await["lastMessage"];
    assert_eq!((&message["messageType"], &message["message"]), (&json!("addMembers"), &json!("CCC, bbb")));
    stack.stop().await;
}

/// What the machine lacks for this test.
fn missing(sam: &str) -> Option<String> {
    let version = Command::new(sam).arg("--version").stdin(Stdio::null()).output();
    if !version.is_ok_and(|output| output.status.success()) {
        return Some(format!("`{sam} --version` does not run"));
    }
    if std::env::var_os("DOCKER_HOST").is_none() && !Path::new("/var/run/docker.sock").exists() {
        return Some("no container engine: neither DOCKER_HOST nor /var/run/docker.sock".to_owned());
    }
    let built = Path::new(REPOSITORY).join(".aws-sam/build/AddMembers/bootstrap");
    (!built.exists()).then(|| format!("no `{}`: run `sam build AddMembers`", built.display()))
}

/// The address from which this machine would call another one.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).unwrap(); // sends nothing
    socket.local_addr().unwrap().ip()
}

fn invoke(sam: &str, env_vars: &Path) -> Command {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let mut command = Command::new(sam);
    command.args(["local", "invoke", "AddMembers", "--event", "tests/events/add_members.json", "--skip-pull-image"]);
    command.args(["--parameter-overrides", &format!("Architecture={architecture}")]);
    command.arg("--env-vars").arg(env_vars);
    command.env("SAM_CLI_TELEMETRY", "0").current_dir(REPOSITORY).stdin(Stdio::null());
    command
}

async fn read_room(stack: &Stack) -> Json {
    let request = reqwest::Client::new().get(format!("{}/rooms/demo-room", stack.url()));
    let request = request.header("IM-CLIENT-KEY", demo::CLIENT_KEY).header("IM-Authorization", demo::token("aaa"));
    let reply: Json = request.send().await.unwrap().json().await.unwrap();
    reply["result"].clone()
}
