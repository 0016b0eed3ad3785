//! Shopify's search syntax, as far as lists are narrowed by it: `updated_at:>='2026-01-01T00:00:00Z' AND status:active`.

use serde_json::Value;

use crate::clock::parse_millis;
use crate::table::Row;

/// Longer searches are refused before they are read.
const LONGEST: usize = 2_000;

/// A search: all terms of one of its branches must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// At least one; `OR` stands between them.
    branches: Vec<Vec<Term>>,
    /// Fields that cannot be searched by; Shopify leaves them out and warns.
    pub unknown: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Updated(Order, i64),
    Created(Order, i64),
    Id(Order, u64),
    Is(&'static str, String),
    Sku(String),
    Tag(String),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Below,
    AtMost,
    Equal,
    AtLeast,
    Above,
}

impl Order {
    fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::AtLeast => left >= right,
            Self::Above => left > right,
        }
    }
}

impl Search {
    /// Reads a search; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err("Query is too long".to_owned());
        }
        let mut search = Self { branches: vec![Vec::new()], unknown: Vec::new() };
        for word in words(text) {
            if word.eq_ignore_ascii_case("and") {
                continue;
            }
            if word == "OR" {
                search.branches.push(Vec::new());
                continue;
            }
            if word.eq_ignore_ascii_case("or") || word.eq_ignore_ascii_case("not") || word.starts_with(['(', ')', '-'])
            {
                return Err(format!("The sandbox's search knows terms, AND and OR, not `{word}`"));
            }
            search.add(&word)?;
        }
        if search.branches.len() > 1 && search.branches.iter().any(Vec::is_empty) {
            return Err("OR stands between two terms".to_owned());
        }
        Ok(search)
    }

    /// Whether a record has every property that is searched for.
    #[must_use]
    pub fn matches(&self, row: &Row) -> bool {
        self.branches.iter().any(|terms| terms.iter().all(|term| term.matches(row)))
    }

    /// Whether everything matches.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.branches.iter().any(Vec::is_empty)
    }

    /// The lowest last change that can match, so that older records need not be looked at.
    #[must_use]
    pub fn updated_from(&self) -> Option<i64> {
        let lower = |term: &Term| match term {
            Term::Updated(Order::AtLeast | Order::Above | Order::Equal, at) => Some(*at),
            _ => None,
        };
        // With several branches the least of them decides, and one without a bound lets everything through.
        self.branches.iter().map(|terms| terms.iter().filter_map(lower).max()).min().flatten()
    }

    fn add(&mut self, word: &str) -> Result<(), String> {
        let Some((field, value)) = word.split_once(':') else {
            self.push(Term::Text(word.to_lowercase()));
            return Ok(());
        };
        let (order, value) = comparison(value);
        let time =
            || parse_millis(value).map(|at| at / 1_000 * 1_000).ok_or_else(|| format!("`{value}` is not a time"));
        let term = match field {
            "updated_at" => Term::Updated(order, time()?),
            "created_at" | "processed_at" => Term::Created(order, time()?),
            "id" => Term::Id(order, value.parse().map_err(|_| format!("`{value}` is not an id"))?),
            "name" => Term::Is("name", value.to_lowercase()),
            "email" => Term::Is("email", value.to_lowercase()),
            "handle" => Term::Is("handle", value.to_lowercase()),
            "status" => Term::Is("status", value.to_lowercase()),
            "financial_status" => Term::Is("displayFinancialStatus", value.to_lowercase()),
            "sku" => Term::Sku(value.to_lowercase()),
            "tag" => Term::Tag(value.to_lowercase()),
            "title" => Term::Text(value.to_lowercase()),
            _ => {
                self.unknown.push(field.to_owned());
                return Ok(());
            }
        };
        self.push(term);
        Ok(())
    }

    fn push(&mut self, term: Term) {
        if let Some(terms) = self.branches.last_mut() {
            terms.push(term);
        }
    }
}

impl Term {
    fn matches(&self, row: &Row) -> bool {
        match self {
            Self::Updated(order, at) => order.holds(&row.modified, at),
            Self::Created(order, at) => {
                let created = row.doc.get("createdAt").and_then(Value::as_str).and_then(parse_millis);
                created.is_some_and(|created| order.holds(&created, at))
            }
            Self::Id(order, id) => order.holds(&row.seq, id),
            Self::Is(field, value) => {
                row.doc.get(*field).and_then(Value::as_str).is_some_and(|text| text.to_lowercase() == *value)
            }
            Self::Sku(sku) => {
                let own = row.doc.get("sku").and_then(Value::as_str);
                own.is_some_and(|own| own.to_lowercase() == *sku)
                    || ["variants", "lineItems"].iter().any(|items| has_sku(row.doc.get(*items), sku))
            }
            Self::Tag(tag) => {
                let tags = row.doc.get("tags").and_then(Value::as_array);
                tags.into_iter().flatten().any(|own| own.as_str().is_some_and(|own| own.to_lowercase() == *tag))
            }
            Self::Text(text) => row.doc.values().any(|value| contains(value, text)),
        }
    }
}

fn has_sku(items: Option<&Value>, sku: &str) -> bool {
    let items = items.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().any(|item| item.get("sku").and_then(Value::as_str).is_some_and(|own| own.to_lowercase() == sku))
}

fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.to_lowercase().contains(text),
        Value::Array(items) => items.iter().any(|item| contains(item, text)),
        Value::Object(fields) => fields.values().any(|field| contains(field, text)),
        _ => false,
    }
}

fn comparison(value: &str) -> (Order, &str) {
    for (sign, order) in [(">=", Order::AtLeast), ("<=", Order::AtMost), (">", Order::Above), ("<", Order::Below)] {
        if let Some(rest) = value.strip_prefix(sign) {
            return (order, rest);
        }
    }
    (Order::Equal, value)
}

/// Splits at blanks outside quotes; quotes are taken off, and inside them a backslash takes the next letter as it is.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match quote {
            Some(_) if letter == '\\' => word.extend(letters.next()),
            Some(open) if letter == open => quote = None,
            Some(_) => word.push(letter),
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            None => word.push(letter),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Doc;

    fn row(modified: i64) -> Row {
        Row { seq: 5_001, modified, doc: Doc::from_iter([("name".to_owned(), Value::from("#1001"))]) }
    }

    #[test]
    fn a_span_of_changes_is_read_with_its_quotes() {
        let search =
            Search::parse("updated_at:>='1970-01-01T00:00:10Z' AND updated_at:<\"1970-01-01T00:00:20Z\"").unwrap();
        assert_eq!(search.updated_from(), Some(10_000));
        assert!(!search.matches(&row(9_000)) && search.matches(&row(10_000)) && !search.matches(&row(20_000)));
    }

    #[test]
    fn unknown_fields_are_left_out_and_bad_values_refused() {
        assert_eq!(Search::parse("colour:red").unwrap().unknown, ["colour"]);
        assert!(Search::parse("updated_at:>=soon").is_err());
        assert!(Search::parse("a OR ").is_err() && Search::parse("a or b").is_err());
        let either = Search::parse("name:'#1' OR name:'#1001'").unwrap();
        assert!(either.matches(&row(0)) && either.updated_from().is_none());
        assert!(Search::parse("name:'#1001' id:>=5001").unwrap().matches(&row(0)));
        assert!(!Search::parse(r"name:'#1\'001 OR name:*'").unwrap().matches(&row(0)));
    }
}
