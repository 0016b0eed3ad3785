use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::canonical::{Address, Customer, Order, OrderLine, Product, Reference, Stock};
use crate::{Entity, Money};

fn is(field: &str, operator: Operator, value: &str) -> Filter {
    Filter::Is(Condition { field: field.into(), operator, value: value.into() })
}

fn order() -> Canonical {
    let line = |title: &str, sku: Option<&str>| OrderLine {
        product: sku.map(|sku| Reference { id: "1".into(), key: Some(sku.into()) }),
        title: title.into(),
        quantity_milli: 1_500,
        unit_price: Money::new(1_000, "EUR"),
    };
    Canonical::Order(Order {
        number: "#1042".into(),
        placed_on: NaiveDate::from_ymd_opt(2026, 11, 21),
        currency: "EUR".into(),
        note: None,
        customer: None,
        ship_to: Some(Address { country: Some("DE".into()), city: Some("  ".into()), ..Address::default() }),
        lines: vec![line("Green tea", Some("TEA-1")), line("Gift wrap", None)],
        shipping: None,
        tax: None,
        total: Some(Money::new(12_000, "EUR")),
    })
}

fn product(minor: i64, currency: &str) -> Canonical {
    let price = Some(Money::new(minor, currency));
    Canonical::Product(Product { sku: "A".into(), title: "T".into(), price })
}

#[test]
fn text_is_compared_without_regard_to_case() {
    assert!(is("ship_to.country", Operator::Equals, "de").matches(&order()));
    assert!(is("number", Operator::StartsWith, "#10").matches(&order()));
    assert!(!is("number", Operator::Contains, "43").matches(&order()));
}

#[test]
fn a_path_into_a_list_holds_when_it_holds_for_any_row() {
    assert!(is("lines.title", Operator::Contains, "TEA").matches(&order()));
    assert!(is("lines.product.key", Operator::Empty, "").matches(&order()), "the gift wrap has no product");
    assert!(is("lines.quantity_milli", Operator::Equals, "1.5").matches(&order()));
    assert!(!is("lines.unit_price", Operator::More, "10").matches(&order()));
}

#[test]
fn an_amount_is_compared_exactly_and_not_rounded() {
    assert!(is("total", Operator::Equals, "120").matches(&order()));
    assert!(is("total", Operator::More, "119.999").matches(&order()));
    assert!(is("total", Operator::Less, "120.001").matches(&order()));
    assert!(!is("total", Operator::Equals, "120.001").matches(&order()));
    assert!(is("price", Operator::Equals, "1999").matches(&product(1_999, "JPY")));
}

#[test]
fn a_field_without_a_value_is_empty_and_differs_from_everything() {
    for field in ["note", "tax", "ship_to.region"] {
        assert!(is(field, Operator::Empty, "").matches(&order()), "{field}");
        assert!(!is(field, Operator::Filled, "").matches(&order()), "{field}");
    }
    assert!(is("tax", Operator::Differs, "0").matches(&order()));
    assert!(is("ship_to.city", Operator::Empty, "").matches(&order()), "blanks are nothing");
}

#[test]
fn groups_nest() {
    let german = is("ship_to.country", Operator::Equals, "DE");
    let dear = is("total", Operator::More, "1000");
    assert!(Filter::Any(vec![dear.clone(), german.clone()]).matches(&order()));
    assert!(!Filter::All(vec![dear, german]).matches(&order()));
    assert!(Filter::All(Vec::new()).matches(&order()) && !Filter::Any(Vec::new()).matches(&order()));
}

#[test]
fn a_filter_that_cannot_be_used_is_refused_with_the_condition_named() {
    let problem = |filter: &Filter| check(filter, Entity::Order).unwrap_err();
    let second = Filter::All(vec![is("number", Operator::Filled, ""), is("total", Operator::More, "a lot")]);
    let refused = problem(&second);
    assert_eq!(refused.condition, Some(2));
    assert!(refused.message.contains("Condition 2") && refused.message.contains("a lot"), "{refused}");
    assert!(problem(&is("sku", Operator::Equals, "x")).message.contains("sku"));
    assert!(problem(&is("note", Operator::More, "x")).message.contains("is more than"));
    assert!(problem(&is("placed_on", Operator::Less, "21.11.2026")).message.contains("2026-11-21"));
    assert!(problem(&is("note", Operator::Equals, " ")).message.contains("needs a value"));
    assert!(problem(&is("note", Operator::Equals, &"x".repeat(201))).message.contains("200"));
    assert!(problem(&Filter::All(vec![is("number", Operator::Filled, ""); 51])).message.contains("50"));
    assert!(problem(&Filter::Any(Vec::new())).message.contains("empty"));
    let nest = |depth: usize| (0..depth).fold(is("number", Operator::Filled, ""), |f, _| Filter::All(vec![f]));
    assert!(check(&nest(5), Entity::Order).is_ok());
    assert!(problem(&nest(6)).message.contains('5'));
}

#[test]
fn every_field_of_every_entity_can_be_read_as_the_kind_that_it_says() {
    for record in [order(), Canonical::Customer(Customer::default()), product(1, "EUR"), stock(1)] {
        for field in fields(record.entity()) {
            for held in super::fields::held(&record, field.path) {
                use super::fields::Held;
                let fits = match held {
                    Held::Text(_) => field.kind == FieldKind::Text,
                    Held::Milli(_) => field.kind == FieldKind::Number,
                    Held::Money(_) => field.kind == FieldKind::Money,
                    Held::Date(_) => field.kind == FieldKind::Date,
                    Held::Nothing => true,
                };
                assert!(fits, "{} of {}: {held:?}", field.path, record.entity());
            }
        }
    }
}

fn stock(available_milli: i64) -> Canonical {
    Canonical::Stock(Stock { sku: "A".into(), product: None, available_milli })
}

proptest! {
    #[test]
    fn an_amount_stands_to_another_as_their_minor_units_do(a in -10_000_000_i64..10_000_000, b in -10_000_000_i64..10_000_000, currency in "(EUR|JPY|KWD)") {
        let value = Money::new(b, &currency).decimal();
        let record = product(a, &currency);
        prop_assert_eq!(is("price", Operator::Less, &value).matches(&record), a < b);
        prop_assert_eq!(is("price", Operator::More, &value).matches(&record), a > b);
        prop_assert_eq!(is("price", Operator::Equals, &value).matches(&record), a == b);
    }

    #[test]
    fn a_quantity_stands_to_another_as_their_thousandths_do(a in -9_999_999_i64..9_999_999, b in 0_i64..9_999_999) {
        let value = format!("{}.{:03}", b / 1_000, b % 1_000);
        prop_assert_eq!(is("available_milli", Operator::Less, &value).matches(&stock(a)), a < b);
        prop_assert_eq!(is("available_milli", Operator::Equals, &value).matches(&stock(a)), a == b);
    }

    #[test]
    fn one_value_either_is_or_is_not_and_holds_what_it_starts_with(text in "\\PC{1,20}", value in "\\PC{1,20}") {
        let record = Canonical::Product(Product { sku: "A".into(), title: text.clone(), price: None });
        let holds = |operator, value: &str| is("title", operator, value).matches(&record);
        prop_assert_ne!(holds(Operator::Equals, &value), holds(Operator::Differs, &value));
        prop_assert!(holds(Operator::Equals, &text));
        prop_assert!(!holds(Operator::StartsWith, &value) || holds(Operator::Contains, &value));
        prop_assert_ne!(holds(Operator::Empty, ""), holds(Operator::Filled, ""));
    }

    #[test]
    fn whatever_is_typed_neither_check_nor_match_panics(field in "[a-z_.]{0,20}", value in ".{0,40}", n in 0..Operator::ALL.len()) {
        let filter = is(&field, Operator::ALL[n], &value);
        for record in [order(), product(1, "EUR"), stock(1)] {
            let _ = (check(&filter, record.entity()), filter.matches(&record));
        }
    }

    #[test]
    fn a_value_that_passes_the_check_can_be_compared(n in 0..Operator::ALL.len(), value in "-?[0-9]{1,3}(\\.[0-9]{0,7})?") {
        let filter = is("price", Operator::ALL[n], &value);
        let record = product(1, "EUR");
        if check(&filter, Entity::Product).is_ok() && Operator::ALL[n].needs_value() {
            let holds = |operator| is("price", operator, &value).matches(&record);
            let one_of_three = [Operator::Less, Operator::Equals, Operator::More].into_iter().filter(|o| holds(*o)).count();
            prop_assert_eq!(one_of_three, 1);
        }
    }

    #[test]
    fn a_stored_filter_reads_back(value in ".{0,40}", depth in 0_usize..5) {
        let filter = (0..depth).fold(is("number", Operator::Equals, &value), |f, _| Filter::Any(vec![Filter::All(vec![f])]));
        let text = serde_json::to_string(&filter).unwrap();
        prop_assert_eq!(serde_json::from_str::<Filter>(&text).unwrap(), filter);
    }
}

#[test]
fn a_filter_of_very_many_empty_groups_is_refused() {
    let bomb = Filter::All(vec![Filter::All(Vec::new()); 90_000]);
    assert!(check(&bomb, Entity::Order).is_err_and(|problem| problem.message.contains("groups")));
}
