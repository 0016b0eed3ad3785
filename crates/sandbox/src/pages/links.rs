//! The addresses at which the vendors' own products show a record to a person: they lead to the page that shows it here.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use crate::acumatica::entity;
use crate::server::Shared;

use super::handlers::Seat;

/// The ERP's screens: number, our part of the path, and the parameters that make the record's key.
const ERP_SCREENS: [(&str, &str, &[&str]); 5] = [
    ("SO301000", "orders", &["OrderType", "OrderNbr"]),
    ("AR303000", "customers", &["AcctCD"]),
    ("IN202500", "items", &["InventoryCD"]),
    ("AR302000", "payments", &["RefNbr"]),
    ("SO302000", "shipments", &["ShipmentNbr"]),
];

/// `/shopify/{shop}/admin/orders/5001`, as Shopify's admin has it.
pub async fn shop(
    State(shared): State<Shared>,
    Path((_, slug, number)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let seat = match Seat::take(&shared, &headers, "shop", &slug) {
        Ok(seat) => seat,
        Err(answer) => return *answer,
    };
    let found = number.parse().ok().filter(|number| seat.has(*number));
    lead(&seat, found, &number)
}

/// `/acumatica/{instance}/Main?ScreenId=SO301000&OrderType=SO&OrderNbr=000001`, as Acumatica's screens have it.
pub async fn erp(
    State(shared): State<Shared>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let id = asked.get("ScreenId").map(String::as_str).unwrap_or_default();
    let screen = ERP_SCREENS.iter().find(|(own, _, _)| own.eq_ignore_ascii_case(id));
    let (_, slug, parameters) = screen.copied().unwrap_or_default();
    let seat = match Seat::take(&shared, &headers, "erp", slug) {
        Ok(seat) => seat,
        Err(answer) => return *answer,
    };
    let key: Vec<&str> = parameters.iter().filter_map(|name| asked.get(*name)).map(String::as_str).collect();
    let row = entity(seat.screen.table).and_then(|entity| entity.find(&seat.desk.read(), &key.join("/")));
    lead(&seat, row.map(|row| row.seq), &key.join(" "))
}

fn lead(seat: &Seat, found: Option<u64>, name: &str) -> Response {
    match found {
        Some(number) => Redirect::to(&seat.path_of(number)).into_response(),
        None => seat.missing(name),
    }
}
