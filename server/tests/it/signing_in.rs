//! Where people are led: in, out, and back to where they wanted to go.

use axum::http::StatusCode;

use crate::support::{PASSWORD, site};

#[tokio::test]
async fn the_plain_form_signs_in_and_leads_to_the_organisation() {
    let site = site().await;
    let form = format!("email=ada%40example.org&password={}", PASSWORD.replace(' ', "+"));
    let answer = site.post("/api/sign-in", "", &form).await;
    assert!(answer.status().is_redirection());
    assert_eq!(answer.header("location"), "/o/ada-co");
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn addresses_without_an_organisation_lead_to_the_one_used_last() {
    let site = site().await;
    let cookie = site.sign_in().await;
    assert_eq!(site.get("/", &cookie).await.header("location"), "/o/ada-co");
    let history = site.get("/history?status=failed&q=a%26b", &cookie).await;
    assert_eq!(history.header("location"), "/o/ada-co/history?status=failed&q=a%26b");
}

#[tokio::test]
async fn whoever_is_signed_out_is_led_to_the_sign_in_and_back() {
    let site = site().await;
    let answer = site.get("/o/ada-co/history?status=failed", "").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/signin?next=%2Fo%2Fada-co%2Fhistory%3Fstatus%3Dfailed");
    assert_eq!(site.get("/", "").await.header("location"), "/signin");
}

#[tokio::test]
async fn signing_out_ends_the_session_itself() {
    let site = site().await;
    let cookie = site.sign_in().await;
    site.post("/api/sign-out", &cookie, "").await;
    let answer = site.get("/o/ada-co", &cookie).await;
    assert_eq!(answer.header("location"), "/signin?next=%2Fo%2Fada-co");
}

#[tokio::test]
async fn the_process_is_healthy_and_ready() {
    let site = site().await;
    assert_eq!(site.get("/healthz", "").await.status(), StatusCode::OK);
    assert_eq!(site.get("/readyz", "").await.status(), StatusCode::OK);
    site.stop.cancel();
    assert_eq!(site.get("/readyz", "").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}
