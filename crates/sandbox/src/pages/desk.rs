//! An account as the pages work with it: the same few steps for a shop and for an ERP.

use std::sync::{Arc, RwLockReadGuard};

use crate::acumatica::{ENTITIES, Erp, FieldError, Refusal as ErpRefusal, Step, back_office};
use crate::shopify::records::{Refusal as ShopRefusal, remove, save};
use crate::shopify::{CUSTOMERS, ORDERS, PRODUCTS, Shop};
use crate::table::Doc;
use crate::world::World;

/// A shop or an ERP account.
pub enum Desk {
    /// A shop.
    Shop(Arc<Shop>),
    /// An ERP account.
    Erp(Arc<Erp>),
}

/// What is wrong, by field: `lineItems/0/quantity`, or empty for the whole record.
pub type Problems = Vec<(String, String)>;

impl Desk {
    /// The data.
    pub fn read(&self) -> RwLockReadGuard<'_, World> {
        match self {
            Self::Shop(shop) => shop.account.read(),
            Self::Erp(erp) => erp.account.read(),
        }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        match self {
            Self::Shop(shop) => shop.now(),
            Self::Erp(erp) => erp.now(),
        }
    }

    /// Whose account it is, in words.
    #[must_use]
    pub fn owner(&self) -> String {
        match self {
            Self::Shop(shop) => format!("Shop {}", hidden(&shop.token)),
            Self::Erp(erp) if erp.company.is_empty() => format!("ERP user {}", erp.user),
            Self::Erp(erp) => format!("ERP user {} of {}", erp.user, erp.company),
        }
    }

    /// Whether the page of such a record has a button to delete it.
    #[must_use]
    pub fn deletes(&self, table: &str) -> bool {
        matches!(self, Self::Shop(_)) && [ORDERS, CUSTOMERS, PRODUCTS].contains(&table)
    }

    /// Deletes a record, as far as the back office allows it.
    pub fn remove(&self, table: &'static str, number: u64) -> Result<(), Problems> {
        match self {
            Self::Shop(shop) if self.deletes(table) => {
                let mut world = shop.account.write();
                let orders = world.table(ORDERS).find("customer", &number.to_string()).unwrap_or_default();
                if table == CUSTOMERS && !orders.is_empty() {
                    return Err(whole("The customer has orders and cannot be deleted."));
                }
                remove(&mut world, table, number).map_err(|error| unsaved(&error))
            }
            _ => Err(whole("Such a record cannot be deleted.")),
        }
    }

    /// Saves a record, new or changed; its number.
    pub fn save(&self, table: &'static str, number: Option<u64>, changes: &Doc) -> Result<u64, Problems> {
        match self {
            Self::Shop(shop) => save(&mut shop.account.write(), table, number, changes, shop.now()).map_err(of_shop),
            Self::Erp(erp) => {
                let entity = ENTITIES
                    .into_iter()
                    .find(|entity| entity.name == table)
                    .ok_or_else(|| whole("There is no such record."))?;
                back_office(&mut erp.account.write(), entity, number, changes, erp.now())
                    .map(|row| row.seq)
                    .map_err(of_erp)
            }
        }
    }
}

/// A credential as it may stand on a page.
#[must_use]
pub fn hidden(token: &str) -> String {
    let shown: String = token.chars().take(8).collect();
    if shown.len() < token.len() { format!("{shown}…") } else { shown }
}

fn of_shop(refusal: ShopRefusal) -> Problems {
    match refusal {
        ShopRefusal::Invalid { field, message } => {
            vec![(field.replace('[', "/").replace(['.', ']'], "/").replace("//", "/"), message)]
        }
        ShopRefusal::NotFound => whole("There is no such record."),
        ShopRefusal::Io(error) => unsaved(&error),
    }
}

fn of_erp(refusal: ErpRefusal) -> Problems {
    match refusal {
        ErpRefusal::Invalid(_, errors) => errors.into_iter().map(|error| (path(&error), error.message)).collect(),
        ErpRefusal::Bad(message) | ErpRefusal::NotFound(message) | ErpRefusal::Forbidden(message) => whole(&message),
        ErpRefusal::Precondition => whole("The record is there already."),
        ErpRefusal::Io(error) => unsaved(&error),
    }
}

fn path(error: &FieldError) -> String {
    let step = |step: &Step| match step {
        Step::Field(name) => (*name).to_owned(),
        Step::Row(number) => number.to_string(),
    };
    error.path.iter().map(step).collect::<Vec<_>>().join("/")
}

fn unsaved(error: &std::io::Error) -> Problems {
    tracing::error!(%error, "the sandbox could not write its state");
    whole("The record could not be kept. Is the disk full?")
}

fn whole(message: &str) -> Problems {
    vec![(String::new(), message.to_owned())]
}
