//! Who asks for what, in which order: invented by a seed, written down, repeated, shortened.

mod invent;
mod operation;
mod plot;

use serde::{Deserialize, Serialize};

pub use invent::{invent, invited_address};
pub use operation::{Dialect, Operation};

/// The people of each app, from the start.
pub const PEOPLE: [&str; 10] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"];

/// One of the two tenants, who have people and rooms of the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum App {
    /// With webhooks.
    Alpha,
    /// Without.
    Beta,
}

impl App {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Alpha, Self::Beta];

    /// Its id, which is in each nickname and text of its own, so that what crosses over is seen.
    pub fn id(self) -> &'static str {
        match self {
            Self::Alpha => "Alpha",
            Self::Beta => "Beta",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Alpha => Self::Beta,
            Self::Beta => Self::Alpha,
        }
    }
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sending {
    /// Once.
    Once,
    /// Under an idempotency key, and again under it after each answer, so often.
    Again(u8),
    /// Under an idempotency key, so often at the same moment, and once more afterwards.
    AtOnce(u8),
    /// As a question what it would do.
    Dry,
}

/// One request of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its number in the script that it was first in.
    pub number: u32,
    /// Whose tenant.
    pub app: App,
    /// The client who asks; the platform without one.
    pub actor: Option<String>,
    /// For what.
    pub operation: Operation,
    /// How.
    pub sending: Sending,
}

/// Everything that is asked in one run, and how many clients take turns in asking it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// What everything follows from, the faults too.
    pub seed: u64,
    /// How many requests are under way at once.
    pub clients: usize,
    /// In this order.
    pub steps: Vec<Step>,
}
