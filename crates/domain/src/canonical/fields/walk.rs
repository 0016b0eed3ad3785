//! One way through all fields of all entities, for reading them and for writing what was typed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Field, FieldKind, MAX_LINES, MAX_TEXT, text};
use crate::Money;
use crate::canonical::{Address, Canonical, Order, OrderLine, Payment, Reference, Shipment, ShipmentLine, Stock};
use crate::connection::FieldErrors;

/// A walk through a record.
pub struct Walk<'a> {
    typed: Option<&'a BTreeMap<String, String>>,
    pub found: Vec<Field>,
    pub errors: FieldErrors,
    /// Shows an empty line after the last one.
    pub with_blank_line: bool,
    /// Amounts without a currency are in this one.
    currency: String,
}

impl<'a> Walk<'a> {
    pub fn reading() -> Self {
        Self { typed: None, found: Vec::new(), errors: Vec::new(), with_blank_line: false, currency: String::new() }
    }

    pub fn writing(typed: &'a BTreeMap<String, String>) -> Self {
        Self { typed: Some(typed), ..Self::reading() }
    }

    pub fn record(&mut self, record: &mut Canonical) {
        match record {
            Canonical::Order(order) => self.order(order),
            Canonical::Customer(customer) => {
                self.optional("email", "E-mail", FieldKind::Email, &mut customer.email);
                self.text("name", "Name", &mut customer.name, false);
                self.optional("phone", "Phone", FieldKind::Text, &mut customer.phone);
                self.address("address", "Address", &mut customer.address);
            }
            Canonical::Product(product) => {
                self.text("sku", "SKU", &mut product.sku, true);
                self.text("title", "Title", &mut product.title, false);
                self.currency = product.price.as_ref().map(|price| price.currency.clone()).unwrap_or_default();
                self.amount("price", "Price", &mut product.price);
            }
            Canonical::Payment(payment) => self.payment(payment),
            Canonical::Shipment(shipment) => self.shipment(shipment),
            Canonical::Stock(stock) => self.stock(stock),
        }
    }

    fn order(&mut self, order: &mut Order) {
        self.text("number", "Number", &mut order.number, true);
        self.date("placed_on", "Placed on", &mut order.placed_on);
        self.currency("currency", "Currency", &mut order.currency);
        self.currency = order.currency.clone();
        self.reference("customer", "Customer", &mut order.customer);
        self.optional("note", "Note", FieldKind::Text, &mut order.note);
        self.address("ship_to", "Ship to", &mut order.ship_to);
        self.amount("shipping", "Freight", &mut order.shipping);
        self.amount("tax", "Tax", &mut order.tax);
        self.amount("total", "Total", &mut order.total);
        let currency = self.currency.clone();
        let blank = || OrderLine {
            product: None,
            title: String::new(),
            quantity_milli: 1_000,
            unit_price: Money::new(0, &currency),
        };
        self.lines(&mut order.lines, blank, |walk, path, line| {
            walk.reference(&format!("{path}.product"), "Product", &mut line.product);
            walk.text(&format!("{path}.title"), "Title", &mut line.title, false);
            walk.quantity(&format!("{path}.quantity"), "Quantity", &mut line.quantity_milli);
            walk.required_amount(&format!("{path}.unit_price"), "Unit price", &mut line.unit_price);
        });
    }

    fn payment(&mut self, payment: &mut Payment) {
        self.text("reference", "Reference", &mut payment.reference, true);
        self.reference("order", "Order", &mut payment.order);
        self.reference("customer", "Customer", &mut payment.customer);
        self.currency = payment.amount.currency.clone();
        self.required_amount("amount", "Amount", &mut payment.amount);
        self.date("paid_on", "Paid on", &mut payment.paid_on);
        self.optional("method", "Method", FieldKind::Text, &mut payment.method);
    }

    fn shipment(&mut self, shipment: &mut Shipment) {
        self.text("number", "Number", &mut shipment.number, true);
        self.reference("order", "Order", &mut shipment.order);
        self.date("shipped_on", "Shipped on", &mut shipment.shipped_on);
        self.optional("carrier", "Carrier", FieldKind::Text, &mut shipment.carrier);
        self.optional("tracking", "Tracking number", FieldKind::Text, &mut shipment.tracking);
        let blank = || ShipmentLine { product: None, quantity_milli: 1_000 };
        self.lines(&mut shipment.lines, blank, |walk, path, line| {
            walk.reference(&format!("{path}.product"), "Product", &mut line.product);
            walk.quantity(&format!("{path}.quantity"), "Quantity", &mut line.quantity_milli);
        });
    }

    fn stock(&mut self, stock: &mut Stock) {
        self.text("sku", "SKU", &mut stock.sku, true);
        self.reference("product", "Product", &mut stock.product);
        self.quantity("available", "Available", &mut stock.available_milli);
    }

    fn address(&mut self, path: &str, label: &str, address: &mut Option<Address>) {
        let mut parts = address.clone().unwrap_or_default();
        let fields = [
            ("name", "name", &mut parts.name),
            ("line1", "street", &mut parts.line1),
            ("line2", "second line", &mut parts.line2),
            ("city", "city", &mut parts.city),
            ("region", "region", &mut parts.region),
            ("postal_code", "postal code", &mut parts.postal_code),
            ("country", "country", &mut parts.country),
        ];
        for (part, words, value) in fields {
            self.optional(&format!("{path}.{part}"), &format!("{label}: {words}"), FieldKind::Text, value);
        }
        // An address without parts that was there stays: only what was typed may take it away.
        if self.typed.is_some() && (address.is_some() || parts != Address::default()) {
            *address = (parts != Address::default() || address.as_ref() == Some(&parts)).then_some(parts);
        }
    }

    /// Every line, then the one that is typed after the last, then without those that are to go.
    fn lines<T>(&mut self, lines: &mut Vec<T>, blank: impl Fn() -> T, each: impl Fn(&mut Self, &str, &mut T)) {
        for (index, line) in lines.iter_mut().enumerate() {
            each(self, &line_path(index), line);
        }
        while lines.len() < MAX_LINES && self.is_typed_into(lines.len()) {
            let mut line = blank();
            each(self, &line_path(lines.len()), &mut line);
            lines.push(line);
        }
        if self.with_blank_line {
            let mut line = blank();
            let before = self.found.len();
            each(self, &line_path(lines.len()), &mut line);
            // Nothing is said by a line that nobody has typed into.
            for field in &mut self.found[before..] {
                field.value = String::new();
                field.required = false;
            }
        }
        if let Some(typed) = self.typed {
            let goes = |index: usize| typed.contains_key(&format!("{}.remove", line_path(index)));
            let mut index = 0;
            lines.retain(|_| {
                index += 1;
                !goes(index - 1)
            });
        }
    }

    fn is_typed_into(&self, index: usize) -> bool {
        let prefix = format!("{}.", line_path(index));
        self.typed.is_some_and(|typed| {
            let from = typed.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
            from.into_iter().any(|(path, text)| !path.ends_with(".remove") && !text.trim().is_empty())
        })
    }

    fn text(&mut self, path: &str, label: &str, value: &mut String, required: bool) {
        if let Some(new) = self.leaf(path, label, FieldKind::Text, value.clone(), required) {
            *value = new;
        }
    }

    fn optional(&mut self, path: &str, label: &str, kind: FieldKind, value: &mut Option<String>) {
        let Some(new) = self.leaf(path, label, kind, value.clone().unwrap_or_default(), false) else { return };
        if kind == FieldKind::Email && !new.is_empty() && !is_email(&new) {
            self.wrong(path, "Type an e-mail address, such as ada@example.org.".to_owned());
        }
        // Addresses are compared in lower case.
        let new = if kind == FieldKind::Email { new.to_lowercase() } else { new };
        *value = (!new.is_empty()).then_some(new);
    }

    fn currency(&mut self, path: &str, label: &str, value: &mut String) {
        if let Some(new) = self.leaf(path, label, FieldKind::Text, value.clone(), true) {
            self.take(path, text::parse_currency(&new), value);
        }
    }

    fn date(&mut self, path: &str, label: &str, value: &mut Option<NaiveDate>) {
        let shown = value.map(text::date).unwrap_or_default();
        if let Some(new) = self.leaf(path, label, FieldKind::Date, shown, false) {
            let parsed = if new.is_empty() { Ok(None) } else { text::parse_date(&new).map(Some) };
            self.take(path, parsed, value);
        }
    }

    fn quantity(&mut self, path: &str, label: &str, value: &mut i64) {
        if let Some(new) = self.leaf(path, label, FieldKind::Quantity, text::quantity(*value), true) {
            self.take(path, text::parse_quantity(&new), value);
        }
    }

    fn amount(&mut self, path: &str, label: &str, value: &mut Option<Money>) {
        let shown = value.as_ref().map(|money| text::amount(money, &self.currency)).unwrap_or_default();
        if let Some(new) = self.leaf(path, label, FieldKind::Amount, shown, false) {
            let parsed = if new.is_empty() { Ok(None) } else { text::parse_amount(&new, &self.currency).map(Some) };
            self.take(path, parsed, value);
        }
    }

    fn required_amount(&mut self, path: &str, label: &str, value: &mut Money) {
        let shown = text::amount(value, &self.currency);
        if let Some(new) = self.leaf(path, label, FieldKind::Amount, shown, true) {
            self.take(path, text::parse_amount(&new, &self.currency), value);
        }
    }

    fn reference(&mut self, path: &str, label: &str, value: &mut Option<Reference>) {
        let shown = value.as_ref().map(|reference| reference.id.clone()).unwrap_or_default();
        if let Some(id) = self.leaf(path, label, FieldKind::Reference, shown, false) {
            *value = (!id.is_empty()).then(|| Reference { key: Some(id.clone()), id });
        }
    }

    /// Notes the field, and says what was typed into it when that is something else than what is there.
    fn leaf(&mut self, path: &str, label: &str, kind: FieldKind, value: String, required: bool) -> Option<String> {
        let typed = self.typed.and_then(|typed| typed.get(path)).map(|text| text.trim().to_owned());
        let new = typed.filter(|new| *new != value.trim());
        if self.typed.is_none() {
            self.found.push(Field { path: path.to_owned(), label: label.to_owned(), kind, value, required });
        }
        let new = new?;
        if new.chars().count() > MAX_TEXT || new.contains('\0') {
            self.wrong(path, format!("Type at most {MAX_TEXT} characters."));
            return None;
        }
        if required && new.is_empty() {
            self.wrong(path, format!("{label} cannot be empty."));
            return None;
        }
        Some(new)
    }

    fn take<T>(&mut self, path: &str, parsed: Result<T, String>, value: &mut T) {
        match parsed {
            Ok(parsed) => *value = parsed,
            Err(why) => self.wrong(path, why),
        }
    }

    fn wrong(&mut self, path: &str, why: String) {
        self.errors.push((path.to_owned(), why));
    }
}

fn line_path(index: usize) -> String {
    format!("lines.{}", index + 1)
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(' '))
}
