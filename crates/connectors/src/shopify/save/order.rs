//! Orders: the note and the ship-to address are all that can be changed of one that was placed.

use domain::Entity;
use domain::canonical::{Canonical, Order};
use serde_json::{Map, Value, json};

use super::{Outcome, address_input};
use crate::settings::refused;
use crate::shopify::{Shopify, queries};

impl Shopify {
    pub(super) async fn update_order(&self, id: &str, order: &Order, current: Option<&Canonical>) -> Outcome {
        let known = match current {
            Some(Canonical::Order(current)) => Some(current),
            _ => None,
        };
        if known.is_some_and(|known| goods(known) != goods(order)) {
            let message = "The shop does not let Syncline change the lines of an order that was placed. Edit the order in \
                           the shop's admin, or change it back in the other system.";
            return Err(refused("unsupported", "lines", message.into()).into());
        }
        let mut input = Map::new();
        if known.is_none_or(|known| known.note != order.note) {
            input.insert("note".into(), json!(order.note.as_deref().unwrap_or_default()));
        }
        // An address can be changed and not taken away.
        if let Some(address) = &order.ship_to
            && known.is_none_or(|known| known.ship_to.as_ref() != Some(address))
        {
            input.insert("shippingAddress".into(), address_input(address));
        }
        if input.is_empty() {
            return self.as_it_is(Entity::Order, id).await;
        }
        input.insert("id".into(), json!(id));
        self.update(Entity::Order, id, &queries::ORDER_UPDATE, json!({"input": Value::Object(input)})).await
    }
}

/// What was ordered: how much of which product, in the order of the products.
fn goods(order: &Order) -> Vec<(Option<&str>, i64)> {
    let line = |line: &domain::canonical::OrderLine| line.quantity_milli;
    let mut goods: Vec<(Option<&str>, i64)> =
        order.lines.iter().map(|own| (own.product.as_ref().map(|product| product.id.as_str()), line(own))).collect();
    goods.sort_unstable();
    goods
}
