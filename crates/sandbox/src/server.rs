//! The sandbox as a server: what it is made of, how it starts and stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::{self, Clock};
use crate::registry::Registry;
use crate::{acumatica, control, pages, shopify};

/// No vendor's documented request is larger; Acumatica's own advice is to split long orders.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// How to run the sandbox as a process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// What the control API and the pages' front door ask for.
    pub token: String,
    /// The directory that keeps the accounts; `None` forgets them at the end.
    pub state: Option<PathBuf>,
}

/// A sandbox; a clone is another handle to the same one.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

/// What all handlers share.
pub struct Inner {
    /// The accounts.
    pub registry: Registry,
    /// What the control API asks for.
    pub token: String,
    /// The time.
    pub clock: Clock,
    /// Who looks at the pages.
    pub visits: pages::Visits,
}

/// What axum hands to every handler.
pub type Shared = Arc<Inner>;

/// A sandbox that listens; when this is dropped it stops listening and closes every connection that is idle.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Listens and answers until `shutdown` is done. Every change is on disk before it is answered, so nothing is left to save at the end.
///
/// # Errors
/// When the address cannot be had, or the state cannot be read.
pub async fn serve(config: Config, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let sandbox = Sandbox::open(config.state, &config.token)?;
    let listener = TcpListener::bind(config.addr).await?;
    axum::serve(listener, sandbox.router()).with_graceful_shutdown(shutdown).await
}

impl Sandbox {
    /// Opens a sandbox with the accounts that the directory holds, if one is given.
    ///
    /// # Errors
    /// When the directory or one of its files cannot be read or written.
    pub fn open(state: Option<PathBuf>, token: &str) -> io::Result<Self> {
        Self::with_clock(state, token, clock::system())
    }

    /// Like [`Sandbox::open`], with a clock of the caller's. Waits use tokio's timers, which a test can pause.
    ///
    /// # Errors
    /// As [`Sandbox::open`].
    pub fn with_clock(state: Option<PathBuf>, token: &str, clock: Clock) -> io::Result<Self> {
        let registry = Registry::open(state, clock.clone())?;
        Ok(Self {
            inner: Arc::new(Inner { registry, token: token.to_owned(), clock, visits: pages::Visits::default() }),
        })
    }

    /// All routes.
    pub fn router(&self) -> Router {
        let routes =
            shopify::routes().merge(acumatica::routes()).merge(control::routes(&self.inner)).merge(pages::routes());
        routes
            // Whoever starts the sandbox asks here whether it is up.
            .route("/healthz", axum::routing::get(|| async { "ok" }))
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .layer(from_fn_with_state(self.inner.clone(), with_date))
            .with_state(self.inner.clone())
    }

    /// Listens on an address (port 0 for any free one) and answers in the background.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn start(&self, addr: SocketAddr) -> io::Result<Running> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let router = self.router();
        let task = tokio::spawn(async move {
            let server = axum::serve(listener, router).with_graceful_shutdown(async { drop(stopped.await) });
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox stopped listening");
            }
        });
        Ok(Running { addr, stop, task })
    }
}

/// Every answer says when it was given, by the sandbox's own clock: clients measure the difference to theirs.
async fn with_date(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = (shared.clock)().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

impl Running {
    /// Stops listening; when it returns, what was under way has been answered and the address is free.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the sandbox ended badly");
        }
    }
}
