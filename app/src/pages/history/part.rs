//! Which part of a record's drawer is open, as the URL says it.

use domain::history::HistoryFilter;
use domain::{RecordId, RunId};
use leptos_router::params::ParamsMap;

use super::filter::address;

/// A part of the drawer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Where it stands and how it came here.
    Overview,
    Conflict,
    Versions,
    /// Both sides, read live.
    Sides,
    Edit,
    Link,
}

impl Part {
    /// Those that are there for every record.
    pub const ALWAYS: [Self; 5] = [Self::Overview, Self::Versions, Self::Sides, Self::Edit, Self::Link];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Conflict => "conflict",
            Self::Versions => "versions",
            Self::Sides => "sides",
            Self::Edit => "edit",
            Self::Link => "link",
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Conflict => "Conflict",
            Self::Versions => "Versions",
            Self::Sides => "Both sides",
            Self::Edit => "Edit",
            Self::Link => "Link",
        }
    }

    fn of(text: &str) -> Self {
        let known = [Self::Conflict, Self::Versions, Self::Sides, Self::Edit, Self::Link];
        known.into_iter().find(|part| part.as_str() == text).unwrap_or(Self::Overview)
    }
}

/// What of which record is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    pub record: RecordId,
    pub part: Part,
    /// The run whose answer is shown.
    pub run: Option<RunId>,
    /// The two versions that stand side by side.
    pub versions: Option<(i64, i64)>,
    /// The list of versions begins before this one.
    pub older: Option<i64>,
}

/// What the query opens.
#[must_use]
pub fn opened_of(query: &ParamsMap) -> Option<Opened> {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
    Some(Opened {
        record: query.get("record")?.parse().ok()?,
        part: query.get("part").map_or(Part::Overview, |text| Part::of(&text)),
        run: query.get("run").and_then(|id| id.parse().ok()),
        versions: number("one").zip(number("other")),
        older: number("older"),
    })
}

/// The address of a part of a record's drawer.
#[must_use]
pub fn part_address(slug: &str, filter: &HistoryFilter, record: RecordId, part: Part) -> String {
    let overview = address(slug, filter, Some(record));
    if part == Part::Overview { overview } else { format!("{overview}&part={}", part.as_str()) }
}

/// The same page with the drawer at another part, and with the answer of `run` in it.
#[cfg(feature = "ssr")]
#[must_use]
pub fn moved(page: &str, part: Part, run: Option<RunId>) -> String {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let goes = |pair: &&str| ["part=", "run=", "one=", "other=", "older="].iter().any(|name| pair.starts_with(name));
    let mut pairs: Vec<String> =
        query.split('&').filter(|pair| !pair.is_empty() && !goes(pair)).map(str::to_owned).collect();
    if part != Part::Overview {
        pairs.push(format!("part={}", part.as_str()));
    }
    pairs.extend(run.map(|run| format!("run={run}")));
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_record_survives_its_own_address() {
        let record: RecordId = uuid::Uuid::from_u128(7).into();
        let filter = HistoryFilter { text: Some("a".into()), ..HistoryFilter::default() };
        let address = part_address("acme", &filter, record, Part::Edit);
        let mut query = ParamsMap::new();
        for pair in address.split_once('?').unwrap().1.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            query.insert(name.to_owned(), value.to_owned());
        }
        let opened = opened_of(&query).unwrap();
        assert_eq!((opened.record, opened.part, opened.run), (record, Part::Edit, None));
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn the_page_stays_as_it_is_when_the_drawer_moves() {
        let run: RunId = uuid::Uuid::from_u128(7).into();
        let page = "/o/acme/history?status=failed&record=1&part=link&run=2";
        assert_eq!(moved(page, Part::Overview, None), "/o/acme/history?status=failed&record=1");
        assert!(moved(page, Part::Link, Some(run)).ends_with(&format!("record=1&part=link&run={run}")));
    }
}
