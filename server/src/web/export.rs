//! `/o/{slug}/history.csv`: everything of the Sync History that matches, as a file that is written while it is sent.
//!
//! Memory does not grow with it: a page of rows is read when the one before has gone out. Text that a spreadsheet would
//! take for a formula gets a leading `'`.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::history::{HistoryFilter, RecordRow};
use engine::history::Export;
use engine::{Engine, accounts, history};
use futures::stream::unfold;
use serde::Deserialize;
use tower_sessions::Session;

use super::events::Place;
use super::{Site, pages, sessions};

/// The columns' headings. The file begins with the mark by which spreadsheets know that it is UTF-8.
const HEAD: &str = "\u{feff}Record,Sync,Status,Source id,Destination id,Last operation,Last error,Error field,Attempts,\
    Last attempt,Next try,Changed at source,Changed at destination,Version,Id\r\n";

/// The same names as in the address of the list.
#[derive(Deserialize)]
pub(super) struct Asked {
    sync: Option<String>,
    entity: Option<String>,
    status: Option<String>,
    q: Option<String>,
}

impl Asked {
    fn filter(self) -> HistoryFilter {
        HistoryFilter {
            sync: self.sync.and_then(|id| id.parse().ok()),
            entity: self.entity.and_then(|text| text.parse().ok()),
            status: self.status.and_then(|text| text.parse().ok()),
            text: self.q.filter(|text| !text.trim().is_empty()),
            ..HistoryFilter::default()
        }
    }
}

pub(super) async fn csv(
    State(site): State<Site>,
    session: Session,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(user) = sessions::signed_in(&session).await else {
        return (StatusCode::UNAUTHORIZED, "signed out\n").into_response();
    };
    let member = match accounts::member(&site.engine, user, &slug).await {
        Ok(member) => member,
        Err(engine::Error::NotFound) => return (StatusCode::NOT_FOUND, "not found\n").into_response(),
        Err(error) => return pages::unexpected(&error),
    };
    let Some(place) = site.streams.take(user) else {
        return (StatusCode::TOO_MANY_REQUESTS, "too many downloads and tabs are open\n").into_response();
    };
    match history::export(member, asked.filter()) {
        Ok(export) => answer(Download { engine: site.engine.clone(), export, begun: false, _place: place }),
        Err(engine::Error::Invalid { message, .. }) => (StatusCode::UNPROCESSABLE_ENTITY, message).into_response(),
        Err(error) => pages::unexpected(&error),
    }
}

/// A download under way.
struct Download {
    engine: Engine,
    export: Export,
    begun: bool,
    _place: Place,
}

fn answer(download: Download) -> Response {
    let stream = unfold(Some(download), |download| async move {
        let mut download = download?;
        match download.next().await {
            Ok(None) => None,
            Ok(Some(text)) => Some((Ok(text), Some(download))),
            Err(error) => {
                tracing::warn!(%error, "an export broke off");
                // The browser is told by the broken answer: half a file is not shown as a whole one.
                Some((Err(std::io::Error::other("the export broke off")), None))
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"sync-history.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(stream)).into_response()
}

impl Download {
    async fn next(&mut self) -> engine::Result<Option<String>> {
        if !std::mem::replace(&mut self.begun, true) {
            return Ok(Some(HEAD.to_owned()));
        }
        let rows = self.export.next(&self.engine).await?;
        Ok((!rows.is_empty()).then(|| rows.iter().map(line).collect()))
    }
}

fn line(row: &RecordRow) -> String {
    let next = row.next_attempt_at.filter(|_| row.status.is_due_some_day());
    let cells = [
        text(&row.description),
        text(&row.sync_name),
        text(row.status.label()),
        maybe(row.source_label.as_ref().or(row.source_id.as_ref())),
        maybe(row.destination_label.as_ref().or(row.destination_id.as_ref())),
        text(row.last_operation.label()),
        maybe(row.last_error.as_ref()),
        maybe(row.error_field.as_ref()),
        row.attempts.to_string(),
        time(row.last_attempt_at),
        time(next),
        time(row.source_modified_at),
        time(row.destination_modified_at),
        row.version.to_string(),
        row.id.to_string(),
    ];
    cells.join(",") + "\r\n"
}

fn maybe(cell: Option<&String>) -> String {
    cell.map(|cell| text(cell)).unwrap_or_default()
}

/// A text cell: never a formula, and quoted where it has to be.
fn text(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@']) || cell.starts_with(char::is_control);
    let guard = if is_formula { "'" } else { "" };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    } else {
        format!("{guard}{cell}")
    }
}

fn time(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_its_row() {
        assert_eq!(text("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(text("-1+1"), "'-1+1");
        assert_eq!(text("@cmd"), "'@cmd");
        assert_eq!(text("\t=1"), "'\t=1");
        assert_eq!(text("Ada, \"Byron\"\n"), "\"Ada, \"\"Byron\"\"\n\"");
        assert_eq!(text("#1042 · Ada"), "#1042 · Ada");
    }
}
