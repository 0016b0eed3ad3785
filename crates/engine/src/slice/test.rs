//! A connection test: asks the system who it is, and says what is wrong in three sentences.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use connectors::error::Unreachable;
use connectors::{Connector, Error as Vendor};
use domain::ConnectionId;
use domain::connection::{Reached, TestOutcome, TestProblem};
use domain::run::RunState;
use secrecy::SecretString;

use super::Next;
use super::context::Context;
use super::obstacle::{self, Obstacle};
use super::sign_ins::OfForm;
use crate::connections::TestInput;
use crate::{Error, Result, breaker, keys, store};

pub async fn slice(context: &mut Context) -> Result<Next> {
    // The slot that the test holds may stand for an open session: it makes room, and the test signs in anew, because a
    // session that is open says nothing about the credentials.
    context.log_out().await;
    let answer = match &context.run.input_sealed {
        Some(sealed) => {
            let sealed = sealed.clone();
            check_form(context, &sealed).await?
        }
        None => {
            let end = context.source()?;
            end.connector.check().await
        }
    };
    let now = context.now();
    if let (Some(connection), None) = (context.run.connection, &context.run.input_sealed) {
        conclude(context, connection, &answer, now).await?;
    }
    let (state, outcome) = match answer {
        Ok(reached) => (RunState::Succeeded, TestOutcome::Reached(reached)),
        Err(error) => (RunState::CompletedWithErrors, TestOutcome::Failed(explain(&error))),
    };
    Ok(Next::Done { state, message: None, outcome: Some(outcome) })
}

/// What a test of a saved connection means for everybody who uses it: it is the breaker's probe, whoever asked for it.
async fn conclude(
    context: &Context,
    connection: ConnectionId,
    answer: &connectors::Result<Reached>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut tx = context.begin().await?;
    match answer {
        Ok(_) => {
            store::connections::note_success(&mut tx, &[connection.0], now).await?;
            breaker::close(&mut tx, connection, now).await?;
        }
        Err(Vendor::RateLimited { retry_after }) => {
            let at = now + obstacle::asked_wait(*retry_after);
            store::breakers::postpone_probe(&mut tx, connection, at).await?;
        }
        Err(error @ Vendor::Unauthorised { .. }) => {
            let refused = Obstacle { connection, name: context.end(connection)?.name.clone(), error: error.clone() };
            obstacle::note(&mut tx, &refused, None, now).await?;
        }
        Err(_) => {}
    }
    tx.commit().await
}

async fn check_form(context: &Context, sealed: &[u8]) -> Result<std::result::Result<Reached, Vendor>> {
    let tenant = context.run.tenant;
    let plain = keys::open_bytes(&context.key, tenant, tenant.0, "test", sealed)?;
    let input: TestInput = serde_json::from_slice(&plain).map_err(Error::from)?;
    let credentials: BTreeMap<String, SecretString> =
        input.credentials.into_iter().map(|(field, value)| (field, SecretString::from(value))).collect();
    let place = context.ends.first().map(|end| context.place(end.slot.clone()));
    let sign_ins = place.clone().map(|place| Arc::new(OfForm(place)) as Arc<_>);
    let (client, settings) = (context.engine.client.clone(), &input.settings);
    let connector: Box<dyn Connector> =
        match connectors::connect_noting(input.vendor, client, settings, &credentials, None, sign_ins) {
            Ok(connector) => connector,
            Err(error) => return Ok(Err(error)),
        };
    let answer = connector.check().await;
    match (connector.session(), connector.close().await) {
        (Some(_), Ok(())) => {
            if let Some(place) = place {
                place.forget().await?;
            }
        }
        (_, Ok(())) => {}
        (_, Err(error)) => tracing::warn!(%error, "could not log out after a connection test"),
    }
    Ok(answer)
}

/// What happened, why, and what to do.
fn explain(error: &Vendor) -> TestProblem {
    let (what, why, what_to_do, field) = match error {
        Vendor::Unauthorised { message } => (
            "The system was reached, but it refused the credentials.",
            message.clone(),
            "Check them letter by letter, and that their user or app may use the API.",
            None,
        ),
        Vendor::RateLimited { .. } => (
            "The system was reached, but it asks to wait.",
            "It has no free session or request at the moment.".to_owned(),
            "Try again in a minute; if it stays so, end other sessions of this user.",
            None,
        ),
        Vendor::Unavailable { message, reason } => return unreachable(message, *reason),
        Vendor::Rejected { message, field, .. } => (
            "The system was reached, but it refused the request.",
            message.clone(),
            "Check the settings of the connection.",
            field.clone(),
        ),
        Vendor::NotFound => (
            "Something answered, but what was asked for is not there.",
            "The address or the version leads nowhere.".to_owned(),
            "Check the address and the version.",
            None,
        ),
        Vendor::Malformed { message } => (
            "Something answered, but not as this vendor does.",
            message.clone(),
            "Check that the address is the system's own and not a page in front of it.",
            None,
        ),
    };
    TestProblem { what: what.into(), why, what_to_do: what_to_do.into(), field }
}

fn unreachable(message: &str, reason: Unreachable) -> TestProblem {
    let (what, what_to_do) = match reason {
        Unreachable::UnknownHost => ("No system has this address.", "Check the address for typing errors."),
        Unreachable::ForbiddenAddress => (
            "This address is not one that Syncline calls.",
            "Use the system's public https address; private and local networks are not reached from here.",
        ),
        Unreachable::Refused => (
            "The host is there, but nothing accepts the connection.",
            "Check the address and its port, and that the system is running.",
        ),
        Unreachable::Certificate => (
            "The system's certificate is not valid.",
            "Let whoever runs it renew the certificate, or use the name that the certificate was made for.",
        ),
        Unreachable::NotConnected => (
            "No connection to the system came about.",
            "Check that its address is reached from the internet, and that no firewall keeps this server out.",
        ),
        Unreachable::TimedOut => {
            ("The system did not answer in time.", "Check that it can be reached from the internet, then try again.")
        }
        Unreachable::Broken => {
            ("The connection broke, or the system reported an error of its own.", "Try again in a minute.")
        }
    };
    TestProblem { what: what.into(), why: message.to_owned(), what_to_do: what_to_do.into(), field: None }
}
