//! Taking a record out of use, cancelling it or deleting it.
//!
//! An order is cancelled (`CancelSalesOrder`), because an ERP keeps what it has worked on. A customer and an item become
//! `Inactive`, or are deleted as long as no document needs them; the ERP says which. A record that is not there (any
//! more) counts as removed. See "Execute an Action That Is Present in an Endpoint" and "Remove a Record by ID" in
//! Acumatica's Integration Development Guide.

use std::time::Duration;

use domain::Entity;
use http::header::{IF_MATCH, LOCATION};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Acumatica;
use super::api::Call;
use super::deadline::Deadline;
use super::fault;
use super::filter::{all, equals};
use super::save::key_fields;
use super::table::{Table, table};
use super::value::{object, wrap};
use crate::error::{Error, Failure, Result};
use crate::http::Response;
use crate::vendor::{Exchange, Removal};

/// Between two questions whether an operation is done; doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

type Outcome = std::result::Result<Exchange, Failure>;

impl Acumatica {
    pub(super) async fn take_away(&self, entity: Entity, id: &str, how: Removal) -> Outcome {
        let table = table(entity);
        match (entity, how) {
            (Entity::Order, Removal::Delete) => self.act(table, id, "CancelSalesOrder").await,
            (Entity::Customer, Removal::Deactivate) => self.deactivate(table, id, "Status").await,
            (Entity::Product, Removal::Deactivate) => self.deactivate(table, id, "ItemStatus").await,
            (Entity::Customer | Entity::Product | Entity::Payment, Removal::Delete) => self.delete(table, id).await,
            _ => Err(super::unsupported(entity).into()),
        }
    }

    async fn deactivate(&self, table: &Table, id: &str, status: &'static str) -> Outcome {
        let mut fields = key_fields(table, id);
        fields.extend(object([(status, wrap(Some("Inactive")))]));
        let (response, exchange) = self.put(self.api.deadline(), table, "", Some(IF_MATCH), fields).await?;
        let is_gone = response.status == StatusCode::PRECONDITION_FAILED;
        concluded(if is_gone { Ok(()) } else { judged(&response) }, exchange)
    }

    /// By the id that the ERP gives the record in this session, because a key may hold what a path may not.
    async fn delete(&self, table: &Table, id: &str) -> Outcome {
        let deadline = self.api.deadline();
        let (row, looked) = self.look_up(deadline, table, id, table.key).await?;
        let Some(row) = row.as_ref().and_then(|row| row.get("id")?.as_str()) else { return Ok(looked) };
        let call =
            Call { method: Method::DELETE, path: &[table.name, row], query: &[], precondition: None, body: None };
        let (response, exchange) = self.exchanged(deadline, &call).await?;
        concluded(judged(&response), exchange)
    }

    async fn act(&self, table: &Table, id: &str, action: &str) -> Outcome {
        let deadline = self.api.deadline();
        let (row, looked) = self.look_up(deadline, table, id, table.key).await?;
        if row.is_none() {
            return Ok(looked);
        }
        let body = json!({"entity": key_fields(table, id), "parameters": {}});
        let path = [table.name, action];
        let call = Call { method: Method::POST, path: &path, query: &[], precondition: None, body: Some(&body) };
        let (response, exchange) = self.exchanged(deadline, &call).await?;
        let done = if response.status == StatusCode::ACCEPTED {
            self.completed(deadline, &response).await
        } else {
            judged(&response)
        };
        concluded(done, exchange)
    }

    /// Waits until an operation that goes on in the background is done.
    async fn completed(&self, deadline: Deadline, accepted: &Response) -> Result<()> {
        let unclear = || Error::Malformed { message: "the answer does not say where its operation is".into() };
        let location =
            accepted.headers.get(LOCATION).and_then(|location| location.to_str().ok()).ok_or_else(unclear)?;
        let instance = self.api.session.instance();
        let url = instance.join(location).ok().filter(|url| url.origin() == instance.origin()).ok_or_else(unclear)?;
        let mut pause = FIRST_PAUSE;
        loop {
            let response = self.api.get(deadline, url.clone()).await?;
            if response.status != StatusCode::ACCEPTED {
                return judged(&response);
            }
            deadline.pause(pause).await?;
            pause *= 2;
        }
    }

    /// The record with these fields (empty: all of its own), if it is there, and the exchange that said so.
    pub(super) async fn look_up(
        &self,
        deadline: Deadline,
        table: &Table,
        id: &str,
        select: &str,
    ) -> std::result::Result<(Option<Value>, Exchange), Failure> {
        let filter = all(&[table.condition, &equals(table.key, id)]);
        let query = [("$filter", filter.as_str()), ("$top", "1"), ("$select", select)];
        let query = if select.is_empty() { &query[..2] } else { &query[..] };
        let call = Call { method: Method::GET, path: &[table.name], query, precondition: None, body: None };
        let (response, exchange) = self.exchanged(deadline, &call).await?;
        match judged(&response).and_then(|()| response.json::<Vec<Value>>()) {
            Ok(rows) => Ok((rows.into_iter().next(), exchange)),
            Err(error) => Err(Failure { error, exchange: Some(exchange) }),
        }
    }
}

/// Whether an answer is a success.
pub(super) fn judged(response: &Response) -> Result<()> {
    if response.status.is_success() { Ok(()) } else { Err(fault::of(response)) }
}

/// What is not there counts as removed.
fn concluded(done: Result<()>, exchange: Exchange) -> Outcome {
    match done {
        Ok(()) | Err(Error::NotFound) => Ok(exchange),
        Err(error) => Err(Failure { error, exchange: Some(exchange) }),
    }
}
