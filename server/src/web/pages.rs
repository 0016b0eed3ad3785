//! The app: its pages, its server functions, and its page for what is not there.

use std::fmt::Display;

use app::{App, shell};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::config::LeptosOptions;
use leptos::context::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};
use uuid::Uuid;

use super::Site;

/// The app's routes with the engine in every request's context.
pub(super) fn routes(site: &Site) -> Router {
    let assets = site.assets.for_shell().clone();
    let options = LeptosOptions::builder().output_name("app").build();
    let engine = site.engine.clone();
    let for_context = assets.clone();
    let context = move || {
        provide_context(engine.clone());
        provide_context(for_context.clone());
    };
    let document = move || shell(assets.clone());
    let missing = {
        let (context, document) = (context.clone(), document.clone());
        move |request: Request| not_found(request, context.clone(), document.clone())
    };
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, document)
        .fallback(missing)
        .with_state(options)
}

/// The app's own page where somebody looks, a plain answer for everything else.
async fn not_found<IV: leptos::IntoView + 'static>(
    request: Request,
    context: impl Fn() + Clone + Send + Sync + 'static,
    document: impl Fn() -> IV + Clone + Send + Sync + 'static,
) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if *request.method() != Method::GET || !accept.contains("text/html") {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    }
    let mut response: Response<Body> = render_app_async_with_context(context, document)(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Something failed that the person can do nothing about; the reference leads to its line in the log.
pub(super) fn unexpected(error: &dyn Display) -> Response {
    let reference = Uuid::new_v4();
    tracing::error!(%reference, %error, "a request failed");
    let sorry = format!("Something went wrong on our side. Try again; if it stays so, quote {reference}.\n");
    (StatusCode::INTERNAL_SERVER_ERROR, sorry).into_response()
}
