//! Who looks: a visit begins with a credential and lives in a cookie's name and this process's memory.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::http::{HeaderMap, header};

use crate::account::lock;
use crate::random;
use crate::server::Shared;

use super::desk::Desk;

const COOKIE: &str = "sandbox_visit";
/// The oldest visits make room, so that strangers cannot fill the memory.
const MOST_VISITS: usize = 1_000;

/// What a visitor may see.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// Came with the control token and may open every account.
    pub is_host: bool,
    /// The shop's token.
    pub shop: Option<String>,
    /// Company and user of the ERP account.
    pub erp: Option<(String, String)>,
    /// What to say on the next page.
    pub flash: Option<String>,
}

/// All visits.
#[derive(Debug, Default)]
pub struct Visits {
    open: Mutex<HashMap<String, (u64, Visit)>>,
}

impl Visits {
    /// The visit that a request's cookie names, with its name.
    pub fn find(&self, headers: &HeaderMap) -> Option<(String, Visit)> {
        let id = cookie(headers, COOKIE)?;
        lock(&self.open).get(id).map(|(_, visit)| (id.to_owned(), visit.clone()))
    }

    /// Changes the visit of a request or begins one; the cookie to set when it is new.
    pub fn change(&self, headers: &HeaderMap, change: impl FnOnce(&mut Visit)) -> std::io::Result<Option<String>> {
        let mut open = lock(&self.open);
        if let Some((_, visit)) = cookie(headers, COOKIE).and_then(|id| open.get_mut(id)) {
            change(visit);
            return Ok(None);
        }
        let id = random::hex(32)?;
        let mut visit = Visit::default();
        change(&mut visit);
        let next = open.values().map(|(number, _)| *number).max().unwrap_or_default() + 1;
        if open.len() >= MOST_VISITS {
            let oldest = open.iter().min_by_key(|(_, (number, _))| *number).map(|(id, _)| id.clone());
            oldest.map(|id| open.remove(&id));
        }
        open.insert(id.clone(), (next, visit));
        Ok(Some(format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax")))
    }

    /// Ends the visit.
    pub fn end(&self, headers: &HeaderMap) {
        if let Some(id) = cookie(headers, COOKIE) {
            lock(&self.open).remove(id);
        }
    }

    /// Takes the message that waits for the visitor's next page.
    pub fn take_flash(&self, headers: &HeaderMap) -> Option<String> {
        lock(&self.open).get_mut(cookie(headers, COOKIE)?)?.1.flash.take()
    }
}

impl Visit {
    /// The account behind `/shop` or `/erp`, if this visitor has one there.
    #[must_use]
    pub fn desk(&self, shared: &Shared, office: &str) -> Option<Desk> {
        match office {
            "shop" => shared.registry.shop(self.shop.as_deref()?).map(Desk::Shop),
            "erp" => {
                let (company, user) = self.erp.as_ref()?;
                shared.registry.erp(company, user).map(Desk::Erp)
            }
            _ => None,
        }
    }
}

/// The visit of a request; none is an empty one.
#[must_use]
pub fn visit(shared: &Shared, headers: &HeaderMap) -> Visit {
    shared.visits.find(headers).map(|(_, visit)| visit).unwrap_or_default()
}

/// The value of a cookie that came with a request.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    all.filter_map(|cookie| cookie.trim().split_once('=')).find(|(own, _)| *own == name).map(|(_, value)| value)
}
