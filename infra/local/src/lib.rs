//! The whole of Rollcall on one machine, from `template.yaml`: the table in an embedded DynamoDB, the routes as API Gateway
//! serves them, and the real, unmodified function binaries, spoken to as Lambda speaks to them.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let stack = local::Stack::builder().start().await?;
//! let app = serde_json::json!({ "app": "SampleApp" });
//! stack.invoke("create_app", app).await?;
//! println!("the API is at {}", stack.url());
//! stack.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! A request's way: `gateway` finds the route and makes the event, `pool` finds or starts an instance, `runtime` hands it
//! the event; what the function asks of the table goes through `proxy`, which knows who asks, to the `engine`; what it asks
//! of other services, to `services`. A WebSocket connection
//! begins in `handshake` and lives in `socket`. What no request wakes, `feed` does: from the table's `stream`, and by `schedule`.
#![allow(
    clippy::disallowed_methods,
    reason = "the stack plays the part of Lambda and of the machine: it has a clock and an environment of its own"
)]

mod builder;
mod stack;

mod cors;
mod event;
mod gateway;
mod instance;
mod pool;
mod route;
mod runtime;

mod handshake;
mod socket;
mod socket_api;
mod socket_event;
mod sockets;

mod engine;
mod faults;
mod journal;
mod past;
mod proxy;
mod rounds;
mod storm;

mod background;
mod bus;
mod desk;
mod inbox;
mod lambda;
mod mail;
mod management;
mod outbox;
mod services;

mod feed;
mod schedule;
mod stream;
mod tries;

mod intrinsic;
mod parameters;
mod pattern;
mod policy;
mod source;
mod template;

mod error;
mod http;
mod logs;

pub mod demo;

pub use builder::Builder;
pub use engine::Data;
pub use error::{Error, FunctionError};
pub use faults::{BatchFault, CallFault, Fault, Faults};
pub use journal::{Call, Invocation};
pub use stack::Stack;
pub use storm::{Rates, Storm};
