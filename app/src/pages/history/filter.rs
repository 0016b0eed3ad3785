//! What is shown, as the URL says it.

use domain::RecordId;
use domain::history::{HistoryColumn, HistoryFilter, MAX_SEARCH, RecordRow};
use leptos_router::params::ParamsMap;

use crate::query;

/// The filter that the query says. What cannot be read is left out: an old link still shows something.
#[must_use]
pub fn filter_of(query: &ParamsMap) -> HistoryFilter {
    let filled = |name: &str| query.get(name).filter(|value| !value.trim().is_empty());
    HistoryFilter {
        sync: filled("sync").and_then(|id| id.parse().ok()),
        entity: filled("entity").and_then(|text| text.parse().ok()),
        status: filled("status").and_then(|text| text.parse().ok()),
        text: filled("q").map(|text| text.trim().chars().take(MAX_SEARCH).collect()),
        after: filled("after"),
        before: filled("before"),
        columns: columns_of(query),
    }
}

/// The columns that somebody chose: `columns=status,attempts`, or a form's `columns=status&columns=attempts`.
fn columns_of(query: &ParamsMap) -> Vec<HistoryColumn> {
    let said: Vec<String> = query.get_all("columns").unwrap_or_default();
    let named =
        |column: &&HistoryColumn| said.iter().flat_map(|text| text.split(',')).any(|name| name == column.as_str());
    HistoryColumn::ALL.iter().filter(named).copied().collect()
}

/// The address that shows `filter`, with the drawer of `record`.
#[must_use]
pub fn address(slug: &str, filter: &HistoryFilter, record: Option<RecordId>) -> String {
    let parts = [
        ("sync", filter.sync.map(|id| id.to_string())),
        ("entity", filter.entity.map(|entity| entity.to_string())),
        ("status", filter.status.map(|status| status.to_string())),
        ("q", filter.text.clone()),
        ("after", filter.after.clone()),
        ("before", filter.before.clone()),
        ("columns", (!filter.columns.is_empty()).then(|| columns_text(&filter.columns))),
        ("record", record.map(|id| id.to_string())),
    ];
    format!("/o/{slug}/history{}", query::of(parts))
}

fn columns_text(columns: &[HistoryColumn]) -> String {
    columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(",")
}

/// Where everything that matches is downloaded.
#[must_use]
pub fn export_address(slug: &str, filter: &HistoryFilter) -> String {
    let page = address(slug, &first_page(filter), None);
    let (path, query) = page.split_once('?').unwrap_or((&page, ""));
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}.csv{mark}{query}")
}

/// The same filter from its first page.
#[must_use]
pub fn first_page(filter: &HistoryFilter) -> HistoryFilter {
    HistoryFilter { after: None, before: None, ..filter.clone() }
}

/// Whether the list begins with the newest change.
#[must_use]
pub fn is_first_page(filter: &HistoryFilter) -> bool {
    filter.after.is_none() && filter.before.is_none()
}

/// Whether anything is left out.
#[must_use]
pub fn narrows(filter: &HistoryFilter) -> bool {
    filter.sync.is_some() || filter.entity.is_some() || filter.status.is_some() || filter.text.is_some()
}

/// Whether `row` belongs under `filter`; the text is the server's to judge.
#[must_use]
pub fn belongs(filter: &HistoryFilter, row: &RecordRow) -> bool {
    filter.sync.is_none_or(|sync| sync == row.sync)
        && filter.entity.is_none_or(|entity| entity == row.entity)
        && filter.status.is_none_or(|status| status == row.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_its_own_address() {
        let mut query = ParamsMap::new();
        for (name, value) in
            [("status", "failed"), ("entity", "order"), ("q", "Ada & Söhne #1042"), ("sync", "nonsense")]
        {
            query.insert(name, value.to_owned());
        }
        let filter = filter_of(&query);
        assert_eq!(filter.text.as_deref(), Some("Ada & Söhne #1042"));
        assert_eq!(filter.sync, None);
        assert_eq!(
            address("acme", &filter, None),
            "/o/acme/history?entity=order&status=failed&q=Ada%20%26%20S%C3%B6hne%20%231042"
        );
    }
}
