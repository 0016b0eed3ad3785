//! What an app may change in the shop through its API, and what the shop says when it may not.

use serde_json::{Value, json};

use crate::kit::Kit;

const SET_STOCK: &str = "mutation($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) @idempotent(key: \"k-1\") { inventoryAdjustmentGroup { changes { delta quantityAfterChange } } userErrors { field message code } } }";
const FULFIL: &str = "mutation($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id name status trackingInfo { number } fulfillmentLineItems(first: 5) { nodes { quantity lineItem { sku } } } } userErrors { field message } } }";

async fn control(kit: &Kit, noun: &str, records: Value) -> String {
    let made = kit.control("POST", &format!("shopify/{noun}?account=sbx_shop"), json!({"records": [records]})).await;
    made["ids"][0].as_str().unwrap().to_owned()
}

async fn data(kit: &Kit, query: &str, variables: Value) -> Value {
    let answer = kit.graphql(query, variables).await;
    let body = answer.json();
    assert!(body.get("errors").is_none(), "{body}");
    body["data"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_mutation_costs_ten_points_and_answers_from_what_it_made() {
    let kit = Kit::new();
    let query = "mutation($input: CustomerInput!) { customerCreate(input: $input) { customer { id displayName defaultAddress { city countryCodeV2 } } userErrors { field message } } }";
    let input = json!({"firstName": "Ada", "lastName": "Byron", "email": "ada@mail.example", "addresses": [{"city": "Wien", "countryCode": "AT"}]});
    let answer = kit.graphql(query, json!({"input": input})).await;
    let body = answer.json();
    assert_eq!(body["extensions"]["cost"]["requestedQueryCost"], 10);
    let customer = &body["data"]["customerCreate"]["customer"];
    assert_eq!((&customer["displayName"], &customer["defaultAddress"]["city"]), (&json!("Ada Byron"), &json!("Wien")));
    let again = data(&kit, query, json!({"input": input})).await;
    let error = json!([{"field": ["email"], "message": "Email has already been taken"}]);
    assert_eq!(again["customerCreate"], json!({"customer": null, "userErrors": error}));
    let unknown =
        kit.graphql("mutation { customerCreate(input: {}) { userErrors { field message code } } }", json!({})).await;
    assert_eq!(unknown.json()["errors"][0]["message"], "Field 'code' doesn't exist on type 'UserError'");
}

#[tokio::test(start_paused = true)]
async fn stock_is_compared_and_an_idempotency_key_counts_once() {
    let kit = Kit::new();
    control(&kit, "products", json!({"title": "Tea", "sku": "TEA", "inventoryQuantity": 7})).await;
    let input = |quantity: i64, from: i64| {
        let one = json!({"inventoryItemId": "gid://shopify/InventoryItem/15001", "locationId": "gid://shopify/Location/1", "quantity": quantity, "changeFromQuantity": from});
        json!({"input": {"name": "available", "reason": "correction", "quantities": [one]}})
    };
    let stale = data(&kit, SET_STOCK, input(5, 6)).await;
    assert_eq!(stale["inventorySetQuantities"]["userErrors"][0]["code"], "CHANGE_FROM_QUANTITY_STALE");
    let done = data(&kit, SET_STOCK, input(5, 7)).await;
    let change = json!([{"delta": -2, "quantityAfterChange": 5}]);
    assert_eq!(done["inventorySetQuantities"]["inventoryAdjustmentGroup"]["changes"], change);
    assert_eq!(data(&kit, SET_STOCK, input(5, 7)).await, done, "the same key and input: the same answer");
    let other = data(&kit, SET_STOCK, input(9, 5)).await;
    assert_eq!(other["inventorySetQuantities"]["userErrors"][0]["code"], "IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
    let without = kit.graphql(&SET_STOCK.replace("@idempotent(key: \"k-1\")", ""), input(9, 5)).await;
    assert!(without.json()["errors"][0]["message"].as_str().unwrap().contains("@idempotent"));
    let product = kit.control("GET", "shopify/products?account=sbx_shop", Value::Null).await;
    assert_eq!(product["records"][0]["totalInventory"], 5, "the product says what its level says");
    let stats = kit.control("GET", "shopify/stats?account=sbx_shop", Value::Null).await;
    assert_eq!(stats["writes"]["stock"]["updates"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_fulfilled_in_parts_until_nothing_is_left() {
    let kit = Kit::new();
    control(&kit, "products", json!({"title": "Tea", "sku": "TEA"})).await;
    let order = control(&kit, "orders", json!({"lineItems": [{"sku": "TEA", "quantity": 3}]})).await;
    let open = "query($id: ID!) { order(id: $id) { displayFulfillmentStatus fulfillmentOrders(first: 5) { nodes { id status lineItems(first: 5) { nodes { id remainingQuantity } } } } } }";
    let before = data(&kit, open, json!({"id": order})).await["order"].clone();
    let group = &before["fulfillmentOrders"]["nodes"][0];
    assert_eq!((&group["status"], &group["lineItems"]["nodes"][0]["remainingQuantity"]), (&json!("OPEN"), &json!(3)));
    let wanted = |quantity: i64| {
        let lines = json!([{"id": group["lineItems"]["nodes"][0]["id"], "quantity": quantity}]);
        json!({"fulfillment": {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": group["id"], "fulfillmentOrderLineItems": lines}], "trackingInfo": {"company": "DHL", "number": "JD1"}}})
    };
    let sent = data(&kit, FULFIL, wanted(2)).await["fulfillmentCreate"]["fulfillment"].clone();
    assert_eq!((&sent["name"], &sent["trackingInfo"][0]["number"]), (&json!("#1001-F1"), &json!("JD1")));
    assert_eq!(sent["fulfillmentLineItems"]["nodes"][0], json!({"quantity": 2, "lineItem": {"sku": "TEA"}}));
    let too_many = data(&kit, FULFIL, wanted(2)).await;
    let message = &too_many["fulfillmentCreate"]["userErrors"][0]["message"];
    assert_eq!(message, "Invalid fulfillment order line item quantity requested.");
    data(&kit, FULFIL, wanted(1)).await;
    let after = data(&kit, open, json!({"id": order})).await["order"].clone();
    assert_eq!(after["displayFulfillmentStatus"], "FULFILLED");
    assert_eq!(after["fulfillmentOrders"]["nodes"][0]["status"], "CLOSED");
}

#[tokio::test(start_paused = true)]
async fn an_id_of_another_system_is_unique_and_found() {
    let kit = Kit::new();
    let set = "mutation($input: ProductSetInput!) { productSet(synchronous: true, input: $input) { product { id } userErrors { field message code } } }";
    let input = json!({"input": {"title": "Tea", "variants": [{"sku": "TEA", "price": "1.00"}], "metafields": [{"namespace": "erp", "key": "record", "type": "id", "value": "r-1"}]}});
    let find = "query { productByIdentifier(identifier: { customId: { namespace: \"erp\", key: \"record\", value: \"r-1\" } }) { title metafield(namespace: \"erp\", key: \"record\") { value } } }";
    let define = "mutation { metafieldDefinitionCreate(definition: { name: \"x\", namespace: \"erp\", key: \"record\", type: \"id\", ownerType: PRODUCT }) { createdDefinition { id } userErrors { code } } }";
    data(&kit, set, input.clone()).await;
    assert!(data(&kit, find, json!({})).await["productByIdentifier"].is_null(), "it is not defined as an id");
    assert!(data(&kit, define, json!({})).await["metafieldDefinitionCreate"]["createdDefinition"]["id"].is_string());
    let defined = data(&kit, define, json!({})).await;
    assert_eq!(defined["metafieldDefinitionCreate"]["userErrors"][0]["code"], "TAKEN");
    assert_eq!(data(&kit, find, json!({})).await["productByIdentifier"]["metafield"]["value"], "r-1");
    let twice = data(&kit, set, input).await;
    assert_eq!(twice["productSet"]["userErrors"][0]["code"], "TAKEN");
}

#[tokio::test(start_paused = true)]
async fn an_order_is_cancelled_once_and_its_records_go_with_it() {
    let kit = Kit::new();
    let made = kit.control("POST", "shopify/shipments?account=sbx_shop", json!({"count": 2})).await;
    assert_eq!(made["ids"].as_array().unwrap().len(), 2);
    kit.control("POST", "shopify/payments?account=sbx_shop", json!({"count": 2})).await;
    let cancel = "mutation { orderCancel(orderId: \"gid://shopify/Order/5001\", reason: OTHER, restock: false) { job { done } orderCancelUserErrors { message code } } }";
    assert_eq!(data(&kit, cancel, json!({})).await["orderCancel"]["job"]["done"], true);
    let again = data(&kit, cancel, json!({})).await["orderCancel"]["orderCancelUserErrors"][0].clone();
    assert!(again["message"].as_str().unwrap().contains("already been canceled"));
    kit.control("DELETE", "shopify/orders/5001?account=sbx_shop", Value::Null).await;
    for noun in ["orders", "payments", "shipments"] {
        let left = kit.control("GET", &format!("shopify/{noun}?account=sbx_shop"), Value::Null).await;
        assert_eq!(left["count"], 1, "{noun}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_on_after_a_refused_mutation_and_stops_at_none() {
    let kit = Kit::new();
    let order = control(&kit, "orders", json!({"lineItems": [{"title": "Wrap", "quantity": 1}]})).await;
    let query = "mutation($id: ID!) { first: orderUpdate(input: { id: \"gid://shopify/Order/1\", note: \"x\" }) { order { id } userErrors { message } } tagsAdd(id: $id, tags: [\"erp\"]) { userErrors { message } } last: orderUpdate(input: { id: $id }) { order { tags } userErrors { message } } }";
    let answer = data(&kit, query, json!({"id": order})).await;
    assert_eq!(answer["first"]["userErrors"][0]["message"], "Order does not exist");
    assert_eq!(answer["last"]["order"]["tags"], json!(["erp"]));
}
