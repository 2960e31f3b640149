//! The world outside the table: other services of AWS, and the receivers of webhooks.

mod aws;
mod hands;
mod post;
mod public;

use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;

pub use aws::Aws;
pub use hands::Hands;
pub use post::{Letter, Post};
pub use public::{is_loopback, is_public};

/// A body that is sent.
type Body = Full<std::io::Cursor<Vec<u8>>>;

/// A client that finds addresses by `R`.
type HttpClient<R> = Client<HttpsConnector<HttpConnector<R>>, Body>;

/// Opens nothing yet.
macro_rules! client {
    ($tcp:expr) => {{
        let mut tcp = $tcp;
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1();
        Client::builder(TokioExecutor::new()).build(tls.wrap_connector(tcp))
    }};
}
use client;

fn body(bytes: impl Into<Vec<u8>>) -> Body {
    Full::new(std::io::Cursor::new(bytes.into()))
}
