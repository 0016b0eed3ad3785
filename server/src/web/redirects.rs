//! Addresses without an organisation lead to the one used last, and whoever is signed out to the sign-in.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tower_sessions::Session;
use url::form_urlencoded;

use super::{Site, sessions};

/// The screens of an organisation that may be asked for without it.
const SCREENS: [&str; 7] = ["/overview", "/syncs", "/history", "/schedules", "/connections", "/activity", "/settings"];

pub(super) fn routes() -> Router<Site> {
    SCREENS.iter().fold(Router::new().route("/", get(lead)), |routes, screen| routes.route(screen, get(lead)))
}

/// To the same screen of the organisation used last, with the query.
async fn lead(State(site): State<Site>, session: Session, uri: Uri) -> Response {
    let Some(user) = sessions::signed_in(&session).await else { return sign_in(&uri) };
    match engine::accounts::last_organisation(&site.engine, user).await {
        Ok(Some(slug)) => Redirect::to(&inside(&slug, &uri)).into_response(),
        Ok(None) => Redirect::to("/signin").into_response(),
        Err(error) => super::pages::unexpected(&error),
    }
}

/// Sends whoever asks for a page of an organisation without being signed in to the sign-in, and back afterwards.
pub(super) async fn ask_to_sign_in(session: Session, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    let is_page = path.starts_with("/o/") && !path.ends_with("/events");
    if reads && is_page && sessions::signed_in(&session).await.is_none() {
        return sign_in(request.uri());
    }
    next.run(request).await
}

fn sign_in(uri: &Uri) -> Response {
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    // `//elsewhere` would be another site.
    if wanted == "/" || !wanted.starts_with('/') || wanted.starts_with("//") || wanted.contains('\\') {
        return Redirect::to("/signin").into_response();
    }
    let next: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    Redirect::to(&format!("/signin?next={next}")).into_response()
}

fn inside(slug: &str, uri: &Uri) -> String {
    let screen = match uri.path() {
        "/" | "/overview" => "",
        path => path,
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/o/{slug}{screen}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_goes_along() {
        let inside = |uri: &str| inside("acme", &uri.parse().unwrap());
        assert_eq!(inside("/history?status=failed"), "/o/acme/history?status=failed");
        assert_eq!(inside("/"), "/o/acme");
        assert_eq!(inside("/overview"), "/o/acme");
    }
}
