//! From a stored record to an answer: values wrapped, linked and detail entities only where they were asked for, errors beside the values.

use serde_json::{Map, Value, json};

use crate::table::Doc;

use super::entities::{Entity, Field, Kind, field};

/// Which parts of a record an answer shows: the parameters `$expand` and `$select`.
#[derive(Debug, Default, Clone)]
pub struct View {
    expand: Vec<String>,
    select: Option<Vec<String>>,
    hidden: Vec<String>,
}

/// A field with an error: the way to it (names and row numbers) and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Names of fields and numbers of rows, outermost first.
    pub path: Vec<Step>,
    /// What is wrong.
    pub message: String,
}

/// A step on the way to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a field.
    Field(&'static str),
    /// Into a row.
    Row(usize),
}

impl Step {
    fn pointer(&self) -> String {
        match self {
            Self::Field(name) => format!("/{name}"),
            Self::Row(number) => format!("/{number}"),
        }
    }
}

impl View {
    /// Reads `$expand` and `$select`; a name that the contract does not have is an error.
    pub fn new(entity: &'static Entity, expand: Option<&str>, select: Option<&str>) -> Result<Self, String> {
        let expand = list(expand.unwrap_or_default());
        let select = select.map(list);
        for path in expand.iter().chain(select.iter().flatten()) {
            check(entity, path)?;
        }
        Ok(Self { expand, select, hidden: Vec::new() })
    }

    /// Everything that a record holds.
    #[must_use]
    pub fn everything() -> Self {
        Self { expand: vec!["*".to_owned()], ..Self::default() }
    }

    /// Without these fields.
    pub fn hide(&mut self, paths: Vec<String>) {
        self.hidden = paths;
    }

    fn shows(&self, path: &str) -> bool {
        if self.hidden.iter().any(|own| own == path) {
            return false;
        }
        let is_meant = |own: &String| own == path || is_below(own, path) || is_below(path, own);
        self.select.as_ref().is_none_or(|select| select.iter().any(is_meant))
    }

    fn expands(&self, path: &str) -> bool {
        self.expand.iter().any(|own| own == "*" || own == path || is_below(own, path))
    }
}

/// Whether a path leads into another: `Details/OrderQty` into `Details`.
fn is_below(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// A record as JSON.
#[must_use]
pub fn render(entity: &'static Entity, doc: &Doc, row_number: usize, view: &View) -> Value {
    let mut doc = doc.clone();
    doc.insert("rowNumber".to_owned(), Value::from(row_number));
    fields(entity.fields, &doc, "", view)
}

/// A record with errors in its fields, as a refused write answers it.
#[must_use]
pub fn render_errors(entity: &'static Entity, doc: &Doc, errors: &[FieldError]) -> Value {
    let mut body = render(entity, doc, 1, &View::everything());
    for error in errors {
        let pointer: String = error.path.iter().map(Step::pointer).collect();
        if let Some(Value::Object(field)) = body.pointer_mut(&pointer) {
            field.insert("error".to_owned(), Value::from(error.message.clone()));
        }
    }
    body
}

fn fields(fields: &'static [Field], doc: &Doc, prefix: &str, view: &View) -> Value {
    let mut out = Map::new();
    out.insert("id".to_owned(), doc.get("id").cloned().unwrap_or_default());
    out.insert("rowNumber".to_owned(), doc.get("rowNumber").cloned().unwrap_or_else(|| Value::from(1)));
    out.insert("note".to_owned(), json!({"value": doc.get("note").and_then(Value::as_str).unwrap_or_default()}));
    for (name, kind) in fields {
        let path = if prefix.is_empty() { (*name).to_owned() } else { format!("{prefix}/{name}") };
        if let Some(value) = self::value(*kind, doc.get(*name), &path, view) {
            out.insert((*name).to_owned(), value);
        }
    }
    out.insert("custom".to_owned(), json!({}));
    Value::Object(out)
}

fn value(kind: Kind, value: Option<&Value>, path: &str, view: &View) -> Option<Value> {
    if !view.shows(path) {
        return None;
    }
    match kind {
        Kind::Linked(inner) => view.expands(path).then(|| match value {
            Some(Value::Object(object)) => fields(inner, object, path, view),
            _ => fields(inner, &Doc::new(), path, view),
        }),
        Kind::Details(inner) => view.expands(path).then(|| {
            let rows = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter();
            rows.filter_map(Value::as_object).map(|row| fields(inner, row, path, view)).collect()
        }),
        _ => Some(match value {
            None | Some(Value::Null) => json!({}),
            Some(value) => json!({"value": value}),
        }),
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn check(entity: &'static Entity, path: &str) -> Result<(), String> {
    let mut inner: &'static [Field] = entity.fields;
    for part in path.split('/') {
        let (_, kind) = field(inner, part)
            .ok_or_else(|| format!("Could not find a property named '{part}' on type '{}'", entity.name))?;
        inner = if let Kind::Linked(fields) | Kind::Details(fields) = kind { fields } else { &[] };
    }
    Ok(())
}
