//! Taking records out of use, deleting them, and noting things on them.

use domain::Entity;
use serde_json::{Value, json};

use super::queries::{self, Query};
use super::save::{NAMESPACE, unsupported, user_error};
use super::{Shopify, model};
use crate::error::{Error, Failure};
use crate::settings::refused;
use crate::text::line;
use crate::vendor::{Annotation, Exchange, Removal};

type Outcome = std::result::Result<Exchange, Failure>;

impl Shopify {
    /// An order is cancelled: Shopify deletes none that was paid.
    pub(super) async fn take_away(&self, entity: Entity, id: &str, how: Removal) -> Outcome {
        let query: &Query = match (entity, how) {
            (Entity::Order, Removal::Delete) => &queries::ORDER_CANCEL,
            (Entity::Customer, Removal::Delete) => &queries::CUSTOMER_DELETE,
            (Entity::Product, Removal::Delete) => &queries::PRODUCT_DELETE,
            (Entity::Product, Removal::Deactivate) => &queries::PRODUCT_ARCHIVE,
            _ => return Err(unsupported(entity, "removed").into()),
        };
        if !model::is_gid(entity, id) || (entity == Entity::Order && self.is_cancelled(id).await?) {
            return Ok(Exchange::default());
        }
        let (data, exchange) = self.api.mutate(query, json!({"id": id})).await?;
        let Some(error) = user_error(&data) else { return Ok(exchange) };
        // What is gone already is removed.
        let gone = match entity {
            Entity::Order => self.is_cancelled(id).await,
            _ => self.found(entity, &[id.to_owned()]).await.map(|found| found.is_empty()),
        };
        match gone {
            Ok(true) => Ok(exchange),
            Ok(false) => Err(Failure { error, exchange: Some(exchange) }),
            Err(error) => Err(Failure { error, exchange: Some(exchange) }),
        }
    }

    async fn is_cancelled(&self, id: &str) -> crate::Result<bool> {
        let answer = self.api.query(&queries::ORDER_CANCELLED, 1, json!({"id": id})).await?;
        let order = answer.data.get("order").filter(|order| !order.is_null());
        Ok(order.is_none_or(|order| order.get("cancelledAt").is_some_and(|at| !at.is_null())))
    }

    /// A tag and metafields; both say what is to be there, so that twice is once.
    pub(super) async fn note_on(&self, entity: Entity, id: &str, note: &Annotation) -> Outcome {
        if !matches!(entity, Entity::Order | Entity::Customer | Entity::Product) {
            let message = format!("Shopify has no place for a note on {}.", entity.label().to_lowercase());
            return Err(Error::Rejected { code: "unsupported".into(), message, field: None }.into());
        }
        let tags: Vec<String> = note.tag.iter().map(|tag| line(tag, 40)).filter(|tag| !tag.is_empty()).collect();
        let values: Vec<Value> = note.values.iter().filter_map(|(name, value)| metafield(id, name, value)).collect();
        if values.len() > 25 {
            return Err(refused("too_many", "values", "Shopify takes 25 values at once.".into()).into());
        }
        if tags.is_empty() && values.is_empty() {
            return Ok(Exchange::default());
        }
        let variables = json!({
            "id": id, "tagged": !tags.is_empty(), "tags": tags, "noted": !values.is_empty(), "values": values,
        });
        let (data, exchange) = self.api.mutate(&queries::ANNOTATE, variables).await?;
        let Some(error) = user_error(&data) else { return Ok(exchange) };
        let error = match self.found(entity, &[id.to_owned()]).await {
            Ok(found) if found.is_empty() => Error::NotFound,
            Ok(_) => error,
            Err(error) => error,
        };
        Err(Failure { error, exchange: Some(exchange) })
    }
}

/// `None` when there is nothing to say: Shopify takes no empty values.
fn metafield(owner: &str, name: &str, value: &str) -> Option<Value> {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    let key: String = name.chars().map(plain).take(60).collect();
    let value = line(value, 2_000);
    let key = if key.len() < 2 { format!("{key}__") } else { key };
    let kind = "single_line_text_field";
    (!value.is_empty())
        .then(|| json!({"ownerId": owner, "namespace": NAMESPACE, "key": key, "type": kind, "value": value}))
}
