//! The settings' server functions.

use domain::account::SessionView;

use crate::rpc::rpc;

rpc! {
    /// Where the person is signed in.
    query "sessions";
    pub async fn load_sessions() -> Result<Vec<SessionView>, AppError> {
        use crate::request;
        let user = request::user().await?;
        let current = request::session().await?.id();
        Ok(engine::sessions::list(&request::engine()?, user, current, request::now()).await?)
    }
}

rpc! {
    /// Ends every session of the person, this one too.
    form SIGN_OUT_EVERYWHERE = "sign-out-everywhere";
    pub async fn sign_out_everywhere() -> Result<(), AppError> {
        use crate::request;
        let user = request::user().await?;
        engine::sessions::revoke_all(&request::engine()?, user).await?;
        request::end_session().await?;
        leptos_axum::redirect("/signin");
        Ok(())
    }
}
