//! What the connector can do with each entity, and where the canonical fields are at Shopify.

use domain::Entity;

use crate::vendor::Abilities;

/// What the shop lets us do with an entity.
///
/// * Orders are made by buyers: Syncline changes the note and the ship-to address of one, and cancels it in place of
///   deleting it (`orderCancel`: no refund, no restocking, no message to the buyer).
/// * Payments are what the shop took in; Syncline only reads them.
/// * Shipments are made (`fulfillmentCreate`); of one that is there only the tracking changes.
/// * Stock levels come and go with their products; Syncline sets how much is available.
pub(crate) const fn abilities(entity: Entity) -> Abilities {
    let (insert, update, deactivate, delete) = match entity {
        Entity::Order => (false, true, false, true),
        Entity::Customer => (true, true, false, true),
        Entity::Product => (true, true, true, true),
        Entity::Payment => (false, false, false, false),
        Entity::Shipment => (true, true, false, false),
        Entity::Stock => (false, true, false, false),
    };
    Abilities { read: true, insert, update, deactivate, delete }
}

/// The canonical fields and where they are at Shopify.
pub(crate) const fn fields(entity: Entity) -> &'static [(&'static str, &'static str)] {
    match entity {
        Entity::Order => &[
            ("number", "Order.name"),
            ("placed_on", "Order.createdAt (date, UTC)"),
            ("currency", "Order.currencyCode"),
            ("note", "Order.note"),
            ("customer", "Order.customer"),
            ("ship_to", "Order.shippingAddress"),
            ("lines.product", "LineItem.product"),
            ("lines.title", "LineItem.title"),
            ("lines.quantity", "LineItem.quantity"),
            ("lines.unit_price", "LineItem.discountedUnitPriceSet.shopMoney"),
            ("shipping", "Order.totalShippingPriceSet.shopMoney"),
            ("tax", "Order.totalTaxSet.shopMoney"),
            ("total", "Order.totalPriceSet.shopMoney"),
        ],
        Entity::Customer => &[
            ("email", "Customer.defaultEmailAddress"),
            ("name", "Customer.displayName"),
            ("phone", "Customer.defaultPhoneNumber"),
            ("address", "Customer.defaultAddress"),
        ],
        Entity::Product => {
            &[("sku", "first variant's sku"), ("title", "Product.title"), ("price", "first variant's price")]
        }
        Entity::Payment => &[
            ("reference", "OrderTransaction.id (number)"),
            ("order", "OrderTransaction.order"),
            ("customer", "Order.customer"),
            ("amount", "OrderTransaction.amountSet.shopMoney"),
            ("paid_on", "OrderTransaction.processedAt (date, UTC)"),
            ("method", "OrderTransaction.gateway"),
        ],
        Entity::Shipment => &[
            ("number", "Fulfillment.name, or the note on the order"),
            ("order", "Fulfillment.order"),
            ("shipped_on", "Fulfillment.createdAt, or the note on the order"),
            ("carrier", "Fulfillment.trackingInfo.company"),
            ("tracking", "Fulfillment.trackingInfo.number"),
            ("lines.product", "FulfillmentLineItem.lineItem.product"),
            ("lines.quantity", "FulfillmentLineItem.quantity"),
        ],
        Entity::Stock => &[
            ("sku", "InventoryItem.sku"),
            ("product", "InventoryItem.variants.product"),
            ("available", "InventoryLevel.quantities (available)"),
        ],
    }
}
