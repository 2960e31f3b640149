//! `cargo run -p local`: the stack on a laptop. `cargo run -p local -- invoke NAME`: one function, once.
#![allow(clippy::disallowed_methods, reason = "cargo tells by the environment where it is")]

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Args, Parser, Subcommand};
use local::{Data, Error, Stack, demo};
use tokio::signal::unix::{SignalKind, signal};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Rollcall on this machine: the routes, functions and table of template.yaml.
#[derive(Parser)]
#[command(name = "local")]
struct Cli {
    #[command(flatten)]
    options: Options,
    /// The port of the HTTP API.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Args)]
struct Options {
    /// Keep the items in this file; without it they are gone at the end.
    #[arg(long, value_name = "FILE", global = true)]
    data: Option<PathBuf>,
    /// Use the DynamoDB that runs at this address (plain http), such as DynamoDB Local.
    #[arg(long, value_name = "URL", global = true, conflicts_with = "data")]
    endpoint_url: Option<String>,
    /// Where the embedded database listens, for `sam local`, whose containers are on a network of their own; port 0 is
    /// any that is free.
    #[arg(long, value_name = "IP:PORT", global = true, default_value = "127.0.0.1:0", conflicts_with = "endpoint_url")]
    engine_address: SocketAddr,
    /// Start without the demo app.
    #[arg(long, global = true)]
    no_demo: bool,
    /// Write each mail that a function sends into this folder. [default: target/outbox]
    #[arg(long, value_name = "DIR", global = true)]
    outbox: Option<PathBuf>,
    /// Another value of one of the template's parameters; can be given several times.
    #[arg(long = "parameter", value_name = "NAME=VALUE", global = true, value_parser = read_parameter)]
    parameters: Vec<(String, String)>,
    /// Run the functions in this folder; build nothing.
    #[arg(long, value_name = "DIR", global = true)]
    bin_dir: Option<PathBuf>,
    /// Build the functions as they are deployed: slow to build, quick to run.
    #[arg(long, global = true)]
    release: bool,
}

#[derive(Subcommand)]
enum Task {
    /// Invoke one function, by its logical id or the name of its binary, and print what it gives back.
    Invoke {
        /// The function.
        name: String,
        /// The event, as JSON in a file; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        None => serve(&cli).await.map(|()| ExitCode::SUCCESS),
        Some(Task::Invoke { name, event }) => invoke(&cli.options, name, event.as_deref()).await,
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

async fn serve(cli: &Cli) -> Result<(), Error> {
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|source| Error::System { doing: "a signal handler", source })?;
    // Before the build, which may take minutes.
    for address in [SocketAddr::from(([127, 0, 0, 1], cli.port)), cli.options.engine_address] {
        TcpListener::bind(address).map_err(Error::listening(address))?;
    }
    let stack = start(&cli.options, cli.port).await?;
    println!("\nRollcall is at {}, its table `{}` at {}\n", stack.url(), stack.table(), stack.engine_url());
    if !cli.options.no_demo {
        println!("app {}, client key {}, API key {}\n", demo::APP, demo::CLIENT_KEY, demo::API_KEY);
        println!("{}\n", demo::calls(stack.url()));
    }
    println!("what leaves it: {0}/local/outbox; a place to send webhooks to: {0}/local/inbox\n", stack.url());
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    stack.stop().await;
    Ok(())
}

async fn invoke(options: &Options, name: &str, event: Option<&Path>) -> Result<ExitCode, Error> {
    let event = read_event(event)?;
    let stack = start(options, 0).await?;
    let outcome = stack.invoke(name, event).await;
    stack.stop().await;
    Ok(match outcome {
        Ok(reply) => {
            println!("{reply}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{}", serde_json::json!({ "errorType": error.error_type, "errorMessage": error.message }));
            ExitCode::FAILURE
        }
    })
}

async fn start(options: &Options, port: u16) -> Result<Stack, Error> {
    let bin_dir = options.bin_dir.clone().map_or_else(|| build(options.release), Ok)?;
    let mut builder =
        Stack::builder().port(port).engine_address(options.engine_address).bin_dir(bin_dir).print_logs(true);
    let outbox = options.outbox.clone().unwrap_or_else(|| Path::new(REPOSITORY).join("target/outbox"));
    builder = builder.outbox(outbox);
    for (name, value) in &options.parameters {
        builder = builder.parameter(name, value);
    }
    if let Some(file) = &options.data {
        builder = builder.data(Data::File(file.clone()));
    }
    if let Some(url) = &options.endpoint_url {
        builder = builder.engine_url(url);
    }
    let stack = builder.start().await?;
    if !options.no_demo {
        demo::load(&stack).await?;
    }
    Ok(stack)
}

/// Lets cargo build what is stale, and says where the binaries are.
fn build(release: bool) -> Result<PathBuf, Error> {
    let target = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.parent()?.to_owned()));
    let folder =
        target.unwrap_or_else(|| Path::new(REPOSITORY).join("target")).join(if release { "release" } else { "debug" });
    let failed = |reason: String| Error::Binaries { folder: folder.clone(), reason };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The same packages at once as a test run builds, so that both use one set of dependencies.
    cargo.args(["build", "--quiet", "--bins", "-p", "rollcall", "-p", "local"]).current_dir(REPOSITORY);
    if release {
        cargo.arg("--release");
    }
    let status = cargo.status().map_err(|error| failed(format!("cargo did not start: {error}")))?;
    if status.success() { Ok(folder) } else { Err(failed(format!("cargo build: {status}"))) }
}

fn read_parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is wanted")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn read_event(file: Option<&Path>) -> Result<serde_json::Value, Error> {
    let unreadable = |source| Error::System { doing: "the event cannot be read", source };
    let text = match file {
        None => return Ok(serde_json::json!({})),
        Some(file) if file == Path::new("-") => std::io::read_to_string(std::io::stdin()),
        Some(file) => std::fs::read_to_string(file),
    };
    serde_json::from_str(&text.map_err(unreadable)?).map_err(|error| unreadable(error.into()))
}
