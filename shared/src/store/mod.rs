//! The one table: the SDK, keys, expressions, transactions, retries. It decides nothing and renders nothing.

mod account;
mod act;
mod again;
mod apps;
mod audience;
mod blocks;
mod budgets;
mod claims;
mod crowd;
mod deletion;
mod deliveries;
mod directory;
mod due;
mod element;
mod erasure;
mod history;
mod item;
mod key;
mod latest;
mod links;
mod mine;
mod once;
mod pending;
mod people;
mod profile;
mod read;
mod reading;
mod relay;
mod scene;
mod sockets;
mod trace;
mod visit;
mod visitor;
mod webhooks;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config};
use aws_sdk_dynamodb::types::ConsumedCapacity;
use aws_smithy_http_client::{Builder, tls};

use crate::address::Region;
use crate::budget::Budgets;
use crate::error::Error;
use crate::id::AppId;
use crate::once::Asked;
use crate::time::Deadline;
use once::Try;

pub use act::Done;
pub use crowd::Crowd;
pub use deliveries::{Parcel, Waiting};
pub use directory::{Listed, Wanted};
pub use due::Swept;
pub use erasure::Erasure;
pub use history::{Bounds, Order};
pub(crate) use key::place_of;
pub use mine::{Mine, Quitted};
pub use pending::TeamInvitations;
pub use people::{Upsert, Upserted};
pub use relay::Relayed;
pub use scene::{Scenes, Story};
pub use trace::{Mark, Trace};
pub use visit::{Sought, Team, View, Visit};
pub use visitor::Visitor;

/// How long one request goes on trying lost races before its answer is `BUSY`. What it has begun by then, a read and a
/// write of at most three attempts each, still ends within the functions' time-out.
const PATIENCE: Duration = Duration::from_secs(14);

/// The index of what waits to be told.
const WAITING: &str = "GSI3";

/// The index of clients, their rooms and their tokens.
const INDEX: &str = "GSI1";

/// A handle on the table. Clones share it.
#[derive(Clone)]
pub struct Store {
    dynamo: Dynamo,
    /// For transactions: sent once. The last answer of several would not tell how the first ended.
    writer: Dynamo,
    table: String,
    meter: Arc<Mutex<Meter>>,
    regions: Arc<Mutex<BTreeMap<AppId, Region>>>,
    deadline: Deadline,
    once: Option<Try>,
    step: String,
    budgets: Budgets,
    is_dry: bool,
}

/// What one request has cost so far, and whose it is.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// The proven tenant.
    pub app: Option<AppId>,
    /// Requests to DynamoDB.
    pub requests: u32,
    /// Read and write units together, as DynamoDB reports them.
    pub capacity: f64,
}

impl Store {
    /// Opens the table by the region and the credentials that Lambda sets in the environment; `endpoint` is a URL in place
    /// of the region's own.
    pub async fn connect(table: String, endpoint: Option<String>, budgets: Budgets) -> Self {
        let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(2))
            .build();
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(EnvironmentVariableRegionProvider::new().region().await)
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .http_client(Builder::new().tls_provider(tls).build_https())
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts);
        config.set_endpoint_url(endpoint);
        let writer = Dynamo::from_conf(config.clone().retry_config(RetryConfig::disabled()).build());
        let (meter, regions, deadline) = (Arc::default(), Arc::default(), Deadline::after(PATIENCE));
        Self {
            dynamo: Dynamo::from_conf(config.build()),
            writer,
            table,
            meter,
            regions,
            deadline,
            once: None,
            step: String::new(),
            budgets,
            is_dry: false,
        }
    }

    /// Opens the connections that the first request will need, while start-up is unthrottled: a handshake costs more than
    /// a whole call. A failure is left to that request to report.
    pub async fn warm_up(&self) {
        let _ = tokio::join!(self.knock(), self.knock());
    }

    /// A handle for one request, whose patience begins now.
    pub fn begin(&self) -> Self {
        Self { deadline: Deadline::after(PATIENCE), once: None, ..self.clone() }
    }

    /// The same for a request that may come with a key, under which its answer is kept (D42).
    pub fn begin_once(&self, asked: Option<Asked>) -> Self {
        Self { once: asked.map(Try::of), ..self.begin() }
    }

    /// The same for a request that wants the reply without the act: what it decides is shown and never written.
    pub fn begin_dry(&self) -> Self {
        Self { is_dry: true, ..self.begin() }
    }

    /// Whether nothing is to be written.
    pub fn is_dry(&self) -> bool {
        self.is_dry
    }

    /// Refuses a dry run of what cannot be shown without being done.
    pub fn in_earnest(&self) -> Result<(), Error> {
        match self.is_dry {
            true => Err(Error::invalid("dryRun", "is for what changes a room: this call has no dry run")),
            false => Ok(()),
        }
    }

    /// The region of an app as far as this instance has seen it: a guess, so that the numbers of an app can be looked up
    /// before the app itself is read.
    fn guessed_region(&self, app: &AppId) -> Region {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner).get(app).copied().unwrap_or_default()
    }

    fn remember_region(&self, app: &AppId, region: Region) {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner).insert(app.clone(), region);
    }

    /// Whether there is time to begin something more in this request.
    pub fn has_patience(&self) -> bool {
        self.deadline.allows(Duration::ZERO)
    }

    /// The account of the request that is being handled, cleared for the next one.
    pub fn take_meter(&self) -> Meter {
        std::mem::take(&mut *self.meter.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn spent<'a>(&self, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let units: f64 = capacity.into_iter().filter_map(ConsumedCapacity::capacity_units).sum();
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.requests += 1;
        meter.capacity += units;
    }

    fn belongs_to(&self, app: &AppId) {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).app = Some(app.clone());
    }
}

/// A random pause before the next try: longer on average the more tries there were, so that rivals spread out.
fn pause(tries: u32) -> Duration {
    let longest = (10u64 << tries.min(5)).min(250);
    let random = u64::from_str_radix(&crate::id::random_hex::<4>(), 16).unwrap_or(0);
    Duration::from_millis(random % longest + 1)
}
