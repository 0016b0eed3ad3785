//! One ERP account: a user of a company, with the licence's sessions and requests.

use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::account::{Account, lock};
use crate::clock::Clock;
use crate::journal::Line;
use crate::shopify::Clocked;
use crate::table::Doc;
use crate::world::{Plan, World};

use super::drift::{Change, Drift};
use super::entities::Entity;
use super::entities::{CUSTOMER, PAYMENT, SALES_ORDER, SHIPMENT, STOCK, STOCK_ITEM};
use super::gate::Gate;
use super::licence::Limits;
use super::session::Sessions;

const PLANS: &[Plan] = &[
    (SALES_ORDER.name, 0, SALES_ORDER.indexed),
    (CUSTOMER.name, 0, CUSTOMER.indexed),
    (STOCK_ITEM.name, 0, STOCK_ITEM.indexed),
    (PAYMENT.name, 0, PAYMENT.indexed),
    (SHIPMENT.name, 0, SHIPMENT.indexed),
    (STOCK.name, 0, STOCK.indexed),
];

/// An ERP account.
#[derive(Debug)]
pub struct Erp {
    /// The company (tenant) that it signs in to.
    pub company: String,
    /// The user's name.
    pub user: String,
    /// Data, faults, counts.
    pub account: Account,
    /// The queue for the licence's requests.
    pub gate: Gate,
    password: Mutex<Option<String>>,
    sessions: Mutex<Sessions>,
    limits: Mutex<Limits>,
    drift: Mutex<Drift>,
    clock: Clocked,
}

impl Erp {
    /// The account of a user, with what its file held.
    pub fn new(
        company: &str,
        user: &str,
        password: Option<String>,
        file: Option<PathBuf>,
        lines: Vec<Line>,
        clock: Clock,
    ) -> io::Result<Self> {
        let mut world = World::new(PLANS);
        world.replay(lines);
        let limits = Limits::from_doc(world.limits());
        let account = Account::open(PLANS, file, world, describe(company, user, password.as_deref()))?;
        Ok(Self {
            company: company.to_owned(),
            user: user.to_owned(),
            account,
            gate: Gate::new(limits.concurrent, clock.clone()),
            password: Mutex::new(password),
            sessions: Mutex::default(),
            limits: Mutex::new(limits),
            drift: Mutex::default(),
            clock: Clocked(clock),
        })
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.clock.0)().timestamp_millis()
    }

    /// Whether this is the user's password. The first password of an account that has none becomes its own; an empty one is none.
    pub fn accepts(&self, password: &str) -> io::Result<bool> {
        let mut own = lock(&self.password);
        if let Some(own) = own.as_deref() {
            return Ok(own.as_bytes().ct_eq(password.as_bytes()).into());
        }
        if password.is_empty() {
            return Ok(false);
        }
        self.account.write().describe(describe(&self.company, &self.user, Some(password)))?;
        *own = Some(password.to_owned());
        Ok(true)
    }

    /// Opens a session unless the licence's are all taken.
    pub fn sign_in(&self, id: String) -> bool {
        let limit = self.limits().sessions;
        lock(&self.sessions).open(id, limit, self.now())
    }

    /// Whether the session is open.
    pub fn is_signed_in(&self, id: &str) -> bool {
        lock(&self.sessions).touch(id, self.now())
    }

    /// Ends a session.
    pub fn sign_out(&self, id: &str) {
        lock(&self.sessions).close(id);
    }

    /// The licence's limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        *lock(&self.limits)
    }

    /// Sets `sessions`, `concurrent` and `per_minute`.
    pub fn set_limits(&self, limits: &Doc) -> io::Result<()> {
        let mut world = self.account.write();
        world.set_limits(limits)?;
        let limits = Limits::from_doc(world.limits());
        *lock(&self.limits) = limits;
        self.gate.resize(limits.concurrent);
        Ok(())
    }

    /// Changes an entity's fields, until the account is reset or the process ends. Whether there is such a field.
    pub fn drift(&self, entity: &'static Entity, change: Change) -> bool {
        lock(&self.drift).apply(entity, change)
    }

    /// What `$adHocSchema` says of an entity.
    #[must_use]
    pub fn schema(&self, entity: &'static Entity) -> Value {
        lock(&self.drift).schema(entity)
    }

    /// The fields of an entity that were taken away.
    #[must_use]
    pub fn hidden(&self, entity: &Entity) -> Vec<String> {
        lock(&self.drift).hidden(entity)
    }

    /// Forgets records, counts, faults, changes of the schema and sessions.
    pub fn reset(&self) -> io::Result<()> {
        lock(&self.sessions).clear();
        lock(&self.drift).clear();
        self.gate.clear();
        let password = lock(&self.password).clone();
        self.account.reset(describe(&self.company, &self.user, password.as_deref()))
    }

    /// Requests, sessions, what ran at a time, what waited and what was declined.
    #[must_use]
    pub fn stats(&self) -> Value {
        let (requests, throttled) = self.account.counts();
        let (in_use, most) = lock(&self.sessions).count(self.now());
        let limits = self.limits();
        let sessions = json!({"in_use": in_use, "max_seen": most, "limit": limits.sessions});
        let (running, highest, delayed) = self.gate.counts();
        let concurrent = json!({"in_use": running, "max_seen": highest, "limit": limits.concurrent});
        json!({"requests": requests, "throttled": throttled, "delayed": delayed, "sessions": sessions, "concurrent": concurrent, "per_minute": limits.per_minute, "writes": {}})
    }
}

fn describe(company: &str, user: &str, password: Option<&str>) -> Value {
    json!({"company": company, "user": user, "password": password})
}
