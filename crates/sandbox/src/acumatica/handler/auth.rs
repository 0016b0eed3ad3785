//! Signing in and out: `POST /entity/auth/login` gives cookies that name a licensed session, `…/logout` gives the session back.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::random;
use crate::respond;
use crate::server::Shared;

use super::super::erp::Erp;
use super::{admit, error};

const COOKIE: &str = ".ASPXAUTH";

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    #[serde(default, alias = "company")]
    tenant: Option<String>,
}

/// Takes credentials, answers 204 with cookies.
pub async fn login(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(credentials) = read(&headers, &body) else {
        return error(StatusCode::BAD_REQUEST, "The request is invalid.");
    };
    let erp = match find(&shared, &credentials) {
        Ok(Some(erp)) => erp,
        Ok(None) => return error(StatusCode::UNAUTHORIZED, "Invalid credentials. Please try again."),
        Err(problem) => return respond::failed(&problem),
    };
    let _pass = match admit(&erp).await {
        Ok((pass, _)) => pass,
        Err(answer) => return *answer,
    };
    let session = match random::hex(64) {
        Ok(session) => session,
        Err(problem) => return respond::failed(&problem),
    };
    if !erp.sign_in(session.clone()) {
        erp.account.throttle();
        return error(StatusCode::TOO_MANY_REQUESTS, "API Login Limit");
    }
    cookies(&erp, &session)
}

/// Ends the session that the cookies name; it is never queued and never fails.
pub async fn logout(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Some((erp, session)) = named(&shared, &headers) {
        erp.sign_out(&session);
    }
    StatusCode::NO_CONTENT.into_response()
}

/// The account whose open session the cookies name.
pub fn signed_in(shared: &Shared, headers: &HeaderMap) -> Option<Arc<Erp>> {
    let (erp, session) = named(shared, headers)?;
    erp.is_signed_in(&session).then_some(erp)
}

/// JSON, or the form that the guide also allows.
fn read(headers: &HeaderMap, body: &Bytes) -> Option<Credentials> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return serde_json::from_slice(body).ok();
    }
    let uri = format!("/?{}", std::str::from_utf8(body).ok()?).parse().ok()?;
    axum::extract::Query::<Credentials>::try_from_uri(&uri).ok().map(|query| query.0)
}

/// The account, if the password is right. Without a tenant, the user's only one is meant.
fn find(shared: &Shared, credentials: &Credentials) -> io::Result<Option<Arc<Erp>>> {
    let tenant = credentials.tenant.as_deref().unwrap_or_default();
    let mut of_user = shared.registry.erps_of(&credentials.name);
    let erp = match of_user.len() {
        1 if tenant.is_empty() => of_user.pop(),
        _ => shared.registry.erp_or_open(tenant, &credentials.name)?,
    };
    let Some(erp) = erp else { return Ok(None) };
    Ok(erp.accepts(&credentials.password)?.then_some(erp))
}

/// The session's cookie names the account too, so that no table of all sessions is needed.
fn cookies(erp: &Erp, session: &str) -> Response {
    let account = URL_SAFE_NO_PAD.encode(format!("{}\n{}", erp.company, erp.user));
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookies = [
        format!("ASP.NET_SessionId={}; path=/; HttpOnly; SameSite=Lax", session.get(..24).unwrap_or_default()),
        format!("{COOKIE}={account}.{session}; path=/; HttpOnly"),
        "UserBranch=16; path=/".to_owned(),
        "Locale=Culture=en-US&TimeZone=GMTM0000G; path=/".to_owned(),
    ];
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn named(shared: &Shared, headers: &HeaderMap) -> Option<(Arc<Erp>, String)> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let value = all.filter_map(|cookie| cookie.trim().split_once('=')).find(|(name, _)| *name == COOKIE)?.1;
    let (account, session) = value.split_once('.')?;
    let account = String::from_utf8(URL_SAFE_NO_PAD.decode(account).ok()?).ok()?;
    let (company, user) = account.split_once('\n')?;
    Some((shared.registry.erp(company, user)?, session.to_owned()))
}
