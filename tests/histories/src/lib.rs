//! Many clients at once do what chat clients do, while everything goes wrong that can; then what they were told and what is
//! stored is held against a sequential model, promise by promise.
//!
//! `script` invents who asks for what, by a seed. `stage` is the stack with its apps and people, `fire` what goes wrong on
//! it, `run` the performance, which leaves a `history`. `ending` reads what is stored afterwards. `case` puts the two
//! together: which answer explains which entry of a log, and in which order things can have happened. `check` has a judge
//! for each promise. `shrink` makes a history that breaks one as short as it can,
//! `mutation` makes the code wrong to see whether the judges see it.
#![allow(clippy::disallowed_methods, reason = "who watches from outside has a clock and an environment of its own")]

mod chance;

pub mod script;

mod fire;
mod lapsing;
mod receiver;
mod request;
mod stage;

pub mod ending;
pub mod history;
pub mod run;

pub mod case;
pub mod check;

pub mod mutation;
pub mod record;
pub mod shrink;

pub use stage::Mishap;
