//! The screens of Syncline: rendered by the server, then brought to life in the browser.
//!
//! `ssr` is what the server builds, `hydrate` what the browser gets; never both in one build. A screen is
//! `pages/<screen>.rs` with its folder; its server functions are in `api.rs`: session → permission → engine → return.

// The router's tuple of routes is one deep type.
#![recursion_limit = "256"]

pub mod error;
pub mod flash;
pub mod frame;
pub mod nav;
pub mod pages;
mod prelude;
mod query;
#[cfg(feature = "ssr")]
pub mod request;
pub mod rpc;
mod shell;
pub mod ui;

use crate::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

pub use error::AppError;
pub use shell::{Assets, shell};

use pages::activity::ActivityPage;
use pages::connections::{ConnectionPage, ConnectionsPage, NewConnectionPage};
use pages::history::HistoryPage;
use pages::not_found::NotFoundPage;
use pages::overview::OverviewPage;
use pages::schedules::SchedulesPage;
use pages::settings::SettingsPage;
use pages::signin::SignInPage;
use pages::signup::SignUpPage;
use pages::syncs::{AgreementPage, DryRunPage, NewSyncPage, SyncFilterPage, SyncPage, SyncSettingsPage, SyncsPage};

/// Every route. All are rendered whole before they are sent, so that a page without JavaScript is complete.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    #[cfg(feature = "ssr")]
    rpc::provide_asked();
    ui::time::provide_clock();
    ui::toast::provide_toasts();
    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "Syncline".to_owned() } else { format!("{title} · Syncline") }
        } />
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/signup") view=SignUpPage ssr=SsrMode::Async />
                <Route path=path!("/signin") view=SignInPage ssr=SsrMode::Async />
                <ParentRoute path=path!("/o/:slug") view=nav::Organisation ssr=SsrMode::Async>
                    <Route path=path!("") view=OverviewPage ssr=SsrMode::Async />
                    <Route path=path!("syncs") view=SyncsPage ssr=SsrMode::Async />
                    <Route path=path!("syncs/new") view=NewSyncPage ssr=SsrMode::Async />
                    <Route path=path!("syncs/:id") view=SyncPage ssr=SsrMode::Async />
                    <Route path=path!("syncs/:id/settings") view=SyncSettingsPage ssr=SsrMode::Async />
                    <Route path=path!("syncs/:id/filter") view=SyncFilterPage ssr=SsrMode::Async />
                    <Route path=path!("syncs/:id/agreement") view=AgreementPage ssr=SsrMode::Async />
                    <Route path=path!("syncs/:id/dry-run") view=DryRunPage ssr=SsrMode::Async />
                    <Route path=path!("history") view=HistoryPage ssr=SsrMode::Async />
                    <Route path=path!("schedules") view=SchedulesPage ssr=SsrMode::Async />
                    <Route path=path!("connections") view=ConnectionsPage ssr=SsrMode::Async />
                    <Route path=path!("connections/new") view=NewConnectionPage ssr=SsrMode::Async />
                    <Route path=path!("connections/:id") view=ConnectionPage ssr=SsrMode::Async />
                    <Route path=path!("activity") view=ActivityPage ssr=SsrMode::Async />
                    <Route path=path!("settings") view=SettingsPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
        <ui::toast::ToastRegion />
    }
}
