//! One shop: an account by access token.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::account::{Account, lock};
use crate::clock::Clock;
use crate::journal::Line;
use crate::ledger::Detail;
use crate::table::Doc;
use crate::world::{Plan, World};

use super::bucket::{Bucket, Limits};
use super::drift::Drift;

/// The table of orders.
pub const ORDERS: &str = "orders";
/// The table of customers.
pub const CUSTOMERS: &str = "customers";
/// The table of products.
pub const PRODUCTS: &str = "products";

/// The table of payments: an order's transactions.
pub const PAYMENTS: &str = "payments";
/// The table of shipments: fulfilments of orders.
pub const SHIPMENTS: &str = "shipments";
/// The table of stock: an inventory item with its level at the only location.
pub const STOCK: &str = "stock";
/// The tables that hold records.
pub const TABLES: [&str; 6] = [ORDERS, CUSTOMERS, PRODUCTS, PAYMENTS, SHIPMENTS, STOCK];
/// The metafield definitions.
pub const DEFINITIONS: &str = "definitions";
/// The idempotency keys that were used, with what was answered.
pub const KEYS: &str = "keys";

/// Ids of different kinds start apart, so that one cannot be taken for another unnoticed.
const PLANS: &[Plan] = &[
    (ORDERS, 5_000, &["name", CUSTOM_ID, "customer"]),
    (CUSTOMERS, 7_000, &["email", "phone", CUSTOM_ID]),
    (PRODUCTS, 9_000, &["handle", CUSTOM_ID]),
    (PAYMENTS, 11_000, &["order"]),
    (SHIPMENTS, 13_000, &["order"]),
    (STOCK, 15_000, &["sku", "variant"]),
    (DEFINITIONS, 17_000, &["name"]),
    (KEYS, 0, &["key"]),
];

/// Where a record keeps the value of its metafield of the type `id`, to be looked up by.
pub const CUSTOM_ID: &str = "customId";

/// A shop's account.
#[derive(Debug)]
pub struct Shop {
    /// The access token, which is the credential.
    pub token: String,
    /// Data, faults, counts.
    pub account: Account,
    bucket: Mutex<Bucket>,
    drift: Mutex<Drift>,
    clock: Clocked,
}

/// A clock that can be part of something that is printed.
pub struct Clocked(pub Clock);

impl std::fmt::Debug for Clocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Shop {
    /// The shop of a token, with what its file held.
    pub fn new(token: &str, file: Option<PathBuf>, lines: Vec<Line>, clock: Clock) -> io::Result<Self> {
        let mut world = World::new(PLANS);
        world.replay(lines);
        let bucket = Mutex::new(Bucket::new(Limits::from_doc(world.limits()), clock().timestamp_millis()));
        let account = Account::open(PLANS, file, world, describe(token))?;
        let drift = Mutex::default();
        Ok(Self { token: token.to_owned(), account, bucket, drift, clock: Clocked(clock) })
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.clock.0)().timestamp_millis()
    }

    /// The bucket of query cost, filled up to now.
    pub fn bucket<T>(&self, with: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut bucket = lock(&self.bucket);
        bucket.restore(self.now());
        with(&mut bucket)
    }

    /// Sets `maximum_available` and `restore_rate`.
    pub fn set_limits(&self, limits: &Doc) -> io::Result<()> {
        let mut world = self.account.write();
        world.set_limits(limits)?;
        let limits = Limits::from_doc(world.limits());
        self.bucket(|bucket| bucket.set(limits));
        Ok(())
    }

    /// Forgets records, counts and faults, and fills the bucket.
    pub fn reset(&self) -> io::Result<()> {
        self.account.reset(describe(&self.token))?;
        self.bucket(Bucket::fill);
        *self.drift() = Drift::default();
        Ok(())
    }

    /// How the schema differs from the published one.
    pub fn drift(&self) -> MutexGuard<'_, Drift> {
        lock(&self.drift)
    }

    /// Requests, throttled requests, what is left in the bucket, and what was written to each kind of record.
    #[must_use]
    pub fn stats(&self, detail: Detail) -> Value {
        let (requests, throttled) = self.account.counts();
        let world = self.account.read();
        let writes = TABLES.map(|table| (table.to_owned(), world.ledger(table).summary(detail)));
        let writes = Value::Object(Doc::from_iter(writes));
        json!({"requests": requests, "throttled": throttled, "cost": self.bucket(|bucket| bucket.status()), "writes": writes})
    }
}

fn describe(token: &str) -> Value {
    json!({"token": token})
}
