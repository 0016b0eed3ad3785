//! The timeline's server function.

use domain::activity::{ActivityFilter, ActivityPage};

use crate::rpc::rpc;

rpc! {
    /// A page of the timeline, the newest line first; the filter's `before` is where the page before ended.
    query "activity";
    pub async fn load_activity(
        slug: String,
        #[server(default)] filter: ActivityFilter,
    ) -> Result<ActivityPage, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::activity::page(&request::engine()?, &member, &filter).await?)
    }
}
