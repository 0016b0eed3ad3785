//! The Overview's server functions.

use domain::overview::Overview;

use crate::rpc::rpc;

rpc! {
    /// Everything that the Overview shows.
    query "overview";
    pub async fn load_overview(slug: String) -> Result<Overview, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::overview::overview(&request::engine()?, &member, request::now()).await?)
    }
}

rpc! {
    /// Connects the sandbox's shop and ERP, makes the syncs and their schedules, and starts the first prepare.
    form TRY_SANDBOX = "try-sandbox";
    pub async fn try_sandbox(slug: String) -> Result<(), AppError> {
        use crate::{pages::answer::answer, request};
        let member = request::member(&slug).await?;
        let done = engine::demo::try_with_sandbox(&request::engine()?, &member, request::now()).await;
        answer(done, &slug, "overview", |()| "The sandbox is connected, and its orders are on their way.".to_owned())
    }
}
