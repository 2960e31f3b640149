//! How a stack is to be, and its start: the template, the table, the three servers, on a thread of their own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

use crate::background::Background;
use crate::desk::Desk;
use crate::engine::{Data, Engine};
use crate::error::Error;
use crate::faults::Faults;
use crate::feed::Feeds;
use crate::gateway::{self, Gateway};
use crate::journal::Journal;
use crate::logs::Logs;
use crate::outbox::Outbox;
use crate::pool::{Pool, Settings};
use crate::proxy::{self, Proxy};
use crate::services::{self, Services};
use crate::sockets::Sockets;
use crate::stack::Stack;
use crate::template::Template;
use crate::{http, runtime as runtime_api};

/// The template of this repository.
pub(crate) const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");

/// How a stack is to be.
#[derive(Debug, Clone)]
pub struct Builder {
    template: PathBuf,
    parameters: BTreeMap<String, String>,
    bin_dir: Option<PathBuf>,
    data: Data,
    engine_url: Option<String>,
    engine_address: SocketAddr,
    port: u16,
    outbox: Option<PathBuf>,
    count_rounds: bool,
    print_logs: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            template: PathBuf::from(TEMPLATE),
            parameters: BTreeMap::new(),
            bin_dir: None,
            data: Data::Memory,
            engine_url: None,
            engine_address: here(0),
            port: 0,
            outbox: None,
            count_rounds: false,
            print_logs: false,
        }
    }
}

impl Builder {
    /// Another template than this repository's.
    pub fn template(mut self, path: impl Into<PathBuf>) -> Self {
        self.template = path.into();
        self
    }

    /// Another value of one of the template's parameters than its default, or than the one that the stack sets by itself:
    /// `WebhookKey`, `WebhookLoopback`, `MailSender`, `EventBus`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Where the functions' binaries are. Without it: where cargo puts them, beside this program's own.
    pub fn bin_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.bin_dir = Some(path.into());
        self
    }

    /// Where the items are kept.
    pub fn data(mut self, data: Data) -> Self {
        self.data = data;
        self
    }

    /// A database that runs already, instead of the embedded one. Plain `http`.
    pub fn engine_url(mut self, url: impl Into<String>) -> Self {
        self.engine_url = Some(url.into());
        self
    }

    /// Where the embedded database listens, for those who reach it from outside the stack; port 0 is any that is free.
    pub fn engine_address(mut self, address: SocketAddr) -> Self {
        self.engine_address = address;
        self
    }

    /// The port of the HTTP API; 0 is any that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// A folder into which each mail that a function sends is written as a file.
    pub fn outbox(mut self, folder: impl Into<PathBuf>) -> Self {
        self.outbox = Some(folder.into());
        self
    }

    /// Holds requests to the table to count how many rounds an invocation takes; slow.
    pub fn count_rounds(mut self, count: bool) -> Self {
        self.count_rounds = count;
        self
    }

    /// Prints the functions' lines on standard error, instead of keeping them.
    pub fn print_logs(mut self, print: bool) -> Self {
        self.print_logs = print;
        self
    }

    /// Starts the stack. Functions are started when they are first asked.
    ///
    /// # Errors
    /// What of the template, the database or the machine stood in the way.
    pub async fn start(self) -> Result<Stack, Error> {
        let (started, start) = oneshot::channel();
        let (ending, end) = oneshot::channel::<()>();
        // A thread of its own: a test may block its runtime, or use the stack from several, one after the other.
        let thread = std::thread::Builder::new().name("stack".to_owned());
        let thread = thread.spawn(move || self.run(started, end)).map_err(Error::system("a thread for the stack"))?;
        let mut stack =
            start.await.unwrap_or_else(|_| Err(Error::Engine("the stack's thread has ended".to_owned())))?;
        stack.ending = Some(ending);
        stack.thread = Some(thread);
        Ok(stack)
    }

    fn run(self, started: oneshot::Sender<Result<Stack, Error>>, end: oneshot::Receiver<()>) {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime.map_err(Error::system("a runtime for the stack")) {
            Ok(runtime) => runtime,
            Err(error) => return drop(started.send(Err(error))),
        };
        runtime.block_on(async {
            let stack = self.set_up().await;
            let parts = stack
                .as_ref()
                .ok()
                .map(|stack| (Arc::clone(&stack.pool), Arc::clone(&stack.feeds), Arc::clone(&stack.background)));
            if started.send(stack).is_ok() {
                let _ = end.await;
            }
            if let Some((pool, feeds, background)) = parts {
                feeds.stop();
                background.stop();
                pool.stop().await;
            }
        });
    }

    async fn set_up(self) -> Result<Stack, Error> {
        let template = self.read_template()?;
        let ports = Ports::open(self.port).await?;
        let engine = match &self.engine_url {
            Some(url) => Engine::at(url.clone()),
            None => Engine::embedded(&self.data, listen(self.engine_address).await?)?,
        };
        engine.create(&template.table).await?;
        let (engine, faults, pool) = (Arc::new(engine), Faults::default(), Arc::new(self.pool(&template, &ports)?));
        let feeds = Arc::new(Feeds::start(&template, &engine, &pool, &faults).await?);
        let background = Arc::new(Background::new(Arc::clone(&pool)));
        let url = url_of(&ports.public)?;
        let sockets = template
            .sockets
            .clone()
            .map(|api| Arc::new(Sockets::new(api, Arc::clone(&pool), Arc::clone(&background), &url)));
        let stack = Stack {
            url,
            stage: stage(&template).to_owned(),
            table: template.table.name.clone(),
            engine_url: engine.url.clone(),
            faults,
            pool,
            feeds,
            background,
            outbox: Arc::new(Outbox::new(self.outbox)),
            sockets,
            runtime: Handle::current(),
            ending: None,
            thread: None,
        };
        ports.serve(&stack, &template, engine, self.count_rounds);
        Ok(stack)
    }

    fn read_template(&self) -> Result<Template, Error> {
        let text = std::fs::read_to_string(&self.template);
        let text = text.map_err(|error| Error::Template(format!("`{}`: {error}", self.template.display())))?;
        Template::parse(&text, &self.parameters)
    }

    fn pool(&self, template: &Template, ports: &Ports) -> Result<Pool, Error> {
        let settings = Settings {
            bin_dir: self.bin_dir.clone().map_or_else(beside_this_program, Ok)?,
            runtime_url: url_of(&ports.runtime_api)?,
            endpoints: services::endpoints(&url_of(&ports.database)?, stage(template)),
            count_rounds: self.count_rounds,
        };
        let logs = if self.print_logs { Logs::Printed } else { Logs::Kept(Default::default()) };
        for function in &template.functions {
            for kind in &function.unfed {
                logs.line(&function.binary, &format!("gets no `{kind}` events here: invoke it by hand"));
            }
        }
        Ok(Pool::new(&template.functions, settings, Arc::new(logs), Arc::new(Journal::default())))
    }
}

/// Where the three servers listen.
struct Ports {
    public: TcpListener,
    runtime_api: TcpListener,
    /// The table's, and the other services'.
    database: TcpListener,
}

impl Ports {
    async fn open(public: u16) -> Result<Self, Error> {
        let public = listen(here(public)).await?;
        Ok(Self { public, runtime_api: listen(here(0)).await?, database: listen(here(0)).await? })
    }

    fn serve(self, stack: &Stack, template: &Template, engine: Arc<Engine>, count_rounds: bool) {
        let pool = Arc::clone(&stack.pool);
        let desk = Desk::new(Arc::clone(&stack.outbox), &stack.stage);
        let gateway = Gateway::new(template, Arc::clone(&pool), desk, stack.sockets.clone(), &stack.url);
        let services = Services {
            pool: Arc::clone(&pool),
            background: Arc::clone(&stack.background),
            faults: stack.faults.clone(),
            outbox: Arc::clone(&stack.outbox),
            sockets: stack.sockets.clone(),
        };
        let proxy = Proxy {
            engine,
            pool: Arc::clone(&pool),
            services,
            faults: stack.faults.clone(),
            feeds: Arc::clone(&stack.feeds),
            table: template.table.clone(),
            past: Default::default(),
            count_rounds,
        };
        let (gateway, proxy) = (Arc::new(gateway), Arc::new(proxy));
        tokio::spawn(http::serve(self.public, gateway::LIMIT, move |request| Arc::clone(&gateway).handle(request)));
        tokio::spawn(http::serve(self.database, proxy::LIMIT, move |request| Arc::clone(&proxy).handle(request)));
        tokio::spawn(http::serve(self.runtime_api, runtime_api::LIMIT, move |request| {
            runtime_api::handle(Arc::clone(&pool), request)
        }));
    }
}

/// The stage of the WebSocket API.
fn stage(template: &Template) -> &str {
    template.sockets.as_ref().map_or("live", |api| &api.stage)
}

/// A port that only this machine reaches.
fn here(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(Error::listening(address))
}

fn url_of(listener: &TcpListener) -> Result<String, Error> {
    let address = listener.local_addr().map_err(Error::system("an address to listen on"))?;
    Ok(format!("http://{address}"))
}

/// `target/debug`, for a program in it and for a test in `target/debug/deps`.
fn beside_this_program() -> Result<PathBuf, Error> {
    let program = std::env::current_exe().map_err(Error::system("where this program is"))?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_owned())
}
