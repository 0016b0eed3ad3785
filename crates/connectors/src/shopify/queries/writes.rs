//! The mutations, and the questions that come before them.

use domain::Entity;

use super::Query;

/// What one mutation costs; a request pays for each that it carries.
const MUTATION: f64 = 10.0;

const fn write(name: &'static str, text: &'static str, mutations: f64) -> Query {
    Query { name, text, root: "", most: 1, cost_each: MUTATION * mutations, writes: true }
}

const fn ask(name: &'static str, text: &'static str, root: &'static str, cost: f64) -> Query {
    Query { name, text, root, most: 1, cost_each: cost, writes: false }
}

/// Makes the metafield by which our inserts are found again; once for each shop and kind of record.
pub(in super::super) static DEFINE: Query = write(
    "define",
    "mutation Define($definition: MetafieldDefinitionInput!) { metafieldDefinitionCreate(definition: $definition) \
     { createdDefinition { id } userErrors { field message code } } }",
    1.0,
);

pub(in super::super) static CUSTOMER_CREATE: Query = write(
    "customer_create",
    concat!(
        "mutation Insert($input: CustomerInput!) { customerCreate(input: $input) \
         { customer { ...F } userErrors { field message } } } ",
        customer!()
    ),
    1.0,
);
/// The address goes first, so that the customer's own answer holds everything.
pub(in super::super) static CUSTOMER_UPDATE: Query = write(
    "customer_update",
    concat!(
        "mutation Update($input: CustomerInput!, $id: ID!, $address: MailingAddressInput!, $addressId: ID!, \
         $add: Boolean!, $change: Boolean!, $drop: Boolean!) { \
         customerAddressCreate(customerId: $id, address: $address, setAsDefault: true) @include(if: $add) \
         { userErrors { field message } } \
         customerAddressUpdate(customerId: $id, addressId: $addressId, address: $address, setAsDefault: true) \
         @include(if: $change) { userErrors { field message } } \
         customerAddressDelete(customerId: $id, addressId: $addressId) @include(if: $drop) \
         { userErrors { field message } } \
         customerUpdate(input: $input) { customer { ...F } userErrors { field message } } } ",
        customer!()
    ),
    2.0,
);
pub(in super::super) static CUSTOMER_ADDRESS: Query = ask(
    "customer_address",
    "query Address($id: ID!) { customer(id: $id) { defaultAddress { id } } }",
    "/customer",
    3.0,
);

pub(in super::super) static PRODUCT_SET: Query = write(
    "product_set",
    concat!(
        "mutation Insert($input: ProductSetInput!) { productSet(synchronous: true, input: $input) \
         { product { ...F } userErrors { field message code } } } ",
        product!()
    ),
    1.0,
);
/// The variant goes first, so that the product's own answer holds everything.
pub(in super::super) static PRODUCT_UPDATE: Query = write(
    "product_update",
    concat!(
        "mutation Update($id: ID!, $product: ProductUpdateInput!, $variants: [ProductVariantsBulkInput!]!, \
         $sold: Boolean!) { productVariantsBulkUpdate(productId: $id, variants: $variants) @include(if: $sold) \
         { userErrors { field message code } } \
         productUpdate(product: $product) { product { ...F } userErrors { field message } } } ",
        product!()
    ),
    2.0,
);
pub(in super::super) static PRODUCT_VARIANT: Query = ask(
    "product_variant",
    "query Variant($id: ID!) { product(id: $id) { variants(first: 1) { nodes { id } } } }",
    "/product",
    5.0,
);

pub(in super::super) static ORDER_UPDATE: Query = write(
    "order_update",
    concat!(
        "mutation Update($input: OrderInput!) { orderUpdate(input: $input) \
         { order { ...F } userErrors { field message } } } ",
        order!()
    ),
    1.0,
);
pub(in super::super) static ORDER_CANCELLED: Query =
    ask("order_cancelled", "query Cancelled($id: ID!) { order(id: $id) { cancelledAt } }", "/order", 1.0);
pub(in super::super) static ORDER_CANCEL: Query = write(
    "order_cancel",
    "mutation Cancel($id: ID!) { orderCancel(orderId: $id, reason: OTHER, restock: false, notifyCustomer: false, \
     refundMethod: { originalPaymentMethodsRefund: false }) \
     { job { id done } orderCancelUserErrors { field message code } } }",
    1.0,
);

/// What is still to be sent of an order, what was sent, and what we noted about it.
pub(in super::super) static TO_FULFIL: Query = ask(
    "to_fulfil",
    "query ToFulfil($id: ID!) { order(id: $id) { id name \
     fulfillmentOrders(first: 10) { nodes { id status lineItems(first: 50) \
     { nodes { id remainingQuantity lineItem { id product { id } } } pageInfo { hasNextPage } } } } \
     fulfillments(first: 50) { id status trackingInfo(first: 1) { number } \
     fulfillmentLineItems(first: 20) { nodes { quantity lineItem { id } } } } \
     metafields(first: 50, namespace: \"syncline_shipments\") { nodes { key value } } } }",
    "/order",
    600.0,
);
/// First the note of what is about to be made, so that it is known again when its answer is lost.
pub(in super::super) static FULFIL: Query = write(
    "fulfil",
    concat!(
        "mutation Fulfil($order: ID!, $tags: [String!]!, $note: [MetafieldsSetInput!]!, $fulfillment: FulfillmentInput!) \
         { metafieldsSet(metafields: $note) { userErrors { field message code } } \
         tagsAdd(id: $order, tags: $tags) { userErrors { field message } } \
         fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { ...F } userErrors { field message } } } ",
        shipment!()
    ),
    3.0,
);
pub(in super::super) static TRACK: Query = write(
    "track",
    concat!(
        "mutation Track($id: ID!, $tracking: FulfillmentTrackingInput!, $note: [MetafieldsSetInput!]!, \
         $noted: Boolean!) { metafieldsSet(metafields: $note) @include(if: $noted) { userErrors { field message code } } \
         fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking) \
         { fulfillment { ...F } userErrors { field message } } } ",
        shipment!()
    ),
    2.0,
);

/// The key keeps a request that is sent twice from counting twice; what is compared keeps a sale in between from being
/// overwritten.
pub(in super::super) static SET_STOCK: Query = write(
    "set_stock",
    "mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) { inventorySetQuantities(input: $input) \
     @idempotent(key: $key) { inventoryAdjustmentGroup { changes { name quantityAfterChange } } \
     userErrors { field message code } } }",
    1.0,
);

pub(in super::super) static CUSTOMER_DELETE: Query = write(
    "customer_delete",
    "mutation Delete($id: ID!) { customerDelete(input: { id: $id }) { deletedCustomerId userErrors { field message } } }",
    1.0,
);
pub(in super::super) static PRODUCT_DELETE: Query = write(
    "product_delete",
    "mutation Delete($id: ID!) { productDelete(input: { id: $id }) { deletedProductId userErrors { field message } } }",
    1.0,
);
pub(in super::super) static PRODUCT_ARCHIVE: Query = write(
    "product_archive",
    "mutation Archive($id: ID!) { productUpdate(product: { id: $id, status: ARCHIVED }) \
     { product { id } userErrors { field message } } }",
    1.0,
);

pub(in super::super) static ANNOTATE: Query = write(
    "annotate",
    "mutation Annotate($id: ID!, $tags: [String!]!, $tagged: Boolean!, $values: [MetafieldsSetInput!]!, \
     $noted: Boolean!) { tagsAdd(id: $id, tags: $tags) @include(if: $tagged) { userErrors { field message } } \
     metafieldsSet(metafields: $values) @include(if: $noted) { userErrors { field message code } } }",
    2.0,
);
pub(in super::super) static NOTE: Query = write(
    "note",
    "mutation Note($values: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $values) \
     { userErrors { field message code } } }",
    1.0,
);

/// Two types' fields, by introspection.
pub(in super::super) static SCHEMA: Query = ask(
    "schema",
    "query Schema($own: String!, $inner: String!) { own: __type(name: $own) { fields { name type { ...T } } } \
     inner: __type(name: $inner) { fields { name type { ...T } } } } \
     fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }",
    "/own",
    2.0,
);

static CUSTOMER_WRITTEN: Query = ask(
    "customer_written",
    concat!(
        "query Written($custom: UniqueMetafieldValueInput!) \
         { written: customerByIdentifier(identifier: { customId: $custom }) { ...F } } ",
        customer!()
    ),
    "/written",
    4.0,
);
static PRODUCT_WRITTEN: Query = ask(
    "product_written",
    concat!(
        "query Written($custom: UniqueMetafieldValueInput!) \
         { written: productByIdentifier(identifier: { customId: $custom }) { ...F } } ",
        product!()
    ),
    "/written",
    5.0,
);

/// Looks an insert up by the id that we gave it.
pub(in super::super) fn written(entity: Entity) -> Option<&'static Query> {
    match entity {
        Entity::Customer => Some(&CUSTOMER_WRITTEN),
        Entity::Product => Some(&PRODUCT_WRITTEN),
        _ => None,
    }
}
