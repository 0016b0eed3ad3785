//! The filter's server functions, and what its form sends.

use std::collections::BTreeMap;

use domain::SyncId;
use serde::{Deserialize, Serialize};

use crate::rpc::rpc;
#[cfg(feature = "ssr")]
use crate::{flash, frame::href, pages::syncs::filter::draft, request};

/// What the form sends, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterForm {
    /// The filter as it was when the form was made, as JSON.
    pub base: String,
    pub r#match: String,
    /// By their numbers, which need not be consecutive.
    pub rows: BTreeMap<String, RowForm>,
    /// The parts that the form does not show, as JSON.
    pub kept: BTreeMap<String, String>,
    pub insist: String,
}

/// One condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowForm {
    pub group: String,
    pub field: String,
    pub operator: String,
    pub value: String,
}

/// How many of the newest stored records a filter lets pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub matches: usize,
    pub of: usize,
}

rpc! {
    /// Tries a filter, given as JSON; `null` lets everything pass.
    query "sync-filter-preview";
    pub async fn preview_filter(slug: String, sync: SyncId, filter: String) -> Result<Preview, AppError> {
        let member = request::member(&slug).await?;
        let filter: Option<domain::filter::Filter> = serde_json::from_str(&filter).map_err(|_| draft::incomplete())?;
        let filter = filter.unwrap_or(domain::filter::Filter::All(Vec::new()));
        let (matches, of) = engine::syncs::filter_preview(&request::engine()?, &member, sync, &filter).await?;
        Ok(Preview { matches, of })
    }
}

rpc! {
    /// Changes the filter of a sync; says what changed.
    form SAVE_FILTER = "sync-filter-save";
    pub async fn save_filter(slug: String, sync: SyncId, form: FilterForm) -> Result<Vec<String>, AppError> {
        use super::FORM;
        use crate::pages::syncs::settings::saved_text;
        use domain::sync::{SettingsChange, SyncSettings};
        let member = request::member(&slug).await?;
        let page = href(&slug, &format!("syncs/{sync}/filter"));
        let typed = form.draft();
        let base: Option<domain::filter::Filter> = serde_json::from_str(&form.base).map_err(|_| draft::incomplete())?;
        let change = SettingsChange {
            base: SyncSettings { filter: base, ..SyncSettings::default() },
            wanted: SyncSettings { filter: typed.filter(), ..SyncSettings::default() },
            insists: form.insist == "yes",
        };
        match engine::syncs::change(&request::engine()?, &member, sync, &change, request::now()).await {
            Ok(changes) => {
                flash::say(&page, FORM, &saved_text(&changes));
                Ok(changes)
            }
            Err(error) => {
                let typed = serde_json::to_string(&typed).unwrap_or_default();
                Err(flash::back(&page, FORM, &[("draft", &typed), ("base", &form.base)], error.into()))
            }
        }
    }
}

#[cfg(feature = "ssr")]
impl FilterForm {
    /// What was typed, in the order of the rows' numbers.
    fn draft(&self) -> draft::Draft {
        let mut rows: Vec<(usize, &RowForm)> =
            self.rows.iter().filter_map(|(number, row)| Some((number.parse().ok()?, row))).collect();
        rows.sort_by_key(|(number, _)| *number);
        let row = |row: &RowForm| {
            let operator = row.operator.parse().ok()?;
            let group = row.group.parse().unwrap_or(0);
            Some(draft::Row { group, field: row.field.clone(), operator, value: row.value.clone() })
        };
        let mut rows: Vec<draft::Row> = rows.into_iter().filter_map(|(_, form)| row(form)).collect();
        rows.sort_by_key(|row| row.group);
        let kept = self.kept.values().filter_map(|kept| serde_json::from_str(kept).ok()).collect();
        draft::Draft { any: self.r#match == "any", rows, kept }
    }
}
