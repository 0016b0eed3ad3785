use proptest::prelude::*;

use super::*;
use crate::canonical::{Address, Customer, Order, OrderLine, Reference};
use crate::{Money, Side};

fn order() -> Order {
    let line = |sku: &str, quantity_milli| OrderLine {
        product: Some(Reference { id: sku.into(), key: None }),
        title: sku.into(),
        quantity_milli,
        unit_price: Money::new(1_250, "EUR"),
    };
    Order {
        number: "#1042".into(),
        placed_on: chrono::NaiveDate::from_ymd_opt(2026, 11, 21),
        currency: "EUR".into(),
        note: None,
        customer: Some(Reference { id: "C1".into(), key: Some("ada@example.org".into()) }),
        ship_to: Some(Address { city: Some("Wien".into()), ..Address::default() }),
        lines: vec![line("A", 1_500), line("B", 2_000)],
        shipping: None,
        tax: Some(Money::new(-5, "EUR")),
        total: Some(Money::new(4_375, "USD")),
    }
}

fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn own_fields(record: &Canonical) -> BTreeMap<String, String> {
    fields(record).into_iter().map(|field| (field.path, field.value)).collect()
}

#[test]
fn a_records_own_fields_change_nothing() {
    let order = Canonical::Order(order());
    assert_eq!(apply(&order, &own_fields(&order)).unwrap(), order);
    let names: Vec<String> = fields(&order).into_iter().map(|field| field.path).collect();
    assert!(names.contains(&"lines.2.quantity".to_owned()), "{names:?}");
}

#[test]
fn what_is_typed_is_taken_by_its_kind() {
    let before = Canonical::Order(order());
    let after = apply(&before, &typed(&[("total", "44.5"), ("lines.1.quantity", "0.25"), ("ship_to.city", " Graz ")]));
    let Canonical::Order(after) = after.unwrap() else { panic!("an order stays one") };
    assert_eq!(after.total, Some(Money::new(4_450, "EUR")));
    assert_eq!(after.lines[0].quantity_milli, 250);
    let changes = changed(&before, &Canonical::Order(after));
    let words: Vec<_> = changes.iter().map(|c| (c.path.as_str(), c.before.as_deref(), c.after.as_deref())).collect();
    assert_eq!(
        words,
        [
            ("ship_to.city", Some("Wien"), Some("Graz")),
            ("total", Some("43.75 USD"), Some("44.50")),
            ("lines.1.quantity", Some("1.5"), Some("0.25")),
        ]
    );
}

#[test]
fn lines_are_added_and_taken_away() {
    let before = Canonical::Order(order());
    let new = [("lines.1.remove", "on"), ("lines.3.product", "C"), ("lines.3.unit_price", "3")];
    let Canonical::Order(after) = apply(&before, &typed(&new)).unwrap() else { panic!("an order stays one") };
    let skus: Vec<_> = after.lines.iter().filter_map(|line| line.product.as_ref()).map(|p| p.id.as_str()).collect();
    assert_eq!(skus, ["B", "C"]);
    assert_eq!(after.lines[1].quantity_milli, 1_000);
    let blank: Vec<_> = form_fields(&before).into_iter().filter(|field| field.path.starts_with("lines.3")).collect();
    assert!(blank.len() == 4 && blank.iter().all(|field| field.value.is_empty() && !field.required));
}

#[test]
fn what_cannot_be_taken_is_said_beside_its_field() {
    let order = Canonical::Order(order());
    let wrong = typed(&[("number", " "), ("total", "1,5"), ("placed_on", "2026-02-30"), ("currency", "Euro")]);
    let errors = apply(&order, &wrong).unwrap_err();
    let paths: Vec<_> = errors.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["number", "placed_on", "currency", "total"]);
}

#[test]
fn a_conflict_is_settled_field_by_field_and_its_lines_together() {
    let source = order();
    let mut destination = order();
    destination.note = Some("Call first".into());
    destination.lines.pop();
    destination.total = Some(Money::new(1_875, "EUR"));
    let (source, destination) = (Canonical::Order(source), Canonical::Order(destination));
    let paths: Vec<String> = groups(&source, &destination).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["note", "total", "lines"]);
    let mut choices = BTreeMap::from([("note".to_owned(), Side::Destination), ("lines".to_owned(), Side::Source)]);
    assert_eq!(choose(&source, &destination, &choices).unwrap_err()[0].0, "total");
    choices.insert("total".to_owned(), Side::Destination);
    let Canonical::Order(chosen) = choose(&source, &destination, &choices).unwrap() else { panic!("an order") };
    assert_eq!((chosen.note.as_deref(), chosen.lines.len()), (Some("Call first"), 2));
    assert_eq!(chosen.total, Some(Money::new(1_875, "EUR")));
}

#[test]
fn what_differs_is_told_as_a_person_reads_it() {
    let (before, mut after) = (order(), order());
    after.lines[0].quantity_milli = 2_500;
    after.lines[0].unit_price = Money::new(990, "EUR");
    after.total = None;
    let changes = told(Some(&Canonical::Order(before.clone())), &Canonical::Order(after));
    let said: Vec<_> = changes.iter().map(|change| (change.path.as_str(), change.after.as_deref())).collect();
    assert_eq!(said, [("total", None), ("lines.1.quantity", Some("2.5")), ("lines.1.unit_price", Some("9.90"))]);
    assert!(told(Some(&Canonical::Order(before.clone())), &Canonical::Order(before.clone())).is_empty());
    let new = told(None, &Canonical::Order(before));
    assert!(new.iter().all(|change| change.before.is_none() && !change.path.ends_with("minor")), "{new:?}");
}

#[test]
fn one_side_alone_stands_beside_nothing() {
    let customer = Canonical::Customer(Customer { name: "Ada".into(), ..Customer::default() });
    let pairs = side_by_side(None, Some(&customer));
    assert_eq!(pairs.len(), 1);
    assert!(pairs[0].differs() && pairs[0].left.is_empty());
}

proptest! {
    #[test]
    fn whatever_is_typed_is_taken_or_refused(path in "(number|total|placed_on|currency|lines\\.[1-4]\\.(quantity|unit_price|product))", text in ".{0,20}") {
        let _ = apply(&Canonical::Order(order()), &BTreeMap::from([(path, text)]));
    }

    #[test]
    fn a_quantity_reads_back(milli in -9_999_999_999_i64..9_999_999_999) {
        prop_assert_eq!(text::parse_quantity(&text::quantity(milli)), Ok(milli));
    }
}
