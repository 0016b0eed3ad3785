//! What every screen begins with: leptos' own prelude, and a `view!` that makes one type of every view.

pub use leptos::prelude::*;

/// leptos' `view!`, erased: else each mixture of tags, branches and lists is compiled anew, which was a large part of
/// the wasm.
macro_rules! erased_view {
    ($($tokens:tt)*) => {
        ::leptos::prelude::IntoAny::into_any(::leptos::view! { $($tokens)* }.into_inner())
    };
}
pub(crate) use erased_view as view;
