//! Sign up: an organisation and its first person.

pub mod api;

use crate::prelude::*;
use domain::account::{MIN_PASSWORD, strength};

use crate::flash::{Flash, flash_of};
use crate::pages::signin::card::AuthCard;
use crate::rpc::{Post, PostForm, Shown};
use crate::ui::{Button, ButtonKind, Field, FormProblem, form_errors};
use api::SIGN_UP;

#[component]
pub fn SignUpPage() -> impl IntoView {
    let flash = flash_of("signup");
    view! {
        <AuthCard title="Create your account">
            <Shown view=move || async move {
                let flash = flash.await.unwrap_or_default();
                view! { <SignUpForm flash /> }.into_any()
            } />
            <p class="auth-other">"You have one? " <a href="/signin">"Sign in instead"</a></p>
        </AuthCard>
    }
}

#[component]
fn SignUpForm(flash: Flash) -> impl IntoView {
    let post = Post::to(SIGN_UP);
    let (organisation, email) = (flash.value("organisation"), flash.value("email"));
    let errors = form_errors(post.error(), flash.errors);
    let typed = RwSignal::new(String::new());
    view! {
        <PostForm post>
            <FormProblem errors />
            <Field
                label="Organisation"
                name="organisation"
                value=organisation
                autocomplete="organization"
                help="Your company, as your colleagues call it."
                required=true
                errors
            />
            <Field label="E-mail" name="email" kind="email" value=email autocomplete="username" required=true errors />
            <Field
                label="Password"
                name="password"
                kind="password"
                autocomplete="new-password"
                help=format!("At least {MIN_PASSWORD} characters. A few words are better than one odd one.")
                required=true
                errors
                on_input=move |text| typed.set(text)
            />
            <Strength typed />
            <Button kind=ButtonKind::Primary pending=post.pending()>
                "Create account"
            </Button>
        </PostForm>
    }
}

/// How hard the password is to guess, while it is typed.
#[component]
fn Strength(#[prop(into)] typed: Signal<String>) -> impl IntoView {
    const WORDS: [&str; 5] = ["very weak", "weak", "fair", "good", "strong"];
    let level = Memo::new(move |_| typed.with(|typed| (!typed.is_empty()).then(|| strength(typed).min(4))));
    view! {
        <div class="strength" aria-live="polite">
            {move || {
                level
                    .get()
                    .map(|level| {
                        view! {
                            <progress
                                class=format!("strength-{level}")
                                max="4"
                                value=level
                                aria-label="Strength"
                            ></progress>
                            <span>{format!("Strength: {}", WORDS[usize::from(level)])}</span>
                        }
                    })
            }}
        </div>
    }
}
