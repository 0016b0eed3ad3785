//! The browser's one way to the server.

use super::{Boxed, Request};
use crate::error::AppError;

/// Sends a request and answers with the text of the answer, or with the error that is in it. Follows the redirect that
/// a server function asks for.
#[cfg(feature = "hydrate")]
pub(crate) fn send(request: Result<Request, AppError>) -> Boxed<Result<String, AppError>> {
    Box::pin(send_wrapper::SendWrapper::new(async move { fetch(request?).await.unwrap_or(Err(AppError::Unreachable)) }))
}

/// Neither a server nor a browser: there is nobody to ask.
#[cfg(not(feature = "hydrate"))]
pub(crate) fn send(request: Result<Request, AppError>) -> Boxed<Result<String, AppError>> {
    Box::pin(async move { request.and(Err(AppError::Unreachable)) })
}

#[cfg(feature = "hydrate")]
async fn fetch(request: Request) -> Result<Result<String, AppError>, wasm_bindgen::JsValue> {
    use leptos::server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook};
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::JsFuture;

    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(&request.body.into());
    let headers = web_sys::Headers::new()?;
    headers.set("content-type", "application/x-www-form-urlencoded")?;
    headers.set("accept", "application/json")?;
    init.set_headers(&headers);
    let answer = JsFuture::from(leptos::prelude::window().fetch_with_str_and_init(request.path, &init)).await?;
    let answer: web_sys::Response = answer.dyn_into()?;
    if answer.headers().has(REDIRECT_HEADER)?
        && let Some(location) = answer.headers().get("location")?
    {
        call_redirect_hook(&location);
    }
    let text = JsFuture::from(answer.text()?).await?.as_string().unwrap_or_default();
    Ok(if answer.ok() { Ok(text) } else { Err(super::read(&text).unwrap_or_else(|error| error)) })
}
