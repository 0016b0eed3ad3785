//! The timeline's server function.

use domain::ActivityId;
use domain::activity::ActivityPage;

use crate::rpc::rpc;

rpc! {
    /// A page of the timeline, the newest line first; `before` is where the page before ended.
    query "activity";
    pub async fn load_activity(
        slug: String,
        #[server(default)] before: Option<ActivityId>,
    ) -> Result<ActivityPage, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::activity::page(&request::engine()?, &member, before).await?)
    }
}
