//! One GraphQL query: paid for before, accounted for after.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::cost::{Budget, Cost, LONGEST_WAIT};
use super::fault::{Fault, fault};
use super::queries::Query;
use crate::error::{Error, Failure, Result, Unreachable};
use crate::http::{GuardedClient, Request};
use crate::settings::{Settings, join, refused};
use crate::vendor::Exchange;

/// A page that is too costly is halved this often before the query is given up.
const HALVINGS: usize = 8;
/// Requests that are under way at once.
pub(super) const AT_ONCE: usize = 2;

pub(super) struct Api {
    client: GuardedClient,
    shop: Url,
    version: String,
    endpoint: Url,
    headers: HeaderMap,
    timeout: Duration,
    budget: Budget,
    slots: Semaphore,
}

/// The data of an answer without errors.
pub(super) struct Answer {
    pub data: Value,
    pub clock: Option<DateTime<Utc>>,
}

impl Api {
    pub fn new(client: GuardedClient, settings: Settings<'_>) -> Result<Self> {
        let shop = settings.base_url("shop_url")?;
        let version = settings.text("api_version")?.to_owned();
        let endpoint = join(&shop, &["admin", "api", &version, "graphql.json"]);
        let mut token =
            HeaderValue::from_str(settings.credential("access_token")?.expose_secret().trim()).map_err(|_| {
                refused(
                    "setting_invalid",
                    "access_token",
                    "The token contains signs that no token has. Paste it anew.".into(),
                )
            })?;
        token.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let headers = [(CONTENT_TYPE, json.clone()), (ACCEPT, json)].into_iter();
        let mut headers: HeaderMap = headers.collect();
        headers.insert("x-shopify-access-token", token);
        let timeout = settings.request_timeout()?;
        Ok(Self {
            client,
            shop,
            version,
            endpoint,
            headers,
            timeout,
            budget: Budget::default(),
            slots: Semaphore::new(AT_ONCE),
        })
    }

    pub fn shop_url(&self) -> &Url {
        &self.shop
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    pub fn limits(&self) -> Option<String> {
        self.budget.describe()
    }

    /// Asks for as many records as one query and the bucket allow: `variables` gets that number.
    pub async fn paged(&self, query: &Query, mut variables: impl FnMut(usize) -> Value + Send) -> Result<Answer> {
        for _ in 0..HALVINGS {
            let records = self.budget.page(query);
            match self.attempt(query, records, variables(records)).await {
                Err(Fault::TooCostly) => self.budget.halve(query, records),
                outcome => return outcome.map_err(Fault::error),
            }
        }
        Err(Fault::TooCostly.error())
    }

    /// Sends a query for up to `records` records.
    pub async fn query(&self, query: &Query, records: usize, variables: Value) -> Result<Answer> {
        self.attempt(query, records, variables).await.map_err(Fault::error)
    }

    /// Sends a mutation; what was asked and answered comes with it, also when it failed.
    pub async fn mutate(&self, query: &Query, variables: Value) -> std::result::Result<(Value, Exchange), Failure> {
        let body = json!({"query": query.text, "variables": variables}).to_string();
        let request = Exchange::request(&Method::POST, &self.endpoint, &body);
        let mut response = String::new();
        let answer = self.repeated(query, 1, body.into_bytes(), &mut response).await;
        let exchange = (!response.is_empty()).then_some(Exchange { request, response });
        match answer {
            Ok(answer) => Ok((answer.data, exchange.unwrap_or_default())),
            Err(fault) => Err(Failure { error: fault.error(), exchange }),
        }
    }

    /// Sends it, and once more when the shop was busier than was known and a short wait mends it.
    async fn attempt(&self, query: &Query, records: usize, variables: Value) -> std::result::Result<Answer, Fault> {
        let body = json!({"query": query.text, "variables": variables}).to_string().into_bytes();
        self.repeated(query, records, body, &mut String::new()).await
    }

    /// A query that was throttled has not been carried out.
    async fn repeated(
        &self,
        query: &Query,
        records: usize,
        body: Vec<u8>,
        shown: &mut String,
    ) -> std::result::Result<Answer, Fault> {
        match self.send(query, records, body.clone(), shown).await {
            Err(Fault::Throttled(Some(wait))) if wait <= LONGEST_WAIT => {
                tokio::time::sleep(wait).await;
                self.send(query, records, body, shown).await
            }
            outcome => outcome,
        }
    }

    /// `shown` gets the answer as people may see it, when the query is a mutation.
    async fn send(
        &self,
        query: &Query,
        records: usize,
        body: Vec<u8>,
        shown: &mut String,
    ) -> std::result::Result<Answer, Fault> {
        let reservation = self.budget.reserve(query, records).await?;
        // One deadline for waiting and sending: how long a write may still be carried out depends on it.
        let deadline = Instant::now() + self.timeout;
        let _slot = timeout_at(deadline, self.slots.acquire()).await.map_err(|_| too_late())?;
        let request = Request {
            method: Method::POST,
            url: self.endpoint.clone(),
            headers: self.headers.clone(),
            body,
            timeout: deadline.saturating_duration_since(Instant::now()),
        };
        let response = self.client.send(request).await?;
        if query.writes {
            *shown = Exchange::response(&response);
        }
        let mut answer: Value = if response.status.is_success() { response.json()? } else { Value::Null };
        let cost = answer.pointer_mut("/extensions/cost").map(Value::take);
        let cost: Option<Cost> = cost.and_then(|cost| serde_json::from_value(cost).ok());
        drop(reservation);
        if let Some(cost) = &cost {
            self.budget.learn(query, records, cost);
        }
        if let Some(fault) = fault(&response, &answer, |points| self.budget.until_worth_waking(points), cost.as_ref()) {
            return Err(fault);
        }
        let data = answer.get_mut("data").map(Value::take).filter(Value::is_object);
        let data = data.ok_or_else(|| Error::Malformed { message: "the answer has no data".into() })?;
        Ok(Answer { data, clock: response.clock() })
    }
}

fn too_late() -> Error {
    let message = "the requests before it took too long".into();
    Error::Unavailable { message, reason: Unreachable::TimedOut }
}
