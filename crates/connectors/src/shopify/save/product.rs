//! Products: a product is its first variant.

use domain::canonical::{Canonical, Product};
use domain::{Entity, Money};
use serde_json::{Map, Value, json};

use super::Outcome;
use crate::error::{Error, Result};
use crate::settings::refused;
use crate::shopify::{Shopify, model, queries};
use crate::vendor::Save;

impl Shopify {
    pub(super) async fn insert_product(&self, save: &Save, product: &Product) -> Outcome {
        let price = self.price(product.price.as_ref()).await?;
        let option = json!([{"optionName": "Title", "name": "Default Title"}]);
        let input = json!({
            "title": product.title, "status": "ACTIVE",
            "productOptions": [{"name": "Title", "values": [{"name": "Default Title"}]}],
            "variants": [{"optionValues": option, "sku": product.sku, "price": price}],
            "metafields": Self::own_id(save),
        });
        self.insert(save, &queries::PRODUCT_SET, input).await
    }

    pub(super) async fn update_product(&self, id: &str, product: &Product, current: Option<&Canonical>) -> Outcome {
        let known = match current {
            Some(Canonical::Product(current)) => Some(current),
            _ => None,
        };
        let mut fields = Map::from_iter([("id".to_owned(), json!(id))]);
        if known.is_none_or(|known| known.title != product.title) {
            fields.insert("title".into(), json!(product.title));
        }
        let mut variant = Map::new();
        if known.is_none_or(|known| known.price != product.price) {
            variant.insert("price".into(), json!(self.price(product.price.as_ref()).await?));
        }
        if known.is_none_or(|known| known.sku != product.sku) {
            variant.insert("inventoryItem".into(), json!({"sku": product.sku}));
        }
        let sold = !variant.is_empty();
        if !sold && fields.len() == 1 {
            return self.as_it_is(Entity::Product, id).await;
        }
        if sold {
            variant.insert("id".into(), json!(self.variant_id(id).await?));
        }
        let variables = json!({"id": id, "product": fields, "variants": [variant], "sold": sold});
        self.update(Entity::Product, id, &queries::PRODUCT_UPDATE, variables).await
    }

    async fn variant_id(&self, id: &str) -> Result<String> {
        let answer = self.api.query(&queries::PRODUCT_VARIANT, 1, json!({"id": id})).await?;
        let product = answer.data.get("product").filter(|product| !product.is_null()).ok_or(Error::NotFound)?;
        let own = product.pointer("/variants/nodes/0/id").and_then(Value::as_str);
        own.map(ToOwned::to_owned).ok_or_else(|| model::malformed("the product has no variant"))
    }

    /// The decimal; a shop has one currency, and no price is a price of nothing.
    async fn price(&self, price: Option<&Money>) -> Result<String> {
        let Some(price) = price else { return Ok("0.00".into()) };
        let currency = self.currency().await?;
        if price.currency == currency {
            return Ok(price.decimal());
        }
        let message = format!("The price is in {} and the shop sells in {currency}.", price.currency);
        Err(refused("currency", "price", message))
    }
}
