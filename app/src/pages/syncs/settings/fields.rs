//! The fields of a sync's settings. What has no effect yet is not there: announcements by the systems themselves.

use crate::prelude::*;
use domain::sync::{
    ATTEMPTS, ConflictPolicy, DeletionPolicy, Direction, DriftPolicy, LONGEST_WAIT, QUIET, RealTime, SettingsView,
};
use domain::{Entity, Side};

use crate::flash::Flash;
use crate::pages::syncs::picture::Picture;
use crate::ui::{CheckField, Field, FieldErrorsSignal, SelectField};

/// Value and words of a choice.
type Choice = (String, String);

/// All fields, below a picture that follows the direction.
pub(super) fn fields(slug: &str, view: &SettingsView, flash: &Flash, errors: FieldErrorsSignal) -> AnyView {
    view! {
        {direction(slug, view, flash, errors)}
        {policies(view, flash, errors)}
        {writing(view, flash, errors)}
    }
}

/// What was typed before, or what is stored.
fn value(flash: &Flash, field: &str, stored: &str) -> String {
    flash.values.get(field).cloned().unwrap_or_else(|| stored.to_owned())
}

fn select(
    (label, field): (&'static str, &'static str),
    options: Vec<Choice>,
    value: String,
    help: &str,
    errors: FieldErrorsSignal,
    on_change: Option<Callback<String>>,
) -> AnyView {
    let name = format!("form[{field}]");
    let change = Callback::new(move |text: String| {
        if let Some(callback) = on_change {
            callback.run(text);
        }
    });
    view! { <SelectField label name error_name=field options value help=help.to_owned() errors on_change=change /> }
}

fn direction(slug: &str, view: &SettingsView, flash: &Flash, errors: FieldErrorsSignal) -> AnyView {
    let SettingsView { sync, settings, possible } = view;
    let chosen = value(flash, "direction", settings.direction.as_str());
    let way = RwSignal::new(chosen.parse().unwrap_or(Direction::OneWay));
    let choices = Direction::ALL
        .iter()
        .filter(|way| **way == Direction::OneWay || possible.two_way || **way == settings.direction);
    let choices = choices.map(|way| (way.to_string(), way.label().to_owned())).collect();
    let help = if possible.two_way {
        "Both ways: a change at either side goes to the other one."
    } else {
        "Only one way: Syncline cannot change these records in both systems."
    };
    let change = Callback::new(move |text: String| {
        if let Ok(chosen) = text.parse() {
            way.set(chosen);
        }
    });
    let primary = vec![
        (Side::Source.to_string(), format!("{} ({})", sync.source.name, sync.source.vendor.label())),
        (Side::Destination.to_string(), format!("{} ({})", sync.destination.name, sync.destination.vendor.label())),
    ];
    let (slug, shown) = (slug.to_owned(), sync.clone());
    let picture = move || {
        let (source, destination) = (shown.source.clone(), shown.destination.clone());
        let direction = way.get();
        let still = shown.is_still();
        view! { <Picture slug=slug.clone() entity=shown.entity source destination still direction /> }
    };
    let primary_value = value(flash, "primary", settings.primary.as_str());
    view! {
        <fieldset class="form-part">
            <legend>"Direction"</legend>
            {picture}
            {select(("Changes go", "direction"), choices, chosen, help, errors, Some(change))}
            {select(
                ("Primary system", "primary"),
                primary,
                primary_value,
                "It wins when both sides of a record changed and the rule below says so.",
                errors,
                None,
            )}
        </fieldset>
    }
}

fn policies(view: &SettingsView, flash: &Flash, errors: FieldErrorsSignal) -> AnyView {
    let SettingsView { settings, possible, sync } = view;
    let conflicts = ConflictPolicy::ALL.iter().map(|policy| (policy.to_string(), policy.label().to_owned())).collect();
    let deletions = DeletionPolicy::ALL.iter().filter(|policy| match policy {
        DeletionPolicy::Keep => true,
        DeletionPolicy::Deactivate => possible.deactivate || settings.deletion_policy == **policy,
        DeletionPolicy::Delete => possible.delete || settings.deletion_policy == **policy,
    });
    let deletions = deletions.map(|policy| (policy.to_string(), policy.label().to_owned())).collect();
    let drifts = DriftPolicy::ALL.iter().map(|policy| (policy.to_string(), policy.label().to_owned())).collect();
    let gone = format!("What happens at the other side when {} is gone on one.", one(sync.entity));
    view! {
        <fieldset class="form-part">
            <legend>"When something is in doubt"</legend>
            {select(
                ("Both sides changed", "conflict_policy"),
                conflicts,
                value(flash, "conflict_policy", settings.conflict_policy.as_str()),
                "“Ask me” stops the record until somebody has chosen, field by field if they like. Counts when changes go \
                 both ways; one way, the source wins.",
                errors,
                None,
            )}
            {select(
                ("A record is gone", "deletion_policy"),
                deletions,
                value(flash, "deletion_policy", settings.deletion_policy.as_str()),
                &gone,
                errors,
                None,
            )}
            {select(
                ("A system's fields change", "drift_policy"),
                drifts,
                value(flash, "drift_policy", settings.drift_policy.as_str()),
                "A field that is needed as key or is required stops the sync in any case.",
                errors,
                None,
            )}
        </fieldset>
    }
}

fn writing(view: &SettingsView, flash: &Flash, errors: FieldErrorsSignal) -> AnyView {
    let SettingsView { settings, possible, sync } = view;
    let stored = if settings.write_back { "yes" } else { "" };
    // A box that is not ticked is not sent: what was typed is told by the other fields.
    let ticked =
        if flash.values.is_empty() { stored } else { flash.values.get("write_back").map_or("", String::as_str) };
    let write_back = (possible.write_back || settings.write_back).then(|| {
        let label = format!("Write the number in “{}” back to “{}”", sync.destination.name, sync.source.name);
        view! {
            <CheckField
                label
                name="form[write_back]"
                error_name="write_back"
                checked=ticked == "yes"
                help="As a tag and a metafield of the source's record, when it was inserted."
                errors
            />
        }
    });
    // Announcements come with webhooks; until then “prepare only” would be the same as “off”.
    let modes = [(RealTime::Off, "By its schedule"), (RealTime::Process, "As soon as they are due")];
    let mut modes: Vec<Choice> = modes.iter().map(|(mode, words)| (mode.to_string(), (*words).to_owned())).collect();
    if settings.real_time == RealTime::Prepare {
        modes.push((RealTime::Prepare.to_string(), RealTime::Prepare.label().to_owned()));
    }
    view! {
        <fieldset class="form-part">
            <legend>"Writing"</legend>
            {number(
                ("Tries", "max_attempts"),
                ATTEMPTS,
                value(flash, "max_attempts", &settings.max_attempts.to_string()),
                "So often a record is tried before it waits for somebody.",
                errors,
            )}
            {select(
                ("Process records", "real_time"),
                modes,
                value(flash, "real_time", settings.real_time.as_str()),
                "A record that is to be tried again waits for the schedule, or is tried at the very time.",
                errors,
                None,
            )}
            {write_back}
        </fieldset>
        <fieldset class="form-part">
            <legend>"Changes that come one after the other"</legend>
            {number(
                ("Quiet time, in seconds", "quiet_seconds"),
                QUIET,
                value(flash, "quiet_seconds", &settings.quiet_seconds.to_string()),
                "A record that changed waits until nothing more has changed for so long, so that several changes are \
                 written as one.",
                errors,
            )}
            {number(
                ("Longest wait, in seconds", "longest_wait_seconds"),
                LONGEST_WAIT,
                value(flash, "longest_wait_seconds", &settings.longest_wait_seconds.to_string()),
                "So long after its first change a record is written in any case, though changes go on.",
                errors,
            )}
        </fieldset>
    }
}

fn number(
    (label, field): (&'static str, &'static str),
    (least, most): (i32, i32),
    value: String,
    help: &'static str,
    errors: FieldErrorsSignal,
) -> AnyView {
    let name = format!("form[{field}]");
    let bounds = (least.unsigned_abs(), most.unsigned_abs());
    view! { <Field label name error_name=field kind="number" bounds=Some(bounds) value help errors /> }
}

fn one(entity: Entity) -> String {
    let noun = entity.singular();
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { format!("an {noun}") } else { format!("a {noun}") }
}
