//! The HTML document around the app.

use crate::prelude::*;
use leptos::nonce::use_nonce;
use leptos_meta::MetaTags;

use crate::App;

/// The hashed names of the assets, from the build's manifest; each is served below `/assets/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    pub js: String,
    pub wasm: String,
    pub css: String,
    pub font: String,
}

/// Sets the theme before anything is painted, and tells the stylesheet that scripts run.
const THEME: &str = "const r=document.documentElement;r.classList.add('js');try{const t=localStorage.getItem('theme');\
    if(t==='light'||t==='dark')r.dataset.theme=t}catch{}";

/// The document. Its policy allows the scripts that carry this response's nonce and nothing inline else.
#[must_use]
pub fn shell(assets: Assets) -> impl IntoView {
    let nonce = use_nonce();
    #[cfg(feature = "ssr")]
    set_policy(nonce.as_deref().unwrap_or_default());
    let path = |name: &str| format!("/assets/{name}");
    let (js, wasm) = (path(&assets.js), path(&assets.wasm));
    let start = format!("import init,{{hydrate}} from '{js}';init({{module_or_path:'{wasm}'}}).then(()=>hydrate());");
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="Syncline keeps the records of a shop and an ERP in agreement." />
                <script nonce=nonce.clone() inner_html=THEME></script>
                <link rel="stylesheet" href=path(&assets.css) />
                <link rel="preload" href=path(&assets.font) r#as="font" type="font/woff2" crossorigin="anonymous" />
                <link rel="modulepreload" href=js />
                <link rel="preload" href=wasm r#as="fetch" type="application/wasm" crossorigin="anonymous" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <MetaTags />
            </head>
            <body>
                <App />
                <script type="module" nonce=nonce inner_html=start></script>
            </body>
        </html>
    }
}

#[cfg(feature = "ssr")]
fn set_policy(nonce: &str) {
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
         img-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    if let (Some(response), Ok(policy)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::HeaderValue::from_str(&policy))
    {
        response.insert_header(http::header::CONTENT_SECURITY_POLICY, policy);
    }
}
