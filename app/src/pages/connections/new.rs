//! A new connection: whose system, then what its vendor needs.

use crate::prelude::*;
use domain::Vendor;
use domain::account::Permission;
use leptos_router::hooks::use_query_map;

use super::form::ConnectionFields;
use super::one::tested_run;
use crate::error::AppError;
use crate::flash::flash_of;
use crate::frame::{href, use_frame, use_slug};
use crate::rpc::Shown;
use crate::ui::{Failure, Page};

#[component]
pub fn NewConnectionPage() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let query = use_query_map();
    let vendor = Memo::new(move |_| query.read().get("vendor").and_then(|vendor| vendor.parse::<Vendor>().ok()));
    let flash = flash_of("connection");
    let test = tested_run(slug);
    let title = Signal::derive(move || match vendor.get() {
        Some(vendor) => format!("Connect {}", vendor.label()),
        None => "New connection".to_owned(),
    });
    let screen = move || {
        let vendor = vendor.get();
        async move {
            let (frame, flash, test) = (frame.await, flash.await.unwrap_or_default(), test.await.ok());
            match (frame, vendor) {
                (Ok(frame), _) if !frame.may(Permission::Configure) => {
                    view! { <Failure error=AppError::Forbidden /> }.into_any()
                }
                (Ok(frame), Some(vendor)) => view! {
                    <p class="form-intro muted">{vendor.pitch()}</p>
                    <div class="form-card card">
                        <ConnectionFields slug=frame.me.organisation.slug vendor connection=None flash test />
                    </div>
                }
                .into_any(),
                (Ok(frame), None) => vendors(&frame.me.organisation.slug).into_any(),
                (Err(error), _) => view! { <Failure error /> }.into_any(),
            }
        }
    };
    view! {
        <Page title>
            <Shown view=screen lines=4 />
        </Page>
    }
}

/// A card per vendor, with what it can do.
fn vendors(slug: &str) -> impl IntoView + use<> {
    let cards = Vendor::ALL.iter().map(|vendor| {
        let to = href(slug, &format!("connections/new?vendor={vendor}"));
        view! {
            <li>
                <a class="card vendor" href=to>
                    <strong>{vendor.label()}</strong>
                    <span class="muted">{vendor.system().label()}</span>
                    <span>{vendor.pitch()}</span>
                </a>
            </li>
        }
    });
    view! { <ul class="vendors">{cards.collect_view()}</ul> }
}
