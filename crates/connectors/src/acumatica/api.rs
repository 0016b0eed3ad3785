//! Requests to the endpoint's entities, inside a session and within the licence's number of concurrent requests.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use super::deadline::Deadline;
use super::fault;
use super::session::Session;
use crate::error::{Error, Result, Unreachable};
use crate::http::{GuardedClient, Request, Response};
use crate::settings::{Settings, join};

/// What stands for itself in a query (RFC 3986); the rest is percent-encoded, so that `$select` stays short.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',').remove(b'/').remove(b':');

pub(super) struct Api {
    client: GuardedClient,
    pub session: Arc<Session>,
    version: String,
    timeout: Duration,
    concurrent: usize,
    slots: Semaphore,
}

/// A request to an entity.
pub(super) struct Call<'a> {
    pub method: Method,
    /// The segments behind the endpoint: the entity, and what of it is meant.
    pub path: &'a [&'a str],
    pub query: &'a [(&'a str, &'a str)],
    /// A precondition (`If-Match`, `If-None-Match`), always `*`.
    pub precondition: Option<HeaderName>,
    pub body: Option<&'a Value>,
}

/// Records, and the server's clock.
pub(super) struct Records {
    pub rows: Vec<Value>,
    pub clock: Option<DateTime<Utc>>,
}

impl Api {
    pub fn new(client: GuardedClient, settings: Settings<'_>, session: Arc<Session>) -> Result<Self> {
        let concurrent = settings.number("max_concurrent", 4, 1..=32)?;
        let concurrent = usize::try_from(concurrent).unwrap_or(1);
        Ok(Self {
            client,
            session,
            version: settings.text("endpoint_version")?.to_owned(),
            timeout: settings.request_timeout()?,
            concurrent,
            slots: Semaphore::new(concurrent),
        })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    pub fn concurrent(&self) -> usize {
        self.concurrent
    }

    /// The deadline of an operation that begins now.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.timeout)
    }

    /// The records that a filter finds.
    pub async fn find(&self, deadline: Deadline, entity: &str, query: &[(&str, &str)]) -> Result<Records> {
        let call = Call { method: Method::GET, path: &[entity], query, precondition: None, body: None };
        let response = succeeded(self.call(deadline, &call).await?)?;
        Ok(Records { rows: response.json()?, clock: response.clock() })
    }

    /// The instance's version and endpoints.
    pub async fn versions(&self) -> Result<Value> {
        let url = join(self.session.instance(), &["entity"]);
        succeeded(self.get(self.deadline(), url).await?)?.json()
    }

    /// What is at an address of the instance.
    pub async fn get(&self, deadline: Deadline, url: Url) -> Result<Response> {
        self.send(deadline, &Method::GET, url, None, None).await
    }

    /// Sends a request to an entity and returns the answer, whatever its status.
    pub async fn call(&self, deadline: Deadline, call: &Call<'_>) -> Result<Response> {
        let body = call.body.map(|body| body.to_string().into_bytes());
        self.send(deadline, &call.method, self.url(call), call.precondition.as_ref(), body).await
    }

    pub fn url(&self, call: &Call<'_>) -> Url {
        let mut url = join(self.session.instance(), &["entity", "Default", &self.version]);
        url = join(&url, call.path);
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", encoded(value));
        let query = call.query.iter().map(pair).collect::<Vec<_>>().join("&");
        url.set_query((!query.is_empty()).then_some(query.as_str()));
        url
    }

    /// A session that the vendor ended meanwhile is replaced once.
    async fn send(
        &self,
        deadline: Deadline,
        method: &Method,
        url: Url,
        precondition: Option<&HeaderName>,
        body: Option<Vec<u8>>,
    ) -> Result<Response> {
        let _slot = deadline.bound(self.slot()).await?;
        let mut signed_in_again = false;
        loop {
            let pass = deadline.bound(self.session.pass()).await?;
            let json = HeaderValue::from_static("application/json");
            let mut headers: HeaderMap = [(ACCEPT, json.clone()), (COOKIE, pass.cookies.clone())].into_iter().collect();
            headers.extend(body.is_some().then_some((CONTENT_TYPE, json)));
            headers.extend(precondition.map(|name| (name.clone(), HeaderValue::from_static("*"))));
            let request = Request {
                method: method.clone(),
                url: url.clone(),
                headers,
                body: body.clone().unwrap_or_default(),
                timeout: deadline.left()?,
            };
            let response = self.client.send(request).await?;
            if response.status != StatusCode::UNAUTHORIZED {
                self.session.renew(&pass, &response.headers);
                return Ok(response);
            }
            self.session.refused(&pass);
            if signed_in_again {
                return Ok(response);
            }
            signed_in_again = true;
        }
    }

    async fn slot(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        self.slots.acquire().await.map_err(|_| Error::Unavailable {
            message: "the connection is being closed".into(),
            reason: Unreachable::Broken,
        })
    }
}

/// A text as it stands in a query.
pub(super) fn encoded(text: &str) -> percent_encoding::PercentEncode<'_> {
    utf8_percent_encode(text, PLAIN)
}

/// The answer when it is a success.
pub(super) fn succeeded(response: Response) -> Result<Response> {
    if response.status.is_success() { Ok(response) } else { Err(fault::of(&response)) }
}
