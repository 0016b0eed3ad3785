//! Requests to the endpoint's entities, inside a session and within the licence's number of concurrent requests.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use super::fault;
use super::session::Session;
use crate::error::{Error, Result, Unreachable};
use crate::http::{GuardedClient, Request, Response};
use crate::settings::{Settings, join};

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
    pub entity: &'a str,
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

    /// The records that a filter finds.
    pub async fn find(&self, entity: &str, query: &[(&str, &str)]) -> Result<Records> {
        let call = Call { method: Method::GET, entity, query, precondition: None, body: None };
        let response = succeeded(self.call(&call).await?)?;
        Ok(Records { rows: response.json()?, clock: response.clock() })
    }

    /// The instance's version and endpoints.
    pub async fn versions(&self) -> Result<Value> {
        let url = join(self.session.instance(), &["entity"]);
        succeeded(self.send(&Method::GET, url, None, None).await?)?.json()
    }

    /// Sends a request to an entity and returns the answer, whatever its status.
    pub async fn call(&self, call: &Call<'_>) -> Result<Response> {
        let body = call.body.map(|body| body.to_string().into_bytes());
        self.send(&call.method, self.url(call), call.precondition.as_ref(), body).await
    }

    pub fn url(&self, call: &Call<'_>) -> Url {
        let mut url = join(self.session.instance(), &["entity", "Default", &self.version, call.entity]);
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        let query = call.query.iter().map(pair).collect::<Vec<_>>().join("&");
        url.set_query((!query.is_empty()).then_some(query.as_str()));
        url
    }

    async fn send(
        &self,
        method: &Method,
        url: Url,
        precondition: Option<&HeaderName>,
        body: Option<Vec<u8>>,
    ) -> Result<Response> {
        let _slot = self.slots.acquire().await.map_err(|_| Error::Unavailable {
            message: "the connection is being closed".into(),
            reason: Unreachable::Broken,
        })?;
        let mut signed_in_again = false;
        loop {
            let pass = self.session.pass().await?;
            let json = HeaderValue::from_static("application/json");
            let mut headers: HeaderMap = [(ACCEPT, json.clone()), (COOKIE, pass.cookies.clone())].into_iter().collect();
            headers.extend(body.is_some().then_some((CONTENT_TYPE, json)));
            headers.extend(precondition.map(|name| (name.clone(), HeaderValue::from_static("*"))));
            let request = Request {
                method: method.clone(),
                url: url.clone(),
                headers,
                body: body.clone().unwrap_or_default(),
                timeout: self.timeout,
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
}

/// The answer when it is a success.
pub(super) fn succeeded(response: Response) -> Result<Response> {
    if response.status.is_success() { Ok(response) } else { Err(fault::of(&response)) }
}
