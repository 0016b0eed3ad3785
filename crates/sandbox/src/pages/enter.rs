//! The front page, coming in and going out.

use std::io;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::control::is_token;
use crate::respond;
use crate::server::Shared;

use super::back;
use super::desk::hidden;
use super::kit::{Place, page};
use super::visit::{Visit, visit};

/// A credential in a link.
#[derive(Deserialize, Default)]
pub struct Link {
    key: Option<String>,
    shop: Option<String>,
    erp: Option<String>,
    #[serde(default)]
    company: String,
    #[serde(default)]
    password: String,
}

/// The accounts that a link opens.
#[derive(Default)]
struct Opened {
    shop: Option<String>,
    erp: Option<(String, String)>,
}

/// The account to open, from the list on the front page.
#[derive(Deserialize)]
pub struct Open {
    account: String,
    #[serde(default)]
    company: String,
}

/// Says what this is; lists the accounts to whoever came with the control token.
pub async fn front(State(shared): State<Shared>, Query(link): Query<Link>, headers: HeaderMap) -> Response {
    if link.key.is_some() {
        return come_in(&shared, &headers, &link);
    }
    let visit = visit(&shared, &headers);
    let place = Place { visit: &visit, office: "", slug: "" };
    let has_account = visit.shop.is_some() || visit.erp.is_some();
    let content = html! {
        p { "This is a stand-in for the systems of other companies: a shop that speaks Shopify's Admin API, and an ERP that speaks Acumatica's REST API. What you change here is found by the next synchronisation, as it would be in the real ones." }
        @if has_account {
            p.actions {
                @if visit.shop.is_some() { a.button href="/shop/orders" { "Open the shop" } }
                @if visit.erp.is_some() { a.button href="/erp/orders" { "Open the ERP" } }
            }
        }
        @if has_account || visit.is_host { h2 { @if has_account { "Other accounts" } @else { "Accounts" } } }
        @if visit.is_host { (accounts(&shared)) } @else { (door(None)) }
        @if visit.is_host || has_account {
            form method="post" action="/leave" { button { "Leave" } }
        }
    };
    page(place, "Sandbox", shared.visits.take_flash(&headers).as_deref(), &content)
}

/// Comes in by a link.
pub async fn by_link(State(shared): State<Shared>, Query(link): Query<Link>, headers: HeaderMap) -> Response {
    come_in(&shared, &headers, &link)
}

/// Comes in by the form for the control token.
pub async fn by_form(State(shared): State<Shared>, headers: HeaderMap, Form(link): Form<Link>) -> Response {
    come_in(&shared, &headers, &link)
}

/// Ends the visit.
pub async fn leave(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    shared.visits.end(&headers);
    Redirect::to("/").into_response()
}

/// Opens one of the accounts on the front page.
pub async fn open(
    State(shared): State<Shared>,
    Path(vendor): Path<String>,
    headers: HeaderMap,
    Form(open): Form<Open>,
) -> Response {
    if !visit(&shared, &headers).is_host {
        return Redirect::to("/").into_response();
    }
    if vendor == "shop" {
        return enter(&shared, &headers, &["shop"], |visit| visit.shop = Some(open.account));
    }
    enter(&shared, &headers, &["erp"], |visit| visit.erp = Some((open.company, open.account)))
}

/// What to do, for somebody who wants to see an office's page without having come in.
#[must_use]
pub fn invite(shared: &Shared, visit: &Visit, office: &str) -> Response {
    let place = Place { visit, office: "", slug: "" };
    let name = if office == "shop" { "the shop" } else { "the ERP" };
    let content = html! {
        @if visit.is_host {
            p { "Choose the account in which to open this page." }
            @if office == "shop" { (shops(shared)) } @else { (erps(shared)) }
        } @else {
            p { "This page belongs to an account of " (name) "'s back office. Follow the link to the shop and the ERP on your Overview in Syncline: it lets you in and brings you back to this page." }
            p { "Or come in with the control token." }
            (door(None))
        }
    };
    let mut response = page(place, "Come in first", None, &content);
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

fn come_in(shared: &Shared, headers: &HeaderMap, link: &Link) -> Response {
    if link.key.as_deref().is_some_and(|key| is_token(shared, key)) {
        return enter(shared, headers, &[], |visit| visit.is_host = true);
    }
    match opened(shared, link) {
        Ok(Some(Opened { shop, erp })) => {
            let offices: Vec<&str> = shop.iter().map(|_| "shop").chain(erp.iter().map(|_| "erp")).collect();
            enter(shared, headers, &offices, |visit| {
                visit.shop = shop.or(visit.shop.take());
                visit.erp = erp.or(visit.erp.take());
            })
        }
        Ok(None) => refuse(&visit(shared, headers)),
        Err(error) => respond::failed(&error),
    }
}

/// Every account that a link names, or none at all when one of its credentials is wrong.
fn opened(shared: &Shared, link: &Link) -> io::Result<Option<Opened>> {
    let mut opened = Opened::default();
    if let Some(user) = named(link.erp.as_deref()) {
        let Some(erp) = shared.registry.erp_or_open(&link.company, user)? else { return Ok(None) };
        if !erp.accepts(&link.password)? {
            return Ok(None);
        }
        opened.erp = Some((erp.company.clone(), erp.user.clone()));
    }
    if let Some(token) = named(link.shop.as_deref()) {
        let Some(shop) = shared.registry.shop_or_open(token)? else { return Ok(None) };
        opened.shop = Some(shop.token.clone());
    }
    Ok(Some(opened).filter(|opened| opened.shop.is_some() || opened.erp.is_some()))
}

fn named(credential: Option<&str>) -> Option<&str> {
    credential.filter(|credential| !credential.is_empty())
}

/// Lets a visitor in: back to the page of one of these offices that was wanted before, or to the first office.
fn enter(shared: &Shared, headers: &HeaderMap, offices: &[&str], change: impl FnOnce(&mut Visit)) -> Response {
    let set = match shared.visits.change(headers, change) {
        Ok(set) => set.and_then(|cookie| HeaderValue::from_str(&cookie).ok()),
        Err(error) => return respond::failed(&error),
    };
    let first = offices.first().map_or_else(|| "/".to_owned(), |office| format!("/{office}/orders"));
    let mut response = Redirect::to(&back::kept(headers, offices).unwrap_or(first)).into_response();
    // The control token opens no account yet, so the wanted page waits until one is chosen.
    let forget = Some(back::forget()).filter(|_| !offices.is_empty());
    for cookie in set.into_iter().chain(forget) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn refuse(visit: &Visit) -> Response {
    let place = Place { visit, office: "", slug: "" };
    let mut response = page(
        place,
        "Sandbox",
        None,
        &door(Some("This is not the control token, nor an account's credential with its password.")),
    );
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

fn door(wrong: Option<&str>) -> Markup {
    html! {
        form.record method="post" action="/enter" {
            div.field {
                label for="key" { "Control token" }
                input id="key" name="key" type="password" autocomplete="off" required aria-describedby={ "key-hint" @if wrong.is_some() { " key-problem" } } aria-invalid=[wrong.map(|_| "true")];
                p.hint id="key-hint" { "It is printed by " code { "cargo xtask run" } ". A link to an account needs no token." }
                @if let Some(wrong) = wrong { p.problem id="key-problem" { (wrong) } }
            }
            p.actions { button.primary { "Come in" } }
        }
    }
}

fn accounts(shared: &Shared) -> Markup {
    html! {
        h3 { "Shops" }
        (shops(shared))
        h3 { "ERP accounts" }
        (erps(shared))
    }
}

fn shops(shared: &Shared) -> Markup {
    let shops = shared.registry.shops();
    html! {
        @if shops.is_empty() { p.empty { "There is no shop yet." } }
        ul.accounts {
            @for shop in &shops {
                li { form method="post" action="/open/shop" { input type="hidden" name="account" value=(shop.token); button { "Open shop " (hidden(&shop.token)) } } }
            }
        }
    }
}

fn erps(shared: &Shared) -> Markup {
    let erps = shared.registry.erps();
    html! {
        @if erps.is_empty() { p.empty { "There is no ERP account yet." } }
        ul.accounts {
            @for erp in &erps {
                li {
                    form method="post" action="/open/erp" {
                        input type="hidden" name="account" value=(erp.user);
                        input type="hidden" name="company" value=(erp.company);
                        button { "Open ERP of " (erp.user) @if !erp.company.is_empty() { " (" (erp.company) ")" } }
                    }
                }
            }
        }
    }
}
