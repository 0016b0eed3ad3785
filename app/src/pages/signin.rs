//! Sign in.

pub mod api;
pub(crate) mod card;

use crate::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::flash::{Flash, flash_of};
use crate::rpc::{Post, PostForm, Shown};
use crate::ui::{Button, ButtonKind, Field, FormProblem, form_errors};
use api::SIGN_IN;
use card::AuthCard;

#[component]
pub fn SignInPage() -> impl IntoView {
    let flash = flash_of("signin");
    view! {
        <AuthCard title="Sign in">
            <Shown view=move || async move {
                let flash = flash.await.unwrap_or_default();
                view! { <SignInForm flash /> }.into_any()
            } />
            <p class="auth-other">"New here? " <a href="/signup">"Create an account"</a></p>
        </AuthCard>
    }
}

#[component]
fn SignInForm(flash: Flash) -> impl IntoView {
    let post = Post::to(SIGN_IN);
    let next = use_query_map().with_untracked(|query| query.get("next").unwrap_or_default());
    let email = flash.value("email");
    let errors = form_errors(post.error(), flash.errors);
    view! {
        <PostForm post>
            <FormProblem errors />
            <input type="hidden" name="next" value=next />
            <Field label="E-mail" name="email" kind="email" value=email autocomplete="username" required=true errors />
            <Field
                label="Password"
                name="password"
                kind="password"
                autocomplete="current-password"
                required=true
                errors
            />
            <Button kind=ButtonKind::Primary pending=post.pending()>
                "Sign in"
            </Button>
        </PostForm>
    }
}
