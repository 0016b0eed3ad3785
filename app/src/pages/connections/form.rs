//! The form of a connection: its name and what its vendor needs.

use crate::prelude::*;
use domain::activity::Tone;
use domain::connection::{ConnectionView, FieldErrors, TestOutcome};
use domain::run::RunView;
use domain::vendor::{FieldKind, FieldSpec};
use domain::{RunId, Vendor};

use super::api::{SEND_CONNECTION, Sent};
use super::test::TestResult;
use crate::flash::Flash;
use crate::rpc::{Post, PostForm, after};
use crate::ui::{Button, ButtonKind, Field, FieldErrorsSignal, FormProblem, form_errors, use_toasts};

/// Makes or changes a connection, and tests what is typed before that.
#[component]
pub(super) fn ConnectionFields(
    slug: String,
    vendor: Vendor,
    /// The one that is edited.
    #[prop(optional_no_strip)]
    connection: Option<ConnectionView>,
    flash: Flash,
    /// The test whose outcome the page shows already (a form without JavaScript).
    test: Option<RunView>,
    #[prop(optional, into)] on_saved: Option<Callback<()>>,
) -> impl IntoView {
    let action = Post::to(SEND_CONNECTION);
    let run = RwSignal::new(test.as_ref().map(|test| test.id));
    let tested = RwSignal::new(test);
    let toasts = use_toasts();
    after(action, move |answer| match answer {
        Ok(Sent::Testing(id)) => {
            tested.set(None);
            run.set(Some(*id));
        }
        Ok(Sent::Saved(_)) => {
            run.set(None);
            toasts.push(Tone::Success, "Saved.");
            if let Some(callback) = on_saved {
                callback.run(());
            }
        }
        Err(_) => run.set(None),
    });
    let typed_errors = form_errors(action.error(), flash.errors.clone());
    let errors = Signal::derive(move || with_test(typed_errors.get(), tested.get()));
    let fields = vendor.fields().iter().map(|spec| field(spec, connection.as_ref(), &flash, errors)).collect_view();
    let name = initial(&flash, "name", connection.as_ref().map(|connection| connection.name.clone()), "");
    view! {
        <PostForm post=action>
            <FormProblem errors />
            <input type="hidden" name="slug" value=slug.clone() />
            <input type="hidden" name="vendor" value=vendor.as_str() />
            {connection.map(|connection| view! { <input type="hidden" name="connection" value=connection.id.to_string() /> })}
            <Field
                label="Name"
                name="form[name]"
                error_name="name"
                value=name
                help="What you call it, such as “Web shop”."
                required=true
                errors
            />
            {fields}
            <TestResult slug run tested />
            <div class="buttons">
                <Button kind=ButtonKind::Primary name="intent" value="save" pending=saving(action)>
                    "Save"
                </Button>
                <Button name="intent" value="test" pending=testing(action, run, tested)>
                    "Test connection"
                </Button>
            </div>
        </PostForm>
    }
}

fn field(
    spec: &'static FieldSpec,
    connection: Option<&ConnectionView>,
    flash: &Flash,
    errors: FieldErrorsSignal,
) -> impl IntoView + use<> {
    let stored = connection.is_some_and(|connection| connection.stored_secrets.iter().any(|name| name == spec.name));
    let secret = spec.kind == FieldKind::Secret;
    let saved = connection.and_then(|connection| connection.settings.get(spec.name).cloned());
    let value = if secret { String::new() } else { initial(flash, spec.name, saved, spec.default) };
    let (kind, min, max) = match spec.kind {
        FieldKind::Text => ("text", None, None),
        FieldKind::Url => ("url", None, None),
        FieldKind::Secret => ("password", None, None),
        FieldKind::Number { min, max } => ("number", Some(min), Some(max)),
    };
    // What is typed without JavaScript comes back through a cookie, and a secret never does.
    let again = secret && !flash.values.is_empty() && !stored;
    let mut help = spec.help.to_owned();
    if stored {
        help = format!("Stored. Leave it empty to keep it. {help}");
    } else if again {
        help = format!("Type it again: it is not sent back to the page. {help}");
    } else if !spec.required {
        help = format!("Optional. {help}");
    }
    view! {
        <Field
            label=spec.label
            name=format!("form[values][{}]", spec.name)
            error_name=spec.name
            kind
            value
            help
            placeholder=spec.placeholder
            autocomplete=if secret { "new-password" } else { "off" }
            required=spec.required && !stored
            bounds=min.zip(max)
            errors
        />
    }
}

/// What was typed before, what is saved, or the default.
fn initial(flash: &Flash, field: &str, saved: Option<String>, default: &str) -> String {
    flash.values.get(field).cloned().or(saved).unwrap_or_else(|| default.to_owned())
}

/// What a test found wrong stands beside its field too.
fn with_test(mut errors: FieldErrors, tested: Option<RunView>) -> FieldErrors {
    if let Some(TestOutcome::Failed(problem)) = tested.and_then(|run| run.outcome)
        && let Some(field) = problem.field
    {
        errors.push((field, problem.why));
    }
    errors
}

fn saving(action: Post<Sent>) -> Signal<bool> {
    let (pending, sent) = (action.pending(), action.sent());
    Signal::derive(move || pending.get() && sent.read().contains("intent=save"))
}

fn testing(action: Post<Sent>, run: RwSignal<Option<RunId>>, tested: RwSignal<Option<RunView>>) -> Signal<bool> {
    let (pending, saving) = (action.pending(), saving(action));
    let open = move || run.get().is_some() && tested.with(|run| run.as_ref().is_none_or(|run| run.state.is_active()));
    Signal::derive(move || (pending.get() && !saving.get()) || open())
}
