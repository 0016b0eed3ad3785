//! Editing what goes out: a form of the record's fields in the destination's terms, written once.

use std::collections::BTreeMap;

use crate::prelude::*;
use domain::RecordId;
use domain::activity::Tone;
use domain::canonical::fields::{Field, FieldKind};
use domain::history::EditForm;

use super::one_api::{EDIT_FORM, load_edit};
use crate::error::{AppError, OVERTAKEN_BY};
use crate::flash::{Flash, flash_of};
use crate::rpc::{Load, Post, PostForm, Shown};
use crate::ui::{Button, ButtonKind, Failure, FieldErrorsSignal, FormProblem, Notice, Time, error_of, form_errors};

/// The form. It is read once, so that nothing that happens meanwhile takes away what somebody types.
#[component]
pub fn EditPart(slug: String, record: RecordId, may_operate: bool, post: Post<()>) -> impl IntoView {
    let form = {
        let slug = slug.clone();
        Load::new(move || load_edit(slug.clone(), record))
    };
    let flash = flash_of(EDIT_FORM);
    let content = move || {
        let slug = slug.clone();
        async move {
            let typed = flash.await.unwrap_or_default();
            match form.await {
                Ok(_) if !may_operate => {
                    view! { <p class="muted">"Your role does not allow to edit records."</p> }.into_any()
                }
                Ok(form) => form_view(slug, form, typed, post),
                // It is no failure that there is nothing to edit.
                Err(AppError::Conflict { message }) => view! { <Notice tone=Tone::Info>{message}</Notice> }.into_any(),
                Err(error) => {
                    let retry = Callback::new(move |()| form.refetch());
                    view! { <Failure error retry /> }.into_any()
                }
            }
        }
    };
    view! { <Shown view=content lines=10 /> }
}

fn form_view(slug: String, form: EditForm, typed: Flash, post: Post<()>) -> AnyView {
    let EditForm { record, opened_on, fields, missing, destination, pending, .. } = form;
    let errors = form_errors(post.error(), typed.errors);
    let notes = missing.into_iter().map(|what| {
        let text = format!("Its {what} is not at the destination yet: it is written first, or type another one's id.");
        view! { <Notice tone=Tone::Warning>{text}</Notice> }
    });
    let waits = pending.map(|edit| {
        view! {
            <Notice tone=Tone::Info>
                "An edit by " {edit.actor} " " <Time at=edit.made_at /> " waits to be written. Yours takes its place."
            </Notice>
        }
    });
    // Who has been told of another's edit may put theirs in its place.
    let known = opened_on.edit.map(|edit| edit.to_string()).unwrap_or_default();
    let edit = move || errors.with(|errors| error_of(errors, OVERTAKEN_BY)).unwrap_or_else(|| known.clone());
    let groups = grouped(fields).into_iter().map(|(name, fields)| group(&name, fields, &typed.values, errors));
    let (groups, notes) = (groups.collect_view(), notes.collect_view());
    view! {
        <p class="muted">{format!("What will be written to {destination}, once, in place of what the mapping makes of it.")}</p>
        {notes}
        {waits}
        <PostForm post class="edit-form">
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="record" value=record.to_string() />
            <input type="hidden" name="version" value=opened_on.version.to_string() />
            <input type="hidden" name="edit" value=edit />
            <FormProblem errors />
            {groups}
            <div class="buttons">
                <Button kind=ButtonKind::Primary pending=post.pending()>"Save and write it"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// The fields in their groups: those of the record itself, an address, each line.
fn grouped(fields: Vec<Field>) -> Vec<(String, Vec<Field>)> {
    let mut groups: Vec<(String, Vec<Field>)> = Vec::new();
    for field in fields {
        let name = field.path.rsplit_once('.').map_or_else(String::new, |(group, _)| group.to_owned());
        match groups.last_mut() {
            Some((last, fields)) if *last == name => fields.push(field),
            _ => groups.push((name, vec![field])),
        }
    }
    groups
}

fn group(name: &str, fields: Vec<Field>, typed: &BTreeMap<String, String>, errors: FieldErrorsSignal) -> AnyView {
    let is_new = fields.iter().all(|field| field.value.is_empty() && !field.required);
    let inputs = fields.into_iter().map(|field| input(field, typed, errors)).collect_view();
    let Some(number) = name.strip_prefix("lines.") else {
        return view! { <div class="edit-group">{inputs}</div> }.into_any();
    };
    let legend = if is_new { "A new line".to_owned() } else { format!("Line {number}") };
    let remove = (!is_new).then(|| {
        view! {
            <label class="check">
                <input type="checkbox" name=format!("fields[{name}.remove]") />
                {format!("Take line {number} away")}
            </label>
        }
    });
    view! {
        <fieldset class="edit-group edit-line">
            <legend>{legend}</legend>
            {inputs}
            {remove}
        </fieldset>
    }
    .into_any()
}

fn input(field: Field, typed: &BTreeMap<String, String>, errors: FieldErrorsSignal) -> impl IntoView + use<> {
    let Field { path, label, kind, value, required } = field;
    let id = format!("edit-{}", path.replace('.', "-"));
    let error_id = format!("{id}-error");
    let value = typed.get(&path).cloned().unwrap_or(value);
    let error = {
        let path = path.clone();
        Memo::new(move |_| errors.with(|errors| error_of(errors, &path)))
    };
    let mode = match kind {
        FieldKind::Amount | FieldKind::Quantity => "decimal",
        FieldKind::Email => "email",
        _ => "text",
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=format!("fields[{path}]")
                type=if kind == FieldKind::Date { "date" } else { "text" }
                inputmode=mode
                value=value
                required=required
                autocomplete="off"
                aria-describedby=error_id.clone()
                aria-invalid=move || error.read().is_some().then_some("true")
            />
            <p class="field-error" id=error_id>{move || error.get()}</p>
        </div>
    }
}
