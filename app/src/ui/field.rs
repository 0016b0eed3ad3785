//! A labelled field with its help and its error, which screen readers hear with it.

use crate::prelude::*;
use domain::connection::FieldErrors;

use crate::error::AppError;

/// What is wrong with a form, field by field.
pub type FieldErrorsSignal = Signal<FieldErrors>;

/// What is wrong with `field`; `""` is the form itself.
#[must_use]
pub fn error_of(errors: &FieldErrors, field: &str) -> Option<String> {
    errors.iter().find(|(name, _)| name == field).map(|(_, message)| message.clone())
}

/// The errors of a form: its action's, or those with which the page came (a form without JavaScript).
#[must_use]
pub fn form_errors(error: Signal<Option<AppError>>, initial: FieldErrors) -> FieldErrorsSignal {
    Signal::derive(move || error.with(|error| error.as_ref().map_or_else(|| initial.clone(), AppError::fields)))
}

/// A text field; what was typed stays, also when the form comes back with an error.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    /// The name under which it is sent.
    #[prop(into)]
    name: String,
    /// The name under which its error is found; its own name when not given.
    #[prop(optional, into)]
    error_name: Option<String>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] autocomplete: String,
    /// The least and the greatest number.
    #[prop(default = None)]
    bounds: Option<(u32, u32)>,
    #[prop(optional, into)] errors: FieldErrorsSignal,
    #[prop(optional, into)] on_input: Option<Callback<String>>,
) -> impl IntoView {
    let error_name = error_name.unwrap_or_else(|| name.clone());
    let id = format!("field-{}", error_name.replace(['[', ']'], "-"));
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let error = Memo::new(move |_| errors.with(|errors| error_of(errors, &error_name)));
    let described = if help.is_empty() { error_id.clone() } else { format!("{error_id} {help_id}") };
    let input = move |event| {
        if let Some(callback) = on_input {
            callback.run(event_target_value(&event));
        }
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=name
                type=kind
                value=value
                placeholder=placeholder
                required=required
                autocomplete=if autocomplete.is_empty() { "off".to_owned() } else { autocomplete }
                min=bounds.map(|bounds| bounds.0)
                max=bounds.map(|bounds| bounds.1)
                aria-describedby=described
                aria-invalid=move || error.read().is_some().then_some("true")
                on:input=input
            />
            <p class="field-error" id=error_id>{move || error.get()}</p>
            {(!help.is_empty()).then(|| view! { <p class="field-help" id=help_id>{help}</p> })}
        </div>
    }
}

/// A choice of one from few.
#[component]
pub fn SelectField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// The name under which its error is found; its own name when not given.
    #[prop(optional, into)]
    error_name: Option<String>,
    /// Value and words.
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] errors: FieldErrorsSignal,
    #[prop(optional, into)] on_change: Option<Callback<String>>,
) -> impl IntoView {
    let error_name = error_name.unwrap_or_else(|| name.clone());
    let id = format!("field-{}", error_name.replace(['[', ']'], "-"));
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let error = Memo::new(move |_| errors.with(|errors| error_of(errors, &error_name)));
    let described = if help.is_empty() { error_id.clone() } else { format!("{error_id} {help_id}") };
    let change = move |event| {
        if let Some(callback) = on_change {
            callback.run(event_target_value(&event));
        }
    };
    let options = options.into_iter().map(|(option, words)| {
        let selected = option == value;
        view! { <option value=option selected=selected>{words}</option> }
    });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select
                id=id
                name=name
                aria-describedby=described
                aria-invalid=move || error.read().is_some().then_some("true")
                on:change=change
            >
                {options.collect_view()}
            </select>
            <p class="field-error" id=error_id>{move || error.get()}</p>
            {(!help.is_empty()).then(|| view! { <p class="field-help" id=help_id>{help}</p> })}
        </div>
    }
}

/// What is wrong with the form as a whole, announced; and the first wrong field gets the focus.
#[component]
pub fn FormProblem(#[prop(into)] errors: FieldErrorsSignal) -> impl IntoView {
    let general = Memo::new(move |_| errors.with(|errors| error_of(errors, "")));
    #[cfg(feature = "hydrate")]
    Effect::new(move |before: Option<()>| {
        let wrong = errors.with(|errors| !errors.is_empty());
        if before.is_some() && wrong {
            request_animation_frame(focus_first_invalid);
        }
    });
    view! { <p class="form-problem" role="alert">{move || general.get()}</p> }
}

#[cfg(feature = "hydrate")]
fn focus_first_invalid() {
    use wasm_bindgen::JsCast;
    let found = document().query_selector("[aria-invalid=true]").ok().flatten();
    if let Some(field) = found.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = field.focus();
    }
}
