//! The shop's API.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::kit::Kit;

const PAGE: &str = "query($after: String, $since: String) { orders(first: 10, after: $after, sortKey: UPDATED_AT, query: $since) {
    nodes { id name updatedAt totalPriceSet { shopMoney { amount currencyCode } } customer { displayName } lineItems(first: 5) { nodes { sku quantity variant { sku price } } } }
    pageInfo { hasNextPage endCursor } } }";

#[tokio::test(start_paused = true)]
async fn wrong_tokens_and_versions_are_refused_like_the_vendor_does() {
    let kit = Kit::new();
    let post = |token: &'static str, version: &'static str| {
        let kit = kit.clone();
        async move {
            kit.send(
                "POST",
                &format!("/shopify/s/admin/api/{version}/graphql.json"),
                &[("x-shopify-access-token", token)],
                Some(json!({"query": "{ shop { name } }"})),
            )
            .await
        }
    };
    let refused = post("shpat_1", "2026-10").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.json()["errors"].as_str().unwrap().starts_with("[API] Invalid API key"));
    assert_eq!(post("sbx_shop", "1999-01").await.status, StatusCode::NOT_FOUND);
    assert_eq!(post("sbx_shop", "2026-10").await.json()["data"]["shop"]["name"], "S");
}

#[tokio::test(start_paused = true)]
async fn paging_by_change_meets_every_order_although_orders_change_meanwhile() {
    let kit = Kit::new();
    kit.control("POST", "shopify/orders?account=sbx_shop", json!({"count": 35})).await;
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let answer = kit.graphql(PAGE, json!({"after": after, "since": "updated_at:>='2020-01-01T00:00:00Z'"})).await;
        let orders = answer.json()["data"]["orders"].clone();
        seen.extend(orders["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()));
        tokio::time::advance(Duration::from_secs(5)).await;
        kit.control(
            "PATCH",
            "shopify/orders/5005?account=sbx_shop",
            json!({"note": format!("changed {}", seen.len())}),
        )
        .await;
        if orders["pageInfo"]["hasNextPage"] == false || seen.len() > 60 {
            break;
        }
        after = orders["pageInfo"]["endCursor"].clone();
    }
    let all: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(all.len(), 35, "every order is met");
    let again = seen.iter().filter(|id| *id == "gid://shopify/Order/5005").count();
    assert!(again >= 1 && seen.len() == 34 + again, "only the order that changes is met again");
}

#[tokio::test(start_paused = true)]
async fn an_order_says_what_its_lines_and_its_customer_say() {
    let kit = Kit::new();
    kit.control(
        "POST",
        "shopify/customers?account=sbx_shop",
        json!({"records": [{"firstName": "Léa", "lastName": "Moreau", "email": "lea@mail.example"}]}),
    )
    .await;
    kit.control(
        "POST",
        "shopify/products?account=sbx_shop",
        json!({"records": [{"title": "Tea", "sku": "TEA-1", "price": "9.90"}]}),
    )
    .await;
    let order = json!({"customer": 7001, "lineItems": [{"sku": "TEA-1", "quantity": 3}], "totalTaxSet": "5.94", "totalShippingPriceSet": "4.90"});
    let made = kit.control("POST", "shopify/orders?account=sbx_shop", json!({"records": [order]})).await;
    assert_eq!(made["ids"][0], "gid://shopify/Order/5001");
    let answer = kit.graphql(PAGE, json!({})).await;
    let order = &answer.json()["data"]["orders"]["nodes"][0];
    assert_eq!(order["totalPriceSet"]["shopMoney"], json!({"amount": "40.54", "currencyCode": "EUR"}));
    assert_eq!(order["customer"]["displayName"], "Léa Moreau");
    assert_eq!(
        order["lineItems"]["nodes"][0],
        json!({"sku": "TEA-1", "quantity": 3, "variant": {"sku": "TEA-1", "price": "9.90"}})
    );
}

#[tokio::test(start_paused = true)]
async fn fragments_aliases_and_nodes_by_id_are_understood() {
    let kit = Kit::new();
    kit.control("POST", "shopify/orders?account=sbx_shop", json!({"count": 2})).await;
    let query = "query($ids: [ID!]!, $no: Boolean = false) { __typename some: nodes(ids: $ids) { __typename id ... on Order { ...named } ... on Customer { email } }
        ordersCount { count precision } one: order(id: \"gid://shopify/Order/5002\") { name note @include(if: $no) legacyResourceId } }
        fragment named on Order { name }";
    let answer = kit
        .graphql(
            query,
            json!({"ids": ["gid://shopify/Order/5001", "gid://shopify/Customer/7001", "gid://shopify/Order/9"]}),
        )
        .await;
    let data = &answer.json()["data"];
    assert_eq!(data["some"][0], json!({"__typename": "Order", "id": "gid://shopify/Order/5001", "name": "#1001"}));
    assert!(data["some"][1]["email"].is_string() && data["some"][2].is_null());
    assert_eq!(data["one"], json!({"name": "#1002", "legacyResourceId": "5002"}));
    assert_eq!(data["ordersCount"], json!({"count": 2, "precision": "EXACT"}));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_field_is_named_with_its_type() {
    let kit = Kit::new();
    let answer = kit.graphql("{ orders(first: 1) { nodes { colour } } }", json!({})).await;
    let error = &answer.json()["errors"][0];
    assert_eq!(error["message"], "Field 'colour' doesn't exist on type 'Order'");
    assert_eq!(error["extensions"]["code"], "undefinedField");
    let answer = kit.graphql("mutation { orderFly(input: {}) { order { id } } }", json!({})).await;
    assert_eq!(answer.json()["errors"][0]["message"], "Field 'orderFly' doesn't exist on type 'Mutation'");
}

#[tokio::test(start_paused = true)]
async fn a_used_up_bucket_throttles_and_fills_again() {
    let kit = Kit::new();
    kit.control("POST", "shopify/orders?account=sbx_shop", json!({"count": 10})).await;
    kit.control("POST", "shopify/limits?account=sbx_shop", json!({"maximum_available": 300, "restore_rate": 50})).await;
    let mut last = kit.graphql(PAGE, json!({})).await;
    assert!(last.json()["extensions"]["cost"]["actualQueryCost"].as_u64().unwrap() > 10);
    for _ in 0..20 {
        if last.json().get("errors").is_some() {
            break;
        }
        last = kit.graphql(PAGE, json!({})).await;
    }
    assert_eq!(last.status, StatusCode::OK);
    assert_eq!(last.json()["errors"][0]["extensions"]["code"], "THROTTLED");
    assert_eq!(last.json()["extensions"]["cost"]["throttleStatus"]["restoreRate"], 50.0);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert!(kit.graphql(PAGE, json!({})).await.json()["data"].is_object());
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_too_dear_is_refused_outright() {
    let kit = Kit::new();
    let answer = kit
        .graphql(
            "{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { product { id } variant { id } } } } } }",
            json!({}),
        )
        .await;
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "MAX_COST_EXCEEDED");
}

#[tokio::test(start_paused = true)]
async fn hostile_queries_get_an_error_and_nothing_else() {
    let kit = Kit::new();
    let loops = "{ shop { ...a } } fragment a on Shop { ...b } fragment b on Shop { ...a }".to_owned();
    let doubling: String =
        (0..30).map(|n| format!("fragment f{n} on Shop {{ ...f{} ...f{} }} ", n + 1, n + 1)).collect();
    for query in [
        "{".repeat(50_000),
        "[".repeat(59_000),
        "{ a(x: ".to_owned() + &"[".repeat(5_000),
        loops,
        format!("{{ shop {{ ...f0 }} }} {doubling} fragment f30 on Shop {{ name }}"),
        "\u{0}".to_owned(),
    ] {
        let answer = kit.graphql(&query, json!({})).await;
        assert!(answer.json()["errors"].is_array(), "{answer:?}");
    }
    let bad_variables = kit.graphql("query($n: Int!) { orders(first: $n) { nodes { id } } }", json!({"n": -1})).await;
    assert!(bad_variables.json()["errors"].is_array());
}
