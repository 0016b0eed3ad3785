//! A sync's filter: which records are synchronised?
//!
//! A plain form: conditions, and groups of conditions one level deep. What is nested deeper is shown in words and kept.
//! Without JavaScript its buttons for rows send the form to the page's own address, which shows it changed.

pub mod api;
mod draft;
mod editor;
mod rows;

use crate::prelude::*;
use domain::account::Permission;
use domain::activity::Tone;
use domain::sync::{SettingsView, describe};
use leptos_router::hooks::use_query_map;

use super::settings::{saved_text, use_sync_id};
use super::tabs::{Part, SyncTabs};
use crate::error::AppError;
use crate::flash::{Flash, flash_of};
use crate::frame::{Frame, use_frame, use_slug};
use crate::rpc::json::from_text;
use crate::rpc::{Call, Load, Post, Shown, after};
use crate::ui::{Failure, Notice, Page, use_toasts};
use api::SAVE_FILTER;
use draft::Draft;
use editor::FilterEditor;

/// The name of this page's form.
pub const FORM: &str = "sync-filter";

/// The filter of the sync in the address; a draft in the address takes the stored one's place.
#[component]
pub fn SyncFilterPage() -> impl IntoView {
    let slug = use_slug();
    let id = use_sync_id();
    let query = use_query_map();
    let frame = use_frame();
    let settings = Load::new(move || match id.get() {
        Some(id) => super::settings::api::load_settings(slug.get(), id),
        None => Call::refused(AppError::NotFound),
    });
    let flash = flash_of(FORM);
    let action = Post::to(SAVE_FILTER);
    let toasts = use_toasts();
    after(action, move |answer| {
        if let Ok(changes) = answer {
            toasts.push(Tone::Success, saved_text(changes));
            settings.refetch();
        }
    });
    let body = move || async move {
        match (settings.await, frame.await) {
            (Ok(settings), Ok(frame)) => {
                let flash = flash.await.unwrap_or_default();
                let asked = query.with_untracked(|query| Draft::from_query(|name| query.get(name)));
                view! { <Body slug=slug.get_untracked() settings frame flash asked action /> }.into_any()
            }
            (Err(error), _) | (_, Err(error)) => {
                let retry = Callback::new(move |()| settings.refetch());
                view! { <Page title="Filter of a sync"><Failure error retry /></Page> }.into_any()
            }
        }
    };
    view! { <Shown view=body lines=6 /> }
}

#[component]
fn Body(
    slug: String,
    settings: SettingsView,
    frame: Frame,
    flash: Flash,
    asked: Option<Draft>,
    action: Post<Vec<String>>,
) -> impl IntoView {
    let SettingsView { sync, settings, .. } = settings;
    let now = settings.filter.as_ref().map_or_else(
        || "Every record is synchronised.".to_owned(),
        |filter| format!("Synchronised now: those of which {}.", describe(filter)),
    );
    let content = if frame.may(Permission::Configure) {
        let typed = flash.values.get("draft").and_then(|draft| from_text(draft).ok());
        let base = flash.values.get("base").cloned();
        let base = base.unwrap_or_else(|| serde_json::to_string(&settings.filter).unwrap_or_default());
        let first = typed.or(asked).unwrap_or_else(|| Draft::of(settings.filter.as_ref()));
        let slug = slug.clone();
        view! { <FilterEditor slug sync=sync.id entity=sync.entity first base errors=flash.errors.clone() action /> }
            .into_any()
    } else {
        ().into_any()
    };
    view! {
        <Page title=format!("{}: filter", sync.name)>
            <SyncTabs slug sync=sync.id current=Part::Filter />
            {flash.notice.map(|text| view! { <Notice tone=Tone::Success>{text}</Notice> })}
            <p class="filter-now">{now}</p>
            {content}
        </Page>
    }
}
