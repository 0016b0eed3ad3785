//! The frame of every page.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::screens::screens;
use super::visit::Visit;

/// Where a page is, for its navigation.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Who looks.
    pub visit: &'a Visit,
    /// `shop`, `erp` or empty.
    pub office: &'a str,
    /// The screen's part of the path.
    pub slug: &'a str,
}

/// A whole page: title (which is its heading too), a message from the last step, content.
pub fn page(place: Place<'_>, title: &str, flash: Option<&str>, content: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Sandbox" }
                link rel="stylesheet" href="/assets/sandbox.css";
            }
            body class=(format!("office-{}", place.office)) {
                a.skip href="#content" { "Skip to content" }
                header { (masthead(place)) }
                main id="content" {
                    h1 { (title) }
                    @if let Some(flash) = flash { p.flash role="status" { (flash) } }
                    (content)
                }
                footer { p { "Stand-ins for the vendors' systems, for demonstration and tests. Nothing here reaches a real shop or ERP." } }
            }
        }
    };
    Html(page.into_string()).into_response()
}

/// A page that says what is wrong.
pub fn problem(place: Place<'_>, status: StatusCode, title: &str, message: &str) -> Response {
    let content = html! { p { (message) } p { a href="/" { "Back to the front page" } } };
    let mut response = page(place, title, None, &content);
    *response.status_mut() = status;
    response
}

fn masthead(place: Place<'_>) -> Markup {
    html! {
        a.brand href="/" { "Sandbox" }
        nav aria-label="Back offices" {
            @if place.visit.shop.is_some() { (office(place, "shop", "Shop")) }
            @if place.visit.erp.is_some() { (office(place, "erp", "ERP")) }
        }
        @if !place.office.is_empty() {
            nav.screens aria-label=(if place.office == "shop" { "Shop" } else { "ERP" }) {
                @for screen in screens(place.office) {
                    a href={ "/" (screen.office) "/" (screen.slug) } aria-current=[(screen.slug == place.slug).then_some("page")] { (screen.title) }
                }
            }
        }
    }
}

fn office(place: Place<'_>, office: &str, label: &str) -> Markup {
    html! { a href={ "/" (office) "/orders" } aria-current=[(place.office == office).then_some("true")] { (label) } }
}
