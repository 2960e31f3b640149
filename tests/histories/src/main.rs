//! `cargo run -p histories`: runs by seeds, one run by its seed, or one that was written down.

#![allow(clippy::disallowed_methods)] // how long a run took is told by the machine's own clock

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use histories::Mishap;
use histories::case::Case;
use histories::check;
use histories::mutation::{self, Laboratory, Verdict};
use histories::record::Record;
use histories::run::{self, Settings};
use histories::script::{self, Script};
use histories::shrink::{self, Breaking};

/// Where shrunk histories are written.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/histories");

/// Concurrent clients against the real functions while everything goes wrong, held against a sequential model.
#[derive(Parser)]
#[command(name = "histories")]
struct Cli {
    /// How many seeds, from 1 on.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..), conflicts_with_all = ["seed", "replay"])]
    seeds: u64,
    /// This seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Requests of each seed.
    #[arg(long, default_value_t = 2_000)]
    operations: usize,
    /// Clients at once.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Runs a script that an earlier run has written down, several times: a race is not lost every time.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Nothing goes wrong.
    #[arg(long)]
    no_faults: bool,
    /// How many runs to spend on making a failing script shorter.
    #[arg(long, default_value_t = 40)]
    shrink: usize,
    /// Makes the code wrong in each way of `mutations.yaml`, and says which of them the judges see.
    #[arg(long, conflicts_with_all = ["seed", "replay"])]
    mutations: bool,
    /// Only mutations whose name holds this word.
    #[arg(long, value_name = "WORD", requires = "mutations")]
    only: Option<String>,
    /// The functions' binaries; where cargo has put them without it.
    #[arg(long, value_name = "DIR")]
    bin_dir: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.mutations {
        return match examined(&cli).await {
            Ok(code) => code,
            Err(mishap) => {
                eprintln!("{mishap}");
                ExitCode::FAILURE
            }
        };
    }
    let settings = Settings { bin_dir: cli.bin_dir.clone(), faults: !cli.no_faults };
    let scripts: Vec<Script> = match (&cli.replay, cli.seed) {
        (Some(file), _) => match Record::read(file) {
            Ok(record) => vec![record.script; 5],
            Err(error) => {
                eprintln!("`{}`: {error}", file.display());
                return ExitCode::FAILURE;
            }
        },
        (None, Some(seed)) => vec![script::invent(seed, cli.operations, cli.clients)],
        (None, None) => (1..=cli.seeds).map(|seed| script::invent(seed, cli.operations, cli.clients)).collect(),
    };
    let (begun, count) = (Instant::now(), scripts.len());
    for script in scripts {
        match passes(&script, &settings).await {
            Ok(None) => {}
            Ok(Some(breaking)) => {
                keep(shrink::shrunk(breaking, &settings, cli.shrink).await);
                return ExitCode::FAILURE;
            }
            Err(mishap) => {
                eprintln!("seed {}: the run could not take place: {mishap}", script.seed);
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{count} runs, 0 violations, {:.0} s", begun.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

/// Makes every mutation and prints what became of it; a failure when one of them was not seen.
async fn examined(cli: &Cli) -> Result<ExitCode, Mishap> {
    let own = std::env::current_exe()?;
    let sound = cli.bin_dir.clone().or_else(|| own.parent().map(Path::to_owned)).unwrap_or_default();
    let (laboratory, mut survivors, mut table) = (Laboratory::new(sound)?, 0, String::new());
    for mutation in mutation::listed(cli.only.as_deref())? {
        let (told, is_caught) = match laboratory.examine(&mutation).await {
            Ok(Verdict { caught_by: Some(seed), .. }) => (format!("caught, seed {seed}"), true),
            Ok(Verdict { seen, .. }) => (format!("NOT caught; seen: {seen:?}"), false),
            Err(mishap) => (format!("NOT caught: {mishap}"), false),
        };
        survivors += usize::from(!is_caught);
        table.push_str(&format!("| {:?} | {} | {told} |\n", mutation.breaks, mutation.name));
    }
    print!("| promise | mutation | |\n| --- | --- | --- |\n{table}");
    Ok(if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Performs a script; what it breaks, if it breaks something.
async fn passes(script: &Script, settings: &Settings) -> Result<Option<Breaking>, Mishap> {
    let begun = Instant::now();
    let run = run::perform(script, settings).await?;
    let violations = check::judged(&Case::of(&run.history, &run.ending));
    println!("seed {}: {}, {} violations", script.seed, run.told(begun.elapsed()), violations.len());
    for violation in violations.iter().take(20) {
        println!("  {violation}");
    }
    let breaking = || Breaking { script: script.clone(), run, violations: violations.clone() };
    Ok((!violations.is_empty()).then(breaking))
}

fn keep(breaking: Breaking) {
    let file = Path::new(KEPT).join(format!("seed-{}.json", breaking.script.seed));
    println!("shrunk to {} requests:", breaking.script.steps.len());
    breaking.violations.iter().for_each(|violation| println!("  {violation}"));
    match Record::of(breaking).write(&file) {
        Ok(()) => println!("replay it: cargo run -p histories -- --replay {}", file.display()),
        Err(error) => eprintln!("`{}` cannot be written: {error}", file.display()),
    }
}
