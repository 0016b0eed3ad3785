//! What an answer's status means. See "Response Status Codes" in Acumatica's Integration Development Guide.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::error::{Error, Unreachable};
use crate::http::Response;
use crate::settings::refused;
use crate::text::line;

/// A session's place is free again when somebody signs out; the vendor does not say when.
const SESSION_LIMIT_WAIT: Duration = Duration::from_secs(10);
const LONGEST_MESSAGE: usize = 500;
const LONGEST_FIELD: usize = 255;

/// Why signing in failed.
pub(super) fn of_sign_in(response: &Response) -> Error {
    let said = Said::in_body(response);
    let lower = said.message.to_lowercase();
    if response.status == StatusCode::TOO_MANY_REQUESTS || is_session_limit(&lower) {
        return Error::RateLimited { retry_after: response.retry_after().or(Some(SESSION_LIMIT_WAIT)) };
    }
    match response.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Error::Unauthorised { message: said.or("signing in was refused") }
        }
        // Some releases answer wrong credentials with 500.
        _ if lower.contains("credentials") => Error::Unauthorised { message: said.message },
        StatusCode::NOT_FOUND => refused(
            "404",
            "instance_url",
            "There is no Acumatica at this address. Copy what stands before /Main in the browser.".into(),
        ),
        _ => of(response),
    }
}

/// What is wrong with an answer that is no success.
pub(super) fn of(response: &Response) -> Error {
    let said = Said::in_body(response);
    match response.status {
        StatusCode::UNAUTHORIZED => Error::Unauthorised { message: said.or("the session was refused") },
        StatusCode::FORBIDDEN => Error::Unauthorised { message: said.or("the user's rights do not suffice") },
        StatusCode::NOT_FOUND => not_found(said),
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { retry_after: response.retry_after() },
        StatusCode::UNPROCESSABLE_ENTITY => unprocessable(response, said),
        StatusCode::BAD_REQUEST | StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT => {
            rejected(response.status, said.or("the request was refused"))
        }
        status if status.is_redirection() => refused(
            "redirect",
            "instance_url",
            "The instance answers from another address. Copy what stands before /Main in the browser.".into(),
        ),
        status if status.is_server_error() => of_server(response, said),
        status => Error::Malformed { message: said.or(&format!("status {}", status.as_u16())) },
    }
}

/// A record that is not there, several where one was meant, or an endpoint that the instance does not have.
fn not_found(said: Said) -> Error {
    let lower = said.message.to_lowercase();
    if lower.contains("no entity satisfies") {
        return Error::NotFound;
    }
    if lower.contains("satisfies") {
        return rejected(StatusCode::NOT_FOUND, said.message);
    }
    let message = said.or("not found");
    refused("404", "endpoint_version", format!("The instance does not know this endpoint version ({message})"))
}

/// A 500 is the ERP's own exception about the record more often than an outage.
fn of_server(response: &Response, said: Said) -> Error {
    if is_session_limit(&said.message.to_lowercase()) {
        return Error::RateLimited { retry_after: Some(SESSION_LIMIT_WAIT) };
    }
    let about_the_record = said.exception.starts_with("PX.") && !said.exception.contains("LockViolation");
    if about_the_record && response.status == StatusCode::INTERNAL_SERVER_ERROR {
        return rejected(response.status, said.or("the ERP refused the record"));
    }
    Error::Unavailable { message: "the ERP reports an error of its own".into(), reason: Unreachable::Broken }
}

/// The record comes back with `error` in the offending fields.
fn unprocessable(response: &Response, said: Said) -> Error {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let mut errors = Vec::new();
    collect(&body, &mut String::new(), &mut errors);
    let field = errors.iter().find(|(path, _)| !path.is_empty()).map(|(path, _)| line(path, LONGEST_FIELD));
    let mut messages: Vec<&str> = errors.iter().map(|(_, message)| message.as_str()).collect();
    messages.dedup();
    let message = if messages.is_empty() {
        said.or("the record was refused")
    } else {
        line(&messages.join(" "), LONGEST_MESSAGE)
    };
    Error::Rejected { code: "422".into(), message, field }
}

/// Finds `error` texts with the path of the field they are in (`Details[1].InventoryID`, counted from one).
fn collect(value: &Value, path: &mut String, errors: &mut Vec<(String, String)>) {
    const MOST: usize = 20;
    if errors.len() >= MOST {
        return;
    }
    let length = path.len();
    match value {
        Value::Object(fields) => {
            if let Some(error) = fields.get("error").and_then(Value::as_str).filter(|error| !error.trim().is_empty()) {
                errors.push((path.clone(), line(error, LONGEST_MESSAGE)));
            }
            for (name, inner) in fields.iter().filter(|(_, inner)| inner.is_object() || inner.is_array()) {
                let dot = if path.is_empty() { "" } else { "." };
                path.push_str(dot);
                path.push_str(name);
                collect(inner, path, errors);
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push_str(&format!("[{}]", index + 1));
                collect(item, path, errors);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn rejected(status: StatusCode, message: String) -> Error {
    Error::Rejected { code: status.as_u16().to_string(), message, field: None }
}

fn is_session_limit(lower: &str) -> bool {
    lower.contains("api login limit") || lower.contains("concurrent api login")
}

/// What the body says, for people.
struct Said {
    message: String,
    exception: String,
}

impl Said {
    fn in_body(response: &Response) -> Self {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let message = text("exceptionMessage").or_else(|| text("message")).or_else(|| text("error")).or(body.as_str());
        Self {
            message: line(message.unwrap_or_default(), LONGEST_MESSAGE),
            exception: text("exceptionType").unwrap_or_default().to_owned(),
        }
    }

    fn or(self, otherwise: &str) -> String {
        if self.message.is_empty() { otherwise.to_owned() } else { self.message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, body: &Value) -> Response {
        let status = StatusCode::from_u16(status).unwrap();
        Response::new(status, http::HeaderMap::new(), body.to_string().into_bytes())
    }

    #[test]
    fn the_first_offending_field_and_all_messages_are_told() {
        let body = json!({
            "CustomerID": {"value": "C1"},
            "Details": [
                {"InventoryID": {"value": "TEA"}},
                {"InventoryID": {"value": "TEA-EARL-100", "error": "The item status is Inactive."}, "OrderQty": {"value": -1, "error": "Too small."}},
            ],
        });
        let Error::Rejected { code, message, field } = of(&answer(422, &body)) else { unreachable!() };
        assert_eq!((code.as_str(), field.as_deref()), ("422", Some("Details[2].InventoryID")));
        assert_eq!(message, "The item status is Inactive. Too small.");
    }

    #[test]
    fn a_session_limit_waits_and_wrong_credentials_do_not() {
        let limit = answer(500, &json!({"message": "An error has occurred.", "exceptionMessage": "API Login Limit"}));
        assert!(matches!(of_sign_in(&limit), Error::RateLimited { retry_after: Some(_) }));
        let wrong = answer(500, &json!({"message": "Invalid credentials. Please try again."}));
        assert!(matches!(of_sign_in(&wrong), Error::Unauthorised { .. }));
    }

    #[test]
    fn an_exception_about_the_record_is_not_an_outage() {
        let refused = answer(500, &json!({"exceptionMessage": "No.", "exceptionType": "PX.Data.PXException"}));
        assert!(matches!(of(&refused), Error::Rejected { message, .. } if message == "No."));
        assert!(matches!(of(&answer(503, &json!("maintenance"))), Error::Unavailable { .. }));
    }
}
