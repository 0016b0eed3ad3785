//! What a server function takes from its request: the clock, the session, the member, the client.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::UserId;
use engine::accounts::Client;
use engine::{Engine, Member};
use http::StatusCode;
use http::header::{ACCEPT, USER_AGENT};
use http::request::Parts;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use tower_sessions::Session;

use crate::error::{AppError, unexpected};

/// The key of the session under which the signed-in person's [`UserId`] stands, as text.
pub const SESSION_USER: &str = "user";

/// Where the request came from, as the server sees it behind its trusted proxies: an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// The time of this request.
#[expect(clippy::disallowed_methods, reason = "the request layer is where the clock is read")]
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The engine, which the server provides to every request.
///
/// # Errors
/// Unexpected when the server forgot to.
pub fn engine() -> Result<Engine, AppError> {
    use_context::<Engine>().ok_or_else(|| unexpected("no engine in the request's context"))
}

/// The session of this request, signed in or not.
///
/// # Errors
/// Unexpected when the session layer is missing.
pub async fn session() -> Result<Session, AppError> {
    leptos_axum::extract::<Session>().await.map_err(|error| unexpected(&error))
}

/// Who is signed in.
///
/// # Errors
/// Signed out.
pub async fn user() -> Result<UserId, AppError> {
    let text: Option<String> = session().await?.get(SESSION_USER).await.map_err(|error| unexpected(&error))?;
    text.and_then(|id| id.parse().ok()).ok_or(AppError::SignedOut)
}

/// Proof that the signed-in person belongs to the organisation in the URL; read anew on every request.
///
/// # Errors
/// Signed out; not found when not a member.
pub async fn member(slug: &str) -> Result<Member, AppError> {
    let user = user().await?;
    Ok(engine::accounts::member(&engine()?, user, slug).await?)
}

/// Begins a session for `user` under a new id, so that an id from before the sign-in is worth nothing.
///
/// # Errors
/// Unexpected when the session cannot be stored.
pub async fn begin_session(user: UserId) -> Result<(), AppError> {
    let session = session().await?;
    session.cycle_id().await.map_err(|error| unexpected(&error))?;
    session.insert(SESSION_USER, user.to_string()).await.map_err(|error| unexpected(&error))
}

/// Ends the session of this request.
///
/// # Errors
/// Unexpected when it cannot be deleted.
pub async fn end_session() -> Result<(), AppError> {
    session().await?.flush().await.map_err(|error| unexpected(&error))
}

/// The person's browser, for limits and for the list of sessions.
#[must_use]
pub fn client() -> Client {
    let parts = use_context::<Parts>();
    let address = parts.as_ref().and_then(|parts| parts.extensions.get::<ClientAddress>()).map(|found| found.0);
    Client { address, user_agent: header(USER_AGENT).map(|agent| agent.chars().take(300).collect()) }
}

/// Whether a browser waits for a page, rather than our own code for data.
#[must_use]
pub fn wants_html() -> bool {
    header(ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// Whether the query of the request's address has the parameter `name`.
#[must_use]
pub fn query_has(name: &str) -> bool {
    let parts = use_context::<Parts>();
    let query = parts.as_ref().and_then(|parts| parts.uri.query()).unwrap_or_default();
    query.split('&').any(|pair| pair.split('=').next() == Some(name))
}

/// A header of the request, when it is text.
#[must_use]
pub fn header(name: impl http::header::AsHeaderName) -> Option<String> {
    let parts = use_context::<Parts>()?;
    parts.headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The status of the page that is being rendered.
pub fn set_status(status: u16) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        response.set_status(status);
    }
}
