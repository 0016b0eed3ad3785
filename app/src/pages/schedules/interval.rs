//! How often a schedule runs, to be changed in its row.

use crate::prelude::*;
use domain::schedule::{ScheduleView, describe_interval};

use super::api::SET_INTERVAL;
use super::table::use_changed;
use crate::pages::answer::tell;
use crate::rpc::{Post, PostForm};
use crate::ui::{Button, ButtonKind, error_of};

/// The units, in seconds.
const UNITS: [(i32, &str); 3] = [(60, "minutes"), (3_600, "hours"), (86_400, "days")];

/// "every [10] [minutes] [Save]".
#[component]
pub fn IntervalForm(slug: String, schedule: ScheduleView) -> impl IntoView {
    let action = Post::to(SET_INTERVAL);
    tell(action, |()| "The schedule is changed.".to_owned(), use_changed());
    let (every, unit) = split(schedule.every_seconds);
    let what = format!("{} of {}", schedule.phase.label(), schedule.sync_name);
    let error_id = format!("interval-error-{}", schedule.id);
    let error = move || match action.value() {
        Some(Err(error)) => error_of(&error.fields(), "every"),
        _ => None,
    };
    let options = UNITS.into_iter().map(move |(seconds, words)| {
        view! { <option value=seconds selected=seconds == unit>{words}</option> }
    });
    view! {
        <PostForm post=action>
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="schedule" value=schedule.id.to_string() />
            <div class="interval" title=describe_interval(schedule.every_seconds)>
                <span>"every"</span>
                <input
                    type="number"
                    name="every"
                    min="1"
                    max="10080"
                    required
                    value=every
                    aria-label=format!("{what}: every")
                    aria-describedby=error_id.clone()
                />
                <select name="unit" aria-label=format!("{what}: unit")>{options.collect_view()}</select>
                <Button kind=ButtonKind::Quiet label=format!("Save the interval of {what}") pending=action.pending()>
                    "Save"
                </Button>
            </div>
            <p class="field-error" id=error_id>{error}</p>
        </PostForm>
    }
}

/// The number and the largest unit that give `seconds` exactly; minutes when none does.
fn split(seconds: i32) -> (i32, i32) {
    let unit = UNITS.iter().rev().map(|(unit, _)| *unit).find(|unit| seconds % unit == 0).unwrap_or(60);
    (seconds / unit, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_shown_in_its_largest_unit() {
        assert_eq!([600, 7_200, 86_400, 5_400].map(split), [(10, 60), (2, 3_600), (1, 86_400), (90, 60)]);
    }
}
