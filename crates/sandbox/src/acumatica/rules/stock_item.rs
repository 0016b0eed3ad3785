//! Stock items.

use serde_json::Value;

use crate::decimal::Decimal;
use crate::table::Doc;

use super::{Errors, decimal, default, text};

/// Completes a stock item.
pub fn complete(doc: &mut Doc, errors: &mut Errors) {
    if text(doc, "InventoryID").is_empty() {
        errors.add("InventoryID", "'Inventory ID' cannot be empty.");
    }
    if text(doc, "Description").is_empty() {
        errors.add("Description", "'Description' cannot be empty.");
    }
    for (field, value) in [
        ("ItemClass", "ALLOTHER"),
        ("ItemStatus", "Active"),
        ("ItemType", "Finished Good"),
        ("BaseUOM", "EACH"),
        ("SalesUOM", "EACH"),
        ("PurchaseUOM", "EACH"),
        ("TaxCategory", "TAXABLE"),
        ("PostingClass", "AOL"),
        ("LotSerialClass", "NOTTRACKED"),
        ("ValuationMethod", "Average"),
    ] {
        default(doc, field, value);
    }
    default(doc, "DefaultPrice", 0);
    default(doc, "IsAKit", Value::Bool(false));
    if decimal(doc, "DefaultPrice").is_some_and(Decimal::is_negative) {
        errors.add("DefaultPrice", "The value must not be less than 0.");
    }
}
