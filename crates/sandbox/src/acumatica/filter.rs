//! `$filter`: OData's comparisons, `and`, `or`, `not`, brackets and the three text functions that the guide lists.
//!
//! ```text
//! CustomerID eq 'C000001' and LastModified gt datetimeoffset'2026-07-15T10:31:28.402+00:00'
//! ```

mod lexer;

use serde_json::Value;

use crate::clock::parse_millis;
use crate::decimal::Decimal;
use crate::table::{Doc, at_path};

use super::entities::{Entity, Field, Kind, field};
use lexer::{Token, tokens};

const DEEPEST: usize = 30;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// A field compared to a value.
    Compare(String, Comparison, Literal),
    /// A field that contains, begins or ends with a text.
    Text(TextFunction, String, String),
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// A text function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFunction {
    /// `substringof('text', Field)`
    Contains,
    /// `startswith(Field, 'text')`
    Begins,
    /// `endswith(Field, 'text')`
    Ends,
}

/// A value in a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `'text'`
    Text(String),
    /// `12.5`
    Number(Decimal),
    /// `true`
    Flag(bool),
    /// `datetimeoffset'…'`, in milliseconds since 1970.
    Time(i64),
    /// `null`
    Null,
}

impl Filter {
    /// Reads a filter on an entity; the error says what is wrong.
    pub fn parse(text: &str, entity: &'static Entity) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, entity };
        let filter = parser.either(0)?;
        match parser.peek() {
            None => Ok(filter),
            Some(token) => Err(format!("Syntax error: unexpected {token}")),
        }
    }

    /// Whether a record fulfils it.
    #[must_use]
    pub fn matches(&self, doc: &Doc) -> bool {
        match self {
            Self::And(left, right) => left.matches(doc) && right.matches(doc),
            Self::Or(left, right) => left.matches(doc) || right.matches(doc),
            Self::Not(inner) => !inner.matches(doc),
            Self::Compare(path, comparison, literal) => comparison.holds(at_path(doc, path), literal),
            Self::Text(function, path, text) => {
                let own = at_path(doc, path).and_then(Value::as_str).unwrap_or_default().to_lowercase();
                match function {
                    TextFunction::Contains => own.contains(text),
                    TextFunction::Begins => own.starts_with(text),
                    TextFunction::Ends => own.ends_with(text),
                }
            }
        }
    }

    /// The conditions that must all hold.
    #[must_use]
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::And(left, right) => left.conjuncts().into_iter().chain(right.conjuncts()).collect(),
            other => vec![other],
        }
    }
}

impl Comparison {
    fn holds(self, value: Option<&Value>, literal: &Literal) -> bool {
        let order = match (value.unwrap_or(&Value::Null), literal) {
            (Value::Null, Literal::Null) => Some(std::cmp::Ordering::Equal),
            (Value::String(own), Literal::Text(text)) => {
                Some(own.trim().to_lowercase().cmp(&text.trim().to_lowercase()))
            }
            (Value::String(own), Literal::Time(time)) => parse_millis(own).map(|own| own.cmp(time)),
            (own @ Value::Number(_), Literal::Number(number)) => Decimal::from_json(own).map(|own| own.cmp(number)),
            (Value::Bool(own), Literal::Flag(flag)) => Some(own.cmp(flag)),
            _ => None,
        };
        match (self, order) {
            (Self::NotEqual, order) => order.is_none_or(std::cmp::Ordering::is_ne),
            (_, None) => false,
            (Self::Equal, Some(order)) => order.is_eq(),
            (Self::Greater, Some(order)) => order.is_gt(),
            (Self::GreaterOrEqual, Some(order)) => order.is_ge(),
            (Self::Less, Some(order)) => order.is_lt(),
            (Self::LessOrEqual, Some(order)) => order.is_le(),
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    entity: &'static Entity,
}

impl Parser {
    fn either(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEEPEST {
            return Err("The filter is nested too deeply".to_owned());
        }
        let mut left = self.both(depth)?;
        while self.take_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both(depth)?));
        }
        Ok(left)
    }

    fn both(&mut self, depth: usize) -> Result<Filter, String> {
        let mut left = self.one(depth)?;
        while self.take_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one(depth)?));
        }
        Ok(left)
    }

    fn one(&mut self, depth: usize) -> Result<Filter, String> {
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.nested_one(depth + 1)?)));
        }
        if self.take(&Token::Open) {
            let inner = self.either(depth + 1)?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        let Some(Token::Word(word)) = self.next() else { return Err("Syntax error: a field is expected".to_owned()) };
        let function = match word.as_str() {
            "substringof" => TextFunction::Contains,
            "startswith" => TextFunction::Begins,
            "endswith" => TextFunction::Ends,
            _ => return self.comparison(word),
        };
        self.function(function)
    }

    fn nested_one(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEEPEST { Err("The filter is nested too deeply".to_owned()) } else { self.one(depth) }
    }

    fn comparison(&mut self, path: String) -> Result<Filter, String> {
        let kind = kind_at(self.entity, &path)?;
        let Some(Token::Word(operator)) = self.next() else {
            return Err(format!("Syntax error: a comparison is expected after {path}"));
        };
        let comparison = match operator.as_str() {
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            other => return Err(format!("Syntax error: unknown operator {other}")),
        };
        let literal = self.literal()?;
        if !fits(kind, &literal) {
            return Err(format!("The value does not fit the type of {path}"));
        }
        Ok(Filter::Compare(path, comparison, literal))
    }

    fn function(&mut self, function: TextFunction) -> Result<Filter, String> {
        self.expect(&Token::Open)?;
        let first = self.next();
        self.expect(&Token::Comma)?;
        let second = self.next();
        self.expect(&Token::Close)?;
        let (path, text) = match (first, second, function) {
            (Some(Token::Text(text)), Some(Token::Word(path)), TextFunction::Contains) => (path, text),
            (Some(Token::Word(path)), Some(Token::Text(text)), TextFunction::Begins | TextFunction::Ends) => {
                (path, text)
            }
            _ => return Err("Syntax error in the arguments of a text function".to_owned()),
        };
        kind_at(self.entity, &path)?;
        Ok(Filter::Text(function, path, text.to_lowercase()))
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Time(text)) => {
                parse_millis(&text).map(Literal::Time).ok_or_else(|| format!("'{text}' is not a time"))
            }
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Ok(Literal::Flag(true)),
                "false" => Ok(Literal::Flag(false)),
                "null" => Ok(Literal::Null),
                number => Decimal::parse(number.trim_end_matches(['m', 'd', 'f']))
                    .map(Literal::Number)
                    .ok_or_else(|| format!("{number} is not a value")),
            },
            _ => Err("Syntax error: a value is expected".to_owned()),
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(own)) if own == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(format!("Syntax error: {token} is expected")) }
    }
}

/// The type of a field of the entity or, after a `/`, of an entity linked to it. The record's own `id` can be asked for too.
fn kind_at(entity: &'static Entity, path: &str) -> Result<Kind, String> {
    if path == "id" {
        return Ok(Kind::Text(36));
    }
    let mut fields: &'static [Field] = entity.fields;
    let mut found = None;
    for part in path.split('/') {
        let kind = field(fields, part)
            .map(|(_, kind)| kind)
            .ok_or_else(|| format!("Could not find a property named '{part}' on type '{}'", entity.name))?;
        fields = if let Kind::Linked(inner) = kind { inner } else { &[] };
        found = Some(kind);
    }
    found
        .filter(|kind| !matches!(kind, Kind::Linked(_) | Kind::Details(_)))
        .ok_or_else(|| format!("'{path}' cannot be compared"))
}

fn fits(kind: Kind, literal: &Literal) -> bool {
    match literal {
        Literal::Null => true,
        Literal::Text(_) => matches!(kind, Kind::Text(_) | Kind::Code(_) | Kind::Choice(_)),
        Literal::Number(_) => matches!(kind, Kind::Decimal(_) | Kind::Integer),
        Literal::Flag(_) => kind == Kind::Flag,
        Literal::Time(_) => kind == Kind::Time,
    }
}

#[cfg(test)]
mod tests {
    use super::super::entities::{CUSTOMER, SALES_ORDER};
    use super::*;
    use serde_json::json;

    fn matches(filter: &str, doc: Value) -> bool {
        let Value::Object(doc) = doc else { unreachable!() };
        Filter::parse(filter, &CUSTOMER).unwrap().matches(&doc)
    }

    #[test]
    fn text_is_compared_without_case_and_quotes_are_doubled() {
        assert!(matches("CustomerName eq 'o''brien & Sons'", json!({"CustomerName": "O'Brien & sons "})));
        assert!(matches("MainContact/Email eq 'a@b.example'", json!({"MainContact": {"Email": "A@b.example"}})));
        assert!(matches(
            "substringof('ri', CustomerName) and not startswith(CustomerName, 'B')",
            json!({"CustomerName": "O'Brien"})
        ));
    }

    #[test]
    fn and_binds_tighter_than_or_and_brackets_tighter_than_both() {
        let doc = json!({"CustomerID": "A", "Status": "Active"});
        assert!(matches("CustomerID eq 'A' or CustomerID eq 'B' and Status eq 'Inactive'", doc.clone()));
        assert!(!matches("(CustomerID eq 'A' or CustomerID eq 'B') and Status eq 'Inactive'", doc));
    }

    #[test]
    fn times_and_numbers_are_compared_by_value() {
        assert!(matches(
            "LastModifiedDateTime gt datetimeoffset'2026-07-15T10:00:00+02:00'",
            json!({"LastModifiedDateTime": "2026-07-15T08:00:00.001+00:00"})
        ));
        assert!(matches("CreditLimit ge 10 and CreditLimit lt 10.01m", json!({"CreditLimit": 10.0})));
        assert!(matches("AccountRef eq null and AccountRef ne 'x'", json!({})));
    }

    #[test]
    fn what_is_wrong_is_refused_in_words() {
        for wrong in [
            "",
            "Colour eq 'red'",
            "Details eq 'x'",
            "OrderNbr eq",
            "OrderNbr is 'x'",
            "OrderNbr eq 'x",
            "OrderNbr eq 5",
            "OrderNbr eq 'x' )",
            "Date gt datetimeoffset'soon'",
        ] {
            assert!(Filter::parse(wrong, &SALES_ORDER).is_err(), "{wrong}");
        }
        assert!(Filter::parse(&"(".repeat(5_000), &SALES_ORDER).is_err());
        assert!(Filter::parse(&"not ".repeat(5_000), &SALES_ORDER).is_err());
    }
}
