//! Many callers at once, and a table that fails.
