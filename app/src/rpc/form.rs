//! Forms: sent by the browser itself, or by the page when it lives, which then shows the answer in place.

use std::marker::PhantomData;

use crate::prelude::*;
use serde::de::DeserializeOwned;

use super::Body;
use crate::error::AppError;

/// Where a form is sent, and what is answered.
pub struct FormPath<T> {
    path: &'static str,
    kind: PhantomData<fn() -> T>,
}

impl<T> FormPath<T> {
    /// A path below `/api/`.
    #[must_use]
    pub const fn new(path: &'static str) -> Self {
        Self { path, kind: PhantomData }
    }
}

/// A form's sending: is it under way, and what was answered last.
pub struct Post<T> {
    path: &'static str,
    state: State,
    kind: PhantomData<fn() -> T>,
}

#[derive(Clone, Copy)]
struct State {
    pending: RwSignal<bool>,
    /// What is being sent or was sent last.
    sent: RwSignal<String>,
    answer: RwSignal<Option<Result<String, AppError>>>,
    /// How many answers there were.
    version: RwSignal<usize>,
}

impl<T> Clone for Post<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Post<T> {}

impl<T> Post<T> {
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a path is a constant, and named at one place")]
    pub fn to(path: FormPath<T>) -> Self {
        let state = State {
            pending: RwSignal::new(false),
            sent: RwSignal::new(String::new()),
            answer: RwSignal::new(None),
            version: RwSignal::new(0),
        };
        Self { path: path.path, state, kind: PhantomData }
    }

    /// Sends `body`, unless something is under way already.
    pub fn send(self, body: Body) {
        send(self.path, self.state, body.into_text());
    }

    /// Forgets what was answered last: what it was about is no longer on the screen.
    pub fn forget(self) {
        self.state.answer.set(None);
    }

    /// Whether it is under way.
    #[must_use]
    pub fn pending(self) -> Signal<bool> {
        self.state.pending.into()
    }

    /// How many answers there were; tracked.
    #[must_use]
    pub fn version(self) -> usize {
        self.state.version.get()
    }

    /// The encoded body that is being sent or was sent last.
    #[must_use]
    pub fn sent(self) -> Signal<String> {
        self.state.sent.into()
    }

    /// What the last answer was, when it was an error.
    #[must_use]
    pub fn error(self) -> Signal<Option<AppError>> {
        let answer = self.state.answer;
        Signal::derive(move || answer.with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned())))
    }
}

impl<T: DeserializeOwned> Post<T> {
    /// What was answered last; tracked.
    #[must_use]
    pub fn value(self) -> Option<Result<T, AppError>> {
        self.state.answer.with(|answer| {
            let answer = answer.as_ref()?.as_ref();
            Some(answer.map_err(Clone::clone).and_then(|text| super::read(text)))
        })
    }
}

/// Calls `then` with every new answer; never on the server.
pub fn after<T: DeserializeOwned + 'static>(post: Post<T>, then: impl Fn(&Result<T, AppError>) + 'static) {
    Effect::new(move || {
        if let Some(answer) = post.value() {
            untrack(|| then(&answer));
        }
    });
}

/// A form that `post` sends. The server judges what is typed, so that what is wrong is said in the page.
#[component]
pub fn PostForm<T: 'static>(post: Post<T>, #[prop(optional, into)] class: String, children: Children) -> impl IntoView {
    form_view(post.path, post.state, class, children)
}

fn form_view(path: &'static str, state: State, class: String, children: Children) -> AnyView {
    let submit = move |event: leptos::ev::SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        event.prevent_default();
        #[cfg(feature = "hydrate")]
        if let Some(body) = encoded(&event) {
            send(path, state, body);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = state;
    };
    view! {
        <form action=path method="post" class=class novalidate on:submit=submit>
            {children()}
        </form>
    }
    .into_any()
}

/// What the browser would send, the button that was pressed included.
#[cfg(feature = "hydrate")]
fn encoded(event: &leptos::ev::SubmitEvent) -> Option<String> {
    let data = leptos::form::form_data_from_event(event).ok()?;
    let parameters = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    parameters.to_string().as_string()
}

fn send(path: &'static str, state: State, body: String) {
    if state.pending.get_untracked() {
        return;
    }
    state.pending.set(true);
    state.sent.set(body.clone());
    #[cfg(not(feature = "ssr"))]
    leptos::task::spawn_local(async move {
        let answer = super::send::send(Ok(super::Request { path, body })).await;
        // The page may have gone on meanwhile.
        let _ = state.answer.try_set(Some(answer));
        let _ = state.version.try_update(|version| *version += 1);
        let _ = state.pending.try_set(false);
    });
    #[cfg(feature = "ssr")]
    let _ = path;
}
