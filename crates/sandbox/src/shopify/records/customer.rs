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
    let shown = [name, email.clone(), text(doc, "phone").to_owned()].into_iter().find(|text| !text.is_empty());
    doc.insert("displayName".to_owned(), Value::from(shown));
    let address =
        if email.is_empty() { Value::Null } else { json!({"emailAddress": email, "marketingState": "NOT_SUBSCRIBED"}) };
    doc.insert("defaultEmailAddress".to_owned(), address);
    let phone = text(doc, "phone").to_owned();
    let phone =
        if phone.is_empty() { phone } else { phone_number(&phone).ok_or_else(|| invalid("phone", "is invalid"))? };
    if !phone.is_empty() {
        doc.insert("phone".to_owned(), Value::from(phone.as_str()));
    }
    if let (Some(id), Some(Value::Object(address))) = (doc.get("id").cloned(), doc.get_mut("defaultAddress")) {
        address.insert(
            "id".to_owned(),
            Value::from(format!("gid://shopify/MailingAddress/{id}?model_name=CustomerAddress")),
        );
    }
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

/// A `MailingAddressInput` as the record keeps it; parts that are not named are empty.
pub fn address(input: &Value) -> Result<Value, Refusal> {
    let part = |name: &str| input.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let country = part("countryCode").map(str::to_ascii_uppercase);
    if country.as_ref().is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        return Err(invalid("country", "Country is not valid"));
    }
    let names: Vec<&str> = [part("firstName"), part("lastName")].into_iter().flatten().collect();
    let name = Some(names.join(" ")).filter(|name| !name.is_empty());
    Ok(json!({
        "firstName": part("firstName"), "lastName": part("lastName"), "name": name, "company": part("company"),
        "address1": part("address1"), "address2": part("address2"), "city": part("city"), "zip": part("zip"),
        "province": part("provinceCode"), "provinceCode": part("provinceCode").map(str::to_ascii_uppercase),
        "country": country, "countryCodeV2": country, "phone": part("phone"),
    }))
}

/// A phone number as Shopify keeps it: E.164 when it is an international one.
fn phone_number(phone: &str) -> Option<String> {
    if phone.chars().any(|letter| !(letter.is_ascii_digit() || " +-()./".contains(letter))) {
        return None;
    }
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let is_long = (3..=15).contains(&digits.len());
    match phone.strip_prefix('+') {
        Some(_) => is_long.then(|| format!("+{digits}")),
        None => is_long.then(|| phone.to_owned()),
    }
}
