//! Server functions, and how the browser calls them.
//!
//! On the server they are leptos' own. In the browser a call is data, a path and a body, sent by one function for all
//! of them, and its answer is a text until somebody needs it: what leptos would generate for every function, resource
//! and action anew was more than half of the wasm.

mod arg;
mod carry;
mod form;
pub(crate) mod json;
mod load;
#[cfg(not(feature = "ssr"))]
mod send;

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;

#[cfg(feature = "ssr")]
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{AppError, unexpected};

pub use arg::{Arg, Body};
pub use carry::Key;
#[cfg(feature = "ssr")]
pub(crate) use carry::provide_asked;
pub use form::{FormPath, Post, PostForm, after};
pub use load::{Load, Shown, Shows};

/// A future of any kind.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A call that is sent when it is awaited.
pub struct Call<T> {
    key: Key,
    #[cfg(feature = "ssr")]
    answer: Boxed<Result<T, AppError>>,
    #[cfg(not(feature = "ssr"))]
    request: Result<Request, AppError>,
    kind: PhantomData<fn() -> T>,
}

/// What the browser sends.
#[cfg(not(feature = "ssr"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: &'static str,
    pub(crate) body: String,
}

#[cfg(feature = "ssr")]
impl<T: Serialize + Send + 'static> Call<T> {
    /// A call to `path` with `body` that the server answers itself.
    pub fn new(path: &str, body: &str, answer: impl Future<Output = Result<T, AppError>> + Send + 'static) -> Self {
        Self { key: Key::of(path, body), answer: Box::pin(answer), kind: PhantomData }
    }

    /// A call that is answered before it is sent.
    #[must_use]
    pub fn refused(error: AppError) -> Self {
        Self::new("refused", &error.to_string(), async { Err(error) })
    }

    /// The answer as the browser would get it.
    fn into_parts(self) -> (Key, Boxed<Result<String, AppError>>) {
        let text = async move { serde_json::to_string(&self.answer.await?).map_err(|error| unexpected(&error)) };
        (self.key, Box::pin(text))
    }
}

#[cfg(feature = "ssr")]
impl<T: 'static> IntoFuture for Call<T> {
    type Output = Result<T, AppError>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.answer
    }
}

#[cfg(not(feature = "ssr"))]
impl<T> Call<T> {
    /// A call to send to `path`.
    #[must_use]
    pub fn new(path: &'static str, body: Body) -> Self {
        let body = body.into_text();
        Self { key: Key::of(path, &body), request: Ok(Request { path, body }), kind: PhantomData }
    }

    /// A call that only the server answers, when it makes the page.
    #[must_use]
    pub fn only_there(path: &str, body: &str) -> Self {
        Self { key: Key::of(path, body), request: Err(AppError::NotFound), kind: PhantomData }
    }

    /// A call that is answered before it is sent.
    #[must_use]
    pub fn refused(error: AppError) -> Self {
        Self { key: Key::of("refused", &error.to_string()), request: Err(error), kind: PhantomData }
    }

    fn into_parts(self) -> (Key, Result<Request, AppError>) {
        (self.key, self.request)
    }
}

#[cfg(not(feature = "ssr"))]
impl<T: DeserializeOwned + 'static> IntoFuture for Call<T> {
    type Output = Result<T, AppError>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let answer = send::send(self.request);
        Box::pin(async move { read(&answer.await?) })
    }
}

/// Gives an error its HTTP status, where no browser waits for a page.
#[cfg(feature = "ssr")]
pub(crate) fn answered<T>(answer: Result<T, AppError>) -> Result<T, AppError> {
    if let Err(error) = &answer
        && !crate::request::wants_html()
    {
        crate::request::set_status(error.status());
    }
    answer
}

/// What an answer's text says.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, AppError> {
    json::from_text(text).map_err(|error| unexpected(&error))
}

/// Declares a server function: `query` for one that code calls, `form NAME` for one that a form is sent to.
///
/// ```text
/// rpc! {
///     /// Every sync of the organisation.
///     query "syncs";
///     pub async fn list_syncs(slug: String) -> Result<Vec<SyncView>, AppError> { … }
/// }
/// ```
macro_rules! rpc {
    ($(#[doc = $doc:literal])* query $path:literal; pub async fn $name:ident($($(#[$meta:meta])* $arg:ident: $ty:ty),* $(,)?) -> Result<$out:ty, AppError> $body:block) => {
        $(#[doc = $doc])*
        #[must_use]
        pub fn $name($($arg: $ty),*) -> $crate::rpc::Call<$out> {
            let body = $crate::rpc::Body::default()$(.with(stringify!($arg), &$arg))*;
            #[cfg(feature = "ssr")]
            {
                #[::leptos::prelude::server(endpoint = $path)]
                async fn $name($($(#[$meta])* $arg: $ty),*) -> Result<$out, $crate::error::AppError> {
                    let answer: Result<$out, $crate::error::AppError> = async move $body.await;
                    $crate::rpc::answered(answer)
                }
                $crate::rpc::Call::new(concat!("/api/", $path), &body.into_text(), $name($($arg),*))
            }
            #[cfg(not(feature = "ssr"))]
            $crate::rpc::Call::new(concat!("/api/", $path), body)
        }
    };
    ($(#[doc = $doc:literal])* form $constant:ident = $path:literal; pub async fn $name:ident($($(#[$meta:meta])* $arg:ident: $ty:ty),* $(,)?) -> Result<$out:ty, AppError> $body:block) => {
        #[cfg(feature = "ssr")]
        const _: () = {
            #[::leptos::prelude::server(endpoint = $path)]
            async fn $name($($(#[$meta])* $arg: $ty),*) -> Result<$out, $crate::error::AppError> {
                let answer: Result<$out, $crate::error::AppError> = async move $body.await;
                $crate::rpc::answered(answer)
            }
        };

        $(#[doc = $doc])*
        pub const $constant: $crate::rpc::FormPath<$out> = $crate::rpc::FormPath::new(concat!("/api/", $path));

        // The browser only sends the form, and still compiles with the types that are in it.
        #[cfg(not(feature = "ssr"))]
        const _: Option<fn($($ty),*) -> Result<$out, $crate::error::AppError>> = None;
    };
}
pub(crate) use rpc;
