//! Making an account.

use crate::rpc::rpc;

rpc! {
    /// Makes the organisation and its owner, signs them in, and leads to the Overview.
    form SIGN_UP = "sign-up";
    pub async fn sign_up(organisation: String, email: String, password: String) -> Result<(), AppError> {
        use crate::{flash, request};
        let engine = request::engine()?;
        let typed = [("organisation", organisation.as_str()), ("email", email.as_str())];
        let signed_in =
            engine::accounts::sign_up(&engine, &organisation, &email, &password, &request::client(), request::now())
                .await
                .map_err(|error| flash::back("/signup", "signup", &typed, error.into()))?;
        request::begin_session(signed_in.user).await?;
        leptos_axum::redirect(&format!("/o/{}", signed_in.slug));
        Ok(())
    }
}
