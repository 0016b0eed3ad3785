//! The web role: the app's pages and server functions, and what is plain axum around them.

mod assets;
mod client_ip;
mod csrf;
mod events;
mod export;
mod headers;
mod health;
mod listener;
mod pages;
mod redirects;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use engine::stream::Hub;
use engine::{Clock, Engine};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use assets::Assets;
pub use events::Streams;

use crate::clock;
use crate::settings::Settings;

/// The largest request.
const LARGEST_BODY: usize = 1024 * 1024;
/// The longest that a request is worked on; streams are no such requests.
const LONGEST: Duration = Duration::from_secs(30);

/// What the handlers share.
#[derive(Clone)]
pub struct Site {
    pub engine: Engine,
    pub settings: Arc<Settings>,
    pub assets: Arc<Assets>,
    pub hub: Hub,
    /// Who has how many streams open.
    pub streams: Streams,
    pub clock: Clock,
    /// Ends the streams.
    pub stop: CancellationToken,
}

/// Serves until `stop`.
pub(crate) async fn serve(engine: Engine, settings: &Settings, stop: CancellationToken) -> Result<()> {
    let clock = clock::system();
    let site = Site {
        hub: Hub::start(engine.clone(), clock.clone()),
        streams: Streams::default(),
        engine,
        settings: Arc::new(settings.clone()),
        assets: Arc::new(Assets::load(&settings.dist)?),
        clock,
        stop: stop.clone(),
    };
    listener::serve(settings.addr, router(&site), stop).await
}

/// Every route with everything around it.
pub fn router(site: &Site) -> Router {
    let quick = Router::new()
        .merge(redirects::routes())
        .with_state(site.clone())
        .merge(pages::routes(site))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST));
    let streams = Router::new()
        .route("/o/{slug}/events", get(events::stream))
        .route("/o/{slug}/history.csv", get(export::csv))
        .with_state(site.clone());
    let for_people = quick
        .merge(streams)
        .layer(from_fn(redirects::ask_to_sign_in))
        .layer(sessions::layer(site))
        .layer(from_fn(sessions::remember_client))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(from_fn_with_state(site.clone(), csrf::refuse_foreign));
    for_people
        .merge(assets::routes(site))
        .merge(health::routes(site))
        .layer(CatchPanicLayer::custom(headers::panicked))
        .layer(from_fn_with_state(site.clone(), client_ip::find))
        .layer(from_fn_with_state(site.clone(), headers::secure))
        .layer(from_fn(headers::log))
}
