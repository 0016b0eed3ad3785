//! The session cookie, and who is signed in by it.

use std::sync::Arc;

use app::request::{ClientAddress, SESSION_USER};
use axum::extract::Request;
use axum::http::header::USER_AGENT;
use axum::middleware::Next;
use axum::response::Response;
use domain::UserId;
use engine::accounts::Client;
use engine::sessions::{LONGEST, PostgresSessions, with_client};
use tower_sessions::cookie::{SameSite, time::Duration};
use tower_sessions::session::Record;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use super::Site;

/// Browsers take a `__Host-` cookie only by https, from this very host, for all its paths.
const SECURE_NAME: &str = "__Host-syncline";
const PLAIN_NAME: &str = "syncline";

/// The middleware that loads and keeps sessions. The store ends a session earlier than the cookie's age when it is idle.
pub(super) fn layer(site: &Site) -> SessionManagerLayer<PostgresSessions> {
    let secure = site.settings.is_secure();
    SessionManagerLayer::new(store(site))
        .with_name(if secure { SECURE_NAME } else { PLAIN_NAME })
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::seconds(LONGEST.num_seconds())))
}

/// The store that the middleware uses.
pub(super) fn store(site: &Site) -> PostgresSessions {
    PostgresSessions::new(site.engine.clone(), Arc::clone(&site.clock))
}

/// Who is signed in; nobody, too, when the database does not answer.
pub(super) async fn signed_in(session: &Session) -> Option<UserId> {
    let user: Result<Option<String>, _> = session.get(SESSION_USER).await;
    match user {
        Ok(user) => user?.parse().ok(),
        Err(error) => {
            tracing::warn!(%error, "a session could not be read");
            None
        }
    }
}

/// Whether a stored session is this person's.
pub(super) fn is_of(record: &Record, user: UserId) -> bool {
    let stored = record.data.get(SESSION_USER).and_then(|user| user.as_str()?.parse::<UserId>().ok());
    stored == Some(user)
}

/// Lets a session that begins in this request know the browser it began in. Outside of the session layer, which stores
/// the session after the handler is done.
pub(super) async fn remember_client(request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientAddress>().map(|found| found.0);
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let user_agent = agent.map(|agent| agent.chars().take(300).collect());
    with_client(Client { address, user_agent }, next.run(request)).await
}
