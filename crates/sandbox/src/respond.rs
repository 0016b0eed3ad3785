//! Answers that every part of the sandbox gives: JSON, broken JSON, a cut connection, an internal failure.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream;
use serde_json::Value;

/// An answer that is given instead of what was asked for; in a box, because it travels as an error.
pub type Refused = Box<Response>;

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: &Value) -> Response {
    bytes(status, body.to_string().into_bytes())
}

/// The first half of a JSON answer, as a broken proxy would leave it.
#[must_use]
pub fn half_of(body: &Value) -> Response {
    let mut text = body.to_string().into_bytes();
    text.truncate(text.len() / 2);
    bytes(StatusCode::OK, text)
}

/// Closes the connection without an answer: the body fails before anything was sent, so the server drops the connection.
#[must_use]
pub fn cut() -> Response {
    let failing = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset)) });
    Response::new(Body::from_stream(failing))
}

/// The state could not be kept; the error goes to the log, not to the client.
#[must_use]
pub fn failed(error: &io::Error) -> Response {
    tracing::error!(%error, "the sandbox could not write its state");
    json(StatusCode::INTERNAL_SERVER_ERROR, &serde_json::json!({"message": "An error has occurred."}))
}

fn bytes(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
