//! Which account and which records a control request means.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::acumatica::{Entity, Erp, entity};
use crate::respond::{self, Refused};
use crate::server::Shared;
use crate::shopify::{Shop, TABLES};

use super::problem;

/// An account of either vendor.
pub enum Target {
    /// A shop.
    Shop(Arc<Shop>),
    /// An ERP account.
    Erp(Arc<Erp>),
}

/// Finds the account; one that opens itself at first use does so here too.
pub fn target(shared: &Shared, vendor: &str, account: Option<&str>) -> Result<Target, Refused> {
    let registry = &shared.registry;
    let unknown = || {
        let answer = problem(
            StatusCode::NOT_FOUND,
            "There is no such account. Name one with ?account=, a shop's token or an ERP user.",
        );
        Refused::from(answer)
    };
    match (vendor, account) {
        ("shopify", Some(token)) => registry
            .shop_or_open(token)
            .map_err(|error| Refused::from(respond::failed(&error)))?
            .map(Target::Shop)
            .ok_or_else(unknown),
        ("shopify", None) => only(registry.shops()).map(Target::Shop).ok_or_else(unknown),
        ("acumatica", Some(name)) => erp(shared, name).map(Target::Erp).ok_or_else(unknown),
        ("acumatica", None) => only(registry.erps()).map(Target::Erp).ok_or_else(unknown),
        _ => Err(problem(StatusCode::NOT_FOUND, "The vendors are shopify and acumatica.").into()),
    }
}

/// The shop's table of this name.
pub fn table(name: &str) -> Result<&'static str, Refused> {
    TABLES.into_iter().find(|table| *table == name).ok_or_else(|| {
        let message = "A shop has orders, customers, products, payments, shipments and stock.";
        problem(StatusCode::NOT_FOUND, message).into()
    })
}

/// The ERP's entity of this name.
pub fn erp_entity(name: &str) -> Result<&'static Entity, Refused> {
    entity(name).ok_or_else(|| {
        problem(StatusCode::NOT_FOUND, "The ERP has orders, customers, products, payments, shipments and stock.").into()
    })
}

fn erp(shared: &Shared, name: &str) -> Option<Arc<Erp>> {
    if let Some((company, user)) = name.split_once('/') {
        return shared.registry.erp(company, user);
    }
    only(shared.registry.erps_of(name))
}

fn only<T>(mut all: Vec<T>) -> Option<T> {
    if all.len() == 1 { all.pop() } else { None }
}
