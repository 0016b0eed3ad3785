//! A box to tick, with its words, its help and its error.

use crate::prelude::*;

use super::field::{FieldErrorsSignal, error_of};

/// Sends `yes` when it is ticked, and nothing when it is not.
#[component]
pub fn CheckField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// The name under which its error is found.
    #[prop(into)]
    error_name: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] errors: FieldErrorsSignal,
) -> impl IntoView {
    let id = format!("field-{error_name}");
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let described = if help.is_empty() { error_id.clone() } else { format!("{error_id} {help_id}") };
    let error = Memo::new(move |_| errors.with(|errors| error_of(errors, &error_name)));
    view! {
        <div class="field">
            <label class="check" for=id.clone()>
                <input type="checkbox" id=id.clone() name=name value="yes" checked=checked aria-describedby=described />
                <span>{label}</span>
            </label>
            <p class="field-error" id=error_id>{move || error.get()}</p>
            {(!help.is_empty()).then(|| view! { <p class="field-help" id=help_id>{help}</p> })}
        </div>
    }
}
