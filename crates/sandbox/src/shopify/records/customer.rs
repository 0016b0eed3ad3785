//! Customers.

use serde_json::{Value, json};

use crate::table::Doc;

use super::{Refusal, default, invalid, text};

/// Fills in a customer's names and addresses; a customer needs a name, an e-mail address or a phone number.
pub fn complete(doc: &mut Doc) -> Result<(), Refusal> {
    let email = text(doc, "email").to_owned();
    let name = format!("{} {}", text(doc, "firstName"), text(doc, "lastName")).trim().to_owned();
    if email.is_empty() && name.is_empty() && text(doc, "phone").is_empty() {
        return Err(invalid("email", "A name, phone number, or email address must be present"));
    }
    if !email.is_empty() && !email.contains('@') {
        return Err(invalid("email", "is not an email address"));
    }
    doc.insert("displayName".to_owned(), Value::from(if name.is_empty() { email.clone() } else { name }));
    let address =
        if email.is_empty() { Value::Null } else { json!({"emailAddress": email, "marketingState": "NOT_SUBSCRIBED"}) };
    doc.insert("defaultEmailAddress".to_owned(), address);
    let phone = text(doc, "phone").to_owned();
    let number =
        if phone.is_empty() { Value::Null } else { json!({"phoneNumber": phone, "marketingState": "NOT_SUBSCRIBED"}) };
    doc.insert("defaultPhoneNumber".to_owned(), number);
    for (field, value) in [
        ("tags", json!([])),
        ("state", json!("ENABLED")),
        ("locale", json!("en")),
        ("taxExempt", json!(false)),
        ("verifiedEmail", json!(true)),
    ] {
        default(doc, field, || value);
    }
    Ok(())
}
