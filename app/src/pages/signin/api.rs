//! Signing in and out.

use crate::rpc::rpc;

rpc! {
    /// Begins a session and leads to `next`, or to the organisation used last.
    form SIGN_IN = "sign-in";
    pub async fn sign_in(
        email: String,
        password: String,
        /// Where the person wanted to go; only an address inside an organisation is followed.
        #[server(default)]
        next: String,
    ) -> Result<(), AppError> {
        use crate::{flash, request};
        let engine = request::engine()?;
        let signed_in = engine::accounts::sign_in(&engine, &email, &password, &request::client(), request::now())
            .await
            .map_err(|error| flash::back(&way_back(&next), "signin", &[("email", &email)], error.into()))?;
        request::begin_session(signed_in.user).await?;
        let home = format!("/o/{}", signed_in.slug);
        leptos_axum::redirect(if is_inside(&next) { &next } else { &home });
        Ok(())
    }
}

rpc! {
    /// Ends this session.
    form SIGN_OUT = "sign-out";
    pub async fn sign_out() -> Result<(), AppError> {
        crate::request::end_session().await?;
        leptos_axum::redirect("/signin");
        Ok(())
    }
}

/// Whether `next` is one of our own pages: anything else could lead a person to a stranger's site.
#[cfg(feature = "ssr")]
fn is_inside(next: &str) -> bool {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    next.starts_with("/o/") && plain
}

#[cfg(feature = "ssr")]
fn way_back(next: &str) -> String {
    if is_inside(next) {
        format!("/signin?next={}", leptos_router::location::Url::escape(next))
    } else {
        "/signin".to_owned()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    #[test]
    fn only_our_own_pages_are_followed_after_the_sign_in() {
        assert!(super::is_inside("/o/acme/history?status=failed"));
        for stranger in ["//evil.example", "/o/\\evil", "https://evil.example", "", "/o/a\r\nSet-Cookie: x"] {
            assert!(!super::is_inside(stranger), "{stranger}");
        }
    }
}
