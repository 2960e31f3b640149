//! What the functions print, and what the stack has to say of them.

use std::sync::{Mutex, PoisonError};

/// Where lines go, each with its function's name in front.
#[derive(Debug)]
pub(crate) enum Logs {
    /// Kept in memory, for tests.
    Kept(Mutex<Vec<String>>),
    /// Passed on to standard error, for a terminal.
    Printed,
}

impl Logs {
    pub(crate) fn line(&self, function: &str, text: &str) {
        let line = format!("{function} | {text}");
        match self {
            Self::Kept(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).push(line),
            Self::Printed => eprintln!("{line}"),
        }
    }

    pub(crate) fn kept(&self) -> Vec<String> {
        match self {
            Self::Kept(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Printed => Vec::new(),
        }
    }
}
