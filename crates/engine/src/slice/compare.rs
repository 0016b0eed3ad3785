//! Compare: reads one record at the vendors, for a person who looks at it. Writes nothing but what it has found.

use std::collections::HashMap;

use connectors::Found;
use domain::canonical::fields;
use domain::history::{Candidate, Comparison, FindBy, RecordReport, RecordRequest, SideSeen, SideView};
use domain::run::RunState;
use domain::{RecordId, Side};

use super::Next;
use super::context::{Context, End};
use super::obstacle::{self, Obstacle};
use crate::history::outgoing;
use crate::store::history::held::{self, Held};
use crate::store::history::links;
use crate::store::reports;
use crate::{Error, Result};

/// Records that a search answers with at most.
const MOST: usize = 20;

pub async fn slice(context: &mut Context) -> Result<Next> {
    let request = context.run.request.clone().ok_or_else(|| Error::Internal("a comparison of nothing".into()))?;
    let request: RecordRequest = serde_json::from_value(request)?;
    let mut tx = context.begin().await?;
    let record = held::look(&mut tx, request.record()).await;
    tx.commit().await?;
    let record = match record {
        Err(Error::NotFound) => return Ok(failed("The record was deleted from the history meanwhile.")),
        other => other?,
    };
    let answer = match request {
        RecordRequest::Compare { .. } => compare(context, &record).await?,
        RecordRequest::Find { side, by, text, .. } => find(context, &record, side, by, text).await?,
    };
    let report = match answer {
        Ok(report) => report,
        Err(obstacle) => return obstacle::react(context, obstacle).await,
    };
    let mut tx = context.begin().await?;
    reports::keep(&mut tx, &context.run, &report).await?;
    tx.commit().await?;
    Ok(Next::Done { state: RunState::Succeeded, message: None, outcome: None })
}

fn failed(why: &str) -> Next {
    Next::Done { state: RunState::Failed, message: Some(why.to_owned()), outcome: None }
}

/// What was found, or what stopped it.
type Answer = std::result::Result<RecordReport, Obstacle>;

async fn compare(context: &Context, record: &Held) -> Result<Answer> {
    let source = match read(context.source()?, record, record.source_id.as_ref()).await {
        Ok(found) => found,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    let destination = match read(context.destination()?, record, record.destination_id.as_ref()).await {
        Ok(found) => found,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    let sync = context.sync()?;
    let mut untranslated = Vec::new();
    let left = match &source {
        Some(found) => {
            let mut tx = context.begin().await?;
            let out = outgoing::translate(&mut tx, sync.source, sync.destination, &found.record).await?;
            tx.commit().await?;
            untranslated = out.missing;
            // As the destination would write it: what it cuts or has no place for is no difference.
            Some(context.destination()?.connector.normalise(&out.record))
        }
        None => None,
    };
    let pairs = fields::side_by_side(left.as_ref(), destination.as_ref().map(|found| &found.record));
    Ok(Ok(RecordReport::Compared(Box::new(Comparison {
        read_at: context.now(),
        source: seen(record.source_id.as_ref(), source),
        destination: seen(record.destination_id.as_ref(), destination),
        pairs,
        untranslated,
    }))))
}

async fn read(end: &End, record: &Held, id: Option<&String>) -> std::result::Result<Option<Found>, Obstacle> {
    let Some(id) = id else { return Ok(None) };
    let found = end.connector.read(record.entity, std::slice::from_ref(id)).await;
    found.map(|found| found.into_iter().next()).map_err(|error| stopped(end, error))
}

fn stopped(end: &End, error: connectors::Error) -> Obstacle {
    Obstacle { connection: end.connection, name: end.name.clone(), error }
}

fn seen(id: Option<&String>, found: Option<Found>) -> SideSeen {
    match (id, found) {
        (_, Some(found)) => SideSeen::There(side_view(&found)),
        (Some(id), None) => SideSeen::Gone { id: id.clone() },
        (None, None) => SideSeen::NotLinked,
    }
}

fn side_view(found: &Found) -> SideView {
    SideView {
        id: found.id.clone(),
        label: found.label.clone(),
        url: found.url.clone(),
        modified_at: found.modified_at,
    }
}

async fn find(context: &Context, record: &Held, side: Side, by: FindBy, text: String) -> Result<Answer> {
    let end = if side == Side::Source { context.source()? } else { context.destination()? };
    let found = match by {
        FindBy::Id => end.connector.read(record.entity, &[text]).await,
        FindBy::Key => end.connector.find_by_key(record.entity, &text).await,
    };
    let mut found = match found {
        Ok(found) => found,
        // What was typed is no id of that system: nothing has it.
        Err(connectors::Error::NotFound | connectors::Error::Rejected { .. }) => Vec::new(),
        Err(error) => return Ok(Err(stopped(end, error))),
    };
    found.truncate(MOST);
    let ids: Vec<String> = found.iter().map(|found| found.id.clone()).collect();
    let mut tx = context.begin().await?;
    let holders = links::holders(&mut tx, record.sync, side, &ids).await?;
    tx.commit().await?;
    let taken = holders.into_iter().filter(|holder| !holder.is_free || holder.record == record.id);
    let mut taken: HashMap<String, (RecordId, String)> =
        taken.map(|holder| (holder.external_id, (holder.record, holder.description))).collect();
    let candidate = |found: &Found| Candidate {
        seen: side_view(found),
        description: found.record.description(),
        linked_to: taken.remove(&found.id),
    };
    Ok(Ok(RecordReport::Found { candidates: found.iter().map(candidate).collect() }))
}
