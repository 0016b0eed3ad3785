//! The build's files.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{TestSite, site};

async fn fetch(site: &TestSite, path: &str, encodings: &str) -> (StatusCode, String, String) {
    let request = Request::get(path).header("accept-encoding", encodings).body(Body::empty()).unwrap();
    let answer = site.send(request).await;
    (answer.status(), answer.header("content-encoding").to_owned(), answer.text())
}

#[tokio::test]
async fn a_file_comes_in_the_best_form_that_the_browser_takes() {
    let site = site().await;
    let found = |coding: &str, text: &str| (StatusCode::OK, coding.to_owned(), text.to_owned());
    assert_eq!(fetch(&site, "/assets/app-1.js", "gzip, deflate, br").await, found("br", "brotli script"));
    assert_eq!(fetch(&site, "/assets/app-1.js", "gzip").await, found("gzip", "gzip script"));
    assert_eq!(fetch(&site, "/assets/app-1.js", "").await, found("", "plain script"));
    assert_eq!(fetch(&site, "/assets/app-1.wasm", "br").await, found("", "wasm"));
}

#[tokio::test]
async fn files_are_kept_for_ever_and_named_by_their_type() {
    let site = site().await;
    for (path, kind) in [
        ("/assets/app-1.js", "text/javascript; charset=utf-8"),
        ("/assets/app-1.wasm", "application/wasm"),
        ("/assets/main-1.css", "text/css; charset=utf-8"),
        ("/assets/inter-1.woff2", "font/woff2"),
    ] {
        let answer = site.get(path, "").await;
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
    }
    let icon = site.get("/favicon.svg", "").await;
    assert_eq!((icon.status(), icon.header("content-type")), (StatusCode::OK, "image/svg+xml"));
}

#[tokio::test]
async fn nothing_outside_of_the_build_is_served() {
    let site = site().await;
    for path in
        ["/assets/..%2f..%2fetc%2fpasswd", "/assets/manifest.json", "/assets/app-1.js.br", "/assets/", "/assets/%00"]
    {
        assert_eq!(site.get(path, "").await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
