//! Whether the judges see what they are there for: the code is made wrong on purpose, one fault at a time, in a copy of the
//! repository, and runs are made with it until its promise is seen broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;

use crate::Mishap;
use crate::case::Case;
use crate::check::{self, Promise};
use crate::run::{self, Settings};
use crate::script;

/// The repository.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The list.
const LIST: &str = include_str!("../mutations.yaml");
/// Seeds until a mutation counts as one that nobody sees.
const SEEDS: u64 = 25;
/// Requests of each.
const OPERATIONS: usize = 700;

/// A fault put into the code.
#[derive(Clone, Debug, Deserialize)]
pub struct Mutation {
    /// What is wrong then.
    pub name: String,
    /// Which promise is broken by it.
    pub breaks: Promise,
    /// In which functions.
    pub functions: Vec<String>,
    /// How it is made.
    pub edits: Vec<Edit>,
}

/// A text in a file, and what stands in its place.
#[derive(Clone, Debug, Deserialize)]
pub struct Edit {
    /// From the root of the repository.
    pub file: String,
    /// Stands there once.
    pub old: String,
    /// Stands there then.
    pub new: String,
}

/// What became of a mutation.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The mutation.
    pub mutation: Mutation,
    /// The promises that were seen broken.
    pub seen: BTreeSet<Promise>,
    /// The seed by which its own was, if it was.
    pub caught_by: Option<u64>,
}

/// All mutations of the list, or those whose name holds a word.
pub fn listed(word: Option<&str>) -> Result<Vec<Mutation>, Mishap> {
    let all: Vec<Mutation> = serde_norway::from_str(LIST)?;
    let named: Vec<Mutation> = all.into_iter().filter(|one| word.is_none_or(|word| one.name.contains(word))).collect();
    match (named.is_empty(), word) {
        (true, Some(word)) => Err(format!("no mutation's name holds `{word}`").into()),
        _ => Ok(named),
    }
}

/// A copy of the repository with a target directory of its own.
#[derive(Debug)]
pub struct Laboratory {
    /// Where the functions are as they are.
    sound: PathBuf,
    tree: PathBuf,
    target: PathBuf,
    /// Where the functions of a run are: mutated ones, and the others.
    mixed: PathBuf,
}

impl Laboratory {
    /// Copies the repository as it is now. The functions as they are must have been built of it.
    pub fn new(sound: PathBuf) -> Result<Self, Mishap> {
        let folder = Path::new(REPOSITORY).join("target/mutants");
        let [tree, target, mixed] = ["tree", "target", "mixed"].map(|name| folder.join(name));
        let laboratory = Self { sound: fs::canonicalize(sound)?, tree, target, mixed };
        for file in tracked()? {
            let text = fs::read(Path::new(REPOSITORY).join(&file));
            if let Ok(text) = text {
                laboratory.write(&file, &text)?;
            }
        }
        Ok(laboratory)
    }

    /// Writes a file of the copy, unless it says the same already: what is not touched is not built again.
    fn write(&self, file: &str, text: &[u8]) -> Result<(), Mishap> {
        let path = self.tree.join(file);
        if fs::read(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, text)?)
    }

    /// The files that a mutation touches, as they are in the copy.
    fn originals(&self, mutation: &Mutation) -> Result<BTreeMap<String, Vec<u8>>, Mishap> {
        let read = |edit: &Edit| Ok((edit.file.clone(), fs::read(self.tree.join(&edit.file))?));
        mutation.edits.iter().map(read).collect()
    }

    fn apply(&self, mutation: &Mutation) -> Result<(), Mishap> {
        for edit in &mutation.edits {
            let text = fs::read_to_string(self.tree.join(&edit.file))?;
            match text.matches(&edit.old).count() {
                1 => self.write(&edit.file, text.replace(&edit.old, &edit.new).as_bytes())?,
                count => {
                    let Mutation { name, .. } = mutation;
                    return Err(format!("`{name}`: its text stands {count} times in {}", edit.file).into());
                }
            }
        }
        Ok(())
    }

    fn build(&self, mutation: &Mutation) -> Result<(), Mishap> {
        let functions = mutation.functions.iter().flat_map(|function| ["--bin", function]);
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--package", "rollcall"]).args(functions).current_dir(&self.tree);
        // Without what a debugger needs it is built sooner.
        cargo.env("CARGO_TARGET_DIR", &self.target).env("CARGO_PROFILE_DEV_DEBUG", "none");
        let built = cargo.output()?; // its warnings are to be expected
        let told = || format!("it does not compile:\n{}", String::from_utf8_lossy(&built.stderr));
        if built.status.success() { Ok(()) } else { Err(told().into()) }
    }

    /// Puts the mutated functions among the others.
    fn mix(&self, mutation: &Mutation) -> Result<(), Mishap> {
        if self.mixed.exists() {
            fs::remove_dir_all(&self.mixed)?;
        }
        fs::create_dir_all(&self.mixed)?;
        for entry in fs::read_dir(&self.sound)? {
            let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
            let is_mutated = mutation.functions.iter().any(|function| name == function.as_str());
            if path.is_file() && path.extension().is_none() {
                let from = if is_mutated { self.target.join("debug").join(&name) } else { path };
                std::os::unix::fs::symlink(from, self.mixed.join(&name))?;
            }
        }
        Ok(())
    }

    /// Makes a mutation, and runs until its promise is seen broken or patience ends.
    pub async fn examine(&self, mutation: &Mutation) -> Result<Verdict, Mishap> {
        let (begun, originals) = (Instant::now(), self.originals(mutation)?);
        let made = self.apply(mutation).and_then(|()| self.build(mutation)).and_then(|()| self.mix(mutation));
        let built = begun.elapsed();
        let verdict = match made {
            Ok(()) => self.observe(mutation).await,
            Err(mishap) => Err(mishap),
        };
        for (file, text) in originals {
            self.write(&file, &text)?;
        }
        let verdict = verdict?;
        eprintln!(
            "`{}`: built in {:.0} s, seen in {:.0} s: {:?}",
            mutation.name,
            built.as_secs_f64(),
            (begun.elapsed() - built).as_secs_f64(),
            verdict.seen
        );
        Ok(verdict)
    }

    async fn observe(&self, mutation: &Mutation) -> Result<Verdict, Mishap> {
        let settings = Settings { bin_dir: Some(self.mixed.clone()), faults: true };
        let mut verdict = Verdict { mutation: mutation.clone(), seen: BTreeSet::new(), caught_by: None };
        for seed in 1..=SEEDS {
            let run = run::perform(&script::invent(seed, OPERATIONS, 16), &settings).await?;
            let violations = check::judged(&Case::of(&run.history, &run.ending));
            for violation in &violations {
                if verdict.seen.insert(violation.promise) {
                    eprintln!("  {violation}");
                }
            }
            if verdict.seen.contains(&mutation.breaks) {
                verdict.caught_by = Some(seed);
                break;
            }
        }
        Ok(verdict)
    }
}

/// The files of the repository that git knows, changed or not.
fn tracked() -> Result<Vec<String>, Mishap> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(REPOSITORY).output()?;
    let listed = String::from_utf8(listed.stdout)?;
    Ok(listed.split('\0').filter(|file| !file.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promise_has_a_mutation_and_every_mutation_still_fits_the_code() {
        let all = listed(None).unwrap();
        for (promise, _) in check::JUDGES {
            assert!(all.iter().any(|one| one.breaks == promise), "{promise:?}");
        }
        for edit in all.iter().flat_map(|one| &one.edits) {
            let text = fs::read_to_string(Path::new(REPOSITORY).join(&edit.file)).unwrap();
            assert_eq!(text.matches(&edit.old).count(), 1, "{}: {}", edit.file, edit.old);
        }
    }
}
