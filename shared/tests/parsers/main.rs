//! What comes from outside, as nobody would send it: everything that reads it must neither panic nor take what has no place in a
//! key, a token or a reply. `PROPTEST_CASES` raises the number of cases that each test tries.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod given;

mod addresses;
mod bodies;
mod credentials;
mod ids;
mod queries;
mod repeats;
mod requests;
mod sockets;
mod streams;
mod times;
mod urls;
