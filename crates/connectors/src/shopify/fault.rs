//! What an answer's status and errors mean. See <https://shopify.dev/docs/api/admin-graphql#status-and-error-codes>.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::cost::Cost;
use crate::error::{Error, Unreachable};
use crate::http::Response;
use crate::settings::refused;
use crate::text::line;

pub(super) enum Fault {
    /// The same query may be answered for fewer records.
    TooCostly,
    /// The bucket was emptier than was known; it holds enough after that time.
    Throttled(Option<Duration>),
    Error(Error),
}

impl Fault {
    /// What it is to whoever cannot ask for fewer records.
    pub fn error(self) -> Error {
        match self {
            Self::Error(error) => error,
            Self::Throttled(retry_after) => Error::RateLimited { retry_after },
            Self::TooCostly => {
                Error::Malformed { message: "the shop says that the query is too costly, however small".into() }
            }
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What is wrong with the answer; `wait_for` says how long until the bucket holds so many points.
pub(super) fn fault(
    response: &Response,
    answer: &Value,
    wait_for: impl Fn(f64) -> Option<Duration>,
    cost: Option<&Cost>,
) -> Option<Fault> {
    if !response.status.is_success() {
        return Some(by_status(response).into());
    }
    let error = match answer.get("errors")? {
        Value::Array(errors) => errors.first()?,
        other => other,
    };
    let message = line(error.get("message").unwrap_or(error).as_str().unwrap_or("an error without a message"), 300);
    let code = error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or_default();
    Some(match code {
        "MAX_COST_EXCEEDED" => Fault::TooCostly,
        "THROTTLED" => Fault::Throttled(cost.and_then(|cost| wait_for(cost.requested_query_cost))),
        "ACCESS_DENIED" => Error::Unauthorised { message }.into(),
        "SHOP_INACTIVE" => refused("SHOP_INACTIVE", "shop_url", format!("The shop is not active: {message}")).into(),
        "INTERNAL_SERVER_ERROR" | "TIMEOUT" => broken().into(),
        _ => Error::Malformed { message }.into(),
    })
}

fn by_status(response: &Response) -> Error {
    let json: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let said = json.get("errors").and_then(Value::as_str).map(|text| line(text, 300));
    match response.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Error::Unauthorised { message: said.unwrap_or_else(|| format!("status {}", response.status.as_u16())) }
        }
        StatusCode::NOT_FOUND if said.is_some() => refused(
            "404",
            "api_version",
            "The shop does not know this API version. Take a quarterly version that is still supported.".into(),
        ),
        StatusCode::NOT_FOUND => {
            refused("404", "shop_url", "There is no shop at this address. Copy it from Settings, Domains.".into())
        }
        StatusCode::PAYMENT_REQUIRED => {
            refused("402", "shop_url", "The shop is frozen until its owner settles the bill with Shopify.".into())
        }
        StatusCode::LOCKED => {
            refused("423", "shop_url", "Shopify has locked the shop. Its owner must ask Shopify.".into())
        }
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { retry_after: response.retry_after() },
        status if status.is_redirection() => refused(
            "redirect",
            "shop_url",
            "The shop answers from another address. Use its .myshopify.com address.".into(),
        ),
        status if status.is_server_error() => broken(),
        status => Error::Malformed { message: said.unwrap_or_else(|| format!("status {}", status.as_u16())) },
    }
}

fn broken() -> Error {
    Error::Unavailable { message: "Shopify reports an error of its own".into(), reason: Unreachable::Broken }
}
