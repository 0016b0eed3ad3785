//! Stock: how much is available at the connection's location.

use domain::Entity;
use domain::canonical::{Canonical, Stock};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Outcome, user_error};
use crate::error::{Error, Failure};
use crate::shopify::{Shopify, queries};
use crate::vendor::Saved;

impl Shopify {
    pub(super) async fn update_stock(&self, id: &str, stock: &Stock, current: Option<&Canonical>) -> Outcome {
        let wanted = stock.available_milli / 1000;
        let found = self.found(Entity::Stock, &[id.to_owned()]).await?.into_iter().next().ok_or(Error::NotFound)?;
        let Canonical::Stock(held) = &found.record else { return Err(Error::NotFound.into()) };
        let from = match current {
            Some(Canonical::Stock(known)) => known.available_milli / 1000,
            _ => held.available_milli / 1000,
        };
        if held.available_milli / 1000 == wanted {
            return Ok(Saved { found, exchange: crate::vendor::Exchange::default() });
        }
        let input = json!({
            "name": "available", "reason": "correction",
            "quantities": [{
                "inventoryItemId": id, "locationId": self.location().await?, "quantity": wanted,
                "changeFromQuantity": from,
            }],
        });
        // A key of this request alone: the same level may be set to the same number twice a day, and both must count.
        // What it guards is the repetition of one request; a request that comes late is stopped by the comparison.
        let key = Uuid::new_v4().to_string();
        let (data, exchange) = self.api.mutate(&queries::SET_STOCK, json!({"input": input, "key": key})).await?;
        if let Some(error) = user_error(&data) {
            return Err(Failure { error, exchange: Some(exchange) });
        }
        let after = data.pointer("/inventorySetQuantities/inventoryAdjustmentGroup/changes");
        let after = after.and_then(Value::as_array).into_iter().flatten();
        let own = after
            .filter(|change| change["name"] == "available")
            .find_map(|change| change.get("quantityAfterChange").and_then(Value::as_i64));
        let record =
            Canonical::Stock(Stock { available_milli: own.unwrap_or(wanted).saturating_mul(1000), ..held.clone() });
        Ok(Saved { found: crate::vendor::Found { record, ..found }, exchange })
    }
}
