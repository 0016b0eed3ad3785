//! What is noted on a record: lines of its note, the system field `note` that every record has.
//!
//! The note is no field that is synchronised, so that noting something changes no hash. A line that is there is not
//! written again; what people wrote there stays. See "Representation of a Record in JSON Format" in Acumatica's
//! Integration Development Guide.

use domain::Entity;
use http::StatusCode;
use http::header::IF_MATCH;
use serde_json::json;

use super::Acumatica;
use super::remove::judged;
use super::save::key_fields;
use super::table::table;
use crate::error::{Error, Failure};
use crate::text::line;
use crate::vendor::{Annotation, Exchange};

/// A note that is longer than this is not added to.
const LONGEST_NOTE: usize = 60_000;

impl Acumatica {
    pub(super) async fn note(
        &self,
        entity: Entity,
        id: &str,
        annotation: &Annotation,
    ) -> std::result::Result<Exchange, Failure> {
        if entity == Entity::Stock {
            return Err(super::unsupported(entity).into());
        }
        let (table, deadline) = (table(entity), self.api.deadline());
        let (row, looked) = self.look_up(deadline, table, id, "").await?;
        let row = row.ok_or(Failure { error: Error::NotFound, exchange: Some(looked.clone()) })?;
        // What is not told cannot be kept, and is not written over.
        let note = row.get("note").ok_or_else(|| super::unsupported(entity))?;
        let old = note.get("value").unwrap_or(note).as_str().unwrap_or_default();
        let Some(new) = noted(old, annotation) else { return Ok(looked) };
        let mut fields = key_fields(table, id);
        fields.insert("note".to_owned(), json!({"value": new}));
        let (response, exchange) = self.put(deadline, table, "", Some(IF_MATCH), fields).await?;
        let outcome = match response.status {
            StatusCode::PRECONDITION_FAILED => Err(Error::NotFound),
            _ => judged(&response),
        };
        outcome.map(|()| exchange.clone()).map_err(|error| Failure { error, exchange: Some(exchange) })
    }
}

/// The note with the annotation's lines; `None` when it has them, or no room.
fn noted(old: &str, annotation: &Annotation) -> Option<String> {
    let mut lines: Vec<String> = old.lines().map(ToOwned::to_owned).collect();
    let before = lines.clone();
    if let Some(tag) = annotation.tag.as_deref().map(|tag| line(tag, 255)).filter(|tag| !lines.contains(tag)) {
        lines.push(tag);
    }
    for (name, value) in &annotation.values {
        let name = format!("Syncline {}: ", line(name, 80));
        let whole = format!("{name}{}", line(value, 255));
        match lines.iter_mut().find(|own| own.starts_with(&name)) {
            Some(own) => *own = whole,
            None => lines.push(whole),
        }
    }
    let new = lines.join("\n");
    (lines != before && new.len() <= LONGEST_NOTE).then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_replaced_and_what_people_wrote_stays() {
        let note = |number: &str| Annotation {
            tag: Some("syncline".into()),
            values: vec![("shop_number".into(), number.into())],
        };
        let once = noted("Call first!", &note("#1042")).unwrap();
        assert_eq!(once, "Call first!\nsyncline\nSyncline shop_number: #1042");
        assert_eq!(noted(&once, &note("#1042")), None);
        assert!(noted(&once, &note("#7")).unwrap().ends_with("syncline\nSyncline shop_number: #7"));
    }
}
