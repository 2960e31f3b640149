//! The two published dialects: reply fields, envelopes and status tables. They know nothing of each other and decide nothing.

pub mod imkit;
pub mod talk;
