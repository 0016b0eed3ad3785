//! The live stream as a browser gets it.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{Request, StatusCode, header};
use domain::activity::{EventBody, Line, Tone};
use engine::store;
use futures::StreamExt;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::{TestSite, site};

const SOON: Duration = Duration::from_secs(10);

async fn open(site: &TestSite, cookie: &str) -> axum::response::Response {
    let request = Request::get("/o/ada-co/events").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    site.router.clone().oneshot(request).await.unwrap()
}

async fn say(site: &TestSite, text: &str) {
    let member = engine::accounts::member(&site.engine, site.ada.user, &site.ada.slug).await.unwrap();
    let mut tx = site.engine.db.begin(member.tenant).await.unwrap();
    let line = Line { tone: Tone::Info, text: text.to_owned(), actor: None, link: None };
    store::activity::append(&mut tx, &EventBody::Line { line }, server::clock::now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn events_arrive_with_their_ids_and_unbuffered() {
    let site = site().await;
    let response = open(&site, &site.sign_in().await).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    say(&site, "hello to all who look").await;
    let mut stream = response.into_body().into_data_stream();
    let mut got = String::new();
    while !got.contains("hello to all who look") {
        let chunk = timeout(SOON, stream.next()).await.expect("nothing came").unwrap().unwrap();
        got.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(got.contains("\nid: ") && got.contains("data: {\"id\":"), "{got}");
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let site = site().await;
    let response = open(&site, &site.sign_in().await).await;
    site.stop.cancel();
    let body = response.into_body();
    assert!(!body.is_end_stream());
    let all = timeout(SOON, body.into_data_stream().count()).await;
    assert!(all.is_ok(), "the stream stayed open");
}

#[tokio::test]
async fn nobody_looks_without_being_signed_in() {
    let site = site().await;
    assert_eq!(open(&site, "").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_person_cannot_take_everybodys_streams() {
    let site = site().await;
    let cookie = site.sign_in().await;
    let mut streams = Vec::new();
    let refused = loop {
        let response = open(&site, &cookie).await;
        if response.status() != StatusCode::OK {
            break response.status();
        }
        streams.push(response);
        assert!(streams.len() < 1_000, "there is no limit");
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    streams.pop();
    assert_eq!(open(&site, &cookie).await.status(), StatusCode::OK, "a closed stream makes room");
}
