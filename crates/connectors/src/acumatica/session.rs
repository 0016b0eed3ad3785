//! A licensed session: signed in at the first need, resumed where it was left, signed out for certain.
//!
//! The cookies are kept here and nowhere else: the HTTP client has no cookie store that tenants could share. See
//! "Sign In to the Service" and "Sign Out from the Service" in Acumatica's Integration Development Guide.

mod jar;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::fault;
use crate::error::{Error, Result, Unreachable};
use crate::http::{GuardedClient, Request, Response};
use crate::settings::{Settings, join};
use crate::vendor::SignIns;
use jar::Jar;

/// A session that nobody uses ends after this long (ASP.NET's default, which instances keep).
const IDLE: Duration = Duration::from_secs(20 * 60);

/// The sessions of one connection at one instance.
pub(super) struct Session {
    client: GuardedClient,
    instance: Url,
    user: String,
    /// Missing where a session is only to be ended.
    password: Option<SecretString>,
    tenant: Option<String>,
    branch: Option<String>,
    timeout: Duration,
    sign_ins: Option<Arc<dyn SignIns>>,
    state: Mutex<State>,
    /// Held while somebody signs in or out.
    turnstile: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    jar: Option<Jar>,
    /// Counts the sessions, so that a late 401 does not end the one that came after.
    generation: u64,
}

/// What a request carries, and which session it belongs to.
pub(super) struct Pass {
    pub cookies: HeaderValue,
    generation: u64,
}

impl Session {
    /// `kept` is what [`Session::kept`] said; with it the password may be missing, to sign out what another process
    /// signed in.
    pub fn new(
        client: GuardedClient,
        settings: Settings<'_>,
        kept: Option<&SecretString>,
        sign_ins: Option<Arc<dyn SignIns>>,
    ) -> Result<Self> {
        let password = match (settings.credential("password"), kept) {
            (Ok(password), _) => Some(password.clone()),
            (Err(_), Some(_)) => None,
            (Err(missing), None) => return Err(missing),
        };
        let jar = kept.and_then(|kept| Jar::from_json(kept.expose_secret()));
        Ok(Self {
            client,
            instance: settings.base_url("instance_url")?,
            user: settings.text("user_name")?.to_owned(),
            password,
            tenant: settings.optional("company").map(ToOwned::to_owned),
            branch: settings.optional("branch").map(ToOwned::to_owned),
            timeout: settings.request_timeout()?,
            sign_ins,
            state: Mutex::new(State { jar, generation: 0 }),
            turnstile: Arc::default(),
        })
    }

    pub fn instance(&self) -> &Url {
        &self.instance
    }

    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// What resumes the session elsewhere.
    pub fn kept(&self) -> Option<SecretString> {
        self.state().jar.as_ref().map(|jar| SecretString::from(jar.to_json()))
    }

    /// The session's cookies; signs in when there is none.
    pub async fn pass(self: &Arc<Self>) -> Result<Pass> {
        if let Some(pass) = self.held() {
            return Ok(pass);
        }
        // In a task of its own: if the caller goes away while signing in, the session is not lost but kept here, from
        // where it can be signed out.
        let session = Arc::clone(self);
        let signing_in = tokio::spawn(async move {
            let _turn = Arc::clone(&session.turnstile).lock_owned().await;
            match session.held() {
                Some(pass) => Ok(pass),
                None => session.sign_in().await,
            }
        });
        signing_in.await.unwrap_or_else(|_| {
            Err(Error::Unavailable { message: "signing in was interrupted".into(), reason: Unreachable::Broken })
        })
    }

    /// The session was refused: forgets it, unless another has taken its place already.
    pub fn refused(&self, pass: &Pass) {
        let mut state = self.state();
        if state.generation == pass.generation {
            state.jar = None;
        }
    }

    /// Takes in the cookies that an answer renews.
    pub fn renew(&self, pass: &Pass, headers: &HeaderMap) {
        let mut state = self.state();
        if state.generation == pass.generation
            && let Some(jar) = &mut state.jar
        {
            jar.absorb(headers);
        }
    }

    /// Signs out. The session is forgotten whatever comes of it.
    pub async fn close(&self) -> Result<()> {
        let _turn = self.turnstile.lock().await;
        let Some(jar) = self.state().jar.take() else { return Ok(()) };
        let Some(cookies) = jar.header() else { return Ok(()) };
        let mut outcome = self.sign_out(&cookies).await;
        if matches!(outcome, Err(Error::Unavailable { .. } | Error::RateLimited { .. })) {
            outcome = self.sign_out(&cookies).await;
        }
        if outcome.is_err() {
            // The session may still be open: whoever keeps it can try again.
            self.state().jar = Some(jar);
        }
        outcome
    }

    async fn sign_out(&self, cookies: &HeaderValue) -> Result<()> {
        let response = self.post("logout", Some(cookies), Vec::new()).await?;
        // A session that has ended already needs no end.
        if response.status.is_success() || response.status == StatusCode::UNAUTHORIZED {
            return Ok(());
        }
        Err(fault::of(&response))
    }

    async fn sign_in(&self) -> Result<Pass> {
        let password = self.password.as_ref().ok_or_else(|| Error::Unauthorised {
            message: "the session has ended, and there is no password to sign in anew".into(),
        })?;
        let named = [("tenant", &self.tenant), ("branch", &self.branch)];
        let mut body: Map<String, Value> =
            named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?.into()))).collect();
        body.insert("name".into(), self.user.clone().into());
        body.insert("password".into(), password.expose_secret().into());
        if let Some(sign_ins) = &self.sign_ins {
            // It may still arrive at the end of its time, or a little later.
            sign_ins.begins(self.timeout + super::AFTER_THE_DEADLINE + IDLE).await?;
        }
        let sent = self.post("login", None, Value::Object(body).to_string().into_bytes()).await;
        let signed_in = sent.as_ref().is_ok_and(|response| response.status.is_success());
        if !signed_in && opened_none(&sent) {
            self.note(None).await;
        }
        let response = sent?;
        if !signed_in {
            return Err(fault::of_sign_in(&response));
        }
        let pass = self.admit(&response);
        self.note(self.kept().as_ref()).await;
        pass
    }

    fn admit(&self, response: &Response) -> Result<Pass> {
        let mut jar = Jar::default();
        jar.absorb(&response.headers);
        let cookies = jar.header().ok_or_else(|| Error::Malformed { message: "signing in gave no session".into() })?;
        let mut state = self.state();
        state.generation += 1;
        state.jar = Some(jar);
        Ok(Pass { cookies, generation: state.generation })
    }

    async fn note(&self, session: Option<&SecretString>) {
        if let Some(sign_ins) = &self.sign_ins {
            sign_ins.ended(session).await;
        }
    }

    async fn post(&self, action: &str, cookies: Option<&HeaderValue>, body: Vec<u8>) -> Result<Response> {
        let json = HeaderValue::from_static("application/json");
        let mut headers: HeaderMap = [(CONTENT_TYPE, json.clone()), (ACCEPT, json)].into_iter().collect();
        headers.extend(cookies.map(|cookies| (COOKIE, cookies.clone())));
        let url = join(&self.instance, &["entity", "auth", action]);
        self.client.send(Request { method: Method::POST, url, headers, body, timeout: self.timeout }).await
    }

    fn held(&self) -> Option<Pass> {
        let state = self.state();
        let cookies = state.jar.as_ref()?.header()?;
        Some(Pass { cookies, generation: state.generation })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a sign-in that failed has opened no session for certain: it was answered by the instance itself, or never
/// sent. What a gateway says that lost the answer, and no answer at all, leave it open.
fn opened_none(sent: &Result<Response>) -> bool {
    match sent {
        Ok(response) => !matches!(response.status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT),
        Err(Error::Unavailable { reason, .. }) => !matches!(reason, Unreachable::TimedOut | Unreachable::Broken),
        Err(_) => false,
    }
}
