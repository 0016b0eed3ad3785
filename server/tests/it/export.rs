//! The history as a file.

use axum::http::StatusCode;

use crate::support::site;

#[tokio::test]
async fn the_history_is_sent_as_a_file_to_members_only() {
    let site = site().await;
    let cookie = site.sign_in().await;
    let answer = site.get("/o/ada-co/history.csv?status=failed", &cookie).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert!(answer.header("content-disposition").contains("sync-history.csv"));
    assert!(answer.text().starts_with("\u{feff}Record,Sync,Status,"), "{}", answer.text());
    assert_eq!(site.get("/o/somebody-else/history.csv", &cookie).await.status(), StatusCode::NOT_FOUND);
    let long = format!("/o/ada-co/history.csv?q={}", "x".repeat(200));
    assert_eq!(site.get(&long, &cookie).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_ne!(site.get("/o/ada-co/history.csv", "").await.status(), StatusCode::OK);
}
