//! The Sync History's server functions: session, permission, engine, return.

use domain::RecordId;
use domain::history::{ActionOutcome, HistoryFilter, RecordDetail, RecordPage};
use domain::status::RecordAction;

use crate::rpc::rpc;

rpc! {
    /// A page of records.
    query "history";
    pub async fn load_history(slug: String, #[server(default)] filter: HistoryFilter) -> Result<RecordPage, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::history::page(&request::engine()?, &member, &filter).await?)
    }
}

rpc! {
    /// A record with its attempts and versions.
    query "record";
    pub async fn load_record(slug: String, record: RecordId) -> Result<RecordDetail, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::history::detail(&request::engine()?, &member, record).await?)
    }
}

rpc! {
    /// How many records match; above 10 000 the answer is 10 001.
    query "history-count";
    pub async fn count_matching(slug: String, #[server(default)] filter: HistoryFilter) -> Result<i64, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::history::count(&request::engine()?, &member, &filter).await?)
    }
}

rpc! {
    /// Does `action` to the records in `ids`, or with `all` to everything that matches `filter`.
    form ACT_ON_RECORDS = "history-act";
    pub async fn act_on_records(
        slug: String,
        action: RecordAction,
        #[server(default)] ids: Vec<RecordId>,
        #[server(default)] all: bool,
        #[server(default)] filter: HistoryFilter,
    ) -> Result<ActionOutcome, AppError> {
        use crate::request;
        use domain::history::Selection;
        let member = request::member(&slug).await?;
        let selection = if all { Selection::Matching(filter) } else { Selection::These(ids) };
        let result = engine::history::act(&request::engine()?, &member, action, &selection, request::now()).await;
        crate::pages::answer::answer(result, &slug, crate::pages::history::FORM, crate::pages::history::actions::outcome_text)
    }
}
