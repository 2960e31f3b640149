//! What can keep the stack from starting or its stream from being handled, and what a direct invocation can come back with.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the stack did not start, or is not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template cannot be read, or asks for something that one machine does not have.
    #[error("template.yaml: {0}")]
    Template(String),
    /// The engine did not start, or refused the table.
    #[error("the database: {0}")]
    Engine(String),
    /// The port of the HTTP API or of the database is taken.
    #[error("port {port} is in use: end what listens there, or choose another with --port or --engine-address")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
    },
    /// No interface of this machine has the address.
    #[error("this machine does not have the address {address}")]
    NotOurs {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The binaries could not be built, or the folder is not there.
    #[error("no functions to run in `{}`: {reason}", folder.display())]
    Binaries {
        /// Where they were looked for.
        folder: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// The demo data was refused.
    #[error("demo data: {0}")]
    Demo(String),
    /// A function that is fed from the stream has not come to the stream's end.
    #[error("`{function}` has not handled all of the stream within {} seconds: {stuck}", within.as_secs())]
    Unsettled {
        /// The function's logical id.
        function: String,
        /// How long it had.
        within: std::time::Duration,
        /// What it works on, or last failed on.
        stuck: String,
    },
    /// An asynchronous invocation has not come to its end.
    #[error("`{function}` is still under way in the background after {} seconds: {stuck}", within.as_secs())]
    UnderWay {
        /// The function's logical id.
        function: String,
        /// How long it had.
        within: std::time::Duration,
        /// What it last failed on.
        stuck: String,
    },
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn system(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { doing, source }
    }

    /// An address that cannot be listened on.
    pub fn listening(address: SocketAddr) -> impl FnOnce(std::io::Error) -> Self {
        move |error| match error.kind() {
            std::io::ErrorKind::AddrInUse => Self::PortInUse { port: address.port() },
            std::io::ErrorKind::AddrNotAvailable => Self::NotOurs { address },
            _ => Self::System { doing: "an address to listen on", source: error },
        }
    }
}

/// A function's failure, as Lambda reports it to a direct invocation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    /// The function's own name for it, such as `AppExists`; or Lambda's: `Runtime.ExitError`, `Sandbox.Timedout`.
    pub error_type: String,
    /// What the function said.
    pub message: String,
}

impl FunctionError {
    pub(crate) fn new(error_type: &str, message: impl Into<String>) -> Self {
        Self { error_type: error_type.to_owned(), message: message.into() }
    }
}
