//! The editor: rows and groups that come and go, and how many records pass.

use crate::prelude::*;
use domain::connection::FieldErrors;
use domain::filter::{Filter, fields};
use domain::sync::describe;
use domain::{Entity, SyncId};

use super::api::preview_filter;
use super::draft::{Draft, MOST_ROWS, Row};
use super::rows::{Rows, Typed};
use crate::frame::href;
use crate::pages::syncs::settings::Insist;
use crate::pages::syncs::tabs::Part;
use crate::rpc::{Load, Post, PostForm, Shown};
use crate::ui::number::grouped;
use crate::ui::{Button, ButtonKind, FormProblem, Glyph, LinkButton, form_errors};

/// The form of a filter.
#[component]
pub fn FilterEditor(
    slug: String,
    sync: SyncId,
    entity: Entity,
    /// What stands in the form at first.
    first: Draft,
    /// The filter as it is stored, as JSON.
    base: String,
    errors: FieldErrors,
    action: Post<Vec<String>>,
) -> impl IntoView {
    let errors = form_errors(action.error(), errors);
    let typed = Typed::of(&first);
    let page = href(&slug, &Part::Filter.path(sync));
    let first_field = fields(entity).first().map_or("", |field| field.path);
    let whole = Signal::derive(move || errors.with(|errors| crate::ui::error_of(errors, "filter")));
    let preview = preview(slug.clone(), sync, typed);
    let cancel = href(&slug, &Part::Overview.path(sync));
    let own = page.clone();
    let groups = move || {
        typed
            .groups()
            .into_iter()
            .map(|group| {
                view! { <Rows entity typed group page=own.clone() errors /> }
            })
            .collect_view()
    };
    let adds_group = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        typed.add(Row::blank(typed.draft().next_group(), first_field));
    };
    view! {
        <PostForm post=action>
            <div class="form filter-editor">
                <input type="hidden" name="slug" value=slug />
                <input type="hidden" name="sync" value=sync.to_string() />
                <input type="hidden" name="form[base]" value=base />
                <input type="hidden" name="first" value=first_field />
                <FormProblem errors />
                <p class="field-error" role="alert">{move || whole.get()}</p>
                <Insist errors />
                {matching(typed)}
                <Rows entity typed group=0 page=page.clone() errors />
                {groups}
                {kept(typed, page.clone())}
                <div class="buttons">
                    <button
                        type="submit"
                        class="button"
                        name="do"
                        value="group:"
                        formmethod="get"
                        formaction=page
                        disabled=move || typed.rows.with(|rows| rows.len() >= MOST_ROWS)
                        on:click=adds_group
                    >
                        "Add a group"
                    </button>
                </div>
                <div class="filter-preview" aria-live="polite"><Shown view=preview lines=1 /></div>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary glyph=Glyph::Filter pending=action.pending()>"Save filter"</Button>
                    <LinkButton href=cancel>"Cancel"</LinkButton>
                </div>
            </div>
        </PostForm>
    }
}

fn matching(typed: Typed) -> AnyView {
    let change = move |event| typed.any.set(event_target_value(&event) == "any");
    let any = typed.any.get_untracked();
    view! {
        <div class="field">
            <label for="filter-match">"A record is synchronised when"</label>
            <select id="filter-match" name="form[match]" on:change=change>
                <option value="all" selected=!any>"all of these hold"</option>
                <option value="any" selected=any>"at least one of these holds"</option>
            </select>
        </div>
    }
    .into_any()
}

/// Parts that are nested deeper than the form shows: in words, and kept until somebody removes them.
fn kept(typed: Typed, page: String) -> impl Fn() -> AnyView + Clone {
    move || {
        let part = |(index, filter): (usize, Filter)| {
            let json = serde_json::to_string(&filter).unwrap_or_default();
            let removes = move |event: leptos::ev::MouseEvent| {
                event.prevent_default();
                typed.kept.update(|kept| drop(kept.remove(index)));
            };
            view! {
                <div class="filter-kept">
                    <input type="hidden" name=format!("form[kept][{index}]") value=json />
                    <span>{describe(&filter)}</span>
                    <button
                        type="submit"
                        class="button button-quiet"
                        name="do"
                        value=format!("drop:{index}")
                        formmethod="get"
                        formaction=page.clone()
                        on:click=removes
                    >
                        "Remove"
                    </button>
                </div>
            }
        };
        typed.kept.get().into_iter().enumerate().map(part).collect_view().into_any()
    }
}

/// "812 of 1,000 records pass", or why the draft cannot be tried yet.
fn preview(slug: String, sync: SyncId, typed: Typed) -> impl Fn() -> crate::rpc::Boxed<AnyView> + Clone + Send + Sync {
    // While a value is still missing, what was tried last stays.
    let filter = Memo::new(move |tried: Option<&String>| {
        let draft = typed.draft();
        match (draft.is_incomplete(), tried) {
            (true, Some(tried)) => tried.clone(),
            (true, None) => "null".to_owned(),
            (false, _) => serde_json::to_string(&draft.filter()).unwrap_or_default(),
        }
    });
    let incomplete = Memo::new(move |_| typed.draft().is_incomplete());
    let preview = Load::new(move || preview_filter(slug.clone(), sync, filter.get()));
    move || {
        let incomplete = incomplete.get();
        Box::pin(async move {
            match preview.await {
                Ok(_) if incomplete => {
                    view! { <p class="muted">"Give each condition a value to see how many records match."</p> }
                }
                Ok(preview) if preview.of == 0 => {
                    view! { <p class="muted">"No record was prepared yet on which the filter could be tried."</p> }
                }
                Ok(preview) => {
                    let (matches, of) = (grouped(preview.matches as i64), grouped(preview.of as i64));
                    view! { <p>"Matches " <strong class="numeric">{matches}</strong> " of the newest " {of} " records."</p> }
                }
                Err(error) => view! { <p class="muted">"Not tried: " {error.to_string()}</p> },
            }
        })
    }
}
