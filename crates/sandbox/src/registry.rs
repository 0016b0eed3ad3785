//! All accounts, found by their credentials. An unknown credential that begins with `sbx_` opens an account of its own.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;
use uuid::Uuid;

use crate::acumatica::Erp;
use crate::clock::Clock;
use crate::generate::demo;
use crate::journal;
use crate::shopify::Shop;
use crate::world;

/// What an unknown credential must begin with to open an account.
pub const PREFIX: &str = "sbx_";
/// What a credential begins with whose account opens filled with the demo's data.
const DEMO_PREFIX: &str = "sbx_demo_";
/// Accounts open themselves, so a stranger must not be able to open them without end.
const MOST_ACCOUNTS: usize = 5_000;
const LONGEST_CREDENTIAL: usize = 128;

/// The accounts of one sandbox.
pub struct Registry {
    clock: Clock,
    directory: Option<PathBuf>,
    shops: RwLock<HashMap<String, Arc<Shop>>>,
    erps: RwLock<HashMap<String, Arc<Erp>>>,
}

impl Registry {
    /// Opens every account that the directory holds.
    pub fn open(directory: Option<PathBuf>, clock: Clock) -> io::Result<Self> {
        let registry = Self { clock, directory, shops: RwLock::default(), erps: RwLock::default() };
        let files = registry.directory.as_deref().map_or(Ok(Vec::new()), journal::files)?;
        for file in files {
            registry.load(file)?;
        }
        Ok(registry)
    }

    /// The shop with this access token, if there is one.
    #[must_use]
    pub fn shop(&self, token: &str) -> Option<Arc<Shop>> {
        self.shops.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// The shop with this access token; opens it when the token is a sandbox's.
    pub fn shop_or_open(&self, token: &str) -> io::Result<Option<Arc<Shop>>> {
        let shop = match self.shop(token) {
            None if may_open(token) => self.open_shop(token)?,
            found => found,
        };
        if let Some(shop) = shop.as_deref().filter(|_| token.starts_with(DEMO_PREFIX)) {
            demo::demo(Some(shop), None).map_err(io::Error::other)?;
        }
        Ok(shop)
    }

    /// The shop with this access token, made when it is not there.
    pub fn open_shop(&self, token: &str) -> io::Result<Option<Arc<Shop>>> {
        let mut shops = self.shops.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(shop) = shops.get(token) {
            return Ok(Some(shop.clone()));
        }
        if shops.len() >= MOST_ACCOUNTS || token.len() > LONGEST_CREDENTIAL {
            return Ok(None);
        }
        let shop = Arc::new(Shop::new(token, self.new_file(), Vec::new(), self.clock.clone())?);
        shops.insert(token.to_owned(), shop.clone());
        Ok(Some(shop))
    }

    /// The ERP account of a user of a company, if there is one.
    #[must_use]
    pub fn erp(&self, company: &str, user: &str) -> Option<Arc<Erp>> {
        self.erps.read().unwrap_or_else(PoisonError::into_inner).get(&erp_key(company, user)).cloned()
    }

    /// The ERP account of a user of a company; opens it when the user is a sandbox's.
    pub fn erp_or_open(&self, company: &str, user: &str) -> io::Result<Option<Arc<Erp>>> {
        let erp = match self.erp(company, user) {
            None if may_open(user) => self.open_erp(company, user)?,
            found => found,
        };
        if let Some(erp) = erp.as_deref().filter(|_| user.starts_with(DEMO_PREFIX)) {
            demo::prepare_licence(erp)?;
            demo::demo(None, Some(erp)).map_err(io::Error::other)?;
        }
        Ok(erp)
    }

    /// The ERP account of a user of a company, made (without a password yet) when it is not there.
    pub fn open_erp(&self, company: &str, user: &str) -> io::Result<Option<Arc<Erp>>> {
        let key = erp_key(company, user);
        let mut erps = self.erps.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(erp) = erps.get(&key) {
            return Ok(Some(erp.clone()));
        }
        if erps.len() >= MOST_ACCOUNTS || key.len() > 2 * LONGEST_CREDENTIAL {
            return Ok(None);
        }
        let erp = Arc::new(Erp::new(company, user, None, self.new_file(), Vec::new(), self.clock.clone())?);
        erps.insert(key, erp.clone());
        Ok(Some(erp))
    }

    /// The ERP accounts of a user name, in whichever company.
    #[must_use]
    pub fn erps_of(&self, user: &str) -> Vec<Arc<Erp>> {
        self.erps().into_iter().filter(|erp| erp.user.eq_ignore_ascii_case(user)).collect()
    }

    /// All shops, by token.
    #[must_use]
    pub fn shops(&self) -> Vec<Arc<Shop>> {
        let mut shops: Vec<_> = self.shops.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        shops.sort_by(|a, b| a.token.cmp(&b.token));
        shops
    }

    /// All ERP accounts, by user and company.
    #[must_use]
    pub fn erps(&self) -> Vec<Arc<Erp>> {
        let mut erps: Vec<_> = self.erps.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        erps.sort_by(|a, b| (&a.user, &a.company).cmp(&(&b.user, &b.company)));
        erps
    }

    fn load(&self, file: PathBuf) -> io::Result<()> {
        let Some((account, lines)) = world::load(&file)? else { return Ok(()) };
        let text = |name: &str| account.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(token) = text("token") {
            let shop = Arc::new(Shop::new(&token, Some(file), lines, self.clock.clone())?);
            self.shops.write().unwrap_or_else(PoisonError::into_inner).insert(token, shop);
        } else if let (Some(company), Some(user)) = (text("company"), text("user")) {
            let erp = Arc::new(Erp::new(&company, &user, text("password"), Some(file), lines, self.clock.clone())?);
            self.erps.write().unwrap_or_else(PoisonError::into_inner).insert(erp_key(&company, &user), erp);
        }
        Ok(())
    }

    fn new_file(&self) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(format!("{}.jsonl", Uuid::new_v4())))
    }
}

fn may_open(credential: &str) -> bool {
    credential.starts_with(PREFIX) && credential.len() <= LONGEST_CREDENTIAL
}

fn erp_key(company: &str, user: &str) -> String {
    format!("{}\n{}", company.trim().to_lowercase(), user.trim().to_lowercase())
}
