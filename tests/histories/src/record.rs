//! A failing run, written down: the script that can be run again, and what was asked and answered when it failed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::history::Done;
use crate::script::Script;
use crate::shrink::Breaking;
use crate::stage::Mishap;

/// What is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// What was wrong, each as a sentence.
    pub violations: Vec<String>,
    /// What can be run again.
    pub script: Script,
    /// What was asked and answered.
    pub history: Vec<Done>,
}

impl Record {
    /// The record of a run.
    pub fn of(breaking: Breaking) -> Self {
        let violations = breaking.violations.iter().map(ToString::to_string).collect();
        Self { violations, script: breaking.script, history: breaking.run.history.done }
    }

    /// Writes it, with the folder that it is in.
    pub fn write(&self, file: &Path) -> Result<(), Mishap> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(file, serde_json::to_string_pretty(self)?)?)
    }

    /// Reads one.
    pub fn read(file: &Path) -> Result<Self, Mishap> {
        Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
    }
}
