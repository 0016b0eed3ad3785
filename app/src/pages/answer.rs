//! How a change ends that may have come from a form without JavaScript: on the page it came from, with a sentence.

use crate::prelude::*;
use domain::activity::Tone;
use serde::de::DeserializeOwned;

use crate::flash::Flash;
use crate::rpc::{Load, Post, Shown};
use crate::ui::{Notice, use_toasts};

#[cfg(feature = "ssr")]
pub use server::{answer, came_from};

/// Says in a toast what came of an action, and calls `then` when it was done.
pub fn tell<T: DeserializeOwned + 'static>(
    post: Post<T>,
    words: impl Fn(&T) -> String + 'static,
    then: impl Fn() + 'static,
) {
    let toasts = use_toasts();
    Effect::new(move |_| match post.value() {
        Some(Ok(done)) => {
            toasts.push(Tone::Success, words(&done));
            then();
        }
        Some(Err(error)) => toasts.push(Tone::Failure, error.to_string()),
        None => {}
    });
}

/// The sentences of a form without JavaScript, above a page's content.
#[component]
pub fn Answer(flash: Load<Flash>) -> impl IntoView {
    let sentences = move || async move {
        let Flash { notice, errors, .. } = flash.await.unwrap_or_default();
        let done = notice.map(|text| view! { <Notice tone=Tone::Success>{text}</Notice> });
        let wrong = errors.into_iter().map(|(_, text)| view! { <Notice tone=Tone::Failure>{text}</Notice> });
        (done, wrong.collect_view()).into_any()
    };
    view! { <Shown view=sentences /> }
}

#[cfg(feature = "ssr")]
mod server {
    use http::header::REFERER;

    use crate::error::AppError;
    use crate::flash::{back, say};
    use crate::request;

    /// Passes `result` on. Without JavaScript it also leads back to the page with the form, which says `notice` or what
    /// was wrong; `form` is the name under which that page asks for it.
    pub fn answer<T>(
        result: Result<T, engine::Error>,
        slug: &str,
        form: &str,
        notice: impl FnOnce(&T) -> String,
    ) -> Result<T, AppError> {
        let page = came_from(slug);
        match result {
            Ok(done) => {
                say(&page, form, &notice(&done));
                Ok(done)
            }
            Err(error) => Err(back(&page, form, &[], error.into())),
        }
    }

    /// The address of the page with the form, when it is one of the organisation's; its overview else.
    #[must_use]
    pub fn came_from(slug: &str) -> String {
        let home = crate::frame::href(slug, "");
        let referer = request::header(REFERER).unwrap_or_default();
        let path =
            referer.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| format!("/{path}"));
        path.filter(|path| path.starts_with(&format!("{home}/")) && !path.contains(['\r', '\n', '\\'])).unwrap_or(home)
    }
}
