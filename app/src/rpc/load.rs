//! What a screen loads: on the server before it is sent, in the browser when its address changes.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Boxed, Call, read};
use crate::error::AppError;
use crate::ui::Skeleton;

type Text = Result<String, AppError>;

/// The answer to a call, kept as text until somebody awaits it.
///
/// A page's answers travel to the browser under their calls' own keys ([`super::Key`]). Leptos' `Resource` would number
/// them in the order in which they are made: of what is made inside another answer's view, that is the order of the
/// answers on the server and the order of the page in the browser, and a page would come to life with another's answer.
pub struct Load<T> {
    text: AsyncDerived<Text>,
    /// Counts how often the call was made again.
    again: RwSignal<usize>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Load<T> {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Load<T> {
    /// Makes the call, and again whenever a signal that `call` reads makes it another one.
    #[must_use]
    pub fn new(call: impl Fn() -> Call<T> + Send + Sync + 'static) -> Self {
        let again = RwSignal::new(0);
        #[cfg(feature = "ssr")]
        let text = super::carry::sent(move || call().into_parts());
        #[cfg(not(feature = "ssr"))]
        let text = super::carry::taken_over(again, Box::new(move || call().into_parts()));
        Self { text, again, kind: PhantomData }
    }
}

impl<T: DeserializeOwned> Load<T> {
    /// What is there now, for an effect; `None` while nothing is.
    #[must_use]
    pub fn get(self) -> Option<Result<T, AppError>> {
        self.text.with(|text| Some(text.as_ref()?.as_ref().map_err(Clone::clone).and_then(|text| read(text))))
    }
}

impl<T> Load<T> {
    /// Makes the call again.
    pub fn refetch(self) {
        self.again.update(|times| *times += 1);
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Load<T> {
    type Output = Result<T, AppError>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let text = text_of(self.text);
        Box::pin(async move { read(&text.await?) })
    }
}

fn text_of(text: AsyncDerived<Text>) -> Boxed<Text> {
    Box::pin(async move { text.await })
}

/// A view that waits for what it shows.
#[derive(Clone)]
pub struct Shows(Arc<dyn Fn() -> Boxed<AnyView> + Send + Sync>);

impl<F, Fut> From<F> for Shows
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = AnyView> + Send + 'static,
{
    fn from(view: F) -> Self {
        Self(Arc::new(move || Box::pin(view())))
    }
}

/// Shows a view when what it waits for is there; a skeleton of so many lines until then, and the old view while
/// something new is on its way.
#[component]
pub fn Shown(#[prop(into)] view: Shows, #[prop(default = 0)] lines: usize) -> impl IntoView {
    let skeleton = move || (lines > 0).then(|| view! { <Skeleton lines /> });
    view! { <Transition fallback=skeleton>{kept_until_the_next(view)}</Transition> }
}

/// Each view owns its signals until the next one has taken its place. Otherwise they would end when the next one begins
/// to wait, and whatever ticks in the old view meanwhile would find nothing to read.
fn kept_until_the_next(view: Shows) -> impl Fn() -> Suspend<OwnedView<AnyView>> + Send + 'static {
    let screen = Owner::current().unwrap_or_default();
    move || {
        let owner = screen.child();
        owner.clone().with(|| {
            let content = (view.0)();
            Suspend::new(async move { OwnedView::new_with_owner(content.await, owner) })
        })
    }
}
