//! What is refused, and the headers that let browsers refuse the rest.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::support::{site, site_at};

#[tokio::test]
async fn a_change_that_another_site_asks_for_is_refused() {
    let site = site().await;
    let cookie = site.sign_in().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("accept", "*/*")] {
        let request = Request::post("/api/sign-out")
            .header(header::COOKIE, &cookie)
            .header(header::HOST, "localhost:3000")
            .header(name, value)
            .body(Body::empty());
        let answer = site.send(request.unwrap()).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.header("content-type").starts_with("text/plain"));
    }
    assert_eq!(site.get("/o/ada-co", &cookie).await.status(), StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_strict() {
    let site = site().await;
    for path in ["/signin", "/", "/assets/app-1.js", "/assets/none.js", "/healthz", "/nowhere", "/o/ada-co/events"] {
        let answer = site.get(path, "").await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("content-security-policy").contains("unsafe-inline"), "{path}");
        assert!(!answer.header("permissions-policy").is_empty(), "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: only behind https");
    }
    let page = site.get("/signin", "").await;
    assert!(page.header("content-security-policy").contains("'nonce-"));
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn behind_https_cookies_are_secure_and_bound_to_the_host() {
    let site = site_at("https://syncline.example").await;
    let cookie = site.sign_in().await;
    assert!(cookie.starts_with("__Host-syncline="), "{cookie}");
    let page = site.get("/o/ada-co", &cookie).await;
    assert!(page.header("strict-transport-security").starts_with("max-age="));
    let out = site.post("/api/sign-out", &cookie, "").await;
    let removed = out.header("set-cookie");
    assert!(removed.starts_with("__Host-syncline=;") && removed.ends_with("; Secure"), "{removed}");
}

#[tokio::test]
async fn an_organisation_that_is_not_yours_is_not_found() {
    let site = site().await;
    let cookie = site.sign_in().await;
    let (client, now) = (engine::accounts::Client::default(), server::clock::now());
    let other =
        engine::accounts::sign_up(&site.engine, "Other", "bo@example.org", "nine tall green horses", &client, now);
    other.await.unwrap();
    for path in ["/o/other", "/o/other/history", "/o/other/events", "/o/nobody"] {
        assert_eq!(site.get(path, &cookie).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!site.get("/o/other", &cookie).await.text().contains("Other"));
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let site = site().await;
    let answer = site.post("/api/sign-in", "", &format!("email={}", "a".repeat(2 * 1024 * 1024))).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_cannot_be_understood_is_the_senders_fault_and_says_so() {
    let site = site().await;
    let cookie = site.sign_in().await;
    for form in [
        "",
        "slug=ada-co",
        "slug=ada-co&record=nonsense&version=1",
        "slug=ada-co&record=019abc00-0000-7000-8000-000000000000&version=many",
        "slug[x]=ada-co&record[]=1&version=1",
        "slug=%ff&record=%00&version=1",
    ] {
        // As the page that lives sends it; without JavaScript the browser is sent back to where it was.
        let request = Request::post("/api/record-edit-save")
            .header(header::COOKIE, &cookie)
            .header(header::HOST, "localhost:3000")
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        let answer = site.send(request.unwrap()).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{form}: {}", answer.text());
        assert!(answer.text().contains("could not be understood"), "{form}: {}", answer.text());
    }
}

#[tokio::test]
async fn nonsense_is_answered_and_nothing_breaks() {
    let site = site().await;
    for path in
        ["/%ff", "/o/%00/history", "/o/%F0%9F%92%A9", "/o//", "/assets/%2e%2e%2fmanifest.json", "/history?%ff=%"]
    {
        let answer = site.get(path, "syncline=not-an-id; flash=zz").await;
        assert!(!answer.status().is_server_error(), "{path}: {}", answer.status());
    }
    assert_eq!(site.get("/healthz", "").await.status(), StatusCode::OK);
}
