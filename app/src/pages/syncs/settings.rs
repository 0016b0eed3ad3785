//! A sync's settings: which ways changes go, who wins, what happens to deletions, and how often a record is tried.

pub mod api;
mod fields;

use crate::prelude::*;
use domain::SyncId;
use domain::account::Permission;
use domain::activity::Tone;
use domain::sync::{CLASH, SettingsView, SyncSettings};
use leptos_router::hooks::use_params_map;

use super::tabs::{Part, SyncTabs};
use crate::error::AppError;
use crate::flash::{Flash, flash_of};
use crate::frame::{Frame, href, use_frame, use_slug};
use crate::rpc::{Call, Load, Post, PostForm, Shown, after};
use crate::ui::{
    Button, ButtonKind, CheckField, Failure, FieldErrorsSignal, FormProblem, LinkButton, Notice, Page, form_errors,
    use_toasts,
};
use api::{SEND_SETTINGS, load_settings};

/// The name of this page's form.
pub const FORM: &str = "sync-settings";

/// The settings of the sync in the address.
#[component]
pub fn SyncSettingsPage() -> impl IntoView {
    let slug = use_slug();
    let id = use_sync_id();
    let frame = use_frame();
    let settings = Load::new(move || match id.get() {
        Some(id) => load_settings(slug.get(), id),
        None => Call::refused(AppError::NotFound),
    });
    let flash = flash_of(FORM);
    let action = Post::to(SEND_SETTINGS);
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
                view! { <Body slug=slug.get_untracked() settings frame flash action /> }.into_any()
            }
            (Err(error), _) | (_, Err(error)) => {
                let retry = Callback::new(move |()| settings.refetch());
                view! { <Page title="Settings of a sync"><Failure error retry /></Page> }.into_any()
            }
        }
    };
    view! { <Shown view=body lines=8 /> }
}

/// The sync that the address names.
pub(super) fn use_sync_id() -> Memo<Option<SyncId>> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<SyncId>().ok()))
}

/// What is said when settings were saved.
#[must_use]
pub fn saved_text(changes: &[String]) -> String {
    if changes.is_empty() { "Nothing was changed.".to_owned() } else { format!("Saved. {}.", changes.join("; ")) }
}

#[component]
fn Body(slug: String, settings: SettingsView, frame: Frame, flash: Flash, action: Post<Vec<String>>) -> impl IntoView {
    let sync = settings.sync.clone();
    let content = if frame.may(Permission::Configure) {
        view! { <SettingsForm slug=slug.clone() settings flash=flash.clone() action /> }.into_any()
    } else {
        read_only(&settings.settings).into_any()
    };
    view! {
        <Page title=format!("{}: settings", sync.name)>
            <SyncTabs slug sync=sync.id current=Part::Settings />
            {flash.notice.map(|text| view! { <Notice tone=Tone::Success>{text}</Notice> })}
            {content}
        </Page>
    }
}

/// Whoever may not change them sees what they are.
fn read_only(settings: &SyncSettings) -> impl IntoView + use<> {
    let rows = settings.words().into_iter().map(|(_, label, value)| view! { <dt>{label}</dt><dd>{value}</dd> });
    view! {
        <Notice tone=Tone::Info>"Your role may look at these settings. An owner or an admin changes them."</Notice>
        <dl class="facts">{rows.collect_view()}</dl>
    }
}

#[component]
fn SettingsForm(slug: String, settings: SettingsView, flash: Flash, action: Post<Vec<String>>) -> impl IntoView {
    let errors = form_errors(action.error(), flash.errors.clone());
    let page = href(&slug, &Part::Overview.path(settings.sync.id));
    let base = SyncSettings { filter: None, ..settings.settings.clone() };
    let base = serde_json::to_string(&base).unwrap_or_default();
    let base = flash.values.get("base").cloned().unwrap_or(base);
    let sync = settings.sync.id.to_string();
    view! {
        <PostForm post=action>
            <div class="form sync-settings">
                <input type="hidden" name="slug" value=slug.clone() />
                <input type="hidden" name="sync" value=sync />
                <input type="hidden" name="form[base]" value=base />
                <FormProblem errors />
                <Insist errors />
                {fields::fields(&slug, &settings, &flash, errors)}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary pending=action.pending()>"Save settings"</Button>
                    <LinkButton href=page>"Cancel"</LinkButton>
                </div>
            </div>
        </PostForm>
    }
}

/// Asked of a person whose choices meet another's.
#[component]
pub(super) fn Insist(errors: FieldErrorsSignal) -> impl IntoView {
    let clash = Memo::new(move |_| errors.with(|errors| errors.iter().any(|(_, text)| text.starts_with(CLASH))));
    move || {
        clash.get().then(|| {
            view! {
                <Notice tone=Tone::Warning>
                    "Somebody else saved these settings while this page was open. What they chose stands beside the \
                     fields; what you chose is still in them. Everything else of theirs stays."
                </Notice>
                <CheckField label="Use mine where both changed" name="form[insist]" error_name="insist" />
            }
        })
    }
}
