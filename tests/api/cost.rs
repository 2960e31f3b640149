//! How many requests and rounds of the table a call takes.
