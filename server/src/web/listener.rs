//! Accepts connections, with the bounds that `axum::serve` lacks: a time for a request's headers, and a number of
//! connections. One that is asked to stop finishes what is under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The longest that a client may take to send a request's headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(15);
/// Connections at once; each costs a few kilobytes, a live stream twenty.
const AT_ONCE: usize = 10_000;
/// After this, connections that are still open are dropped.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// Serves until `stop`.
pub(super) async fn serve(addr: SocketAddr, router: Router, stop: CancellationToken) -> Result<()> {
    let listener = TcpListener::bind(addr).await.with_context(|| {
        format!("{addr} cannot be had: is something else listening there? SYNCLINE_ADDR changes it")
    })?;
    tracing::info!(http.addr = %addr, "listening");
    let (open, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(AT_ONCE)));
    // HTTP/1 only: finding out the version has no time limit, so a client that says nothing would stay for ever. HTTP/2
    // is the proxy's business.
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    loop {
        let permit = room.clone().acquire_owned().await?;
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, most likely: others must close first.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Small events should not wait for more to send.
        stream.set_nodelay(true).ok();
        let service = router.clone().map_request(move |request: Request<Incoming>| from_peer(request, peer));
        let service = TowerToHyperService::new(service);
        let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
        let watched = open.watch(connection);
        tokio::spawn(async move {
            // A client that goes away is not our error.
            watched.await.ok();
            drop(permit);
        });
    }
    drop(listener);
    if timeout(FINISH_WITHIN, open.shutdown()).await.is_err() {
        tracing::warn!("some connections were still open and were dropped");
    }
    Ok(())
}

fn from_peer(request: Request<Incoming>, peer: SocketAddr) -> Request {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}
