//! Acumatica's contract-based REST API: `/acumatica/{instance}/entity/…`.
//!
//! What is here follows the Integration Development Guide: sign-in with licensed sessions, the `Default` endpoint's sales orders, customers, stock
//! items, payments and shipments, the inquiries for stock levels, upsert by `PUT`, `$filter`, `$expand`, errors echoed in the record, deletions and
//! cancelling with the ERP's refusals, `$adHocSchema`, and the licence's delays.

mod drift;
mod entities;
mod erp;
mod filter;
mod gate;
mod handler;
mod licence;
mod query;
mod render;
mod rules;
mod session;
mod unwrap;
mod write;

use std::sync::Arc;

use serde_json::Value;

use crate::table::{Doc, Row};
use crate::world::World;

pub use drift::Change as SchemaChange;
pub use entities::{
    CUSTOMER, ENTITIES, Entity, PAYMENT, QUANTITY_AVAILABLE, SALES_ORDER, SHIPMENT, STOCK, STOCK_ITEM, entity,
};
pub use erp::Erp;
pub use handler::routes;
pub use render::{FieldError, Step};
pub use write::{Refusal, back_office};

impl Entity {
    /// A record's key as it stands in a URL: `SO/000001`.
    #[must_use]
    pub fn key_of(&self, doc: &Doc) -> String {
        self.keys.iter().filter_map(|key| doc.get(*key).and_then(Value::as_str)).collect::<Vec<_>>().join("/")
    }

    /// The record with this key or id; of several key fields the last one may stand alone.
    #[must_use]
    pub fn find(&'static self, world: &World, id: &str) -> Option<Arc<Row>> {
        let keys: Vec<String> =
            if self.keys.len() == 1 { vec![id.to_owned()] } else { id.split('/').map(str::to_owned).collect() };
        let by_keys = if keys.len() == self.keys.len() { write::by_keys(world, self, &keys) } else { None };
        let table = world.table(self.name);
        let by_last = || table.find(self.keys.last()?, keys.last().filter(|_| keys.len() == 1)?)?.into_iter().next();
        by_keys.or_else(by_last).or_else(|| table.find("id", id)?.into_iter().next())
    }
}
