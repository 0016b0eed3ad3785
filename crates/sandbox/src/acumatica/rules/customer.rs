//! Customers.

use serde_json::{Value, json};

use crate::table::Doc;

use super::{Errors, default, set, text};

/// Numbers and completes a customer. `Email` and the main contact's address are one field in the ERP; the main contact's wins.
pub fn complete(doc: &mut Doc, seq: u64, errors: &mut Errors) {
    if text(doc, "CustomerName").is_empty() {
        errors.add("CustomerName", "'Customer Name' cannot be empty.");
    }
    if text(doc, "CustomerID").starts_with("<NEW>") {
        set(doc, "CustomerID", "");
    }
    default(doc, "CustomerID", format!("C{seq:06}"));
    for (field, value) in [
        ("CustomerClass", "DEFAULT"),
        ("Status", "Active"),
        ("CurrencyID", "EUR"),
        ("Terms", "30D"),
        ("TaxZone", "EU"),
        ("StatementCycleID", "EOM"),
        ("LocationName", "Primary Location"),
    ] {
        default(doc, field, value);
    }
    default(doc, "BAccountID", 7_000 + seq);
    main_contact(doc, errors);
}

fn main_contact(doc: &mut Doc, errors: &mut Errors) {
    let (name, email) = (text(doc, "CustomerName").to_owned(), text(doc, "Email").to_owned());
    let contact = doc.entry("MainContact").or_insert_with(|| json!({}));
    let Value::Object(contact) = contact else { return };
    default(contact, "Email", email);
    default(contact, "CompanyName", name.clone());
    default(contact, "DisplayName", name);
    default(contact, "Active", true);
    contact.entry("Address").or_insert_with(|| json!({}));
    let email = text(contact, "Email").to_owned();
    if !email.is_empty() && !email.contains('@') {
        errors.add("Email", "The email address is not valid.");
    }
    set(doc, "Email", email);
}
