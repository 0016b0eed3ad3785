//! The server functions for one record: what is edited, linked, chosen, compared.

use std::collections::BTreeMap;

use domain::history::{EditForm, FindBy, ReportView, VersionPage, VersionsCompared};
use domain::{RecordId, RunId, Side};

use crate::rpc::rpc;

/// The name of the edit form, for what a browser without JavaScript is told.
pub const EDIT_FORM: &str = "record-edit";

rpc! {
    /// What would be written of a record, as a form.
    query "record-edit";
    pub async fn load_edit(slug: String, record: RecordId) -> Result<EditForm, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::history::edit_form(&request::engine()?, &member, record).await?)
    }
}

rpc! {
    /// Writes what was typed in place of what the mapping would write, once.
    form SAVE_EDIT = "record-edit-save";
    pub async fn save_edit(
        slug: String,
        record: RecordId,
        version: i64,
        #[server(default)] edit: String,
        #[server(default)] fields: BTreeMap<String, String>,
    ) -> Result<(), AppError> {
        use crate::request;
        use domain::history::OpenedOn;
        let member = request::member(&slug).await?;
        let opened_on = OpenedOn { version, edit: edit.parse().ok() };
        let result =
            engine::history::edit(&request::engine()?, &member, record, opened_on, &fields, request::now()).await;
        server::edited(result, &slug, &fields)
    }
}

rpc! {
    /// A page of a record's versions, the newest first, where `before` is where the page before ended; and which earlier
    /// one is processed next.
    query "record-versions-page";
    pub async fn load_versions_page(
        slug: String,
        record: RecordId,
        #[server(default)] before: Option<i64>,
    ) -> Result<(VersionPage, Option<i64>), AppError> {
        use crate::request;
        let (engine, member) = (request::engine()?, request::member(&slug).await?);
        let detail = engine::history::detail(&engine, &member, record).await?;
        let page = match before {
            None => VersionPage { versions: detail.versions, older: detail.older_versions },
            Some(before) => engine::history::versions_before(&engine, &member, record, before).await?,
        };
        Ok((page, detail.replay_version))
    }
}

rpc! {
    /// Two versions side by side.
    query "record-versions";
    pub async fn load_versions(
        slug: String,
        record: RecordId,
        one: i64,
        other: i64,
    ) -> Result<VersionsCompared, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::history::versions_compared(&request::engine()?, &member, record, (one, other)).await?)
    }
}

rpc! {
    /// Processes an earlier version in place of what the source says now, once.
    form REPLAY = "record-replay";
    pub async fn replay_version(slug: String, record: RecordId, version: i64) -> Result<(), AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let result = engine::history::replay(&request::engine()?, &member, record, version, request::now()).await;
        server::done(result, &slug, &format!("Version {version} is on its way."))
    }
}

rpc! {
    /// Reads both sides of a record; the page then shows what the run has found.
    form COMPARE = "record-compare";
    pub async fn compare_sides(slug: String, record: RecordId) -> Result<RunId, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let result = engine::history::compare(&request::engine()?, &member, record, request::now()).await;
        server::asked(result, &slug, super::part::Part::Sides)
    }
}

rpc! {
    /// Looks for a record of the other side to link with.
    form FIND = "record-find";
    pub async fn find_partner(slug: String, record: RecordId, by: FindBy, text: String) -> Result<RunId, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let result = engine::history::find(&request::engine()?, &member, record, by, &text, request::now()).await;
        server::asked(result, &slug, super::part::Part::Link)
    }
}

rpc! {
    /// What a run for one record was asked and has found.
    query "record-report";
    pub async fn load_report(slug: String, run: RunId) -> Result<ReportView, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::history::report(&request::engine()?, &member, run).await?)
    }
}

rpc! {
    /// Links a record with what a run has found.
    form LINK = "record-link";
    pub async fn link_record(slug: String, record: RecordId, run: RunId, to: String) -> Result<(), AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let result = engine::history::link(&request::engine()?, &member, record, run, &to, request::now()).await;
        server::done(result, &slug, "Linked. It is processed now.")
    }
}

rpc! {
    /// Takes what was chosen in a conflict.
    form RESOLVE = "record-resolve";
    pub async fn resolve_conflict(
        slug: String,
        record: RecordId,
        version: i64,
        #[server(default)] choices: BTreeMap<String, Side>,
    ) -> Result<(), AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let result =
            engine::history::resolve(&request::engine()?, &member, record, version, &choices, request::now()).await;
        server::done(result, &slug, "The conflict is resolved. Both sides are written now.")
    }
}

rpc! {
    /// Takes what was decided about a record that is gone on one side.
    form RESOLVE_GONE = "record-resolve-gone";
    pub async fn resolve_gone(slug: String, record: RecordId, version: i64, choice: String) -> Result<(), AppError> {
        use crate::error::AppError;
        use crate::request;
        let member = request::member(&slug).await?;
        let Ok(choice) = choice.parse() else {
            return Err(AppError::Invalid { field: "choice".into(), message: "Choose one of them.".into() });
        };
        let result =
            engine::history::resolve_gone(&request::engine()?, &member, record, version, choice, request::now()).await;
        server::done(result, &slug, "The conflict is resolved. It is processed now.")
    }
}

#[cfg(feature = "ssr")]
mod server {
    use std::collections::BTreeMap;

    use domain::RunId;

    use super::super::FORM;
    use super::super::part::{Part, moved};
    use super::EDIT_FORM;
    use crate::error::AppError;
    use crate::flash::{back, say};
    use crate::pages::answer::came_from;

    /// Back to the record's overview with a sentence, or to where the person was with what is wrong.
    pub fn done(result: Result<(), engine::Error>, slug: &str, notice: &str) -> Result<(), AppError> {
        let page = came_from(slug);
        match result {
            Ok(()) => {
                say(&moved(&page, Part::Overview, None), FORM, notice);
                Ok(())
            }
            Err(error) => Err(back(&page, FORM, &[], error.into())),
        }
    }

    /// The same for the edit form, which keeps what was typed.
    pub fn edited(
        result: Result<(), engine::Error>,
        slug: &str,
        typed: &BTreeMap<String, String>,
    ) -> Result<(), AppError> {
        let page = came_from(slug);
        match result {
            Ok(()) => {
                say(&moved(&page, Part::Overview, None), FORM, "Saved. It is written now.");
                Ok(())
            }
            Err(error) => {
                let values: Vec<(&str, &str)> =
                    typed.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
                Err(back(&page, EDIT_FORM, &values, error.into()))
            }
        }
    }

    /// To the same page with the run's answer, which is not there yet.
    pub fn asked(result: Result<RunId, engine::Error>, slug: &str, part: Part) -> Result<RunId, AppError> {
        let page = came_from(slug);
        match result {
            Ok(run) => {
                leptos_axum::redirect(&moved(&page, part, Some(run)));
                Ok(run)
            }
            Err(error) => Err(back(&page, FORM, &[], error.into())),
        }
    }
}
