//! People and their organisations: signing up, signing in, and the membership that is read on every request.
//!
//! People are nobody's tenant data, so all of this runs across tenants and returns only what the person may see.

mod demo;
mod limits;
mod password;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::account::{Organisation, Role, sign_up_problems, slug_of};
use domain::{TenantId, UserId};

pub use demo::{Demo, ensure_demo};

use crate::db::{Engine, SystemTx};
use crate::error::{Error, Result};
use crate::store::tenants::NewTenant;
use crate::store::users::NewUser;
use crate::store::{memberships, tenants, users};
use crate::{Member, accounts::limits::Limit};

/// The browser that a request came from, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// Who signed in, and the organisation to show first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub user: UserId,
    pub slug: String,
}

/// Makes an organisation and its owner.
///
/// # Errors
/// [`Error::InvalidFields`] for `organisation`, `email` and `password`; [`Error::TooMany`] for this client.
pub async fn sign_up(
    engine: &Engine,
    organisation: &str,
    email: &str,
    password: &str,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<SignedIn> {
    let problems = sign_up_problems(organisation, email, password);
    if !problems.is_empty() {
        return Err(Error::InvalidFields(problems));
    }
    limits::count(engine, &Limit::sign_up(client), now).await?;
    let hash = password::hash(password).await?;
    let mut tx = engine.db.begin_across_tenants().await?;
    let made = found(&mut tx, engine, organisation, email, &hash, now).await?;
    tx.commit().await?;
    tracing::info!(user.id = %made.user, "somebody signed up");
    Ok(made)
}

/// Checks a password. An address that nobody has costs the same time and gets the same answer.
///
/// # Errors
/// [`Error::Invalid`] for `password` when the two do not belong together; [`Error::TooMany`] for the address or the
/// client; [`Error::Conflict`] for somebody who belongs to no organisation.
pub async fn sign_in(
    engine: &Engine,
    email: &str,
    password: &str,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<SignedIn> {
    let email = normal(email).replace('\0', "");
    let tried = Limit::sign_in(&email, client);
    limits::count(engine, &tried, now).await?;
    let mut tx = engine.db.begin_across_tenants().await?;
    let user = users::credentials_across_tenants(&mut tx, &email).await?;
    drop(tx);
    let right = password::verify(password, user.as_ref().map(|user| user.password_hash.as_str())).await?;
    let Some(user) = user.filter(|_| right) else {
        return Err(Error::invalid(
            "password",
            "The e-mail address or the password is wrong. Check both and try again.",
        ));
    };
    limits::forgive(engine, &tried).await?;
    let slug = last_organisation(engine, user.id).await?;
    let slug = slug.ok_or_else(|| Error::Conflict(NO_ORGANISATION.to_owned()))?;
    tracing::info!(user.id = %user.id, "somebody signed in");
    Ok(SignedIn { user: user.id, slug })
}

const NO_ORGANISATION: &str = "You belong to no organisation any more. Ask its owner to invite you again.";

/// Proof that `user` belongs to the organisation, read anew; remembers the organisation as the one used last.
///
/// # Errors
/// [`Error::NotFound`] when it is not there or not theirs.
pub async fn member(engine: &Engine, user: UserId, slug: &str) -> Result<Member> {
    refuse_nul(slug)?;
    let mut tx = engine.db.begin_across_tenants().await?;
    let found = memberships::find_across_tenants(&mut tx, user, slug).await?.ok_or(Error::NotFound)?;
    if found.last_tenant != Some(found.member.tenant) {
        users::remember_tenant_across_tenants(&mut tx, user, found.member.tenant).await?;
        tx.commit().await?;
    }
    Ok(found.member)
}

/// No organisation has such an address, and PostgreSQL would not take the question.
fn refuse_nul(slug: &str) -> Result<()> {
    if slug.contains('\0') { Err(Error::NotFound) } else { Ok(()) }
}

/// Like [`member`], for what watches in the background: remembers nothing.
///
/// # Errors
/// [`Error::NotFound`] when it is not there or not theirs.
pub async fn watcher(engine: &Engine, user: UserId, slug: &str) -> Result<Member> {
    refuse_nul(slug)?;
    let mut tx = engine.db.begin_across_tenants().await?;
    let found = memberships::find_across_tenants(&mut tx, user, slug).await?.ok_or(Error::NotFound)?;
    Ok(found.member)
}

/// The organisations that a person belongs to, by name.
pub async fn organisations(engine: &Engine, user: UserId) -> Result<Vec<Organisation>> {
    let mut tx = engine.db.begin_across_tenants().await?;
    memberships::of_user_across_tenants(&mut tx, user).await
}

/// The slug of the organisation that a person used last, or of the first by name; `None` when they belong to none.
pub async fn last_organisation(engine: &Engine, user: UserId) -> Result<Option<String>> {
    let mut tx = engine.db.begin_across_tenants().await?;
    memberships::last_slug_across_tenants(&mut tx, user).await
}

/// A person's e-mail address.
///
/// # Errors
/// [`Error::NotFound`] when there is no such person.
pub async fn email_of(engine: &Engine, user: UserId) -> Result<String> {
    let mut tx = engine.db.begin_across_tenants().await?;
    users::email_across_tenants(&mut tx, user).await?.ok_or(Error::NotFound)
}

/// Makes the user, the organisation with its data key, and the membership.
async fn found(
    tx: &mut SystemTx,
    engine: &Engine,
    organisation: &str,
    email: &str,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<SignedIn> {
    let user = UserId::new(now);
    let person = NewUser { id: user, email: normal(email), password_hash, now };
    users::insert_across_tenants(tx, &person).await.map_err(in_use)?;
    let tenant = TenantId::new(now);
    let (data_key, version) = engine.keys.new_data_key(tenant)?;
    let name = organisation.trim();
    let row = NewTenant { id: tenant, name, data_key: &data_key, master_key_version: version, now };
    let slug = insert_under_free_slug(tx, &row).await?;
    memberships::insert_across_tenants(tx, tenant, user, Role::Owner, now).await?;
    users::remember_tenant_across_tenants(tx, user, tenant).await?;
    Ok(SignedIn { user, slug })
}

/// `acme`, else `acme-2` to `acme-9`, else `acme-` and a part of its id that nobody else has.
async fn insert_under_free_slug(tx: &mut SystemTx, tenant: &NewTenant<'_>) -> Result<String> {
    let plain = slug_of(tenant.name);
    let numbered = (2..10).map(|n| format!("{plain}-{n}"));
    let id = tenant.id.0.simple().to_string();
    let last = format!("{plain}-{}", &id[id.len() - 12..]);
    for slug in std::iter::once(plain.clone()).chain(numbered).chain([last]) {
        if tenants::insert_across_tenants(tx, tenant, &slug).await? {
            return Ok(slug);
        }
    }
    Err(Error::Conflict("No address for an organisation of this name is free. Choose another name.".into()))
}

fn in_use(error: Error) -> Error {
    match error {
        Error::Database(error) if Error::is_constraint(&error, "users_email_key") => {
            let message = "This address is in use. Sign in instead, or use another one.";
            Error::InvalidFields(vec![("email".into(), message.into())])
        }
        other => other,
    }
}

/// The form in which an address is stored and compared.
fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}
